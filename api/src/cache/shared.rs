//! The answers that instances share, in Redis: the same keys, under the same rule.
//!
//! An answer lies under the hash of its key, as bytes that prove for which key they were written: so neither somebody else's
//! data nor half of ours is ever taken for an answer. It stays [`KEPT_FOR`] at most, which bounds memory; truth is the key's
//! business. One instance at a time fills a key, and the others wait for it, but not for long: whoever cannot tell whose turn
//! it is asks the database.

use std::time::Duration;

use metrics::Counter;
use sha2::{Digest, Sha256};
use tokio::time::{Instant, sleep};

use super::answer::Answer;
use crate::metrics::Metrics;
use crate::redis::Redis;

const KEPT_FOR: Duration = Duration::from_secs(6 * 60 * 60);

/// For how long a key is one instance's to fill; as long as an execution may take.
const TURN: Duration = Duration::from_secs(10);

/// For how long others wait for it.
const PATIENCE: Duration = Duration::from_secs(2);
const LOOK_EVERY: Duration = Duration::from_millis(15);

/// An answer larger than this is not shared: it would hold up the smaller ones behind it.
const BYTES_MAX: usize = 1024 * 1024;

const PROOF_BYTES: usize = 16;
const TURN_MARK: &str = "refrain-turn ";

/// The answers that instances share. Clones share them.
#[derive(Clone)]
pub(super) struct Shared {
    redis: Redis,
    hits: Counter,
    misses: Counter,
    foreign: Counter,
}

/// The right, or the duty, to ask the database for a key.
pub(super) struct Turn {
    shared: Shared,
    key: String,
    text: String,
    /// What shows in Redis that it is this one's turn; nothing if it could not be shown.
    mark: Option<String>,
}

/// What is known of a key.
pub(super) enum Found<T> {
    Answer(T),
    Turn(Turn),
}

impl Shared {
    pub(super) fn new(redis: Redis, metrics: &Metrics) -> Self {
        let count = |outcome| {
            let help = "Looks into what instances share: found, not there, or there but not ours.";
            metrics.counter("refrain_shared_answers_total", help, &[("outcome", outcome)])
        };
        Self { redis, hits: count("hit"), misses: count("miss"), foreign: count("foreign") }
    }

    /// The turn to ask whatever is shared, to take its place.
    pub(super) fn turn(&self, text: String) -> Turn {
        Turn { shared: self.clone(), key: self.key(&text), text, mark: None }
    }

    fn key(&self, text: &str) -> String {
        self.redis.key(&hex::encode(&Sha256::digest(text)[..16]))
    }

    /// The answer to the key of this text, from whichever instance has it or is fetching it; else the turn to ask.
    pub(super) async fn find<T: Answer>(&self, text: String) -> Found<T> {
        let key = self.key(&text);
        let turn = |mark| Turn { shared: self.clone(), key: key.clone(), text: text.clone(), mark };
        if !self.redis.is_connected() {
            return Found::Turn(turn(None));
        }
        let mut get = ::redis::cmd("MGET");
        get.arg(&key).arg(turn_key(&key));
        let until = Instant::now() + PATIENCE;
        let mark = format!("{TURN_MARK}{}", random());
        loop {
            // `MGET` has nothing for a key of another type, where `GET` would refuse.
            let Some((value, holder)) = self.redis.ask::<(Option<Vec<u8>>, Option<Vec<u8>>)>(&get).await else {
                return Found::Turn(turn(None));
            };
            if let Some(answer) = value.and_then(|value| self.open(&text, &value)) {
                self.hits.increment(1);
                return Found::Answer(answer);
            }
            match holder {
                Some(holder) if holder.starts_with(TURN_MARK.as_bytes()) && Instant::now() < until => {
                    sleep(LOOK_EVERY).await;
                    continue;
                }
                Some(_) => return Found::Turn(turn(None)),
                None => {}
            }
            let mut take = ::redis::cmd("SET");
            take.arg(turn_key(&key)).arg(&mark).arg("NX").arg("PX").arg(TURN.as_millis() as u64);
            match self.redis.ask::<Option<String>>(&take).await {
                Some(Some(_)) => {
                    self.misses.increment(1);
                    return Found::Turn(turn(Some(mark)));
                }
                // Somebody was faster.
                Some(None) if Instant::now() < until => sleep(LOOK_EVERY).await,
                Some(None) | None => return Found::Turn(turn(None)),
            }
        }
    }

    /// The answer in `value`, if it was written for the key of this text.
    fn open<T: Answer>(&self, text: &str, value: &[u8]) -> Option<T> {
        let opened = value
            .split_at_checked(PROOF_BYTES)
            .filter(|(proof, bytes)| *proof == proof_of(text, bytes))
            .and_then(|(_, bytes)| postcard::from_bytes(bytes).ok());
        if opened.is_none() {
            self.foreign.increment(1);
        }
        opened
    }
}

impl Turn {
    /// Shares the answer, in the background.
    pub(super) fn fill<T: Answer>(self, answer: &T) {
        let Ok(bytes) = postcard::to_stdvec(answer) else { return };
        if bytes.len() > BYTES_MAX || !self.shared.redis.is_connected() {
            return;
        }
        let mut value = proof_of(&self.text, &bytes).to_vec();
        value.extend_from_slice(&bytes);
        tokio::spawn(async move {
            let mut set = ::redis::cmd("SET");
            set.arg(&self.key).arg(value).arg("PX").arg(KEPT_FOR.as_millis() as u64);
            let _: Option<String> = self.shared.redis.ask(&set).await;
            drop(self); // The turn ends when the answer is there, so that those who wait find it.
        });
    }
}

impl Drop for Turn {
    /// Lets the next one have its turn, filled or not.
    fn drop(&mut self) {
        let Some(mark) = self.mark.take() else { return };
        let (redis, key) = (self.shared.redis.clone(), turn_key(&self.key));
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        runtime.spawn(async move {
            let ours = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0";
            let _: Option<i64> = redis.ask(::redis::cmd("EVAL").arg(ours).arg(1).arg(key).arg(mark)).await;
        });
    }
}

fn turn_key(key: &str) -> String {
    format!("{key}:turn")
}

fn proof_of(text: &str, bytes: &[u8]) -> [u8; PROOF_BYTES] {
    let digest = Sha256::new().chain_update((text.len() as u64).to_le_bytes()).chain_update(text).chain_update(bytes);
    let mut proof = [0; PROOF_BYTES];
    proof.copy_from_slice(&digest.finalize()[..PROOF_BYTES]);
    proof
}

fn random() -> String {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).expect("every supported operating system gives random bytes");
    hex::encode(bytes)
}
