//! Questions and answers: the GraphQL server.
//!
//! ```text
//!   http ──▶ graphql ──▶ cache ──▶ insights ──▶ (database)
//!                 └────▶ loaders           ──▶
//! ```
//!
//! [`http`] is everything between a socket and the schema; [`graphql`] is the schema, in the asker's words; [`insights`] is
//! what is counted, and [`cache`] keeps it, at the [`revision`] it was counted at; [`loaders`] bring names and pictures;
//! [`accounts`] is the little that is written: people's settings and what they ask the ingest to do. It never writes plays,
//! catalogue or rollups.

pub mod accounts;
pub mod app;
pub mod cache;
pub mod config;
pub mod connect;
pub mod error;
pub mod graphql;
pub mod health;
pub mod http;
pub mod insights;
pub mod loaders;
pub mod metrics;
pub mod redis;
pub mod revision;
pub mod serve;
