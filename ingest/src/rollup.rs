//! Totals kept beside the plays: folded from new plays in their transaction, rebuilt from all plays on demand, and checked
//! against them.
//!
//! What each table means stands with its entity. Nothing here reads a page or knows a track's name.

mod forget;
mod genres;
mod pack;
mod periods;
mod rebuild;

use std::collections::BTreeMap;

use entity::ids::{AlbumId, ArtistId, TrackId, UserId};
use entity::quarter_hour_total::QUARTER_HOUR_MS;
use entity::{period_total, play, track, track_artist, track_total};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter, QuerySelect, Statement, Value,
};

use crate::load::bulk::{BINDS_MAX, insert_numbers};

pub(crate) use forget::forget;
pub use pack::{PLAYS_MIN, keep_packed, pack};
pub use rebuild::{Difference, rebuild, verify};

/// How many, how long, and how much of that was measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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

    fn is_nothing(self) -> bool {
        self == Self::default()
    }
}

/// A table of totals.
struct Table {
    name: &'static str,
    /// What else is in the key, and the same for all rows of one change.
    rest: Option<(&'static str, &'static str)>,
    key: &'static str,
    knows_measured: bool,
}

const TRACKS: Table = Table { name: "track_total", rest: None, key: "track_id", knows_measured: true };
const ALBUMS: Table = Table { name: "album_total", rest: None, key: "album_id", knows_measured: false };
const PRIMARY_ARTISTS: Table =
    Table { name: "artist_total", rest: Some(("credit", "'primary'")), key: "artist_id", knows_measured: false };
const ALL_ARTISTS: Table =
    Table { name: "artist_total", rest: Some(("credit", "'all'")), key: "artist_id", knows_measured: false };
const LISTENERS: Table = Table { name: "listener_total", rest: None, key: "user_id", knows_measured: true };
const QUARTER_HOURS: Table =
    Table { name: "quarter_hour_total", rest: None, key: "quarter_hour", knows_measured: true };

/// Adds plays that are new to every total they count in, and takes out those that are gone: each total changes by the
/// difference. Rows are touched in the order of their keys, so that loads which run side by side queue instead of locking
/// each other out.
pub async fn change(db: &impl ConnectionTrait, added: &[play::Model], removed: &[play::Model]) -> Result<(), DbErr> {
    if added.is_empty() && removed.is_empty() {
        return Ok(());
    }
    let mut by_track: BTreeMap<TrackId, Total> = BTreeMap::new();
    let mut by_listener: BTreeMap<UserId, Total> = BTreeMap::new();
    let mut by_quarter_hour: BTreeMap<i32, Total> = BTreeMap::new();
    let mut by_period: BTreeMap<(i32, i32), i64> = BTreeMap::new();
    for (play, sign) in added.iter().map(|play| (play, 1)).chain(removed.iter().map(|play| (play, -1))) {
        let listened_ms = sign * i64::from(play.listened_ms);
        let one = Total { plays: sign, listened_ms, measured_ms: if play.measured { listened_ms } else { 0 } };
        let quarter_hour = play.played_at.ms().div_euclid(QUARTER_HOUR_MS);
        let quarter_hour = i32::try_from(quarter_hour).expect("an instant is within the calendar");
        by_track.entry(play.track_id).or_default().add(one);
        by_listener.entry(play.user_id).or_default().add(one);
        by_quarter_hour.entry(quarter_hour).or_default().add(one);
        for period in period_total::of_play(play.user_id, play.played_at) {
            *by_period.entry(period).or_default() += sign;
        }
    }
    by_track.retain(|_, total| !total.is_nothing());
    add_to(db, &TRACKS, by_track.iter().map(|(track, total)| (i64::from(track.0), *total))).await?;
    let by_artist = add_by_credit(db, &by_track).await?;
    add_to(db, &LISTENERS, by_listener.iter().map(|(user, total)| (i64::from(user.0), *total))).await?;
    let by_quarter_hour = by_quarter_hour.iter().map(|(quarter_hour, total)| (i64::from(*quarter_hour), *total));
    add_to(db, &QUARTER_HOURS, by_quarter_hour).await?;
    // Few rows that all loads share: locked last, and so for the shortest time.
    genres::change(db, &by_artist).await?;
    periods::change(db, &by_period).await
}

