//! Packs the totals of periods that are over ([`entity::packed_total`]), after the fact and any number of times.
//!
//! A period's number is read before its plays: what is packed is at least as new as the number says, and if it is newer, the
//! number has risen, so that nobody takes it for true.

use std::collections::BTreeMap;

use entity::clock::SharedClock;
use entity::db::Db;
use entity::ids::UserId;
use entity::packed_total::{self, ANY_ARTIST, Dimension, Group, Key, Sum, Whole};
use entity::period_total::{begin, period, period_ms};
use entity::revision::EVERYONE;
use entity::time::Instant;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, Iterable, Statement, TryGetable,
};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::periods;
use crate::load::records;

/// A period with fewer plays is not worth it: they are counted faster than the totals of many periods are read.
pub const PLAYS_MIN: i64 = 1_000;

/// Periods that are folded at a time.
const PERIODS_AT_A_TIME: usize = 16;

/// Stands for each listener: the periods of all of them begin at once, and are folded by the same.
const ANY_LISTENER: i32 = EVERYONE + 1;

/// Periods of one audience, one after the other.
#[derive(Clone, Copy)]
struct Run {
    audience: i32,
    first: i32,
    last: i32,
}

/// Packs every period with at least `plays_min` plays that was over at `now` and is not packed as it is; how many. A `stop`
/// leaves the rest to the next time.
pub async fn pack(db: &Db, plays_min: i64, now: Instant, stop: &CancellationToken) -> Result<u64, DbErr> {
    let mut packed = 0;
    for run in unpacked(db, plays_min, now).await? {
        if stop.is_cancelled() {
            break;
        }
        packed += pack_run(db, run, plays_min).await?;
    }
    Ok(packed)
}

/// The same, as part of something else that it must not fail: what is not packed is counted play by play, and packed next time.
pub async fn keep_packed(db: &Db, clock: &SharedClock, stop: &CancellationToken) {
    match pack(db, PLAYS_MIN, clock.now(), stop).await {
        Ok(0) => {}
        Ok(periods) => debug!(periods, "packed the totals of {periods} periods"),
        Err(error) => warn!("totals could not be packed, and questions over long ranges take longer: {error}"),
    }
}

/// What [`pack`] has to do.
async fn unpacked(db: &Db, plays_min: i64, now: Instant) -> Result<Vec<Run>, DbErr> {
    #[derive(FromQueryResult)]
    struct Row {
        audience: i32,
        period: i32,
    }
    let today = period(EVERYONE, now);
    let these_weeks = period(ANY_LISTENER, now);
    let sql = format!(
        "SELECT t.audience, t.period FROM period_total t
         WHERE t.plays >= {plays_min} AND t.period < CASE WHEN t.audience = {EVERYONE} THEN {today} ELSE {these_weeks} END
           AND (SELECT COUNT(*) FROM packed_total p
                WHERE p.audience = t.audience AND p.period = t.period AND p.number = t.number)
               < CASE WHEN t.audience = {EVERYONE} THEN {} ELSE {} END
         ORDER BY t.audience, t.period",
        dimensions(EVERYONE).count(),
        dimensions(ANY_LISTENER).count()
    );
    let rows = Row::find_by_statement(Statement::from_string(db.backend(), sql)).all(db.read()).await?;
    let mut runs: Vec<Run> = Vec::new();
    for Row { audience, period } in rows {
        match runs.last_mut() {
            Some(run)
                if run.audience == audience
                    && run.last + 1 == period
                    && (period - run.first) < PERIODS_AT_A_TIME as i32 =>
            {
                run.last = period;
            }
            _ => runs.push(Run { audience, first: period, last: period }),
        }
    }
    Ok(runs)
}

async fn pack_run(db: &Db, run: Run, plays_min: i64) -> Result<u64, DbErr> {
    if run.audience == EVERYONE {
        let packed = fold(db.read(), run, plays_min).await?;
        write(db.write(), packed).await
    } else {
        // An erasure forgets the numbers of a listener's periods, so it must not come between.
        let transaction = db.begin().await?;
        records::lock(&transaction, UserId(run.audience)).await?;
        let packed = fold(&transaction, run, plays_min).await?;
        let count = write(&transaction, packed).await?;
        transaction.commit().await?;
        Ok(count)
    }
}

/// How many packed totals are not what the plays say, of those that stand for true.
pub(super) async fn wrong(db: &impl ConnectionTrait) -> Result<i64, DbErr> {
    #[derive(FromQueryResult)]
    struct Row {
        audience: i32,
        period: i32,
    }
    let sql = "SELECT DISTINCT t.audience, t.period FROM period_total t
               JOIN packed_total p ON p.audience = t.audience AND p.period = t.period AND p.number = t.number";
    let rows = Row::find_by_statement(Statement::from_string(db.get_database_backend(), sql)).all(db).await?;
    let mut wrong = 0;
    for Row { audience, period } in rows {
        for said in fold(db, Run { audience, first: period, last: period }, 0).await? {
            let key = (audience, said.dimension, period);
            let held = packed_total::Entity::find_by_id(key).one(db).await?;
            let is_true = held.is_none_or(|held| held.number != said.number || held.bytes == said.bytes);
            wrong += i64::from(!is_true);
        }
    }
    Ok(wrong)
}

