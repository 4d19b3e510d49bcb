//! Discord: the webhook is asked who it is. Nothing is posted.

use std::time::Duration;

use anyhow::{Context, bail};
use serde::Deserialize;

use super::Said;
use crate::config::Settings;

const TIMEOUT: Duration = Duration::from_secs(10);

pub(super) async fn check(settings: &Settings) -> anyhow::Result<Said> {
    let Some(url) = settings.discord_webhook_url()? else { return Ok(Said::NotSetUp("DISCORD_WEBHOOK_URL")) };
    #[derive(Deserialize)]
    struct Webhook {
        id: String,
    }
    // The address is the secret: no error may repeat it.
    let client = reqwest::Client::builder().timeout(TIMEOUT).build().context("no HTTP client could be made")?;
    let response = client.get(url).send().await.map_err(reqwest::Error::without_url);
    let response = response.context("Discord cannot be reached, or DISCORD_WEBHOOK_URL is not an address")?;
    match response.status().as_u16() {
        200 => {}
        401 | 403 | 404 => bail!("Discord knows no such webhook ({})", response.status().as_u16()),
        status => bail!("Discord answered {status}"),
    }
    let webhook = response.json::<Webhook>().await.map_err(reqwest::Error::without_url);
    webhook.context("what answered is no webhook of Discord's").map(|webhook| webhook.id)?;
    Ok(Said::Works("the webhook is there".to_owned()))
}
