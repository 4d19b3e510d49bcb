//! Being told: a change for the worse or the better is told once, on every channel that is set.
//!
//! Two halves, so that any number of workers may have the first and any process the second. [`failing`] and [`well`] keep in the
//! database how things stand; only a change is written. [`Alerts::tell`] tells every channel what it was not told yet. What
//! went wrong and right again before anybody could be told is not told at all.
//!
//! A change is claimed by one process, sent, and noted as told when the channel has taken it (2xx). So it is told exactly
//! once, but for one window: a process that is killed between the channel's answer and the note leaves a claim, and the next
//! one tells it again when the claim is a minute old. Nothing here ever fails a run.

mod channel;
mod discord;
mod outbox;
mod settings;
mod webhook;

use std::collections::HashSet;

use entity::alert::{ActiveModel, Column, Entity, Standing};
use entity::db::Db;
use entity::ids::UserId;
use entity::spotify_account;
use entity::time::Instant;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};

use crate::pipeline::Failure;
use crate::spotify::{self, Refusal};

pub use channel::Alerts;
pub use settings::AlertSettings;

/// What can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The polling of one account.
    Account(UserId),
    /// The end of one account's authorization.
    Expiry(UserId),
    /// The app at Spotify, and so every account.
    Spotify,
    /// The archive.
    Archive,
    /// The database.
    Database,
    /// The runs as such.
    Runs,
}

impl Subject {
    fn key(self) -> String {
        match self {
            Self::Account(user) => format!("account/{user}"),
            Self::Expiry(user) => format!("expiry/{user}"),
            Self::Spotify => "spotify".to_owned(),
            Self::Archive => "archive".to_owned(),
            Self::Database => "database".to_owned(),
            Self::Runs => "runs".to_owned(),
        }
    }

    fn user(self) -> Option<UserId> {
        match self {
            Self::Account(user) | Self::Expiry(user) => Some(user),
            _ => None,
        }
    }
}

/// What somebody should do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Nothing: it heals by itself.
    Wait,
    /// The person connects again.
    Reconnect,
    /// The person connects again before the authorization ends, in so many days.
    ReconnectWithinDays(i32),
    /// Spotify refuses: look at the app's list, its owner, its scopes.
    CheckAccess,
    /// The app's owner renews Premium.
    RenewPremium,
    /// The app's id and secret are wrong.
    CorrectApp,
    /// The keys that seal refresh tokens are wrong.
    CorrectKeys,
    /// One of two people here is disconnected.
    DisconnectOne,
    /// The archive is brought back.
    MendArchive,
    /// The database is brought back.
    MendDatabase,
    /// The log says why.
    ReadLog,
}

impl Remedy {
    /// The word for it that is stored and sent to machines.
    pub fn word(self) -> String {
        match self {
            Self::Wait => "wait".to_owned(),
            Self::Reconnect => "reconnect".to_owned(),
            Self::ReconnectWithinDays(days) => format!("reconnect_within_{days}_days"),
            Self::CheckAccess => "check_access".to_owned(),
            Self::RenewPremium => "renew_premium".to_owned(),
            Self::CorrectApp => "correct_app".to_owned(),
            Self::CorrectKeys => "correct_keys".to_owned(),
            Self::DisconnectOne => "disconnect_one".to_owned(),
            Self::MendArchive => "mend_archive".to_owned(),
            Self::MendDatabase => "mend_database".to_owned(),
            Self::ReadLog => "read_log".to_owned(),
        }
    }

    /// The sentence for it that people read, from its word.
    fn sentence(word: &str) -> &'static str {
        match word {
            "wait" => "Nothing yet: the next run tries again. Look at it if this stays for more than some hours.",
            "reconnect" => "Ask this person to connect their Spotify account again.",
            "check_access" => {
                "Look at the app's user list, its owner's Premium and the scopes granted: https://developer.spotify.com/dashboard"
            }
            "renew_premium" => "Renew the Spotify Premium of the app's owner.",
            "correct_app" => "Correct SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET.",
            "correct_keys" => "Put the key that sealed the token back into TOKEN_KEYS.",
            "disconnect_one" => "Disconnect one of the two people who share this Spotify account.",
            "mend_archive" => "Bring the archive (ARCHIVE_URL) back, or free space there.",
            "mend_database" => "Bring the database (DATABASE_URL) back, or free space there.",
            "read_log" => "Read the log of that time, and `refrain-ingest runs`.",
            _ if word.starts_with("reconnect_within") => {
                "Ask this person to connect their Spotify account again before that day."
            }
            _ => "Look at `refrain-ingest runs`.",
        }
    }
}

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What fails.
    pub subject: Subject,
    /// In which step.
    pub step: String,
    /// Why, for operators; never a token or a payload.
    pub cause: String,
    /// What to do.
    pub remedy: Remedy,
}

