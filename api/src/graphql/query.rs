//! Where every question begins.

use std::sync::Arc;

use async_graphql::{Context, Object, Result};

use super::catalogue::{Album, Artist, Track};
use super::context;
use super::insights::Insights;
use super::scalars::TimeZone;
use super::time::{TimeRangeInput, zone};
use super::user::User;
use crate::error;
use crate::insights::{self, Audience};

/// The root of all queries.
pub struct Query;

/// Where every question begins.
#[Object]
impl Query {
    /// A listener whom the viewer may see, or null.
    async fn user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The username, to the letter.")] username: String,
    ) -> Option<Result<User>> {
        let found = insights::listener_by_username(&context::of(ctx).db, &username).await;
        found.map_err(error::database).map(|row| row.map(|row| User(Arc::new(row)))).transpose()
    }

    /// Listening across everyone.
    async fn insights(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "When.", default_with = "TimeRangeInput::last_30_days()")] range: TimeRangeInput,
        #[graphql(desc = "Zone in which days begin.", default_with = "TimeZone(\"UTC\".to_owned())")]
        time_zone: TimeZone,
    ) -> Option<Result<Insights>> {
        Some(zone(&time_zone.0).and_then(|zone| Insights::resolve(ctx, Audience::Everyone, range, zone)))
    }

    /// The track of that Spotify id, or null.
    async fn track(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Spotify's id, 22 letters and digits.")] spotify_id: String,
    ) -> Option<Result<Track>> {
        let found = insights::track_by_spotify_id(&context::of(ctx).db, &spotify_id).await;
        found.map_err(error::database).map(|row| row.map(|row| Track(Arc::new(row)))).transpose()
    }

    /// The artist of that Spotify id, or null.
    async fn artist(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Spotify's id, 22 letters and digits.")] spotify_id: String,
    ) -> Option<Result<Artist>> {
        let found = insights::artist_by_spotify_id(&context::of(ctx).db, &spotify_id).await;
        found.map_err(error::database).map(|row| row.map(|row| Artist(Arc::new(row)))).transpose()
    }

    /// The album of that Spotify id, or null.
    async fn album(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Spotify's id, 22 letters and digits.")] spotify_id: String,
    ) -> Option<Result<Album>> {
        let found = insights::album_by_spotify_id(&context::of(ctx).db, &spotify_id).await;
        found.map_err(error::database).map(|row| row.map(|row| Album(Arc::new(row)))).transpose()
    }
}
