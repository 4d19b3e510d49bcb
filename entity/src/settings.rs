//! Settings that several programs share, and how any of them is read: a flag, else an environment variable, else a line
//! of `.env`; secrets also from a file named by `X_FILE`.

mod keys;
mod spotify;

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

pub use keys::KeySettings;
pub use spotify::{SpotifyApp, SpotifySettings, is_loopback};

/// The embedded default database.
pub const DATABASE_URL_DEFAULT: &str = "sqlite://refrain.db?mode=rwc";

/// Which database.
#[derive(Clone, clap::Args)]
pub struct DatabaseSettings {
    /// The database: `postgres://…`, or `sqlite://FILE?mode=rwc` [default: sqlite://refrain.db?mode=rwc]
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL", global = true)]
    database_url: Option<String>,
    /// A file that holds the URL instead
    #[arg(long, env = "DATABASE_URL_FILE", value_name = "FILE", global = true)]
    database_url_file: Option<PathBuf>,
}

impl DatabaseSettings {
    /// The URL in force.
    pub fn url(&self) -> anyhow::Result<String> {
        let given = secret("DATABASE_URL", self.database_url.as_deref(), self.database_url_file.as_deref())?;
        Ok(given.unwrap_or_else(|| DATABASE_URL_DEFAULT.to_owned()))
    }
}

/// How the log is written.
#[derive(Clone, clap::Args)]
pub struct LogSettings {
    /// Log lines as text for people, or as JSON for machines. `RUST_LOG` says which lines
    #[arg(long, env = "LOG_FORMAT", value_enum, default_value_t, global = true, value_name = "FORMAT")]
    pub log_format: LogFormat,
}

/// How a log line is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// A secret from its own setting or from the file that `NAME_FILE` names; an empty value counts as none.
pub fn secret(name: &str, value: Option<&str>, file: Option<&Path>) -> anyhow::Result<Option<String>> {
    let value = value.map(str::trim).filter(|text| !text.is_empty());
    match (value, file) {
        (Some(_), Some(_)) => bail!("{name} and {name}_FILE are both set: keep one of them"),
        (Some(value), None) => Ok(Some(value.to_owned())),
        (None, Some(file)) => {
            let text = std::fs::read_to_string(file)
                .with_context(|| format!("{name}_FILE names {}, which cannot be read", file.display()))?;
            Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty()))
        }
        (None, None) => Ok(None),
    }
}

/// Reads `.env`, then the command line and the environment. A value that cannot be read ends the program with one line
/// that names the setting and exit code 1; `--help` and `--version` print and end it with 0.
pub fn parse<Cli: clap::Parser>() -> Cli {
    let dotenv = dotenvy::dotenv();
    if let Err(error) = dotenv
        && !error.not_found()
    {
        eprintln!("error: the file .env cannot be read: {error}");
        std::process::exit(1);
    }
    Cli::try_parse().unwrap_or_else(|error| {
        use clap::error::ErrorKind::{InvalidValue, ValueValidation};
        if matches!(error.kind(), InvalidValue | ValueValidation) {
            let text = error.to_string();
            let lines: Vec<&str> = text.lines().map(str::trim).take_while(|line| !line.is_empty()).collect();
            eprintln!("{}; see --help", lines.join(" "));
        } else {
            error.print().ok();
        }
        std::process::exit(if error.use_stderr() { 1 } else { 0 });
    })
}

#[cfg(test)]
mod tests {
    use super::secret;

    #[test]
    fn a_secret_comes_from_one_place() {
        let file = std::env::temp_dir().join(format!("refrain-secret-{}", std::process::id()));
        std::fs::write(&file, "from the file\n").unwrap();
        assert_eq!(secret("X", Some("inline"), None).unwrap().as_deref(), Some("inline"));
        assert_eq!(secret("X", None, Some(&file)).unwrap().as_deref(), Some("from the file"));
        assert_eq!(secret("X", Some("  "), None).unwrap(), None);
        assert!(secret("X", Some("inline"), Some(&file)).unwrap_err().to_string().contains("X_FILE"));
        std::fs::remove_file(&file).unwrap();
        assert!(secret("X", None, Some(&file)).unwrap_err().to_string().contains("X_FILE"));
    }
}
