//! Where an object lies: `plays/v1/user=7/date=2026-11-22/20261122T090000123Z-<sha256>.json.zst`.
//!
//! A person's objects lie below one prefix, so that a person can be erased; the key is made from a number, an instant and a
//! hash only, so nothing a stranger chose can point outside.

use crate::ids::UserId;
use crate::time::Instant;
use sha2::{Digest, Sha256};

/// What a raw response is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Plays of one person.
    Plays(UserId),
    /// Artists of the catalogue.
    Artists,
    /// Audio features of the catalogue's tracks.
    AudioFeatures,
}

/// The key of one object, relative to the archive's root.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ArchiveKey {
    text: String,
    sha256: String,
}

impl ArchiveKey {
    /// The key of `bytes`, received at `fetched_at`.
    pub fn new(kind: Kind, fetched_at: Instant, bytes: &[u8]) -> Self {
        let folder = match kind {
            Kind::Plays(user) => format!("plays/v1/user={user}"),
            Kind::Artists => "artists/v1".to_owned(),
            Kind::AudioFeatures => "audio-features/v1".to_owned(),
        };
        let at = fetched_at.in_zone(&jiff::tz::TimeZone::UTC);
        let (day, time) = (at.strftime("%Y-%m-%d"), at.strftime("%Y%m%dT%H%M%S%3fZ"));
        let sha256 = hex::encode(Sha256::digest(bytes));
        Self { text: format!("{folder}/date={day}/{time}-{sha256}.json.zst"), sha256 }
    }

    /// SHA-256 of the bytes as received, in hex.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }
}

impl std::fmt::Display for ArchiveKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.text.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_tells_whose_when_and_what() {
        let at = Instant::parse("2026-11-22T09:00:00.12Z").unwrap();
        let key = ArchiveKey::new(Kind::Plays(UserId(7)), at, b"{}");
        assert_eq!(
            key.to_string(),
            "plays/v1/user=7/date=2026-11-22/20261122T090000120Z-\
             44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a.json.zst"
        );
    }
}
