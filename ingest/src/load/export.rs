//! What a privacy export says, to rows: a chunk of streams in one transaction.
//!
//! Tracks by id and name, plays and skips settled with all that is known (`super::records`), totals changed by the
//! difference, gaps filled, and last the revisions. Loading a chunk twice is loading it once, and the order of chunks does not
//! matter, so an import that was interrupted is simply begun again.

use std::collections::HashMap;
use std::ops::AddAssign;

use entity::db::Db;
use entity::ids::{TrackId, UserId};
use entity::play::Source;
use entity::time::Instant;
use entity::{erasure, revision};
use sea_orm::{ConnectionTrait, DbErr};

pub use super::names::Named;
use super::names::Names;
use super::records::{self, Change, Fate, Identities, Kind};
use super::{ATTEMPTS_MAX, gaps, is_deadlock, recognised};
use crate::crash;
use crate::rollup;
use crate::settle::Record;

/// A stream that ran shorter is no play, but a skip. Source: Spotify counts streams from 30 seconds on.
pub const PLAY_MS_MIN: i32 = records::PLAY_MS_MIN;

/// Streams of one listener.
#[derive(Debug, Default)]
pub struct Chunk {
    /// What was streamed.
    pub tracks: Vec<Named>,
    /// The streams, in any order.
    pub streams: Vec<Stream>,
}

/// A stream that an export tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stream {
    /// When it ended.
    pub ended_at: Instant,
    /// Its place in [`Chunk::tracks`].
    pub track: u32,
    /// How long it ran.
    pub listened_ms: i32,
}

/// What became of the streams of one or more chunks. The counts of streams add up to the streams.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Plays that nothing told of before.
    pub plays_added: u64,
    /// Plays that Spotify's API told of too: the measured row stands in place of the assumed one.
    pub plays_merged: u64,
    /// Skips that are kept for skip statistics.
    pub skips_kept: u64,
    /// Streams that are here already, from this export or an earlier one.
    pub already_known: u64,
    /// Streams that the export itself tells of twice, with another time.
    pub repeated: u64,
    /// Gaps into which plays fell.
    pub gaps_filled: u64,
    /// When the first play ended, known ones included.
    pub first_at: Option<Instant>,
    /// When the last play ended.
    pub last_at: Option<Instant>,
}

impl AddAssign for Taken {
    fn add_assign(&mut self, other: Self) {
        self.plays_added += other.plays_added;
        self.plays_merged += other.plays_merged;
        self.skips_kept += other.skips_kept;
        self.already_known += other.already_known;
        self.repeated += other.repeated;
        self.gaps_filled += other.gaps_filled;
        self.first_at = self.first_at.into_iter().chain(other.first_at).min();
        self.last_at = self.last_at.into_iter().chain(other.last_at).max();
    }
}

/// Loads the chunks of one import, and remembers between them which rows the catalogue has.
pub struct Loader {
    user: UserId,
    window_ms: i64,
    names: Names,
    identities: Identities,
    /// Whether the listener has records of which no more than a name is known; `None` until it was looked up.
    has_names: Option<bool>,
    /// What was here before somebody was erased is refused.
    received_at: Instant,
    /// Whether the transaction will be taken back, so that rows which all loads share need not be touched.
    rehearses: bool,
}

/// Records that are settled at a time: what is known in the time they cover is held in memory.
const RECORDS_AT_A_TIME: usize = 5_000;

/// Records are settled apart if nothing new lies between them for longer: files may come in any order, and of the years
/// between two of them all that is known would be held in memory.
const APART_MS: i64 = 24 * 60 * 60 * 1000;

impl Loader {
    /// For streams of `user`, whose files were here at `received_at`. An export's end and the API's may be `window_s` apart.
    pub fn new(user: UserId, window_s: u32, received_at: Instant) -> Self {
        let window_ms = i64::from(window_s) * 1000;
        let (names, identities) = (Names::default(), Identities::default());
        Self { user, window_ms, names, identities, has_names: None, received_at, rehearses: false }
    }

    /// The same, for a caller that will take its transaction back: totals and revisions, which others wait for, stay as they
    /// are.
    pub fn rehearsing(self) -> Self {
        Self { rehearses: true, names: Names::rehearsing(), ..self }
    }

    /// Loads a chunk at `now`, all of it or nothing.
    pub async fn load(&mut self, db: &Db, chunk: &Chunk, now: Instant) -> Result<Taken, DbErr> {
        let mut attempt = 1;
        loop {
            let result = async {
                let transaction = db.begin().await?;
                let taken = Box::pin(self.load_in(&transaction, chunk, now)).await?;
                crash::point("chunk-written");
                transaction.commit().await?;
                crash::point("chunk-loaded");
                Ok(taken)
            }
            .await;
            if result.is_err() {
                // Rows that were made and remembered are gone with the transaction.
                self.names = Names::default();
                self.has_names = None;
            }
            match result {
                Err(error) if attempt < ATTEMPTS_MAX && is_deadlock(&error) => attempt += 1,
                result => return result,
            }
        }
    }