/// Takes the plays of `tracks` out of the totals of their artists, albums and genres, before those change; whether there are
/// any.
pub(crate) async fn discredit(db: &impl ConnectionTrait, tracks: &[TrackId]) -> Result<bool, DbErr> {
    let mut by_track = totals_of(db, tracks).await?;
    for total in by_track.values_mut() {
        *total = Total { plays: -total.plays, listened_ms: -total.listened_ms, measured_ms: -total.measured_ms };
    }
    let by_artist = add_by_credit(db, &by_track).await?;
    genres::change(db, &by_artist).await?;
    Ok(!by_track.is_empty())
}

/// Adds the plays of `tracks` to the totals of their artists, albums and genres, after those changed.
pub(crate) async fn credit(db: &impl ConnectionTrait, tracks: &[TrackId]) -> Result<(), DbErr> {
    let by_track = totals_of(db, tracks).await?;
    let by_artist = add_by_credit(db, &by_track).await?;
    genres::change(db, &by_artist).await?;
    periods::touch_tracks(db, &by_track.into_keys().collect::<Vec<_>>()).await
}

/// Takes the plays of `artists` out of the totals of their genres, before those change, and keeps other loads from adding to
/// them until the commit.
pub(crate) async fn leave_genres(db: &impl ConnectionTrait, artists: &[ArtistId]) -> Result<(), DbErr> {
    genres::move_all(db, artists, -1).await
}

/// Adds the plays of `artists` to the totals of their genres, after those changed.
pub(crate) async fn join_genres(db: &impl ConnectionTrait, artists: &[ArtistId]) -> Result<(), DbErr> {
    genres::move_all(db, artists, 1).await?;
    periods::touch_artists(db, artists).await
}

async fn totals_of(db: &impl ConnectionTrait, tracks: &[TrackId]) -> Result<BTreeMap<TrackId, Total>, DbErr> {
    let mut totals = BTreeMap::new();
    for tracks in tracks.chunks(BINDS_MAX) {
        let rows = track_total::Entity::find().filter(track_total::Column::TrackId.is_in(tracks.iter().copied()));
        for row in rows.all(db).await? {
            totals.insert(
                row.track_id,
                Total { plays: row.plays, listened_ms: row.listened_ms, measured_ms: row.measured_ms },
            );
        }
    }
    Ok(totals)
}

/// To the totals of albums and artists; what was added to those of primary artists.
async fn add_by_credit(
    db: &impl ConnectionTrait,
    by_track: &BTreeMap<TrackId, Total>,
) -> Result<BTreeMap<ArtistId, Total>, DbErr> {
    let albums = by_album(db, by_track).await?;
    add_to(db, &ALBUMS, albums.iter().map(|(album, total)| (i64::from(album.0), *total))).await?;
    let (all, primary) = by_artist(db, by_track).await?;
    // In the order of the table's key, as everywhere.
    for (table, totals) in [(&ALL_ARTISTS, &all), (&PRIMARY_ARTISTS, &primary)] {
        add_to(db, table, totals.iter().map(|(artist, total)| (i64::from(artist.0), *total))).await?;
    }
    Ok(primary)
}

async fn by_album(
    db: &impl ConnectionTrait,
    by_track: &BTreeMap<TrackId, Total>,
) -> Result<BTreeMap<AlbumId, Total>, DbErr> {
    let mut totals: BTreeMap<AlbumId, Total> = BTreeMap::new();
    let tracks: Vec<TrackId> = by_track.keys().copied().collect();
    for tracks in tracks.chunks(BINDS_MAX) {
        let albums: Vec<(TrackId, AlbumId)> = track::Entity::find()
            .select_only()
            .columns([track::Column::Id, track::Column::AlbumId])
            .filter(track::Column::Id.is_in(tracks.iter().copied()))
            .filter(track::Column::AlbumId.is_not_null())
            .into_tuple()
            .all(db)
            .await?;
        for (track, album) in albums {
            totals.entry(album).or_default().add(by_track[&track]);
        }
    }
    Ok(totals)
}

/// Totals of artists at any position, and at the first.
async fn by_artist(
    db: &impl ConnectionTrait,
    by_track: &BTreeMap<TrackId, Total>,
) -> Result<(BTreeMap<ArtistId, Total>, BTreeMap<ArtistId, Total>), DbErr> {
    let (mut all, mut primary): (BTreeMap<ArtistId, Total>, BTreeMap<ArtistId, Total>) = Default::default();
    let tracks: Vec<TrackId> = by_track.keys().copied().collect();
    for tracks in tracks.chunks(BINDS_MAX) {
        let credits: Vec<(TrackId, ArtistId, i32)> = track_artist::Entity::find()
            .select_only()
            .columns([track_artist::Column::TrackId, track_artist::Column::ArtistId, track_artist::Column::Position])
            .filter(track_artist::Column::TrackId.is_in(tracks.iter().copied()))
            .into_tuple()
            .all(db)
            .await?;
        for (track, artist, position) in credits {
            all.entry(artist).or_default().add(by_track[&track]);
            if position == 0 {
                primary.entry(artist).or_default().add(by_track[&track]);
            }
        }
    }
    Ok((all, primary))
}

