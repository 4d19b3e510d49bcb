//! The ingest, from Spotify's answer to the rows.

mod catalogue;
mod failures;
mod gaps;
mod rejects;
mod tokens;
mod twice;
