//! `accounts`: people and their Spotify links.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use entity::clock::SharedClock;
use entity::db::Db;
use entity::revision;
use entity::secret::KeyRing;
use entity::spotify_account::{self, State};
use entity::time::Instant;
use entity::user::{self, check_username};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::{open, table};
use crate::config::Settings;

/// What to do with accounts.
#[derive(Subcommand)]
pub enum Command {
    /// List people, their links and when each was last fetched
    List,
    /// Add a person, or give one a new Spotify link
    Add(Add),
}

/// Who, and with which token.
#[derive(Args)]
pub struct Add {
    /// The username: letters, digits, '.', '_' and '-'
    pub name: String,
    /// A file with this person's Spotify refresh token; `-` reads standard input
    #[arg(long, value_name = "FILE")]
    pub refresh_token_file: Option<PathBuf>,
    /// The name shown to people [default: the username]
    #[arg(long, value_name = "NAME")]
    pub display_name: Option<String>,
    /// Where this person's days begin, such as Europe/Berlin
    #[arg(long, default_value = "UTC", value_name = "ZONE")]
    pub time_zone: String,
    /// This person agreed to appear by name in lists of listeners
    #[arg(long)]
    pub listed: bool,
}

pub(super) async fn execute(settings: &Settings, command: Command, clock: SharedClock) -> anyhow::Result<ExitCode> {
    match command {
        Command::List => list(&open(settings).await?).await?,
        Command::Add(add) => {
            let token = add.refresh_token_file.as_deref().map(read_token).transpose()?;
            let keys = token.is_some().then(|| settings.keys()).transpose()?;
            let link = keys.as_ref().zip(token.as_deref());
            let said = self::add(&open(settings).await?, &add, link, clock.now()).await?;
            println!("{said}");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Adds a person, or a new link to a known one; a sentence that says which.
pub async fn add(db: &Db, add: &Add, link: Option<(&KeyRing, &str)>, now: Instant) -> anyhow::Result<String> {
    check_username(&add.name).map_err(anyhow::Error::msg)?;
    let zone = entity::time::zone(&add.time_zone)?;
    let transaction = db.begin().await?;
    let known = user::Entity::find().filter(user::Column::Username.eq(&add.name)).one(&transaction).await?;
    let is_known = known.is_some();
    let person = match known {
        Some(_) if link.is_none() => {
            bail!("\"{}\" is already here: give --refresh-token-file to link Spotify", add.name);
        }
        Some(person) => person,
        None => {
            let person = user::ActiveModel {
                username: Set(add.name.clone()),
                display_name: Set(add.display_name.clone().unwrap_or_else(|| add.name.clone())),
                time_zone: Set(zone.iana_name().expect("a zone of the database has a name").to_owned()),
                listed: Set(add.listed),
                joined_at: Set(now),
                ..Default::default()
            };
            person.insert(&transaction).await?
        }
    };
    if let Some((keys, token)) = link {
        let account = spotify_account::ActiveModel {
            user_id: Set(person.id),
            spotify_user_id: Set(None),
            sealed_refresh_token: Set(Some(keys.seal(person.id, token)?)),
            authorized_at: Set(now),
            state: Set(State::Pending),
            last_succeeded_at: Set(None),
            due_at: Set(Instant::from_ms(0)),
            ..Default::default()
        };
        let linked_before = spotify_account::Entity::find_by_id(person.id).one(&transaction).await?.is_some();
        if linked_before {
            account.update(&transaction).await?
        } else {
            account.insert(&transaction).await?
        };
    }
    if !is_known {
        revision::raise(&transaction, &[revision::PEOPLE], now).await?;
    }
    transaction.commit().await?;
    Ok(match (is_known, link) {
        (true, _) => format!("{} has a new Spotify link; `refrain-ingest run` fetches it", add.name),
        (false, Some(_)) => format!("{} was added; `refrain-ingest run` fetches the newest plays", add.name),
        (false, None) => format!("{} was added, without a Spotify link", add.name),
    })
}

fn read_token(file: &Path) -> anyhow::Result<String> {
    let text = if file == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("standard input cannot be read")?;
        text
    } else {
        std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?
    };
    match text.trim() {
        "" => bail!("{} holds no token", file.display()),
        token => Ok(token.to_owned()),
    }
}

async fn list(db: &Db) -> anyhow::Result<()> {
    let people = user::Entity::find()
        .find_also_related(spotify_account::Entity)
        .order_by_asc(user::Column::Username)
        .all(db.read())
        .await?;
    if people.is_empty() {
        println!(
            "nobody is here yet: `refrain-ingest accounts add NAME --refresh-token-file FILE`, or `refrain-ingest demo`"
        );
        return Ok(());
    }
    let mut rows = table(&["USERNAME", "NAME", "TIME ZONE", "LISTED", "SPOTIFY", "LAST FETCHED"]);
    for (person, account) in people {
        let (state, last) = match &account {
            None => ("no link", None),
            Some(account) => (said(account.state), account.last_succeeded_at),
        };
        rows.add_row([
            person.username,
            person.display_name,
            person.time_zone,
            if person.listed { "yes" } else { "no" }.to_owned(),
            state.to_owned(),
            last.map_or_else(|| "never".to_owned(), |at| at.to_string()),
        ]);
    }
    println!("{rows}");
    Ok(())
}

fn said(state: State) -> &'static str {
    match state {
        State::Pending => "linked, not fetched yet",
        State::Active => "active",
        State::NeedsReconnect => "needs to connect again",
        State::Disconnected => "disconnected",
    }
}
