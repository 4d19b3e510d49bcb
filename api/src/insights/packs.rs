//! A range seen through the totals that are packed of it ([`entity::packed_total`]): whole periods come packed, what lies
//! between and beside them is counted play by play, and both are read of one snapshot.
//!
//! Worth it only where much was played. Of what restricts the plays, weekdays are ranges of their own, and genres are told by the
//! primary artists that totals are packed by.

use std::collections::{HashMap, HashSet};

use entity::db::Db;
use entity::packed_total::{Dimension, Sum, Whole, unpack};
use entity::period_total::{begin, period_ms};
use entity::revision::EVERYONE;
use entity::time::Instant;
use fixedbitset::FixedBitSet;
use foldhash::fast::RandomState;
use futures::TryStreamExt;
use jiff::Zoned;
use sea_orm::{
    AccessMode, ActiveEnum, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, FromQueryResult, IsolationLevel,
    QueryResult, StreamTrait, TransactionTrait, TryGetable,
};

use super::filter::{Filter, artists_of_genres};
use super::scope::Scope;
use super::sql::Binds;
use super::top::{Chart, ChartKey, of_tracks};

/// Sums by key.
pub(super) type Sums<K> = HashMap<K, Sum, RandomState>;

/// More pieces than this between packed periods are not worth a statement.
const SPANS_MAX: usize = 64;

/// More days than this are not looked at one by one.
const DAYS_MAX: usize = 20_000;

/// What a scope consists of, in a snapshot of the database. It holds a connection, so nothing here may wait for another one.
pub(super) struct Packs {
    snapshot: DatabaseTransaction,
    /// What is counted, but for when it was.
    scope: Scope,
    artists: Artists,
    /// The periods that are packed, in order.
    periods: Vec<i32>,
    /// What is not, in order.
    spans: Vec<Span>,
    /// What the plays in `spans` add up to.
    beside: Whole,
}

/// Which primary artists' plays count.
struct Artists {
    /// None but these, if there are any.
    only: Option<Ids>,
    /// None of these.
    without: Ids,
}

type Ids = HashSet<i32, RandomState>;

/// From one instant, or from the beginning, until another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    from: Option<Instant>,
    until: Instant,
}

/// A period with plays.
#[derive(FromQueryResult)]
struct Period {
    period: i32,
    plays: i64,
    is_packed: bool,
}

impl Packs {
    /// What `scope` consists of, if enough of it is packed for all `charts`.
    pub(super) async fn of(db: &Db, scope: &Scope, charts: &[Chart]) -> Result<Option<Self>, DbErr> {
        let Some((by_time, by_genre)) = scope.filter.by_time_and_genre() else { return Ok(None) };
        let timed = &Scope { filter: by_time, ..scope.clone() };
        if !by_genre.is_empty() && charts.iter().any(|chart| !tells_artists(*chart)) {
            return Ok(None);
        }
        if timed.is_everything(db).await? {
            return Ok(None); // There are totals of all time.
        }
        let dimensions: Vec<Dimension> = charts.iter().copied().map(dimension).collect();
        let dimensions = dimensions.as_slice();
        // Looked at in passing first, because most ranges have nothing packed; then again in the snapshot.
        if pieces(timed, &periods(db.read(), timed, dimensions).await?).is_none() {
            return Ok(None);
        }
        let isolation = (db.backend() == DbBackend::Postgres).then_some(IsolationLevel::RepeatableRead);
        let access = (db.backend() == DbBackend::Postgres).then_some(AccessMode::ReadOnly);
        let snapshot = db.read().begin_with_config(isolation, access).await?;
        let Some((periods, spans)) = pieces(timed, &periods(&snapshot, timed, dimensions).await?) else {
            return Ok(None);
        };
        let artists = Artists::of(&snapshot, &by_genre).await?;
        let scope = Scope { filter: by_genre, ..scope.clone() };
        let beside = whole(&snapshot, &scope, &spans).await?;
        Ok(Some(Self { snapshot, scope, artists, periods, spans, beside }))
    }

    /// All of `chart`.
    pub(super) async fn fold<K: ChartKey>(&self, chart: Chart) -> Result<Folded<K>, DbErr> {
        let mut sums: Sums<K> = Sums::default();
        let whole = self.each(chart, |key, sum| sums.entry(key).or_default().add(sum)).await?;
        Ok(Folded { sums, whole })
    }

