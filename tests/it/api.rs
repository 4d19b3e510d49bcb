//! The API, asked as its clients ask it.

mod catalogue;
mod charts;
mod faults;
mod history;
mod ranges;
mod statements;
mod totals;
