//! The pipeline: a sample page, as Spotify would send it, is archived, read back, transformed and loaded for a person who is
//! rolled back with it.

use anyhow::{Context, ensure};
use entity::archive::{ArchiveKey, Kind};
use entity::clock::SharedClock;
use entity::user;
use sea_orm::{ActiveModelTrait, ActiveValue::Set};

use super::Said;
use crate::command::open;
use crate::config::Settings;
use crate::load::{self, Origin};
use crate::settle::MATCH_WINDOW_S;
use crate::transform;

/// Two plays, one record that nobody understands.
const SAMPLE: &[u8] = include_bytes!("sample.json");

pub(super) async fn check(settings: &Settings, clock: &SharedClock) -> anyhow::Result<Said> {
    let archive = settings.archive()?;
    let db = open(settings).await?;
    let key = ArchiveKey::new(Kind::Probe, clock.now(), SAMPLE);
    archive.put(&key, SAMPLE).await?;
    let read = archive.get(&key).await;
    archive.remove(&key).await?;
    let batch = transform::recently_played(&read?).context("the sample page was not understood")?;

    let transaction = db.begin().await?;
    let username = format!("trial.{}", clock.now().ms());
    let person = user::ActiveModel {
        username: Set(username.clone()),
        display_name: Set(username),
        time_zone: Set("UTC".to_owned()),
        listed: Set(false),
        joined_at: Set(clock.now()),
        ..Default::default()
    };
    let user = person.insert(&transaction).await.context("nobody could be added")?.id;
    let origin = Origin { key, user: Some(user), fetched_at: clock.now() };
    let loaded = load::write(&transaction, &[(&origin, &batch)], MATCH_WINDOW_S, clock.now())
        .await
        .context("the sample was not loaded")?;
    transaction.rollback().await?;
    ensure!(
        (loaded.plays_loaded, loaded.rejected) == (2, 1),
        "of the sample's two plays and one damaged record, {} and {} were found",
        loaded.plays_loaded,
        loaded.rejected
    );
    Ok(Said::Works("a sample page was archived, transformed, loaded and rolled back".to_owned()))
}
