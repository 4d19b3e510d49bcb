//! The archive as a folder: written to a temporary name, synced, renamed, and the folder synced, so that a file that is
//! there is whole whatever happens to the machine.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::listing::PAGE_KEYS_MAX;
use super::{ArchiveKey, Prefix, UploadKey};

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
        blocking(move || write_once(&root, &path, &bytes)).await
    }

    /// The bytes as stored; `None` if there is no such object.
    pub(super) async fn get(&self, key: &ArchiveKey) -> io::Result<Option<Vec<u8>>> {
        let path = self.root.join(key.to_string());
        blocking(move || match fs::read(path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        })
        .await
    }

    pub(super) async fn remove(&self, key: &ArchiveKey) -> io::Result<()> {
        let path = self.root.join(key.to_string());
        blocking(move || match fs::remove_file(&path) {
            Ok(()) => sync_folder(path.parent().expect("an object lies in a folder of its kind")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        })
        .await
    }

    /// The names of the folders in one.
    pub(super) async fn folders(&self, folder: &'static str) -> io::Result<Vec<String>> {
        let root = self.root.clone();
        let all = blocking(move || entries(&root, folder)).await?;
        let name = |entry: String| Some(entry.strip_prefix(folder)?.strip_suffix('/')?.to_owned());
        Ok(all.into_iter().filter_map(name).collect())
    }

    pub(super) async fn put_upload(&self, key: &UploadKey, file: &Path) -> io::Result<()> {
        let (root, path, file) = (self.root.clone(), self.root.join(key.as_str()), file.to_owned());
        blocking(move || write_whole(&root, &path, |to| io::copy(&mut File::open(&file)?, to).map(|_| ()))).await
    }

    /// Writes the object to a new file; whether there is such an object.
    pub(super) async fn get_upload(&self, key: &UploadKey, file: &Path) -> io::Result<bool> {
        let (path, file) = (self.root.join(key.as_str()), file.to_owned());
        blocking(move || match fs::copy(path, file) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        })
        .await
    }

    pub(super) async fn delete_upload(&self, key: &UploadKey) -> io::Result<()> {
        let path = self.root.join(key.as_str());
        blocking(move || match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Err(_) => Ok(()),
            Ok(()) => sync_folder(path.parent().expect("an object lies in a folder of its kind")),
        })
        .await
    }

    pub(super) fn walk(&self, prefix: &Prefix) -> Walk {
        Walk { root: self.root.clone(), open: Vec::new(), next: Some(prefix.as_str().to_owned()) }
    }

    pub(super) async fn delete(&self, prefix: &Prefix) -> io::Result<usize> {
        let mut count = 0;
        let mut walk = self.walk(prefix);
        while let Some(page) = walk.next_page().await? {
            count += page.len();
        }
        let folder = self.root.join(prefix.as_str());
        blocking(move || {
            match fs::remove_dir_all(&folder) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            match folder.parent().filter(|parent| parent.is_dir()) {
                Some(parent) => sync_folder(parent),
                None => Ok(()),
            }
        })
        .await?;
        Ok(count)
    }
}

/// A walk through the folders below a prefix, in the order of the keys.
pub(super) struct Walk {
    root: PathBuf,
    /// The folders it stands in, outermost first, each with what is left of it.
    open: Vec<std::vec::IntoIter<Entry>>,
    /// Where it begins.
    next: Option<String>,
}

/// A file's key, or a folder's with a `/` behind it: compared like that, a walk is in the order of the keys.
type Entry = String;

impl Walk {
    /// The next files' paths below the root; `None` at the end.
    pub(super) async fn next_page(&mut self) -> io::Result<Option<Vec<String>>> {
        let root = self.root.clone();
        let (mut open, mut next) = (std::mem::take(&mut self.open), self.next.take());
        let (open, page) = blocking(move || {
            let mut page = Vec::new();
            while page.len() < PAGE_KEYS_MAX {
                let Some(entry) = next.take().or_else(|| next_entry(&mut open)) else { break };
                if entry.is_empty() || entry.ends_with('/') {
                    open.push(entries(&root, &entry)?.into_iter());
                } else {
                    page.push(entry);
                }
            }
            Ok((open, page))
        })
        .await?;
        self.open = open;
        Ok((!page.is_empty()).then_some(page))
    }
}

fn next_entry(open: &mut Vec<std::vec::IntoIter<Entry>>) -> Option<Entry> {
    loop {
        if let Some(entry) = open.last_mut()?.next() {
            return Some(entry);
        }
        open.pop();
    }
}

/// What lies in a folder, in order, without what is being written; nothing if there is no such folder.
fn entries(root: &Path, folder: &str) -> io::Result<Vec<Entry>> {
    let read = match fs::read_dir(root.join(folder)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        read => read?,
    };
    let mut entries = Vec::new();
    for entry in read {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if !name.starts_with('.') {
            let end = if entry.file_type()?.is_dir() { "/" } else { "" };
            entries.push(format!("{folder}{name}{end}"));
        }
    }
    entries.sort_unstable();
    Ok(entries)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|_| io::Error::other("the file system's work was interrupted"))?
}

fn write_once(root: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_whole(root, path, |file| file.write_all(bytes))
}

/// Writes a file that is there whole or not at all.
fn write_whole(root: &Path, path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    if path.exists() {
        return Ok(()); // The key holds the hash: these are the same bytes.
    }
    let folder = path.parent().expect("an object lies in a folder of its kind");
    make_folders(root, folder)?;
    let unique = NEXT.fetch_add(1, Ordering::Relaxed);
    let temporary = folder.join(format!(".{}-{unique}.tmp", std::process::id()));
    let written = File::create(&temporary)
        .and_then(|mut file| write(&mut file).and_then(|()| file.sync_all()))
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
