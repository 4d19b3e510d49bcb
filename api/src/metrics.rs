//! Numbers about what this instance does, as Prometheus reads them.
//!
//! Each application has its own; nothing is global, so that several of them may stand in one process. Names begin with
//! `refrain_` and end in their unit; labels hold names from the program's text only, never what a client sent.

use std::sync::{Arc, Mutex, PoisonError};

use metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, Recorder};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};

/// Upper bounds of the buckets of every duration, in seconds: from a look into memory to the time limit of an answer.
const DURATION_BUCKETS_S: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0];

const METADATA: Metadata<'static> = Metadata::new("refrain", Level::INFO, None);

/// The metrics of one application. Clones share them.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    recorder: PrometheusRecorder,
    before_rendering: Mutex<Vec<Box<dyn Fn() + Send + Sync>>>,
}

impl Default for Metrics {
    fn default() -> Self {
        let builder = PrometheusBuilder::new().set_buckets(&DURATION_BUCKETS_S).expect("there are buckets");
        Self(Arc::new(Inner { recorder: builder.build_recorder(), before_rendering: Mutex::default() }))
    }
}

impl Metrics {
    /// A number that only rises.
    pub fn counter(&self, name: &'static str, help: &'static str, labels: &[(&'static str, &'static str)]) -> Counter {
        self.0.recorder.describe_counter(name.into(), None, help.into());
        self.0.recorder.register_counter(&key(name, labels), &METADATA)
    }

    /// A number that rises and falls.
    pub fn gauge(&self, name: &'static str, help: &'static str) -> Gauge {
        self.0.recorder.describe_gauge(name.into(), None, help.into());
        self.0.recorder.register_gauge(&key(name, &[]), &METADATA)
    }

    /// Durations in seconds.
    pub fn histogram(
        &self,
        name: &'static str,
        help: &'static str,
        labels: &[(&'static str, &'static str)],
    ) -> Histogram {
        self.0.recorder.describe_histogram(name.into(), None, help.into());
        self.0.recorder.register_histogram(&key(name, labels), &METADATA)
    }

    /// Has `look` run before each rendering, to set gauges to what they measure.
    pub fn before_rendering(&self, look: impl Fn() + Send + Sync + 'static) {
        self.0.before_rendering.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new(look));
    }

    /// Everything, in the text that Prometheus reads.
    pub fn render(&self) -> String {
        for look in self.0.before_rendering.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            look();
        }
        self.0.recorder.handle().render()
    }

    /// Folds the durations noted so far into their buckets, so that they do not pile up while nobody reads them.
    pub fn tidy(&self) {
        self.0.recorder.handle().run_upkeep();
    }
}

fn key(name: &'static str, labels: &[(&'static str, &'static str)]) -> Key {
    let labels: Vec<Label> = labels.iter().map(|(name, value)| Label::new(*name, *value)).collect();
    Key::from_parts(name, labels)
}
