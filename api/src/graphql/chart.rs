//! Charts: the same connection, edge, rank and share for tracks, artists, albums, genres and listeners.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::Arc;

use async_graphql::{Context, Enum, Error, Object, OutputType, Result};
use entity::ids::{AlbumId, ArtistId, TrackId, UserId};
use entity::measure;
use serde::de::DeserializeOwned;
use tokio::sync::OnceCell;

use super::catalogue::{Album, Artist, Track};
use super::context;
use super::paging::{PageInfo, cursor, page_length, place};
use super::scalars::Long;
use super::user::User;
use crate::cache::{Answer, Field};
use crate::insights::{self, Chart, ChartKey, ChartPage, ChartPosition, ChartRow, Scope};

/// What a chart is ordered by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(super) enum Measure {
    /// How many times.
    Plays,
    /// For how long.
    ListenTime,
}

impl From<Measure> for measure::Measure {
    fn from(measure: Measure) -> Self {
        match measure {
            Measure::Plays => Self::Plays,
            Measure::ListenTime => Self::ListenTime,
        }
    }
}

/// Which of a track's artists a play counts for.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(super) enum ArtistCredit {
    /// The first credited artist only.
    Primary,
    /// Every credited artist, once each.
    All,
}

/// What a chart can list: how its rows are told apart, and how a row's key becomes what is shown.
pub(super) trait ChartNode: OutputType + Sized {
    /// A row's number, or a genre's name.
    type Key: ChartKey + Answer + DeserializeOwned;

