//! Documents that were read before: by their text, which spares reading them again, and by their hash, which spares sending
//! them. Both are bounded in bytes, and what is asked for least is dropped first.

use std::{sync::Arc, time::Duration};

use async_graphql::parser::types::ExecutableDocument;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::{
    document::{self, Fault},
    limits::Limits,
    parameters::Parameters,
    persisted::{DocumentHash, not_found},
};
use crate::redis::Redis;

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
    /// What instances share: a client sends its document once, to any of them.
    redis: Option<Redis>,
}

/// For how long instances share a document that nobody names.
const SHARED_FOR: Duration = Duration::from_secs(7 * 24 * 60 * 60);

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
    pub(super) fn new(limits: &Limits, redis: Option<Redis>) -> Self {
        let bytes_max = limits.documents_bytes_max as u64;
        // A query of a dashboard has about a kilobyte.
        let count = limits.documents_bytes_max / (17 * 1_024);
        Self {
            by_text: Cache::with_weighter(count, bytes_max, Bytes),
            by_hash: Cache::with_weighter(count, bytes_max, Bytes),
            redis,
        }
    }

    /// The document that `asked` brings or names.
    pub(super) async fn find(&self, asked: &Parameters, limits: &Limits) -> Result<Arc<Document>, Fault> {
        match (&asked.query, asked.persisted) {
            (Some(text), named) => {
                let document = self.read(text, limits)?;
                document.hash.must_be(named)?;
                Ok(document)
            }
            (None, Some(hash)) => match self.by_hash.get(&hash) {
                Some(document) => Ok(document),
                None => self.fetch(hash, limits).await.ok_or_else(not_found),
            },
            (None, None) => Err(not_found()),
        }
    }

    /// Remembers a document by its hash, now that the schema has found it good.
    pub(super) fn keep(&self, document: &Arc<Document>) {
        if !self.by_hash.contains_key(&document.hash) {
            self.by_hash.insert(document.hash, Arc::clone(document));
            if let Some(redis) = self.redis.clone() {
                let document = Arc::clone(document);
                tokio::spawn(async move {
                    let mut set = ::redis::cmd("SET");
                    set.arg(shared_key(document.hash))
                        .arg(&*document.text)
                        .arg("PX")
                        .arg(SHARED_FOR.as_millis() as u64);
                    let _: Option<String> = redis.ask(&set).await;
                });
            }
        }
    }

    /// Counts a document as asked for, where its answer was found without it.
    pub(super) fn touch(&self, hash: DocumentHash) {
        self.by_hash.get(&hash);
    }

    /// The document that another instance was sent. Its hash proves it, whoever wrote it there.
    async fn fetch(&self, hash: DocumentHash, limits: &Limits) -> Option<Arc<Document>> {
        let text: Vec<u8> = self.redis.as_ref()?.ask(::redis::cmd("GET").arg(shared_key(hash))).await?;
        let document = self.read(std::str::from_utf8(&text).ok()?, limits).ok()?;
        if document.hash != hash {
            return None;
        }
        self.by_hash.insert(hash, Arc::clone(&document));
        Some(document)
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

/// The same for every build and database: a text is a text.
fn shared_key(hash: DocumentHash) -> String {
    format!("refrain:document:{hash}")
}
