//! How the plays sound: mean audio features, weighted by plays.

use entity::db::Db;
use sea_orm::{DbErr, FromQueryResult};
use serde::{Deserialize, Serialize};

use super::played::Played;
use super::scope::Scope;
use super::sql::Binds;
use super::top::Chart;

/// Means over the plays whose tracks have features.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, FromQueryResult)]
pub struct AudioProfile {
    /// How many plays there are.
    pub plays: i64,
    /// How many of them have features.
    pub covered: i64,
    /// 0 to 1.
    pub acousticness: f64,
    /// 0 to 1.
    pub danceability: f64,
    /// 0 to 1.
    pub energy: f64,
    /// 0 to 1.
    pub instrumentalness: f64,
    /// 0 to 1.
    pub liveness: f64,
    /// Decibels.
    pub loudness_db: f64,
    /// 0 to 1.
    pub speechiness: f64,
    /// Beats per minute.
    pub tempo_bpm: f64,
    /// 0 to 1.
    pub valence: f64,
}

/// The profile of `scope`; `None` if no play has features.
pub async fn audio_profile(db: &Db, scope: &Scope) -> Result<Option<AudioProfile>, DbErr> {
    let mut binds = Binds::default();
    let tracks = Played::by(Chart::Tracks, db, scope, &mut binds).await?;
    let means: String = [
        "acousticness",
        "danceability",
        "energy",
        "instrumentalness",
        "liveness",
        "loudness_db",
        "speechiness",
        "tempo_bpm",
        "valence",
    ]
    .map(|feature| format!(", COALESCE(SUM(w.plays * f.{feature}) / SUM(CASE WHEN f.track_id IS NULL THEN 0 ELSE w.plays END), 0.0) AS {feature}"))
    .concat();
    let text = format!(
        "WITH {}
         SELECT CAST(COALESCE(SUM(w.plays), 0) AS BIGINT) AS plays,
                CAST(COALESCE(SUM(CASE WHEN f.track_id IS NULL THEN 0 ELSE w.plays END), 0) AS BIGINT) AS covered
                {means}
         FROM chart w LEFT JOIN track_features f ON f.track_id = w.key",
        tracks.tables
    );
    let profile: Vec<AudioProfile> = tracks.all(db, &text, binds).await?;
    Ok(profile.into_iter().find(|profile| profile.covered > 0))
}