    /// The node of a chart row's key.
    fn of_key(ctx: &Context<'_>, key: Self::Key) -> impl Future<Output = Result<Self>> + Send;

    /// The nodes of a page's keys, in their order.
    fn of_keys(ctx: &Context<'_>, keys: Vec<Self::Key>) -> impl Future<Output = Result<Vec<Self>>> + Send;
}

impl ChartNode for Track {
    type Key = i32;

    async fn of_key(ctx: &Context<'_>, key: i32) -> Result<Self> {
        Self::load(ctx, TrackId(key)).await
    }

    async fn of_keys(ctx: &Context<'_>, keys: Vec<i32>) -> Result<Vec<Self>> {
        Self::load_all(ctx, &keys.into_iter().map(TrackId).collect::<Vec<_>>()).await
    }
}

impl ChartNode for Artist {
    type Key = i32;

    async fn of_key(ctx: &Context<'_>, key: i32) -> Result<Self> {
        Self::load(ctx, ArtistId(key)).await
    }

    async fn of_keys(ctx: &Context<'_>, keys: Vec<i32>) -> Result<Vec<Self>> {
        Self::load_all(ctx, &keys.into_iter().map(ArtistId).collect::<Vec<_>>()).await
    }
}

impl ChartNode for Album {
    type Key = i32;

    async fn of_key(ctx: &Context<'_>, key: i32) -> Result<Self> {
        Self::load(ctx, AlbumId(key)).await
    }

    async fn of_keys(ctx: &Context<'_>, keys: Vec<i32>) -> Result<Vec<Self>> {
        Self::load_all(ctx, &keys.into_iter().map(AlbumId).collect::<Vec<_>>()).await
    }
}

impl ChartNode for User {
    type Key = i32;

    async fn of_key(ctx: &Context<'_>, key: i32) -> Result<Self> {
        Self::load(ctx, UserId(key)).await
    }

    async fn of_keys(ctx: &Context<'_>, keys: Vec<i32>) -> Result<Vec<Self>> {
        Self::load_all(ctx, &keys.into_iter().map(UserId).collect::<Vec<_>>()).await
    }
}

/// The arguments that every chart takes; what is null is as if it were absent.
pub(super) struct Asked {
    pub(super) first: Option<i32>,
    pub(super) after: Option<String>,
    pub(super) by: Option<Measure>,
}

/// A page of a chart, as it was counted: what connections of every kind share.
pub(super) struct Page<K> {
    places: Vec<Arc<Place<K>>>,
    has_next: bool,
    has_previous: bool,
    total_count: i64,
}

/// A row of a chart, with what its numbers relate to.
pub(super) struct Place<K> {
    row: ChartRow<K>,
    cursor: String,
    share: f64,
    previous: Arc<Previous<K>>,
}

/// The ranks of a page's keys in the range just before, looked up once, when the first row asks.
struct Previous<K> {
    scope: Option<Arc<Scope>>,
    chart: Chart,
    by: measure::Measure,
    keys: Vec<K>,
    ranks: OnceCell<HashMap<K, i64>>,
}

impl<K: ChartKey + Answer + DeserializeOwned> Page<K> {
    /// The page of `chart` that was asked for.
    pub(super) async fn ask(ctx: &Context<'_>, scope: &Arc<Scope>, chart: Chart, asked: Asked) -> Result<Self> {
        let first = page_length(asked.first.unwrap_or(10))?;
        let by = measure::Measure::from(asked.by.unwrap_or(Measure::Plays));
        let list = format!("{chart:?}/{by:?}");
        let after: Option<ChartPosition<K>> = asked.after.as_deref().map(|after| position(&list, after)).transpose()?;
        let (has_previous, arguments) = (after.is_some(), (by, first, after.clone()));
        let page = context::of(ctx)
            .ask(&field_of(chart), scope, arguments, move |db, scope| async move {
                insights::top(&db, &scope, chart, by, first, after.as_ref()).await
            })
            .await?;
        let keys = page.rows.iter().map(|row: &ChartRow<K>| row.key.clone()).collect();
        let scope = scope.previous().map(Arc::new);
        let previous = Arc::new(Previous { scope, chart, by, keys, ranks: OnceCell::new() });
        let place = |row: ChartRow<K>| {
            let measure = match by {
                measure::Measure::Plays => row.plays,
                measure::Measure::ListenTime => row.listened_ms,
            };
            Arc::new(Place {
                cursor: cursor(&list, &(row.plays, row.listened_ms, &row.key)),
                share: if page.whole > 0 { measure as f64 / page.whole as f64 } else { 0.0 },
                row,
                previous: Arc::clone(&previous),
            })
        };
        Ok(Self {
            has_next: page.has_next,
            has_previous,
            total_count: page.total_count,
            places: page.rows.iter().cloned().map(place).collect(),
        })
    }

    fn info(&self) -> PageInfo {
        PageInfo {
            has_next_page: self.has_next,
            has_previous_page: self.has_previous,
            start_cursor: self.places.first().map(|place| place.cursor.clone()),
            end_cursor: self.places.last().map(|place| place.cursor.clone()),
        }
    }
}

fn position<K: DeserializeOwned>(list: &str, after: &str) -> Result<ChartPosition<K>> {
    let (plays, listened_ms, key) = place(list, after)?;
    Ok(ChartPosition { plays, listened_ms, key })
}

/// The kept field of a chart's pages.
fn field_of<K>(chart: Chart) -> Field<ChartPage<K>> {
    match chart {
        Chart::Tracks => Field::new("topTracks").of_plays_alone(),
        Chart::PrimaryArtists => Field::new("topArtists"),
        Chart::CreditedArtists => Field::new("topArtists(ALL)"),
        Chart::Albums => Field::new("topAlbums"),
        Chart::Genres => Field::new("topGenres"),
        // Who is shown depends on who asks, and on who is here.
        Chart::Listeners => Field::new("topListeners").of_plays_alone().of_people().private(),
    }
}

/// The kept field of the ranks in the range just before.
fn field_of_ranks<K>() -> Field<Vec<(K, i64)>> {
    Field::new("previousRank")
}

impl<K: ChartKey + Answer> Place<K> {
    fn rank(&self) -> i32 {
        as_int(self.row.rank)
    }

    async fn previous_rank(&self, ctx: &Context<'_>) -> Option<Result<i32>> {
        let previous = &self.previous;
        let scope = previous.scope.as_ref()?;
        let (chart, by) = (previous.chart, previous.by);
        let look_up = async || {
            let keys = previous.keys.clone();
            let ranks = context::of(ctx)
                .ask(&field_of_ranks(), scope, (chart, by, &previous.keys), move |db, scope| async move {
                    insights::ranks(&db, &scope, chart, by, &keys).await.map(|ranks| ranks.into_iter().collect())
                })
                .await?;
            Ok::<_, Error>(ranks.iter().cloned().collect())
        };
        match previous.ranks.get_or_try_init(look_up).await {
            Ok(ranks) => ranks.get(&self.row.key).map(|rank| Ok(as_int(*rank))),
            Err(error) => Some(Err(error)),
        }
    }
}

fn as_int(rank: i64) -> i32 {
    i32::try_from(rank).unwrap_or(i32::MAX)
}

/// A page of a chart whose rows stand for something.
pub(super) struct ChartConnection<N: ChartNode>(Page<N::Key>);

/// A place in a chart.
pub(super) struct ChartEdge<N: ChartNode> {
    place: Arc<Place<N::Key>>,
    node: PhantomData<fn() -> N>,
}

impl<N: ChartNode> ChartConnection<N> {
    /// The page of `chart` that was asked for.
    pub(super) async fn ask(ctx: &Context<'_>, scope: &Arc<Scope>, chart: Chart, asked: Asked) -> Option<Result<Self>> {
        Some(Page::ask(ctx, scope, chart, asked).await.map(Self))
    }
}

/// A page of a chart: first the most listened; equals in a fixed order: by the other measure, then by id.
#[Object(
    concrete(name = "TopTrackConnection", params(Track)),
    concrete(name = "TopArtistConnection", params(Artist)),
    concrete(name = "TopAlbumConnection", params(Album)),
    concrete(name = "TopListenerConnection", params(User))
)]
impl<N: ChartNode> ChartConnection<N>
where
    ChartEdge<N>: OutputType,
{
    /// The rows with their numbers.
    async fn edges(&self) -> Vec<ChartEdge<N>> {
        self.0.places.iter().map(|place| ChartEdge { place: Arc::clone(place), node: PhantomData }).collect()
    }

    /// The rows without their numbers.
    async fn nodes(&self, ctx: &Context<'_>) -> Result<Vec<N>> {
        N::of_keys(ctx, self.0.places.iter().map(|place| place.row.key.clone()).collect()).await
    }

    /// Where this page stands in the chart.
    async fn page_info(&self) -> PageInfo {
        self.0.info()
    }

    /// Rows of the whole chart.
    async fn total_count(&self) -> Long {
        Long(self.0.total_count)
    }
}