/// What the plays of `audience` are folded by: one listener's are all of that listener.
fn dimensions(audience: i32) -> impl Iterator<Item = Dimension> {
    Dimension::iter().filter(move |dimension| audience == EVERYONE || *dimension != Dimension::Listener)
}

/// What was played in each period, by primary artist, each in order.
type Wholes = BTreeMap<i32, BTreeMap<i32, Whole>>;

/// The packed totals of those periods of `run` that hold at least `plays_min` plays.
async fn fold(db: &impl ConnectionTrait, run: Run, plays_min: i64) -> Result<Vec<packed_total::Model>, DbErr> {
    #[derive(FromQueryResult)]
    struct Number {
        period: i32,
        number: i64,
    }
    let Run { audience, first, last } = run;
    let sql = format!(
        "SELECT period, number FROM period_total
         WHERE audience = {audience} AND period BETWEEN {first} AND {last} AND plays >= {plays_min}"
    );
    let numbers = Number::find_by_statement(Statement::from_string(db.get_database_backend(), sql)).all(db).await?;
    let by_artist = wholes(db, run).await?;
    let together = by_artist.iter().map(|(period, artists)| (*period, BTreeMap::from([(ANY_ARTIST, sum_of(artists))])));
    let together: Wholes = together.collect();
    let mut packed = Vec::new();
    for dimension in dimensions(audience) {
        let bytes = match dimension {
            Dimension::Genre => fold_by::<String>(db, run, dimension, &together).await?,
            Dimension::Listener => fold_by::<i32>(db, run, dimension, &together).await?,
            _ => fold_by::<i32>(db, run, dimension, &by_artist).await?,
        };
        packed.extend(numbers.iter().filter_map(|Number { period, number }| {
            let (period, number) = (*period, *number);
            bytes.get(&period).map(|bytes| packed_total::Model {
                audience,
                dimension,
                period,
                number,
                bytes: bytes.clone(),
            })
        }));
    }
    Ok(packed)
}

async fn wholes(db: &impl ConnectionTrait, run: Run) -> Result<Wholes, DbErr> {
    #[derive(FromQueryResult)]
    struct Row {
        period: i32,
        artist: i32,
        plays: i64,
        listened_ms: i64,
        measured_ms: i64,
    }
    let measured = ", SUM(CASE WHEN measured THEN listened_ms ELSE 0 END) AS measured_ms";
    let sql = format!(
        "SELECT w.period, {ARTIST} AS artist, {SUMS}, CAST(SUM(w.measured_ms) AS BIGINT) AS measured_ms
         FROM ({}) w {PRIMARY} GROUP BY 1, 2",
        folded_by("track_id", run, measured)
    );
    let mut wholes = Wholes::new();
    for row in Row::find_by_statement(Statement::from_string(db.get_database_backend(), sql)).all(db).await? {
        let Row { period, artist, plays, listened_ms, measured_ms } = row;
        wholes.entry(period).or_default().insert(artist, Whole { plays, listened_ms, measured_ms });
    }
    Ok(wholes)
}

fn sum_of(artists: &BTreeMap<i32, Whole>) -> Whole {
    let mut sum = Whole::default();
    artists.values().for_each(|whole| sum.add(*whole));
    sum
}

/// The packed totals of `run` in one dimension, by period.
async fn fold_by<K: Key + TryGetable>(
    db: &impl ConnectionTrait,
    run: Run,
    dimension: Dimension,
    wholes: &Wholes,
) -> Result<BTreeMap<i32, Vec<u8>>, DbErr> {
    let mut rows: BTreeMap<(i32, i32), Vec<(K, Sum)>> = BTreeMap::new();
    let statement = Statement::from_string(db.get_database_backend(), folded(run, dimension));
    for row in db.query_all_raw(statement).await? {
        let group = (row.try_get("", "period")?, row.try_get("", "artist")?);
        let sum = Sum { plays: row.try_get("", "plays")?, listened_ms: row.try_get("", "listened_ms")? };
        rows.entry(group).or_default().push((row.try_get("", "key")?, sum));
    }
    let pack = |(period, artists): (&i32, &BTreeMap<i32, Whole>)| {
        let groups = artists.iter().map(|(artist, whole)| {
            let mut rows = rows.remove(&(*period, *artist)).unwrap_or_default();
            rows.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
            Group { artist: *artist, whole: *whole, rows }
        });
        (*period, packed_total::pack(&groups.collect::<Vec<_>>()))
    };
    Ok(wholes.iter().map(pack).collect())
}

