//! The plays of pages: which are known, which are new.

use std::collections::{BTreeSet, HashMap, HashSet};

use entity::db::Db;
use entity::ids::{ArchiveObjectId, TrackId, UserId};
use entity::play::{self, Column, Entity, Source};
use entity::time::Instant;
use entity::{echo, track};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect, RelationTrait,
};

use super::bulk;
use super::catalogue::Catalogue;
use super::records::{self, Change};
use crate::batch::{Batch, Play};
use crate::settle::{self, Record};
use crate::transform::PAGE_ITEMS_MAX;

/// What is known of a user's plays in the time that some pages cover, and the last one before.
pub(super) struct Known {
    plays: BTreeSet<(Instant, TrackId)>,
    recordings: HashSet<(Instant, String)>,
    ends: BTreeSet<Instant>,
    /// When the last play before all of them ended.
    before: Option<Instant>,
}

impl Known {
    /// Reads what is known around the plays of `pages`.
    pub(super) async fn around(
        db: &impl ConnectionTrait,
        user: UserId,
        pages: &[(ArchiveObjectId, &Batch)],
    ) -> Result<Self, DbErr> {
        let mut known =
            Self { plays: BTreeSet::new(), recordings: HashSet::new(), ends: BTreeSet::new(), before: None };
        let ends = || pages.iter().flat_map(|(_, batch)| &batch.plays).map(|play| play.played_at);
        let (Some(first), Some(last)) = (ends().min(), ends().max()) else { return Ok(known) };
        let rows: Vec<(Instant, TrackId, Source, Option<String>)> = Entity::find()
            .select_only()
            .columns([Column::PlayedAt, Column::TrackId, Column::Source])
            .column_as(track::Column::Isrc, "isrc")
            .join(JoinType::InnerJoin, play::Relation::Track.def())
            .filter(Column::UserId.eq(user))
            .filter(Column::PlayedAt.between(first, last))
            .into_tuple()
            .all(db)
            .await?;
        for (played_at, track, source, isrc) in rows {
            known.ends.insert(played_at);
            // What an export told is matched with what the API tells, and then both are remembered.
            if source == Source::Api {
                known.plays.insert((played_at, track));
                known.recordings.extend(isrc.map(|isrc| (played_at, isrc)));
            }
        }
        let echoes: Vec<(Instant, TrackId)> = echo::Entity::find()
            .select_only()
            .columns([echo::Column::PlayedAt, echo::Column::TrackId])
            .filter(echo::Column::UserId.eq(user))
            .filter(echo::Column::Source.eq(Source::Api))
            .filter(echo::Column::PlayedAt.between(first, last))
            .into_tuple()
            .all(db)
            .await?;
        known.plays.extend(echoes);
        known.before = Entity::find()
            .select_only()
            .column_as(Column::PlayedAt.max(), "before")
            .filter(Column::UserId.eq(user))
            .filter(Column::PlayedAt.lt(first))
            .into_tuple::<Option<Instant>>()
            .one(db)
            .await?
            .flatten();
        Ok(known)
    }

    /// Whether anything is known in the time that `plays`, which are in order of time, cover.
    pub(super) fn any_among(&self, plays: &[Play]) -> bool {
        let (Some(first), Some(last)) = (plays.first(), plays.last()) else { return false };
        let time = (first.played_at, TrackId(i32::MIN))..=(last.played_at, TrackId(i32::MAX));
        self.plays.range(time).next().is_some()
    }

    /// When the last play before `time` ended.
    pub(super) fn before(&self, time: Instant) -> Option<Instant> {
        self.ends.range(..time).next_back().copied().or(self.before)
    }

    /// The rows of a page's plays that are not known yet, which they are from now on.
    ///
    /// A play is known if its key is, or if the same recording (ISRC) ended at the same millisecond under another of its
    /// ids, on this page or before: Spotify relinks tracks, and a relinked play is not a second listen.
    pub(super) fn take(
        &mut self,
        user: UserId,
        object: ArchiveObjectId,
        plays: &[Play],
        catalogue: &Catalogue,
    ) -> Vec<play::Model> {
        let mut new = Vec::new();
        for play in plays {
            let track = catalogue.tracks.get(&play.track).expect("a batch names the tracks of its plays");
            let mut same_recording = |isrc: &String| !self.recordings.insert((play.played_at, isrc.clone()));
            if !self.plays.insert((play.played_at, track.id)) || track.isrc.as_ref().is_some_and(&mut same_recording) {
                continue;
            }
            new.push(play::Model {
                user_id: user,
                played_at: play.played_at,
                track_id: track.id,
                listened_ms: play.measured_ms.or(track.duration_ms).unwrap_or(0),
                measured: play.measured_ms.is_some(),
                source: play.source,
                context_uri: play.context_uri.clone(),
                archive_object_id: Some(object),
            });
        }
        self.ends.extend(new.iter().map(|play| play.played_at));
        new
    }
}

/// Inserts plays that are not known yet; answers what that changed. One that an export told of already, with another time,
/// is an echo of that ([`records`]).
pub(super) async fn insert(
    db: &impl ConnectionTrait,
    user: UserId,
    mut rows: Vec<play::Model>,
    match_window_s: u32,
) -> Result<Change, DbErr> {
    rows.sort_by_key(|row| (row.played_at, row.track_id));
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(Change::default()) };
    let window_ms = i64::from(match_window_s) * 1000;
    let reach_ms = settle::reach_ms(window_ms);
    let told = rows.iter().all(|row| row.source == Source::Api);
    if told && records::has_exports(db, user, first.played_at + -reach_ms, last.played_at + reach_ms).await? {
        let new: Vec<Record> = rows.iter().map(records::record).collect();
        return records::add(db, user, records::Kind::Plays, &new, &mut HashMap::new(), window_ms).await;
    }
    bulk::insert_plays(db, user, &rows).await?;
    Ok(Change { added: rows, ..Change::default() })
}

/// When a user's newest plays ended, newest first: as many as a page holds.
pub(crate) async fn newest(db: &Db, user: UserId) -> Result<Vec<Instant>, DbErr> {
    Entity::find()
        .select_only()
        .column(Column::PlayedAt)
        .filter(Column::UserId.eq(user))
        .order_by_desc(Column::PlayedAt)
        .order_by_desc(Column::TrackId)
        .limit(PAGE_ITEMS_MAX as u64)
        .into_tuple()
        .all(db.write())
        .await
}
