//! What people's listening is like: what is new to them, from which years, how it sounds, what they skip, whom they resemble.

use std::sync::Arc;

use async_graphql::{Context, Object, Result, SimpleObject};
use entity::ids::{ArtistId, TrackId};
use futures::future::try_join_all;

use super::catalogue::{Artist, AudioFeatures, Track};
use super::context;
use super::paging::list_length;
use super::scalars::{DateTime, Long};
use crate::cache::Field;
use crate::insights::{self, Pair};

/// What was played for the first time ever. The first play is the listener's, whatever the range and filter; it counts here if
/// it is among the plays that count.
pub(super) struct Discoveries(pub(super) Arc<insights::Discoveries>);

/// A track and its first play.
pub(super) struct Discovery(insights::Discovery);

/// What was played for the first time ever: of all of a listener's plays, whatever the range and filter, the first one (or one
/// of several at that instant) is among those that count here.
#[Object]
impl Discoveries {
    /// Tracks that were new.
    async fn tracks(&self) -> Long {
        Long(self.0.tracks)
    }

    /// Primary artists who were new.
    async fn artists(&self) -> Long {
        Long(self.0.artists)
    }

    /// Albums that were new.
    async fn albums(&self) -> Long {
        Long(self.0.albums)
    }

    /// The new tracks, newest first; of several at one instant, in order of id.
    async fn newest(&self) -> Vec<Discovery> {
        self.0.newest.iter().copied().map(Discovery).collect()
    }
}

/// A track and its first play.
#[Object]
impl Discovery {
    /// When it was first played.
    async fn first_played_at(&self) -> DateTime {
        DateTime(self.0.first_played_at)
    }

    /// The track.
    async fn track(&self, ctx: &Context<'_>) -> Result<Track> {
        Track::load(ctx, self.0.track_id).await
    }
}

/// The plays of one year's albums.
#[derive(SimpleObject)]
pub(super) struct ReleaseYear {
    /// The year in which the albums appeared.
    year: i32,
    /// How many plays.
    plays: Long,
    /// Listened milliseconds.
    listen_time_ms: Long,
}

impl From<insights::ReleaseYear> for ReleaseYear {
    fn from(year: insights::ReleaseYear) -> Self {
        Self { year: year.year, plays: Long(year.plays), listen_time_ms: Long(year.listened_ms) }
    }
}

/// How the plays sound.
#[derive(SimpleObject)]
pub(super) struct AudioProfile {
    /// Part of the plays whose tracks have features, 0 to 1.
    coverage: f64,
    /// Mean features over those plays: each play weighs the same.
    features: AudioFeatures,
}

impl From<insights::AudioProfile> for AudioProfile {
    fn from(profile: insights::AudioProfile) -> Self {
        Self { coverage: profile.covered as f64 / profile.plays as f64, features: AudioFeatures::from(&profile) }
    }
}

/// How often streams were cut short. Only privacy exports tell.
pub(super) struct SkipReport(pub(super) Arc<insights::SkipReport>);

/// A track that was skipped.
pub(super) struct SkippedTrack(insights::SkippedTrack);

/// How often streams were cut short. Only privacy exports tell; all zeros where none was imported.
#[Object]
impl SkipReport {
    /// Streams that exports tell of: plays and skips.
    async fn streams(&self) -> Long {
        Long(self.0.exported_plays + self.0.skips)
    }

    /// Streams that were cut short, and so are no plays.
    async fn skips(&self) -> Long {
        Long(self.0.skips)
    }

    /// Part of the range's plays that come from exports, 0 to 1.
    async fn coverage(&self) -> f64 {
        if self.0.plays > 0 { self.0.exported_plays as f64 / self.0.plays as f64 } else { 0.0 }
    }

    /// The ten most skipped tracks; of equals, the one played less, then in order of id.
    async fn most_skipped(&self) -> Vec<SkippedTrack> {
        self.0.most_skipped.iter().copied().map(SkippedTrack).collect()
    }
}

/// A track that was skipped.
#[Object]
impl SkippedTrack {
    /// The track.
    async fn track(&self, ctx: &Context<'_>) -> Result<Track> {
        Track::load(ctx, self.0.track_id).await
    }

    /// How often it was cut short.
    async fn skips(&self) -> Long {
        Long(self.0.skips)
    }

    /// How often it was played in the same range.
    async fn plays(&self) -> Long {
        Long(self.0.plays)
    }
}

/// How alike two listeners' tastes are.
pub(super) struct Affinity {
    pair: Pair,
    score: f64,
}

const AFFINITY: Field<f64> = Field::new("affinity");
const SHARED_ARTISTS: Field<Vec<i32>> = Field::new("sharedArtists");
const SHARED_TRACKS: Field<Vec<i32>> = Field::new("sharedTracks").of_plays_alone();

impl Affinity {
    /// How alike the two of `pair` are.
    pub(super) async fn ask(ctx: &Context<'_>, pair: Pair) -> Result<Self> {
        let score = context::of(ctx)
            .ask_about(&AFFINITY, &pair.listeners(), &pair, |db| {
                let pair = pair.clone();
                async move { insights::affinity(&db, &pair).await }
            })
            .await?;
        Ok(Self { score: *score, pair })
    }
}

/// How alike two listeners' tastes are in a range.
#[Object]
impl Affinity {
    /// 0 to 1: the cosine of the two listeners' vectors of plays by primary artist. 0 if either played nothing.
    async fn score(&self) -> f64 {
        self.score
    }

    /// Primary artists that both played: first those with the most plays by the one who played them less, then with the most
    /// plays by both together, then in order of id.
    async fn shared_artists(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100.", default_with = "Some(10)")] first: Option<i32>,
    ) -> Result<Vec<Artist>> {
        let first = list_length(first.unwrap_or(10))?;
        let pair = self.pair.clone();
        let keys = context::of(ctx)
            .ask_about(&SHARED_ARTISTS, &pair.listeners(), (&pair, first), |db| {
                let pair = pair.clone();
                async move { insights::shared_artists(&db, &pair, first).await }
            })
            .await?;
        try_join_all(keys.iter().map(|key| Artist::load(ctx, ArtistId(*key)))).await
    }

    /// Tracks that both played, in the same order.
    async fn shared_tracks(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100.", default_with = "Some(10)")] first: Option<i32>,
    ) -> Result<Vec<Track>> {
        let first = list_length(first.unwrap_or(10))?;
        let pair = self.pair.clone();
        let keys = context::of(ctx)
            .ask_about(&SHARED_TRACKS, &pair.listeners(), (&pair, first), |db| {
                let pair = pair.clone();
                async move { insights::shared_tracks(&db, &pair, first).await }
            })
            .await?;
        try_join_all(keys.iter().map(|key| Track::load(ctx, TrackId(*key)))).await
    }
}
