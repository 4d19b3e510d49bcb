//! Ids of our own for what is known by its name only: exports name artists and albums without ids, and the short account data
//! names even tracks so.
//!
//! Such an id stands where Spotify's would and begins with `name:`, which no id of Spotify's does. It is made from the folded
//! names, so the same name is the same row whoever imports it. When Spotify tells of something by that name, the row takes
//! Spotify's id and is name-only no more (`ingest::load::adoption`).

use sha2::{Digest, Sha256};

use crate::search::fold;

/// How every such id begins.
pub const PREFIX: &str = "name:";

/// Whether an id is one of ours, and so nothing that Spotify could be asked for.
pub fn is_name_only(spotify_id: &str) -> bool {
    spotify_id.starts_with(PREFIX)
}

/// What two names have in common if they name the same: their folded form, or the name itself where nothing is left of it.
pub fn key(name: &str) -> String {
    let folded = fold(name);
    if folded.is_empty() { name.to_lowercase() } else { folded }
}

/// The id of an artist of that name.
pub fn artist(name: &str) -> String {
    id(&["artist", &key(name)])
}

/// The id of an album of that name by an artist of that name.
pub fn album(name: &str, artist: &str) -> String {
    id(&["album", &key(name), &key(artist)])
}

/// The id of a track of that name by an artist of that name.
pub fn track(name: &str, artist: &str) -> String {
    id(&["track", &key(name), &key(artist)])
}

fn id(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    format!("{PREFIX}{}", hex::encode(&hash.finalize()[..11]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_name_is_the_same_id_however_it_is_written() {
        assert_eq!(track("Déjà Vu!", "Beyoncé"), track("deja vu", "BEYONCE"));
        assert_ne!(track("Deja Vu", "Beyoncé"), album("Deja Vu", "Beyoncé"));
        assert_ne!(artist("!!!"), artist("???"));
        assert!(is_name_only(&artist("!!!")) && !is_name_only("4iV5W9uYEdYUVa79Axb7Rh"));
    }
}
