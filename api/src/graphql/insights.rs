//! Listening by one audience in one range: who × when. Every field has the same shape: ask, wrap.

use async_graphql::{Context, Object, Result};
use entity::time::Instant;

use super::catalogue::{Album, Artist, Track};
use super::chart::{ArtistCredit, Asked, ChartConnection, Measure, Page, TopGenreConnection};
use super::context;
use super::history::Play;
use super::paging::list_length;
use super::rhythm::{Granularity, Sessions, Streaks, TimeBucket, WeekHour};
use super::scalars::DateTime;
use super::taste::{AudioProfile, Discoveries, ReleaseYear, SkipReport};
use super::time::TimeRange;
use super::totals::Totals;
use super::user::User;
use crate::error::{self, bad_user_input};
use crate::insights::{self, BUCKETS_MAX, Chart, Scope};

/// One audience in one range.
pub(super) struct Insights {
    scope: Scope,
    as_of: Instant,
}

impl Insights {
    /// The insights of `scope`, asked now.
    pub(super) fn new(ctx: &Context<'_>, scope: Scope) -> Self {
        Self { scope, as_of: context::of(ctx).now() }
    }
}

const GAP_MINUTES_MAX: i32 = 24 * 60;

/// Listening by one audience in one range. A play belongs to the range in which it ended.
#[Object]
impl Insights {
    /// The range as resolved: what was actually counted.
    async fn range(&self) -> TimeRange {
        TimeRange { range: self.scope.range, zone: self.scope.zone.clone() }
    }

    /// Plays known by this instant are included; later ones are not.
    async fn as_of(&self) -> DateTime {
        DateTime(self.as_of)
    }

    /// How much was played, and how many different things. All zeros where nothing was.
    async fn totals(&self, ctx: &Context<'_>) -> Option<Result<Totals>> {
        Some(insights::totals(context::of(ctx).db(), &self.scope).await.map(Totals).map_err(error::database))
    }

    /// Tracks by how much they were played. Editions of one recording under different Spotify ids stay apart.
    async fn top_tracks(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100.", default_with = "Some(10)")] first: Option<i32>,
        #[graphql(desc = "The `endCursor` of the page before.")] after: Option<String>,
        #[graphql(desc = "What to order and rank by.", default_with = "Some(Measure::Plays)")] by: Option<Measure>,
    ) -> Option<Result<ChartConnection<Track>>> {
        ChartConnection::ask(ctx, &self.scope, Chart::Tracks, Asked { first, after, by }).await
    }

