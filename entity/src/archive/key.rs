//! Where an object lies: `plays/v1/user=7/date=2026-11-22/20261122T090000123Z-<sha256>.json.zst`.
//!
//! A person's objects lie below one prefix, so that a person can be erased; the key is made from a number, an instant and a
//! hash only, so nothing a stranger chose can point outside. A key read back from a listing or a file name is taken apart and
//! made anew: what does not come out the same is no key.

use crate::ids::UserId;
use crate::time::Instant;
use sha2::{Digest, Sha256};

/// What a raw response is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Plays of one person.
    Plays(UserId),
    /// Who one person is here, as of some day: what a database made anew from the archive calls them.
    Person(UserId),
    /// Tracks of the catalogue, one or several.
    Tracks,
    /// Artists of the catalogue, one or several.
    Artists,
    /// Albums of the catalogue, one or several.
    Albums,
    /// Audio features of the catalogue's tracks.
    AudioFeatures,
    /// What a search for a track by its name found. Only an id is taken from it, so nothing is made anew from it.
    Searches,
    /// Nothing: a trial that the archive works.
    Probe,
}

impl Kind {
    /// The kinds that are nobody's: what the catalogue is made of besides the tracks that pages of plays name.
    pub const CATALOGUE: [Self; 4] = [Self::Tracks, Self::Artists, Self::Albums, Self::AudioFeatures];

    /// Whose it is; `None` for what is nobody's.
    pub fn user(self) -> Option<UserId> {
        match self {
            Self::Plays(user) | Self::Person(user) => Some(user),
            Self::Tracks | Self::Artists | Self::Albums | Self::AudioFeatures | Self::Searches | Self::Probe => None,
        }
    }

    fn folder(self) -> String {
        match self {
            Self::Plays(user) => format!("plays/v1/user={user}"),
            Self::Person(user) => format!("people/v1/user={user}"),
            Self::Tracks => "tracks/v1".to_owned(),
            Self::Artists => "artists/v1".to_owned(),
            Self::Albums => "albums/v1".to_owned(),
            Self::AudioFeatures => "audio-features/v1".to_owned(),
            Self::Searches => "searches/v1".to_owned(),
            Self::Probe => "probe/v1".to_owned(),
        }
    }

    fn parse(folder: &str) -> Option<Self> {
        Some(match folder.split_once("/user=") {
            Some(("plays/v1", user)) => Self::Plays(UserId(user.parse().ok()?)),
            Some(("people/v1", user)) => Self::Person(UserId(user.parse().ok()?)),
            Some(_) => return None,
            None => {
                let others = [Self::Searches, Self::Probe];
                *Self::CATALOGUE.iter().chain(&others).find(|kind| kind.folder() == folder)?
            }
        })
    }
}

/// The key of one object, relative to the archive's root.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ArchiveKey {
    text: String,
    sha256: String,
    kind: Kind,
    fetched_at: Instant,
}

impl ArchiveKey {
    /// The key of `bytes`, received at `fetched_at`.
    pub fn new(kind: Kind, fetched_at: Instant, bytes: &[u8]) -> Self {
        Self::with_hash(kind, fetched_at, hex::encode(Sha256::digest(bytes)))
    }

    fn with_hash(kind: Kind, fetched_at: Instant, sha256: String) -> Self {
        let at = fetched_at.in_zone(&jiff::tz::TimeZone::UTC);
        let (day, time) = (at.strftime("%Y-%m-%d"), at.strftime("%Y%m%dT%H%M%S%3fZ"));
        Self { text: format!("{}/date={day}/{time}-{sha256}.json.zst", kind.folder()), sha256, kind, fetched_at }
    }

    /// Reads a key's text; `None` if it is no key.
    pub fn parse(text: &str) -> Option<Self> {
        let (folder, rest) = text.split_once("/date=")?;
        let (_, name) = rest.split_once('/')?;
        let (time, sha256) = name.strip_suffix(".json.zst")?.split_once('-')?;
        let key = Self::with_hash(Kind::parse(folder)?, instant(time)?, sha256.to_owned());
        (key.text == text && sha256.len() == 64 && sha256.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(key)
    }

    /// SHA-256 of the bytes as received, in hex.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// What the object is about.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// When it was received.
    pub fn fetched_at(&self) -> Instant {
        self.fetched_at
    }
}

impl std::fmt::Display for ArchiveKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.text.fmt(f)
    }
}

/// `20261122T090000123Z`, as the key of an object has it.
pub(super) fn instant(text: &str) -> Option<Instant> {
    let whole = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%S", text.get(..15)?).ok()?;
    let ms: i64 = text.get(15..)?.strip_suffix('Z')?.parse().ok()?;
    let whole = whole.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(Instant::from(whole.timestamp()) + ms)
}

/// A part of the archive: all objects whose keys begin with it. It ends in `/`, so that user 1 is not user 10.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefix(String);

impl Prefix {
    /// Everything of one kind (and person).
    pub fn of(kind: Kind) -> Self {
        Self(format!("{}/", kind.folder()))
    }

    /// Every prefix below which something of one person lies: delete them all, and the archive knows nothing of them.
    pub fn personal(user: UserId) -> Vec<Self> {
        vec![Self::of(Kind::Plays(user)), Self::of(Kind::Person(user)), Self(super::inbox::folder(user))]
    }

    /// The inbox: of one person, or of all.
    pub fn uploads(user: Option<UserId>) -> Self {
        Self(user.map_or_else(|| super::inbox::FOLDER.to_owned(), super::inbox::folder))
    }

    /// The whole archive.
    pub fn everything() -> Self {
        Self(String::new())
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Prefix {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
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

    #[test]
    fn a_key_survives_its_text() {
        let at = Instant::parse("2026-11-22T09:00:00.007Z").unwrap();
        for kind in [
            Kind::Plays(UserId(7)),
            Kind::Person(UserId(7)),
            Kind::Tracks,
            Kind::Artists,
            Kind::Albums,
            Kind::AudioFeatures,
            Kind::Searches,
            Kind::Probe,
        ] {
            let key = ArchiveKey::new(kind, at, b"{}");
            let read = ArchiveKey::parse(&key.to_string()).unwrap();
            assert_eq!((&read, read.kind(), read.fetched_at()), (&key, kind, at));
            assert!(key.to_string().starts_with(Prefix::of(kind).as_str()));
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let good = ArchiveKey::new(Kind::Plays(UserId(7)), Instant::from_ms(0), b"{}").to_string();
        for bad in [
            "",
            "/",
            "plays",
            "notes.txt",
            "../../etc/passwd",
            &good.replace("user=7", "user=07"),
            &good.replace("user=7", "user=../7"),
            &good.replace("date=1970-01-01", "date=1970-01-02"),
            &good.replace("date=1970-01-01", "date=.."),
            &good.replace("plays/v1", "plays/v9"),
            &good.replace("T000000000Z", "T000000-01Z"),
            &good.replace(".json.zst", ".json"),
            &format!("/{good}"),
        ] {
            assert_eq!(ArchiveKey::parse(bad), None, "{bad}");
        }
        assert!(ArchiveKey::parse(&good).is_some());
    }
}
