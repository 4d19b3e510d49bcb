//! One row of an export, understood: what was streamed, when it ended, for how long, and whether it counts.
//!
//! Only what is needed is looked at. The address, the device and the client that an export tells of are never read, so they
//! can reach neither the database nor a log. A field that is needed and is not what it should be makes the row unreadable; the
//! message names the field, never its value.
//!
//! Source of the shapes: "Read me first" of Spotify's *extended streaming history* and of its *account data*, and files that
//! people published.

use std::borrow::Cow;

use entity::time::Instant;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::load::export::PLAY_MS_MIN;
use crate::settle;
use entity::import_report::Reason;

/// What a row says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Row<'a> {
    /// Of a stream of a track.
    Stream(Stream<'a>),
    /// Of something that does not count.
    Aside(Reason),
}

/// A stream of a track.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stream<'a> {
    pub(super) ended_at: Instant,
    pub(super) listened_ms: i32,
    /// Spotify's id; the short account data has none.
    pub(super) spotify_id: Option<String>,
    pub(super) name: Option<Cow<'a, str>>,
    pub(super) artist: Option<Cow<'a, str>>,
    pub(super) album: Option<Cow<'a, str>>,
}

/// Whether the file's name says that it is about videos; the rows do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Medium {
    Sound,
    Video,
}

/// Reads a row; says why if it cannot be understood. Nothing can have ended after `now`, but for clocks that are a day off.
pub(super) fn read(bytes: &[u8], medium: Medium, now: Instant) -> Result<Row<'_>, String> {
    let json: RowJson<'_> = serde_json::from_slice(bytes).map_err(|error| explain(bytes, &error))?;
    let said = |text: &Option<Text<'_>>| text.as_ref().is_some_and(|text| !text.0.is_empty());
    if said(&json.spotify_episode_uri) || said(&json.podcast_name) || said(&json.episode_name) {
        return Ok(Row::Aside(Reason::Podcast));
    }
    if said(&json.audiobook_uri) || said(&json.audiobook_chapter_uri) {
        return Ok(Row::Aside(Reason::Audiobook));
    }
    let (stopped_at, ms) = match (&json.ts, &json.end_time) {
        (Some(ts), _) => (parse_ts(&ts.0)?, number(json.ms_played, "ms_played")?),
        (None, Some(end)) => (parse_minute(&end.0)?, number(json.ms_played_short, "msPlayed")?),
        (None, None) => return Err("the row has no ts and no endTime".to_owned()),
    };
    let listened_ms = i32::try_from(ms).ok().filter(|ms| (0..=LISTENED_MS_MAX).contains(ms));
    let listened_ms = listened_ms.ok_or("the stream's length is not between 0 and 24 hours")?;
    let ended_at = match json.ts {
        Some(_) => settle::to_the_second(ended_at(&json, stopped_at, listened_ms)),
        None => settle::to_the_minute(stopped_at, listened_ms),
    };
    if !(FIRST_MS..=now.ms() + DAY_MS).contains(&ended_at.ms()) {
        return Err("the stream ended before Spotify existed, or in the future".to_owned());
    }
    if medium == Medium::Video {
        return Ok(Row::Aside(Reason::Video));
    }
    let is_short_data = json.ts.is_none();
    let spotify_id = json.spotify_track_uri.as_ref().and_then(|uri| track_id(&uri.0));
    if spotify_id.is_none() && !(is_short_data && said(&json.track_name) && said(&json.artist_name)) {
        return Ok(Row::Aside(Reason::NoTrack));
    }
    if is_true(json.incognito_mode) {
        return Ok(Row::Aside(Reason::Private));
    }
    let ran_to_its_end = json.reason_end.as_ref().is_some_and(|reason| reason.0 == "trackdone");
    if listened_ms == 0 || listened_ms < PLAY_MS_MIN && ran_to_its_end {
        return Ok(Row::Aside(Reason::TooShort));
    }
    let stream = if is_short_data {
        Stream {
            ended_at,
            listened_ms,
            spotify_id: None,
            name: name(json.track_name)?,
            artist: name(json.artist_name)?,
            album: None,
        }
    } else {
        Stream {
            ended_at,
            listened_ms,
            spotify_id,
            name: name(json.master_metadata_track_name)?,
            artist: name(json.master_metadata_album_artist_name)?,
            album: name(json.master_metadata_album_album_name)?,
        }
    };
    Ok(Row::Stream(stream))
}

