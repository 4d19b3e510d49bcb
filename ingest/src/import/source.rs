//! Where the rows are: files of history in a folder, in a zip, or by themselves. Nothing is ever unpacked to the disk; a zip's
//! names are labels and no paths.
//!
//! Whether something is history is told by its name in a folder or a zip, where much else lies, and by nobody but the caller
//! where a file is named by itself. How much is unpacked is bounded.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use sea_orm::DbBackend;
use zip::ZipArchive;
use zip::result::ZipError;

use super::row::Medium;

/// Why there is nothing to read. `Display` says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not there, or not ours to read.
    #[error("{path} cannot be read")]
    Read {
        /// Which.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// Begins like a zip and is none.
    #[error(
        "{path} is cut short or damaged: download it again (a zip's table of contents stands at its end, and is missing)"
    )]
    Zip {
        /// Which.
        path: String,
        /// Why.
        source: ZipError,
    },
    /// A zip that Spotify never made.
    #[error("{path} has {entries} entries, and Spotify's zips have some dozens: expected my_spotify_data.zip")]
    Crowded {
        /// Which.
        path: String,
        /// How many.
        entries: usize,
    },
    /// Somebody else's folder.
    #[error(
        "{path} holds no listening history: expected Streaming_History_Audio_*.json, endsong_*.json or StreamingHistory*.json, as in the my_spotify_data.zip that Spotify sends"
    )]
    NoHistory {
        /// Which.
        path: String,
    },
    /// Nothing at all.
    #[error("{path} is empty")]
    Empty {
        /// Which.
        path: String,
    },
}

/// What may be read, and how much at a time.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of history in all files, unpacked.
    pub unpacked_bytes_max: u64,
    /// Streams that are loaded at a time at most, in one transaction.
    pub streams_a_chunk: usize,
}

impl Default for Limits {
    /// Sixteen times the largest history that anybody told of: ten years of a busy listener are half a gigabyte.
    fn default() -> Self {
        Self { unpacked_bytes_max: 8 << 30, streams_a_chunk: 200_000 }
    }
}

/// On SQLite, whoever else wants to write waits as long as a chunk takes.
const STREAMS_A_CHUNK_ALONE: usize = 25_000;

impl Limits {
    /// The same, with chunks of a size that `backend` takes well. A total changes once a chunk, so on Postgres, where that is
    /// dear and others may write meanwhile, larger ones save most of it.
    pub(super) fn on(self, backend: DbBackend) -> Self {
        if backend == DbBackend::Postgres {
            return self;
        }
        Self { streams_a_chunk: self.streams_a_chunk.min(STREAMS_A_CHUNK_ALONE), ..self }
    }
}

/// An entry that unpacks to more than this many times its size, and to more than [`RATIO_BYTES_MIN`], is no history: those
/// pack ten to twenty times.
const RATIO_MAX: u64 = 200;
const RATIO_BYTES_MIN: u64 = 64 << 20;

/// Folders are searched so deep.
const DEPTH_MAX: usize = 8;

/// A file of history, wherever it lies.
pub(super) struct Found {
    /// Its name, without the folder, as it may be shown.
    pub(super) name: String,
    pub(super) medium: Medium,
    place: Place,
    /// Bytes, unpacked, as far as its container tells the truth.
    pub(super) bytes: u64,
}

enum Place {
    File(PathBuf),
    Entry { zip: PathBuf, index: usize },
}

/// What lies at some paths.
#[derive(Default)]
pub(super) struct Sources {
    /// Files of history, in the order of the paths and of their names.
    pub(super) found: Vec<Found>,
    /// How many other files there are.
    pub(super) ignored: u64,
}

/// Looks for files of history at `paths`: zips, folders, or files of JSON.
pub(super) fn look(paths: &[PathBuf]) -> Result<Sources, Error> {
    let mut sources = Sources::default();
    for path in paths {
        let before = sources.found.len();
        let failed = |source| Error::Read { path: shown(path), source };
        let metadata = std::fs::metadata(path).map_err(failed)?;
        if metadata.is_dir() {
            look_into_folder(path, DEPTH_MAX, &mut sources)?;
        } else if metadata.len() == 0 {
            return Err(Error::Empty { path: shown(path) });
        } else if begins_like_zip(path).map_err(failed)? {
            look_into_zip(path, &mut sources)?;
        } else {
            let name = shown(path);
            let medium = medium(&name);
            sources.found.push(Found { name, medium, place: Place::File(path.clone()), bytes: metadata.len() });
        }
        if sources.found.len() == before {
            return Err(Error::NoHistory { path: shown(path) });
        }
    }
    Ok(sources)
}