    /// Loads a chunk as a part of the caller's transaction.
    pub async fn load_in(&mut self, db: &impl ConnectionTrait, chunk: &Chunk, now: Instant) -> Result<Taken, DbErr> {
        records::lock(db, self.user).await?;
        // What was here before an erasure must not come back after it.
        if erasure::refuses(db, self.user, self.received_at).await? {
            return Err(DbErr::Custom("this person's data are being erased: import again after that".to_owned()));
        }
        // Others may have learned more of the tracks since the last chunk.
        self.identities.clear();
        let mut tracks = Box::pin(self.names.rows(db, &chunk.tracks)).await?;
        let (changed, moved) = Box::pin(self.settle_again(db, chunk)).await?;
        for (track, _) in tracks.iter_mut().zip(&chunk.tracks).filter(|(_, named)| named.spotify_id.is_none()) {
            *track = moved.get(track).copied().unwrap_or(*track);
        }
        let mut audiences: Vec<i32> = changed.iter().map(|user| user.0).collect();
        audiences.extend((!changed.is_empty()).then_some(revision::EVERYONE));
        let (mut plays, mut skips) = (Vec::new(), Vec::new());
        for stream in &chunk.streams {
            let record = record(stream, &tracks);
            if stream.listened_ms < PLAY_MS_MIN { skips.push(record) } else { plays.push(record) }
        }
        let mut taken = Taken::default();
        let plays = self.settle(db, Kind::Plays, plays, &mut taken).await?;
        let skips = self.settle(db, Kind::Skips, skips, &mut taken).await?;
        if !self.rehearses {
            rollup::change(db, &plays.added, &plays.removed).await?;
        }
        taken.gaps_filled = gaps::fill(db, self.user, &plays.added, now).await? as u64;
        let skips_changed = skips.fates.iter().any(|fate| *fate != Fate::Known);
        if !plays.added.is_empty() || !plays.removed.is_empty() || skips_changed {
            audiences.extend([self.user.0, revision::EVERYONE]);
        }
        let changes = std::mem::take(&mut self.names.changes);
        if changes.insights {
            audiences.push(revision::CATALOGUE);
        }
        if changes.shown {
            audiences.push(revision::SHOWN);
        }
        if !self.rehearses {
            revision::raise(db, &audiences, now).await?;
        }
        Ok(taken)
    }

    /// Settles again what the chunk's names make known of records that are here: whose plays changed, and from which track to
    /// which those went of which no more than a name is known.
    async fn settle_again(
        &mut self,
        db: &impl ConnectionTrait,
        chunk: &Chunk,
    ) -> Result<(Vec<UserId>, HashMap<TrackId, TrackId>), DbErr> {
        let recognised = std::mem::take(&mut self.names.changes.recognised);
        let has_names = match self.has_names {
            Some(has_names) => has_names,
            None => recognised::has_names(db, self.user).await?,
        };
        self.has_names = Some(has_names || chunk.tracks.iter().any(|named| named.spotify_id.is_none()));
        let moved = self.names.moved(db, has_names).await?;
        if self.rehearses {
            let any = recognised::rehearse_names(db, self.user, &moved, self.window_ms).await?;
            return Ok((any.then_some(self.user).into_iter().collect(), moved));
        }
        let mut changed = recognised::tracks(db, &recognised, self.window_ms).await?;
        changed.extend(recognised::move_names(db, Some(self.user), &moved, self.window_ms).await?);
        Ok((changed, moved))
    }

    async fn settle(
        &mut self,
        db: &impl ConnectionTrait,
        kind: Kind,
        mut records: Vec<Record>,
        taken: &mut Taken,
    ) -> Result<Change, DbErr> {
        records.sort_unstable_by_key(|record| (record.ended_at, record.track, record.listened_ms));
        if kind == Kind::Plays {
            taken.first_at = records.first().map(|record| record.ended_at);
            taken.last_at = records.last().map(|record| record.ended_at);
        }
        let mut all = Change::default();
        let near = |a: &Record, b: &Record| b.ended_at - a.ended_at <= APART_MS;
        for records in records.chunk_by(near).flat_map(|records| records.chunks(RECORDS_AT_A_TIME)) {
            let change = records::add(db, self.user, kind, records, &mut self.identities, self.window_ms).await?;
            all.added.extend(change.added);
            all.removed.extend(change.removed);
            all.fates.extend(change.fates);
        }
        for fate in &all.fates {
            match fate {
                Fate::Added if kind == Kind::Plays => taken.plays_added += 1,
                Fate::Added => taken.skips_kept += 1,
                Fate::Merged => taken.plays_merged += 1,
                Fate::Known => taken.already_known += 1,
                Fate::Repeated => taken.repeated += 1,
            }
        }
        Ok(all)
    }
}

fn record(stream: &Stream, tracks: &[TrackId]) -> Record {
    Record {
        ended_at: stream.ended_at,
        track: tracks[stream.track as usize],
        listened_ms: stream.listened_ms,
        source: Source::Export,
        context_uri: None,
        archive_object: None,
    }
}
