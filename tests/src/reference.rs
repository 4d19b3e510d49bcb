//! What the schema's words mean, in plain Rust over a list of plays: slow, obvious, and sharing nothing with the product.
//!
//! One small function per insight takes the plays that count and answers the JSON that a client must get; beside it stands
//! what the client asks. [`insights`] lists them all, so a new insight is one file here and one line there.
//!
//! There is no SQL here, no rollup, no index and no cache, and nothing of `api` or of `entity::time` is called: days are
//! found by looking at the clock ([`time`]), ranks by counting what is greater, buckets by looking at every play. It does
//! not page; a page is a part of the whole list, cut out by whoever compares.

pub mod time;

mod affinity;
mod audio_profile;
mod discoveries;
mod gaps;
mod history;
mod listening;
mod release_years;
mod scope;
mod search;
mod series;
mod sessions;
mod skips;
mod streaks;
mod top;
mod totals;
mod week_hours;

use serde_json::{Value, json};

pub use affinity::affinity;
pub use gaps::gaps;
pub use history::{Album, Artist, FEATURES, Gap, Heard, History, Listener, Play, Skip, Track};
pub use listening::{PLAY, plays};
pub use scope::{Filter, Scope};
pub use search::{Kind, search};
pub use top::{CHARTS, Chart, Measure, edges};

/// Stands in an answer where the client must get an error of this code instead.
pub fn refused(code: &str) -> Value {
    json!({ "refused": code })
}

/// A field of the schema's `Insights`, and what it must answer.
pub struct Insight {
    /// The key in the answer.
    pub alias: String,
    /// What is asked, without the alias.
    pub field: String,
    /// The answer for a scope.
    pub answer: Box<dyn Fn(&Scope) -> Value>,
}

/// How much the lists of an answer hold.
#[derive(Clone, Debug)]
pub struct Lengths {
    /// `first` of the charts.
    pub chart: usize,
    /// `first` of every other list.
    pub list: usize,
    /// `gapMinutes` of the sessions that are asked for.
    pub gap_minutes: Vec<i64>,
}

/// Every insight, but for `previous`, which is all of them again.
pub fn insights(lengths: &Lengths) -> Vec<Insight> {
    let list = lengths.list;
    let mut all = vec![
        insight("range", "range { from until timeZone }", range),
        insight("asOf", "asOf", as_of),
        insight("totals", totals::FIELD, totals::totals),
        insight("weekHours", week_hours::FIELD, week_hours::week_hours),
        insight("streaks", streaks::FIELD, streaks::streaks),
        insight("discoveries", discoveries::field(list), move |scope| discoveries::discoveries(scope, list)),
        insight("releaseYears", release_years::FIELD, release_years::release_years),
        insight("audioProfile", audio_profile::field(), audio_profile::audio_profile),
        insight("skips", skips::FIELD, skips::skips),
        insight("firstPlay", format!("firstPlay {PLAY}"), listening::first_play),
        insight("lastPlay", format!("lastPlay {PLAY}"), listening::last_play),
    ];
    for step in time::Step::ALL {
        all.push(insight(series::alias(step), series::field(step), move |scope| series::series(scope, step)));
    }
    for gap in lengths.gap_minutes.iter().copied() {
        let answer = move |scope: &Scope| sessions::sessions(scope, gap, list);
        all.push(insight(format!("sessions{gap}"), sessions::field(gap, list), answer));
    }
    let first = lengths.chart;
    for chart in CHARTS {
        for by in [Measure::Plays, Measure::ListenTime] {
            all.push(insight(chart.alias(by), chart.field(by, first, None), move |scope| chart.page(scope, by, first)));
        }
    }
    all
}

fn insight(alias: impl Into<String>, field: impl Into<String>, answer: impl Fn(&Scope) -> Value + 'static) -> Insight {
    Insight { alias: alias.into(), field: field.into(), answer: Box::new(answer) }
}

fn range(scope: &Scope) -> Value {
    json!({
        "from": scope.range.from.map(time::text),
        "until": time::text(scope.range.until),
        "timeZone": scope.zone.name(),
    })
}

/// When the audience's plays last changed; the present, if it has none.
fn as_of(scope: &Scope) -> Value {
    let heard = scope.history.heard();
    let is_theirs = |play: &Heard| scope.listener.is_none_or(|listener| listener.username == play.listener.username);
    json!(time::text(if heard.iter().any(is_theirs) { scope.history.loaded_at } else { scope.now }))
}
