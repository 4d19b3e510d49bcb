//! Trials: whether everything that the ingest depends on works, by a real round trip each.
//!
//! A trial leaves nothing behind: what it writes, it deletes or rolls back. It says what works, or what does not and what to
//! do; never a secret. What is not set up is passed over, unless it was asked for by name.

mod archive;
mod database;
mod discord;
mod pipeline;
mod redis;
mod spotify;

use std::time::Duration;

use entity::chain::chain;
use entity::clock::SharedClock;
use serde::Serialize;

use crate::config::Settings;

/// What can be tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Subject {
    /// A row is written, read and rolled back
    Database,
    /// An object is put, read, listed and deleted
    Archive,
    /// A token is had, and `/me` answers
    Spotify,
    /// A sample page goes through archive, transform and load, and is rolled back
    Pipeline,
    /// A value is set, read and deleted
    Redis,
    /// The webhook is there
    Discord,
}

impl Subject {
    /// All of them, what others depend on first.
    pub const ALL: [Self; 6] =
        [Self::Database, Self::Archive, Self::Spotify, Self::Pipeline, Self::Redis, Self::Discord];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::Archive => "archive",
            Self::Spotify => "spotify",
            Self::Pipeline => "pipeline",
            Self::Redis => "redis",
            Self::Discord => "discord",
        }
    }

    /// What to do when it fails, if the reason does not say.
    fn advice(self) -> &'static str {
        match self {
            Self::Database => {
                "start the database, or correct DATABASE_URL; `migration up` makes the tables on Postgres"
            }
            Self::Archive => {
                "correct ARCHIVE_URL (and S3_ENDPOINT, AWS_*), and let this program write, read, list and delete there"
            }
            Self::Spotify => "correct SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET, or let the person connect again",
            Self::Pipeline => "check database and archive first; if both work, tell the makers of Refrain",
            Self::Redis => "start Redis, or correct REDIS_URL; without it, everything works, only slower",
            Self::Discord => "make a new webhook in the channel's settings, and correct DISCORD_WEBHOOK_URL",
        }
    }
}

/// How a trial ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It works.
    Passed,
    /// It does not.
    Failed,
    /// It is not set up.
    Skipped,
}

/// What a trial found.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What was tried.
    pub check: Subject,
    /// How it ended.
    pub verdict: Verdict,
    /// What was done, or what went wrong.
    pub message: String,
    /// What to do; null if it works.
    pub advice: Option<&'static str>,
    /// How long it took, in milliseconds.
    pub duration_ms: i64,
}

/// What a trial says if it does not fail.
enum Said {
    Works(String),
    NotSetUp(&'static str),
}

/// Longer than any round trip that is worth waiting for.
const TIMEOUT: Duration = Duration::from_secs(45);

/// Tries `subjects`, one after the other, or all of them if none is named.
pub async fn check(settings: &Settings, clock: &SharedClock, subjects: &[Subject]) -> Vec<Finding> {
    let all = if subjects.is_empty() { &Subject::ALL[..] } else { subjects };
    let mut findings = Vec::new();
    for subject in all {
        findings.push(one(settings, clock, *subject, !subjects.is_empty()).await);
    }
    findings
}

async fn one(settings: &Settings, clock: &SharedClock, subject: Subject, is_asked_for: bool) -> Finding {
    let began_at = clock.now();
    let trial = async {
        match subject {
            Subject::Database => database::check(settings).await,
            Subject::Archive => archive::check(settings, clock).await,
            Subject::Spotify => spotify::check(settings, clock).await,
            Subject::Pipeline => pipeline::check(settings, clock).await,
            Subject::Redis => redis::check(settings).await,
            Subject::Discord => discord::check(settings).await,
        }
    };
    let late = |_| Err(anyhow::anyhow!("no end within {} s", TIMEOUT.as_secs()));
    let (verdict, message) = match tokio::time::timeout(TIMEOUT, trial).await.unwrap_or_else(late) {
        Ok(Said::Works(said)) => (Verdict::Passed, said),
        Ok(Said::NotSetUp(missing)) if is_asked_for => (Verdict::Failed, format!("{missing} is not set")),
        Ok(Said::NotSetUp(missing)) => (Verdict::Skipped, format!("{missing} is not set")),
        Err(error) => (Verdict::Failed, chain(&*error)),
    };
    let advice = (verdict == Verdict::Failed).then(|| subject.advice());
    Finding { check: subject, verdict, message, advice, duration_ms: (clock.now() - began_at).max(0) }
}
