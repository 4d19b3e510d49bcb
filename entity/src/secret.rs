//! Seals refresh tokens at rest, so that a copy of the database is not a copy of anyone's Spotify access.
//!
//! XChaCha20-Poly1305 under a key of the ring; the associated data names the user and the column, so that a sealed value
//! moved to another row does not open. A sealed value is text: `v1.<key id>.<base64 of nonce and ciphertext>`.
//!
//! The ring is `id:base64` pairs, newest first: the first seals, all open. On the embedded database, where nobody
//! configures anything, a key file is made beside the database, readable by its owner only.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use sea_orm::DeriveValueType;

use crate::ids::UserId;

/// A sealed token, as it stands in the database. `Debug` shows none of it.
#[derive(Clone, PartialEq, Eq, DeriveValueType)]
pub struct Sealed(String);

impl std::fmt::Debug for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealed(…)")
    }
}

const NONCE_BYTES: usize = 24;
const KEY_BYTES: usize = 32;

/// The keys that seal and open.
pub struct KeyRing {
    keys: Vec<(String, XChaCha20Poly1305)>,
}

/// What is wrong with a key ring or a sealed value. Never carries the secret itself.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The ring cannot be read.
    #[error(
        "TOKEN_KEYS is not a key ring: {0}; expected comma-separated `id:base64` pairs of 32-byte keys, newest first, for example \"k1:$(head -c 32 /dev/urandom | base64)\""
    )]
    Ring(&'static str),
    /// A sealed value was made with a key that the ring does not hold.
    #[error("the token was sealed with key \"{0}\", which is not in TOKEN_KEYS: add that key behind the newest one")]
    MissingKey(String),
    /// A sealed value does not open.
    #[error(
        "the sealed token does not open: it was altered, moved to another account, or the key of that id has changed"
    )]
    Broken,
    /// The key file cannot be read or made.
    #[error("the key file {path} cannot be used")]
    File {
        /// Where it is.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The operating system gives no randomness.
    #[error("the operating system gives no randomness")]
    Randomness,
}

impl KeyRing {
    /// Reads `id:base64` pairs, separated by commas.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut keys: Vec<(String, XChaCha20Poly1305)> = Vec::new();
        for pair in text.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
            let (id, key) = pair.split_once(':').ok_or(Error::Ring("a pair has no colon"))?;
            let is_plain = !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
            if !is_plain {
                return Err(Error::Ring("an id holds more than letters, digits, '-' and '_'"));
            }
            if keys.iter().any(|(known, _)| known == id) {
                return Err(Error::Ring("two keys share an id"));
            }
            let bytes = STANDARD.decode(key.trim()).map_err(|_| Error::Ring("a key is not base64"))?;
            let cipher =
                XChaCha20Poly1305::new_from_slice(&bytes).map_err(|_| Error::Ring("a key is not 32 bytes long"))?;
            keys.push((id.to_owned(), cipher));
        }
        if keys.is_empty() { Err(Error::Ring("it holds no key")) } else { Ok(Self { keys }) }
    }

    /// Reads the key file at `path`, making one with a fresh key (mode 0600) where there is none. Of several who make one at
    /// once, one's key stands, and all get it.
    pub fn from_file_or_new(path: &Path) -> Result<Self, Error> {
        let file = |source| Error::File { path: path.display().to_string(), source };
        if !path.exists() {
            make_key_file(path).map_err(file)?;
        }
        Self::parse(&std::fs::read_to_string(path).map_err(file)?)
    }

    /// Seals `token` for the refresh-token column of `user`.
    pub fn seal(&self, user: UserId, token: &str) -> Result<Sealed, Error> {
        self.seal_text(&associated_data(user), token).map(Sealed)
    }

    /// Opens what [`Self::seal`] made for the same user.
    pub fn open(&self, user: UserId, sealed: &Sealed) -> Result<String, Error> {
        self.open_text(&associated_data(user), &sealed.0)
    }

    /// Whether `sealed` was made with the newest key.
    pub fn is_newest(&self, sealed: &Sealed) -> bool {
        let (id, _) = self.keys.first().expect("a ring holds at least one key");
        sealed.0.split('.').nth(1) == Some(id)
    }

    /// The id of the newest key, which seals.
    pub fn newest(&self) -> &str {
        &self.keys.first().expect("a ring holds at least one key").0
    }

    /// Seals the `state` of a sign-in for the cookie in which a browser keeps it.
    pub fn seal_cookie(&self, text: &str) -> Result<String, Error> {
        self.seal_text(COOKIE, text)
    }

    /// Opens what [`Self::seal_cookie`] made, at whichever instance.
    pub fn open_cookie(&self, sealed: &str) -> Result<String, Error> {
        self.open_text(COOKIE, sealed)
    }

    /// `place` is where the sealed text belongs: it opens there only.
    fn seal_text(&self, place: &[u8], text: &str) -> Result<String, Error> {
        let (id, cipher) = self.keys.first().expect("a ring holds at least one key");
        let nonce = random::<NONCE_BYTES>()?;
        let payload = Payload { msg: text.as_bytes(), aad: place };
        let ciphertext = cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| Error::Broken)?;
        Ok(format!("v1.{id}.{}", STANDARD.encode([nonce.as_slice(), &ciphertext].concat())))
    }

    fn open_text(&self, place: &[u8], sealed: &str) -> Result<String, Error> {
        let mut parts = sealed.splitn(3, '.');
        let (Some("v1"), Some(id), Some(body)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(Error::Broken);
        };
        let (_, cipher) =
            self.keys.iter().find(|(known, _)| known == id).ok_or_else(|| Error::MissingKey(id.to_owned()))?;
        let bytes = STANDARD.decode(body).map_err(|_| Error::Broken)?;
        let (nonce, ciphertext) = bytes.split_first_chunk::<NONCE_BYTES>().ok_or(Error::Broken)?;
        let payload = Payload { msg: ciphertext, aad: place };
        let token = cipher.decrypt(&XNonce::from(*nonce), payload).map_err(|_| Error::Broken)?;
        String::from_utf8(token).map_err(|_| Error::Broken)
    }
}

