//! A listener, as others see one.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result};
use entity::ids::UserId;
use entity::user;
use sea_orm::DbErr;

use super::context;
use super::history::PlayConnection;
use super::id::Kind;
use super::insights::Insights;
use super::scalars::{DateTime, TimeZone};
use super::time::{TimeRangeInput, zone};
use crate::error;
use crate::insights::Audience;

/// A listener.
pub(super) struct User(pub(super) Arc<user::Model>);

impl User {
    /// The listener of a row that something else points to.
    pub(super) async fn load(ctx: &Context<'_>, id: UserId) -> Result<Self> {
        let row = context::of(ctx).loaders.users.get(id).await.map_err(error::database)?;
        row.map(Self).ok_or_else(|| error::internal(DbErr::RecordNotFound(format!("user {id}, who has plays"))))
    }

    fn zone(&self, asked: Option<TimeZone>) -> Result<jiff::tz::TimeZone> {
        match asked {
            Some(asked) => zone(&asked.0),
            None => entity::time::zone(&self.0.time_zone).map_err(error::internal),
        }
    }
}

/// A person with an account here, who listens.
#[Object]
impl User {
    /// Identifies this listener here.
    async fn id(&self) -> ID {
        Kind::User.id(self.0.id.0)
    }

    /// The name in addresses and queries.
    async fn username(&self) -> &str {
        &self.0.username
    }

    /// The name shown to people.
    async fn display_name(&self) -> &str {
        &self.0.display_name
    }

    /// When the account was made here.
    async fn joined_at(&self) -> DateTime {
        DateTime(self.0.joined_at)
    }

    /// Zone in which this listener's days begin; the default for `insights`.
    async fn time_zone(&self) -> TimeZone {
        TimeZone(self.0.time_zone.clone())
    }

    /// Whether this listener appears by name in lists of listeners.
    async fn listed(&self) -> bool {
        self.0.listed
    }

    /// This listener's listening in a range of time.
    async fn insights(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "When.", default_with = "TimeRangeInput::last_30_days()")] range: TimeRangeInput,
        #[graphql(desc = "Zone in which days begin; the listener's own if absent.")] time_zone: Option<TimeZone>,
    ) -> Option<Result<Insights>> {
        let audience = Audience::Listener(self.0.id);
        Some(self.zone(time_zone).and_then(|zone| Insights::resolve(ctx, audience, range, zone)))
    }

    /// Listening history, newest first.
    async fn plays(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "When, in the listener's own zone; ever if absent.")] range: Option<TimeRangeInput>,
        #[graphql(desc = "How many, 1 to 100.", default = 50)] first: i32,
        #[graphql(desc = "The `endCursor` of the page before.")] after: Option<String>,
    ) -> Option<Result<PlayConnection>> {
        let now = context::of(ctx).now;
        let range = range.map(|range| range.resolve(&self.zone(None)?, now)).transpose();
        Some(match range {
            Ok(range) => PlayConnection::ask(ctx, self.0.id, range, first, after).await,
            Err(error) => Err(error),
        })
    }
}