    /// How many keys `chart`, whose keys are numbers, has, and what all plays add up to. A bit for each is found faster than a
    /// sum, and rows are numbered one after the other.
    pub(super) async fn count(&self, chart: Chart) -> Result<(i64, Whole), DbErr> {
        let mut keys = FixedBitSet::new();
        let insert = |key: i32, _| keys.grow_and_insert(usize::try_from(key).expect("a row's number is positive"));
        let whole = self.each(chart, insert).await?;
        Ok((keys.count_ones(..) as i64, whole))
    }

    /// The one row that `text` answers in the same snapshot, whatever it counts.
    pub(super) async fn one<R: FromQueryResult>(&self, text: &str, binds: Binds) -> Result<R, DbErr> {
        binds.one(&self.snapshot, text).await
    }

    /// All rows that `text` answers in the same snapshot.
    pub(super) async fn all<R: FromQueryResult>(&self, text: &str, binds: Binds) -> Result<Vec<R>, DbErr> {
        binds.all(&self.snapshot, text).await
    }

    /// Calls `each` with every key of `chart` and a part of its sum, until all parts are told; what all plays add up to.
    async fn each<K: ChartKey>(&self, chart: Chart, mut each: impl FnMut(K, Sum)) -> Result<Whole, DbErr> {
        let mut whole = self.beside;
        self.each_packed(dimension(chart), &mut each, &mut whole).await?;
        self.each_played(chart, &mut each).await?;
        Ok(whole)
    }

    async fn each_packed<K: ChartKey>(
        &self,
        dimension: Dimension,
        mut each: impl FnMut(K, Sum),
        whole: &mut Whole,
    ) -> Result<(), DbErr> {
        let (Some(first), Some(last)) = (self.periods.first(), self.periods.last()) else { return Ok(()) };
        let mut binds = Binds::default();
        let (audience, dimension) = (binds.bind(audience(&self.scope)), binds.bind(dimension.to_value()));
        let (first, last) = (binds.bind(*first), binds.bind(*last));
        // Where only some weekdays count, the others' days are not even read.
        let mut sevenths: Vec<i32> = self.periods.iter().map(|period| period % 7).collect();
        sevenths.sort_unstable();
        sevenths.dedup();
        let sevenths: Vec<String> = sevenths.into_iter().map(|seventh| binds.bind(seventh)).collect();
        let text = format!(
            "SELECT period, bytes FROM packed_total
             WHERE audience = {audience} AND dimension = {dimension} AND period BETWEEN {first} AND {last}
                AND period % 7 IN ({})",
            sevenths.join(", ")
        );
        let mut rows = self.snapshot.stream_raw(binds.statement(&self.snapshot, &text)).await?;
        while let Some(row) = rows.try_next().await? {
            let (period, bytes): (i32, Vec<u8>) = (row.try_get("", "period")?, row.try_get("", "bytes")?);
            if self.periods.binary_search(&period).is_err() {
                continue;
            }
            let of_period = unpack(&bytes, |artist| self.artists.pass(artist), &mut each);
            whole.add(of_period.ok_or_else(|| {
                let how = "make it anew with `refrain-ingest rollup rebuild`";
                DbErr::Custom(format!("what is packed of period {period} is damaged: {how}"))
            })?);
        }
        Ok(())
    }

    async fn each_played<K: ChartKey>(&self, chart: Chart, mut each: impl FnMut(K, Sum)) -> Result<(), DbErr> {
        if self.spans.is_empty() {
            return Ok(());
        }
        let mut binds = Binds::default();
        let text = chart_of(chart, &format!("({}) plays", plays(&self.scope, &self.spans, &mut binds)));
        let rows: Vec<Row<K>> = binds.all(&self.snapshot, &text).await?;
        rows.into_iter().for_each(|Row { key, sum }| each(key, sum));
        Ok(())
    }
}

impl Artists {
    /// Those whose plays pass `by_genre`.
    async fn of(db: &impl ConnectionTrait, by_genre: &Filter) -> Result<Self, DbErr> {
        let only = match &by_genre.genres {
            Some(genres) => Some(of_genres(db, genres).await?),
            None => None,
        };
        Ok(Self { only, without: of_genres(db, &by_genre.excluded_genres).await? })
    }

