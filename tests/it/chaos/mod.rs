//! Real crashes: real processes, a real PostgreSQL, an OpenHEXA with faults, kill -9 of either bridge and restarts of the
//! database at any moment. Then all tasks and all runs of flows must end without help, and all of them are counted.
//!
//! `make chaos` runs a longer version. A seed determines the choices, but not the timing: with the same seed, a crash can
//! happen at another moment of a transaction.

mod checks;
mod checks_can_fail;
mod clients;
mod flows;
mod load_balancer;
mod openhexa_failures;
mod pipelines;
mod process_failures;
mod processes;
mod random;
mod single_crashes;
mod watcher;

use std::env;
use std::fmt::Display;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tokio_util::sync::CancellationToken;

use checks::{Evidence, Verdict};
use clients::Record;
use flows::FlowRecord;
use load_balancer::Outcome;
use process_failures::Done;
use processes::Processes;
use watcher::Seen;

/// The number of clients that launch at the same time.
const CLIENTS: usize = 6;
/// The time in which all tasks must end after the last fault.
const SETTLED_WITHIN: Duration = Duration::from_mins(5);

/// The size of the test and the seed of its choices.
#[derive(Clone, Copy, Debug)]
struct Size {
    tasks: usize,
    seed: u64,
    /// How long PostgreSQL is unavailable, once.
    away: Duration,
}

impl Size {
    fn read() -> Self {
        Self {
            tasks: number("TASKS", 80),
            seed: number("SEED", 1),
            away: Duration::from_secs(number("AWAY", 3)),
        }
    }
}

