//! The archive: an object is put, read back, found in its listing, and deleted.

use anyhow::ensure;
use entity::archive::{Archive, ArchiveKey, Kind, Prefix};
use entity::clock::SharedClock;

use super::Said;
use crate::config::Settings;

pub(super) async fn check(settings: &Settings, clock: &SharedClock) -> anyhow::Result<Said> {
    let archive = settings.archive()?;
    // Of two that try at once, each has an object of its own.
    let bytes = entity::consent::nonce()?.into_bytes();
    let key = ArchiveKey::new(Kind::Probe, clock.now(), &bytes);
    archive.put(&key, &bytes).await?;
    let tried = try_out(&archive, &key, &bytes).await;
    archive.remove(&key).await?;
    tried?;
    ensure!(!is_listed(&archive, &key).await?, "an object that was deleted is still listed");
    Ok(Said::Works("an object was put, read, listed and deleted".to_owned()))
}

async fn try_out(archive: &Archive, key: &ArchiveKey, bytes: &[u8]) -> anyhow::Result<()> {
    ensure!(archive.get(key).await? == bytes, "an object that was read back is not what was put");
    ensure!(is_listed(archive, key).await?, "an object that is there is not listed");
    Ok(())
}

async fn is_listed(archive: &Archive, key: &ArchiveKey) -> anyhow::Result<bool> {
    let mut listing = archive.list(&Prefix::of(Kind::Probe));
    while let Some(page) = listing.next_page().await? {
        if page.contains(key) {
            return Ok(true);
        }
    }
    Ok(false)
}
