//! From bytes to facts: pure, lenient, and the same for a live page, a replayed one and a generated one.
//!
//! Spotify's payloads change without notice, so each item of a list is parsed by itself, every field is optional, `null`
//! is the same as absent and a field of an unexpected shape is the same as unknown. An item that lacks its identity is set
//! aside with its reason; its neighbours are kept. Only a document that is no list of items at all is refused.

mod answer;
mod catalogue;
mod features;
mod lenient;
mod page;

use serde_json::value::RawValue;

pub use answer::absent;
pub(crate) use catalogue::release_year;
pub use catalogue::{albums, artists, tracks};
pub use features::audio_features;
pub use page::{PAGE_ITEMS_MAX, recently_played};

use crate::batch::Reject;

/// A document that is not what its endpoint answers.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not JSON, or cut short.
    #[error("the document is not the expected JSON")]
    Json(#[source] serde_json::Error),
}

/// Reads each item by itself; one that cannot be read becomes a [`Reject`].
fn each_item(items: &[Option<Box<RawValue>>], mut read: impl FnMut(&str) -> Result<(), String>) -> Vec<Reject> {
    let mut rejects = Vec::new();
    for (position, item) in items.iter().enumerate() {
        let json = item.as_ref().map_or("null", |item| item.get());
        if let Err(reason) = read(json) {
            rejects.push(Reject { position, reason, bytes: json.as_bytes().to_vec() });
        }
    }
    rejects
}