    /// Artists by how much they were played. Namesakes stay apart.
    async fn top_artists(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100.", default_with = "Some(10)")] first: Option<i32>,
        #[graphql(desc = "The `endCursor` of the page before.")] after: Option<String>,
        #[graphql(desc = "What to order and rank by.", default_with = "Some(Measure::Plays)")] by: Option<Measure>,
        #[graphql(
            desc = "With PRIMARY, a play counts for its primary artist only; with ALL, once for every credited artist.",
            default_with = "Some(ArtistCredit::Primary)"
        )]
        credit: Option<ArtistCredit>,
    ) -> Option<Result<ChartConnection<Artist>>> {
        let chart = match credit {
            None | Some(ArtistCredit::Primary) => Chart::PrimaryArtists,
            Some(ArtistCredit::All) => Chart::CreditedArtists,
        };
        ChartConnection::ask(ctx, &self.scope, chart, Asked { first, after, by }).await
    }

    /// Albums by how much their tracks were played. A play whose album is not known yet counts nowhere.
    async fn top_albums(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100.", default_with = "Some(10)")] first: Option<i32>,
        #[graphql(desc = "The `endCursor` of the page before.")] after: Option<String>,
        #[graphql(desc = "What to order and rank by.", default_with = "Some(Measure::Plays)")] by: Option<Measure>,
    ) -> Option<Result<ChartConnection<Album>>> {
        ChartConnection::ask(ctx, &self.scope, Chart::Albums, Asked { first, after, by }).await
    }

    /// Genres by how much they were played. A play counts once for every genre of its primary artist; without one, nowhere.
    async fn top_genres(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100.", default_with = "Some(10)")] first: Option<i32>,
        #[graphql(desc = "The `endCursor` of the page before.")] after: Option<String>,
        #[graphql(desc = "What to order and rank by.", default_with = "Some(Measure::Plays)")] by: Option<Measure>,
    ) -> Option<Result<TopGenreConnection>> {
        let page = Page::ask(ctx, &self.scope, Chart::Genres, Asked { first, after, by }).await;
        Some(page.map(TopGenreConnection))
    }

    /// Listeners by how much they played. Only those whom the viewer may see: oneself, those who agreed to be listed, everyone
    /// for services and operators (and where access control is off). In one listener's own insights: that listener.
    async fn top_listeners(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100.", default_with = "Some(10)")] first: Option<i32>,
        #[graphql(desc = "The `endCursor` of the page before.")] after: Option<String>,
        #[graphql(desc = "What to order and rank by.", default_with = "Some(Measure::Plays)")] by: Option<Measure>,
    ) -> Option<Result<ChartConnection<User>>> {
        ChartConnection::ask(ctx, &self.scope, Chart::Listeners, Asked { first, after, by }).await
    }

    /// One bucket per step, empty ones included, oldest first; 1,000 buckets at most. They tile the range: the first and the
    /// last are cut where it begins and ends. For `ALL_TIME` the first is the whole step of the first play, and there is none
    /// if nothing was played.
    async fn series(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How long a step is.", default_with = "Some(Granularity::Day)")] granularity: Option<
            Granularity,
        >,
    ) -> Option<Result<Vec<TimeBucket>>> {
        Some(
            match insights::series(context::of(ctx).db(), &self.scope, granularity.unwrap_or(Granularity::Day).into())
                .await
            {
                Ok(Some(buckets)) => Ok(buckets.into_iter().map(TimeBucket::from).collect()),
                Ok(None) => Err(bad_user_input(format!(
                    "the series would have more than {BUCKETS_MAX} buckets: choose a coarser granularity or a shorter range"
                ))),
                Err(error) => Err(error::database(error)),
            },
        )
    }

    /// 168 buckets: listening by local weekday and hour, from Monday 0 o'clock. When clocks are turned back, an hour counts
    /// twice; when they are turned forward, one is missing.
    async fn week_hours(&self, ctx: &Context<'_>) -> Option<Result<Vec<WeekHour>>> {
        let hours = insights::week_hours(context::of(ctx).db(), &self.scope).await.map_err(error::database);
        Some(hours.map(|hours| hours.into_iter().map(WeekHour::from).collect()))
    }

    /// Days in a row with at least one play. Null for everyone.
    async fn streaks(&self, ctx: &Context<'_>) -> Option<Result<Streaks>> {
        self.scope.listener()?;
        let streaks = insights::streaks(context::of(ctx).db(), &self.scope, context::of(ctx).now()).await;
        Some(streaks.map(Streaks::from).map_err(error::database))
    }

    /// Runs of plays with pauses of less than `gapMinutes`. Null for everyone.
    async fn sessions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A pause this long ends a session, 1 to 1440.", default_with = "Some(30)")]
        gap_minutes: Option<i32>,
        #[graphql(desc = "How many of the longest to list, 1 to 100.", default_with = "Some(5)")] first: Option<i32>,
    ) -> Option<Result<Sessions>> {
        self.scope.listener()?;
        Some(self.sessions_of(ctx, gap_minutes.unwrap_or(30), first.unwrap_or(5)).await)
    }

    /// Tracks, artists and albums played in this range for the first time ever. Null for everyone.
    async fn discoveries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many of the newest tracks to list, 1 to 100.", default_with = "Some(10)")] first: Option<
            i32,
        >,
    ) -> Option<Result<Discoveries>> {
        let user = self.scope.listener()?;
        let first = match list_length(first.unwrap_or(10)) {
            Ok(first) => first,
            Err(error) => return Some(Err(error)),
        };
        let discoveries = insights::discoveries(context::of(ctx).db(), &self.scope, user, first).await;
        Some(discoveries.map(Discoveries).map_err(error::database))
    }

    /// Plays by the year in which the album appeared, oldest first; years without plays are left out, and so are plays whose
    /// album or its date is not known.
    async fn release_years(&self, ctx: &Context<'_>) -> Option<Result<Vec<ReleaseYear>>> {
        let years = insights::release_years(context::of(ctx).db(), &self.scope).await.map_err(error::database);
        Some(years.map(|years| years.into_iter().map(ReleaseYear::from).collect()))
    }

    /// Mean audio features, weighted by plays, over the part of the plays whose tracks have them. Null if none has.
    async fn audio_profile(&self, ctx: &Context<'_>) -> Option<Result<AudioProfile>> {
        let profile = insights::audio_profile(context::of(ctx).db(), &self.scope).await.map_err(error::database);
        profile.map(|profile| profile.map(AudioProfile::from)).transpose()
    }

    /// From privacy exports only: how often streams were cut short.
    async fn skips(&self, ctx: &Context<'_>) -> Option<Result<SkipReport>> {
        Some(insights::skips(context::of(ctx).db(), &self.scope).await.map(SkipReport).map_err(error::database))
    }

    /// The earliest play; of several at one instant, the first in order of the listener's and then the track's id. Null if
    /// nothing was played.
    async fn first_play(&self, ctx: &Context<'_>) -> Option<Result<Play>> {
        let play = insights::first_play(context::of(ctx).db(), &self.scope).await.map_err(error::database);
        play.map(|play| play.map(Play)).transpose()
    }

    /// The latest play; of several at one instant, the last in order of the listener's and then the track's id. Null if
    /// nothing was played.
    async fn last_play(&self, ctx: &Context<'_>) -> Option<Result<Play>> {
        let play = insights::last_play(context::of(ctx).db(), &self.scope).await.map_err(error::database);
        play.map(|play| play.map(Play)).transpose()
    }

    /// The same audience and filter in the range of equal length just before this one: as many days by the calendar, if this
    /// one begins and ends with local days, else as many milliseconds. Null for `ALL_TIME`.
    async fn previous(&self) -> Option<Insights> {
        Some(Insights { scope: self.scope.previous()?, as_of: self.as_of })
    }
}

impl Insights {
    async fn sessions_of(&self, ctx: &Context<'_>, gap_minutes: i32, first: i32) -> Result<Sessions> {
        let first = list_length(first)?;
        if !(1..=GAP_MINUTES_MAX).contains(&gap_minutes) {
            return Err(bad_user_input(format!("`gapMinutes` is {gap_minutes}: expected 1 to {GAP_MINUTES_MAX}")));
        }
        let gap_ms = i64::from(gap_minutes) * 60_000;
        let sessions = insights::sessions(context::of(ctx).db(), &self.scope, gap_ms, first).await;
        sessions.map(Sessions::from).map_err(error::database)
    }
}
