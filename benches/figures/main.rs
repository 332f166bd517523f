//! `make bench`: measures the real process over HTTP, with a real PostgreSQL. A minimal actix handler and pgbench are
//! measured in the same run, so that ratios can be compared across machines.
//!
//! ```text
//! main.rs      the command line, and the order of the scenarios
//! stage.rs     the processes: the bridge twice (SQLite, PostgreSQL) with 1,000 active tasks each, and an OpenHEXA
//! large/       the large scenarios: many active runs, tasks, open streams, schedules and runs of flows
//! site.rs      settings, processes and requests that all scenarios use
//! postgres.rs  a temporary PostgreSQL with durable commits and default settings, and pgbench
//! load.rs      clients that send requests as fast as possible
//! process.rs   child processes, and CPU time and memory of a process
//! bare.rs      the minimal actix handler
//! table.rs     medians, and BENCHMARKS.md
//! ```
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a measurement that cannot go on ends; it looks at the clock and the environment from outside"
)]

mod bare;
mod large;
mod load;
mod postgres;
mod process;
mod site;
mod stage;
mod table;

use std::time::Duration;

use clap::Parser;

use load::{Load, Target};
use process::Cpu;
use stage::Stage;
use table::{Row, Table};

/// Measures the bridge, or any server with the same paths.
#[derive(Parser, Clone)]
pub struct Line {
    /// Seconds per scenario and round.
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// Seconds of load before each measurement.
    #[arg(long, default_value_t = 0.5)]
    warm_up: f64,
    /// Number of rounds; the tables show medians.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Numbers of concurrent clients.
    #[arg(long, value_delimiter = ',', default_value = "1,16,64")]
    clients: Vec<usize>,
    /// Active tasks that receive the callbacks; large scenarios: that report their end.
    #[arg(long, default_value_t = 1000)]
    live: usize,
    /// The scale of pgbench.
    #[arg(long, default_value_t = 64)]
    scale: u32,
    /// Only scenarios whose name contains one of these texts, separated by semicolons.
    #[arg(long, value_delimiter = ';')]
    only: Vec<String>,
    /// Measure the large scenarios instead: many running tasks, tasks, open streams, schedules and runs of flows.
    #[arg(long)]
    large: bool,
    /// Large scenarios: number of running tasks.
    #[arg(long, default_value_t = 10_000)]
    live_runs: usize,
    /// Large scenarios: number of tasks in the list.
    #[arg(long, default_value_t = 1_000_000)]
    rows: u64,
    /// Large scenarios: number of open streams.
    #[arg(long, default_value_t = 1000)]
    streams: usize,
    /// Large scenarios: seconds during which runs are polled or schedules become due.
    #[arg(long, default_value_t = 60)]
    follow: u64,
    /// Large scenarios: number of schedules. A hundredth of them becomes due each second.
    #[arg(long, default_value_t = 10_000)]
    schedules: usize,
    /// Large scenarios: number of runs of a flow at once.
    #[arg(long, default_value_t = 200)]
    flow_runs: usize,
    /// Large scenarios: number of other flows of the account while a flow is saved.
    #[arg(long, default_value_t = 1000)]
    flows: usize,
    /// The program to measure, instead of the one just built.
    #[arg(long, default_value = env!("CARGO_BIN_EXE_openhexa-bridge"))]
    bridge: std::path::PathBuf,
    /// Measure the server at this address, such as `http://127.0.0.1:8080`, and start nothing.
    #[arg(long, requires_all = ["token", "pipeline"])]
    url: Option<String>,
    /// The bearer token for the requests.
    #[arg(long)]
    token: Option<String>,
    /// The pipeline whose details are read and whose tasks report.
    #[arg(long)]
    pipeline: Option<String>,
    /// Active tasks of the pipeline. Without them, only reads are measured.
    #[arg(long, value_delimiter = ',')]
    tasks: Vec<i64>,
    /// The process whose CPU time and memory are measured (with those of its children).
    #[arg(long)]
    pid: Option<u32>,
    /// Cargo passes this to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
    /// Run the minimal actix handler instead.
    #[arg(long, hide = true)]
    serve_bare: bool,
}

