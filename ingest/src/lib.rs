//! The only writer of plays: it takes what Spotify says, keeps the bytes, and fills the database from them.
//!
//! ```text
//!   spotify ──▶ archive ──▶ transform ──▶ load ──▶ (rollup)
//!   RawPage     ArchiveKey   Batch         Loaded
//! ```
//!
//! Each step is a function of the one on its left. Nothing is interpreted before its bytes are durable; everything a page
//! changes is one transaction; doing any of it twice is doing it once. It never serves a request.

mod access;
pub mod alert;
pub mod batch;
pub mod check;
pub mod command;
pub mod config;
pub mod crash;
pub mod demo;
pub mod enrich;
pub mod erase;
pub mod expiry;
pub mod import;
pub mod jobs;
pub mod journal;
pub mod load;
pub mod person;
pub mod pipeline;
pub mod progress;
pub mod replay;
pub mod rollup;
mod settle;
pub mod spool;
pub mod spotify;
pub mod transform;
