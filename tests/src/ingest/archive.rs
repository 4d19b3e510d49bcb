//! An archive of either kind, seen from behind: what keys it holds and what bytes.

use std::path::Path;

use entity::archive::{Archive, S3Settings};
use tempfile::TempDir;

use crate::s3::{REGION, S3Server};

const BUCKET: &str = "archive";
const PREFIX: &str = "raw";

/// An empty archive that can be taken down.
#[derive(Debug)]
pub enum TestArchive {
    /// A folder.
    Directory(TempDir),
    /// A bucket.
    S3(S3Server),
}

impl TestArchive {
    /// A folder of its own.
    ///
    /// # Panics
    /// When it cannot be made; so do all functions here, since a test can do nothing about it.
    pub fn directory() -> Self {
        Self::Directory(tempfile::Builder::new().prefix("refrain-archive-").tempdir().expect("a temporary folder"))
    }

    /// A bucket of its own.
    pub async fn s3() -> Self {
        let server = S3Server::start().await.expect("a free port");
        server.create_bucket(BUCKET).expect("a folder");
        Self::S3(server)
    }

    /// The archive as the settings open it.
    pub fn open(&self) -> Archive {
        self.open_with(None)
    }

    /// The same with another secret than the right one.
    pub fn open_with_wrong_secret(&self) -> Archive {
        self.open_with(Some("not the secret"))
    }

    fn open_with(&self, secret: Option<&str>) -> Archive {
        Archive::open(&self.url(), &self.s3_settings(secret)).expect("an archive's address")
    }

    /// The folder of an archive that is one.
    pub fn folder(&self) -> std::path::PathBuf {
        let Self::Directory(folder) = self else { panic!("a bucket has no folder") };
        root(folder)
    }

    /// The value of `ARCHIVE_URL`.
    pub fn url(&self) -> String {
        match self {
            Self::Directory(folder) => format!("file:{}", root(folder).display()),
            Self::S3(_) => format!("s3://{BUCKET}/{PREFIX}"),
        }
    }

    /// The settings that point a program here, as names and values of environment variables.
    pub fn env(&self) -> Vec<(&'static str, String)> {
        let mut env = vec![("ARCHIVE_URL", self.url())];
        if let Self::S3(server) = self {
            env.extend([
                ("S3_ENDPOINT", server.endpoint()),
                ("AWS_REGION", REGION.to_owned()),
                ("AWS_ACCESS_KEY_ID", server.access_key().to_owned()),
                ("AWS_SECRET_ACCESS_KEY", server.secret_key().to_owned()),
            ]);
        }
        env
    }

    fn s3_settings(&self, secret: Option<&str>) -> S3Settings {
        let server = match self {
            Self::Directory(_) => None,
            Self::S3(server) => Some(server),
        };
        S3Settings {
            s3_endpoint: server.map(S3Server::endpoint),
            aws_region: REGION.to_owned(),
            aws_access_key_id: server.map(|server| server.access_key().to_owned()),
            aws_secret_access_key: server.map(|server| secret.unwrap_or(server.secret_key()).to_owned()),
            aws_session_token: None,
        }
    }

    /// The keys of all raw answers, in order. Who people are lies beside them, and is not among them.
    pub async fn keys(&self) -> Vec<String> {
        let mut keys = match self {
            Self::Directory(folder) => {
                let mut keys = Vec::new();
                collect(&root(folder), "", &mut keys);
                keys
            }
            Self::S3(server) => {
                let list = server.client().list_objects_v2().bucket(BUCKET).prefix(format!("{PREFIX}/")).send();
                let objects = list.await.expect("a listing");
                let below =
                    |key: &str| key.strip_prefix(&format!("{PREFIX}/")).expect("a key below the prefix").to_owned();
                objects.contents().iter().map(|object| below(object.key().expect("a key"))).collect()
            }
        };
        keys.retain(|key| !key.starts_with("people/"));
        keys.sort();
        keys
    }

    /// The bytes of an object, as they were before they were packed.
    pub async fn read(&self, key: &str) -> Vec<u8> {
        let packed = match self {
            Self::Directory(folder) => std::fs::read(root(folder).join(key)).expect("an object"),
            Self::S3(server) => {
                let get = server.client().get_object().bucket(BUCKET).key(format!("{PREFIX}/{key}")).send();
                get.await.expect("an object").body.collect().await.expect("its bytes").to_vec()
            }
        };
        zstd::decode_all(packed.as_slice()).expect("bytes that zstd packed")
    }

    /// Nothing can be kept from now on. A folder has a file put in its place, a server stops.
    pub async fn take_down(&mut self) {
        match self {
            Self::Directory(folder) => {
                let root = root(folder);
                if root.exists() {
                    std::fs::rename(&root, away(folder)).expect("a folder that can be moved away");
                }
                std::fs::write(&root, "in the way").expect("a file in its place");
            }
            Self::S3(server) => server.take_down().await,
        }
    }

    /// All is as it was.
    pub fn bring_up(&mut self) {
        match self {
            Self::Directory(folder) => {
                std::fs::remove_file(root(folder)).expect("the file in its place");
                if away(folder).exists() {
                    std::fs::rename(away(folder), root(folder)).expect("the folder that was moved away");
                }
            }
            Self::S3(server) => server.bring_up().expect("its own port"),
        }
    }
}

fn root(folder: &TempDir) -> std::path::PathBuf {
    folder.path().join("archive")
}

fn away(folder: &TempDir) -> std::path::PathBuf {
    folder.path().join("away")
}

fn collect(folder: &Path, below: &str, keys: &mut Vec<String>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries {
        let entry = entry.expect("an entry of the archive's folder");
        let key = format!("{below}{}", entry.file_name().to_str().expect("a name in UTF-8"));
        if entry.path().is_dir() {
            collect(&entry.path(), &format!("{key}/"), keys);
        } else {
            keys.push(key);
        }
    }
}
