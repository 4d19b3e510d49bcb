//! Runs of plays with short pauses between them.
//!
//! A play begins its listen time before it ends; a pause is the time from one play's end to the next one's beginning.

use entity::db::Db;
use entity::time::Instant;
use sea_orm::{DbErr, FromQueryResult};
use serde::{Deserialize, Serialize};

use super::scope::Scope;
use super::sql::Binds;

/// One run of plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, FromQueryResult)]
pub struct Session {
    /// When its first play began.
    pub began_at: Instant,
    /// When its last play ended.
    pub ended_at: Instant,
    /// How many plays.
    pub plays: i64,
    /// Listened milliseconds.
    pub listened_ms: i64,
}

/// The sessions worth telling.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sessions {
    /// How many.
    pub count: usize,
    /// The median of their lengths; 0 if there are none.
    pub median_ms: f64,
    /// The longest, longest first; of equals, the earliest first.
    pub longest: Vec<Session>,
}

impl Session {
    fn length_ms(&self) -> i64 {
        self.ended_at - self.began_at
    }
}

/// The sessions of `scope`, which end where a pause lasts `gap_ms` or longer, with the `first` longest.
pub async fn sessions(db: &Db, scope: &Scope, gap_ms: i64, first: usize) -> Result<Sessions, DbErr> {
    let mut binds = Binds::default();
    let plays = scope.plays(&mut binds);
    let gap = binds.bind(gap_ms);
    let text = format!(
        "WITH paused AS (
            SELECT played_at, track_id, listened_ms,
                   played_at - listened_ms - LAG(played_at) OVER (ORDER BY played_at, track_id) AS pause_ms
            FROM ({plays}) played),
         numbered AS (
            SELECT played_at, listened_ms,
                   SUM(CASE WHEN pause_ms < {gap} THEN 0 ELSE 1 END) OVER (ORDER BY played_at, track_id) AS session
            FROM paused)
         SELECT CAST(MIN(played_at - listened_ms) AS BIGINT) AS began_at, MAX(played_at) AS ended_at,
                COUNT(*) AS plays, CAST(SUM(listened_ms) AS BIGINT) AS listened_ms
         FROM numbered GROUP BY session"
    );
    let mut sessions: Vec<Session> = binds.all(db.read(), &text).await?;
    sessions.sort_by_key(|session| (std::cmp::Reverse(session.length_ms()), session.began_at, session.ended_at));
    let count = sessions.len();
    let median_ms = match count {
        0 => 0.0,
        _ => (sessions[(count - 1) / 2].length_ms() + sessions[count / 2].length_ms()) as f64 / 2.0,
    };
    sessions.truncate(first);
    Ok(Sessions { count, median_ms, longest: sessions })
}
