//! For how long Spotify asks to be left alone: `Retry-After` of a 429, in either form (RFC 9110, section 10.2.3).

use std::time::Duration;

/// How long to stay away when a 429 does not say for how long: Spotify's rolling window.
pub const DEFAULT: Duration = Duration::from_secs(30);

/// How long to stay away if only a date says it and nothing tells from when.
const UNMEASURED: Duration = Duration::from_secs(3_600);

/// What the header of a 429 says: seconds, or a date, which is read against the same answer's `Date`, so that a clock that is
/// off on either side does no harm.
pub fn read(value: Option<&str>, date: Option<&str>) -> Duration {
    value.and_then(|value| wait(value, date)).unwrap_or(DEFAULT)
}

fn wait(value: &str, date: Option<&str>) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse::<f64>() {
        return Duration::try_from_secs_f64(seconds.ceil()).ok();
    }
    let http_date = |text: &str| jiff::fmt::rfc2822::parse(text).ok();
    let until = http_date(value)?.timestamp();
    // Whoever writes a date means a long time; without the answer's own, nothing tells how long.
    let Some(date) = date.and_then(http_date) else { return Some(UNMEASURED) };
    let wait = until.duration_since(date.timestamp());
    Some(Duration::try_from(wait).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_read_in_seconds_or_as_a_date() {
        let date = Some("Sun, 22 Nov 2026 09:00:00 GMT");
        let said = |value, date| read(Some(value), date);
        assert_eq!(said("74000", None), Duration::from_secs(74_000));
        assert_eq!(said("Sun, 22 Nov 2026 12:00:00 GMT", date), Duration::from_secs(10_800));
        assert_eq!(said("Sun, 22 Nov 2026 08:00:00 GMT", date), Duration::ZERO);
        assert_eq!(said("30.5", None), Duration::from_secs(31));
        assert_eq!(said("Sun, 22 Nov 2026 12:00:00 GMT", None), UNMEASURED);
        assert_eq!(said("soon", date), DEFAULT);
        assert_eq!(said("-3", date), DEFAULT);
        assert_eq!(read(None, date), DEFAULT);
    }
}
