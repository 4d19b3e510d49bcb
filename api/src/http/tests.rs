//! The HTTP face with a small schema, asked in process.

mod face;
mod limits;
mod pages;
mod persisted;
mod protocol;
mod trouble;
mod websocket;
mod whole;
