//! What the server and the tests' handle both hold.
//!
//! Each part has a lock of its own, held for a few lines, never two at once and never across an await.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio_util::sync::CancellationToken;

use super::{
    Options,
    accounts::{Accounts, Rotation},
    bans::Bans,
    control::AppMode,
    quirks::Rules,
    referee::Referee,
    world::World,
};

pub(super) struct Shared {
    pub(super) options: Options,
    pub(super) address: SocketAddr,
    pub(super) stop: CancellationToken,
    pub(super) world: World,
    accounts: Mutex<Accounts>,
    bans: Mutex<Bans>,
    referee: Mutex<Referee>,
    rules: Mutex<Rules>,
    switches: Mutex<Switches>,
}

/// What tests turn while the server runs.
#[derive(Clone, Debug)]
pub(super) struct Switches {
    pub(super) mode: AppMode,
    /// Whether an app in extended mode had access to audio features before they were closed.
    pub(super) audio_features: bool,
    pub(super) rotation: Rotation,
    /// Ids that Spotify does not have any more.
    pub(super) withdrawn: BTreeSet<String>,
    /// Who consents at `/authorize`; the first listener if nobody was chosen.
    pub(super) consenting: Option<usize>,
    /// Why whoever is asked at `/authorize` does not agree; they do if there is no reason.
    pub(super) consent_refused: Option<String>,
}

impl Shared {
    pub(super) fn new(options: Options, address: SocketAddr, stop: CancellationToken) -> Self {
        Self {
            address,
            stop,
            world: World::seeded(options.seed, options.artists),
            accounts: Mutex::new(Accounts::new(options.seed)),
            bans: Mutex::default(),
            referee: Mutex::default(),
            rules: Mutex::default(),
            switches: Mutex::new(Switches {
                mode: options.mode,
                audio_features: true,
                rotation: Rotation::Off,
                withdrawn: BTreeSet::new(),
                consenting: None,
                consent_refused: None,
            }),
            options,
        }
    }

    pub(super) fn now_ms(&self) -> i64 {
        (self.options.clock)()
    }

    pub(super) fn api_url(&self) -> String {
        format!("http://{}/v1/", self.address)
    }

    pub(super) fn auth_url(&self) -> String {
        format!("http://{}/", self.address)
    }

    pub(super) fn accounts(&self) -> MutexGuard<'_, Accounts> {
        lock(&self.accounts)
    }

    pub(super) fn bans(&self) -> MutexGuard<'_, Bans> {
        lock(&self.bans)
    }

    pub(super) fn referee(&self) -> MutexGuard<'_, Referee> {
        lock(&self.referee)
    }

    pub(super) fn rules(&self) -> MutexGuard<'_, Rules> {
        lock(&self.rules)
    }

    pub(super) fn switches(&self) -> MutexGuard<'_, Switches> {
        lock(&self.switches)
    }
}

/// A test that panicked while it held a lock has failed already; the others should not fail with it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