    fn pass(&self, artist: i32) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(&artist)) && !self.without.contains(&artist)
    }
}

async fn of_genres(db: &impl ConnectionTrait, genres: &[String]) -> Result<Ids, DbErr> {
    if genres.is_empty() {
        return Ok(Ids::default());
    }
    let mut binds = Binds::default();
    let text = artists_of_genres(genres, &mut binds);
    let rows = db.query_all_raw(binds.statement(db, &text)).await?;
    rows.iter().map(|row| row.try_get("", "artist_id")).collect()
}

/// A chart as a whole, in no order.
pub(super) struct Folded<K> {
    /// Every key that was played.
    pub(super) sums: Sums<K>,
    /// All plays, also those that count for no key.
    pub(super) whole: Whole,
}

struct Row<K> {
    key: K,
    sum: Sum,
}

impl<K: TryGetable> FromQueryResult for Row<K> {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        let sum = Sum { plays: row.try_get(prefix, "plays")?, listened_ms: row.try_get(prefix, "listened_ms")? };
        Ok(Self { key: row.try_get(prefix, "key")?, sum })
    }
}

/// `SELECT` of all of `chart`, folded from `plays`: `key, plays, listened_ms`.
fn chart_of(chart: Chart, plays: &str) -> String {
    // Folded by listeners as by tracks: what is called a track there is not looked at.
    let key = if chart == Chart::Listeners { "user_id" } else { "track_id" };
    let tracks = format!(
        "SELECT {key} AS track_id, COUNT(*) AS plays, CAST(SUM(listened_ms) AS BIGINT) AS listened_ms
         FROM {plays} GROUP BY {key}"
    );
    of_tracks(&tracks, chart)
}

/// What `chart`'s plays are packed by.
pub(super) fn dimension(chart: Chart) -> Dimension {
    match chart {
        Chart::Tracks => Dimension::Track,
        Chart::PrimaryArtists => Dimension::PrimaryArtist,
        Chart::CreditedArtists => Dimension::CreditedArtist,
        Chart::Albums => Dimension::Album,
        Chart::Genres => Dimension::Genre,
        Chart::Listeners => Dimension::Listener,
    }
}

/// Whether what is packed of `chart` is told apart by primary artists.
pub(super) fn tells_artists(chart: Chart) -> bool {
    !matches!(chart, Chart::Genres | Chart::Listeners)
}

/// What the plays of `spans` add up to.
async fn whole(db: &impl ConnectionTrait, scope: &Scope, spans: &[Span]) -> Result<Whole, DbErr> {
    if spans.is_empty() {
        return Ok(Whole::default());
    }
    let mut binds = Binds::default();
    let plays = format!("({}) plays", plays(scope, spans, &mut binds));
    #[derive(FromQueryResult)]
    struct Row {
        plays: i64,
        listened_ms: i64,
        measured_ms: i64,
    }
    let text = format!(
        "SELECT COUNT(*) AS plays, CAST(COALESCE(SUM(listened_ms), 0) AS BIGINT) AS listened_ms,
                CAST(COALESCE(SUM(CASE WHEN measured THEN listened_ms ELSE 0 END), 0) AS BIGINT) AS measured_ms
         FROM {plays}"
    );
    let Row { plays, listened_ms, measured_ms } = binds.one(db, &text).await?;
    Ok(Whole { plays, listened_ms, measured_ms })
}

/// `SELECT` of the plays of `scope` in `spans`, of which there are some: `user_id, track_id, listened_ms, measured`.
fn plays(scope: &Scope, spans: &[Span], binds: &mut Binds) -> String {
    let mut conditions = scope.filter.conditions("played_at", &scope.range, &scope.zone, binds);
    conditions.extend(scope.listener().map(|user| format!("user_id = {}", binds.bind(user))));
    let conditions: String = conditions.into_iter().map(|condition| format!("{condition} AND ")).collect();
    let of_span = |Span { from, until }: &Span| {
        let from = from.map(|from| format!("played_at >= {} AND ", binds.bind(from))).unwrap_or_default();
        let until = binds.bind(*until);
        format!("SELECT user_id, track_id, listened_ms, measured FROM play WHERE {conditions}{from}played_at < {until}")
    };
    spans.iter().map(of_span).collect::<Vec<String>>().join(" UNION ALL ")
}

