//! The listening history: plays, newest first.

use std::sync::Arc;

use async_graphql::{Context, Object, Result};
use entity::ids::TrackId;
use entity::time::Instant;

use super::catalogue::Track;
use super::context;
use super::paging::{PageInfo, cursor, page_length, place};
use super::scalars::{DateTime, Long};
use crate::cache::Field;
use crate::insights::{self, HistoryKey, HistoryPage, HistoryPlay, Scope};

const LIST: &str = "history";

const PLAYS: Field<HistoryPage> = Field::new("plays").of_plays_alone();

/// A page of a listener's history.
pub(super) struct PlayConnection {
    page: Arc<HistoryPage>,
    has_previous: bool,
}

/// A play in a listener's history.
pub(super) struct PlayEdge(HistoryPlay);

/// A play.
pub(super) struct Play(pub(super) HistoryPlay);

impl PlayConnection {
    /// The page that was asked for.
    pub(super) async fn ask(ctx: &Context<'_>, scope: &Arc<Scope>, first: i32, after: Option<String>) -> Result<Self> {
        let first = page_length(first)?;
        let after = after.map(|after| key(&after)).transpose()?;
        let page = context::of(ctx)
            .ask(&PLAYS, scope, (first, after), move |db, scope| async move {
                insights::history(&db, &scope, first, after).await
            })
            .await?;
        Ok(Self { page, has_previous: after.is_some() })
    }
}

fn key(after: &str) -> Result<HistoryKey> {
    let (played_at, track) = place(LIST, after)?;
    Ok(HistoryKey { played_at: Instant::from_ms(played_at), track_id: TrackId(track) })
}

fn cursor_of(play: &HistoryPlay) -> String {
    cursor(LIST, &(play.played_at.ms(), play.track_id.0))
}

/// A page of a listener's history, newest first.
#[Object]
impl PlayConnection {
    /// The plays with their cursors.
    async fn edges(&self) -> Vec<PlayEdge> {
        self.page.plays.iter().cloned().map(PlayEdge).collect()
    }

    /// The plays.
    async fn nodes(&self) -> Vec<Play> {
        self.page.plays.iter().cloned().map(Play).collect()
    }

    /// Where this page stands in the history.
    async fn page_info(&self) -> PageInfo {
        PageInfo {
            has_next_page: self.page.has_next,
            has_previous_page: self.has_previous,
            start_cursor: self.page.plays.first().map(cursor_of),
            end_cursor: self.page.plays.last().map(cursor_of),
        }
    }
}

/// A play with its place in the history.
#[Object]
impl PlayEdge {
    /// This play's place, for `after`.
    async fn cursor(&self) -> String {
        cursor_of(&self.0)
    }

    /// The play.
    async fn node(&self) -> Play {
        Play(self.0.clone())
    }
}

/// One listen.
#[Object]
impl Play {
    /// When it ended, as Spotify reports it.
    async fn played_at(&self) -> DateTime {
        DateTime(self.0.played_at)
    }

    /// How long, in milliseconds: measured, or the track's full length, or 0 if that was not known when the play was loaded.
    async fn listen_time_ms(&self) -> Long {
        Long(i64::from(self.0.listened_ms))
    }

    /// Whether the listen time was measured rather than assumed.
    async fn measured(&self) -> bool {
        self.0.measured
    }

    /// Spotify URI of the album, playlist or artist it was played from. Null where Spotify does not say.
    async fn context_uri(&self) -> Option<&str> {
        self.0.context_uri.as_deref()
    }

    /// What was played.
    async fn track(&self, ctx: &Context<'_>) -> Result<Track> {
        Track::load(ctx, self.0.track_id).await
    }
}
