//! The large scenarios, `make bench ARGS="--large"`: many active runs, tasks, open streams, schedules and runs of flows.
//!
//! ```text
//! runs.rs      10,000 active runs: how soon a final status is shown, and what polling costs
//! reported.rs  1,000 active runs: how soon a reported end is confirmed
//! tasks.rs     1,000,000 tasks: pages of the task list
//! fill.rs      inserts these tasks
//! streams.rs   1,000 open streams: memory, CPU, and the time from a report to its event
//! listen.rs    a client of a stream
//! schedules.rs   10,000 schedules: how late they fire
//! successors.rs  steps of flows: how soon they start after the step before them
//! flow_runs.rs   200 runs of a flow with 20 steps: what a step costs
//! saving.rs      saving a flow with 100 steps
//! flows.rs       documents, flows and their runs
//! sql.rs         statements in the bridge's database
//! ```
//!
//! Each scenario has its own bridge, database and OpenHEXA.

mod fill;
mod flow_runs;
mod flows;
mod listen;
mod reported;
mod runs;
mod saving;
mod schedules;
mod sql;
mod streams;
mod successors;
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
        pipelines: impl Into<site::Pipelines>,
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

/// A large scenario, in the order in which they are measured.
#[derive(Clone, Copy)]
enum Large {
    LiveRuns,
    ReportedEnds,
    TaskList,
    OpenStreams,
    Schedules,
    Successors,
    FlowRuns,
    SavedFlow,
}

impl Large {
    const ALL: [Self; 8] = [
        Self::LiveRuns,
        Self::ReportedEnds,
        Self::TaskList,
        Self::OpenStreams,
        Self::Schedules,
        Self::Successors,
        Self::FlowRuns,
        Self::SavedFlow,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::LiveRuns => "live runs",
            Self::ReportedEnds => "reported ends",
            Self::TaskList => "task list",
            Self::OpenStreams => "open streams",
            Self::Schedules => "schedules",
            Self::Successors => "successors",
            Self::FlowRuns => "flow runs",
            Self::SavedFlow => "saving a flow",
        }
    }

    fn head(self) -> &'static str {
        match self {
            Self::LiveRuns => runs::HEAD,
            Self::ReportedEnds => reported::HEAD,
            Self::TaskList => tasks::HEAD,
            Self::OpenStreams => streams::HEAD,
            Self::Schedules => schedules::HEAD,
            Self::Successors => successors::HEAD,
            Self::FlowRuns => flow_runs::HEAD,
            Self::SavedFlow => saving::HEAD,
        }
    }

    async fn rows(self, line: &Line, base: &'static str) -> Vec<String> {
        match self {
            Self::LiveRuns => vec![runs::measured(line, base).await],
            Self::ReportedEnds => vec![reported::measured(line, base).await],
            Self::TaskList => tasks::measured(line, base).await,
            Self::OpenStreams => streams::measured(line, base).await,
            Self::Schedules => schedules::measured(line, base).await,
            Self::Successors => vec![successors::measured(line, base).await],
            Self::FlowRuns => vec![flow_runs::measured(line, base).await],
            Self::SavedFlow => vec![saving::measured(line, base).await],
        }
    }
}

pub async fn measure(line: &Line) {
    let mut parts = vec![table::machine(&format!(
        "{} and {} live runs, {} tasks, {} streams, {} schedules, {} flow runs, {} flows, each alone",
        line.live_runs,
        line.live,
        line.rows,
        line.streams,
        line.schedules,
        line.flow_runs,
        line.flows
    ))];
    for scenario in Large::ALL {
        let mut rows = Vec::new();
        for base in [SQLITE, POSTGRES] {
            let name = format!("{}, {base}", scenario.name());
            if line.wants(&name) {
                eprintln!("{name}");
                rows.extend(Box::pin(scenario.rows(line, base)).await);
            }
        }
        if !rows.is_empty() {
            parts.push(scenario.head().to_owned() + &rows.join("\n") + "\n");
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
