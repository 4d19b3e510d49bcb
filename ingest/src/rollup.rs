//! Totals kept beside the plays: folded from new plays in their transaction, rebuilt from all plays on demand, and checked
//! against them.
//!
//! What each table means stands with its entity. Nothing here reads a page or knows a track's name.

mod forget;
mod rebuild;

use std::collections::BTreeMap;

use entity::artist_total::Credit;
use entity::ids::{AlbumId, ArtistId, TrackId, UserId};
use entity::quarter_hour_total::QUARTER_HOUR_MS;
use entity::{album_total, artist_total, listener_total, play, quarter_hour_total, track, track_artist, track_total};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};

pub(crate) use forget::forget;
pub use rebuild::{Difference, rebuild, verify};

/// How many, how long, and how much of that was measured.
#[derive(Clone, Copy, Default)]
struct Total {
    plays: i64,
    listened_ms: i64,
    measured_ms: i64,
}

impl Total {
    fn add(&mut self, other: Self) {
        self.plays += other.plays;
        self.listened_ms += other.listened_ms;
        self.measured_ms += other.measured_ms;
    }
}

/// Adds plays that are really new to every total they count in. Rows are touched in the order of their keys, so that loads
/// which run side by side queue instead of locking each other out.
pub async fn fold(db: &impl ConnectionTrait, plays: &[play::Model]) -> Result<(), DbErr> {
    if plays.is_empty() {
        return Ok(());
    }
    let mut by_track: BTreeMap<TrackId, Total> = BTreeMap::new();
    let mut by_listener: BTreeMap<UserId, Total> = BTreeMap::new();
    let mut by_quarter_hour: BTreeMap<i32, Total> = BTreeMap::new();
    for play in plays {
        let listened_ms = i64::from(play.listened_ms);
        let one = Total { plays: 1, listened_ms, measured_ms: if play.measured { listened_ms } else { 0 } };
        let quarter_hour = play.played_at.ms().div_euclid(QUARTER_HOUR_MS);
        let quarter_hour = i32::try_from(quarter_hour).expect("an instant is within the calendar");
        by_track.entry(play.track_id).or_default().add(one);
        by_listener.entry(play.user_id).or_default().add(one);
        by_quarter_hour.entry(quarter_hour).or_default().add(one);
    }
    add_to_tracks(db, &by_track).await?;
    add_by_credit(db, &by_track).await?;
    add_to_listeners(db, by_listener).await?;
    add_to_quarter_hours(db, by_quarter_hour).await
}

/// Takes the plays of `tracks` out of the totals of their artists and albums, before those change.
pub(crate) async fn discredit(db: &impl ConnectionTrait, tracks: &[TrackId]) -> Result<(), DbErr> {
    let by_track = totals_of(db, tracks).await?;
    for (album, total) in by_album(db, &by_track).await? {
        use album_total::{Column, Entity};
        subtract::<Entity>(db, Column::AlbumId.eq(album), Column::Plays, Column::ListenedMs, total).await?;
    }
    for ((credit, artist), total) in by_artist(db, &by_track).await? {
        use artist_total::{Column, Entity};
        let row = Column::Credit.eq(credit).and(Column::ArtistId.eq(artist));
        subtract::<Entity>(db, row, Column::Plays, Column::ListenedMs, total).await?;
    }
    Ok(())
}

/// Takes `total` out of one row; a row that counts no play any more goes.
async fn subtract<E: EntityTrait>(
    db: &impl ConnectionTrait,
    row: Expr,
    plays: E::Column,
    listened_ms: E::Column,
    total: Total,
) -> Result<(), DbErr> {
    // Locked before it is looked at: another load may be about to take out the rest, or to add to it.
    E::find().filter(row.clone()).lock_exclusive().one(db).await?;
    let emptied = E::delete_many().filter(row.clone()).filter(plays.eq(total.plays)).exec(db).await?;
    if emptied.rows_affected == 0 {
        E::update_many()
            .col_expr(plays, Expr::col(plays).sub(total.plays))
            .col_expr(listened_ms, Expr::col(listened_ms).sub(total.listened_ms))
            .filter(row)
            .exec(db)
            .await?;
    }
    Ok(())
}

/// Adds the plays of `tracks` to the totals of their artists and albums, after those changed.
pub(crate) async fn credit(db: &impl ConnectionTrait, tracks: &[TrackId]) -> Result<(), DbErr> {
    add_by_credit(db, &totals_of(db, tracks).await?).await
}

async fn totals_of(db: &impl ConnectionTrait, tracks: &[TrackId]) -> Result<BTreeMap<TrackId, Total>, DbErr> {
    let rows = track_total::Entity::find().filter(track_total::Column::TrackId.is_in(tracks.iter().copied())).all(db);
    let total = |row: track_total::Model| Total { plays: row.plays, listened_ms: row.listened_ms, measured_ms: 0 };
    Ok(rows.await?.into_iter().map(|row| (row.track_id, total(row))).collect())
}

async fn add_by_credit(db: &impl ConnectionTrait, by_track: &BTreeMap<TrackId, Total>) -> Result<(), DbErr> {
    add_to_albums(db, by_album(db, by_track).await?).await?;
    add_to_artists(db, by_artist(db, by_track).await?).await
}

