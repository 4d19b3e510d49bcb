//! How time is cut: instants, half-open ranges, and the civil days of an IANA zone.
//!
//! No day is assumed to have 24 hours: every edge is computed in its zone. Nothing here asks what time it is; the present
//! comes in as an argument (see [`crate::clock`]).

mod buckets;
mod instant;
mod range;
mod resolve;

pub use buckets::{Granularity, edges, gcd_of, unit_ms};
pub use instant::Instant;
pub use range::TimeRange;
pub use resolve::{Preset, RangeError, RangeSpec, day_ends, previous, resolve};

/// Looks up an IANA zone by name, such as `Europe/Berlin`. The answer carries the database's own spelling.
pub fn zone(name: &str) -> Result<jiff::tz::TimeZone, UnknownZone> {
    jiff::tz::TimeZone::get(name)
        .ok()
        .filter(|zone| zone.iana_name().is_some())
        .ok_or_else(|| UnknownZone(name.to_owned()))
}

/// A time zone that the IANA database does not have.
#[derive(Debug, thiserror::Error)]
#[error("\"{}\" is not a time zone: expected an IANA name such as Europe/Berlin, America/New_York or UTC", .0.escape_debug())]
pub struct UnknownZone(pub String);

#[cfg(test)]
mod tests {
    use super::zone;

    #[test]
    fn a_zone_is_known_by_its_iana_name_only() {
        assert_eq!(zone("europe/berlin").unwrap().iana_name(), Some("Europe/Berlin"));
        assert_eq!(zone("UTC").unwrap().iana_name(), Some("UTC"));
        for bad in ["", "Mars/Olympus", "+02:00", "../etc/passwd"] {
            assert!(zone(bad).is_err(), "{bad}");
        }
    }
}
