//! Which plays an insight counts: by whom, when, and which of them.

use entity::db::Db;
use entity::ids::UserId;
use entity::time::{Instant, TimeRange, previous};
use jiff::tz::TimeZone;
use sea_orm::{DbErr, FromQueryResult};

use super::filter::Filter;
use super::sql::Binds;

/// Whose listening.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Audience {
    /// All listeners together.
    Everyone,
    /// One listener.
    Listener(UserId),
}

/// The plays an insight counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Scope {
    /// By whom.
    pub audience: Audience,
    /// When.
    pub range: TimeRange,
    /// Where days begin.
    pub zone: TimeZone,
    /// Which of them.
    pub filter: Filter,
}

impl Scope {
    /// The listener whose plays these are, if it is one.
    pub fn listener(&self) -> Option<UserId> {
        match self.audience {
            Audience::Everyone => None,
            Audience::Listener(user) => Some(user),
        }
    }

    /// The same in the range of equal length just before; `None` if there is none.
    pub fn previous(&self) -> Option<Self> {
        previous(&self.range, &self.zone).map(|range| Self { range, ..self.clone() })
    }

    /// `SELECT` of the plays: `user_id, played_at, track_id, listened_ms, measured`, from a covering index.
    pub(super) fn plays(&self, binds: &mut Binds) -> String {
        let conditions = self.conditions("played_at", binds);
        format!("SELECT user_id, played_at, track_id, listened_ms, measured FROM play WHERE {conditions}")
    }

    /// `SELECT` of the plays folded by track: `track_id, plays, listened_ms`; from the rollup where it says the same.
    pub(super) async fn tracks(&self, db: &Db, binds: &mut Binds) -> Result<String, DbErr> {
        self.folded(db, "", "", binds).await
    }

    /// The same, and `measured_ms`.
    pub(super) async fn tracks_measured(&self, db: &Db, binds: &mut Binds) -> Result<String, DbErr> {
        let measured = ", CAST(SUM(CASE WHEN measured THEN listened_ms ELSE 0 END) AS BIGINT) AS measured_ms";
        self.folded(db, ", measured_ms", measured, binds).await
    }

    /// `SELECT` of the plays in one row: `plays, listened_ms`.
    pub(super) async fn whole(&self, db: &Db, binds: &mut Binds) -> Result<String, DbErr> {
        if self.is_of_track_totals(db).await? {
            let tracks = self.tracks(db, binds).await?;
            return Ok(format!("SELECT SUM(plays) AS plays, SUM(listened_ms) AS listened_ms FROM ({tracks}) tracks"));
        }
        let conditions = self.conditions("played_at", binds);
        Ok(format!("SELECT COUNT(*) AS plays, SUM(listened_ms) AS listened_ms FROM play WHERE {conditions}"))
    }

    async fn folded(&self, db: &Db, kept: &str, counted: &str, binds: &mut Binds) -> Result<String, DbErr> {
        if self.is_of_track_totals(db).await? {
            let conditions = self.filter.conditions("", &self.range, &self.zone, binds);
            let conditions = if conditions.is_empty() { "TRUE".to_owned() } else { conditions.join(" AND ") };
            return Ok(format!("SELECT track_id, plays, listened_ms{kept} FROM track_total WHERE {conditions}"));
        }
        let conditions = self.conditions("played_at", binds);
        Ok(format!(
            "SELECT track_id, COUNT(*) AS plays, CAST(SUM(listened_ms) AS BIGINT) AS listened_ms{counted}
             FROM play WHERE {conditions} GROUP BY track_id"
        ))
    }

    /// The conditions on a row with `user_id`, `track_id` and the instant `at`.
    pub(super) fn conditions(&self, at: &str, binds: &mut Binds) -> String {
        let mut conditions = Vec::new();
        if let Audience::Listener(user) = self.audience {
            conditions.push(format!("user_id = {}", binds.bind(user)));
        }
        if let Some(from) = self.range.from() {
            conditions.push(format!("{at} >= {}", binds.bind(from)));
        }
        conditions.push(format!("{at} < {}", binds.bind(self.range.until())));
        conditions.extend(self.filter.conditions(at, &self.range, &self.zone, binds));
        conditions.join(" AND ")
    }

    /// The conditions of everyone's plays in two: on a row with `track_id`, and on one with the instant `played_at`.
    pub(super) fn tracks_and_times(&self, binds: &mut Binds) -> (String, String) {
        let mut of_tracks = self.clone();
        of_tracks.filter.weekdays = None;
        let tracks = of_tracks.filter.conditions("", &self.range, &self.zone, binds).join(" AND ");
        let weekdays = Filter { weekdays: self.filter.weekdays.clone(), ..Filter::default() };
        let times = Self { filter: weekdays, ..self.clone() }.conditions("played_at", binds);
        (if tracks.is_empty() { "TRUE".to_owned() } else { tracks }, times)
    }

    /// Whether all plays by everyone count, but for the range: what the rollups tell apart.
    pub(super) fn is_everyone_unfiltered(&self) -> bool {
        self.audience == Audience::Everyone && self.filter.is_empty()
    }

    /// Whether every play there is belongs to this scope, so that the rollups of all time answer for it.
    pub(super) async fn is_everything(&self, db: &Db) -> Result<bool, DbErr> {
        Ok(self.filter.is_empty() && self.is_all_time_of_everyone(db).await?)
    }

    /// Whether the totals of tracks of all time say what of this scope's tracks was played.
    async fn is_of_track_totals(&self, db: &Db) -> Result<bool, DbErr> {
        Ok(self.filter.is_of_tracks() && self.is_all_time_of_everyone(db).await?)
    }

    /// Whether every play there is belongs to this scope, but for the filter.
    pub(super) async fn is_all_time_of_everyone(&self, db: &Db) -> Result<bool, DbErr> {
        if self.audience != Audience::Everyone || self.range.from().is_some() {
            return Ok(false);
        }
        Ok(newest_play(db).await?.is_none_or(|newest| newest < self.range.until()))
    }
}

/// When the newest play of all ended: one look at the end of an index.
async fn newest_play(db: &Db) -> Result<Option<Instant>, DbErr> {
    #[derive(FromQueryResult)]
    struct Row {
        newest: Option<Instant>,
    }
    let row: Row = Binds::default().one(db.read(), "SELECT MAX(played_at) AS newest FROM play").await?;
    Ok(row.newest)
}
