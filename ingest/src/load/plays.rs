//! The plays of a page: which are known, which are new.

use std::collections::{HashMap, HashSet};

use entity::db::Db;
use entity::ids::{ArchiveObjectId, TrackId, UserId};
use entity::play::{self, ActiveModel, Column, Entity, Source};
use entity::time::Instant;
use entity::{echo, track};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, Iterable, JoinType, QueryFilter, QueryOrder,
    QuerySelect, RelationTrait,
};

use super::bulk::BINDS_MAX;
use super::catalogue::Catalogue;
use super::records::{self, Change};
use crate::batch::Play;
use crate::settle::{self, MATCH_WINDOW_S, Record};
use crate::transform::PAGE_ITEMS_MAX;

/// A user's plays that are known in the time a batch covers, and the last one before.
pub(super) struct Known {
    plays: HashSet<(Instant, TrackId)>,
    recordings: HashSet<(Instant, String)>,
    /// When the last play known before the batch's first one ended.
    pub(super) before: Option<Instant>,
}

impl Known {
    /// Reads what is known around `plays`, which are in order of time.
    pub(super) async fn around(db: &impl ConnectionTrait, user: UserId, plays: &[Play]) -> Result<Self, DbErr> {
        let mut known = Self { plays: HashSet::new(), recordings: HashSet::new(), before: None };
        let (Some(first), Some(last)) = (plays.first(), plays.last()) else { return Ok(known) };
        let rows: Vec<(Instant, TrackId, Option<String>)> = Entity::find()
            .select_only()
            .columns([Column::PlayedAt, Column::TrackId])
            .column_as(track::Column::Isrc, "isrc")
            .join(JoinType::InnerJoin, play::Relation::Track.def())
            .filter(Column::UserId.eq(user))
            .filter(Column::PlayedAt.between(first.played_at, last.played_at))
            .into_tuple()
            .all(db)
            .await?;
        for (played_at, track, isrc) in rows {
            known.plays.insert((played_at, track));
            known.recordings.extend(isrc.map(|isrc| (played_at, isrc)));
        }
        let echoes: Vec<(Instant, TrackId)> = echo::Entity::find()
            .select_only()
            .columns([echo::Column::PlayedAt, echo::Column::TrackId])
            .filter(echo::Column::UserId.eq(user))
            .filter(echo::Column::Source.eq(Source::Api))
            .filter(echo::Column::PlayedAt.between(first.played_at, last.played_at))
            .into_tuple()
            .all(db)
            .await?;
        known.plays.extend(echoes);
        known.before = Entity::find()
            .select_only()
            .column_as(Column::PlayedAt.max(), "before")
            .filter(Column::UserId.eq(user))
            .filter(Column::PlayedAt.lt(first.played_at))
            .into_tuple::<Option<Instant>>()
            .one(db)
            .await?
            .flatten();
        Ok(known)
    }

    /// Whether anything is known in the time the batch covers.
    pub(super) fn is_empty(&self) -> bool {
        self.plays.is_empty()
    }
}

/// Inserts the plays that are not known yet; answers what that changed.
///
/// A play is known if its key is, or if the same recording (ISRC) ended at the same millisecond under another of its ids,
/// on this page or before: Spotify relinks tracks, and a relinked play is not a second listen. A play that an export told of
/// already, with another time, is an echo of that ([`records`]).
pub(super) async fn insert(
    db: &impl ConnectionTrait,
    user: UserId,
    object: ArchiveObjectId,
    plays: &[Play],
    catalogue: &Catalogue,
    known: &Known,
) -> Result<Change, DbErr> {
    let (mut keys, mut recordings) = (known.plays.clone(), known.recordings.clone());
    let rows: Vec<play::Model> = plays
        .iter()
        .filter_map(|play| {
            let track = catalogue.tracks.get(&play.track).expect("a batch names the tracks of its plays");
            let mut same_recording = |isrc: &String| !recordings.insert((play.played_at, isrc.clone()));
            if !keys.insert((play.played_at, track.id)) || track.isrc.as_ref().is_some_and(&mut same_recording) {
                return None;
            }
            Some(play::Model {
                user_id: user,
                played_at: play.played_at,
                track_id: track.id,
                listened_ms: play.measured_ms.or(track.duration_ms).unwrap_or(0),
                measured: play.measured_ms.is_some(),
                source: play.source,
                context_uri: play.context_uri.clone(),
                archive_object_id: Some(object),
            })
        })
        .collect();
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(Change::default()) };
    let window_ms = i64::from(MATCH_WINDOW_S) * 1000;
    let reach_ms = settle::reach_ms(window_ms);
    let told = rows.iter().all(|row| row.source == Source::Api);
    if told && records::has_exports(db, user, first.played_at + -reach_ms, last.played_at + reach_ms).await? {
        let new: Vec<Record> = rows.iter().map(records::record).collect();
        return records::add(db, user, records::Kind::Plays, &new, &mut HashMap::new(), window_ms).await;
    }
    for rows in rows.chunks(BINDS_MAX / Column::iter().count()) {
        let rows = rows.iter().map(|row| ActiveModel {
            user_id: Set(row.user_id),
            played_at: Set(row.played_at),
            track_id: Set(row.track_id),
            listened_ms: Set(row.listened_ms),
            measured: Set(row.measured),
            source: Set(row.source),
            context_uri: Set(row.context_uri.clone()),
            archive_object_id: Set(row.archive_object_id),
        });
        Entity::insert_many(rows).exec_without_returning(db).await?;
    }
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
