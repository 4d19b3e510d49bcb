//! What lies below a prefix, page by page, in the order of the keys.

use super::directory::Walk;
use super::s3::Pages;
use super::{ArchiveKey, Error, Prefix, Source, UploadKey};

/// A listing that has begun. It sees what was there when a page was read; what comes meanwhile, it may see or not.
pub struct Listing {
    prefix: String,
    pages: Place,
    strange: usize,
}

enum Place {
    Directory(Walk),
    Bucket(Pages),
}

/// How many keys a page holds: what S3 gives at most.
pub(super) const PAGE_KEYS_MAX: usize = 1_000;

impl Listing {
    pub(super) fn of_directory(prefix: &Prefix, walk: Walk) -> Self {
        Self { prefix: prefix.to_string(), pages: Place::Directory(walk), strange: 0 }
    }

    pub(super) fn of_bucket(prefix: &Prefix, pages: Pages) -> Self {
        Self { prefix: prefix.to_string(), pages: Place::Bucket(pages), strange: 0 }
    }

    /// The next keys, a thousand at most; `None` at the end.
    pub async fn next_page(&mut self) -> Result<Option<Vec<ArchiveKey>>, Error> {
        Ok(self.next_texts().await?.map(|texts| {
            let all = texts.len();
            let keys: Vec<ArchiveKey> = texts.iter().filter_map(|text| ArchiveKey::parse(text)).collect();
            let uploads = texts.iter().filter(|text| UploadKey::parse(text).is_some()).count();
            self.strange += all - keys.len() - uploads;
            keys
        }))
    }

    /// The next keys of uploaded files, a thousand at most; `None` at the end.
    pub async fn next_uploads(&mut self) -> Result<Option<Vec<UploadKey>>, Error> {
        Ok(self.next_texts().await?.map(|texts| texts.iter().filter_map(|text| UploadKey::parse(text)).collect()))
    }

    async fn next_texts(&mut self) -> Result<Option<Vec<String>>, Error> {
        let texts = match &mut self.pages {
            Place::Directory(walk) => walk.next_page().await.map_err(Source::from),
            Place::Bucket(pages) => pages.next_page().await,
        };
        texts.map_err(|source| Error::List { prefix: self.prefix.clone(), source })
    }

    /// How many objects it has passed whose names are no keys: something else put them there.
    pub fn strange(&self) -> usize {
        self.strange
    }
}
