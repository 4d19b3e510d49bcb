//! Counts how the product calls: how often, for whom, how many at once, and whether inside a ban.
//!
//! It judges nothing; the tests do.

use std::collections::BTreeMap;

use super::{
    accounts::Listener,
    endpoint::{Endpoint, Kind},
};

/// The counts up to the moment they were asked for.
#[derive(Clone, Debug, Default)]
pub struct Referee {
    calls: BTreeMap<(Endpoint, Option<usize>), u64>,
    answers: BTreeMap<u16, u64>,
    fetches: BTreeMap<(Kind, String), u64>,
    inside_ban: BTreeMap<Option<usize>, u64>,
    open: BTreeMap<usize, u64>,
    most_open: BTreeMap<usize, u64>,
}

impl Referee {
    /// Calls to an endpoint, whoever made them.
    pub fn calls(&self, endpoint: Endpoint) -> u64 {
        self.calls.iter().filter(|((at, _), _)| *at == endpoint).map(|(_, calls)| calls).sum()
    }

    /// Calls to an endpoint with a token of this listener.
    pub fn calls_by(&self, listener: &Listener, endpoint: Endpoint) -> u64 {
        self.calls.get(&(endpoint, Some(listener.index))).copied().unwrap_or(0)
    }

    /// Every call to the Web API; those to the accounts service are not among them.
    pub fn web_api_calls(&self) -> u64 {
        self.calls.iter().filter(|((at, _), _)| at.is_web_api()).map(|(_, calls)| calls).sum()
    }

    /// Answers with a status.
    pub fn answers(&self, status: u16) -> u64 {
        self.answers.get(&status).copied().unwrap_or(0)
    }

    /// How often a track, artist, album or set of audio features was asked for by its id, alone or in a batch.
    pub fn fetches(&self, kind: Kind, id: &str) -> u64 {
        self.fetches.get(&(kind, id.to_owned())).copied().unwrap_or(0)
    }

    /// Calls made before a `Retry-After` had passed.
    pub fn inside_ban(&self) -> u64 {
        self.inside_ban.values().sum()
    }

    /// Calls with a token of this listener made before a `Retry-After` had passed.
    pub fn inside_ban_by(&self, listener: &Listener) -> u64 {
        self.inside_ban.get(&Some(listener.index)).copied().unwrap_or(0)
    }

    /// The most calls with tokens of this listener that were open at one time.
    pub fn most_at_once(&self, listener: &Listener) -> u64 {
        self.most_open.get(&listener.index).copied().unwrap_or(0)
    }

    pub(super) fn enter(&mut self, endpoint: Endpoint, listener: Option<usize>) {
        *self.calls.entry((endpoint, listener)).or_default() += 1;
        if let Some(listener) = listener {
            let open = self.open.entry(listener).or_default();
            *open += 1;
            let most = self.most_open.entry(listener).or_default();
            *most = (*most).max(*open);
        }
    }

    pub(super) fn leave(&mut self, listener: Option<usize>) {
        if let Some(open) = listener.and_then(|listener| self.open.get_mut(&listener)) {
            *open -= 1;
        }
    }

    pub(super) fn entered_inside_ban(&mut self, listener: Option<usize>) {
        *self.inside_ban.entry(listener).or_default() += 1;
    }

    pub(super) fn answered(&mut self, status: u16) {
        *self.answers.entry(status).or_default() += 1;
    }

    pub(super) fn fetched(&mut self, kind: Kind, id: &str) {
        *self.fetches.entry((kind, id.to_owned())).or_default() += 1;
    }
}
