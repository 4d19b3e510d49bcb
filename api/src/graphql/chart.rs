//! Charts: the same connection, edge, rank and share for tracks, artists and listeners.

use std::sync::Arc;

use async_graphql::{Context, Enum, Object, OutputType, Result};
use entity::ids::{ArtistId, TrackId, UserId};
use entity::measure;
use futures::future::try_join_all;

use super::catalogue::{Artist, Track};
use super::context;
use super::paging::{PageInfo, cursor, page_length, place};
use super::scalars::Long;
use super::user::User;
use crate::error;
use crate::insights::{self, Chart, ChartPage, ChartPosition, ChartRow, Scope};

/// What a chart is ordered by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(super) enum Measure {
    /// How many times.
    Plays,
    /// For how long.
    ListenTime,
}

/// Which of a track's artists a play counts for.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(super) enum ArtistCredit {
    /// The first credited artist only.
    Primary,
    /// Every credited artist, once each.
    All,
}

/// What a chart can list.
pub(super) trait ChartNode: OutputType + Sized {
    /// The node of a chart row's key.
    fn of_key(ctx: &Context<'_>, key: i32) -> impl Future<Output = Result<Self>> + Send;
}

impl ChartNode for Track {
    async fn of_key(ctx: &Context<'_>, key: i32) -> Result<Self> {
        Self::load(ctx, TrackId(key)).await
    }
}

impl ChartNode for Artist {
    async fn of_key(ctx: &Context<'_>, key: i32) -> Result<Self> {
        Self::load_one(ctx, ArtistId(key)).await
    }
}

impl ChartNode for User {
    async fn of_key(ctx: &Context<'_>, key: i32) -> Result<Self> {
        Self::load(ctx, UserId(key)).await
    }
}

/// The arguments that every chart takes.
pub(super) struct Asked {
    pub(super) first: i32,
    pub(super) after: Option<String>,
    pub(super) by: Measure,
}

/// A page of a chart.
pub(super) struct ChartConnection<N> {
    edges: Vec<Arc<Place>>,
    page: ChartPage,
    has_previous: bool,
    node: std::marker::PhantomData<fn() -> N>,
}

/// A row of a chart, with what its numbers relate to.
struct Place {
    row: ChartRow,
    cursor: String,
    share: f64,
}

/// A place in a chart.
pub(super) struct ChartEdge<N> {
    place: Arc<Place>,
    node: std::marker::PhantomData<fn() -> N>,
}

impl<N: ChartNode> ChartConnection<N> {
    /// The page of `chart` that was asked for.
    pub(super) async fn ask(ctx: &Context<'_>, scope: &Scope, chart: Chart, asked: Asked) -> Result<Self> {
        let first = page_length(asked.first)?;
        let (by, list) = match asked.by {
            Measure::Plays => (measure::Measure::Plays, format!("{chart:?}/plays")),
            Measure::ListenTime => (measure::Measure::ListenTime, format!("{chart:?}/listen-time")),
        };
        let after = asked.after.as_deref().map(|after| position(&list, after)).transpose()?;
        let db = &context::of(ctx).db;
        let mut page = insights::top(db, scope, chart, by, first, after).await.map_err(error::database)?;
        let whole = page.whole;
        let place = |row: ChartRow| {
            let measure = match by {
                measure::Measure::Plays => row.plays,
                measure::Measure::ListenTime => row.listened_ms,
            };
            Arc::new(Place {
                cursor: cursor(&list, [row.plays, row.listened_ms, i64::from(row.key)]),
                share: if whole > 0 { measure as f64 / whole as f64 } else { 0.0 },
                row,
            })
        };
        let edges = std::mem::take(&mut page.rows).into_iter().map(place).collect();
        Ok(Self { edges, page, has_previous: after.is_some(), node: std::marker::PhantomData })
    }
}

fn position(list: &str, after: &str) -> Result<ChartPosition> {
    let [plays, listened_ms, key] = place(list, after)?;
    let key = i32::try_from(key).map_err(|_| error::bad_user_input("`after` is not a cursor of this list"))?;
    Ok(ChartPosition { plays, listened_ms, key })
}

/// A page of a chart: first the most listened, equals in a fixed order.
#[Object(
    concrete(name = "TopTrackConnection", params(Track)),
    concrete(name = "TopArtistConnection", params(Artist)),
    concrete(name = "TopListenerConnection", params(User))
)]
impl<N: ChartNode> ChartConnection<N>
where
    ChartEdge<N>: OutputType,
{
    /// The rows with their numbers.
    async fn edges(&self) -> Vec<ChartEdge<N>> {
        let edge = |place| ChartEdge { place, node: std::marker::PhantomData };
        self.edges.iter().map(Arc::clone).map(edge).collect()
    }

    /// The rows without their numbers.
    async fn nodes(&self, ctx: &Context<'_>) -> Result<Vec<N>> {
        try_join_all(self.edges.iter().map(|edge| N::of_key(ctx, edge.row.key))).await
    }

    /// Where this page stands in the chart.
    async fn page_info(&self) -> PageInfo {
        PageInfo {
            has_next_page: self.page.has_next,
            has_previous_page: self.has_previous,
            start_cursor: self.edges.first().map(|edge| edge.cursor.clone()),
            end_cursor: self.edges.last().map(|edge| edge.cursor.clone()),
        }
    }

    /// Rows of the whole chart.
    async fn total_count(&self) -> Long {
        Long(self.page.total_count)
    }
}

/// A place in a chart.
#[Object(
    concrete(name = "TopTrackEdge", params(Track)),
    concrete(name = "TopArtistEdge", params(Artist)),
    concrete(name = "TopListenerEdge", params(User))
)]
impl<N: ChartNode> ChartEdge<N> {
    /// This row's place, for `after`.
    async fn cursor(&self) -> &str {
        &self.place.cursor
    }

    /// What stands here.
    async fn node(&self, ctx: &Context<'_>) -> Result<N> {
        N::of_key(ctx, self.place.row.key).await
    }

    /// 1 is the most listened. Equals share a rank, and the next rank is skipped.
    async fn rank(&self) -> i32 {
        i32::try_from(self.place.row.rank).unwrap_or(i32::MAX)
    }

    /// How many times, in this range.
    async fn plays(&self) -> Long {
        Long(self.place.row.plays)
    }

    /// For how long, in this range, in milliseconds.
    async fn listen_time_ms(&self) -> Long {
        Long(self.place.row.listened_ms)
    }

    /// Part of the range's total in the chosen measure, 0 to 1.
    async fn share(&self) -> f64 {
        self.place.share
    }
}
