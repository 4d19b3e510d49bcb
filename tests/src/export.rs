//! Privacy exports for a test that needs to say what is in them: rows as Spotify writes them, personal fields and all, in
//! files, folders and zips.

use std::io::Write;
use std::path::{Path, PathBuf};

use entity::time::Instant;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// What must never be found anywhere but in the export itself.
pub const PERSONAL: [&str; 3] = ["203.0.113.77", "Moosephone 7 (secret)", "agent%2Fsecret"];

/// A row of the extended history: a track that ran to its end. Names follow from the ids, as in
/// [`documents`](crate::ingest::documents).
pub fn row(track: &str, artist: &str, ended_at_ms: i64, listened_ms: i64) -> Value {
    json!({
        "ts": Instant::from_ms(ended_at_ms).in_zone(&TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "username": "ada", "platform": PERSONAL[1], "ms_played": listened_ms, "conn_country": "DE",
        "ip_addr": PERSONAL[0], "user_agent_decrypted": PERSONAL[2],
        "master_metadata_track_name": format!("Track {track}"),
        "master_metadata_album_artist_name": format!("Artist {artist}"),
        "master_metadata_album_album_name": format!("Album of {artist}"),
        "spotify_track_uri": format!("spotify:track:{track}"),
        "episode_name": null, "episode_show_name": null, "spotify_episode_uri": null,
        "reason_start": "trackdone", "reason_end": "trackdone", "shuffle": false, "skipped": null,
        "offline": false, "offline_timestamp": null, "incognito_mode": false
    })
}

/// The same row with other fields.
pub fn with(mut row: Value, fields: Value) -> Value {
    let fields = fields.as_object().expect("fields").clone();
    row.as_object_mut().expect("a row").extend(fields);
    row
}

/// The same stream as the short account data tells of it.
pub fn short_row(track: &str, artist: &str, ended_at_ms: i64, listened_ms: i64) -> Value {
    json!({
        "endTime": Instant::from_ms(ended_at_ms).in_zone(&TimeZone::UTC).strftime("%Y-%m-%d %H:%M").to_string(),
        "artistName": format!("Artist {artist}"),
        "trackName": format!("Track {track}"),
        "msPlayed": listened_ms
    })
}

/// A file of rows.
pub fn file(rows: &[Value]) -> Vec<u8> {
    serde_json::to_vec_pretty(rows).expect("rows are JSON")
}

/// A folder of files that vanishes with the test.
#[derive(Debug)]
pub struct Export {
    folder: TempDir,
}

impl Default for Export {
    fn default() -> Self {
        Self { folder: tempfile::Builder::new().prefix("refrain-export-").tempdir().expect("a temporary folder") }
    }
}

impl Export {
    /// The folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file into it.
    pub fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).expect("a file in a temporary folder");
        path
    }

    /// Writes a zip of such files into it.
    pub fn zip(&self, name: &str, files: &[(&str, Vec<u8>)]) -> PathBuf {
        self.write(name, &zip(files))
    }
}

/// A zip of files.
pub fn zip(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(*name, SimpleFileOptions::default()).expect("an entry");
        zip.write_all(bytes).expect("bytes in memory");
    }
    zip.finish().expect("a zip in memory").into_inner()
}