async fn by_album(
    db: &impl ConnectionTrait,
    by_track: &BTreeMap<TrackId, Total>,
) -> Result<BTreeMap<AlbumId, Total>, DbErr> {
    let albums: Vec<(TrackId, AlbumId)> = track::Entity::find()
        .select_only()
        .columns([track::Column::Id, track::Column::AlbumId])
        .filter(track::Column::Id.is_in(by_track.keys().copied()))
        .filter(track::Column::AlbumId.is_not_null())
        .into_tuple()
        .all(db)
        .await?;
    let mut totals: BTreeMap<AlbumId, Total> = BTreeMap::new();
    for (track, album) in albums {
        totals.entry(album).or_default().add(by_track[&track]);
    }
    Ok(totals)
}

async fn by_artist(
    db: &impl ConnectionTrait,
    by_track: &BTreeMap<TrackId, Total>,
) -> Result<BTreeMap<(Credit, ArtistId), Total>, DbErr> {
    let credits: Vec<(TrackId, ArtistId, i32)> = track_artist::Entity::find()
        .select_only()
        .columns([track_artist::Column::TrackId, track_artist::Column::ArtistId, track_artist::Column::Position])
        .filter(track_artist::Column::TrackId.is_in(by_track.keys().copied()))
        .into_tuple()
        .all(db)
        .await?;
    let mut totals: BTreeMap<(Credit, ArtistId), Total> = BTreeMap::new();
    for (track, artist, position) in credits {
        totals.entry((Credit::All, artist)).or_default().add(by_track[&track]);
        if position == 0 {
            totals.entry((Credit::Primary, artist)).or_default().add(by_track[&track]);
        }
    }
    Ok(totals)
}

async fn add_to_tracks(db: &impl ConnectionTrait, totals: &BTreeMap<TrackId, Total>) -> Result<(), DbErr> {
    use track_total::{ActiveModel, Column, Entity};
    let rows = totals.iter().map(|(track, total)| ActiveModel {
        track_id: Set(*track),
        plays: Set(total.plays),
        listened_ms: Set(total.listened_ms),
    });
    let add = adding(Entity, [Column::TrackId], [Column::Plays, Column::ListenedMs]);
    Entity::insert_many(rows).on_conflict(add).exec_without_returning(db).await.map(|_| ())
}

async fn add_to_albums(db: &impl ConnectionTrait, totals: BTreeMap<AlbumId, Total>) -> Result<(), DbErr> {
    use album_total::{ActiveModel, Column, Entity};
    let rows = totals.into_iter().map(|(album, total)| ActiveModel {
        album_id: Set(album),
        plays: Set(total.plays),
        listened_ms: Set(total.listened_ms),
    });
    let add = adding(Entity, [Column::AlbumId], [Column::Plays, Column::ListenedMs]);
    Entity::insert_many(rows).on_conflict(add).exec_without_returning(db).await.map(|_| ())
}

async fn add_to_artists(db: &impl ConnectionTrait, totals: BTreeMap<(Credit, ArtistId), Total>) -> Result<(), DbErr> {
    use artist_total::{ActiveModel, Column, Entity};
    let rows = totals.into_iter().map(|((credit, artist), total)| ActiveModel {
        credit: Set(credit),
        artist_id: Set(artist),
        plays: Set(total.plays),
        listened_ms: Set(total.listened_ms),
    });
    let add = adding(Entity, [Column::Credit, Column::ArtistId], [Column::Plays, Column::ListenedMs]);
    Entity::insert_many(rows).on_conflict(add).exec_without_returning(db).await.map(|_| ())
}

async fn add_to_listeners(db: &impl ConnectionTrait, totals: BTreeMap<UserId, Total>) -> Result<(), DbErr> {
    use listener_total::{ActiveModel, Column, Entity};
    let rows = totals.into_iter().map(|(user, total)| ActiveModel {
        user_id: Set(user),
        plays: Set(total.plays),
        listened_ms: Set(total.listened_ms),
        measured_ms: Set(total.measured_ms),
    });
    let add = adding(Entity, [Column::UserId], [Column::Plays, Column::ListenedMs, Column::MeasuredMs]);
    Entity::insert_many(rows).on_conflict(add).exec_without_returning(db).await.map(|_| ())
}

async fn add_to_quarter_hours(db: &impl ConnectionTrait, totals: BTreeMap<i32, Total>) -> Result<(), DbErr> {
    use quarter_hour_total::{ActiveModel, Column, Entity};
    let rows = totals.into_iter().map(|(quarter_hour, total)| ActiveModel {
        quarter_hour: Set(quarter_hour),
        plays: Set(total.plays),
        listened_ms: Set(total.listened_ms),
        measured_ms: Set(total.measured_ms),
    });
    let add = adding(Entity, [Column::QuarterHour], [Column::Plays, Column::ListenedMs, Column::MeasuredMs]);
    Entity::insert_many(rows).on_conflict(add).exec_without_returning(db).await.map(|_| ())
}

/// `ON CONFLICT (key) DO UPDATE SET measure = table.measure + excluded.measure`, for each measure.
fn adding<E: EntityTrait, const K: usize, const M: usize>(
    table: E,
    key: [E::Column; K],
    measures: [E::Column; M],
) -> OnConflict
where
    E::Column: Copy,
{
    let mut add = OnConflict::columns(key);
    for measure in measures {
        let sum = Expr::col((table, measure)).add(Expr::col((Alias::new("excluded"), measure)));
        add.value(measure, sum);
    }
    add
}
