//! `check`: tries everything that the ingest depends on, and says what to do about what fails.

use std::process::ExitCode;

use clap::Args;
use entity::clock::SharedClock;
use serde_json::json;

use super::table;
use crate::check::{Subject, Verdict, check};
use crate::config::Settings;

/// What to try.
#[derive(Args)]
pub struct Options {
    /// What to try; everything that is set up if nothing is named
    #[arg(value_enum)]
    pub subjects: Vec<Subject>,
    /// Print one JSON object instead of a table
    #[arg(long)]
    pub json: bool,
}

pub(super) async fn execute(settings: &Settings, options: Options, clock: SharedClock) -> anyhow::Result<ExitCode> {
    let findings = check(settings, &clock, &options.subjects).await;
    let is_well = findings.iter().all(|finding| finding.verdict != Verdict::Failed);
    if options.json {
        println!("{}", json!({ "ok": is_well, "checks": findings }));
    } else {
        let mut rows = table(&["CHECK", "", "MS", "WHAT HAPPENED"]);
        for finding in &findings {
            let verdict = match finding.verdict {
                Verdict::Passed => "works",
                Verdict::Failed => "FAILED",
                Verdict::Skipped => "not set up",
            };
            let said = match finding.advice {
                Some(advice) => format!("{}\nWhat to do: {advice}", finding.message),
                None => finding.message.clone(),
            };
            rows.add_row([finding.check.name(), verdict, &finding.duration_ms.to_string(), &said]);
        }
        println!("{rows}");
    }
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
