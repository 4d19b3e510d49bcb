//! The spool: raw responses on local disk that the archive or the database did not take, until both did.
//!
//! It is a small archive of its own: a file per response under the key that the archive will know it by, written, synced and
//! renamed, and held against its hash when it is read. It does not depend on the database, which may be what is down. A file
//! that is not what was written is set aside below `.damaged` and reported; the rest goes on.

mod drain;

use std::io;
use std::path::{Path, PathBuf};

use entity::archive::{Archive, ArchiveKey, Error, Listing, Prefix};
use entity::ids::UserId;

pub use drain::Drained;

/// A folder of responses that wait.
#[derive(Clone, Debug)]
pub struct Spool {
    folder: PathBuf,
    files: Archive,
}

/// Where damaged files go, below the spool's folder.
const DAMAGED: &str = ".damaged";

impl Spool {
    /// The spool in `folder`, which is made when the first response comes.
    pub fn new(folder: PathBuf) -> Self {
        Self { files: Archive::in_folder(folder.clone()), folder }
    }

    /// Keeps `bytes`. When this returns, they are durable.
    pub async fn put(&self, key: &ArchiveKey, bytes: &[u8]) -> Result<(), Error> {
        self.files.put(key, bytes).await
    }

    /// The bytes under `key`, as they were put.
    pub async fn get(&self, key: &ArchiveKey) -> Result<Vec<u8>, Error> {
        self.files.get(key).await
    }

    /// What waits, in the order of the keys.
    pub fn list(&self) -> Listing {
        self.files.list(&Prefix::everything())
    }

    /// Forgets a response that both the archive and the database have.
    pub async fn remove(&self, key: &ArchiveKey) -> Result<(), Error> {
        self.files.remove(key).await
    }

    /// Puts a damaged file aside; where it is now.
    pub async fn set_aside(&self, key: &ArchiveKey) -> io::Result<PathBuf> {
        let (from, to) = (self.folder.join(key.to_string()), self.folder.join(DAMAGED).join(key.to_string()));
        let folder = to.parent().expect("a file lies in a folder");
        tokio::fs::create_dir_all(folder).await?;
        tokio::fs::rename(from, &to).await?;
        Ok(to)
    }

    /// How many files were put aside and still lie there.
    pub async fn damaged(&self) -> Result<usize, Error> {
        let mut listing = Archive::in_folder(self.folder.join(DAMAGED)).list(&Prefix::everything());
        let mut count = 0;
        while let Some(page) = listing.next_page().await? {
            count += page.len();
        }
        Ok(count)
    }

    /// Deletes all that waits of one person, damaged or not; how many files that were.
    pub async fn erase(&self, user: UserId) -> Result<usize, Error> {
        let mut count = 0;
        for prefix in Prefix::personal(user) {
            count += self.files.delete(&prefix).await?;
            count += Archive::in_folder(self.folder.join(DAMAGED)).delete(&prefix).await?;
        }
        Ok(count)
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}
