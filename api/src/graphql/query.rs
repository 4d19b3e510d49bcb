//! Where every question begins.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result};
use entity::ids::ImportId;
use futures::future::try_join_all;

use super::cache::CacheReport;
use super::catalogue::{Album, Artist, Track};
use super::context;
use super::filter::PlayFilter;
use super::id::Kind;
use super::imports::Import;
use super::insights::Insights;
use super::node::{CatalogueKind, Node, SearchHit};
use super::paging::{FIRST_MAX, list_length};
use super::runs::{IngestRunConnection, RunOutcome};
use super::scalars::TimeZone;
use super::time::{TimeRangeInput, zone};
use super::user::User;
use crate::error::{self, bad_user_input};
use crate::insights::{self, Audience, Scope, SearchKind};

/// The root of all queries.
pub struct Query;

/// The longest text that can be searched for, in characters.
const TEXT_LENGTH_MAX: usize = 100;

/// Where every question begins.
#[Object]
impl Query {
    /// The listener who asks, or null. While access control is off, that is whoever the header `X-Viewer` names, else the
    /// listener whose account was made first.
    async fn viewer(&self, ctx: &Context<'_>) -> Option<Result<User>> {
        context::viewer(ctx).await.transpose()
    }

    /// A listener whom the viewer may see, or null.
    async fn user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The username, to the letter.")] username: String,
    ) -> Option<Result<User>> {
        User::called(ctx, &username).await.transpose()
    }

    /// Listening across everyone.
    async fn insights(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "When.", default_with = "Some(TimeRangeInput::last_30_days())")] range: Option<TimeRangeInput>,
        #[graphql(desc = "Zone in which days begin.", default_with = "Some(TimeZone::utc())")] time_zone: Option<
            TimeZone,
        >,
        #[graphql(desc = "Which plays count; all if absent.")] filter: Option<PlayFilter>,
    ) -> Option<Result<Insights>> {
        let scope = || {
            let zone = zone(&time_zone.unwrap_or_else(TimeZone::utc).0)?;
            let range = context::of(ctx).resolve(range.unwrap_or_else(TimeRangeInput::last_30_days), &zone)?;
            Ok(Scope { audience: Audience::Everyone, range, zone, filter: filter.unwrap_or_default().resolve()? })
        };
        Some(scope().map(Insights::new))
    }

    /// The track of that Spotify id, or null.
    async fn track(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Spotify's id, 22 letters and digits.")] spotify_id: String,
    ) -> Option<Result<Track>> {
        let found = insights::track_by_spotify_id(context::of(ctx).db(), &spotify_id).await;
        found.map_err(error::database).map(|row| row.map(|row| Track(Arc::new(row)))).transpose()
    }

    /// The artist of that Spotify id, or null.
    async fn artist(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Spotify's id, 22 letters and digits.")] spotify_id: String,
    ) -> Option<Result<Artist>> {
        let found = insights::artist_by_spotify_id(context::of(ctx).db(), &spotify_id).await;
        found.map_err(error::database).map(|row| row.map(|row| Artist(Arc::new(row)))).transpose()
    }

    /// The album of that Spotify id, or null.
    async fn album(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Spotify's id, 22 letters and digits.")] spotify_id: String,
    ) -> Option<Result<Album>> {
        let found = insights::album_by_spotify_id(context::of(ctx).db(), &spotify_id).await;
        found.map_err(error::database).map(|row| row.map(|row| Album(Arc::new(row)))).transpose()
    }

    /// Catalogue search by name, best match first: the whole name, then its beginning, then the beginning of a word, then any
    /// part; among equals what was played most by everyone (an artist at any position), then tracks before artists before
    /// albums, then in order of id. Case, accents and punctuation do not matter; a text of nothing else finds nothing.
    async fn search(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to look for, at most 100 characters.")] text: String,
        #[graphql(desc = "What to look among; everything if absent.")] kinds: Option<Vec<CatalogueKind>>,
        #[graphql(desc = "How many, 1 to 100.", default_with = "Some(10)")] first: Option<i32>,
    ) -> Option<Result<Vec<SearchHit>>> {
        Some(search(ctx, &text, kinds, first.unwrap_or(10)).await)
    }

    /// What this instance keeps in memory, per field. Operators only; while access control is off, everyone is one.
    async fn cache(&self, ctx: &Context<'_>) -> Option<CacheReport> {
        // What it says changes with every question, this one included.
        context::of(ctx).db();
        Some(context::of(ctx).shared().cache.report().into())
    }

    /// Operators only: what the ingest did, newest first. While access control is off, everyone is an operator.
    async fn ingest_runs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100.", default_with = "Some(20)")] first: Option<i32>,
        #[graphql(desc = "The `endCursor` of the page before.")] after: Option<String>,
        #[graphql(desc = "Only runs that ended like this; all if absent.")] outcome: Option<RunOutcome>,
    ) -> Option<Result<IngestRunConnection>> {
        Some(IngestRunConnection::ask(ctx, outcome, first.unwrap_or(20), after).await)
    }

    /// An uploaded privacy export by its id, which the upload answered with; null if it is not there.
    async fn import(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id that the upload answered with.")] id: ID,
    ) -> Option<Result<Import>> {
        let key = Kind::Import.key(&id)?;
        let found = insights::import(context::of(ctx).db(), ImportId(key)).await;
        found.map_err(error::database).map(|row| row.map(Import)).transpose()
    }

    /// Anything by its id; null if it is not there.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id that it gave as its own.")] id: ID,
    ) -> Option<Result<Node>> {
        Node::find(ctx, &id).await.transpose()
    }

    /// Several things by their ids, in the same order; null for each that is not there.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most 100 ids.")] ids: Vec<ID>,
    ) -> Result<Vec<Option<Node>>> {
        if ids.len() > FIRST_MAX as usize {
            return Err(bad_user_input(format!(
                "`ids` has {} entries: expected at most {FIRST_MAX}; ask in several parts",
                ids.len()
            )));
        }
        try_join_all(ids.iter().map(|id| Node::find(ctx, id))).await
    }
}

async fn search(
    ctx: &Context<'_>,
    text: &str,
    kinds: Option<Vec<CatalogueKind>>,
    first: i32,
) -> Result<Vec<SearchHit>> {
    let first = list_length(first)?;
    let length = text.chars().count();
    if length > TEXT_LENGTH_MAX {
        return Err(bad_user_input(format!("`text` has {length} characters: expected at most {TEXT_LENGTH_MAX}")));
    }
    let mut kinds: Vec<SearchKind> = match kinds {
        Some(kinds) => kinds.into_iter().map(SearchKind::from).collect(),
        None => vec![SearchKind::Track, SearchKind::Artist, SearchKind::Album],
    };
    kinds.sort();
    kinds.dedup();
    let hits = insights::search(context::of(ctx).db(), text, &kinds, first).await.map_err(error::database)?;
    try_join_all(hits.into_iter().map(|hit| SearchHit::load(ctx, hit))).await
}
