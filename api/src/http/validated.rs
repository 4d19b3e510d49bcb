//! Operations that the schema has found valid, so that it need not look at them again.
//!
//! Whether an operation is valid is a matter of its document, its name and its variables, and of nothing that changes while the
//! server runs. async-graphql validates at each execution; so there are two executors of one schema, and what is known to be
//! valid goes to the one that does not.

use std::sync::Arc;

use quick_cache::{Weighter, sync::Cache};

use super::whole::Question;

/// Two executors of one schema.
#[derive(Clone, Debug)]
pub struct Executors<E> {
    /// Validates what it executes.
    pub validating: E,
    /// Is given what the other one has found valid (async-graphql's `ValidationMode::Fast`).
    pub trusting: E,
}

/// The operations that were found valid, those asked for least dropped first.
pub(super) struct Validated(Cache<Arc<Question>, (), ByBytes>);

/// Room for thousands: each is a hash, a name and the variables.
const BYTES_MAX: u64 = 1 << 20;

#[derive(Clone)]
struct ByBytes;

impl Weighter<Arc<Question>, ()> for ByBytes {
    fn weight(&self, question: &Arc<Question>, (): &()) -> u64 {
        (question.bytes() + 100) as u64
    }
}

impl Validated {
    pub(super) fn new() -> Self {
        Self(Cache::with_weighter(4_096, BYTES_MAX, ByBytes))
    }

    pub(super) fn knows(&self, question: &Question) -> bool {
        self.0.get(&question.of_anyone()).is_some()
    }

    pub(super) fn learn(&self, question: &Question) {
        self.0.insert(Arc::new(question.of_anyone()), ());
    }
}
