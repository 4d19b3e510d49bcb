//! The ingest, from Spotify's answer to the rows.

mod archive;
mod catalogue;
mod consent;
mod demo;
mod erasure;
mod failures;
mod gaps;
mod rejects;
mod rollups;
mod secrets;
mod tokens;
mod twice;
