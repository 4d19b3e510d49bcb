//! Bodies that were read before, so that one that comes again is not read again to find its kept answer.
//!
//! A page asks with the same bytes each time. What they ask for follows from them alone: which document, which operation, which
//! variables. Only bodies whose answers are kept are remembered, and what is asked for least is dropped first.

use std::sync::Arc;

use quick_cache::{Weighter, sync::Cache};

use super::whole::Question;

/// What bodies ask for, whoever sends them.
pub(super) struct Asked(Cache<Box<[u8]>, Arc<Question>, ByBytes>);

/// Room for thousands of queries of a page.
const BYTES_MAX: u64 = 4 << 20;

#[derive(Clone)]
struct ByBytes;

impl Weighter<Box<[u8]>, Arc<Question>> for ByBytes {
    fn weight(&self, body: &Box<[u8]>, question: &Arc<Question>) -> u64 {
        (body.len() + question.bytes() + 100) as u64
    }
}

impl Asked {
    pub(super) fn new() -> Self {
        Self(Cache::with_weighter(4_096, BYTES_MAX, ByBytes))
    }

    pub(super) fn get(&self, body: &[u8]) -> Option<Arc<Question>> {
        self.0.get(body)
    }

    pub(super) fn learn(&self, body: &[u8], question: &Question) {
        self.0.insert(body.into(), Arc::new(question.of_anyone()));
    }
}
