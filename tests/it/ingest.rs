//! The ingest, from Spotify's answer to the rows.

mod catalogue;
mod twice;