/// A row, as far as it is looked at.
#[derive(serde::Deserialize)]
struct RowJson<'a> {
    #[serde(borrow)]
    ts: Option<Text<'a>>,
    #[serde(borrow)]
    ms_played: Option<&'a RawValue>,
    #[serde(borrow)]
    spotify_track_uri: Option<Text<'a>>,
    #[serde(borrow)]
    master_metadata_track_name: Option<Text<'a>>,
    #[serde(borrow)]
    master_metadata_album_artist_name: Option<Text<'a>>,
    #[serde(borrow)]
    master_metadata_album_album_name: Option<Text<'a>>,
    #[serde(borrow)]
    spotify_episode_uri: Option<Text<'a>>,
    #[serde(borrow, alias = "episodeName")]
    episode_name: Option<Text<'a>>,
    #[serde(borrow)]
    audiobook_uri: Option<Text<'a>>,
    #[serde(borrow)]
    audiobook_chapter_uri: Option<Text<'a>>,
    #[serde(borrow)]
    reason_end: Option<Text<'a>>,
    #[serde(borrow)]
    offline: Option<&'a RawValue>,
    #[serde(borrow)]
    offline_timestamp: Option<&'a RawValue>,
    #[serde(borrow)]
    incognito_mode: Option<&'a RawValue>,
    #[serde(borrow, rename = "endTime")]
    end_time: Option<Text<'a>>,
    #[serde(borrow, rename = "msPlayed")]
    ms_played_short: Option<&'a RawValue>,
    #[serde(borrow, rename = "trackName")]
    track_name: Option<Text<'a>>,
    #[serde(borrow, rename = "artistName")]
    artist_name: Option<Text<'a>>,
    #[serde(borrow, rename = "podcastName")]
    podcast_name: Option<Text<'a>>,
}

/// The fields of [`RowJson`] that must be texts.
const TEXTS: [&str; 14] = [
    "ts",
    "endTime",
    "spotify_track_uri",
    "master_metadata_track_name",
    "master_metadata_album_artist_name",
    "master_metadata_album_album_name",
    "spotify_episode_uri",
    "episode_name",
    "audiobook_uri",
    "audiobook_chapter_uri",
    "reason_end",
    "trackName",
    "artistName",
    "podcastName",
];

/// A text that is borrowed from the row where it can be; `Option<Cow<str>>` never is.
struct Text<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a text")
            }

            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Reader)
    }
}

/// Why a row cannot be read. Of the field that is at fault only the name is told.
fn explain(bytes: &[u8], error: &serde_json::Error) -> String {
    if std::str::from_utf8(bytes).is_err() {
        return "the row is not valid UTF-8".to_owned();
    }
    let Ok(Value::Object(fields)) = serde_json::from_slice::<Value>(bytes) else {
        return format!("the row is no JSON: column {}", error.column());
    };
    let kind = |value: &Value| match value {
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
        Value::Null | Value::String(_) => "a text",
    };
    let at_fault = TEXTS.iter().find_map(|name| {
        let value = fields.get(*name).filter(|value| !value.is_string() && !value.is_null())?;
        Some(format!("{name} is {}: expected a text", kind(value)))
    });
    at_fault.unwrap_or_else(|| "a field is said twice".to_owned())
}

const LISTENED_MS_MAX: i32 = 24 * 60 * 60 * 1000;

const DAY_MS: i64 = 86_400_000;

/// 2006-04-01: Spotify the company began that month, Spotify the service later.
const FIRST_MS: i64 = 1_143_849_600_000;

fn number(raw: Option<&RawValue>, field: &str) -> Result<i64, String> {
    let text = raw.ok_or_else(|| format!("the row has no {field}"))?.get();
    let whole = text.parse::<i64>().ok().or_else(|| {
        let number = text.parse::<f64>().ok().filter(|number| number.abs() < 9e15)?;
        #[expect(clippy::cast_possible_truncation, reason = "it is within the range of whole numbers")]
        Some(number as i64)
    });
    whole.ok_or_else(|| format!("{field} is no number"))
}

fn is_true(raw: Option<&RawValue>) -> bool {
    raw.is_some_and(|raw| matches!(raw.get().trim_matches('"'), "true" | "True" | "TRUE" | "1"))
}

