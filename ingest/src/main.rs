//! `refrain-ingest`: reads the settings, starts the log, runs one command.

use std::process::ExitCode;
use std::sync::Arc;

use entity::clock::SystemClock;
use ingest::command;
use ingest::config::Cli;

fn main() -> ExitCode {
    let cli: Cli = entity::settings::parse();
    entity::telemetry::init_to(cli.settings.log_format(), || ingest::progress::Stderr);
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: the operating system refuses threads: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(command::execute(cli, Arc::new(SystemClock))) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {}", entity::chain::chain(&*error));
            ExitCode::FAILURE
        }
    }
}
