//! The API, asked as its clients ask it.

mod catalogue;
mod charts;
mod connect;
mod faults;
mod graphiql;
mod history;
mod http;
mod journey;
mod outage;
mod program;
mod ranges;
mod runs;
mod schema;
mod settings;
mod statements;
mod totals;
