//! The product, tried from outside: every test goes through a door that the product has, on real servers.

#![expect(clippy::unwrap_used, reason = "it is how a test fails")]

mod api;
mod binaries;
mod entities;
mod imports;
mod ingest;
mod insights;
