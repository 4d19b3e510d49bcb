//! The only writer of plays: Spotify to archive to database.

pub mod demo;