fn main() {
    let line = Line::parse();
    if line.serve_bare {
        return bare::serve();
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    if line.url.is_some() {
        runtime.block_on(measure_another(&line));
    } else if line.large {
        runtime.block_on(large::measure(&line));
    } else {
        runtime.block_on(measure_ours(&line));
    }
}

impl Line {
    fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|part| name.contains(part.as_str()))
    }
}

/// One scenario: the requests, the number of clients, and the processes whose CPU time is measured.
struct Scenario {
    name: String,
    target: Target,
    clients: usize,
    server: Option<Cpu>,
    /// The database server, if it is a separate process.
    database: Option<Cpu>,
}

async fn measured(line: &Line, scenario: &Scenario) -> Row {
    let load = Load {
        target: scenario.target.clone(),
        clients: scenario.clients,
    };
    load.run(Duration::from_secs_f64(line.warm_up)).await;
    let spent = |cpu: Option<Cpu>| cpu.map(Cpu::spent);
    let before = (spent(scenario.server), spent(scenario.database));
    let figures = load.run(Duration::from_secs_f64(line.seconds)).await;
    let after = (spent(scenario.server), spent(scenario.database));
    let each = |before: Option<Duration>, after: Option<Duration>| {
        let spent = after?.checked_sub(before?)?;
        Some(spent.as_secs_f64() * 1000.0 / figures.answers.max(1) as f64)
    };
    let row = Row {
        name: scenario.name.clone(),
        clients: scenario.clients,
        per_second: figures.per_second(),
        p50: Some(figures.percentile(0.50)),
        p99: Some(figures.percentile(0.99)),
        cpu: each(before.0, after.0),
        database_cpu: each(before.1, after.1),
        failed: figures.failed,
    };
    eprintln!("{row}");
    row
}

async fn measure_another(line: &Line) {
    let url = line.url.clone().expect("given");
    let target = |path: &str| Target::get(&url, path, line.token.as_deref());
    let pipeline = line.pipeline.clone().expect("required with the URL");
    let mut table = Table::default();
    for _ in 0..line.rounds {
        for &clients in &line.clients {
            let mut all = reads("there", &pipeline, target);
            if !line.tasks.is_empty() {
                let token = line.token.as_deref();
                let spread = Target::reports(&url, &pipeline, token, line.tasks.clone());
                all.push(("callback, there".to_owned(), spread));
            }
            for (name, target) in all {
                let scenario = Scenario {
                    name,
                    target,
                    clients,
                    server: line.pid.map(Cpu::with_children),
                    database: None,
                };
                if line.wants(&scenario.name) {
                    table.add(measured(line, &scenario).await);
                }
            }
        }
    }
    println!("{}", table.text());
    if let Some(pid) = line.pid {
        let memory = process::memory(pid);
        println!(
            "Memory: {} MiB now, {} MiB at most.",
            memory.now, memory.most
        );
    }
}

fn reads(place: &str, pipeline: &str, target: impl Fn(&str) -> Target) -> Vec<(String, Target)> {
    let named = |what: &str, path: &str| (format!("{what}, {place}"), target(path));
    vec![
        named("list", "/api/openhexa/pipelines/"),
        named("detail", &format!("/api/openhexa/pipelines/{pipeline}/")),
        named("config", "/api/openhexa/pipelines/config/"),
    ]
}

async fn measure_ours(line: &Line) {
    let stage = Stage::set(line).await;
    let mut table = Table::default();
    let asked = stage.upstream_requests().await;
    for round in 1..=line.rounds {
        for &clients in &line.clients {
            eprintln!("round {round} of {}, {clients} clients", line.rounds);
            for scenario in stage.scenarios(line, clients) {
                table.add(measured(line, &scenario).await);
            }
            if line.wants(postgres::YARDSTICK) {
                table.add(stage.postgres.pgbench(line.seconds, clients));
            }
        }
    }
    let upstream = stage.upstream_requests().await - asked;
    let starts = stage.starts().await;
    let text = table::report(line, &table, &stage, upstream, &starts);
    println!("{text}");
    if line.only.is_empty() {
        table::keep(table::FIRST, &text);
    }
}
