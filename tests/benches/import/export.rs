//! A believable export: ten years of one listener, in files of some 16,000 rows, packed as Spotify packs them.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use entity::time::Instant;
use jiff::tz::TimeZone;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// What was written.
pub(crate) struct Generated {
    /// Bytes of JSON.
    pub(crate) bytes: u64,
    /// The plays among the rows: end, track, length.
    pub(crate) plays: Vec<(i64, i32, i32)>,
}

const ROWS_A_FILE: u32 = 16_000;
const TRACKS: u32 = 40_000;
/// 2016-01-01T00:00:00Z.
const BEGIN_MS: i64 = 1_451_606_400_000;

/// Writes an export of so many rows as a zip at `path`.
pub(crate) fn write(path: &Path, rows: u32, seed: u64) -> anyhow::Result<Generated> {
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    let mut zip = ZipWriter::new(BufWriter::new(File::create(path)?));
    let mut generated = Generated { bytes: 0, plays: Vec::new() };
    // Ten years, whatever the number of rows.
    let pause_ms = i64::from((315_000_000_000_u64 / u64::from(rows)).saturating_sub(150_000) as u32);
    let mut now = BEGIN_MS;
    let mut text = String::new();
    for number in 0..rows {
        if number % ROWS_A_FILE == 0 {
            let name =
                format!("Spotify Extended Streaming History/Streaming_History_Audio_{}.json", number / ROWS_A_FILE);
            zip.start_file(name, SimpleFileOptions::default().compression_level(Some(1)))?;
            zip.write_all(b"[")?;
        }
        // Few tracks are played often, most of them rarely.
        let position: f64 = dice.random();
        let track = (position.powi(3) * f64::from(TRACKS)) as u32;
        let is_skip = dice.random_bool(0.2);
        let full_ms = 120_000 + (track * 7_919 % 180_000) as i32;
        let ms = if is_skip { dice.random_range(500..29_000) } else { full_ms };
        now += i64::from(ms) + dice.random_range(0..=2) * 1_000;
        // Listening comes in sessions: a long pause after every twentieth row.
        if dice.random_range(0..20) == 0 {
            now += pause_ms * 20;
        }
        let end = now / 1_000 * 1_000;
        let ts = Instant::from_ms(end).in_zone(&TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let (artist, album) = (track / 12, track / 6);
        let reason = if is_skip { "fwdbtn" } else { "trackdone" };
        text.clear();
        text.push_str(if number % ROWS_A_FILE == 0 { "{" } else { ",{" });
        text.push_str(&format!(
            r#""ts":"{ts}","username":"ada.listens","platform":"Android OS 12 API 31 (samsung, SM-G991B)","ms_played":{ms},"conn_country":"DE","ip_addr_decrypted":"203.0.113.{}","user_agent_decrypted":"unknown","master_metadata_track_name":"A Song That Somebody Wrote, Number {track}","master_metadata_album_artist_name":"The Artists of Street {artist}","master_metadata_album_album_name":"Long Player, Volume {album}","spotify_track_uri":"spotify:track:{:0>22}","episode_name":null,"episode_show_name":null,"spotify_episode_uri":null,"reason_start":"trackdone","reason_end":"{reason}","shuffle":false,"skipped":{is_skip},"offline":false,"offline_timestamp":{},"incognito_mode":false}}"#,
            number % 250,
            format!("t{track}"),
            (end - i64::from(ms)) / 1_000,
        ));
        if number % ROWS_A_FILE == ROWS_A_FILE - 1 || number == rows - 1 {
            text.push(']');
        }
        zip.write_all(text.as_bytes())?;
        generated.bytes += text.len() as u64;
        if !is_skip {
            generated.plays.push((end, i32::try_from(track)? + 1, ms));
        }
    }
    zip.finish()?.flush()?;
    Ok(generated)
}
