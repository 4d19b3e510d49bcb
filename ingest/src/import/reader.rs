//! From files to chunks of streams, on a thread of its own: one is read ahead while another is loaded, and no more.

use std::collections::HashMap;

use entity::time::Instant;
use tokio::runtime::Handle;
use tokio::sync::mpsc::Sender;

use super::row::{self, Row};
use super::rows::{Next, Rows};
use super::source::{Found, Limits, Sources};
use crate::load::export::{Chunk, Named, Stream};
use entity::import_report::{File, Report, UNREADABLE_LISTED_MAX, Unreadable};

/// Streams of the first chunk; the next ones hold twice as many each, so that progress is soon seen.
const FIRST_STREAMS: usize = 25_000;

/// Distinct tracks of a chunk; each holds its names in memory.
const TRACKS_A_CHUNK: usize = 50_000;

/// A chunk, and what of the files it stands for.
#[derive(Default)]
pub(super) struct Part {
    pub(super) chunk: Chunk,
    pub(super) bytes: u64,
    pub(super) rows: u64,
}

/// Reads all `sources` and sends their streams; what became of the other rows is in the report. Ends early if nobody receives
/// any more.
pub(super) fn read(sources: &Sources, limits: Limits, now: Instant, parts: &Sender<Part>) -> Report {
    let mut reader = Reader {
        parts,
        streams_max: limits.streams_a_chunk,
        streams_a_chunk: limits.streams_a_chunk.min(FIRST_STREAMS),
        part: Part::default(),
        places: HashMap::new(),
        key: String::new(),
        report: Report::default(),
        now,
    };
    reader.report.files_ignored = sources.ignored;
    let mut left = limits.unpacked_bytes_max;
    for found in &sources.found {
        let mut file = File { name: found.name.clone(), ..File::default() };
        let goes_on = found.open(&mut left, |bytes| reader.read_file(found, &mut file, Rows::new(bytes)));
        let goes_on = goes_on.unwrap_or_else(|why| {
            file.problem = Some(why);
            true
        });
        reader.report.files.push(file);
        if !goes_on {
            break;
        }
    }
    reader.send();
    reader.report
}

struct Reader<'a> {
    parts: &'a Sender<Part>,
    streams_max: usize,
    /// Of the chunk that is being read.
    streams_a_chunk: usize,
    part: Part,
    /// Where in the chunk a track of these names is.
    places: HashMap<String, u32>,
    /// The names, put together.
    key: String,
    report: Report,
    now: Instant,
}

impl Reader<'_> {
    /// Reads one file; whether somebody still receives.
    fn read_file<R: std::io::Read>(&mut self, found: &Found, file: &mut File, mut rows: Rows<R>) -> bool {
        loop {
            let row = match rows.next() {
                Next::End => return true,
                Next::Broken(why) => {
                    file.problem = Some(why);
                    return true;
                }
                Next::Bad(why) => {
                    self.count(file, 0);
                    self.unreadable(file, why.to_owned());
                    continue;
                }
                Next::Row(row) => row,
            };
            self.count(file, row.len() as u64 + 1);
            match row::read(row, found.medium, self.now) {
                Ok(Row::Stream(stream)) => self.add(stream),
                Ok(Row::Aside(reason)) => *self.report.set_aside.entry(reason).or_default() += 1,
                Err(why) => self.unreadable(file, why),
            }
            let Chunk { streams, tracks } = &self.part.chunk;
            let is_full = streams.len() >= self.streams_a_chunk || tracks.len() >= TRACKS_A_CHUNK;
            if (is_full || self.part.rows >= ROWS_A_PART) && !self.send() {
                return false;
            }
        }
    }

    fn count(&mut self, file: &mut File, bytes: u64) {
        file.rows += 1;
        self.report.rows += 1;
        self.part.rows += 1;
        self.part.bytes += bytes;
    }

    fn unreadable(&mut self, file: &File, reason: String) {
        self.report.unreadable += 1;
        if self.report.unreadable_rows.len() < UNREADABLE_LISTED_MAX {
            self.report.unreadable_rows.push(Unreadable { file: file.name.clone(), row: file.rows, reason });
        }
    }

    fn add(&mut self, stream: row::Stream<'_>) {
        // Files of several years name one id differently: each way is a track of the chunk.
        self.key.clear();
        for part in
            [stream.spotify_id.as_deref(), stream.name.as_deref(), stream.artist.as_deref(), stream.album.as_deref()]
        {
            self.key.push_str(part.unwrap_or("\u{1}"));
            self.key.push('\0');
        }
        let Chunk { tracks, streams } = &mut self.part.chunk;
        let track = self.places.get(self.key.as_str()).copied().unwrap_or_else(|| {
            let owned = |text: Option<std::borrow::Cow<'_, str>>| text.map(std::borrow::Cow::into_owned);
            tracks.push(Named {
                spotify_id: stream.spotify_id,
                name: owned(stream.name),
                artist: owned(stream.artist),
                album: owned(stream.album),
            });
            let place = u32::try_from(tracks.len() - 1).expect("a chunk's tracks are bounded");
            self.places.insert(self.key.clone(), place);
            place
        });
        streams.push(Stream { ended_at: stream.ended_at, track, listened_ms: stream.listened_ms });
    }

    /// Sends what there is, and waits until it is received before anything else is read; whether somebody receives more.
    fn send(&mut self) -> bool {
        self.places.clear();
        self.streams_a_chunk = (2 * self.streams_a_chunk).min(self.streams_max);
        let is_sent = self.parts.blocking_send(std::mem::take(&mut self.part)).is_ok();
        is_sent && Handle::current().block_on(self.parts.reserve()).is_ok()
    }
}

/// A part is sent after so many rows even if few of them are streams, so that progress is seen.
const ROWS_A_PART: u64 = 200_000;
