//! What the cache holds, for operators.

use async_graphql::SimpleObject;

use super::scalars::Long;
use crate::cache::Report;

/// What this instance keeps in memory, and how often that was of use since it started.
#[derive(SimpleObject)]
pub(super) struct CacheReport {
    /// How many answers are kept.
    entries: Long,
    /// What they weigh, in bytes.
    weight_bytes: Long,
    /// The same per field, in order of their names.
    fields: Vec<CacheFieldReport>,
}

/// What is kept of one field.
#[derive(SimpleObject)]
pub(super) struct CacheFieldReport {
    /// The field; `listener` and `firstListener` are those who are found by their username or as `viewer`.
    field: String,
    /// How many answers are kept.
    entries: Long,
    /// What they weigh, in bytes.
    weight_bytes: Long,
    /// Questions answered from memory.
    hits: Long,
    /// Questions answered from what instances share in Redis.
    shared_hits: Long,
    /// Questions that the database was asked.
    misses: Long,
    /// Questions that waited for an answer which somebody else was fetching already.
    waits: Long,
}

impl From<Report> for CacheReport {
    fn from(report: Report) -> Self {
        let long = |number: u64| Long(i64::try_from(number).unwrap_or(i64::MAX));
        let field = |(name, field): (&'static str, crate::cache::FieldReport)| CacheFieldReport {
            field: name.to_owned(),
            entries: long(field.entries),
            weight_bytes: long(field.bytes),
            hits: long(field.hits),
            shared_hits: long(field.shared_hits),
            misses: long(field.misses),
            waits: long(field.waits),
        };
        Self {
            entries: long(report.fields.values().map(|field| field.entries).sum()),
            weight_bytes: long(report.fields.values().map(|field| field.bytes).sum()),
            fields: report.fields.into_iter().map(field).collect(),
        }
    }
}
