//! A listener, as others see one.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result};
use entity::ids::UserId;
use entity::time::TimeRange;
use entity::user;
use jiff::tz::TimeZone as Zone;
use sea_orm::DbErr;

use super::context;
use super::currency::{Gap, SyncStatus};
use super::filter::PlayFilter;
use super::history::PlayConnection;
use super::id::Kind;
use super::imports::Import;
use super::insights::Insights;
use super::scalars::{DateTime, TimeZone};
use super::taste::Affinity;
use super::time::{TimeRangeInput, TimeRangePreset, zone};
use crate::cache::Field;
use crate::error;
use crate::insights::{self, Audience, Pair, Scope};
use crate::loaders::Answer;

/// A listener.
pub(super) struct User(pub(super) Arc<user::Model>);

const LISTENER: Field<Option<user::Model>> = Field::new("listener").of_plays_alone().of_people();
const FIRST_LISTENER: Field<Option<user::Model>> = Field::new("firstListener").of_plays_alone().of_people();

impl User {
    /// The listener of that username, if there is one.
    pub(super) async fn called(ctx: &Context<'_>, username: &str) -> Result<Option<Self>> {
        let name = username.to_owned();
        let found = context::of(ctx)
            .ask_about(&LISTENER, &[], username, |db| async move { insights::listener_by_username(&db, &name).await })
            .await?;
        Ok(Self::found(&found))
    }

    /// The listener whose account was made first, if there is any.
    pub(super) async fn first(ctx: &Context<'_>) -> Result<Option<Self>> {
        let found = context::of(ctx)
            .ask_about(&FIRST_LISTENER, &[], (), |db| async move { insights::first_listener(&db).await })
            .await?;
        Ok(Self::found(&found))
    }

    fn found(row: &Option<user::Model>) -> Option<Self> {
        row.clone().map(|row| Self(Arc::new(row)))
    }

    /// The listener of a row that something else points to.
    pub(super) async fn load(ctx: &Context<'_>, id: UserId) -> Result<Self> {
        found(context::of(ctx).loaders().users.get(id).await, id)
    }

    /// Several of them, in their order.
    pub(super) async fn load_all(ctx: &Context<'_>, ids: &[UserId]) -> Result<Vec<Self>> {
        let rows = context::of(ctx).loaders().users.get_all(ids).await;
        ids.iter().zip(rows).map(|(id, row)| found(row, *id)).collect()
    }

    /// The zone asked for, or the listener's own.
    fn zone(&self, asked: Option<TimeZone>) -> Result<Zone> {
        match asked {
            Some(asked) => zone(&asked.0),
            None => entity::time::zone(&self.0.time_zone).map_err(error::internal),
        }
    }

    /// The range asked for, in the listener's own zone; everything to the end of today if none is.
    fn range(&self, ctx: &Context<'_>, asked: Option<TimeRangeInput>) -> Result<(TimeRange, Zone)> {
        let zone = self.zone(None)?;
        let range = asked.unwrap_or(TimeRangeInput::Preset(TimeRangePreset::AllTime));
        Ok((context::of(ctx).resolve(range, &zone)?, zone))
    }
}

/// A person with an account here, who listens.
#[Object]
impl User {
    /// Identifies this listener here.
    pub(super) async fn id(&self) -> ID {
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
        #[graphql(desc = "When.", default_with = "Some(TimeRangeInput::last_30_days())")] range: Option<TimeRangeInput>,
        #[graphql(desc = "Zone in which days begin; the listener's own if absent.")] time_zone: Option<TimeZone>,
        #[graphql(desc = "Which plays count; all if absent.")] filter: Option<PlayFilter>,
    ) -> Option<Result<Insights>> {
        let scope = || {
            let zone = self.zone(time_zone)?;
            let range = context::of(ctx).resolve(range.unwrap_or_else(TimeRangeInput::last_30_days), &zone)?;
            let filter = filter.unwrap_or_default().resolve()?;
            Ok(Scope { audience: Audience::Listener(self.0.id), range, zone, filter })
        };
        Some(scope().map(Insights::new))
    }

    /// Listening history, newest first; of several plays at one instant, in descending order of the track's id.
    async fn plays(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "When, in the listener's own zone; everything to the end of today if absent.")] range: Option<
            TimeRangeInput,
        >,
        #[graphql(desc = "Which plays; all if absent.")] filter: Option<PlayFilter>,
        #[graphql(desc = "How many, 1 to 100.", default_with = "Some(50)")] first: Option<i32>,
        #[graphql(desc = "The `endCursor` of the page before.")] after: Option<String>,
    ) -> Option<Result<PlayConnection>> {
        let scope = || {
            let (range, zone) = self.range(ctx, range)?;
            let filter = filter.unwrap_or_default().resolve()?;
            Ok(Scope { audience: Audience::Listener(self.0.id), range, zone, filter })
        };
        Some(match scope() {
            Ok(scope) => PlayConnection::ask(ctx, &Arc::new(scope), first.unwrap_or(50), after).await,
            Err(error) => Err(error),
        })
    }

    /// Windows in which plays were probably missed, newest first: numbers that reach into them read as "at least".
    async fn gaps(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only windows that reach into it, in the listener's own zone; all if absent.")] range: Option<
            TimeRangeInput,
        >,
    ) -> Option<Result<Vec<Gap>>> {
        let range = match range.map(|range| self.range(ctx, Some(range))).transpose() {
            Ok(range) => range.map(|(range, _)| range),
            Err(error) => return Some(Err(error)),
        };
        let gaps = insights::gaps(context::of(ctx).db(), self.0.id, range).await.map_err(error::database);
        Some(gaps.map(|gaps| gaps.into_iter().map(Gap::from).collect()))
    }

    /// How current this listener's history is.
    async fn sync(&self, ctx: &Context<'_>) -> Option<Result<SyncStatus>> {
        let currency = insights::currency(context::of(ctx).db(), self.0.id).await;
        Some(currency.map(SyncStatus::from).map_err(error::database))
    }

    /// The privacy exports that were uploaded for this listener, newest first, twenty at most.
    async fn imports(&self, ctx: &Context<'_>) -> Option<Result<Vec<Import>>> {
        let imports = insights::imports(context::of(ctx).db(), self.0.id).await.map_err(error::database);
        Some(imports.map(|imports| imports.into_iter().map(Import).collect()))
    }

    /// How alike two listeners' tastes are. Null unless both may be seen.
    async fn affinity(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The other listener's username.")] with: String,
        #[graphql(desc = "When, in this listener's own zone.", default_with = "Some(TimeRangeInput::last_365_days())")]
        range: Option<TimeRangeInput>,
    ) -> Option<Result<Affinity>> {
        self.affinity_with(ctx, &with, range.unwrap_or_else(TimeRangeInput::last_365_days)).await.transpose()
    }
}

impl User {
    async fn affinity_with(&self, ctx: &Context<'_>, with: &str, range: TimeRangeInput) -> Result<Option<Affinity>> {
        let (range, zone) = self.range(ctx, Some(range))?;
        let Some(other) = Self::called(ctx, with).await? else { return Ok(None) };
        let pair = Pair { one: self.0.id, other: other.0.id, range, zone };
        Affinity::ask(ctx, pair).await.map(Some)
    }
}

/// A listener who must be there, because there are plays of theirs.
fn found(answer: Answer<user::Model>, id: UserId) -> Result<User> {
    let row = answer.map_err(error::database)?;
    row.map(User).ok_or_else(|| error::internal(DbErr::RecordNotFound(format!("user {id}, who has plays"))))
}
