//! `accounts`: people and their Spotify links.

mod connect;
mod disconnect;
mod rotate;

pub use connect::{Connect, Visit};
pub use disconnect::{Disconnect, Remove, remove};
pub use rotate::rotate;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use entity::clock::SharedClock;
use entity::consent;
use entity::db::Db;
use entity::revision;
use entity::secret::KeyRing;
use entity::spotify_account::{self, State};
use entity::time::Instant;
use entity::user::{self, check_username};
use jiff::tz::TimeZone;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder,
};

use super::{open, open_untouched, table};
use crate::config::Settings;

/// What to do with accounts.
#[derive(Subcommand)]
pub enum Command {
    /// List people, their links and when each was last fetched
    List,
    /// Add a person, or give one a new Spotify link
    Add(Add),
    /// Link a Spotify account by signing in to it, in a browser on this machine
    Connect(Connect),
    /// End a person's Spotify link, and on request erase their data
    Disconnect(Disconnect),
    /// Erase a person's data and the account with them
    Remove(Remove),
    /// Seal every stored token with the newest of TOKEN_KEYS, so that the older keys can be thrown away
    RotateKeys {
        /// Say how many would be sealed anew, and change nothing
        #[arg(long)]
        dry_run: bool,
    },
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
    /// Say what would be done, and change nothing
    #[arg(long)]
    pub dry_run: bool,
}

pub(super) async fn execute(settings: &Settings, command: Command, clock: SharedClock) -> anyhow::Result<ExitCode> {
    match command {
        Command::List => list(&open(settings).await?).await?,
        Command::Add(add) if add.dry_run => {
            add.refresh_token_file.as_deref().map(read_token).transpose()?;
            let db = open_untouched(settings).await?;
            println!("{}", would_add(&db, &add).await?);
        }
        Command::Add(add) => {
            let token = add.refresh_token_file.as_deref().map(read_token).transpose()?;
            let keys = token.is_some().then(|| settings.keys()).transpose()?;
            let link = keys.as_ref().zip(token.as_deref());
            let said = self::add(&open(settings).await?, &add, link, clock.now()).await?;
            println!("{said}");
        }
        Command::Connect(connect) => connect::execute(settings, connect, clock).await?,
        Command::Disconnect(disconnect) => disconnect::execute(settings, disconnect, clock).await?,
        Command::Remove(remove) => disconnect::execute_remove(settings, remove, clock).await?,
        Command::RotateKeys { dry_run } => rotate::execute(settings, dry_run).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Adds a person, or a new link to a known one; a sentence that says which.
pub async fn add(db: &Db, add: &Add, link: Option<(&KeyRing, &str)>, now: Instant) -> anyhow::Result<String> {
    check_username(&add.name).map_err(anyhow::Error::msg)?;
    let zone = entity::time::zone(&add.time_zone)?;
    let transaction = db.begin().await?;
    let known = person(&transaction, &add.name).await?;
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
        spotify_account::connect(&transaction, person.id, None, keys.seal(person.id, token)?, now).await?;
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

/// What [`add`] would do.
async fn would_add(db: &Db, add: &Add) -> anyhow::Result<String> {
    check_username(&add.name).map_err(anyhow::Error::msg)?;
    entity::time::zone(&add.time_zone)?;
    let is_known = person(db.read(), &add.name).await?.is_some();
    Ok(match (is_known, &add.refresh_token_file) {
        (true, None) => bail!("\"{}\" is already here: give --refresh-token-file to link Spotify", add.name),
        (true, Some(_)) => format!("{} would get a new Spotify link", add.name),
        (false, Some(_)) => format!("{} would be added, with a Spotify link", add.name),
        (false, None) => format!("{} would be added, without a Spotify link", add.name),
    })
}

/// The person of that username.
async fn person(db: &impl ConnectionTrait, username: &str) -> Result<Option<user::Model>, DbErr> {
    user::Entity::find().filter(user::Column::Username.eq(username)).one(db).await
}

/// The same, or a sentence that says how to find the right one.
async fn known(db: &impl ConnectionTrait, username: &str) -> anyhow::Result<user::Model> {
    let person = person(db, username).await?;
    person.with_context(|| format!("nobody here is called \"{username}\": `refrain-ingest accounts list` tells who is"))
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
        println!("nobody is here yet: `refrain-ingest accounts connect NAME --create-user`, or `refrain-ingest demo`");
        return Ok(());
    }
    let mut rows = table(&["USERNAME", "NAME", "TIME ZONE", "LISTED", "SPOTIFY", "LAST FETCHED", "CONSENT ENDS"]);
    for (person, account) in people {
        let linked = account.as_ref().filter(|account| account.state != State::Disconnected);
        let ends = linked.map(|account| consent::expires_at(account.authorized_at));
        let last = account.as_ref().and_then(|account| account.last_succeeded_at);
        rows.add_row([
            person.username,
            person.display_name,
            person.time_zone,
            if person.listed { "yes" } else { "no" }.to_owned(),
            account.as_ref().map_or("no link", |account| said(account.state)).to_owned(),
            last.map_or_else(|| "never".to_owned(), |at| at.to_string()),
            ends.map_or_else(|| "-".to_owned(), |at| at.in_zone(&TimeZone::UTC).date().to_string()),
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
