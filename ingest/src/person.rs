//! Who a person is here, kept in the archive beside their plays: so that a database made anew from the archive knows more of
//! them than a number. The refresh token is not in it; they connect again.

use entity::archive::{Archive, ArchiveKey, Error, Kind, Prefix};
use entity::ids::UserId;
use entity::time::Instant;
use entity::user;
use serde::{Deserialize, Serialize};

/// What is kept.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The name in addresses and queries.
    pub username: String,
    /// The name shown to people.
    pub display_name: String,
    /// IANA name of their zone.
    pub time_zone: String,
    /// Whether they agreed to appear by name.
    pub listed: bool,
    /// When the account was made, in Unix milliseconds.
    pub joined_at_ms: i64,
}

impl Person {
    /// What is kept of a row.
    pub fn of(row: &user::Model) -> Self {
        Self {
            username: row.username.clone(),
            display_name: row.display_name.clone(),
            time_zone: row.time_zone.clone(),
            listed: row.listed,
            joined_at_ms: row.joined_at.ms(),
        }
    }

    /// Whoever the archive knows as a number only.
    pub fn unknown(user: UserId) -> Self {
        let name = format!("listener-{user}");
        let (username, time_zone) = (name.clone(), "UTC".to_owned());
        Self { username, display_name: name, time_zone, listed: false, joined_at_ms: 0 }
    }
}

/// Keeps who `row` is as of the day of `now`: one object a day at most, and only if something is new.
pub async fn keep(archive: &Archive, row: &user::Model, now: Instant) -> Result<(), Error> {
    const DAY_MS: i64 = 86_400_000;
    let day = Instant::from_ms(now.ms() - now.ms().rem_euclid(DAY_MS));
    let bytes = serde_json::to_vec(&Person::of(row)).expect("names and numbers are JSON");
    archive.put(&ArchiveKey::new(Kind::Person(row.id), day, &bytes), &bytes).await
}

/// Who `user` was last; `None` if the archive does not say.
pub async fn last(archive: &Archive, user: UserId) -> Result<Option<Person>, Error> {
    let mut listing = archive.list(&Prefix::of(Kind::Person(user)));
    let mut newest = None;
    while let Some(page) = listing.next_page().await? {
        newest = page.into_iter().next_back().or(newest);
    }
    let Some(key) = newest else { return Ok(None) };
    Ok(serde_json::from_slice(&archive.get(&key).await?).ok())
}
