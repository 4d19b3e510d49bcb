//! How far an import is: counted by the reader and the loader, shown by whoever wants to.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counters that only grow.
#[derive(Debug, Default)]
pub struct Progress {
    bytes_total: AtomicU64,
    bytes_loaded: AtomicU64,
    rows_loaded: AtomicU64,
}

/// How far an import is at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Bytes of history in all files, unpacked; 0 until they were looked at.
    pub bytes_total: u64,
    /// Bytes whose rows are loaded.
    pub bytes_loaded: u64,
    /// Rows that are loaded or set aside.
    pub rows_loaded: u64,
}

impl Progress {
    pub(super) fn begin(&self, bytes: u64) {
        self.bytes_total.store(bytes, Ordering::Relaxed);
    }

    pub(super) fn loaded(&self, bytes: u64, rows: u64) {
        self.bytes_loaded.fetch_add(bytes, Ordering::Relaxed);
        self.rows_loaded.fetch_add(rows, Ordering::Relaxed);
    }

    /// How far it is now.
    pub fn seen(&self) -> Seen {
        Seen {
            bytes_total: self.bytes_total.load(Ordering::Relaxed),
            bytes_loaded: self.bytes_loaded.load(Ordering::Relaxed),
            rows_loaded: self.rows_loaded.load(Ordering::Relaxed),
        }
    }
}
