//! The settings of the alerts.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use entity::settings::secret;
use jiff::tz::TimeZone;
use url::Url;

use super::Alerts;

/// Whom to tell, and in whose time. An address is a secret: whoever has it can write there.
#[derive(Args)]
pub struct AlertSettings {
    /// Where a Discord channel is told of what begins to fail and works again
    #[arg(long, env = "DISCORD_WEBHOOK_URL", hide_env_values = true, value_name = "URL", global = true)]
    discord_webhook_url: Option<String>,
    /// A file that holds it instead
    #[arg(long, env = "DISCORD_WEBHOOK_URL_FILE", value_name = "FILE", global = true)]
    discord_webhook_url_file: Option<PathBuf>,
    /// Where a machine is told the same as JSON
    #[arg(long, env = "WEBHOOK_URL", hide_env_values = true, value_name = "URL", global = true)]
    webhook_url: Option<String>,
    /// A file that holds it instead
    #[arg(long, env = "WEBHOOK_URL_FILE", value_name = "FILE", global = true)]
    webhook_url_file: Option<PathBuf>,
    /// In whose time alerts say when, beside UTC: an IANA zone such as Europe/Berlin
    #[arg(long, env = "ALERT_TIME_ZONE", default_value = "UTC", value_name = "ZONE", global = true)]
    alert_time_zone: String,
}

impl AlertSettings {
    /// The channels that are set.
    pub fn alerts(&self) -> anyhow::Result<Alerts> {
        let zone = TimeZone::get(&self.alert_time_zone)
            .map_err(|_| anyhow::anyhow!("ALERT_TIME_ZONE is no IANA time zone: expected one such as Europe/Berlin"))?;
        let discord = self.discord()?;
        let webhook = url("WEBHOOK_URL", self.webhook_url.as_deref(), self.webhook_url_file.as_deref())?;
        Ok(Alerts::new(discord, webhook, zone)?)
    }

    /// Discord's address, if it is set.
    pub fn discord(&self) -> anyhow::Result<Option<Url>> {
        url("DISCORD_WEBHOOK_URL", self.discord_webhook_url.as_deref(), self.discord_webhook_url_file.as_deref())
    }
}

/// Neither the text nor what is wrong with it is repeated.
fn url(name: &str, value: Option<&str>, file: Option<&Path>) -> anyhow::Result<Option<Url>> {
    let Some(text) = secret(name, value, file)? else { return Ok(None) };
    let url = Url::parse(&text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    url.map(Some).with_context(|| format!("{name} is not an address: expected https://…"))
}
