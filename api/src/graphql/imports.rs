//! Privacy exports that a listener uploaded, and what came of them.

use async_graphql::{Enum, ID, Object, SimpleObject};
use entity::import::{self, State};
use entity::import_report::{Reason, Report};

use super::id::Kind;
use super::scalars::{DateTime, Long};

/// A privacy export that was uploaded.
pub(super) struct Import(pub(super) import::Model);

/// How far an import is.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(super) enum ImportState {
    /// It waits for the ingest.
    Pending,
    /// The ingest is reading it. What it has read counts already.
    Running,
    /// All of it was read.
    Succeeded,
    /// It was read, but for rows or files that could not be understood; the report names them.
    Partly,
    /// Nothing could be read; `error` says why.
    Failed,
}

impl From<State> for ImportState {
    fn from(state: State) -> Self {
        match state {
            State::Pending => Self::Pending,
            State::Running => Self::Running,
            State::Succeeded => Self::Succeeded,
            State::Partly => Self::Partly,
            State::Failed => Self::Failed,
        }
    }
}

/// A privacy export that was uploaded by `POST /import`, and is read by the ingest.
#[Object]
impl Import {
    /// Identifies this import here.
    async fn id(&self) -> ID {
        Kind::Import.id(self.0.id.0)
    }

    /// How far it is.
    async fn state(&self) -> ImportState {
        self.0.state.into()
    }

    /// When the upload was complete.
    async fn uploaded_at(&self) -> DateTime {
        DateTime(self.0.uploaded_at)
    }

    /// When it ended; null until then.
    async fn ended_at(&self) -> Option<DateTime> {
        self.0.ended_at.map(DateTime)
    }

    /// The file's size in bytes.
    async fn bytes(&self) -> Long {
        Long(self.0.bytes)
    }

    /// Rows read so far.
    async fn rows_read(&self) -> Long {
        Long(self.0.rows_read)
    }

    /// The part of the history that is read, 0 to 1; null until that is known.
    async fn progress(&self) -> Option<f64> {
        if matches!(self.0.state, State::Succeeded | State::Partly) {
            return Some(1.0);
        }
        let total = self.0.bytes_total.filter(|total| *total > 0)?;
        Some((self.0.bytes_read as f64 / total as f64).clamp(0.0, 1.0))
    }

    /// What came of it; null until it ended well.
    async fn report(&self) -> Option<ImportReport> {
        serde_json::from_str::<Report>(self.0.report.as_deref()?).ok().map(ImportReport)
    }

    /// Why it failed and what to do; null if it did not.
    async fn error(&self) -> Option<&str> {
        self.0.error.as_deref()
    }
}

/// What an import did.
pub(super) struct ImportReport(Report);

/// What an import did. Every row that was read is counted once: under what was taken, or under why it was not.
#[Object]
impl ImportReport {
    /// Rows in all files: the sum of `playsAdded`, `playsMerged`, `alreadyKnown`, `repeated`, `skipsKept`, all of `setAside`
    /// and `unreadable`.
    async fn rows(&self) -> Long {
        long(self.0.rows)
    }

    /// Plays that nothing told of before.
    async fn plays_added(&self) -> Long {
        long(self.0.plays_added)
    }

    /// Plays that Spotify's API had told of: the measured row stands now.
    async fn plays_merged(&self) -> Long {
        long(self.0.plays_merged)
    }

    /// Plays and skips that were here already.
    async fn already_known(&self) -> Long {
        long(self.0.already_known)
    }

    /// Rows that the export itself tells again, with a slightly other time.
    async fn repeated(&self) -> Long {
        long(self.0.repeated)
    }

    /// Streams that were cut short before 30 seconds, kept for skip statistics.
    async fn skips_kept(&self) -> Long {
        long(self.0.skips_kept)
    }

    /// Rows that do not count as listening, by reason; reasons that do not occur are left out.
    async fn set_aside(&self) -> Vec<SetAside> {
        self.0.set_aside.iter().map(|(reason, rows)| SetAside { reason: (*reason).into(), rows: long(*rows) }).collect()
    }

    /// Rows that were not understood.
    async fn unreadable(&self) -> Long {
        long(self.0.unreadable)
    }

    /// The first of them, at most 1,000.
    async fn unreadable_rows(&self) -> Vec<UnreadableRow> {
        let row = |row: &entity::import_report::Unreadable| UnreadableRow {
            file: row.file.clone(),
            row: long(row.row),
            reason: row.reason.clone(),
        };
        self.0.unreadable_rows.iter().map(row).collect()
    }

    /// The files of listening history in it.
    async fn files(&self) -> Vec<ImportedFile> {
        let file = |file: &entity::import_report::File| ImportedFile {
            name: file.name.clone(),
            rows: long(file.rows),
            problem: file.problem.clone(),
        };
        self.0.files.iter().map(file).collect()
    }

    /// Other files in it, which are no listening history.
    async fn files_ignored(&self) -> Long {
        long(self.0.files_ignored)
    }

    /// Gaps of this listener's history that plays fell into.
    async fn gaps_filled(&self) -> Long {
        long(self.0.gaps_filled)
    }

    /// The day of the first play, in the listener's zone, such as `2016-05-01`; null if there was none.
    async fn first_day(&self) -> Option<&str> {
        self.0.first_day.as_deref()
    }

    /// The day of the last play.
    async fn last_day(&self) -> Option<&str> {
        self.0.last_day.as_deref()
    }
}

/// Rows that do not count as listening, for one reason.
#[derive(SimpleObject)]
pub(super) struct SetAside {
    /// Why.
    reason: SetAsideReason,
    /// How many.
    rows: Long,
}

/// Why a row does not count as listening.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(super) enum SetAsideReason {
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

impl From<Reason> for SetAsideReason {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::TooShort => Self::TooShort,
            Reason::Private => Self::Private,
            Reason::Podcast => Self::Podcast,
            Reason::Audiobook => Self::Audiobook,
            Reason::Video => Self::Video,
            Reason::NoTrack => Self::NoTrack,
        }
    }
}

/// A row that was not understood.
#[derive(SimpleObject)]
pub(super) struct UnreadableRow {
    /// The file's name.
    file: String,
    /// The row's number in it, from 1.
    row: Long,
    /// Why; never the row's contents.
    reason: String,
}

/// A file of listening history.
#[derive(SimpleObject)]
pub(super) struct ImportedFile {
    /// Its name.
    name: String,
    /// Rows in it.
    rows: Long,
    /// Why it was not read to its end; null if it was.
    problem: Option<String>,
}

fn long(count: u64) -> Long {
    Long(i64::try_from(count).unwrap_or(i64::MAX))
}
