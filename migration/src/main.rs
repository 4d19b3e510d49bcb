//! `migration`: the only thing that changes a Postgres schema.

use std::time::Duration;

use anyhow::{Context, bail};
use clap::{Parser, Subcommand};
use migration::{Migrator, MigratorTrait};
use sea_orm_migration::sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm_migration::sea_orm::{ConnectOptions, Database, DatabaseConnection, TransactionTrait};

/// A server that is not there is asked again and again for so long; the library's own patience is half a minute.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Brings the database's tables up to date, or shows how they stand.
#[derive(Parser)]
#[command(version)]
struct Cli {
    /// The database: `postgres://…` or `sqlite://FILE?mode=rwc`
    #[arg(
        long,
        env = "DATABASE_URL",
        hide_env_values = true,
        default_value = "sqlite://refrain.db?mode=rwc",
        global = true,
        value_name = "URL"
    )]
    database_url: String,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Applies the missing steps, all of them or as many as STEPS
    Up { steps: Option<u32> },
    /// Takes back the newest steps, one or as many as STEPS, with the data in their tables
    Down {
        #[arg(default_value_t = 1)]
        steps: u32,
    },
    /// Lists the steps and whether they were applied
    Status,
}

fn main() {
    dotenvy::dotenv().ok();
    let cli = Cli::parse();
    if let Err(error) = run(&cli) {
        eprintln!("error: {error:#}");
        std::process::exit(1);
    }
}

#[tokio::main(flavor = "current_thread")]
async fn run(cli: &Cli) -> anyhow::Result<()> {
    // Refused here, because the library's own refusal repeats the address with its password.
    let can_be_read = match cli.database_url.split_once(':').map(|(scheme, _)| scheme) {
        Some("postgres" | "postgresql") => cli.database_url.parse::<PgConnectOptions>().is_ok(),
        scheme => scheme == Some("sqlite"),
    };
    if !can_be_read {
        bail!("DATABASE_URL is not a database address: expected postgres://USER@HOST/NAME or sqlite://FILE?mode=rwc");
    }
    let mut options = ConnectOptions::new(&cli.database_url);
    options.max_connections(1).sqlx_logging(false).acquire_timeout(CONNECT_TIMEOUT).connect_timeout(CONNECT_TIMEOUT);
    let db = Database::connect(options).await.context("the database of DATABASE_URL cannot be reached")?;
    let before = applied(&db).await?;
    match cli.command {
        Command::Up { steps } => {
            in_one_transaction(&db, async |transaction| Migrator::up(transaction, steps).await).await?;
            println!("{} step(s) applied; the database is at {}", applied(&db).await? - before, newest(&db).await?);
        }
        Command::Down { steps } => {
            in_one_transaction(&db, async |transaction| Migrator::down(transaction, Some(steps)).await).await?;
            println!("{} step(s) taken back; the database is at {}", before - applied(&db).await?, newest(&db).await?);
        }
        Command::Status => {
            for step in Migrator::get_migration_with_status_read_only(&db).await? {
                println!("{:8} {}", step.status().to_string().to_lowercase(), step.name());
            }
        }
    }
    Ok(())
}

/// All steps or none: a step that fails leaves the tables as they were.
async fn in_one_transaction<F>(db: &DatabaseConnection, steps: F) -> anyhow::Result<()>
where
    F: AsyncFnOnce(&sea_orm_migration::sea_orm::DatabaseTransaction) -> Result<(), sea_orm_migration::DbErr>,
{
    let transaction = db.begin().await?;
    steps(&transaction).await.context("a step failed; the tables are as they were")?;
    Ok(transaction.commit().await?)
}

async fn applied(db: &DatabaseConnection) -> anyhow::Result<usize> {
    Ok(Migrator::get_applied_migrations_read_only(db).await?.len())
}

async fn newest(db: &DatabaseConnection) -> anyhow::Result<String> {
    let steps = Migrator::get_applied_migrations_read_only(db).await?;
    Ok(steps.last().map_or_else(|| "its beginning, without tables".to_owned(), |step| step.name().to_owned()))
}
