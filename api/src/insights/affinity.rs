//! How alike two listeners' tastes are: the cosine of the angle between their vectors of plays by primary artist, which is 1
//! for the same taste in any amount and 0 for nothing in common.

use entity::db::Db;
use entity::ids::UserId;
use entity::time::TimeRange;
use jiff::tz::TimeZone;
use sea_orm::{DbErr, FromQueryResult};
use serde::Serialize;

use super::filter::Filter;
use super::scope::{Audience, Scope};
use super::sql::Binds;

/// Two listeners in one range. The zone does not matter to what is counted of them, so it is left out where pairs are told
/// apart by their text.
#[derive(Clone, Debug, Serialize)]
pub struct Pair {
    /// The one.
    pub one: UserId,
    /// The other.
    pub other: UserId,
    /// When.
    pub range: TimeRange,
    /// Where days begin.
    #[serde(skip)]
    pub zone: TimeZone,
}

impl Pair {
    /// Both of them.
    pub fn listeners(&self) -> [UserId; 2] {
        [self.one, self.other]
    }

    /// `SELECT` of one's plays folded by track.
    async fn tracks(&self, db: &Db, user: UserId, binds: &mut Binds) -> Result<String, DbErr> {
        let audience = Audience::Listener(user);
        let scope = Scope { audience, range: self.range, zone: self.zone.clone(), filter: Filter::default() };
        scope.tracks(db, binds).await
    }

    /// `one` and `other`: plays by key, where `of` is the key of a track `p` and `join` what it takes to
    /// know it.
    async fn vectors(&self, db: &Db, of: &str, join: &str, binds: &mut Binds) -> Result<String, DbErr> {
        let (one, other) = (self.tracks(db, self.one, binds).await?, self.tracks(db, self.other, binds).await?);
        let vector = |tracks: String| {
            format!("SELECT {of} AS key, CAST(SUM(p.plays) AS BIGINT) AS plays FROM ({tracks}) p {join} GROUP BY {of}")
        };
        Ok(format!("one AS MATERIALIZED ({}), other AS MATERIALIZED ({})", vector(one), vector(other)))
    }
}

/// The order of the joins is said, because SQLite would walk through the credits of all tracks there are.
const PRIMARY_ARTIST: &str = "CROSS JOIN track_artist c WHERE c.track_id = p.track_id AND c.position = 0";

/// 0 to 1; 0 if one of the two played nothing.
pub async fn affinity(db: &Db, pair: &Pair) -> Result<f64, DbErr> {
    #[derive(FromQueryResult)]
    struct Products {
        both: f64,
        one: f64,
        other: f64,
    }
    let mut binds = Binds::default();
    let vectors = pair.vectors(db, "c.artist_id", PRIMARY_ARTIST, &mut binds).await?;
    let text = format!(
        "WITH {vectors}
         SELECT CAST(COALESCE((SELECT SUM(a.plays * b.plays) FROM one a JOIN other b ON b.key = a.key), 0)
                     AS DOUBLE PRECISION) AS both,
                CAST(COALESCE((SELECT SUM(plays * plays) FROM one), 0) AS DOUBLE PRECISION) AS one,
                CAST(COALESCE((SELECT SUM(plays * plays) FROM other), 0) AS DOUBLE PRECISION) AS other"
    );
    let products: Products = binds.one(db.read(), &text).await?;
    let lengths = products.one.sqrt() * products.other.sqrt();
    Ok(if lengths > 0.0 { (products.both / lengths).min(1.0) } else { 0.0 })
}

/// The `first` primary artists that both played: most plays of the one who played less first, then most plays together, then
/// by key.
pub async fn shared_artists(db: &Db, pair: &Pair, first: usize) -> Result<Vec<i32>, DbErr> {
    shared(db, pair, "c.artist_id", PRIMARY_ARTIST, first).await
}

/// The same for tracks.
pub async fn shared_tracks(db: &Db, pair: &Pair, first: usize) -> Result<Vec<i32>, DbErr> {
    shared(db, pair, "p.track_id", "", first).await
}

async fn shared(db: &Db, pair: &Pair, of: &str, join: &str, first: usize) -> Result<Vec<i32>, DbErr> {
    #[derive(FromQueryResult)]
    struct Row {
        key: i32,
    }
    let mut binds = Binds::default();
    let vectors = pair.vectors(db, of, join, &mut binds).await?;
    let limit = binds.bind(i64::try_from(first).expect("a list is short"));
    let text = format!(
        "WITH {vectors}
         SELECT a.key FROM one a JOIN other b ON b.key = a.key
         ORDER BY CASE WHEN a.plays < b.plays THEN a.plays ELSE b.plays END DESC, a.plays + b.plays DESC, a.key
         LIMIT {limit}"
    );
    let rows: Vec<Row> = binds.all(db.read(), &text).await?;
    Ok(rows.into_iter().map(|row| row.key).collect())
}