/// Makes a key file whole or not at all: written under another name, then linked, which never replaces one that is there.
fn make_key_file(path: &Path) -> std::io::Result<()> {
    let key = random::<KEY_BYTES>().map_err(std::io::Error::other)?;
    let name: String = random::<8>().map_err(std::io::Error::other)?.iter().map(|byte| format!("{byte:02x}")).collect();
    let unfinished = path.with_added_extension(name);
    let mut options = std::fs::OpenOptions::new();
    let made = options.write(true).create_new(true).mode(0o600).open(&unfinished).and_then(|mut new| {
        writeln!(new, "k1:{}", STANDARD.encode(key))?;
        new.sync_all()?;
        std::fs::hard_link(&unfinished, path)
    });
    std::fs::remove_file(&unfinished).ok();
    match made {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

/// Where the sealed state of a sign-in belongs.
const COOKIE: &[u8] = b"sign-in cookie";

/// Binds a sealed value to its row and column.
fn associated_data(user: UserId) -> Vec<u8> {
    format!("spotify_account.sealed_refresh_token/user={user}").into_bytes()
}

pub(crate) fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| Error::Randomness)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(ids: &[(&str, u8)]) -> KeyRing {
        let pairs: Vec<String> =
            ids.iter().map(|(id, fill)| format!("{id}:{}", STANDARD.encode([*fill; 32]))).collect();
        KeyRing::parse(&pairs.join(",")).unwrap()
    }

    #[test]
    fn a_sealed_token_opens_for_its_user_only() {
        let keys = ring(&[("k1", 1)]);
        let sealed = keys.seal(UserId(7), "AQD-secret").unwrap();
        assert!(!sealed.0.contains("AQD-secret") && !format!("{sealed:?}").contains(&sealed.0));
        assert_eq!(keys.open(UserId(7), &sealed).unwrap(), "AQD-secret");
        assert!(matches!(keys.open(UserId(8), &sealed), Err(Error::Broken)));
        assert!(matches!(keys.open_cookie(&sealed.0), Err(Error::Broken)), "it opens where it belongs only");
        assert_eq!(keys.open_cookie(&keys.seal_cookie("state").unwrap()).unwrap(), "state");
        assert_ne!(keys.seal(UserId(7), "AQD-secret").unwrap(), sealed, "every seal has its own nonce");
    }

    #[test]
    fn a_newer_key_seals_and_the_older_still_opens() {
        let sealed = ring(&[("old", 1)]).seal(UserId(1), "token").unwrap();
        let rotated = ring(&[("new", 2), ("old", 1)]);
        assert_eq!(rotated.open(UserId(1), &sealed).unwrap(), "token");
        assert!(rotated.seal(UserId(1), "token").unwrap().0.starts_with("v1.new."));
        assert!(matches!(ring(&[("new", 2)]).open(UserId(1), &sealed), Err(Error::MissingKey(id)) if id == "old"));
    }

    #[test]
    fn all_who_need_a_new_key_file_at_once_get_the_same_key() {
        let folder = std::env::temp_dir().join(format!("refrain-keys-{}", std::process::id()));
        std::fs::create_dir(&folder).unwrap();
        for round in 0..50 {
            let path = folder.join(format!("{round}.key"));
            let ring = || KeyRing::from_file_or_new(&path);
            let rings: Vec<KeyRing> = std::thread::scope(|scope| {
                let all: Vec<_> = (0..8).map(|_| scope.spawn(ring)).collect();
                all.into_iter().map(|one| one.join().unwrap().unwrap()).collect()
            });
            let sealed = rings[0].seal(UserId(1), "token").unwrap();
            assert!(rings.iter().all(|ring| ring.open(UserId(1), &sealed).unwrap() == "token"));
        }
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 50, "nothing else is left behind");
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_bad_ring_is_refused_without_repeating_it() {
        for bad in ["", "k9", "k9:short", "k9:c2hvcnQ=", "k 9:AAAA"] {
            let Err(error) = KeyRing::parse(bad) else { panic!("{bad} was taken") };
            assert!(bad.is_empty() || !error.to_string().contains(bad), "{error}");
        }
    }
}
