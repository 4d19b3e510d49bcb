//! One answer on its way: archived, transformed and loaded like every other document, then noted, so that it is not asked
//! for again.

use std::collections::HashSet;

use entity::archive;
use entity::enrichment::{ActiveModel, Answer, Column, Entity, Kind};
use entity::time::Instant;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, DbErr, EntityTrait};

use super::lacking::Lacking;
use crate::crash;
use crate::pipeline::{Failure, Pipeline, RawPage, Trace};
use crate::spotify::catalogue::list;
use crate::transform;

/// What was asked for in one call.
pub(super) struct Question<'a> {
    pub(super) kind: Kind,
    /// In the order in which they were asked for.
    pub(super) asked: &'a [Lacking],
    /// Whether it went to the endpoint for several.
    pub(super) several: bool,
}

/// Keeps and loads an answer, and notes what it answered; how many of those asked for Spotify has.
pub(super) async fn keep(pipeline: &Pipeline, question: &Question<'_>, bytes: Vec<u8>) -> Result<usize, Failure> {
    let page = RawPage { kind: archived(question.kind), fetched_at: pipeline.clock.now(), bytes };
    pipeline.load(&page, &mut Trace::new(None, pipeline.clock.clone())).await?;
    crash::point("answer-loaded");
    // The load has read the same bytes, so they can be read.
    let absent: HashSet<usize> =
        transform::absent(&page.bytes, list(question.kind)).unwrap_or_default().into_iter().collect();
    let found = if question.several { Answer::Whole } else { Answer::Partial };
    let answers = question
        .asked
        .iter()
        .enumerate()
        .map(|(position, lacking)| (lacking, if absent.contains(&position) { Answer::Absent } else { found }));
    note(pipeline, question.kind, answers, page.fetched_at).await?;
    crash::point("answer-noted");
    Ok(question.asked.len() - absent.len())
}

/// Notes what Spotify answered.
pub(super) async fn note(
    pipeline: &Pipeline,
    kind: Kind,
    answers: impl Iterator<Item = (&Lacking, Answer)>,
    asked_at: Instant,
) -> Result<(), DbErr> {
    let rows: Vec<ActiveModel> = answers
        .map(|(lacking, answer)| ActiveModel {
            kind: Set(kind),
            subject_id: Set(lacking.id),
            asked_at: Set(asked_at),
            answer: Set(answer),
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    let replace = OnConflict::columns([Column::Kind, Column::SubjectId])
        .update_columns([Column::AskedAt, Column::Answer])
        .to_owned();
    Entity::insert_many(rows).on_conflict(replace).exec_without_returning(pipeline.db.write()).await?;
    Ok(())
}

/// Whether Spotify has answered about it, ever.
pub(super) async fn is_noted(pipeline: &Pipeline, kind: Kind, lacking: &Lacking) -> Result<bool, DbErr> {
    Ok(Entity::find_by_id((kind, lacking.id)).one(pipeline.db.write()).await?.is_some())
}

pub(super) fn archived(kind: Kind) -> archive::Kind {
    match kind {
        Kind::Track => archive::Kind::Tracks,
        Kind::Name => archive::Kind::Searches,
        Kind::Artist => archive::Kind::Artists,
        Kind::Album => archive::Kind::Albums,
        Kind::Features => archive::Kind::AudioFeatures,
    }
}
