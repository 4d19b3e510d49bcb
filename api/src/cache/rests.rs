//! What a whole answer rests on.

use std::collections::BTreeMap;
use std::time::Duration;

use entity::revision::EVERYONE;
use entity::time::Instant;

use super::Failure;
use super::field::Sampling;
use crate::revision::{Pin, Revision, Revisions};

/// What an answer rests on: while all of it [stands](Self::stands), asking again gives the same answer.
///
/// Collected while a request is executed (`RequestContext::rests`). It begins as what nothing has been read for; every field
/// that reads adds to it, and one that reads what nobody numbers says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rests {
    /// The revisions of what was read: of listeners, of everyone as sampled, of the catalogue, of people.
    pub revisions: BTreeMap<i32, Revision>,
    /// Everyone's revision as it was, where a field rests on that and not on the sampled one.
    pub everyone_now: Option<Revision>,
    /// When the first preset that was resolved comes to mean other instants; `None` if none was.
    pub until: Option<Instant>,
    /// Whether the answer is for the one who asked only.
    pub private: bool,
    /// How long a client may take the answer for current without asking again; `None` while nothing was read that changes.
    pub max_age: Option<Duration>,
    /// Whether something was read that no revision numbers, so that nothing tells when the answer is no longer right.
    pub unkept: bool,
}

impl Rests {
    /// What an answer rests on that has read nothing yet.
    pub fn on_nothing() -> Self {
        Self {
            revisions: BTreeMap::new(),
            everyone_now: None,
            until: None,
            private: false,
            max_age: None,
            unkept: false,
        }
    }

    /// Adds the revision at which an audience was read.
    pub fn add(&mut self, audience: i32, sampling: Sampling, pin: Pin) {
        match (audience, sampling) {
            (EVERYONE, Sampling::Current) => self.everyone_now = Some(pin.revision),
            _ => {
                self.revisions.insert(audience, pin.revision);
            }
        }
        self.max_age = Some(self.max_age.map_or(pin.max_age, |least| least.min(pin.max_age)));
    }

    /// Adds an instant at which the answer is no longer right.
    pub fn add_until(&mut self, until: Instant) {
        self.until = Some(self.until.map_or(until, |first| first.min(until)));
    }

    /// Whether the same question, asked `now`, would get the same answer. While the database pushes revisions, this takes no
    /// statement.
    pub async fn stands(&self, revisions: &Revisions, now: Instant) -> Result<bool, Failure> {
        if self.unkept || self.until.is_some_and(|until| until <= now) {
            return Ok(false);
        }
        let read = self.revisions.iter().map(|(&audience, &revision)| (audience, revision));
        if let Some(stands) = revisions.stand(read.clone(), self.everyone_now) {
            return Ok(stands);
        }
        let pinned = revisions.pinned(false);
        if let Some(revision) = self.everyone_now
            && pinned.everyone_now().await?.revision != revision
        {
            return Ok(false);
        }
        for (audience, revision) in read {
            if pinned.of(audience).await?.revision != revision {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
