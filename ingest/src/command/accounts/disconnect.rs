//! `accounts disconnect` and `accounts remove`: the end of a link, and of what came by it.

use anyhow::Context;
use clap::Args;
use entity::clock::SharedClock;
use entity::ids::UserId;
use entity::{revision, spotify_account, user};
use sea_orm::EntityTrait;

use super::known;
use crate::command::{open, open_untouched};
use crate::config::Settings;
use crate::erase::{self, Erased};
use crate::pipeline::Pipeline;

/// Whose link, and how thoroughly.
#[derive(Args)]
pub struct Disconnect {
    /// The username
    pub name: String,
    /// Erase this person's plays, tokens and archived pages, too
    #[arg(long)]
    pub erase: bool,
    /// Say what would go, and change nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Whom.
#[derive(Args)]
pub struct Remove {
    /// The username
    pub name: String,
    /// Say what would go, and change nothing
    #[arg(long)]
    pub dry_run: bool,
}

pub(super) async fn execute(settings: &Settings, options: Disconnect, clock: SharedClock) -> anyhow::Result<()> {
    let Disconnect { name, erase, dry_run } = options;
    if dry_run {
        let db = open_untouched(settings).await?;
        let person = known(db.read(), &name).await?;
        println!("the Spotify link of {name} would end");
        if erase {
            println!("{}", would_go(&erase::preview(&db, person.id).await?));
        }
        return Ok(());
    }
    if !erase {
        let db = open(settings).await?;
        let person = known(db.read(), &name).await?;
        let was_linked = spotify_account::disconnect(&db, person.id, false, clock.now()).await?;
        println!("{name} {}", if was_linked { "is not linked any more; the plays stay" } else { "was not linked" });
        return Ok(());
    }
    let pipeline = crate::command::pipeline(settings, clock).await?;
    let person = known(pipeline.db.read(), &name).await?;
    spotify_account::disconnect(&pipeline.db, person.id, true, pipeline.clock.now()).await?;
    let erased = erase::one(&pipeline, person.id).await?;
    println!("{name} is not linked any more. {}", went(&erased));
    Ok(())
}

pub(super) async fn execute_remove(settings: &Settings, options: Remove, clock: SharedClock) -> anyhow::Result<()> {
    let Remove { name, dry_run } = options;
    if dry_run {
        let db = open_untouched(settings).await?;
        let person = known(db.read(), &name).await?;
        println!("{name} would be removed. {}", would_go(&erase::preview(&db, person.id).await?));
        return Ok(());
    }
    let pipeline = crate::command::pipeline(settings, clock).await?;
    let person = known(pipeline.db.read(), &name).await?;
    let erased = remove(&pipeline, person.id).await?;
    println!("{name} is not here any more. {}", went(&erased));
    Ok(())
}

/// Erases a person's data, then the account: everyone's totals stay true.
pub async fn remove(pipeline: &Pipeline, user: UserId) -> anyhow::Result<Erased> {
    let now = pipeline.clock.now();
    spotify_account::disconnect(&pipeline.db, user, true, now).await?;
    let erased = erase::one(pipeline, user).await?;
    let transaction = pipeline.db.begin().await?;
    user::Entity::delete_by_id(user).exec(&transaction).await.context("the account itself could not be removed")?;
    revision::raise(&transaction, &[user.0, revision::EVERYONE, revision::PEOPLE, revision::CLEARED], now).await?;
    transaction.commit().await?;
    Ok(erased)
}

fn would_go(erased: &Erased) -> String {
    let Erased { plays, skips, gaps, rejects, objects } = erased;
    format!(
        "{plays} plays, {skips} skips, {gaps} gaps, {rejects} records set aside and {objects} archived pages would go"
    )
}

fn went(erased: &Erased) -> String {
    let Erased { plays, skips, gaps, rejects, objects } = erased;
    format!(
        "{plays} plays, {skips} skips, {gaps} gaps, {rejects} records set aside and {objects} archived pages are gone"
    )
}
