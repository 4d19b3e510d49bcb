//! What an import did, row by row: every row that was read is counted once, under what became of it. Made by `ingest`, shown
//! by its command and, from the row of [`crate::import`], by `api`.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a row does not count as listening.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It ran for less than 30 seconds, to the track's end or not at all: neither a play nor a skip.
    TooShort,
    /// It was a private session.
    Private,
    /// It was an episode of a podcast.
    Podcast,
    /// It was an audiobook.
    Audiobook,
    /// It was a video.
    Video,
    /// It names no track of Spotify's: a file of one's own, or something that is gone.
    NoTrack,
}

impl Reason {
    fn text(self) -> &'static str {
        match self {
            Self::TooShort => "shorter than 30 seconds, and not skipped",
            Self::Private => "private session",
            Self::Podcast => "podcast",
            Self::Audiobook => "audiobook",
            Self::Video => "video",
            Self::NoTrack => "no track of Spotify's",
        }
    }
}

/// What an import did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Whether nothing was written.
    pub dry_run: bool,
    /// The files of history that were read, in order.
    pub files: Vec<File>,
    /// Files that are no listening history, of folders and zips.
    pub files_ignored: u64,
    /// Rows in all files; the sum of everything that follows down to `unreadable`.
    pub rows: u64,
    /// Plays that nothing told of before.
    pub plays_added: u64,
    /// Plays that Spotify's API had told of: the measured row stands now.
    pub plays_merged: u64,
    /// Plays and skips that were here already.
    pub already_known: u64,
    /// Rows that the export itself tells again, with a slightly other time.
    pub repeated: u64,
    /// Streams that were cut short, kept for skip statistics.
    pub skips_kept: u64,
    /// Rows that do not count, by reason.
    pub set_aside: BTreeMap<Reason, u64>,
    /// Rows that were not understood.
    pub unreadable: u64,
    /// The first of them, at most [`UNREADABLE_LISTED_MAX`].
    pub unreadable_rows: Vec<Unreadable>,
    /// Gaps of the ingest that plays fell into.
    pub gaps_filled: u64,
    /// The day of the first play, in the listener's zone.
    pub first_day: Option<String>,
    /// The day of the last one.
    pub last_day: Option<String>,
    /// How long it took.
    pub duration_ms: i64,
}

/// A file of history.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Its name, without the folder.
    pub name: String,
    /// Rows in it.
    pub rows: u64,
    /// Why it was not read to its end; rows before that are counted.
    pub problem: Option<String>,
}

/// A row that was not understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unreadable {
    /// The file's name.
    pub file: String,
    /// The row's number in it, from 1.
    pub row: u64,
    /// Why. Never the row's contents.
    pub reason: String,
}

/// So many unreadable rows are listed one by one; the others are counted.
pub const UNREADABLE_LISTED_MAX: usize = 1_000;

/// So many are shown on a terminal.
const UNREADABLE_SHOWN_MAX: usize = 10;

impl Report {
    /// Rows that are accounted for; the same as `rows` once the import is over.
    pub fn counted(&self) -> u64 {
        let streams = self.plays_added + self.plays_merged + self.already_known + self.repeated + self.skips_kept;
        streams + self.set_aside.values().sum::<u64>() + self.unreadable
    }

    /// Whether every row of every file was understood.
    pub fn is_whole(&self) -> bool {
        self.unreadable == 0 && self.files.iter().all(|file| file.problem.is_none())
    }
}

/// As the command says it at its end.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.dry_run {
            writeln!(f, "nothing was written: this is what an import without --dry-run would do")?;
        }
        for file in &self.files {
            let problem = file.problem.as_ref().map_or_else(String::new, |problem| format!(" ({problem})"));
            writeln!(f, "{:>12} rows  {}{problem}", file.rows, file.name)?;
        }
        if self.files_ignored > 0 {
            writeln!(f, "{:>12} other file(s), which are no listening history", self.files_ignored)?;
        }
        writeln!(f, "{:>12} rows read, of which", self.rows)?;
        let line = |f: &mut fmt::Formatter<'_>, count: u64, what: &str| match count {
            0 => Ok(()),
            _ => writeln!(f, "{count:>12}   {what}"),
        };
        writeln!(f, "{:>12}   plays added", self.plays_added)?;
        line(f, self.plays_merged, "plays merged with what Spotify's API had told")?;
        line(f, self.already_known, "already known")?;
        line(f, self.repeated, "told twice by the export")?;
        line(f, self.skips_kept, "skips kept for skip statistics")?;
        for (reason, count) in &self.set_aside {
            line(f, *count, &format!("set aside: {}", reason.text()))?;
        }
        line(f, self.unreadable, "set aside: unreadable")?;
        for row in self.unreadable_rows.iter().take(UNREADABLE_SHOWN_MAX) {
            writeln!(f, "{:>15} {} row {}: {}", "", row.file, row.row, row.reason)?;
        }
        if self.unreadable > UNREADABLE_SHOWN_MAX as u64 {
            writeln!(f, "{:>15} … --json lists up to {UNREADABLE_LISTED_MAX}", "")?;
        }
        line(f, self.gaps_filled, "gap(s) filled")?;
        if let (Some(first), Some(last)) = (&self.first_day, &self.last_day) {
            writeln!(f, "from {first} to {last}")?;
        }
        write!(f, "in {} s", seconds(self.duration_ms))
    }
}

/// `12.3`
fn seconds(ms: i64) -> String {
    format!("{}.{}", ms / 1000, ms % 1000 / 100)
}