/// The environment variable, or the default of the test suite.
fn number<T: FromStr>(name: &str, usual: T) -> T {
    let name = format!("OPENHEXA_BRIDGE_CHAOS_{name}");
    match env::var(&name) {
        Ok(text) if !text.is_empty() => text
            .parse()
            .unwrap_or_else(|_| panic!("{name} is no number: {text}")),
        Ok(_) | Err(_) => usual,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_failures() {
    let size = Size::read();
    eprintln!(
        "to repeat with the same choices: make chaos TASKS={} SEED={} AWAY={}",
        size.tasks,
        size.seed,
        size.away.as_secs()
    );
    let began = Instant::now();
    let site = Processes::durable(&pipelines::all()).await;
    let record = Arc::new(Record::default());
    let flows = Arc::new(FlowRecord::default());
    let (failures, seen) = inject_failures(&site, &record, &flows, size).await;
    let evidence = Evidence::gather(&site, &record, &flows).await;
    tokio::join!(site.end(0, Signal::TERM), site.end(1, Signal::TERM));
    let verdict = evidence.check();
    let story = Story {
        size,
        failures,
        seen,
        evidence,
        verdict,
        record,
        took: began.elapsed(),
    };
    println!("{}", story.table());
    story.hold();
    checks_can_fail::every_change_is_found(&story.evidence);
}

/// Injects all failures until everything is launched, then waits without failures until everything has ended.
async fn inject_failures(
    site: &Arc<Processes>,
    record: &Arc<Record>,
    flows: &Arc<FlowRecord>,
    size: Size,
) -> (Done, Seen) {
    let (over, ended) = (CancellationToken::new(), CancellationToken::new());
    let faults = tokio::spawn(openhexa_failures::faults(
        site.clone(),
        size.seed,
        over.clone(),
    ));
    let control = tokio::spawn(openhexa_failures::control_runs(site.clone(), ended.clone()));
    let watcher = tokio::spawn(watcher::watch(site.clone(), ended.clone()));
    let failures = tokio::spawn(process_failures::inject_all(
        site.clone(),
        size.seed,
        size.away,
        over.clone(),
    ));
    let using_flows = tokio::spawn(flows::use_flows(
        site.clone(),
        flows.clone(),
        size.tasks,
        size.seed,
    ));
    let clients = (0..CLIENTS).map(|client| {
        tokio::spawn(clients::launch_some(
            site.clone(),
            record.clone(),
            size.tasks,
            size.seed,
            client,
        ))
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.unwrap();
    }
    using_flows.await.unwrap();
    over.cancel();
    let failures = failures.await.unwrap();
    faults.await.unwrap();
    site.no_faults().await;
    flows::pause(site, flows).await;
    settle(site).await;
    ended.cancel();
    control.await.unwrap();
    (failures, watcher.await.unwrap())
}

/// Waits until every run has ended, every report has arrived, every task is confirmed, and every run of a flow has ended.
async fn settle(site: &Processes) {
    let deadline = Instant::now() + SETTLED_WITHIN;
    let over = |run: &serde_json::Value| {
        ["success", "failed", "stopped"].contains(&run["status"].as_str().unwrap())
    };
    loop {
        // Flows first: they create tasks.
        let flows = flows::stuck(site).await;
        let tasks = checks::tasks(site).await;
        let stuck: Vec<_> = tasks
            .iter()
            .filter(|task| task["confirmed"] != true)
            .collect();
        let going: Vec<_> = site
            .runs()
            .await
            .into_iter()
            .filter(|run| !over(run))
            .collect();
        if flows.is_empty() && stuck.is_empty() && going.is_empty() && site.front.is_quiet() {
            return;
        }
        if Instant::now() > deadline {
            for task in &stuck {
                let events = checks::events(site, task["id"].as_i64().unwrap()).await;
                eprintln!("stuck: {task}\n    {events:?}");
            }
            panic!(
                "{} tasks are stuck; these runs have not ended: {going:#?}; these of flows: {flows:#?}",
                stuck.len()
            );
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

struct Story {
    size: Size,
    failures: Done,
    seen: Seen,
    evidence: Evidence,
    verdict: Verdict,
    record: Arc<Record>,
    took: Duration,
}

impl Story {
    fn table(&self) -> String {
        let (failures, verdict) = (&self.failures, &self.verdict);
        let reports = || self.evidence.reports.values().flatten();
        let outcome =
            |is: fn(Outcome) -> bool| reports().filter(|report| is(report.outcome)).count();
        let tasks = || self.evidence.tasks.values();
        let told = |what: &str| tasks().filter(|task| task.has_event(what)).count();
        let asked = |task: &&checks::Task| {
            let asking = |event: &&String| *event == "launch_requested";
            task.events.iter().filter(asking).count() > 1
        };
        let rows: [(&str, &dyn Display); 25] = [
            ("seed", &self.size.seed),
            ("seconds", &self.took.as_secs()),
            ("launches", &self.evidence.launches.len()),
            ("tasks", &self.evidence.tasks.len()),
            ("runs", &self.evidence.runs.len()),
            ("launches without a run", &verdict.without_run),
            ("… of them refused", &told("launch_refused")),
            ("kill -9", &failures.kills),
            ("SIGTERM", &failures.terminations),
            ("PostgreSQL stopped (immediate)", &failures.immediate),
            ("PostgreSQL stopped (fast)", &failures.fast),
            (
                "requests repeated with the same key",
                &self.record.again.load(Ordering::SeqCst),
            ),
            ("launches with unknown outcome", &told("launch_unsure")),
            ("runs found and adopted", &told("run_found")),
            (
                "launches repeated by a bridge",
                &tasks().filter(asked).count(),
            ),
            ("cancels accepted", &self.evidence.cancelled.len()),
            ("reports sent", &reports().count()),
            (
                "… accepted",
                &outcome(|outcome| outcome == Outcome::Accepted),
            ),
            (
                "… refused with 409",
                &outcome(|outcome| outcome == Outcome::Refused(409)),
            ),
            (
                "… lost, no bridge was running",
                &outcome(|outcome| outcome == Outcome::Lost),
            ),
            (
                "… without a clear response",
                &outcome(|outcome| outcome == Outcome::Unknown),
            ),
            ("duplicate runs", &verdict.duplicate_runs.len()),
            ("wrong final statuses", &verdict.wrong_ends.len()),
            (
                "lost results",
                &(verdict.lost_results.len() + self.seen.lost_results.len()),
            ),
            ("invalid changes of status", &self.seen.invalid.len()),
        ];
        let row = |name: &str, count: &dyn Display| format!("| {name} | {count} |\n");
        let flows = self.flow_rows();
        let flows = flows.iter().map(|(name, count)| row(name, count));
        let rows = rows.iter().map(|(name, count)| row(name, count));
        rows.chain(flows).collect()
    }

    fn flow_rows(&self) -> [(&'static str, usize); 6] {
        let flows = &self.evidence.flows;
        [
            ("runs of flows", flows.runs.len()),
            ("… of a schedule", flows.count("schedule")),
            ("… of a backfill", flows.count("backfill")),
            ("… cancelled", flows.cancelled.len()),
            ("tasks of flows", self.evidence.flow_tasks()),
            ("wrong flows", self.verdict.wrong_flows.len()),
        ]
    }

    fn hold(&self) {
        let none: [String; 0] = [];
        assert_eq!(self.verdict.duplicate_runs, none);
        assert_eq!(self.verdict.wrong_ends, none);
        assert_eq!(self.verdict.lost_results, none);
        assert_eq!(self.verdict.wrong_counts, none);
        assert_eq!(self.verdict.wrong_flows, none);
        assert_eq!(self.seen.invalid, none);
        assert_eq!(self.seen.lost_results, none);
        assert_eq!(self.evidence.launches.len(), self.size.tasks);
        assert!(self.seen.looks > 0);
    }
}
