//! What the cache did and what it holds, for operators: counters per field, in metrics and as a report.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use metrics::{Counter, Gauge, Histogram};
use tracing::debug;

use super::key::Key;
use crate::metrics::Metrics;

/// How a question was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It was kept.
    Hit,
    /// Somebody was asking already.
    Wait,
    /// Another instance had shared it.
    Shared,
    /// The database was asked.
    Miss,
    /// The database was asked because an operator wanted that.
    Refresh,
}

impl Outcome {
    const ALL: [Self; 5] = [Self::Hit, Self::Wait, Self::Shared, Self::Miss, Self::Refresh];

    fn name(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Wait => "wait",
            Self::Shared => "shared",
            Self::Miss => "miss",
            Self::Refresh => "refresh",
        }
    }
}

/// What the cache holds and how often it was of use, since the program started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Per field, in order of their names.
    pub fields: BTreeMap<&'static str, FieldReport>,
}

/// The same of one field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FieldReport {
    /// How many answers are kept.
    pub entries: u64,
    /// What they weigh.
    pub bytes: u64,
    /// Questions answered from memory.
    pub hits: u64,
    /// Questions that waited for an answer that was being fetched already.
    pub waits: u64,
    /// Questions answered from what instances share.
    pub shared_hits: u64,
    /// Questions that the database was asked.
    pub misses: u64,
}

impl Report {
    pub(super) fn add(&mut self, field: &'static str, bytes: u64) {
        let report = self.fields.entry(field).or_default();
        report.entries += 1;
        report.bytes += bytes;
    }
}

/// The counters of one cache.
pub(super) struct Counts {
    metrics: Metrics,
    entries: Gauge,
    bytes: Gauge,
    fields: RwLock<HashMap<&'static str, Arc<FieldCounts>>>,
}

struct FieldCounts {
    numbers: [AtomicU64; Outcome::ALL.len()],
    counters: [Counter; Outcome::ALL.len()],
    fills: Histogram,
}

impl Counts {
    pub(super) fn new(metrics: &Metrics) -> Self {
        Self {
            entries: metrics.gauge("refrain_cache_entries", "Answers kept in memory."),
            bytes: metrics.gauge("refrain_cache_bytes", "What the answers kept in memory weigh."),
            metrics: metrics.clone(),
            fields: RwLock::default(),
        }
    }

    pub(super) fn set_size(&self, entries: u64, bytes: u64) {
        self.entries.set(entries as f64);
        self.bytes.set(bytes as f64);
    }

    /// Counts and logs how a question was answered.
    pub(super) fn note(&self, key: &Key, outcome: Outcome, duration: Duration) {
        let (name, duration_us) = (outcome.name(), duration.as_micros() as u64);
        debug!(cache.key = %key, duration_us, "cache {name}: {}", key.field());
        let counts = self.of(key.field());
        counts.numbers[outcome as usize].fetch_add(1, Relaxed);
        counts.counters[outcome as usize].increment(1);
    }

    /// Notes how long the database took to answer.
    pub(super) fn filled(&self, key: &Key, duration: Duration) {
        self.of(key.field()).fills.record(duration.as_secs_f64());
    }

    pub(super) fn report(&self) -> Report {
        let fields = self.fields.read().unwrap_or_else(PoisonError::into_inner);
        let report = |counts: &FieldCounts| {
            let number = |outcome: Outcome| counts.numbers[outcome as usize].load(Relaxed);
            FieldReport {
                hits: number(Outcome::Hit),
                waits: number(Outcome::Wait),
                shared_hits: number(Outcome::Shared),
                misses: number(Outcome::Miss) + number(Outcome::Refresh),
                ..FieldReport::default()
            }
        };
        Report { fields: fields.iter().map(|(field, counts)| (*field, report(counts))).collect() }
    }

    fn of(&self, field: &'static str) -> Arc<FieldCounts> {
        if let Some(known) = self.fields.read().unwrap_or_else(PoisonError::into_inner).get(field) {
            return Arc::clone(known);
        }
        let mut fields = self.fields.write().unwrap_or_else(PoisonError::into_inner);
        let new = || {
            let counter = |outcome: Outcome| {
                let help = "Questions to the cache, by field and by how they were answered.";
                let labels = [("field", field), ("outcome", outcome.name())];
                self.metrics.counter("refrain_cache_questions_total", help, &labels)
            };
            let help = "How long the database took to answer what the cache did not know.";
            Arc::new(FieldCounts {
                numbers: Default::default(),
                counters: Outcome::ALL.map(counter),
                fills: self.metrics.histogram("refrain_cache_fill_seconds", help, &[("field", field)]),
            })
        };
        Arc::clone(fields.entry(field).or_insert_with(new))
    }
}
