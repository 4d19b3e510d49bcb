//! The schema: what can be asked, in the asker's words. Resolvers parse, ask [`crate::insights`] and wrap; names and
//! pictures come later, through [`crate::loaders`].
//!
//! No type here derives from a table and no SQL is written here; what a mutation writes is [`crate::accounts`]' business.
//!
//! The rule of null: a field that runs its own query is nullable, so that its failure costs that field only; what is inside an
//! answer is not. What one may not see looks like what is not there.

mod ask;
mod cache;
mod catalogue;
mod chart;
mod context;
mod currency;
mod filter;
mod history;
mod id;
mod imports;
mod insights;
mod mutation;
mod node;
mod paging;
mod query;
mod rhythm;
mod runs;
mod scalars;
mod subscription;
mod taste;
mod time;
mod totals;
mod user;

pub use context::{RequestContext, Shared};
pub use mutation::Mutation;
pub use query::Query;
pub use subscription::Subscription;

use async_graphql::{SchemaBuilder, ValidationMode};

use crate::http::{Executors, Limits};

/// The id of an import, for those who learn of it elsewhere.
pub(crate) fn import_id(import: entity::ids::ImportId) -> String {
    id::Kind::Import.id(import.0).0
}

/// The schema as served.
pub type Schema = async_graphql::Schema<Query, Mutation, Subscription>;

/// Builds the schema. A request must carry an `Arc` of a [`RequestContext`].
pub fn schema(limits: &Limits) -> Schema {
    build(limits).finish()
}

/// The schema for requests that may have been found valid before.
pub(crate) fn executors(limits: &Limits) -> Executors<Schema> {
    Executors { validating: schema(limits), trusting: build(limits).validation_mode(ValidationMode::Fast).finish() }
}

fn build(limits: &Limits) -> SchemaBuilder<Query, Mutation, Subscription> {
    limits.apply(async_graphql::Schema::build(Query, Mutation::default(), Subscription))
}
