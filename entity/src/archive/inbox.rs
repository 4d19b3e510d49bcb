//! The archive's inbox: files that people uploaded, exactly as they sent them, until the ingest has read them. Whether one
//! stays after that is the operator's choice.
//!
//! They lie below a prefix of their own per person (`imports/v1/user=7/…`), which erasing a person covers. They are moved
//! between files and the archive without being held in memory.

use std::path::Path;
use std::time::Duration;

use super::key::instant;
use super::{Archive, Error, Listing, Prefix};
use crate::ids::UserId;
use crate::time::Instant;

/// Where an uploaded file lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadKey(String);

/// Uploads and downloads of whole files may take so long.
pub(super) const TRANSFER_TIMEOUT: Duration = Duration::from_secs(600);

impl UploadKey {
    /// A new place for a file of `user` that was complete at `uploaded_at`; no two are the same.
    pub fn new(user: UserId, uploaded_at: Instant) -> Self {
        let mut nonce = [0; 16];
        getrandom::fill(&mut nonce).expect("the operating system has randomness");
        let time = uploaded_at.in_zone(&jiff::tz::TimeZone::UTC).strftime("%Y%m%dT%H%M%S%3fZ").to_string();
        Self(format!("{}{time}-{}.upload", folder(user), hex::encode(nonce)))
    }

    /// Reads a key's text; `None` if it is no key.
    pub fn parse(text: &str) -> Option<Self> {
        let (user, name) = text.strip_prefix("imports/v1/user=")?.split_once('/')?;
        let (time, nonce) = name.strip_suffix(".upload")?.split_once('-')?;
        let is_key = user.bytes().all(|byte| byte.is_ascii_digit())
            && instant(time).is_some()
            && nonce.len() == 32
            && nonce.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_key.then(|| Self(text.to_owned()))
    }

    /// When the upload was complete.
    pub fn uploaded_at(&self) -> Instant {
        let time = self.0.rsplit('/').next().and_then(|name| name.split('-').next());
        time.and_then(instant).expect("a key that was parsed has its time")
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// What all uploads begin with.
pub(super) const FOLDER: &str = "imports/v1/";

/// What all uploads of a person begin with.
pub(super) fn folder(user: UserId) -> String {
    format!("{FOLDER}user={user}/")
}

impl std::fmt::Display for UploadKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Archive {
    /// The files in the inbox, of one person or of all; `Listing::next_uploads` reads them.
    pub fn uploads(&self, user: Option<UserId>) -> Listing {
        self.list(&Prefix::uploads(user))
    }

    /// Keeps the file at `path` under `key`. When this returns, it is durable.
    pub async fn put_upload(&self, key: &UploadKey, path: &Path) -> Result<(), Error> {
        let failed = |source| Error::Put { key: key.to_string(), source };
        match self {
            Self::Directory(directory) => directory.put_upload(key, path).await.map_err(|source| failed(source.into())),
            Self::S3(bucket) => bucket.put_upload(key, path).await.map_err(failed),
        }
    }

    /// Writes what lies under `key` to a new file at `path`.
    pub async fn get_upload(&self, key: &UploadKey, path: &Path) -> Result<(), Error> {
        let failed = |source| Error::Get { key: key.to_string(), source };
        let is_there = match self {
            Self::Directory(directory) => {
                directory.get_upload(key, path).await.map_err(|source| failed(source.into()))?
            }
            Self::S3(bucket) => bucket.get_upload(key, path).await.map_err(failed)?,
        };
        if is_there { Ok(()) } else { Err(Error::Missing { key: key.to_string() }) }
    }

    /// Deletes what lies under `key`, if anything does.
    pub async fn delete_upload(&self, key: &UploadKey) -> Result<(), Error> {
        let failed = |source| Error::Delete { prefix: key.to_string(), source };
        match self {
            Self::Directory(directory) => directory.delete_upload(key).await.map_err(|source| failed(source.into())),
            Self::S3(bucket) => bucket.delete_upload(key).await.map_err(failed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_its_text_and_nothing_else_passes_for_one() {
        let key = UploadKey::new(UserId(7), Instant::from_ms(1_795_338_000_007));
        assert!(key.to_string().starts_with("imports/v1/user=7/20261122T090000007Z-"), "{key}");
        assert_eq!(UploadKey::parse(&key.to_string()).as_ref(), Some(&key));
        assert_eq!(key.uploaded_at(), Instant::from_ms(1_795_338_000_007));
        assert_ne!(key, UploadKey::new(UserId(7), Instant::from_ms(1_795_338_000_007)));
        for bad in
            [key.to_string().replace("user=7", "user=../7"), format!("/{key}"), format!("{key}/x"), String::new()]
        {
            assert_eq!(UploadKey::parse(&bad), None, "{bad}");
        }
    }
}
