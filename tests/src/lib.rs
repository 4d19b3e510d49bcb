//! The test harness: real servers, fakes at the network's edge, and builders that say the rest.

pub mod api;
pub mod browser;
pub mod database;
pub mod export;
pub mod fake_discord;
pub mod fake_spotify;
pub mod guardian;
pub mod ingest;
pub mod ports;
pub mod postgres;
pub mod program;
pub mod redis;
pub mod reference;
pub mod s3;