/// A place in a chart.
#[Object(
    concrete(name = "TopTrackEdge", params(Track)),
    concrete(name = "TopArtistEdge", params(Artist)),
    concrete(name = "TopAlbumEdge", params(Album)),
    concrete(name = "TopListenerEdge", params(User))
)]
impl<N: ChartNode> ChartEdge<N> {
    /// This row's place, for `after`.
    async fn cursor(&self) -> &str {
        &self.place.cursor
    }

    /// What stands here.
    async fn node(&self, ctx: &Context<'_>) -> Result<N> {
        N::of_key(ctx, self.place.row.key.clone()).await
    }

    /// 1 is the most listened. Equals in the chosen measure share a rank, and the next rank is skipped.
    async fn rank(&self) -> i32 {
        self.place.rank()
    }

    /// Rank in the range of equal length just before; null if absent there, and for `ALL_TIME`.
    async fn previous_rank(&self, ctx: &Context<'_>) -> Option<Result<i32>> {
        self.place.previous_rank(ctx).await
    }

    /// How many times, in this range.
    async fn plays(&self) -> Long {
        Long(self.place.row.plays)
    }

    /// For how long, in this range, in milliseconds.
    async fn listen_time_ms(&self) -> Long {
        Long(self.place.row.listened_ms)
    }

    /// Part of the range's total in the chosen measure, 0 to 1. The total is that of all plays that count, so the shares of a
    /// chart need not add up to 1.
    async fn share(&self) -> f64 {
        self.place.share
    }
}

/// A page of the chart of genres: first the most listened; equals in a fixed order: by the other measure, then by name (code
/// point by code point).
pub(super) struct TopGenreConnection(pub(super) Page<String>);

/// A place in the chart of genres.
pub(super) struct TopGenreEdge(Arc<Place<String>>);

/// A page of the chart of genres: first the most listened; equals in a fixed order: by the other measure, then by name (code
/// point by code point).
#[Object]
impl TopGenreConnection {
    /// The rows with their numbers.
    async fn edges(&self) -> Vec<TopGenreEdge> {
        self.0.places.iter().map(Arc::clone).map(TopGenreEdge).collect()
    }

    /// Where this page stands in the chart.
    async fn page_info(&self) -> PageInfo {
        self.0.info()
    }

    /// Rows of the whole chart.
    async fn total_count(&self) -> Long {
        Long(self.0.total_count)
    }
}

/// A place in the chart of genres.
#[Object]
impl TopGenreEdge {
    /// This row's place, for `after`.
    async fn cursor(&self) -> &str {
        &self.0.cursor
    }

    /// The genre, as Spotify writes it.
    async fn genre(&self) -> &str {
        &self.0.row.key
    }

    /// 1 is the most listened. Equals in the chosen measure share a rank, and the next rank is skipped.
    async fn rank(&self) -> i32 {
        self.0.rank()
    }

    /// Rank in the range of equal length just before; null if absent there, and for `ALL_TIME`.
    async fn previous_rank(&self, ctx: &Context<'_>) -> Option<Result<i32>> {
        self.0.previous_rank(ctx).await
    }

    /// How many times, in this range.
    async fn plays(&self) -> Long {
        Long(self.0.row.plays)
    }

    /// For how long, in this range, in milliseconds.
    async fn listen_time_ms(&self) -> Long {
        Long(self.0.row.listened_ms)
    }

    /// Part of the range's total in the chosen measure, 0 to 1. A play has as many genres as its primary artist, or none, so
    /// the shares of a chart need not add up to 1.
    async fn share(&self) -> f64 {
        self.0.share
    }
}
