//! A range seen through the totals that are packed of it ([`entity::packed_total`]): whole periods come packed, what lies
//! between and beside them is counted play by play, and both are read of one snapshot.
//!
//! Worth it only where much was played, and nothing but the range restricts what counts.

use std::collections::HashMap;

use entity::db::Db;
use entity::packed_total::{Dimension, Sum, Whole, unpack};
use entity::period_total::{begin, period_ms};
use entity::revision::EVERYONE;
use entity::time::Instant;
use foldhash::fast::RandomState;
use futures::TryStreamExt;
use sea_orm::{
    AccessMode, ActiveEnum, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, FromQueryResult, IsolationLevel,
    QueryResult, StreamTrait, TransactionTrait, TryGetable,
};

use super::scope::Scope;
use super::sql::Binds;
use super::top::{Chart, ChartKey, of_tracks};

/// Sums by key.
pub(super) type Sums<K> = HashMap<K, Sum, RandomState>;

/// More pieces than this between packed periods are not worth a statement.
const SPANS_MAX: usize = 64;

/// What a range consists of, in a snapshot of the database.
pub(super) struct Packs {
    snapshot: DatabaseTransaction,
    audience: i32,
    /// The periods that are packed, in order.
    periods: Vec<i32>,
    /// What is not, in order.
    spans: Vec<Span>,
    /// What the plays in `spans` add up to.
    beside: Whole,
}

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
        if !scope.filter.is_empty() {
            return Ok(None);
        }
        let dimensions: Vec<Dimension> = charts.iter().copied().map(dimension).collect();
        let dimensions = dimensions.as_slice();
        // Looked at in passing first, because most ranges have nothing packed; then again in the snapshot.
        if pieces(scope, &periods(db.read(), scope, dimensions).await?).is_none() {
            return Ok(None);
        }
        let isolation = (db.backend() == DbBackend::Postgres).then_some(IsolationLevel::RepeatableRead);
        let access = (db.backend() == DbBackend::Postgres).then_some(AccessMode::ReadOnly);
        let snapshot = db.read().begin_with_config(isolation, access).await?;
        let Some((periods, spans)) = pieces(scope, &periods(&snapshot, scope, dimensions).await?) else {
            return Ok(None);
        };
        let beside = whole(&snapshot, audience(scope), &spans).await?;
        Ok(Some(Self { snapshot, audience: audience(scope), periods, spans, beside }))
    }

    /// All of `chart`.
    pub(super) async fn fold<K: ChartKey>(&self, chart: Chart) -> Result<Folded<K>, DbErr> {
        let mut folded = Folded { sums: Sums::default(), whole: self.beside };
        self.add_packed(dimension(chart), &mut folded).await?;
        self.add_plays(chart, &mut folded.sums).await?;
        Ok(folded)
    }

    async fn add_packed<K: ChartKey>(&self, dimension: Dimension, folded: &mut Folded<K>) -> Result<(), DbErr> {
        let (Some(first), Some(last)) = (self.periods.first(), self.periods.last()) else { return Ok(()) };
        let mut binds = Binds::default();
        let (audience, dimension) = (binds.bind(self.audience), binds.bind(dimension.to_value()));
        let (first, last) = (binds.bind(*first), binds.bind(*last));
        let text = format!(
            "SELECT period, bytes FROM packed_total
             WHERE audience = {audience} AND dimension = {dimension} AND period BETWEEN {first} AND {last}"
        );
        let mut rows = self.snapshot.stream_raw(binds.statement(&self.snapshot, &text)).await?;
        while let Some(row) = rows.try_next().await? {
            let (period, bytes): (i32, Vec<u8>) = (row.try_get("", "period")?, row.try_get("", "bytes")?);
            if self.periods.binary_search(&period).is_err() {
                continue;
            }
            let of_period = unpack(&bytes, |key: K, sum| folded.sums.entry(key).or_default().add(sum));
            let of_period = of_period.ok_or_else(|| {
                let how = "make it anew with `refrain-ingest rollup rebuild`";
                DbErr::Custom(format!("what is packed of period {period} is damaged: {how}"))
            })?;
            folded.whole.add(of_period);
        }
        Ok(())
    }

    async fn add_plays<K: ChartKey>(&self, chart: Chart, sums: &mut Sums<K>) -> Result<(), DbErr> {
        if self.spans.is_empty() {
            return Ok(());
        }
        let mut binds = Binds::default();
        let key = if chart == Chart::Listeners { "user_id" } else { "track_id" };
        // Folded by listeners as by tracks: what is called a track there is not looked at.
        let tracks = format!(
            "SELECT {key} AS track_id, COUNT(*) AS plays, CAST(SUM(listened_ms) AS BIGINT) AS listened_ms
             FROM ({}) plays GROUP BY {key}",
            plays(self.audience, &self.spans, &mut binds)
        );
        let text = format!("WITH {} SELECT key, plays, listened_ms FROM chart", of_tracks(&tracks, "", chart).tables);
        let rows: Vec<Row<K>> = binds.all(&self.snapshot, &text).await?;
        for Row { key, sum } in rows {
            sums.entry(key).or_default().add(sum);
        }
        Ok(())
    }
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

/// What the plays of `spans` add up to.
async fn whole(db: &impl ConnectionTrait, audience: i32, spans: &[Span]) -> Result<Whole, DbErr> {
    #[derive(FromQueryResult)]
    struct Row {
        plays: i64,
        listened_ms: i64,
        measured_ms: i64,
    }
    if spans.is_empty() {
        return Ok(Whole::default());
    }
    let mut binds = Binds::default();
    let text = format!(
        "SELECT COUNT(*) AS plays, CAST(COALESCE(SUM(listened_ms), 0) AS BIGINT) AS listened_ms,
                CAST(COALESCE(SUM(CASE WHEN measured THEN listened_ms ELSE 0 END), 0) AS BIGINT) AS measured_ms
         FROM ({}) plays",
        plays(audience, spans, &mut binds)
    );
    let Row { plays, listened_ms, measured_ms } = binds.one(db, &text).await?;
    Ok(Whole { plays, listened_ms, measured_ms })
}

/// `SELECT` of the plays of `spans`, of which there are some: `user_id, track_id, listened_ms, measured`.
fn plays(audience: i32, spans: &[Span], binds: &mut Binds) -> String {
    let who = (audience != EVERYONE).then(|| format!("user_id = {} AND ", binds.bind(audience)));
    let who = who.unwrap_or_default();
    let of_span = |Span { from, until }: &Span| {
        let from = from.map(|from| format!("played_at >= {} AND ", binds.bind(from))).unwrap_or_default();
        let until = binds.bind(*until);
        format!("SELECT user_id, track_id, listened_ms, measured FROM play WHERE {who}{from}played_at < {until}")
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
    let plays = |is_packed: bool| -> i64 {
        periods.iter().filter(|period| period.is_packed == is_packed).map(|period| period.plays).sum()
    };
    if plays(true) <= plays(false) {
        return None;
    }
    let (mut spans, mut from) = (Vec::new(), scope.range.from());
    let packed: Vec<i32> = periods.iter().filter(|period| period.is_packed).map(|period| period.period).collect();
    for period in &packed {
        let until = begin(audience, *period);
        spans.extend((from != Some(until)).then_some(Span { from, until }));
        from = Some(begin(audience, period + 1));
    }
    let until = scope.range.until();
    spans.extend((from != Some(until)).then_some(Span { from, until }));
    (spans.len() <= SPANS_MAX).then_some((packed, spans))
}
