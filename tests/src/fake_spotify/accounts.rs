//! The listeners, what they granted, and the tokens that stand for it.
//!
//! It decides what a token is worth; how that is said over HTTP is [`oauth`](super::oauth)'s and [`gate`](super::gate)'s.

use std::collections::HashMap;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::{Rng, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use sha2::{Digest as _, Sha256};

use super::{instant, ledger::Ledger, world::spotify_id};

const DAY_MS: i64 = 86_400_000;

/// Somebody with a Spotify account, and what a test needs to act for them.
#[derive(Clone, Debug)]
pub struct Listener {
    pub(super) index: usize,
    /// The display name.
    pub name: String,
    /// `id` of `GET /me`.
    pub user_id: String,
    /// `account_id` of `GET /me`: immutable, what accounts are linked by.
    pub account_id: String,
    /// The refresh token granted when the listener was added. Rotation and reconnecting make others.
    pub refresh_token: String,
}

/// Whether a refresh also brings a new refresh token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rotation {
    /// It does not: the usual reply.
    #[default]
    Off,
    /// It does, and the old one goes on working.
    OldStillWorks,
    /// It does, and the old one is dead.
    OldStops,
}

/// Why a refresh token or a code is worth nothing, in the words of the token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Worthless {
    Unknown,
    Revoked,
    Expired,
}

/// What an access token in a request turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bearer {
    Unknown,
    Expired(Holder),
    Good(Holder),
}

/// Whose access token it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    /// A listener's, who granted it.
    Listener(usize),
    /// The app's own, for the catalogue.
    App,
}

impl Holder {
    /// The listener, if it is one.
    pub(super) fn listener(self) -> Option<usize> {
        match self {
            Self::Listener(listener) => Some(listener),
            Self::App => None,
        }
    }
}

pub(super) struct Account {
    pub(super) name: String,
    pub(super) user_id: String,
    pub(super) account_id: String,
    /// The playlist this listener plays from.
    pub(super) playlist_id: String,
    pub(super) ledger: Ledger,
    pub(super) refresh_token: String,
    rng: ChaCha8Rng,
}

pub(super) struct Accounts {
    seed: u64,
    accounts: Vec<Account>,
    grants: HashMap<String, Grant>,
    access: HashMap<String, Access>,
    codes: HashMap<String, Code>,
    /// What the app's own tokens are drawn from.
    rng: ChaCha8Rng,
}

struct Grant {
    account: usize,
    authorized_at_ms: i64,
    revoked: bool,
}

struct Access {
    holder: Holder,
    expires_at_ms: i64,
}

struct Code {
    account: usize,
    redirect_uri: String,
    /// The S256 challenge of a client that uses PKCE.
    challenge: Option<String>,
    scope: String,
}

impl Accounts {
    pub(super) fn new(seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(1 << 33);
        Self { seed, accounts: Vec::new(), grants: HashMap::new(), access: HashMap::new(), codes: HashMap::new(), rng }
    }

    /// Adds a listener who authorizes the app now.
    pub(super) fn add(&mut self, name: &str, now_ms: i64) -> Listener {
        let index = self.accounts.len();
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        // The world draws from stream 0 and the habits from the low ones; each account has one far from both.
        rng.set_stream((1 << 32) + index as u64);
        let account = Account {
            name: name.to_owned(),
            user_id: spotify_id(&mut rng).to_lowercase(),
            account_id: spotify_id(&mut rng),
            playlist_id: spotify_id(&mut rng),
            ledger: Ledger::default(),
            refresh_token: String::new(),
            rng,
        };
        self.accounts.push(account);
        let refresh_token = self.authorize(index, now_ms);
        let account = &self.accounts[index];
        let (user_id, account_id) = (account.user_id.clone(), account.account_id.clone());
        Listener { index, name: name.to_owned(), user_id, account_id, refresh_token }
    }

    pub(super) fn account(&self, index: usize) -> &Account {
        &self.accounts[index]
    }

    pub(super) fn account_mut(&mut self, index: usize) -> &mut Account {
        &mut self.accounts[index]
    }

    pub(super) fn all(&self) -> &[Account] {
        &self.accounts
    }

    /// The account authorizes the app: a new grant, with six months before it.
    pub(super) fn authorize(&mut self, index: usize, now_ms: i64) -> String {
        self.grant(index, now_ms)
    }

    /// A code for the account, to be redeemed once, for the same redirect URI, and by whoever knows what `challenge` is the
    /// hash of.
    pub(super) fn issue_code(
        &mut self,
        index: usize,
        redirect_uri: &str,
        challenge: Option<String>,
        scope: &str,
    ) -> String {
        let code = token(&mut self.accounts[index].rng, "AQ", 8);
        let redirect_uri = redirect_uri.to_owned();
        self.codes.insert(code.clone(), Code { account: index, redirect_uri, challenge, scope: scope.to_owned() });
        code
    }