/// Adds to the totals of a table what `totals`, in the order of their keys, say; what they say may be negative.
async fn add_to(
    db: &impl ConnectionTrait,
    table: &Table,
    totals: impl Iterator<Item = (i64, Total)>,
) -> Result<(), DbErr> {
    let (more, less): (Vec<_>, Vec<_>) =
        totals.filter(|(_, total)| !total.is_nothing()).partition(|(_, total)| total.plays > 0);
    add_rows(db, table, &more).await?;
    for (key, total) in less {
        subtract(db, table, key, total).await?;
    }
    Ok(())
}

/// `INSERT … ON CONFLICT (key) DO UPDATE SET measure = table.measure + excluded.measure`, for each measure.
async fn add_rows(db: &impl ConnectionTrait, table: &Table, totals: &[(i64, Total)]) -> Result<(), DbErr> {
    let name = table.name;
    let rest: Vec<(&str, String)> = table.rest.iter().map(|(column, value)| (*column, (*value).to_owned())).collect();
    let key: Vec<&str> = table.rest.iter().map(|(column, _)| *column).chain([table.key]).collect();
    let key = key.join(", ");
    let add = |measure: &str| format!("{measure} = {name}.{measure} + excluded.{measure}");
    let column = |value: fn(&Total) -> i64| totals.iter().map(|(_, total)| value(total)).collect::<Vec<i64>>();
    let keys = (table.key, totals.iter().map(|(key, _)| *key).collect());
    let plays = ("plays", column(|total| total.plays));
    let listened = ("listened_ms", column(|total| total.listened_ms));
    let always = [add("plays"), add("listened_ms")].join(", ");
    if table.knows_measured {
        let columns = [keys, plays, listened, ("measured_ms", column(|total| total.measured_ms))];
        let add = format!("ON CONFLICT ({key}) DO UPDATE SET {always}, {}", add("measured_ms"));
        insert_numbers(db, name, &rest, &columns, &add).await
    } else {
        let add = format!("ON CONFLICT ({key}) DO UPDATE SET {always}");
        insert_numbers(db, name, &rest, &[keys, plays, listened], &add).await
    }
}

/// Adds `total`, which has no more plays than nothing, to one row; a row that counts no play any more goes.
async fn subtract(db: &impl ConnectionTrait, table: &Table, key: impl Into<Value>, total: Total) -> Result<(), DbErr> {
    let key = key.into();
    let Table { name, rest, key: column, knows_measured } = table;
    let rest = rest.map_or_else(String::new, |(column, value)| format!(" AND {column} = {value}"));
    let row = format!("{column} = $1{rest}");
    let backend = db.get_database_backend();
    let statement = |sql: String, values: &[i64]| {
        let values = [key.clone()].into_iter().chain(values.iter().map(|value| Value::from(*value)));
        Statement::from_sql_and_values(backend, sql, values)
    };
    if backend == DbBackend::Postgres {
        // Locked before it is looked at: another load may be about to take out the rest, or to add to it.
        db.query_one_raw(statement(format!("SELECT 1 FROM {name} WHERE {row} FOR UPDATE"), &[])).await?;
    }
    let Total { plays, listened_ms, measured_ms } = total;
    if plays < 0 {
        let emptied = statement(format!("DELETE FROM {name} WHERE {row} AND plays = $2"), &[-plays]);
        if db.execute_raw(emptied).await?.rows_affected() > 0 {
            return Ok(());
        }
    }
    let set = "plays = plays + $2, listened_ms = listened_ms + $3";
    let changed = if *knows_measured {
        let sql = format!("UPDATE {name} SET {set}, measured_ms = measured_ms + $4 WHERE {row}");
        statement(sql, &[plays, listened_ms, measured_ms])
    } else {
        statement(format!("UPDATE {name} SET {set} WHERE {row}"), &[plays, listened_ms])
    };
    db.execute_raw(changed).await.map(|_| ())
}
