//! The ingest, from Spotify's answer to the rows.

mod alerts;
mod archive;
mod catalogue;
mod checks;
mod consent;
mod crashes;
mod demo;
mod due;
mod enrich;
mod erasure;
mod failures;
mod fleet;
mod gaps;
mod limits;
mod outage;
mod packed;
mod rejects;
mod replay;
mod rollups;
mod secrets;
mod spool;
mod tokens;
mod twice;
mod watch;
