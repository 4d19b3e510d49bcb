//! Who is asked about, and when.

use anyhow::Context;
use entity::db::Db;
use entity::time::{Preset, RangeSpec, TimeRange, previous, resolve, zone};
use jiff::tz::TimeZone;
use sea_orm::{ConnectionTrait, DatabaseConnection, FromQueryResult, Statement};

use crate::world::NOW;

/// One listener, or everyone.
pub(crate) struct Subject {
    /// As in tables.
    pub(crate) name: &'static str,
    /// Plays ever.
    pub(crate) plays: i64,
    /// The username; everyone if absent.
    pub(crate) listener: Option<String>,
    /// Somebody who listens as much, to be compared with.
    pub(crate) other: String,
    zone: TimeZone,
}

/// When.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    AllTime,
    Year,
    Month,
}

impl When {
    pub(crate) const EACH: [Self; 3] = [Self::AllTime, Self::Year, Self::Month];

    /// As in tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::AllTime => "all time",
            Self::Year => "365 days",
            Self::Month => "30 days",
        }
    }

    /// As a client says it.
    pub(crate) fn input(self) -> &'static str {
        match self {
            Self::AllTime => "{ preset: ALL_TIME }",
            Self::Year => "{ preset: LAST_365_DAYS }",
            Self::Month => "{ preset: LAST_30_DAYS }",
        }
    }

    fn range(self, zone: &TimeZone) -> TimeRange {
        let preset = match self {
            Self::AllTime => Preset::AllTime,
            Self::Year => Preset::Last365Days,
            Self::Month => Preset::Last30Days,
        };
        resolve(RangeSpec::Preset(preset), zone, NOW).expect("the present is within the calendar")
    }
}

/// Things to ask about.
pub(crate) struct Things {
    genre: String,
    artist: String,
    rare_artist: String,
    album: String,
    track: String,
}

impl Things {
    /// The most played of each kind, and a rarely played artist.
    pub(crate) async fn find(db: &Db) -> anyhow::Result<Self> {
        let text = async |sql: &str| -> anyhow::Result<String> {
            let statement = Statement::from_string(db.backend(), sql);
            let row = db.read().query_one_raw(statement).await?.context("the generated database is empty")?;
            Ok(row.try_get_by_index(0)?)
        };
        Ok(Self {
            genre: text(
                "SELECT g.genre FROM artist_total t JOIN artist_genre g ON g.artist_id = t.artist_id
                 WHERE t.credit = 'primary' GROUP BY g.genre ORDER BY SUM(t.plays) DESC LIMIT 1",
            )
            .await?,
            artist: text(
                "SELECT a.spotify_id FROM artist_total t JOIN artist a ON a.id = t.artist_id
                 WHERE t.credit = 'all' ORDER BY t.plays DESC LIMIT 1",
            )
            .await?,
            rare_artist: text(
                "SELECT a.spotify_id FROM artist_total t JOIN artist a ON a.id = t.artist_id
                 WHERE t.credit = 'all' ORDER BY t.plays, a.id LIMIT 1",
            )
            .await?,
            album: text(
                "SELECT a.spotify_id FROM album_total t JOIN album a ON a.id = t.album_id ORDER BY t.plays DESC LIMIT 1",
            )
            .await?,
            track: text(
                "SELECT a.spotify_id FROM track_total t JOIN track a ON a.id = t.track_id ORDER BY t.plays DESC LIMIT 1",
            )
            .await?,
        })
    }
}

impl Subject {
    /// A listener in the middle, one whom 99 of 100 stay below, the most active one, and everyone.
    pub(crate) async fn find(db: &Db) -> anyhow::Result<Vec<Self>> {
        #[derive(FromQueryResult)]
        struct Row {
            username: String,
            time_zone: String,
            plays: i64,
        }
        let statement = Statement::from_string(
            db.backend(),
            "SELECT u.username, u.time_zone, t.plays FROM listener_total t JOIN \"user\" u ON u.id = t.user_id
             ORDER BY t.plays DESC, u.id",
        );
        let rows = Row::find_by_statement(statement).all(db.read()).await?;
        let listener = async |name, from: usize| -> anyhow::Result<Self> {
            for row in &rows[from..] {
                let zone = zone(&row.time_zone)?;
                let month = When::Month.range(&zone).from().expect("thirty days have a beginning");
                if plays_since(db.read(), &row.username, month.ms()).await? > 0 {
                    let other = rows[from + 1].username.clone();
                    return Ok(Self { name, plays: row.plays, listener: Some(row.username.clone()), other, zone });
                }
            }
            anyhow::bail!("nobody played anything in the last 30 days")
        };
        let plays = rows.iter().map(|row| row.plays).sum();
        Ok(vec![
            listener("the median listener", rows.len() / 2).await?,
            listener("the 99th percentile", rows.len() / 100).await?,
            listener("the heaviest listener", 0).await?,
            Self { name: "everyone", plays, listener: None, other: String::new(), zone: TimeZone::UTC },
        ])
    }

    /// `template` with its words filled in.
    pub(crate) fn fill(&self, template: &str, when: When, things: &Things) -> String {
        let range = when.range(&self.zone);
        let listener = self.listener.as_deref();
        let before = previous(&range, &self.zone).map(|range| conditions(listener, &range, "played_at"));
        [
            ("$rare_artist", things.rare_artist.as_str()),
            ("$here", &conditions(listener, &range, "played_at")),
            ("$there", &conditions(Some(&self.other), &range, "played_at")),
            ("$skipped", &conditions(listener, &range, "skipped_at")),
            ("$before", &before.unwrap_or_default()),
            ("$from_ms", &range.from().map_or(0, entity::time::Instant::ms).to_string()),
            ("$user", listener.unwrap_or_default()),
            ("$other", &self.other),
            ("$range", when.input()),
            ("$genre", &things.genre),
            ("$artist", &things.artist),
            ("$album", &things.album),
            ("$track", &things.track),
        ]
        .iter()
        .fold(template.to_owned(), |text, (word, value)| text.replace(word, value))
    }
}

fn conditions(listener: Option<&str>, range: &TimeRange, at: &str) -> String {
    let mut conditions = vec![format!("p.{at} < {}", range.until().ms())];
    if let Some(from) = range.from() {
        conditions.push(format!("p.{at} >= {}", from.ms()));
    }
    if let Some(listener) = listener {
        conditions.push(format!("p.user_id = '{listener}'"));
    }
    conditions.join(" AND ")
}

async fn plays_since(db: &DatabaseConnection, username: &str, from_ms: i64) -> anyhow::Result<i64> {
    let statement = Statement::from_sql_and_values(
        db.get_database_backend(),
        "SELECT COUNT(*) FROM play p JOIN \"user\" u ON u.id = p.user_id WHERE u.username = $1 AND p.played_at >= $2",
        [username.into(), from_ms.into()],
    );
    let row = db.query_one_raw(statement).await?.context("a count is one row")?;
    Ok(row.try_get_by_index(0)?)
}
