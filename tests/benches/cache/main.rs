//! What keeping answers is worth: `cargo bench -p tests --bench cache`.
//!
//! A whole application is served over loopback and asked for a dashboard by a client that costs next to nothing, in the same
//! process and on the same cores, beside a route that sends the same bytes from memory. Every figure that has a target is a
//! ratio of two things measured in one run, by turns.
//!
//! It measures no network, and no client of any real weight: both make the ratios look better.

mod client;
mod dashboard;
mod flights;
mod ingest;
mod outage;
mod scan;
mod world;

use clap::Parser;

use world::World;

/// The API's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Says on standard error what is going on; standard output is the report's.
#[macro_export]
macro_rules! progress {
    ($($text:tt)*) => { eprintln!($($text)*) };
}

/// Measures the cache: warm against cold, beside static bytes, under load, and in memory.
#[derive(Parser)]
#[command(name = "cache")]
struct Options {
    /// How many plays the listeners have together.
    #[arg(long, default_value_t = 60_000, value_parser = clap::value_parser!(u32).range(1_000..=5_000_000))]
    plays: u32,
    /// Seconds of each turn of a measurement.
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// Turns of each measurement; the medians are reported.
    #[arg(long, default_value_t = 3)]
    turns: usize,
    /// Connections that ask at a time.
    #[arg(long, default_value_t = 8)]
    connections: usize,
    /// Seconds of ingest at 1,000 plays a second.
    #[arg(long, default_value_t = 10.0)]
    ingest_seconds: f64,
    /// Distinct keys of the scan.
    #[arg(long, default_value_t = 1_000_000)]
    keys: u64,
    /// The scan's budget in MiB.
    #[arg(long, default_value_t = 64)]
    budget_mib: u64,
    /// On SQLite instead of an own Postgres.
    #[arg(long)]
    sqlite: bool,
    /// Only measurements whose name holds one of these texts (scan, dashboard, flights, ingest, outage).
    #[arg(long, value_name = "TEXT", value_delimiter = ',')]
    only: Vec<String>,
    /// What cargo passes.
    #[arg(long, hide = true)]
    bench: bool,
}

impl Options {
    fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|text| name.contains(text.as_str()))
    }
}

/// One line of the report.
pub(crate) struct Line {
    /// What was measured.
    pub(crate) what: String,
    /// What came out.
    pub(crate) measured: String,
    /// What is wanted, and whether it is met; nothing where nothing is.
    pub(crate) target: Option<(&'static str, bool)>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let mut lines = Vec::new();
    // First, while the process is small.
    if options.wants("scan") {
        lines.extend(scan::measure(options.keys, options.budget_mib << 20).await?);
    }
    if ["dashboard", "flights", "ingest", "outage"].iter().any(|name| options.wants(name)) {
        let world = World::made(options.plays, options.sqlite).await?;
        if options.wants("dashboard") {
            lines.extend(dashboard::measure(&world, &options).await?);
        }
        if options.wants("flights") {
            lines.extend(flights::measure(&world).await?);
        }
        if options.wants("outage") && !options.sqlite {
            lines.extend(outage::measure(&world).await?);
        }
        if options.wants("ingest") {
            lines.extend(ingest::measure(&world, options.ingest_seconds).await?);
        }
    }
    println!("| what | measured | wanted | |\n|---|---:|---:|---|");
    for Line { what, measured, target } in &lines {
        let (wanted, met) = target.map_or(("", ""), |(wanted, met)| (wanted, if met { "met" } else { "**missed**" }));
        println!("| {what} | {measured} | {wanted} | {met} |");
    }
    Ok(())
}