    /// Redeems a code: the account has authorized the app. Gives the account and what was granted.
    pub(super) fn redeem(
        &mut self,
        code: &str,
        redirect_uri: &str,
        verifier: Option<&str>,
        now_ms: i64,
    ) -> Result<(usize, String), Worthless> {
        let known = self.codes.remove(code).ok_or(Worthless::Unknown)?;
        let shown = verifier.map(|verifier| URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)));
        if known.redirect_uri != redirect_uri || known.challenge != shown {
            return Err(Worthless::Unknown);
        }
        self.authorize(known.account, now_ms);
        Ok((known.account, known.scope))
    }

    /// Whose refresh token it is or was, whatever it is worth now.
    pub(super) fn owner(&self, refresh_token: &str) -> Option<usize> {
        Some(self.grants.get(refresh_token)?.account)
    }

    /// What a refresh token is worth.
    pub(super) fn check(&self, refresh_token: &str, now_ms: i64) -> Result<usize, Worthless> {
        let grant = self.grants.get(refresh_token).ok_or(Worthless::Unknown)?;
        if grant.revoked {
            return Err(Worthless::Revoked);
        }
        // Refreshing does not extend it: the six months count from the authorization.
        if now_ms >= instant::six_months_after(grant.authorized_at_ms) {
            return Err(Worthless::Expired);
        }
        Ok(grant.account)
    }

    /// A new refresh token in place of an old one, with what is left of its six months.
    pub(super) fn rotate(&mut self, refresh_token: &str, rotation: Rotation) -> Option<String> {
        if rotation == Rotation::Off {
            return None;
        }
        let old = self.grants.get_mut(refresh_token)?;
        old.revoked = rotation == Rotation::OldStops;
        let (account, authorized_at_ms) = (old.account, old.authorized_at_ms);
        Some(self.grant(account, authorized_at_ms))
    }

    /// A new access token for the account.
    pub(super) fn issue_access(&mut self, index: usize, now_ms: i64, life_s: i64) -> String {
        // Tokens that died a day ago are forgotten, so that a fake left running for weeks does not grow.
        self.access.retain(|_, access| access.expires_at_ms + DAY_MS > now_ms);
        let access_token = token(&mut self.accounts[index].rng, "BQ", 8);
        let access = Access { holder: Holder::Listener(index), expires_at_ms: now_ms + life_s * 1_000 };
        self.access.insert(access_token.clone(), access);
        access_token
    }

    /// A new access token of the app's own.
    pub(super) fn issue_app_access(&mut self, now_ms: i64, life_s: i64) -> String {
        let access_token = token(&mut self.rng, "BQ", 8);
        let access = Access { holder: Holder::App, expires_at_ms: now_ms + life_s * 1_000 };
        self.access.insert(access_token.clone(), access);
        access_token
    }

    /// What an access token is worth.
    pub(super) fn bearer(&self, access_token: &str, now_ms: i64) -> Bearer {
        match self.access.get(access_token) {
            None => Bearer::Unknown,
            Some(access) if now_ms >= access.expires_at_ms => Bearer::Expired(access.holder),
            Some(access) => Bearer::Good(access.holder),
        }
    }

    /// The user takes the app's access away: every token of theirs is worthless at once.
    pub(super) fn revoke(&mut self, index: usize) {
        for grant in self.grants.values_mut().filter(|grant| grant.account == index) {
            grant.revoked = true;
        }
        self.expire_access(index);
    }

    /// Moves the authorization of every grant of the account six months back.
    pub(super) fn expire_grants(&mut self, index: usize, now_ms: i64) {
        for grant in self.grants.values_mut().filter(|grant| grant.account == index) {
            // 184 days is the longest that six calendar months can be.
            grant.authorized_at_ms = grant.authorized_at_ms.min(now_ms - 185 * DAY_MS);
        }
    }

    /// Ends every access token of the account, as its hour would.
    pub(super) fn expire_access(&mut self, index: usize) {
        self.expire(Holder::Listener(index));
    }

    /// Ends every access token of the app's own.
    pub(super) fn expire_app_access(&mut self) {
        self.expire(Holder::App);
    }

    fn expire(&mut self, holder: Holder) {
        for access in self.access.values_mut().filter(|access| access.holder == holder) {
            access.expires_at_ms = i64::MIN / 2;
        }
    }

    fn grant(&mut self, index: usize, authorized_at_ms: i64) -> String {
        let account = &mut self.accounts[index];
        let refresh_token = token(&mut account.rng, "AQ", 6);
        account.refresh_token.clone_from(&refresh_token);
        self.grants.insert(refresh_token.clone(), Grant { account: index, authorized_at_ms, revoked: false });
        refresh_token
    }
}

/// An opaque token of Spotify's looks: a prefix and then 22 characters for each part.
fn token(rng: &mut impl Rng, prefix: &str, parts: usize) -> String {
    let mut token = prefix.to_owned();
    for _ in 0..parts {
        token.push_str(&spotify_id(rng));
    }
    token
}
