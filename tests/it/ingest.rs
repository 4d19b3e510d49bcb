//! The ingest, from Spotify's answer to the rows.

mod archive;
mod catalogue;
mod crashes;
mod demo;
mod due;
mod failures;
mod fleet;
mod gaps;
mod rejects;
mod replay;
mod rollups;
mod secrets;
mod spool;
mod tokens;
mod twice;
mod watch;
