//! The raw archive: the bytes of every response, as received, before anyone interprets them. Everything else can be rebuilt
//! from here.
//!
//! One object per response, written once and never changed; the key carries the hash of the bytes, so putting the same
//! response twice is putting it once, and reading it tells whether it is still whole. A directory, or anything that speaks
//! S3. It does not decide what to keep or for how long.

mod directory;
mod inbox;
mod key;
mod listing;
mod s3;

use std::io::Read;
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use crate::ids::UserId;

pub use inbox::UploadKey;
pub use key::{ArchiveKey, Kind, Prefix};
pub use listing::Listing;
pub use s3::S3Settings;

/// Where raw responses are kept.
#[derive(Clone, Debug)]
pub enum Archive {
    /// A folder.
    Directory(directory::Directory),
    /// A bucket, or a part of one.
    S3(s3::Bucket),
}

/// Why an archive did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is of no known kind. It is not repeated, because somebody may have put a password into it.
    #[error(
        "ARCHIVE_URL is not an archive's address: expected file:./archive or s3://bucket/prefix, and no name or password in it"
    )]
    Address,
    /// The bucket's settings are incomplete.
    #[error("{0}")]
    Settings(&'static str),
    /// The bytes could not be made durable. Nothing was kept.
    #[error("the archive did not keep {key}")]
    Put {
        /// The key.
        key: String,
        /// Why.
        source: Source,
    },
    /// No such object.
    #[error("the archive holds no {key}")]
    Missing {
        /// The key.
        key: String,
    },
    /// The object is there, but is not what was put.
    #[error("{key} is damaged in the archive ({reason}): restore it from a copy, or delete it")]
    Damaged {
        /// The key.
        key: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The object may be there, but could not be read.
    #[error("the archive did not give {key}")]
    Get {
        /// The key.
        key: String,
        /// Why.
        source: Source,
    },
    /// What lies below a prefix could not be told.
    #[error("the archive did not list {prefix}")]
    List {
        /// The prefix.
        prefix: String,
        /// Why.
        source: Source,
    },
    /// Some of what lies below a prefix may be left; doing it again goes on with the rest.
    #[error("the archive did not delete all of {prefix}: do it again")]
    Delete {
        /// The prefix.
        prefix: String,
        /// Why.
        source: Source,
    },
}

/// What a file system or a bucket said.
pub type Source = Box<dyn std::error::Error + Send + Sync>;

impl Archive {
    /// The archive at `url`: `file:PATH` or `s3://bucket/prefix`.
    pub fn open(url: &str, s3: &S3Settings) -> Result<Self, Error> {
        if let Some(path) = url.strip_prefix("file:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            return if path.is_empty() { Err(Error::Address) } else { Ok(Self::in_folder(PathBuf::from(path))) };
        }
        let place = url.strip_prefix("s3://").ok_or(Error::Address)?;
        let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
        if bucket.is_empty() || place.contains('@') {
            return Err(Error::Address);
        }
        Ok(Self::S3(s3::Bucket::new(bucket, prefix.trim_matches('/'), s3)?))
    }

    /// The archive in the folder at `root`, which is made when the first object comes.
    pub fn in_folder(root: PathBuf) -> Self {
        Self::Directory(directory::Directory::new(root))
    }

    /// Keeps `bytes` under `key`. When this returns, they are durable.
    pub async fn put(&self, key: &ArchiveKey, bytes: &[u8]) -> Result<(), Error> {
        let failed = |source| Error::Put { key: key.to_string(), source };
        let compressed = zstd::encode_all(bytes, ZSTD_LEVEL).map_err(|source| failed(source.into()))?;
        match self {
            Self::Directory(directory) => directory.put(key, compressed).await.map_err(|source| failed(source.into())),
            Self::S3(bucket) => bucket.put(key, compressed).await.map_err(failed),
        }
    }

    /// The bytes under `key`, as they were put, which is checked against the hash in the key.
    pub async fn get(&self, key: &ArchiveKey) -> Result<Vec<u8>, Error> {
        let failed = |source| Error::Get { key: key.to_string(), source };
        let compressed = match self {
            Self::Directory(directory) => directory.get(key).await.map_err(|source| failed(source.into()))?,
            Self::S3(bucket) => bucket.get(key).await.map_err(failed)?,
        };
        let compressed = compressed.ok_or_else(|| Error::Missing { key: key.to_string() })?;
        unpack(key, &compressed)
    }

    /// The keys below `prefix` in the order of their text, which is the order of time within one kind and person; page by
    /// page, so that any number of them fits into memory.
    pub fn list(&self, prefix: &Prefix) -> Listing {
        match self {
            Self::Directory(directory) => Listing::of_directory(prefix, directory.walk(prefix)),
            Self::S3(bucket) => Listing::of_bucket(prefix, bucket.pages(prefix)),
        }
    }

    /// The people of whom it holds plays, in order.
    pub async fn people(&self) -> Result<Vec<UserId>, Error> {
        let failed = |source| Error::List { prefix: PEOPLE.to_owned(), source };
        let mut names = match self {
            Self::Directory(directory) => directory.folders(PEOPLE).await.map_err(|source| failed(source.into()))?,
            Self::S3(bucket) => bucket.folders(PEOPLE).await.map_err(failed)?,
        };
        names.retain(|name| name.starts_with("user="));
        let mut people: Vec<UserId> =
            names.iter().filter_map(|name| name["user=".len()..].parse().ok()).map(UserId).collect();
        people.sort_unstable();
        Ok(people)
    }

    /// Deletes one object, or finds it gone.
    pub async fn remove(&self, key: &ArchiveKey) -> Result<(), Error> {
        let failed = |source| Error::Delete { prefix: key.to_string(), source };
        match self {
            Self::Directory(directory) => directory.remove(key).await.map_err(|source| failed(source.into())),
            Self::S3(bucket) => bucket.remove(key).await.map_err(failed),
        }
    }

    /// Deletes everything below `prefix`; how many objects that were. In a bucket that keeps versions, older versions stay
    /// until the bucket's own rules end them.
    pub async fn delete(&self, prefix: &Prefix) -> Result<usize, Error> {
        let failed = |source| Error::Delete { prefix: prefix.to_string(), source };
        match self {
            Self::Directory(directory) => directory.delete(prefix).await.map_err(|source| failed(source.into())),
            Self::S3(bucket) => bucket.delete(prefix).await.map_err(failed),
        }
    }
}

/// The bytes as received, from the bytes as stored.
fn unpack(key: &ArchiveKey, compressed: &[u8]) -> Result<Vec<u8>, Error> {
    let damaged = |reason| Error::Damaged { key: key.to_string(), reason };
    let mut bytes = Vec::new();
    let decoder = zstd::Decoder::new(compressed).map_err(|_| damaged("zstd cannot read it"))?;
    let read =
        decoder.take(OBJECT_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|_| damaged("zstd cannot read it"))?;
    if read as u64 > OBJECT_BYTES_MAX {
        return Err(damaged("it is larger than any object"));
    }
    if hex::encode(Sha256::digest(&bytes)) != key.sha256() {
        return Err(damaged("its hash is another one"));
    }
    Ok(bytes)
}

/// Below this, each person's plays have a folder of their own.
const PEOPLE: &str = "plays/v1/";

/// zstd's own default: a page of 185 KB becomes some 15 KB in under a millisecond.
const ZSTD_LEVEL: i32 = 3;

/// More than any response or export, so that a damaged object cannot fill the memory.
const OBJECT_BYTES_MAX: u64 = 1 << 30;
