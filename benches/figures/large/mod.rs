//! The large scenarios, `make bench ARGS="--large"`: many active runs, many tasks, many open streams.
//!
//! ```text
//! runs.rs      10,000 active runs: how soon a final status is shown, and what polling costs
//! reported.rs  1,000 active runs: how soon a reported end is confirmed
//! tasks.rs     1,000,000 tasks: pages of the task list
//! fill.rs      inserts these tasks
//! streams.rs   1,000 open streams: memory, CPU, and the time from a report to its event
//! listen.rs    a client of a stream
//! ```
//!
//! Each scenario has its own bridge, database and OpenHEXA.

mod fill;
mod listen;
mod reported;
mod runs;
mod streams;
mod tasks;

use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::Line;
use crate::postgres::Postgres;
use crate::process::{Cpu, Process};
use crate::{site, table};

/// The processes of a scenario.
struct Place {
    base: &'static str,
    database: String,
    bridge: Process,
    openhexa: Process,
    postgres: Option<Postgres>,
    _data: TempDir,
}

type Settings = Vec<(&'static str, String)>;

impl Place {
    async fn set(
        line: &Line,
        base: &'static str,
        pipelines: u64,
        change: impl FnOnce(Settings) -> Settings,
    ) -> Self {
        let data = tempfile::tempdir().expect("a folder");
        let postgres = (base == POSTGRES).then(Postgres::start);
        let database = postgres.as_ref().map_or_else(
            || format!("sqlite:{}", data.path().join("bridge.db").display()),
            |postgres| postgres.database.clone(),
        );
        let openhexa = site::openhexa(data.path(), pipelines);
        let settings = change(site::settings(database.clone()));
        let bridge = Process::start(&line.bridge, &["serve"], &settings);
        site::configure(&bridge, &openhexa).await;
        Self {
            base,
            database,
            bridge,
            openhexa,
            postgres,
            _data: data,
        }
    }

    fn meters(&self) -> Meters {
        Meters {
            bridge: Cpu::of(self.bridge.pid()),
            openhexa: Cpu::of(self.openhexa.pid()),
            database: self.postgres.as_ref().map(Postgres::cpu),
        }
    }
}

struct Meters {
    bridge: Cpu,
    openhexa: Cpu,
    database: Option<Cpu>,
}

/// CPU time as a share of one core.
struct Shares {
    bridge: f64,
    openhexa: f64,
    database: Option<f64>,
}

impl Meters {
    /// The CPU time that is used during `work`, and the result of `work`.
    async fn over<T>(&self, work: impl Future<Output = T>) -> (Shares, T) {
        let spent = || {
            let database = self.database.map(Cpu::spent);
            (self.bridge.spent(), self.openhexa.spent(), database)
        };
        let (before, began) = (spent(), Instant::now());
        let done = work.await;
        let (after, took) = (spent(), began.elapsed().as_secs_f64());
        let share =
            |before: Duration, after: Duration| after.saturating_sub(before).as_secs_f64() / took;
        let shares = Shares {
            bridge: share(before.0, after.0),
            openhexa: share(before.1, after.1),
            database: before.2.zip(after.2).map(|(one, two)| share(one, two)),
        };
        (shares, done)
    }
}

/// A share of a core as text; `–` if there is none.
fn core(share: Option<f64>) -> String {
    share.map_or_else(|| "–".to_owned(), |share| format!("{:.1} %", share * 100.0))
}

const SQLITE: &str = "SQLite";
const POSTGRES: &str = "PostgreSQL";

pub async fn measure(line: &Line) {
    let mut parts = vec![table::machine(&format!(
        "{} and {} live runs, {} tasks, {} streams, each alone",
        line.live_runs, line.live, line.rows, line.streams
    ))];
    for scenario in ["live runs", "reported ends", "task list", "open streams"] {
        let mut rows = Vec::new();
        for base in [SQLITE, POSTGRES] {
            let name = format!("{scenario}, {base}");
            if !line.wants(&name) {
                continue;
            }
            eprintln!("{name}");
            rows.extend(match scenario {
                "live runs" => vec![runs::measured(line, base).await],
                "reported ends" => vec![reported::measured(line, base).await],
                "task list" => tasks::measured(line, base).await,
                _ => streams::measured(line, base).await,
            });
        }
        let head = match scenario {
            "live runs" => runs::HEAD,
            "reported ends" => reported::HEAD,
            "task list" => tasks::HEAD,
            _ => streams::HEAD,
        };
        if !rows.is_empty() {
            parts.push(head.to_owned() + &rows.join("\n") + "\n");
        }
    }
    let text = parts.join("\n");
    println!("{text}");
    if line.only.is_empty() {
        table::keep(table::LARGE, &text);
    }
}

/// Sorted values, for percentiles.
struct Sorted(Vec<f64>);

impl Sorted {
    fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        Self(values)
    }

    fn at(&self, part: f64) -> f64 {
        let last = self.0.len().saturating_sub(1);
        let place = ((self.0.len() as f64) * part) as usize;
        self.0.get(place.min(last)).copied().unwrap_or(f64::NAN)
    }
}
