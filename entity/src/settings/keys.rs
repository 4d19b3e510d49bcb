//! The keys that seal refresh tokens.

use std::path::{Path, PathBuf};

use anyhow::bail;

use super::secret;
use crate::secret::KeyRing;

/// Which keys.
#[derive(Clone, clap::Args)]
pub struct KeySettings {
    /// Keys that seal refresh tokens, `id:base64` pairs, newest first. On SQLite a key file is made where none is given
    #[arg(long, env = "TOKEN_KEYS", hide_env_values = true, value_name = "KEYS", global = true)]
    token_keys: Option<String>,
    /// A file that holds them instead
    #[arg(long, env = "TOKEN_KEYS_FILE", value_name = "FILE", global = true)]
    token_keys_file: Option<PathBuf>,
}

impl KeySettings {
    /// The key ring. With the embedded database at `database_url` and no keys given, a file beside the database, made if
    /// need be.
    pub fn ring(&self, database_url: &str) -> anyhow::Result<KeyRing> {
        match self.given()? {
            Some(ring) => Ok(ring),
            None => Ok(KeyRing::from_file_or_new(&beside(database_url)?)?),
        }
    }

    /// The same, but no file is made: `None` where one would have to be.
    pub fn ring_if_there(&self, database_url: &str) -> anyhow::Result<Option<KeyRing>> {
        match self.given()? {
            Some(ring) => Ok(Some(ring)),
            None => {
                let path = beside(database_url)?;
                Ok(if path.exists() { Some(KeyRing::from_file_or_new(&path)?) } else { None })
            }
        }
    }

    fn given(&self) -> anyhow::Result<Option<KeyRing>> {
        let keys = secret("TOKEN_KEYS", self.token_keys.as_deref(), self.token_keys_file.as_deref())?;
        Ok(keys.map(|keys| KeyRing::parse(&keys)).transpose()?)
    }
}

/// The key file's place, beside the embedded database.
fn beside(database_url: &str) -> anyhow::Result<PathBuf> {
    let Some(path) = database_url.strip_prefix("sqlite://").map(|rest| rest.split('?').next().unwrap_or(rest)) else {
        bail!(
            "TOKEN_KEYS is not set: make a key with `echo \"k1:$(head -c 32 /dev/urandom | base64)\"` and keep it safe, it opens the refresh tokens in the database"
        );
    };
    Ok(Path::new(&format!("{path}.key")).to_owned())
}
