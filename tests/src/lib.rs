//! .
pub mod fake_spotify;
