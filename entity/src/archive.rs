//! The raw archive: the bytes of every response, as received, before anyone interprets them. Everything else can be rebuilt
//! from here.
//!
//! One object per response, written once and never changed; the key carries the hash of the bytes, so putting the same
//! response twice is putting it once. A directory, or anything that speaks S3. It does not decide what to keep or for how
//! long.

mod directory;
mod key;
mod s3;

use std::path::PathBuf;

pub use key::{ArchiveKey, Kind};
pub use s3::S3Settings;

/// Where raw responses are kept.
#[derive(Clone, Debug)]
pub enum Archive {
    /// A folder.
    Directory(directory::Directory),
    /// A bucket, or a part of one.
    S3(s3::Bucket),
}

/// Why an archive cannot be used. Nothing was kept.
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
    /// The bytes could not be made durable.
    #[error("the archive did not keep {key}")]
    Put {
        /// The key.
        key: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Archive {
    /// The archive at `url`: `file:PATH` or `s3://bucket/prefix`.
    pub fn open(url: &str, s3: &S3Settings) -> Result<Self, Error> {
        if let Some(path) = url.strip_prefix("file:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            return if path.is_empty() {
                Err(Error::Address)
            } else {
                Ok(Self::Directory(directory::Directory::new(PathBuf::from(path))))
            };
        }
        let place = url.strip_prefix("s3://").ok_or(Error::Address)?;
        let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
        if bucket.is_empty() || place.contains('@') {
            return Err(Error::Address);
        }
        Ok(Self::S3(s3::Bucket::new(bucket, prefix.trim_matches('/'), s3)?))
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
}

/// zstd's own default: a page of 185 KB becomes some 15 KB in under a millisecond.
const ZSTD_LEVEL: i32 = 3;
