//! A point in time, as it is stored.

use sea_orm::DeriveValueType;
use serde::{Deserialize, Serialize};

/// An instant: Unix milliseconds, UTC. Stored as a 64-bit integer on both databases, so that comparisons, ranges and keys
/// mean the same on each and no server's zone can come between.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, DeriveValueType)]
pub struct Instant(i64);

impl Instant {
    /// The instant `ms` milliseconds after 1970-01-01T00:00:00Z.
    pub const fn from_ms(ms: i64) -> Self {
        Self(ms)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub const fn ms(self) -> i64 {
        self.0
    }

    /// Reads RFC 3339, such as `2026-11-22T09:00:00.123Z`; any offset, cut to milliseconds.
    pub fn parse(text: &str) -> Result<Self, jiff::Error> {
        text.parse::<jiff::Timestamp>().map(Self::from)
    }

    /// The same instant for civil arithmetic, held within the years -9999 to 9999.
    pub fn timestamp(self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.0).unwrap_or(if self.0 < 0 {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        })
    }

    /// This instant as seen in `zone`.
    pub fn in_zone(self, zone: &jiff::tz::TimeZone) -> jiff::Zoned {
        self.timestamp().to_zoned(zone.clone())
    }
}

impl From<jiff::Timestamp> for Instant {
    fn from(at: jiff::Timestamp) -> Self {
        Self(at.as_millisecond())
    }
}

impl std::ops::Add<i64> for Instant {
    type Output = Self;

    /// The instant `ms` milliseconds later.
    fn add(self, ms: i64) -> Self {
        Self(self.0 + ms)
    }
}

impl std::ops::Sub for Instant {
    type Output = i64;

    /// Milliseconds from `earlier` to this instant.
    fn sub(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }
}

/// RFC 3339 in UTC, with milliseconds where there are any.
impl std::fmt::Display for Instant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.timestamp().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::Instant;

    #[test]
    fn an_instant_survives_its_text() {
        let at = Instant::parse("2026-11-22T10:00:00.123+01:00").unwrap();
        assert_eq!(at.ms(), 1_795_338_000_123);
        assert_eq!(at.to_string(), "2026-11-22T09:00:00.123Z");
        assert_eq!(Instant::parse(&at.to_string()).unwrap(), at);
    }
}
