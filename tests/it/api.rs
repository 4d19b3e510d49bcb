//! The API, asked as its clients ask it.

mod cache;
mod catalogue;
mod changes;
mod charts;
mod connect;
mod faults;
mod graphiql;
mod history;
mod http;
mod journey;
mod news;
mod outage;
mod program;
mod ranges;
mod refused;
mod runs;
mod schema;
mod settings;
mod sharing;
mod stale;
mod statements;
mod subscription;
mod totals;
