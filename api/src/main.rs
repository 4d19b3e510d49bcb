//! `refrain-api`: reads the settings, starts the log, serves.

use std::process::ExitCode;
use std::sync::Arc;

use api::config::{Cli, Command};
use api::graphql;
use api::http::Limits;
use api::{health, serve};
use entity::clock::SystemClock;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli: Cli = entity::settings::parse();
    match execute(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", entity::chain::chain(&*error));
            ExitCode::FAILURE
        }
    }
}

fn execute(cli: &Cli) -> anyhow::Result<()> {
    match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => {
            entity::telemetry::init(cli.settings.log_format());
            tokio::runtime::Runtime::new()?.block_on(serve::serve(&cli.settings, Arc::new(SystemClock)))
        }
        Command::Schema => {
            print!("{}", graphql::schema(&Limits::default()).sdl());
            Ok(())
        }
        Command::Health => health::ask(cli.settings.listen_addr()?),
    }
}