/// `2023-05-01T13:45:37Z`, or as old files have it, `2015-05-01 13:45:37 UTC`.
fn parse_ts(text: &str) -> Result<Instant, String> {
    if let Ok(at) = Instant::parse(text) {
        return Ok(at);
    }
    let civil = text.trim_end_matches(" UTC").parse::<DateTime>().ok();
    let at = civil.and_then(|civil| civil.to_zoned(TimeZone::UTC).ok());
    at.map(|at| at.timestamp().into())
        .ok_or_else(|| "ts is no time: expected one such as 2023-05-01T13:45:37Z".to_owned())
}

/// `2023-05-01 13:45`, UTC.
fn parse_minute(text: &str) -> Result<Instant, String> {
    let civil = text.parse::<DateTime>().ok();
    let at = civil.and_then(|civil| civil.to_zoned(TimeZone::UTC).ok());
    at.map(|at| at.timestamp().into())
        .ok_or_else(|| "endTime is no time: expected one such as 2023-05-01 13:45".to_owned())
}

/// When the stream ended. What was played offline is told when the device is online again: then several rows have the time of
/// that as `ts`, and `offline_timestamp` is when each began.
fn ended_at(json: &RowJson<'_>, stopped_at: Instant, listened_ms: i32) -> Instant {
    let began_at = json.offline_timestamp.and_then(|raw| began_at(raw.get()));
    match began_at {
        Some(began_at) if is_true(json.offline) => {
            let ended_at = began_at + i64::from(listened_ms);
            let told_after_ms = stopped_at - ended_at;
            if (0..=OFFLINE_MS_MAX).contains(&told_after_ms) { ended_at } else { stopped_at }
        }
        _ => stopped_at,
    }
}

/// Spotify ends offline listening after 30 days; a clock that is further off is broken.
const OFFLINE_MS_MAX: i64 = 60 * DAY_MS;

/// Seconds in some rows, milliseconds in others; 0 and small numbers are nothing.
fn began_at(text: &str) -> Option<Instant> {
    let number = text.parse::<f64>().ok().filter(|number| (1e9..1e14).contains(number))?;
    let ms = if number > 1e11 { number } else { number * 1000.0 };
    #[expect(clippy::cast_possible_truncation, reason = "it is within the range of whole numbers")]
    Some(Instant::from_ms(ms as i64))
}

/// The id in `spotify:track:4iV5W9uYEdYUVa79Axb7Rh`. Files of one's own (`spotify:local:…`) have none.
fn track_id(uri: &str) -> Option<String> {
    let id = uri.strip_prefix("spotify:track:")?;
    let is_id = !id.is_empty() && id.len() <= 64 && id.chars().all(|c| c.is_ascii_alphanumeric());
    is_id.then(|| id.to_owned())
}

/// The longest name, in bytes. The longest titles that people published are some 300.
const NAME_BYTES_MAX: usize = 2_000;

