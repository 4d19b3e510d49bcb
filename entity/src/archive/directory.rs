//! The archive as a folder: written to a temporary name, synced, renamed, and the folder synced, so that a file that is
//! there is whole whatever happens to the machine.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::ArchiveKey;

/// A folder of objects.
#[derive(Clone, Debug)]
pub struct Directory {
    root: PathBuf,
}

impl Directory {
    /// The folder at `root`; made when the first object comes.
    pub(super) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    pub(super) async fn put(&self, key: &ArchiveKey, bytes: Vec<u8>) -> io::Result<()> {
        let path = self.root.join(key.to_string());
        let root = self.root.clone();
        tokio::task::spawn_blocking(move || write_once(&root, &path, &bytes))
            .await
            .map_err(|_| io::Error::other("the write was interrupted"))?
    }
}

fn write_once(root: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    if path.exists() {
        return Ok(()); // The key holds the hash: these are the same bytes.
    }
    let folder = path.parent().expect("an object lies in a folder of its kind");
    make_folders(root, folder)?;
    let unique = NEXT.fetch_add(1, Ordering::Relaxed);
    let temporary = folder.join(format!(".{}-{unique}.tmp", std::process::id()));
    let written = File::create(&temporary)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        fs::remove_file(&temporary).ok();
    }
    written.and_then(|()| sync_folder(folder))
}

/// Makes the missing folders down to `folder` and syncs each one's parent: a new folder is durable once its parent is.
fn make_folders(root: &Path, folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let missing: Vec<&Path> = folder.ancestors().take_while(|above| !above.is_dir()).collect();
    fs::create_dir_all(folder)?;
    for made in missing {
        match made.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => sync_folder(parent)?,
            _ => sync_folder(Path::new(if root.is_absolute() { "/" } else { "." }))?,
        }
    }
    Ok(())
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::Kind;
    use crate::time::Instant;

    #[tokio::test]
    async fn an_object_is_written_once_and_leaves_nothing_else_behind() {
        let root = std::env::temp_dir().join(format!("refrain-archive-{}", std::process::id()));
        let directory = Directory::new(root.join("deep"));
        let key = ArchiveKey::new(Kind::Artists, Instant::from_ms(0), b"{}");
        directory.put(&key, b"first".to_vec()).await.unwrap();
        directory.put(&key, b"again".to_vec()).await.unwrap();
        let path = root.join("deep").join(key.to_string());
        assert_eq!(fs::read(&path).unwrap(), b"first");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        fs::remove_dir_all(&root).unwrap();
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_written_is_an_error() {
        let directory = Directory::new(PathBuf::from("/proc/no-archive-here"));
        let key = ArchiveKey::new(Kind::Artists, Instant::from_ms(0), b"{}");
        assert!(directory.put(&key, b"x".to_vec()).await.is_err());
    }
}
