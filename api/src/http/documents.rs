//! Documents that were read before: by their text, which spares reading them again, and by their hash, which spares sending
//! them. Both are bounded in bytes, and what is asked for least is dropped first.

use std::sync::Arc;

use async_graphql::parser::types::ExecutableDocument;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::{
    document::{self, Fault},
    limits::Limits,
    parameters::Parameters,
    persisted::{DocumentHash, not_found},
};

/// A document that is within the limits.
pub(super) struct Document {
    text: Arc<str>,
    pub(super) hash: DocumentHash,
    pub(super) parsed: ExecutableDocument,
}

/// The documents known to this process.
pub(super) struct Documents {
    by_text: Cache<Arc<str>, Arc<Document>, Bytes>,
    by_hash: Cache<DocumentHash, Arc<Document>, Bytes>,
}

/// A parsed document takes about this many times the room of its text (measured with the queries of GraphiQL's tabs).
const PARSED_TIMES_TEXT: u64 = 16;

/// A document's size in memory, roughly.
#[derive(Clone)]
struct Bytes;

impl<K> Weighter<K, Arc<Document>> for Bytes {
    fn weight(&self, _: &K, document: &Arc<Document>) -> u64 {
        1_024 + PARSED_TIMES_TEXT * document.text.len() as u64
    }
}

impl Documents {
    pub(super) fn new(limits: &Limits) -> Self {
        let bytes_max = limits.documents_bytes_max as u64;
        // A query of a dashboard has about a kilobyte.
        let count = limits.documents_bytes_max / (17 * 1_024);
        Self {
            by_text: Cache::with_weighter(count, bytes_max, Bytes),
            by_hash: Cache::with_weighter(count, bytes_max, Bytes),
        }
    }

    /// The document that `asked` brings or names.
    pub(super) fn find(&self, asked: &Parameters, limits: &Limits) -> Result<Arc<Document>, Fault> {
        match (&asked.query, asked.persisted) {
            (Some(text), named) => {
                let document = self.read(text, limits)?;
                document.hash.must_be(named)?;
                Ok(document)
            }
            (None, Some(hash)) => self.by_hash.get(&hash).ok_or_else(not_found),
            (None, None) => Err(not_found()),
        }
    }

    /// Remembers a document by its hash, now that the schema has found it good.
    pub(super) fn keep(&self, document: &Arc<Document>) {
        if !self.by_hash.contains_key(&document.hash) {
            self.by_hash.insert(document.hash, Arc::clone(document));
        }
    }

    fn read(&self, text: &str, limits: &Limits) -> Result<Arc<Document>, Fault> {
        if let Some(known) = self.by_text.get(text) {
            return Ok(known);
        }
        let parsed = document::read(text, limits)?;
        let document = Arc::new(Document { text: text.into(), hash: DocumentHash::of(text), parsed });
        self.by_text.insert(Arc::clone(&document.text), Arc::clone(&document));
        Ok(document)
    }
}