/// The sums of folded rows `w`.
const SUMS: &str = "CAST(SUM(w.plays) AS BIGINT) AS plays, CAST(SUM(w.listened_ms) AS BIGINT) AS listened_ms";
/// Joins tracks `w` to their primary artists `p`, where those are known.
const PRIMARY: &str = "LEFT JOIN track_artist p ON p.track_id = w.key AND p.position = 0";
/// That artist, or [`ANY_ARTIST`].
const ARTIST: &str = "COALESCE(p.artist_id, 0)";

/// `SELECT` of the plays of `run` folded by `dimension`: `period, artist, key, plays, listened_ms`. The order of the joins is said,
/// because SQLite would walk through the credits of all tracks there are.
fn folded(run: Run, dimension: Dimension) -> String {
    let tracks = folded_by("track_id", run, "");
    match dimension {
        Dimension::Track => {
            format!("SELECT w.period, {ARTIST} AS artist, w.key, w.plays, w.listened_ms FROM ({tracks}) w {PRIMARY}")
        }
        Dimension::Listener => {
            let listeners = folded_by("user_id", run, "");
            format!("SELECT w.period, {ANY_ARTIST} AS artist, w.key, w.plays, w.listened_ms FROM ({listeners}) w")
        }
        Dimension::PrimaryArtist => format!(
            "SELECT w.period, p.artist_id AS artist, p.artist_id AS key, {SUMS}
             FROM ({tracks}) w CROSS JOIN track_artist p
             WHERE p.track_id = w.key AND p.position = 0 GROUP BY w.period, p.artist_id"
        ),
        Dimension::CreditedArtist => format!(
            "SELECT w.period, {ARTIST} AS artist, c.artist_id AS key, {SUMS}
             FROM ({tracks}) w {PRIMARY} CROSS JOIN track_artist c
             WHERE c.track_id = w.key GROUP BY 1, 2, 3"
        ),
        Dimension::Album => format!(
            "SELECT w.period, {ARTIST} AS artist, t.album_id AS key, {SUMS}
             FROM ({tracks}) w {PRIMARY} CROSS JOIN track t
             WHERE t.id = w.key AND t.album_id IS NOT NULL GROUP BY 1, 2, 3"
        ),
        Dimension::Genre => format!(
            "SELECT w.period, {ANY_ARTIST} AS artist, g.genre AS key, {SUMS}
             FROM (SELECT w.period, p.artist_id, SUM(w.plays) AS plays, SUM(w.listened_ms) AS listened_ms
                   FROM ({tracks}) w CROSS JOIN track_artist p
                   WHERE p.track_id = w.key AND p.position = 0 GROUP BY w.period, p.artist_id) w
             JOIN artist_genre g ON g.artist_id = w.artist_id GROUP BY w.period, g.genre"
        ),
    }
}

/// `SELECT` of the plays of `run` folded by the column `key`: `period, key, plays, listened_ms`, and what is `counted` besides.
fn folded_by(key: &str, run: Run, counted: &str) -> String {
    format!(
        "SELECT {} AS period, {key} AS key, COUNT(*) AS plays, CAST(SUM(listened_ms) AS BIGINT) AS listened_ms{counted}
         FROM play WHERE {} GROUP BY 1, 2",
        period_of(run.audience),
        plays(run)
    )
}

fn period_of(audience: i32) -> String {
    periods::of("played_at", period_ms(audience))
}

/// The condition of the plays of `run`.
fn plays(run: Run) -> String {
    let Run { audience, first, last } = run;
    let who = if audience == EVERYONE { String::new() } else { format!("user_id = {audience} AND ") };
    format!("{who}played_at >= {} AND played_at < {}", begin(audience, first).ms(), begin(audience, last + 1).ms())
}

/// Writes packed totals; of how many periods.
async fn write(db: &impl ConnectionTrait, packed: Vec<packed_total::Model>) -> Result<u64, DbErr> {
    use packed_total::{ActiveModel, Column, Entity};
    let count = packed.iter().filter(|packed| packed.dimension == Dimension::Track).count();
    let mut rows = packed.into_iter().map(|packed| ActiveModel {
        audience: Set(packed.audience),
        dimension: Set(packed.dimension),
        period: Set(packed.period),
        number: Set(packed.number),
        bytes: Set(packed.bytes),
    });
    while rows.len() > 0 {
        let replaced = OnConflict::columns([Column::Audience, Column::Dimension, Column::Period])
            .update_columns([Column::Number, Column::Bytes])
            .to_owned();
        let some: Vec<ActiveModel> = rows.by_ref().take(PERIODS_AT_A_TIME).collect();
        Entity::insert_many(some).on_conflict(replaced).exec_without_returning(db).await?;
    }
    Ok(count as u64)
}
