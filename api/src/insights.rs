//! What is counted: each insight with its SQL beside the row it fills.
//!
//! An insight is a question about one [`Scope`] (who, when, which plays). It aggregates first and joins names never: rows
//! carry keys, and the loaders bring the names. It knows nothing of GraphQL, of caches or of who may ask.
//!
//! Raw SQL, because these are the statements that make the product fast: one text that both databases run, values bound,
//! whole numbers cast to 64 bits so that both answer alike.

mod affinity;
mod audio_profile;
mod by_time;
mod catalogue;
mod currency;
mod discoveries;
mod filter;
mod history;
mod imports;
mod packs;
mod played;
mod release_years;
mod runs;
mod scope;
mod search;
mod series;
mod sessions;
mod skips;
mod sql;
mod streaks;
mod top;
mod totals;
mod week_hours;

pub use affinity::{Pair, affinity, shared_artists, shared_tracks};
pub use audio_profile::{AudioProfile, audio_profile};
pub use catalogue::{
    album_by_spotify_id, artist_by_spotify_id, first_listener, listener_by_username, plays_ever, track_by_spotify_id,
};
pub use currency::{Currency, currency, gaps};
pub use discoveries::{Discoveries, Discovery, discoveries};
pub use filter::Filter;
pub use history::{HistoryKey, HistoryPage, HistoryPlay, first_play, history, last_play};
pub use imports::{import, imports};
pub use release_years::{ReleaseYear, release_years};
pub use runs::{RunPage, ingest_runs};
pub use scope::{Audience, Scope};
pub use search::{Hit, Kind as SearchKind, search};
pub use series::{BUCKETS_MAX, TimeBucket, series};
pub use sessions::{Session, Sessions, sessions};
pub use skips::{SkipReport, SkippedTrack, skips};
pub use streaks::{Streak, Streaks, streaks};
pub use top::{Chart, ChartKey, ChartPage, ChartPosition, ChartRow, ranks, top};
pub use totals::{Totals, totals};
pub use week_hours::{WeekHour, week_hours};
