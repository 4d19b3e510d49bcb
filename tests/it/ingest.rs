//! The ingest, from Spotify's answer to the rows.

mod alerts;
mod archive;
mod catalogue;
mod checks;
mod consent;
mod demo;
mod enrich;
mod erasure;
mod failures;
mod gaps;
mod limits;
mod rejects;
mod rollups;
mod secrets;
mod tokens;
mod twice;
