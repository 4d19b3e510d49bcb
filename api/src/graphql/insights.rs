//! Listening by one audience in one range: who × when.

use async_graphql::{Context, Object, Result};
use entity::measure::listen_time_text;
use entity::time::Instant;
use jiff::tz::TimeZone as Zone;

use super::catalogue::{Artist, Track};
use super::chart::{ArtistCredit, Asked, ChartConnection, Measure};
use super::context;
use super::scalars::{DateTime, Long};
use super::time::{TimeRange, TimeRangeInput};
use super::user::User;
use crate::error;
use crate::insights::{self, Audience, Chart, Scope};

/// One audience in one range.
pub(super) struct Insights {
    scope: Scope,
    zone: Zone,
    as_of: Instant,
}

impl Insights {
    /// The insights of `audience` in `range`, with days as they begin in `zone`.
    pub(super) fn resolve(ctx: &Context<'_>, audience: Audience, range: TimeRangeInput, zone: Zone) -> Result<Self> {
        let now = context::of(ctx).now;
        let range = range.resolve(&zone, now)?;
        Ok(Self { scope: Scope { audience, range }, zone, as_of: now })
    }
}

/// Listening by one audience in one range.
#[Object]
impl Insights {
    /// The range as resolved: what was actually counted.
    async fn range(&self) -> TimeRange {
        TimeRange { range: self.scope.range, zone: self.zone.clone() }
    }

    /// Plays known by this instant are included; later ones are not.
    async fn as_of(&self) -> DateTime {
        DateTime(self.as_of)
    }

    /// How much was played, and how many different things. All zeros where nothing was.
    async fn totals(&self, ctx: &Context<'_>) -> Option<Result<Totals>> {
        let totals = insights::totals(&context::of(ctx).db, &self.scope).await;
        Some(totals.map(Totals).map_err(error::database))
    }

    /// Tracks by how much they were played. Editions of one recording under different Spotify ids stay apart.
    async fn top_tracks(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100.", default = 10)] first: i32,
        #[graphql(desc = "The `endCursor` of the page before.")] after: Option<String>,
        #[graphql(desc = "What to order and rank by.", default_with = "Measure::Plays")] by: Measure,
    ) -> Option<Result<ChartConnection<Track>>> {
        Some(ChartConnection::ask(ctx, &self.scope, Chart::Tracks, Asked { first, after, by }).await)
    }

    /// Artists by how much they were played. Namesakes stay apart.
    async fn top_artists(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100.", default = 10)] first: i32,
        #[graphql(desc = "The `endCursor` of the page before.")] after: Option<String>,
        #[graphql(desc = "What to order and rank by.", default_with = "Measure::Plays")] by: Measure,
        #[graphql(
            desc = "With PRIMARY, a play counts for its primary artist only; with ALL, once for every credited artist.",
            default_with = "ArtistCredit::Primary"
        )]
        credit: ArtistCredit,
    ) -> Option<Result<ChartConnection<Artist>>> {
        let chart = match credit {
            ArtistCredit::Primary => Chart::PrimaryArtists,
            ArtistCredit::All => Chart::CreditedArtists,
        };
        Some(ChartConnection::ask(ctx, &self.scope, chart, Asked { first, after, by }).await)
    }

    /// Listeners by how much they played. Only those whom the viewer may see: oneself, those who agreed to be listed, everyone
    /// for services and operators (and where access control is off). In one listener's own insights: that listener.
    async fn top_listeners(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100.", default = 10)] first: i32,
        #[graphql(desc = "The `endCursor` of the page before.")] after: Option<String>,
        #[graphql(desc = "What to order and rank by.", default_with = "Measure::Plays")] by: Measure,
    ) -> Option<Result<ChartConnection<User>>> {
        Some(ChartConnection::ask(ctx, &self.scope, Chart::Listeners, Asked { first, after, by }).await)
    }
}

/// How much was played.
pub(super) struct Totals(insights::Totals);

/// How much was played, and how many different things. Distinct counts are counts of what was played in the range, not of the
/// catalogue, and cannot be added up over ranges.
#[Object]
impl Totals {
    /// How many plays.
    async fn plays(&self) -> Long {
        Long(self.0.plays)
    }

    /// Listened milliseconds. A play without a measured duration counts the track's full length: an upper bound; see
    /// `measuredShare`.
    async fn listen_time_ms(&self) -> Long {
        Long(self.0.listened_ms)
    }

    /// The same for people, such as `3d 4h 5m 6s`.
    async fn listen_time(&self) -> String {
        listen_time_text(self.0.listened_ms)
    }

    /// Part of the listen time that was measured rather than assumed, 0 to 1; 0 where nothing was played.
    async fn measured_share(&self) -> f64 {
        if self.0.listened_ms > 0 { self.0.measured_ms as f64 / self.0.listened_ms as f64 } else { 0.0 }
    }

    /// Different tracks.
    async fn tracks(&self) -> Long {
        Long(self.0.tracks)
    }

    /// Different artists.
    async fn artists(
        &self,
        #[graphql(
            desc = "With PRIMARY, primary artists only; with ALL, every credited artist.",
            default_with = "ArtistCredit::Primary"
        )]
        credit: ArtistCredit,
    ) -> Long {
        Long(match credit {
            ArtistCredit::Primary => self.0.primary_artists,
            ArtistCredit::All => self.0.credited_artists,
        })
    }

    /// Different albums. Tracks whose album is not known yet count for none.
    async fn albums(&self) -> Long {
        Long(self.0.albums)
    }

    /// Different listeners. 0 or 1 in one listener's own insights.
    async fn listeners(&self) -> Long {
        Long(self.0.listeners)
    }
}
