//! A believable listening history of several invented listeners, as the raw documents that Spotify would have sent.
//!
//! It goes the way of every other document: archive, transform, load. So the demo shows what the product does, not
//! what a shortcut into its tables would do.
//!
//! It reads no clock, touches no network and knows no database: a seed and the newest instant decide every byte.
//! Names are composed from word lists (`genre/*.rs`); images and previews have addresses of Spotify's shape that lead
//! nowhere.

mod catalogue;
mod dice;
mod enrichment;
mod features;
mod genre;
mod history;
mod lexicon;
mod pages;
mod payload;
mod persona;
mod schedule;
mod taste;
mod timeline;

#[cfg(test)]
mod tests;

use jiff::Timestamp;

/// 1 January 1900, UTC: there was little to listen to before.
const YEAR_1900_MS: i64 = -2_208_988_800_000;

/// What to invent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Decides everything that the other options leave open.
    pub seed: u64,
    /// How many listeners. The first six differ most; after them the same personalities come round under other names.
    pub listeners: u32,
    /// Plays of all listeners together, exactly. With no listener there are none.
    pub plays: u32,
    /// The newest instant, Unix milliseconds: everything was played and fetched by then.
    /// Years from 1900 to 9999; what lies beyond counts as the nearest end.
    pub until_ms: i64,
    /// How far back the plays reach, in civil days of each listener. More plays than fit in reach back further.
    pub span_days: u32,
}

impl Options {
    /// Six listeners, 15,000 plays, two years.
    pub fn new(seed: u64, until_ms: i64) -> Self {
        Self { seed, listeners: 6, plays: 15_000, until_ms, span_days: 730 }
    }

    fn until(&self) -> Timestamp {
        Timestamp::from_millisecond(self.until_ms.max(YEAR_1900_MS)).unwrap_or(Timestamp::MAX)
    }
}

/// One answer of Spotify's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// When it was fetched, Unix milliseconds; for plays, some seconds after the newest one.
    pub fetched_at_ms: i64,
    /// What was asked.
    pub kind: Kind,
    /// The body: JSON.
    pub bytes: Vec<u8>,
}

/// What a document answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `GET /v1/me/player/recently-played`: 50 plays at most, newest first.
    RecentlyPlayed {
        /// Position in [`listeners`].
        listener: usize,
    },
    /// `GET /v1/artists?ids=`: 50 artists at most.
    Artists,
    /// `GET /v1/audio-features?ids=`: 100 tracks at most, null for a track that has none.
    AudioFeatures,
}

/// Somebody who listens, as an account would be set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoListener {
    /// Unique; lower-case ASCII letters, digits and underscores.
    pub username: String,
    /// What people read.
    pub display_name: String,
    /// An IANA name.
    pub time_zone: &'static str,
    /// Whether this listener agreed to appear in lists.
    pub listed: bool,
}

/// The listeners, in the order that [`Kind::RecentlyPlayed`] counts them. They do not depend on the seed.
pub fn listeners(options: &Options) -> Vec<DemoListener> {
    persona::listeners(options)
}

/// The documents, in the order in which they were fetched.
///
/// Every play is on exactly one page. Artists and audio features follow the plays that first named them, and every
/// artist is seen again at the end. Plays are laid out at once (24 bytes each); documents are made when they are asked for.
pub fn history(options: &Options) -> impl Iterator<Item = Document> {
    history::History::new(options)
}
