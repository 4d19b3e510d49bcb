//! What can be kept: the answers of insights, what they weigh, and how they travel.

use std::mem::size_of;

use entity::user;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::insights::{
    AudioProfile, ChartPage, ChartRow, Discoveries, Discovery, HistoryPage, HistoryPlay, ReleaseYear, Session,
    Sessions, SkipReport, SkippedTrack, Streaks, TimeBucket, Totals, WeekHour,
};

/// An answer that can be kept. It can be written as bytes, so that instances may share it.
pub trait Answer: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The bytes that it owns beyond its own size.
    fn heap_bytes(&self) -> usize {
        0
    }
}

macro_rules! flat {
    ($($answer:ty),+) => { $(impl Answer for $answer {})+ };
}

flat!(
    i32,
    i64,
    f64,
    AudioProfile,
    Discovery,
    ReleaseYear,
    Session,
    SkippedTrack,
    Streaks,
    TimeBucket,
    Totals,
    WeekHour
);

impl Answer for String {
    fn heap_bytes(&self) -> usize {
        self.capacity()
    }
}

impl<T: Answer> Answer for Option<T> {
    fn heap_bytes(&self) -> usize {
        self.as_ref().map_or(0, Answer::heap_bytes)
    }
}

impl<T: Answer> Answer for Vec<T> {
    fn heap_bytes(&self) -> usize {
        self.capacity() * size_of::<T>() + self.iter().map(Answer::heap_bytes).sum::<usize>()
    }
}

impl<A: Answer, B: Answer> Answer for (A, B) {
    fn heap_bytes(&self) -> usize {
        self.0.heap_bytes() + self.1.heap_bytes()
    }
}

impl<K: Answer> Answer for ChartRow<K> {
    fn heap_bytes(&self) -> usize {
        self.key.heap_bytes()
    }
}

impl<K: Answer> Answer for ChartPage<K> {
    fn heap_bytes(&self) -> usize {
        self.rows.heap_bytes()
    }
}

impl Answer for Discoveries {
    fn heap_bytes(&self) -> usize {
        self.newest.heap_bytes()
    }
}

impl Answer for HistoryPlay {
    fn heap_bytes(&self) -> usize {
        self.context_uri.heap_bytes()
    }
}

impl Answer for HistoryPage {
    fn heap_bytes(&self) -> usize {
        self.plays.heap_bytes()
    }
}

impl Answer for Sessions {
    fn heap_bytes(&self) -> usize {
        self.longest.heap_bytes()
    }
}

impl Answer for SkipReport {
    fn heap_bytes(&self) -> usize {
        self.most_skipped.heap_bytes()
    }
}

impl Answer for user::Model {
    fn heap_bytes(&self) -> usize {
        [&self.username, &self.display_name, &self.time_zone].into_iter().map(Answer::heap_bytes).sum()
    }
}
