//! The plays of a page: which are known, which are new.

use std::collections::HashSet;

use entity::db::Db;
use entity::ids::{ArchiveObjectId, TrackId, UserId};
use entity::play::{self, ActiveModel, Column, Entity};
use entity::time::Instant;
use entity::track;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect,
    RelationTrait,
};

use super::catalogue::Catalogue;
use crate::batch::Play;
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

/// Inserts the plays that are not known yet; answers the rows that are really new.
///
/// A play is known if its key is, or if the same recording (ISRC) ended at the same millisecond under another of its ids,
/// on this page or before: Spotify relinks tracks, and a relinked play is not a second listen.
pub(super) async fn insert(
    db: &impl ConnectionTrait,
    user: UserId,
    object: ArchiveObjectId,
    plays: &[Play],
    catalogue: &Catalogue,
    known: &Known,
) -> Result<Vec<play::Model>, DbErr> {
    let mut recordings = known.recordings.clone();
    let rows: Vec<ActiveModel> = plays
        .iter()
        .filter_map(|play| {
            let track = catalogue.tracks.get(&play.track).expect("a batch names the tracks of its plays");
            let mut same_recording = |isrc: &String| !recordings.insert((play.played_at, isrc.clone()));
            if known.plays.contains(&(play.played_at, track.id)) || track.isrc.as_ref().is_some_and(&mut same_recording)
            {
                return None;
            }
            Some(ActiveModel {
                user_id: Set(user),
                played_at: Set(play.played_at),
                track_id: Set(track.id),
                listened_ms: Set(play.measured_ms.or(track.duration_ms).unwrap_or(0)),
                measured: Set(play.measured_ms.is_some()),
                source: Set(play.source),
                context_uri: Set(play.context_uri.clone()),
                archive_object_id: Set(Some(object)),
            })
        })
        .collect();
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    // Another load of the same page may have come first since we looked: the key decides.
    let once = OnConflict::columns([Column::UserId, Column::PlayedAt, Column::TrackId]).do_nothing().to_owned();
    Entity::insert_many(rows).on_conflict(once).exec_with_returning(db).await
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
