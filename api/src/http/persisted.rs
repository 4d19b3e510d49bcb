//! Automatic persisted queries: a client names a document by its hash, and sends its text only when asked to.
//!
//! The protocol is the one that Apollo's, urql's and most other clients speak: `extensions.persistedQuery` with `version: 1`
//! and `sha256Hash`. A hash that is not known is answered `PersistedQueryNotFound`; the client then sends hash and text once,
//! and from then on the hash is enough, by GET too, where anything between here and there can keep the answer.
//!
//! Not here: a list of the only documents allowed. Whoever may ask may still ask anything.

use std::fmt;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::document::Fault;
use crate::error::Code;

/// The SHA-256 of a document's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct DocumentHash([u8; 32]);

impl DocumentHash {
    /// The hash of a text.
    pub(super) fn of(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }

    /// The hash that a request names, if it names one.
    pub(super) fn of_extensions(extensions: &Map<String, Value>) -> Result<Option<Self>, Fault> {
        let named = match extensions.get("persistedQuery") {
            None | Some(Value::Null) => return Ok(None),
            Some(named) => named,
        };
        if named.get("version").and_then(Value::as_i64) != Some(1) {
            // The protocol's own words, which clients look for.
            return Err(Fault::new(Code::PersistedQueryNotSupported, "PersistedQueryNotSupported"));
        }
        let mut hash = Self([0; 32]);
        let text = named.get("sha256Hash").and_then(Value::as_str).unwrap_or_default();
        match hex::decode_to_slice(text, &mut hash.0) {
            Ok(()) => Ok(Some(hash)),
            Err(_) => {
                let text = "`persistedQuery.sha256Hash` must be the SHA-256 of the document, as 64 hexadecimal digits.";
                Err(Fault::new(Code::BadRequest, text))
            }
        }
    }

    /// Refuses a text that is not the one named.
    pub(super) fn must_be(self, named: Option<Self>) -> Result<(), Fault> {
        if named.is_none_or(|named| named == self) {
            return Ok(());
        }
        let text = "`persistedQuery.sha256Hash` is not the SHA-256 of `query`.";
        Err(Fault::new(Code::BadRequest, text))
    }
}

/// The answer to a hash that nobody has sent the text of, in the protocol's own words, which clients look for.
pub(super) fn not_found() -> Fault {
    Fault::new(Code::PersistedQueryNotFound, "PersistedQueryNotFound")
}

impl fmt::Display for DocumentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}
