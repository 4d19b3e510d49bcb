//! The proof that the database says what the archive says: every archived play is in it, and every rollup is true.

use std::collections::HashSet;

use entity::archive::{ArchiveKey, Kind};
use entity::chain::chain;
use entity::db::Db;
use entity::ids::UserId;
use entity::play;
use entity::time::Instant;
use entity::{echo, track};
use futures::TryStreamExt;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, JoinType, QueryFilter, QuerySelect, RelationTrait};
use tracing::error;

use super::{Scope, known, read_ahead};
use crate::batch::Batch;
use crate::pipeline::{Failure, Pipeline};
use crate::rollup::{self, Difference};

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Objects that were read.
    pub pages: usize,
    /// Plays that they name, each as often as it stands on a page.
    pub plays: usize,
    /// Plays that the database does not hold, each once.
    pub missing: usize,
    /// Objects that could not be read.
    pub unreadable: usize,
    /// Objects that are not pages.
    pub senseless: usize,
    /// Rollups that are off.
    pub differences: Vec<Difference>,
}

impl Verified {
    /// Whether the database says what the archive says.
    pub fn is_whole(&self) -> bool {
        self.missing == 0 && self.unreadable == 0 && self.differences.is_empty()
    }
}

/// Holds the plays of `scope` against the database, and the rollups against the plays.
pub async fn verify(pipeline: &Pipeline, scope: Scope) -> Result<Verified, Failure> {
    let mut verified = Verified::default();
    let people = match scope.user {
        Some(user) => vec![user],
        None => known(pipeline, scope.source).await?,
    };
    for user in people {
        verify_one(pipeline, scope, user, &mut verified).await?;
    }
    verified.differences = rollup::verify(&pipeline.db).await?;
    Ok(verified)
}

async fn verify_one(pipeline: &Pipeline, scope: Scope, user: UserId, verified: &mut Verified) -> Result<(), Failure> {
    let mut told: HashSet<(Instant, String)> = HashSet::new();
    let mut pages = std::pin::pin!(read_ahead(pipeline, scope, Kind::Plays(user)));
    while let Some((key, read)) = pages.try_next().await? {
        verified.pages += 1;
        match read {
            Ok(batch) => {
                verified.plays += batch.plays.len();
                let missing = missing(&pipeline.db, user, &batch).await?;
                let new = missing.into_iter().filter(|missing| told.insert(missing.clone())).count();
                if new > 0 {
                    verified.missing += new;
                    error!(user.id = user.0, plays = new, "{new} plays of {key} are not in the database");
                }
            }
            Err(Failure::Transform { .. }) => verified.senseless += 1,
            Err(failure) => unreadable(&key, &failure, verified),
        }
    }
    Ok(())
}

fn unreadable(key: &ArchiveKey, failure: &Failure, verified: &mut Verified) {
    error!("{key} could not be read: {}", chain(failure));
    verified.unreadable += 1;
}

/// The plays of a page that the database does not hold: neither under their track, nor under another id of the recording.
async fn missing(db: &Db, user: UserId, batch: &Batch) -> Result<Vec<(Instant, String)>, DbErr> {
    let (Some(first), Some(last)) = (batch.plays.first(), batch.plays.last()) else { return Ok(Vec::new()) };
    let within = (first.played_at, last.played_at);
    let mut rows: Vec<(Instant, String, Option<String>)> = play::Entity::find()
        .select_only()
        .column(play::Column::PlayedAt)
        .column_as(track::Column::SpotifyId, "spotify_id")
        .column_as(track::Column::Isrc, "isrc")
        .join(JoinType::InnerJoin, play::Relation::Track.def())
        .filter(play::Column::UserId.eq(user))
        .filter(play::Column::PlayedAt.between(within.0, within.1))
        .into_tuple()
        .all(db.read())
        .await?;
    // What an export tells better stands there as the export tells it; the page's record of it is kept as its echo.
    let echoes: Vec<(Instant, String, Option<String>)> = echo::Entity::find()
        .select_only()
        .column(echo::Column::PlayedAt)
        .column_as(track::Column::SpotifyId, "spotify_id")
        .column_as(track::Column::Isrc, "isrc")
        .join(JoinType::InnerJoin, echo::Relation::Track.def())
        .filter(echo::Column::UserId.eq(user))
        .filter(echo::Column::PlayedAt.between(within.0, within.1))
        .into_tuple()
        .all(db.read())
        .await?;
    rows.extend(echoes);
    let (mut plays, mut recordings) = (HashSet::new(), HashSet::new());
    for (played_at, track, isrc) in rows {
        recordings.extend(isrc.map(|isrc| (played_at, isrc)));
        plays.insert((played_at, track));
    }
    let mut missing = Vec::new();
    for play in &batch.plays {
        if plays.contains(&(play.played_at, play.track.clone())) {
            continue;
        }
        let said =
            batch.tracks.iter().find(|track| track.spotify_id == play.track).and_then(|track| track.isrc.clone());
        let isrc = match said {
            Some(isrc) => Some(isrc),
            None => isrc_of(db, &play.track).await?,
        };
        if !isrc.is_some_and(|isrc| recordings.contains(&(play.played_at, isrc))) {
            missing.push((play.played_at, play.track.clone()));
        }
    }
    Ok(missing)
}

async fn isrc_of(db: &Db, spotify_id: &str) -> Result<Option<String>, DbErr> {
    let row = track::Entity::find().filter(track::Column::SpotifyId.eq(spotify_id)).one(db.read()).await?;
    Ok(row.and_then(|track| track.isrc))
}
