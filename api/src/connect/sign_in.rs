//! A sign-in under way, as its browser keeps it: sealed in a cookie that scripts cannot read, for ten minutes.

use axum::http::{HeaderMap, HeaderValue, header};
use entity::consent::{SIGN_IN_MS_MAX, Verifier, nonce};
use entity::db::Db;
use entity::ids::UserId;
use entity::secret::{self, KeyRing};
use entity::spent_state::{ActiveModel, Column, Entity};
use entity::time::Instant;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::PATH;

const COOKIE: &str = "refrain_sign_in";

/// Everything that belongs to a sign-in.
#[derive(Serialize, Deserialize)]
pub(super) struct SignIn {
    state: String,
    verifier: String,
    user: i32,
    expires_at_ms: i64,
    /// The page of this site to go back to.
    pub(super) return_to: Option<String>,
}

impl SignIn {
    /// A new one.
    pub(super) fn begin(user: UserId, return_to: Option<String>, now: Instant) -> Result<Self, secret::Error> {
        Ok(Self {
            state: nonce()?,
            verifier: Verifier::random()?.reveal().to_owned(),
            user: user.0,
            expires_at_ms: now.ms() + SIGN_IN_MS_MAX,
            return_to,
        })
    }

    /// The one that a browser has begun.
    pub(super) fn read(headers: &HeaderMap, keys: &KeyRing) -> Option<Self> {
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs = cookies.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let (_, sealed) = pairs.find(|(name, _)| *name == COOKIE)?;
        serde_json::from_str(&keys.open_cookie(sealed).ok()?).ok()
    }

    /// What keeps it in the browser. `Lax`, because the way back from Spotify is a link from another site.
    pub(super) fn cookie(&self, keys: &KeyRing, is_secure: bool) -> Result<HeaderValue, secret::Error> {
        let text = serde_json::to_string(self).expect("texts and numbers always serialise");
        Ok(cookie(&keys.seal_cookie(&text)?, SIGN_IN_MS_MAX / 1_000, is_secure))
    }

    /// What is sent along to Spotify and must come back.
    pub(super) fn state(&self) -> &str {
        &self.state
    }

    pub(super) fn verifier(&self) -> Verifier {
        Verifier::kept(self.verifier.as_str())
    }

    /// Whom it links.
    pub(super) fn user(&self) -> UserId {
        UserId(self.user)
    }

    /// When it is too old.
    pub(super) fn expires_at(&self) -> Instant {
        Instant::from_ms(self.expires_at_ms)
    }

    /// Records that it came back; false if it had come back before, at whichever instance.
    pub(super) async fn spend(&self, db: &Db, now: Instant) -> Result<bool, DbErr> {
        Entity::delete_many().filter(Column::ExpiresAt.lt(now)).exec(db.write()).await?;
        let hash = hex::encode(Sha256::digest(self.state.as_bytes()));
        let row = ActiveModel { hash: Set(hash), expires_at: Set(self.expires_at()) };
        let once = OnConflict::column(Column::Hash).do_nothing().to_owned();
        Ok(Entity::insert(row).on_conflict(once).exec_without_returning(db.write()).await? > 0)
    }
}

/// What ends it in the browser.
pub(super) fn no_cookie(is_secure: bool) -> HeaderValue {
    cookie("", 0, is_secure)
}

fn cookie(value: &str, life_s: i64, is_secure: bool) -> HeaderValue {
    let secure = if is_secure { "; Secure" } else { "" };
    let text = format!("{COOKIE}={value}; Path={PATH}; Max-Age={life_s}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::try_from(text).expect("a sealed text is base64, dots and a plain key id")
}
