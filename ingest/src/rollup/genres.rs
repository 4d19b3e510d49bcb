//! Totals of genres: an artist's plays count for each of its genres, so they move when either changes.

use std::collections::BTreeMap;

use entity::ids::ArtistId;
use entity::{artist, artist_genre, artist_total};
use sea_orm::sea_query::LockType;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement, Value,
};

use super::{Table, Total, subtract};
use crate::load::bulk::BINDS_MAX;

const GENRES: Table = Table { name: "genre_total", rest: None, key: "genre", knows_measured: false };

/// Adds to the totals of genres what their artists' totals changed by.
pub(super) async fn change(db: &impl ConnectionTrait, by_artist: &BTreeMap<ArtistId, Total>) -> Result<(), DbErr> {
    let artists: Vec<ArtistId> = by_artist.keys().copied().collect();
    // Behind the lock: who is about to change an artist's genres has moved what is here, or sees what is added.
    lock(db, &artists, LockType::KeyShare).await?;
    add(db, &of_genres(db, by_artist).await?).await
}

/// Adds all plays of `artists` to the totals of the genres they have, or takes them out with `sign` -1.
pub(super) async fn move_all(db: &impl ConnectionTrait, artists: &[ArtistId], sign: i64) -> Result<(), DbErr> {
    lock(db, artists, LockType::Update).await?;
    let mut by_artist = BTreeMap::new();
    for artists in artists.chunks(BINDS_MAX) {
        let rows = artist_total::Entity::find()
            .filter(artist_total::Column::Credit.eq(artist_total::Credit::Primary))
            .filter(artist_total::Column::ArtistId.is_in(artists.iter().copied()));
        for row in rows.all(db).await? {
            let total = Total { plays: sign * row.plays, listened_ms: sign * row.listened_ms, measured_ms: 0 };
            by_artist.insert(row.artist_id, total);
        }
    }
    add(db, &of_genres(db, &by_artist).await?).await
}

async fn lock(db: &impl ConnectionTrait, artists: &[ArtistId], lock: LockType) -> Result<(), DbErr> {
    if db.get_database_backend() != DbBackend::Postgres {
        return Ok(()); // A transaction that writes has the database to itself.
    }
    for artists in artists.chunks(BINDS_MAX) {
        let rows = artist::Entity::find()
            .select_only()
            .column(artist::Column::Id)
            .filter(artist::Column::Id.is_in(artists.iter().copied()))
            .order_by_asc(artist::Column::Id)
            .lock(lock);
        rows.into_tuple::<ArtistId>().all(db).await?;
    }
    Ok(())
}

async fn of_genres(
    db: &impl ConnectionTrait,
    by_artist: &BTreeMap<ArtistId, Total>,
) -> Result<BTreeMap<String, Total>, DbErr> {
    let mut totals: BTreeMap<String, Total> = BTreeMap::new();
    let artists: Vec<ArtistId> = by_artist.keys().copied().collect();
    for artists in artists.chunks(BINDS_MAX) {
        let rows = artist_genre::Entity::find().filter(artist_genre::Column::ArtistId.is_in(artists.iter().copied()));
        for row in rows.all(db).await? {
            totals.entry(row.genre).or_default().add(by_artist[&row.artist_id]);
        }
    }
    Ok(totals)
}

async fn add(db: &impl ConnectionTrait, totals: &BTreeMap<String, Total>) -> Result<(), DbErr> {
    let (more, less): (Vec<_>, Vec<_>) =
        totals.iter().filter(|(_, total)| !total.is_nothing()).partition(|(_, total)| total.plays > 0);
    for rows in more.chunks(BINDS_MAX / 3) {
        let row = |i: usize| format!("(${}, ${}, ${})", 3 * i + 1, 3 * i + 2, 3 * i + 3);
        let sql = format!(
            "INSERT INTO genre_total (genre, plays, listened_ms) VALUES {}
             ON CONFLICT (genre) DO UPDATE SET plays = genre_total.plays + excluded.plays,
                listened_ms = genre_total.listened_ms + excluded.listened_ms",
            (0..rows.len()).map(row).collect::<Vec<_>>().join(", ")
        );
        let values = rows
            .iter()
            .flat_map(|(genre, total)| [Value::from(genre.as_str()), total.plays.into(), total.listened_ms.into()]);
        db.execute_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await?;
    }
    for (genre, total) in less {
        subtract(db, &GENRES, genre.as_str(), *total).await?;
    }
    Ok(())
}
