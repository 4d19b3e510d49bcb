//! Listening by one audience in one range: who × when. Every field has the same shape: ask, wrap.

use std::sync::Arc;

use async_graphql::{Context, Object, Result};

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
use crate::cache::Field;
use crate::error::bad_user_input;
use crate::insights::{self, BUCKETS_MAX, Chart, Scope};

/// One audience in one range.
pub(super) struct Insights {
    scope: Arc<Scope>,
}

impl Insights {
    /// The insights of `scope`.
    pub(super) fn new(scope: Scope) -> Self {
        Self { scope: Arc::new(scope) }
    }
}

const TOTALS: Field<insights::Totals> = Field::new("totals");
const SERIES: Field<Option<Vec<insights::TimeBucket>>> = Field::new("series").in_local_time().of_plays_alone();
const WEEK_HOURS: Field<Vec<insights::WeekHour>> = Field::new("weekHours").in_local_time().of_plays_alone();
const STREAKS: Field<insights::Streaks> = Field::new("streaks").in_local_time().of_plays_alone();
const SESSIONS: Field<insights::Sessions> = Field::new("sessions").of_plays_alone();
const DISCOVERIES: Field<insights::Discoveries> = Field::new("discoveries");
const RELEASE_YEARS: Field<Vec<insights::ReleaseYear>> = Field::new("releaseYears");
const AUDIO_PROFILE: Field<Option<insights::AudioProfile>> = Field::new("audioProfile");
const SKIPS: Field<insights::SkipReport> = Field::new("skips").of_plays_alone();
// One look at the end of an index, and odd when it is late: everyone's are of the newest revision.
const FIRST_PLAY: Field<Option<insights::HistoryPlay>> = Field::new("firstPlay").of_plays_alone().current();
const LAST_PLAY: Field<Option<insights::HistoryPlay>> = Field::new("lastPlay").of_plays_alone().current();

const GAP_MINUTES_MAX: i32 = 24 * 60;

/// Listening by one audience in one range. A play belongs to the range in which it ended.
#[Object]
impl Insights {
    /// The range as resolved: what was actually counted.
    async fn range(&self) -> TimeRange {
        TimeRange { range: self.scope.range, zone: self.scope.zone.clone() }
    }

    /// When the last change happened that is counted here: every play loaded by this instant is included; one that was loaded
    /// later may not be yet. One listener's own insights follow within a second, everyone's within a minute or what the
    /// operator has set. Where nothing was ever loaded, the present.
    async fn as_of(&self, ctx: &Context<'_>) -> Result<DateTime> {
        context::of(ctx).as_of(self.scope.audience).await.map(DateTime)
    }

    /// How much was played, and how many different things. All zeros where nothing was.
    async fn totals(&self, ctx: &Context<'_>) -> Option<Result<Totals>> {
        let totals = context::of(ctx)
            .ask(&TOTALS, &self.scope, (), |db, scope| async move { insights::totals(&db, &scope).await })
            .await;
        Some(totals.map(|totals| Totals(*totals)))
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
        let granularity = entity::time::Granularity::from(granularity.unwrap_or(Granularity::Day));
        let series = context::of(ctx)
            .ask(&SERIES, &self.scope, granularity, move |db, scope| async move {
                insights::series(&db, &scope, granularity).await
            })
            .await;
        let buckets = series.and_then(|series| match series.as_ref() {
            Some(buckets) => Ok(buckets.iter().copied().map(TimeBucket::from).collect()),
            None => Err(bad_user_input(format!(
                "the series would have more than {BUCKETS_MAX} buckets: choose a coarser granularity or a shorter range"
            ))),
        });
        Some(buckets)
    }

    /// 168 buckets: listening by local weekday and hour, from Monday 0 o'clock. When clocks are turned back, an hour counts
    /// twice; when they are turned forward, one is missing.
    async fn week_hours(&self, ctx: &Context<'_>) -> Option<Result<Vec<WeekHour>>> {
        let hours = context::of(ctx)
            .ask(&WEEK_HOURS, &self.scope, (), |db, scope| async move { insights::week_hours(&db, &scope).await })
            .await;
        Some(hours.map(|hours| hours.iter().copied().map(WeekHour::from).collect()))
    }

