//! The half-open range, which tiles: what ends one begins the next.

use serde::Serialize;

use super::Instant;

/// `from` inclusive, `until` exclusive. Without `from`, everything before `until`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct TimeRange {
    from: Option<Instant>,
    until: Instant,
}

impl TimeRange {
    /// The range from `from` to before `until`; `None` if it would hold no instant.
    pub fn new(from: Instant, until: Instant) -> Option<Self> {
        (from < until).then_some(Self { from: Some(from), until })
    }

    /// Everything before `until`.
    pub fn before(until: Instant) -> Self {
        Self { from: None, until }
    }

    /// The first instant inside; `None` where the range has no beginning.
    pub fn from(&self) -> Option<Instant> {
        self.from
    }

    /// The first instant after.
    pub fn until(&self) -> Instant {
        self.until
    }

    /// Whether `at` is inside.
    pub fn contains(&self, at: Instant) -> bool {
        self.from.is_none_or(|from| from <= at) && at < self.until
    }
}

#[cfg(test)]
mod tests {
    use super::{Instant, TimeRange};

    #[test]
    fn a_range_holds_its_beginning_and_not_its_end() {
        let (a, b) = (Instant::from_ms(1), Instant::from_ms(3));
        let range = TimeRange::new(a, b).unwrap();
        assert!(range.contains(a) && range.contains(Instant::from_ms(2)) && !range.contains(b));
        assert!(TimeRange::before(b).contains(Instant::from_ms(i64::MIN)));
        assert!(TimeRange::new(b, a).is_none() && TimeRange::new(a, a).is_none());
    }
}