impl Trouble {
    /// What an account's failure says: it may be everybody's.
    pub fn of(user: UserId, step: &str, failure: &Failure) -> Self {
        use spotify::Error as S;
        let account = Subject::Account(user);
        let (subject, remedy) = match failure {
            Failure::Spotify(S::RateLimited { .. }) => (Subject::Spotify, Remedy::Wait),
            Failure::Spotify(S::UnknownApp { .. }) => (Subject::Spotify, Remedy::CorrectApp),
            Failure::Spotify(S::Refused { why: Refusal::OwnerWithoutPremium, .. }) => {
                (Subject::Spotify, Remedy::RenewPremium)
            }
            Failure::Spotify(S::Withdrawn | S::Refused { why: Refusal::ScopeMissing, .. }) | Failure::NoToken => {
                (account, Remedy::Reconnect)
            }
            Failure::Spotify(S::Refused { .. }) => (account, Remedy::CheckAccess),
            Failure::Token(_) => (account, Remedy::CorrectKeys),
            Failure::LinkedTwice(_) => (account, Remedy::DisconnectOne),
            Failure::Archive(_) | Failure::ArchiveRests | Failure::NotKept(_) | Failure::Read(_) => {
                (Subject::Archive, Remedy::MendArchive)
            }
            Failure::Database(_) => (Subject::Database, Remedy::MendDatabase),
            Failure::Transform { .. } | Failure::SomebodyElse { .. } => (account, Remedy::ReadLog),
            Failure::Spotify(S::Transient { .. } | S::Unauthorized | S::NotFound)
            | Failure::TimedOut
            | Failure::Held
            | Failure::Ended
            | Failure::Erased => (account, Remedy::Wait),
        };
        Self { subject, step: step.to_owned(), cause: entity::chain::chain(failure), remedy }
    }
}

/// Keeps that something fails. What fails already, with the same remedy, is no change.
pub async fn failing(db: &Db, trouble: &Trouble, now: Instant) -> Result<(), DbErr> {
    let subject = trouble.subject.key();
    let transaction = db.begin().await?;
    let known = Entity::find_by_id(subject.as_str()).lock_exclusive().one(&transaction).await?;
    let remedy = trouble.remedy.word();
    let was_failing = known.as_ref().is_some_and(|known| known.standing == Standing::Failing);
    if was_failing && known.as_ref().is_some_and(|known| known.remedy == remedy) {
        return Ok(());
    }
    let since = known.as_ref().filter(|_| was_failing).map_or(now, |known| known.since);
    let number = known.map_or(1, |known| known.number + 1);
    let row = ActiveModel {
        subject: Set(subject),
        user_id: Set(trouble.subject.user()),
        standing: Set(Standing::Failing),
        step: Set(trouble.step.clone()),
        cause: Set(trouble.cause.clone()),
        remedy: Set(remedy),
        since: Set(since),
        changed_at: Set(now),
        number: Set(number),
    };
    let replace = OnConflict::column(Column::Subject)
        .update_columns([
            Column::Standing,
            Column::Step,
            Column::Cause,
            Column::Remedy,
            Column::Since,
            Column::ChangedAt,
            Column::Number,
        ])
        .to_owned();
    Entity::insert(row).on_conflict(replace).exec_without_returning(&transaction).await?;
    transaction.commit().await
}

/// Keeps that accounts which must connect again fail: of one whose process was killed between finding that out and keeping
/// it here, nobody would hear, since it is not polled any more.
pub async fn overlooked(db: &Db, now: Instant) -> Result<(), DbErr> {
    let withdrawn: Vec<UserId> = spotify_account::Entity::find()
        .select_only()
        .column(spotify_account::Column::UserId)
        .filter(spotify_account::Column::State.eq(spotify_account::State::NeedsReconnect))
        .into_tuple()
        .all(db.write())
        .await?;
    let failing_already: HashSet<String> = Entity::find()
        .select_only()
        .column(Column::Subject)
        .filter(Column::Standing.eq(Standing::Failing))
        .into_tuple()
        .all(db.write())
        .await?
        .into_iter()
        .collect();
    for user in withdrawn.into_iter().filter(|user| !failing_already.contains(&Subject::Account(*user).key())) {
        failing(db, &Trouble::of(user, "refresh", &spotify::Error::Withdrawn.into()), now).await?;
    }
    Ok(())
}

/// Keeps that these work. What did not fail is no change, and costs one statement that finds nothing.
pub async fn well(db: &Db, subjects: &[Subject], now: Instant) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::Standing, Expr::value(Standing::Well))
        .col_expr(Column::ChangedAt, Expr::value(now))
        .col_expr(Column::Number, Expr::col(Column::Number).add(1))
        .filter(Column::Subject.is_in(subjects.iter().map(|subject| subject.key())))
        .filter(Column::Standing.eq(Standing::Failing))
        .exec(db.write())
        .await?;
    Ok(())
}

/// Keeps how the polling of an account ended; `step` is where it stopped. An account that was polled shows that the app, the
/// archive and the database work.
pub async fn note<T>(
    db: &Db,
    user: UserId,
    step: &str,
    result: &Result<T, Failure>,
    now: Instant,
) -> Result<(), DbErr> {
    match result {
        Ok(_) => {
            let subjects = [Subject::Account(user), Subject::Spotify, Subject::Archive, Subject::Database];
            well(db, &subjects, now).await
        }
        // Somebody has left, or begun anew, while this was on its way: nothing to tell.
        Err(Failure::Ended | Failure::Erased) => Ok(()),
        Err(failure) => failing(db, &Trouble::of(user, step, failure), now).await,
    }
}

/// Keeps that an authorization ends, or that it was renewed (`None`). Told once for each number of days.
pub async fn expiring(db: &Db, user: UserId, ends: Option<(Instant, i32)>, now: Instant) -> Result<(), DbErr> {
    let subject = Subject::Expiry(user);
    match ends {
        None => well(db, &[subject], now).await,
        Some((ends_at, days)) => {
            let trouble = Trouble {
                subject,
                step: "expiry".to_owned(),
                cause: format!("the authorization ends on {ends_at}, and Spotify lets nobody but the person renew it"),
                remedy: Remedy::ReconnectWithinDays(days),
            };
            failing(db, &trouble, now).await
        }
    }
}