    /// Days in a row with at least one play. Null for everyone.
    async fn streaks(&self, ctx: &Context<'_>) -> Option<Result<Streaks>> {
        self.scope.listener()?;
        let context = context::of(ctx);
        // Which streak still goes on depends on the day it is.
        let now = context.now();
        let today = now.in_zone(&self.scope.zone).date().to_string();
        context.today_ends(&self.scope.zone);
        let streaks = context
            .ask(
                &STREAKS,
                &self.scope,
                today,
                move |db, scope| async move { insights::streaks(&db, &scope, now).await },
            )
            .await;
        Some(streaks.map(|streaks| Streaks::from(*streaks)))
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
        let discoveries = context::of(ctx)
            .ask(&DISCOVERIES, &self.scope, first, move |db, scope| async move {
                insights::discoveries(&db, &scope, user, first).await
            })
            .await;
        Some(discoveries.map(Discoveries))
    }

    /// Plays by the year in which the album appeared, oldest first; years without plays are left out, and so are plays whose
    /// album or its date is not known.
    async fn release_years(&self, ctx: &Context<'_>) -> Option<Result<Vec<ReleaseYear>>> {
        let years = context::of(ctx)
            .ask(&RELEASE_YEARS, &self.scope, (), |db, scope| async move { insights::release_years(&db, &scope).await })
            .await;
        Some(years.map(|years| years.iter().copied().map(ReleaseYear::from).collect()))
    }

    /// Mean audio features, weighted by plays, over the part of the plays whose tracks have them. Null if none has.
    async fn audio_profile(&self, ctx: &Context<'_>) -> Option<Result<AudioProfile>> {
        let profile = context::of(ctx)
            .ask(&AUDIO_PROFILE, &self.scope, (), |db, scope| async move { insights::audio_profile(&db, &scope).await })
            .await;
        profile.map(|profile| profile.map(AudioProfile::from)).transpose()
    }

    /// From privacy exports only: how often streams were cut short.
    async fn skips(&self, ctx: &Context<'_>) -> Option<Result<SkipReport>> {
        let skips = context::of(ctx)
            .ask(&SKIPS, &self.scope, (), |db, scope| async move { insights::skips(&db, &scope).await })
            .await;
        Some(skips.map(SkipReport))
    }

    /// The earliest play; of several at one instant, the first in order of the listener's and then the track's id. Null if
    /// nothing was played.
    async fn first_play(&self, ctx: &Context<'_>) -> Option<Result<Play>> {
        let play = context::of(ctx)
            .ask(&FIRST_PLAY, &self.scope, (), |db, scope| async move { insights::first_play(&db, &scope).await })
            .await;
        play.map(|play| (*play).clone().map(Play)).transpose()
    }

    /// The latest play; of several at one instant, the last in order of the listener's and then the track's id. Null if
    /// nothing was played.
    async fn last_play(&self, ctx: &Context<'_>) -> Option<Result<Play>> {
        let play = context::of(ctx)
            .ask(&LAST_PLAY, &self.scope, (), |db, scope| async move { insights::last_play(&db, &scope).await })
            .await;
        play.map(|play| (*play).clone().map(Play)).transpose()
    }

    /// The same audience and filter in the range of equal length just before this one: as many days by the calendar, if this
    /// one begins and ends with local days, else as many milliseconds. Null for `ALL_TIME`.
    async fn previous(&self) -> Option<Insights> {
        self.scope.previous().map(Insights::new)
    }
}

impl Insights {
    async fn sessions_of(&self, ctx: &Context<'_>, gap_minutes: i32, first: i32) -> Result<Sessions> {
        let first = list_length(first)?;
        if !(1..=GAP_MINUTES_MAX).contains(&gap_minutes) {
            return Err(bad_user_input(format!("`gapMinutes` is {gap_minutes}: expected 1 to {GAP_MINUTES_MAX}")));
        }
        let gap_ms = i64::from(gap_minutes) * 60_000;
        let sessions = context::of(ctx)
            .ask(&SESSIONS, &self.scope, (gap_ms, first), move |db, scope| async move {
                insights::sessions(&db, &scope, gap_ms, first).await
            })
            .await;
        sessions.map(|sessions| Sessions::from(&*sessions))
    }
}
