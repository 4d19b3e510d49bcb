//! What tests do to a running fake: make people listen, change the app's mode, take grants away, make calls fail, and read
//! the oracle and the referee.

use super::{
    FakeSpotify,
    accounts::{Listener, Rotation},
    habits, instant,
    ledger::{Context, Ledger, Play},
    quirks::Rule,
    referee::Referee,
    world::World,
};

/// The two kinds of apps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppMode {
    /// What every new app is: no batches, no audio features, and some fields gone.
    Development,
    /// Everything as it was.
    Extended,
}

/// Listening.
impl FakeSpotify {
    /// Adds a listener, who authorizes the app now.
    pub fn add_listener(&self, name: &str) -> Listener {
        self.shared.accounts().add(name, self.now_ms())
    }

    /// Issues a play of a track (an index into [`World::tracks`]) that ended at an instant, in Unix milliseconds. A play in
    /// the future shows once the clock is there.
    ///
    /// # Panics
    /// When the listener has played this track at this very instant already: that would be the same play.
    pub fn play(&self, listener: &Listener, track: usize, at_ms: i64) -> Play {
        self.play_late(listener, track, at_ms, at_ms)
    }

    /// Issues a play that recently-played does not show before `surfaces_at_ms`, as plays of an offline device do.
    ///
    /// # Panics
    /// When the listener has played this track at this very instant already.
    pub fn play_late(&self, listener: &Listener, track: usize, at_ms: i64, surfaces_at_ms: i64) -> Play {
        let played = &self.world().tracks[track];
        let album_id = self.world().albums[played.album].id.clone();
        let artist_ids: Vec<String> =
            played.artists.iter().map(|&index| self.world().artists[index].id.clone()).collect();
        let mut accounts = self.shared.accounts();
        let account = accounts.account_mut(listener.index);
        // A kind of its own for every play in turn, and none for every fourth.
        let context = match account.ledger.plays().len() % 4 {
            0 => Some(Context::Playlist(account.playlist_id.clone())),
            1 => Some(Context::Album(album_id.clone())),
            2 => Some(Context::Artist(artist_ids[0].clone())),
            _ => None,
        };
        let play = Play {
            played_at_ms: at_ms,
            surfaces_at_ms: surfaces_at_ms.max(at_ms),
            track,
            track_id: played.id.clone(),
            album_id,
            artist_ids,
            duration_ms: played.duration_ms,
            context,
        };
        let new = account.ledger.issue(play.clone());
        assert!(new, "{} has played track {track} at {} already", listener.name, instant::rfc3339(at_ms));
        play
    }

    /// Issues many plays, as track and end in Unix milliseconds.
    ///
    /// # Panics
    /// When one of them was issued before.
    pub fn play_many(&self, listener: &Listener, plays: &[(usize, i64)]) -> Vec<Play> {
        plays.iter().map(|&(track, at_ms)| self.play(listener, track, at_ms)).collect()
    }

    /// Issues so many believable plays, the last one ending at `until_ms`: sessions by day, favourites, some cut short.
    /// They follow from the seed and the listener.
    ///
    /// # Panics
    /// When asked for the same ones twice.
    pub fn listen(&self, listener: &Listener, count: usize, until_ms: i64) -> Vec<Play> {
        let plays = habits::plays(self.world(), self.shared.options.seed, listener.index as u64, count, until_ms);
        self.play_many(listener, &plays)
    }

    /// Every play ever issued to a listener: the oracle.
    pub fn ledger(&self, listener: &Listener) -> Ledger {
        self.shared.accounts().account(listener.index).ledger.clone()
    }

    /// Every play ever issued to anyone.
    pub fn ledger_of_everyone(&self) -> Ledger {
        Ledger::merged(self.shared.accounts().all().iter().map(|account| account.ledger.clone()))
    }

    /// The catalogue.
    pub fn world(&self) -> &World {
        &self.shared.world
    }

    /// What time it is here, in Unix milliseconds.
    pub fn now_ms(&self) -> i64 {
        self.shared.now_ms()
    }
}

/// Grants.
impl FakeSpotify {
    /// The refresh token granted last.
    pub fn refresh_token(&self, listener: &Listener) -> String {
        self.shared.accounts().account(listener.index).refresh_token.clone()
    }

    /// The listener takes the app's access away: every refresh token answers `invalid_grant`, every access token 401.
    pub fn revoke(&self, listener: &Listener) {
        self.shared.accounts().revoke(listener.index);
    }

    /// Six months have passed since the listener's authorization: every refresh token answers `invalid_grant`, an access
    /// token lives on for the rest of its hour.
    pub fn expire_grant(&self, listener: &Listener) {
        self.shared.accounts().expire_grants(listener.index, self.now_ms());
    }

    /// Every access token of the listener answers 401 from now on; refreshing brings a good one.
    pub fn expire_access(&self, listener: &Listener) {
        self.shared.accounts().expire_access(listener.index);
    }

    /// Every access token of the app's own answers 401 from now on.
    pub fn expire_app_access(&self) {
        self.shared.accounts().expire_app_access();
    }

    /// The listener authorizes the app again, now. Gives the new refresh token.
    pub fn reauthorize(&self, listener: &Listener) -> String {
        let now_ms = self.now_ms();
        self.shared.accounts().authorize(listener.index, now_ms)
    }

    /// Whether refreshing also brings a new refresh token, from now on.
    pub fn set_rotation(&self, rotation: Rotation) {
        self.shared.switches().rotation = rotation;
    }

    /// Who consents at `/authorize` from now on, where a person would log in. Nobody chosen, it is the first listener.
    pub fn set_consenting(&self, listener: &Listener) {
        self.shared.switches().consenting = Some(listener.index);
    }
}

/// Consent.
impl FakeSpotify {
    /// Whoever is asked at `/authorize` refuses from now on, for this reason, such as `access_denied`.
    pub fn refuse_consent(&self, reason: &str) {
        self.shared.switches().consent_refused = Some(reason.to_owned());
    }

    /// Whoever is asked agrees again.
    pub fn agree_to_consent(&self) {
        self.shared.switches().consent_refused = None;
    }
}

/// The app, and what goes wrong.
impl FakeSpotify {
    /// Turns the app into one of the other kind.
    pub fn set_mode(&self, mode: AppMode) {
        self.shared.switches().mode = mode;
    }

    /// Whether the app, in extended mode, had access to audio features before they were closed. It had, by default.
    pub fn set_audio_features(&self, open: bool) {
        self.shared.switches().audio_features = open;
    }

    /// Spotify does not have this track, artist or album any more: 404, and null in batches. Plays of it stay.
    pub fn withdraw(&self, id: &str) {
        self.shared.switches().withdrawn.insert(id.to_owned());
    }

    /// Adds a rule by which calls fail.
    pub fn add_rule(&self, rule: Rule) {
        self.shared.rules().add(rule);
    }

    /// Forgets every rule. Bans that have begun go on.
    pub fn clear_rules(&self) {
        self.shared.rules().clear();
    }

    /// Ends every ban.
    pub fn lift_bans(&self) {
        self.shared.bans().lift();
    }

    /// The counts up to now.
    pub fn referee(&self) -> Referee {
        self.shared.referee().clone()
    }
}
