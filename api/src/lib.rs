//! Questions and answers: the GraphQL server.

pub mod error;
pub mod http;
