//! How Spotify writes an instant: RFC 3339 with milliseconds in payloads, RFC 9110 in `Retry-After`.

use jiff::{Timestamp, ToSpan, fmt::rfc2822::DateTimePrinter, tz::TimeZone};

/// `2026-11-22T09:09:52.123Z`.
pub(super) fn rfc3339(at_ms: i64) -> String {
    timestamp(at_ms).strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// `Sun, 22 Nov 2026 09:09:52 GMT`: an HTTP date knows no fraction of a second, which is cut off.
pub(super) fn http_date(at_ms: i64) -> String {
    DateTimePrinter::new().timestamp_to_rfc9110_string(&timestamp(at_ms)).expect("years stay within four digits")
}

/// Six calendar months later, on the UTC calendar: how long a refresh token lives after the user's authorization.
pub(super) fn six_months_after(at_ms: i64) -> i64 {
    let then = timestamp(at_ms).to_zoned(TimeZone::UTC).checked_add(6.months()).expect("half a year later is in range");
    then.timestamp().as_millisecond()
}

fn timestamp(at_ms: i64) -> Timestamp {
    Timestamp::from_millisecond(at_ms).expect("tests stay between the years -9999 and 9999")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_look_as_spotify_writes_them() {
        assert_eq!(rfc3339(1_588_291_200_007), "2020-05-01T00:00:00.007Z");
        assert_eq!(rfc3339(1_588_291_200_000), "2020-05-01T00:00:00.000Z");
        assert_eq!(http_date(1_588_291_200_999), "Fri, 01 May 2020 00:00:00 GMT");
    }

    #[test]
    fn six_months_are_calendar_months() {
        let may = 1_588_291_200_000;
        assert_eq!(rfc3339(six_months_after(may)), "2020-11-01T00:00:00.000Z");
    }
}
