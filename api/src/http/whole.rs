//! Whole answers, as bytes, and those that are kept.
//!
//! An answer is kept if its query was executed without an error and everything it read is numbered. It is given again only
//! while all of that stands ([`Rests`]): never wrong, only unused. Who asked is part of its key, unless the answer depends on
//! nobody. Mutations are never kept, errors neither.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    body::Bytes,
    http::{HeaderMap, HeaderValue, header},
};
use quick_cache::{Weighter, sync::Cache};
use sha2::{Digest, Sha256};

use super::persisted::DocumentHash;
use crate::{cache::Rests, error::Code};

/// An answer as it goes out.
#[derive(Debug)]
pub(super) struct Whole {
    /// Whether execution began, so that the answer has a `data`, be it null.
    pub(super) executed: bool,
    /// The first error's code, if it was not.
    pub(super) code: Code,
    pub(super) body: Bytes,
    /// What is needed to give it again, if it may be.
    pub(super) kept: Option<Kept>,
    /// Whether it has no errors.
    pub(super) sound: bool,
}

/// What is known of an answer that may be given again.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) rests: Rests,
    pub(super) etag: HeaderValue,
    made: Instant,
}

/// For how long a client may take an answer for current that rests on nothing which changes: the schema's own description.
const AGE_MAX: Duration = Duration::from_secs(60);

impl Kept {
    pub(super) fn new(rests: Rests, body: &[u8]) -> Self {
        // Weak, because compression changes the bytes.
        let etag = format!("W/\"{}\"", hex::encode(&Sha256::digest(body)[..16]));
        let etag = HeaderValue::from_str(&etag).expect("hexadecimal digits in quotes");
        Self { rests, etag, made: Instant::now() }
    }

    /// `Cache-Control`: who else may keep the answer, and for how long without asking again.
    pub(super) fn control(&self, ends_in: Option<Duration>) -> HeaderValue {
        let who = if self.rests.private { "private" } else { "public" };
        let age_max = self.rests.max_age.unwrap_or(AGE_MAX).min(AGE_MAX).saturating_sub(self.made.elapsed());
        match age_max.min(ends_in.unwrap_or(Duration::MAX)).as_secs() {
            0 if self.rests.private => HeaderValue::from_static("private, max-age=0, must-revalidate"),
            0 => HeaderValue::from_static("public, max-age=0, must-revalidate"),
            seconds => HeaderValue::try_from(format!("{who}, max-age={seconds}")).expect("words and a number"),
        }
    }

    /// Whether the client has this answer already.
    pub(super) fn is_known(&self, headers: &HeaderMap) -> bool {
        let weak = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
        let ours = weak(self.etag.to_str().unwrap_or_default());
        let theirs = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        theirs.flat_map(|value| value.split(',')).any(|tag| tag.trim() == "*" || weak(tag) == ours)
    }
}

/// What an answer is the answer to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Question {
    pub(super) document: DocumentHash,
    pub(super) operation: Option<Box<str>>,
    /// In one spelling: objects in order of their keys.
    pub(super) variables: Box<str>,
    pub(super) asker: Asker,
}

/// Whom an answer is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Asker {
    /// Whoever asks.
    Anyone,
    /// Those who do not say who they are.
    Unnamed,
    Named(Box<[u8]>),
}

impl Question {
    pub(super) fn of(&self, asker: Asker) -> Self {
        Self { asker, ..self.clone() }
    }

    pub(super) fn of_anyone(&self) -> Self {
        self.of(Asker::Anyone)
    }

    pub(super) fn bytes(&self) -> usize {
        let asker = if let Asker::Named(name) = &self.asker { name.len() } else { 0 };
        size_of::<Self>() + self.operation.as_ref().map_or(0, |name| name.len()) + self.variables.len() + asker
    }
}

/// The whole answers that are kept, within a budget. Clones share them.
#[derive(Clone)]
pub struct Answers(Arc<Cache<Arc<Question>, Arc<Whole>, ByBytes>>);

#[derive(Clone)]
struct ByBytes;

/// What an entry takes beside texts and body: the table's slot, reference counts, what it rests on, the allocator's own.
const ENTRY_BYTES: usize = 800;

impl Weighter<Arc<Question>, Arc<Whole>> for ByBytes {
    fn weight(&self, question: &Arc<Question>, whole: &Arc<Whole>) -> u64 {
        (ENTRY_BYTES + question.bytes() + whole.body.len()) as u64
    }
}

impl Default for Answers {
    /// Of 16 MiB.
    fn default() -> Self {
        Self::new(16 * 1024 * 1024)
    }
}

impl Answers {
    /// None yet, and never more than so many bytes of them.
    pub fn new(bytes: u64) -> Self {
        // An answer of a list has some kilobytes.
        let count = usize::try_from(bytes / 4_096).unwrap_or(usize::MAX);
        Self(Arc::new(Cache::with_weighter(count.max(1), bytes, ByBytes)))
    }

    /// Forgets all.
    pub fn clear(&self) {
        self.0.clear();
    }

    pub(super) fn get(&self, question: &Question) -> Option<Arc<Whole>> {
        self.0.get(question)
    }

    /// Keeps an answer, for those it is right for.
    pub(super) fn keep(&self, question: &Arc<Question>, whole: &Arc<Whole>) {
        let Some(kept) = &whole.kept else { return };
        let question = if kept.rests.private { Arc::clone(question) } else { Arc::new(question.of_anyone()) };
        self.0.insert(question, Arc::clone(whole));
    }
}
