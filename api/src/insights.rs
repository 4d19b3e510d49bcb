//! What is counted: each insight with its SQL beside the row it fills.
//!
//! An insight is a question about one [`Scope`] (who, when, which plays). It aggregates first and joins names never: rows
//! carry keys, and the loaders bring the names. It knows nothing of GraphQL, of caches or of who may ask.
//!
//! Raw SQL, because these are the statements that make the product fast: one text that both databases run, values bound,
//! whole numbers cast to 64 bits so that both answer alike.

mod catalogue;
mod history;
mod scope;
mod sql;
mod top;
mod totals;

pub use catalogue::{album_by_spotify_id, artist_by_spotify_id, listener_by_username, track_by_spotify_id};
pub use history::{HistoryKey, HistoryPage, history};
pub use scope::{Audience, Scope};
pub use top::{Chart, ChartPage, ChartPosition, ChartRow, top};
pub use totals::{Totals, totals};
