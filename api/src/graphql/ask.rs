//! How a field asks: its policy and its question make the key, the cache answers, and what the answer rests on is noted.

use std::sync::Arc;

use async_graphql::Result;
use entity::db::Db;
use entity::ids::UserId;
use entity::revision::{CATALOGUE, CLEARED, EVERYONE, PEOPLE};
use entity::time::Instant;
use sea_orm::DbErr;
use serde::Serialize;

use super::context::RequestContext;
use crate::cache::{Answer, Failure, Field, Key, Policy, Sampling};
use crate::error;
use crate::insights::{Audience, Filter, Scope};
use crate::revision::Revision;

/// Nothing of it is kept: it is read with the revision.
const AS_OF: Field<()> = Field::new("asOf");

impl RequestContext {
    /// The answer of `field` about `scope`, with `arguments` beside it: kept, or counted by `insight`.
    pub(super) async fn ask<T, Q>(
        &self,
        field: &Field<T>,
        scope: &Arc<Scope>,
        arguments: impl Serialize,
        insight: impl FnOnce(Db, Arc<Scope>) -> Q,
    ) -> Result<Arc<T>>
    where
        T: Answer,
        Q: Future<Output = Result<T, DbErr>> + Send + 'static,
    {
        let policy = field.policy();
        let mut audiences = vec![audience_number(scope.audience)];
        if policy.catalogue || scope.filter.reads_catalogue() {
            audiences.push(CATALOGUE);
        }
        let question = insight(self.shared().db.clone(), Arc::clone(scope));
        self.answer(field, audiences, question_text(&policy, scope, arguments), question).await
    }

    /// The answer of `field` about several listeners' plays and the catalogue, with everything else in `arguments`.
    pub(super) async fn ask_about<T, Q>(
        &self,
        field: &Field<T>,
        listeners: &[UserId],
        arguments: impl Serialize,
        insight: impl FnOnce(Db) -> Q,
    ) -> Result<Arc<T>>
    where
        T: Answer,
        Q: Future<Output = Result<T, DbErr>> + Send + 'static,
    {
        let mut audiences: Vec<i32> = listeners.iter().map(|listener| listener.0).collect();
        audiences.dedup();
        if field.policy().catalogue {
            audiences.push(CATALOGUE);
        }
        let question = insight(self.shared().db.clone());
        self.answer(field, audiences, text(arguments), question).await
    }

    /// When the data of `audience` last changed, as far as this request counts it.
    pub(super) async fn as_of(&self, audience: Audience) -> Result<Instant> {
        let audience = audience_number(audience);
        let rests_on = self.pin(&AS_OF.policy(), &[audience]).await.map_err(error::database)?;
        let (_, revision) = rests_on[0];
        Ok(if revision == Revision::NONE { self.now() } else { revision.changed_at })
    }

    async fn answer<T, Q>(&self, field: &Field<T>, mut audiences: Vec<i32>, text: String, question: Q) -> Result<Arc<T>>
    where
        T: Answer,
        Q: Future<Output = Result<T, DbErr>> + Send + 'static,
    {
        if field.policy().people {
            audiences.push(PEOPLE);
        }
        audiences.push(CLEARED);
        let rests_on = self.pin(&field.policy(), &audiences).await.map_err(error::database)?;
        let key = Key::new(field.name(), rests_on, text);
        let cache = &self.shared().cache;
        let answer = if self.is_fresh() { cache.refresh(key, question).await } else { cache.ask(key, question).await };
        answer.map_err(error::database)
    }

    /// The revisions at which this request reads, which are noted as what its answer rests on.
    async fn pin(&self, policy: &Policy, audiences: &[i32]) -> Result<Vec<(i32, Revision)>, Failure> {
        let pinned = self.pinned();
        let mut rests_on = Vec::with_capacity(audiences.len());
        for &audience in audiences {
            let pin = match (audience, policy.everyone) {
                (EVERYONE, Sampling::Current) => pinned.everyone_now().await?,
                _ => pinned.of(audience).await?,
            };
            rests_on.push((audience, pin.revision));
            let mut rests = self.collected();
            rests.add(audience, policy.everyone, pin);
            // Users' ids are above those of the audiences that are nobody's own.
            rests.private |= policy.private || audience > EVERYONE;
        }
        Ok(rests_on)
    }
}

fn audience_number(audience: Audience) -> i32 {
    match audience {
        Audience::Everyone => EVERYONE,
        Audience::Listener(user) => user.0,
    }
}

/// A question in one spelling.
#[derive(Serialize)]
struct Question<'a, A> {
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<i64>,
    until: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    zone: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    filter: Option<&'a Filter>,
    arguments: A,
}

fn question_text(policy: &Policy, scope: &Scope, arguments: impl Serialize) -> String {
    text(Question {
        from: scope.range.from().map(Instant::ms),
        until: scope.range.until().ms(),
        zone: (policy.zoned || scope.filter.weekdays.is_some()).then(|| scope.zone.iana_name().unwrap_or("UTC")),
        filter: Some(&scope.filter).filter(|filter| !filter.is_empty()),
        arguments,
    })
}

fn text(question: impl Serialize) -> String {
    serde_json::to_string(&question).expect("a question is numbers and texts")
}
