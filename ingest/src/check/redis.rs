//! Redis: a value is set, read and deleted. Only the API uses it, as a cache; it is tried here so that one command tells all.

use std::time::Duration;

use anyhow::{Context, ensure};
use redis::AsyncCommands;

use super::Said;
use crate::config::Settings;

/// The probe goes by itself if nobody deletes it.
const LIFE_S: u64 = 10;
const TIMEOUT: Duration = Duration::from_secs(5);

pub(super) async fn check(settings: &Settings) -> anyhow::Result<Said> {
    let Some(url) = settings.redis_url()? else { return Ok(Said::NotSetUp("REDIS_URL")) };
    // The address is not repeated: it may hold a password.
    let Ok(client) = redis::Client::open(url) else {
        anyhow::bail!("REDIS_URL is not an address of Redis: expected redis://HOST:6379");
    };
    let connect = client.get_multiplexed_async_connection();
    let connection = tokio::time::timeout(TIMEOUT, connect).await.context("Redis does not answer")?;
    let mut connection = connection.context("Redis cannot be reached")?;
    let (key, value) = (format!("refrain:trial:{}", entity::consent::nonce()?), "a value");
    let round_trip = async {
        let _: () = connection.set_ex(&key, value, LIFE_S).await?;
        let read: Option<String> = connection.get(&key).await?;
        let deleted: i64 = connection.del(&key).await?;
        redis::RedisResult::Ok((read, deleted))
    };
    let (read, deleted) = tokio::time::timeout(TIMEOUT, round_trip).await.context("Redis does not answer")??;
    ensure!(read.as_deref() == Some(value) && deleted == 1, "a value that was set is not what was read and deleted");
    Ok(Said::Works("a value was set, read and deleted".to_owned()))
}
