//! The two things that can be measured of listening, and how a listen time reads to people.

use serde::Serialize;

/// What a chart is ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Measure {
    /// How many times.
    Plays,
    /// For how long.
    ListenTime,
}

/// A listen time for people: `3d 4h 5m 6s`. Leading zero units are left out, inner ones are kept, milliseconds are cut
/// off; less than a second is `0s`.
pub fn listen_time_text(listen_time_ms: i64) -> String {
    let seconds = listen_time_ms.max(0) / 1000;
    let (days, hours, minutes, seconds) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    if days > 0 {
        format!("{days}d {hours}h {minutes}m {seconds}s")
    } else if hours > 0 {
        format!("{hours}h {minutes}m {seconds}s")
    } else if minutes > 0 {
        format!("{minutes}m {seconds}s")
    } else {
        format!("{seconds}s")
    }
}

#[cfg(test)]
mod tests {
    use super::listen_time_text;

    #[test]
    fn a_listen_time_reads_from_its_largest_unit_down() {
        assert_eq!(listen_time_text(0), "0s");
        assert_eq!(listen_time_text(999), "0s");
        assert_eq!(listen_time_text(61_000), "1m 1s");
        assert_eq!(listen_time_text(3_600_000), "1h 0m 0s");
        assert_eq!(listen_time_text(273_906_000), "3d 4h 5m 6s");
    }
}
