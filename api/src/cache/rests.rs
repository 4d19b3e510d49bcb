//! What a whole answer rests on.

use std::collections::BTreeMap;
use std::time::Duration;

use entity::time::Instant;

use crate::revision::Revision;

/// What an answer rests on: while all of it stands, asking again gives the same answer.
///
/// Collected while a request is executed (`RequestContext::rests`). It begins as what nothing has been read for; every field
/// that reads adds to it, and one that reads what nobody numbers says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rests {
    /// The revisions of what was read: of listeners, of everyone, of the catalogue, of people.
    pub revisions: BTreeMap<i32, Revision>,
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
        Self { revisions: BTreeMap::new(), until: None, private: false, max_age: None, unkept: false }
    }

    /// Adds a revision, which may be taken for current for so long.
    pub fn add(&mut self, audience: i32, revision: Revision, max_age: Duration) {
        // Within one request an audience has one revision, but a field may ask for a newer one than the sampled one. What
        // rests on both rests on the older: it stands no longer than that does.
        let known = self.revisions.entry(audience).or_insert(revision);
        if revision.number < known.number {
            *known = revision;
        }
        self.max_age = Some(self.max_age.map_or(max_age, |least| least.min(max_age)));
    }

    /// Adds an instant at which the answer is no longer right.
    pub fn add_until(&mut self, until: Instant) {
        self.until = Some(self.until.map_or(until, |first| first.min(until)));
    }
}
