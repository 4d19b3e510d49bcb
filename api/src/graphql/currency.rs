//! How current and how whole a listener's history is.

use async_graphql::{Enum, SimpleObject};
use entity::consent;
use entity::gap;
use entity::spotify_account::State;

use super::scalars::DateTime;
use crate::insights;

/// How current a listener's history is.
#[derive(SimpleObject)]
pub(super) struct SyncStatus {
    /// Where the Spotify link stands.
    state: SyncState,
    /// When the newest plays were last fetched.
    last_succeeded_at: Option<DateTime>,
    /// When the newest play that is known ended.
    last_played_at: Option<DateTime>,
    /// When Spotify will ask this person to sign in again: six months after the last time. Null without a link.
    authorization_expires_at: Option<DateTime>,
    /// When this person asked for everything of theirs to be erased, which the ingest's next pass does. Null where nothing is
    /// to be erased.
    erasure_requested_at: Option<DateTime>,
}

/// Where a Spotify link stands.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(super) enum SyncState {
    /// Linked, nothing fetched yet.
    Pending,
    /// Fetching regularly.
    Active,
    /// Spotify access was withdrawn or has expired.
    NeedsReconnect,
    /// No link.
    Disconnected,
}

impl From<insights::Currency> for SyncStatus {
    fn from(currency: insights::Currency) -> Self {
        let account = currency.account.as_ref();
        let state = match account.map(|account| account.state) {
            None | Some(State::Disconnected) => SyncState::Disconnected,
            Some(State::Pending) => SyncState::Pending,
            Some(State::Active) => SyncState::Active,
            Some(State::NeedsReconnect) => SyncState::NeedsReconnect,
        };
        let linked = account.filter(|account| account.state != State::Disconnected);
        Self {
            state,
            last_succeeded_at: account.and_then(|account| account.last_succeeded_at).map(DateTime),
            last_played_at: currency.last_played_at.map(DateTime),
            erasure_requested_at: currency.erasure_requested_at.map(DateTime),
            authorization_expires_at: linked.map(|account| DateTime(consent::expires_at(account.authorized_at))),
        }
    }
}

/// A window in which plays were probably missed: Spotify's page was full and joined nothing known.
#[derive(SimpleObject)]
pub(super) struct Gap {
    /// When the last play known before the window ended.
    after: DateTime,
    /// When the first play known after the window ended.
    before: DateTime,
    /// When the ingest noticed.
    detected_at: DateTime,
    /// When plays were found that fall into the window. Null while none were.
    filled_at: Option<DateTime>,
}

impl From<gap::Model> for Gap {
    fn from(gap: gap::Model) -> Self {
        Self {
            after: DateTime(gap.after),
            before: DateTime(gap.before),
            detected_at: DateTime(gap.detected_at),
            filled_at: gap.filled_at.map(DateTime),
        }
    }
}
