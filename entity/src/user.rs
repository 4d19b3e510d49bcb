//! A person with an account here.
//!
//! Unique by `id`, and by `username` to the letter. Written by `ingest accounts`, `ingest demo` and (settings only) by `api`.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::ids::UserId;
use crate::time::Instant;

/// A row of `user`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "user", model_attrs(derive(Serialize, Deserialize)))]
pub struct Model {
    /// The key.
    #[sea_orm(primary_key)]
    pub id: UserId,
    /// The name in addresses and queries; [`check_username`] says what it may be.
    #[sea_orm(unique)]
    pub username: String,
    /// The name shown to people.
    pub display_name: String,
    /// IANA name of the zone in which this person's days begin.
    pub time_zone: String,
    /// Whether this person agreed to appear by name in lists of listeners.
    pub listed: bool,
    /// When the account was made.
    pub joined_at: Instant,
    /// The Spotify link, if there is one.
    #[sea_orm(has_one)]
    pub spotify_account: HasOne<super::spotify_account::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

/// The longest username, in characters.
pub const USERNAME_LENGTH_MAX: usize = 64;

/// Says what is wrong with a username, if anything: 1 to 64 ASCII letters, digits, `.`, `_` and `-`, beginning with a
/// letter or digit. It stands in archive keys and addresses, hence the narrow alphabet.
pub fn check_username(username: &str) -> Result<(), String> {
    let begins_well = username.chars().next().is_some_and(|c| c.is_ascii_alphanumeric());
    let is_plain = username.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'));
    if begins_well && is_plain && username.len() <= USERNAME_LENGTH_MAX {
        return Ok(());
    }
    Err(format!(
        "\"{}\" cannot be a username: use 1 to {USERNAME_LENGTH_MAX} letters, digits, '.', '_' or '-', beginning with a letter or digit",
        username.escape_debug()
    ))
}

#[cfg(test)]
mod tests {
    use super::check_username;

    #[test]
    fn a_username_is_short_and_plain() {
        for good in ["ada", "Ada.L-1815_x", "7"] {
            assert!(check_username(good).is_ok(), "{good}");
        }
        for bad in ["", ".ada", "a/b", "ada lovelace", "über", "a\nb", &"a".repeat(65)] {
            assert!(check_username(bad).is_err(), "{bad}");
        }
    }
}