/// A name without U+0000, which Postgres cannot hold; `None` if it says nothing.
fn name(text: Option<Text<'_>>) -> Result<Option<Cow<'_, str>>, String> {
    let Some(Text(text)) = text else { return Ok(None) };
    if text.len() > NAME_BYTES_MAX {
        return Err("a name is longer than any".to_owned());
    }
    let text = if text.contains('\0') { Cow::Owned(text.replace('\0', "")) } else { text };
    Ok(Some(text).filter(|text| !text.trim().is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant::from_ms(1_795_338_000_000);

    fn row(fields: &str) -> String {
        format!(
            r#"{{"ts":"2023-05-01T13:45:37Z","username":"u","platform":"ios","ms_played":200000,"conn_country":"DE",
               "ip_addr":"203.0.113.7","master_metadata_track_name":"Song","master_metadata_album_artist_name":"One",
               "master_metadata_album_album_name":"Album","spotify_track_uri":"spotify:track:t1","reason_end":"trackdone",
               "skipped":null,"incognito_mode":false,"offline":false,"offline_timestamp":1682948500{fields}}}"#
        )
    }

    fn with(from: &str, to: &str) -> Result<String, String> {
        let text = row("").replace(from, to);
        assert_ne!(text, row(""), "{from} is in the row");
        read(text.as_bytes(), Medium::Sound, NOW).map(|row| match row {
            Row::Stream(stream) => format!("{} {}", stream.ended_at, stream.listened_ms),
            Row::Aside(reason) => format!("{reason:?}"),
        })
    }

    #[test]
    fn a_row_says_what_was_streamed_and_when_it_stopped() {
        let text = row("");
        let Ok(Row::Stream(stream)) = read(text.as_bytes(), Medium::Sound, NOW) else { panic!("a stream") };
        assert_eq!(stream.ended_at.to_string(), "2023-05-01T13:45:37Z");
        assert_eq!((stream.listened_ms, stream.spotify_id.as_deref()), (200_000, Some("t1")));
        assert_eq!(stream.name.as_deref(), Some("Song"));
        assert!(matches!(stream.name, Some(Cow::Borrowed(_))));
        assert_eq!((stream.artist.as_deref(), stream.album.as_deref()), (Some("One"), Some("Album")));
    }

    #[test]
    fn what_was_played_offline_ended_when_it_ended() {
        let offline = |timestamp: &str| {
            with(
                r#""offline":false,"offline_timestamp":1682948500"#,
                &format!(r#""offline":true,"offline_timestamp":{timestamp}"#),
            )
        };
        for began in ["1682888400", "1682888400000", "1682888400.0"] {
            assert_eq!(offline(began).unwrap(), "2023-04-30T21:03:20Z 200000", "{began}");
        }
        for junk in ["0", "null", "7", "-5", "\"x\"", "1882888400", "1382888400", "1e300"] {
            assert_eq!(offline(junk).unwrap(), "2023-05-01T13:45:37Z 200000", "{junk}");
        }
    }

    #[test]
    fn what_does_not_count_is_set_aside_with_its_reason() {
        for (from, to, reason) in [
            (r#""spotify_track_uri":"spotify:track:t1""#, r#""spotify_episode_uri":"spotify:episode:e""#, "Podcast"),
            (r#""spotify_track_uri":"spotify:track:t1""#, r#""audiobook_uri":"spotify:show:e""#, "Audiobook"),
            (r#""spotify:track:t1""#, "null", "NoTrack"),
            (r#""spotify:track:t1""#, r#""spotify:local:::Song:200""#, "NoTrack"),
            (r#""incognito_mode":false"#, r#""incognito_mode":true"#, "Private"),
            (r#""ms_played":200000"#, r#""ms_played":29999"#, "TooShort"),
            (r#""ms_played":200000"#, r#""ms_played":0"#, "TooShort"),
        ] {
            assert_eq!(with(from, to).unwrap(), reason, "{to}");
        }
        assert_eq!(
            with(r#"200000,"conn"#, r#"5000,"reason_end":"fwdbtn","conn"#).unwrap_err(),
            "a field is said twice"
        );
        assert_eq!(read(row("").as_bytes(), Medium::Video, NOW), Ok(Row::Aside(Reason::Video)));
    }

    #[test]
    fn a_field_of_the_wrong_kind_is_named_and_never_shown() {
        let said = |from: &str, to: &str| with(from, to).unwrap_err();
        assert_eq!(said(r#""Song""#, "7"), "master_metadata_track_name is a number: expected a text");
        assert_eq!(
            said(r#""2023-05-01T13:45:37Z""#, r#""yesterday, secretly""#),
            "ts is no time: expected one such as 2023-05-01T13:45:37Z"
        );
        assert_eq!(said("200000", r#""long""#), "ms_played is no number");
        assert_eq!(said("200000", "-1"), "the stream's length is not between 0 and 24 hours");
        assert_eq!(said(r#""2023-"#, r#""1970-"#), "the stream ended before Spotify existed, or in the future");
        assert!(said(r#""Song","#, r#""Song"#).starts_with("the row is no JSON"));
        let mut bytes = row("").into_bytes();
        let at = bytes.windows(4).position(|bytes| bytes == b"Song").unwrap();
        bytes[at] = 0xff;
        assert_eq!(read(&bytes, Medium::Sound, NOW), Err("the row is not valid UTF-8".to_owned()));
    }

    #[test]
    fn the_short_account_data_names_its_tracks() {
        let text = r#"{"endTime":"2023-05-01 13:45","artistName":"One","trackName":"Song","msPlayed":200000}"#;
        let Ok(Row::Stream(stream)) = read(text.as_bytes(), Medium::Sound, NOW) else { panic!("a stream") };
        assert_eq!((stream.ended_at.to_string(), stream.spotify_id), ("2023-05-01T13:45:00.201Z".to_owned(), None));
        let podcast = r#"{"endTime":"2023-05-01 13:45","podcastName":"P","episodeName":"E","msPlayed":200000}"#;
        assert_eq!(read(podcast.as_bytes(), Medium::Sound, NOW), Ok(Row::Aside(Reason::Podcast)));
    }
}
