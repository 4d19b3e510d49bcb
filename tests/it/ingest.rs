//! The ingest, from Spotify's answer to the rows.

mod alerts;
mod archive;
mod catalogue;
mod demo;
mod enrich;
mod failures;
mod gaps;
mod limits;
mod rejects;
mod rollups;
mod secrets;
mod tokens;
mod twice;
