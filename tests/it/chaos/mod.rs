//! Real crashes: real processes, a real PostgreSQL, an OpenHEXA with faults, kill -9 of either bridge and restarts of the
//! database at any moment. Then all tasks must end without help, and all tasks and runs are counted.
//!
//! `make chaos` runs a longer version. A seed determines the choices, but not the timing: with the same seed, a crash can
//! fall on another moment of a transaction.

mod choices;
mod clients;
mod falsified;
mod front;
mod pipelines;
mod process_failures;
mod processes;
mod single_crashes;
mod upstream;
mod verdict;
mod watcher;

use std::env;
use std::fmt::Display;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tokio_util::sync::CancellationToken;

use clients::Book;
use front::Fate;
use process_failures::Done;
use processes::Processes;
use verdict::{Evidence, Verdict};
use watcher::Seen;

/// Who launch, at the same time.
const CLIENTS: usize = 6;
/// Within this everything has ended once the faults are over.
const SETTLED_WITHIN: Duration = Duration::from_mins(5);

/// How long, and which choices.
#[derive(Clone, Copy, Debug)]
struct Size {
    tasks: usize,
    seed: u64,
    /// How long PostgreSQL is away, once.
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

/// The suite has the short one; the environment may name another.
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
async fn whatever_dies_and_whenever_each_launch_is_one_run_and_each_task_ends_as_its_run() {
    let size = Size::read();
    eprintln!(
        "the same choices again: make chaos TASKS={} SEED={} AWAY={}",
        size.tasks,
        size.seed,
        size.away.as_secs()
    );
    let began = Instant::now();
    let site = Processes::durable(&pipelines::all()).await;
    let book = Arc::new(Book::default());
    let (blows, seen) = storm(&site, &book, size).await;
    let evidence = Evidence::gather(&site, &book).await;
    tokio::join!(site.end(0, Signal::TERM), site.end(1, Signal::TERM));
    let verdict = evidence.judge();
    let story = Story {
        size,
        blows,
        seen,
        evidence,
        verdict,
        book,
        took: began.elapsed(),
    };
    println!("{}", story.table());
    story.hold();
    falsified::is_noticed(&story.evidence);
}

/// Everything at once, until all is launched; then calm, until all has ended.
async fn storm(site: &Arc<Processes>, book: &Arc<Book>, size: Size) -> (Done, Seen) {
    let (over, ended) = (CancellationToken::new(), CancellationToken::new());
    let faults = tokio::spawn(upstream::faults(site.clone(), size.seed, over.clone()));
    let hand = tokio::spawn(upstream::hand(site.clone(), ended.clone()));
    let watcher = tokio::spawn(watcher::watch(site.clone(), ended.clone()));
    let blows = tokio::spawn(process_failures::fall(
        site.clone(),
        size.seed,
        size.away,
        over.clone(),
    ));
    let clients = (0..CLIENTS).map(|client| {
        tokio::spawn(clients::launch_some(
            site.clone(),
            book.clone(),
            size.tasks,
            size.seed,
            client,
        ))
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.unwrap();
    }
    over.cancel();
    let blows = blows.await.unwrap();
    faults.await.unwrap();
    site.no_faults().await;
    settle(site).await;
    ended.cancel();
    hand.await.unwrap();
    (blows, watcher.await.unwrap())
}

/// Until every run is over, every report has come, and every task is confirmed.
async fn settle(site: &Processes) {
    let deadline = Instant::now() + SETTLED_WITHIN;
    let over = |run: &serde_json::Value| {
        ["success", "failed", "stopped"].contains(&run["status"].as_str().unwrap())
    };
    loop {
        let tasks = verdict::tasks(site).await;
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
        if stuck.is_empty() && going.is_empty() && site.front.is_quiet() {
            return;
        }
        if Instant::now() > deadline {
            for task in &stuck {
                let events = verdict::events(site, task["id"].as_i64().unwrap()).await;
                eprintln!("stuck: {task}\n    {events:?}");
            }
            panic!(
                "{} tasks are stuck; these runs go on: {going:#?}",
                stuck.len()
            );
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

struct Story {
    size: Size,
    blows: Done,
    seen: Seen,
    evidence: Evidence,
    verdict: Verdict,
    book: Arc<Book>,
    took: Duration,
}

impl Story {
    fn table(&self) -> String {
        let (blows, verdict) = (&self.blows, &self.verdict);
        let reports = || self.evidence.reports.values().flatten();
        let fate = |is: fn(Fate) -> bool| reports().filter(|report| is(report.fate)).count();
        let tasks = || self.evidence.tasks.values();
        let told = |what: &str| tasks().filter(|task| task.told(what)).count();
        let asked = |task: &&verdict::Task| {
            let asking = |event: &&String| *event == "launch_requested";
            task.events.iter().filter(asking).count() > 1
        };
        let rows: [(&str, &dyn Display); 25] = [
            ("seed", &self.size.seed),
            ("seconds", &self.took.as_secs()),
            ("launches", &self.evidence.launches.len()),
            ("tasks", &self.evidence.tasks.len()),
            ("runs", &self.evidence.runs.len()),
            ("launches honestly without a run", &verdict.without_run),
            ("… of them refused", &told("launch_refused")),
            ("kill -9", &blows.kills),
            ("SIGTERM", &blows.terminations),
            ("PostgreSQL stopped at once (immediate)", &blows.immediate),
            ("PostgreSQL stopped in order (fast)", &blows.fast),
            (
                "requests made again under their key",
                &self.book.again.load(Ordering::SeqCst),
            ),
            ("launches unsure", &told("launch_unsure")),
            ("runs found and adopted", &told("run_found")),
            (
                "launches repeated by a bridge",
                &tasks().filter(asked).count(),
            ),
            ("cancels accepted", &self.evidence.cancelled.len()),
            ("reports sent", &reports().count()),
            ("… taken", &fate(|fate| fate == Fate::Taken)),
            (
                "… refused with 409",
                &fate(|fate| fate == Fate::Refused(409)),
            ),
            (
                "… lost, no bridge was there",
                &fate(|fate| fate == Fate::Lost),
            ),
            (
                "… without a sure answer",
                &fate(|fate| fate == Fate::Unsure),
            ),
            ("duplicate runs", &verdict.duplicate_runs.len()),
            ("wrong ends", &verdict.wrong_ends.len()),
            (
                "lost results",
                &(verdict.lost_results.len() + self.seen.lost_results.len()),
            ),
            ("illegal moves", &self.seen.illegal.len()),
        ];
        let row = |(name, count): &(&str, &dyn Display)| format!("| {name} | {count} |\n");
        rows.iter().map(row).collect()
    }

    fn hold(&self) {
        let none: [String; 0] = [];
        assert_eq!(self.verdict.duplicate_runs, none);
        assert_eq!(self.verdict.wrong_ends, none);
        assert_eq!(self.verdict.lost_results, none);
        assert_eq!(self.verdict.wrong_counts, none);
        assert_eq!(self.seen.illegal, none);
        assert_eq!(self.seen.lost_results, none);
        assert_eq!(self.evidence.launches.len(), self.size.tasks);
        assert!(self.seen.looks > 0);
    }
}