fn audience(scope: &Scope) -> i32 {
    scope.listener().map_or(EVERYONE, |user| user.0)
}

/// The whole periods of `scope` in which anything was played, in order.
async fn periods(db: &impl ConnectionTrait, scope: &Scope, dimensions: &[Dimension]) -> Result<Vec<Period>, DbErr> {
    let (audience, period_ms) = (audience(scope), period_ms(audience(scope)));
    let mut binds = Binds::default();
    let audience = binds.bind(audience);
    let end = binds.bind(scope.range.until().ms().div_euclid(period_ms));
    let begin = scope.range.from().map(|from| {
        let begin = -(-from.ms()).div_euclid(period_ms); // rounded up
        format!(" AND t.period >= {}", binds.bind(begin))
    });
    let begin = begin.unwrap_or_default();
    let names: Vec<String> = dimensions.iter().map(|dimension| binds.bind(dimension.to_value())).collect();
    let text = format!(
        "SELECT t.period, t.plays, COUNT(p.period) = {} AS is_packed
         FROM period_total t LEFT JOIN packed_total p ON p.audience = t.audience AND p.period = t.period
                AND p.number = t.number AND p.dimension IN ({})
         WHERE t.audience = {audience} AND t.period < {end}{begin} AND t.plays > 0
         GROUP BY t.period, t.plays ORDER BY t.period",
        dimensions.len(),
        names.join(", ")
    );
    binds.all(db, &text).await
}

/// The packed periods and what lies between them; `None` if counting all is less work.
fn pieces(scope: &Scope, periods: &[Period]) -> Option<(Vec<i32>, Vec<Span>)> {
    let audience = audience(scope);
    let (mut packed, mut spans) = (Vec::new(), Vec::new());
    let (mut packed_plays, mut other_plays) = (0, 0);
    let mut left = periods.iter().peekable();
    for Span { mut from, until } in ranges(scope, periods)? {
        while let Some(period) = left.next_if(|period| begin(audience, period.period) < until) {
            let (begin, end) = (begin(audience, period.period), begin(audience, period.period + 1));
            if from.is_some_and(|from| from >= end) {
                continue;
            }
            if !period.is_packed || end > until || from.is_some_and(|from| from > begin) {
                other_plays += period.plays;
                continue;
            }
            packed_plays += period.plays;
            packed.push(period.period);
            spans.extend((from != Some(begin)).then_some(Span { from, until: begin }));
            from = Some(end);
        }
        spans.extend((from != Some(until)).then_some(Span { from, until }));
    }
    (packed_plays > other_plays && spans.len() <= SPANS_MAX).then_some((packed, spans))
}

/// The ranges that `scope` consists of, in order: its own, or those of whole local days if it names weekdays.
fn ranges(scope: &Scope, periods: &[Period]) -> Option<Vec<Span>> {
    let (from, until) = (scope.range.from(), scope.range.until());
    let Some(weekdays) = &scope.filter.weekdays else { return Some(vec![Span { from, until }]) };
    // Nothing was played before the first period with plays.
    let from = from.or_else(|| periods.first().map(|period| begin(audience(scope), period.period)))?;
    let mut ranges: Vec<Span> = Vec::new();
    let mut day = from.in_zone(&scope.zone).start_of_day().ok()?;
    for _ in 0..DAYS_MAX {
        let next = day.tomorrow().and_then(|next| next.start_of_day()).ok()?;
        let weekday = i32::from(day.weekday().to_monday_one_offset());
        let instant = |day: &Zoned| Instant::from_ms(day.timestamp().as_millisecond());
        let (begins, ends) = (instant(&day).max(from), instant(&next).min(until));
        if weekdays.contains(&weekday) {
            match ranges.last_mut() {
                Some(last) if last.until == begins => last.until = ends,
                _ => ranges.push(Span { from: Some(begins), until: ends }),
            }
        }
        if ends == until {
            return Some(ranges);
        }
        day = next;
    }
    None
}