fn look_into_folder(folder: &Path, depth: usize, sources: &mut Sources) -> Result<(), Error> {
    let failed = |source| Error::Read { path: shown(folder), source };
    let entries: Result<Vec<_>, _> = std::fs::read_dir(folder).map_err(failed)?.collect();
    let mut entries = entries.map_err(failed)?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        // What a link leads to lies somewhere else.
        let kind = entry.file_type().map_err(failed)?;
        if kind.is_dir() && depth > 0 {
            look_into_folder(&path, depth - 1, sources)?;
        } else if kind.is_file() && is_history(&shown(&path)) {
            let bytes = entry.metadata().map_err(failed)?.len();
            let name = shown(&path);
            sources.found.push(Found { medium: medium(&name), name, place: Place::File(path), bytes });
        } else if kind.is_file() {
            sources.ignored += 1;
        }
    }
    Ok(())
}

/// Spotify's zips have some dozens of files.
const ENTRIES_MAX: usize = 10_000;

fn look_into_zip(path: &Path, sources: &mut Sources) -> Result<(), Error> {
    let failed = |source| Error::Zip { path: shown(path), source };
    let mut zip = open_zip(path)?;
    if zip.len() > ENTRIES_MAX {
        return Err(Error::Crowded { path: shown(path), entries: zip.len() });
    }
    let mut found = Vec::new();
    for index in 0..zip.len() {
        let entry = zip.by_index_raw(index).map_err(failed)?;
        if !entry.is_file() {
            continue;
        }
        let name = label(&entry.name().map_err(failed)?);
        if is_history(&name) {
            let place = Place::Entry { zip: path.to_owned(), index };
            found.push(Found { medium: medium(&name), name, place, bytes: entry.size() });
        } else {
            sources.ignored += 1;
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    sources.found.extend(found);
    Ok(())
}

fn open_zip(path: &Path) -> Result<ZipArchive<BufReader<File>>, Error> {
    let file = File::open(path).map_err(|source| Error::Read { path: shown(path), source })?;
    ZipArchive::new(BufReader::new(file)).map_err(|source| Error::Zip { path: shown(path), source })
}

impl Found {
    /// Reads it: `read` gets its bytes, as many as `left` allows in all.
    pub(super) fn open<T>(&self, left: &mut u64, read: impl FnOnce(&mut dyn Read) -> T) -> Result<T, String> {
        match &self.place {
            Place::File(path) => {
                let file = File::open(path).map_err(|error| format!("the file cannot be opened: {error}"))?;
                Ok(read(&mut Bounded { reader: file, left, unpacked: 0, packed: u64::MAX }))
            }
            Place::Entry { zip, index } => {
                let mut archive = open_zip(zip).map_err(|error| error.to_string())?;
                // What a zip says of an entry's size may be a lie, so the zip's own size bounds it.
                let size = std::fs::metadata(zip).map_or(u64::MAX, |file| file.len());
                let entry = archive.by_index(*index).map_err(|error| format!("the zip does not give it: {error}"))?;
                let packed = entry.compressed_size().min(size);
                Ok(read(&mut Bounded { reader: entry, left, unpacked: 0, packed }))
            }
        }
    }
}

/// A reader that fails when it gives more than any history would.
struct Bounded<'a, R> {
    reader: R,
    left: &'a mut u64,
    unpacked: u64,
    packed: u64,
}

impl<R: Read> Read for Bounded<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.unpacked += read as u64;
        if self.unpacked > RATIO_BYTES_MIN && self.unpacked / RATIO_MAX > self.packed {
            return Err(io::Error::other(format!(
                "it unpacks to more than {RATIO_MAX} times its size, which no history does"
            )));
        }
        *self.left = self
            .left
            .checked_sub(read as u64)
            .ok_or_else(|| io::Error::other("there is more history than IMPORT_UNPACKED_BYTES_MAX allows"))?;
        Ok(read)
    }
}

fn begins_like_zip(path: &Path) -> io::Result<bool> {
    let mut first = Vec::new();
    File::open(path)?.take(4).read_to_end(&mut first)?;
    Ok(first.starts_with(b"PK"))
}

/// Whether a file is one of Spotify's histories, by its name.
fn is_history(name: &str) -> bool {
    let name = name.to_lowercase();
    let begins = ["streaming_history", "streaminghistory", "endsong"];
    name.ends_with(".json") && begins.iter().any(|begin| name.starts_with(begin))
}

fn medium(name: &str) -> Medium {
    if name.to_lowercase().contains("video") { Medium::Video } else { Medium::Sound }
}

/// A path's last part, as it may be shown.
fn shown(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| label(&name.to_string_lossy()))
}

/// A name's last part, without what would disturb a terminal.
fn label(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or(name);
    last.chars().filter(|c| !c.is_control()).take(200).collect()
}
