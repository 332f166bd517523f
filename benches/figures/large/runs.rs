//! 10,000 active runs of 50 pipelines, polled by one process.
//!
//! Most of them do not change, which shows what polling costs. Some are ended in OpenHEXA at regular intervals, without
//! a report. The time until a stream shows their confirmed final status is the delay that a user sees.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::time::{sleep, sleep_until};

use super::listen::{Listener, seconds};
use super::{Place, Sorted, core};
use crate::Line;
use crate::process::memory;
use crate::site;

const PIPELINES: u64 = 50;
const LAUNCHES: usize = 8;
/// Runs that end per second during the measurement.
const ENDS: u64 = 5;
/// The maximum delay in seconds that counts as on time.
const FRESH: f64 = 10.0;

pub const HEAD: &str = "| live runs | database | runs polled, per second | failed polls | requests to OpenHEXA, per 10 s | \
     final status shown after: p50 / p99 / max | within 10 s | latest poll | bridge CPU | OpenHEXA CPU | database CPU | \
     bridge memory |\n|---|---|---|---|---|---|---|---|---|---|---|---|\n";

/// Counters that are read before and after the measurement.
struct Counts {
    polled: f64,
    failed: f64,
    requests: u64,
}

pub async fn measured(line: &Line, base: &'static str) -> String {
    let place = Place::set(line, base, PIPELINES, |mut settings| {
        // New runs are polled like older ones, because the time after the first two minutes is measured.
        settings.push(("RECONCILE__EARLY", "10s".to_owned()));
        settings
    })
    .await;
    site::launch(&place.bridge, line.live_runs, LAUNCHES, PIPELINES).await;
    all_running(&place, line.live_runs).await;
    // Until every run was polled once.
    sleep(Duration::from_secs(12)).await;
    let time = Duration::from_secs(line.follow);
    let chosen = chosen(&place, time.as_secs() * ENDS).await;
    let before = Counts::of(&place).await;
    let work = async { tokio::join!(ends(&place, &chosen, time), worst(&place, time)) };
    let (shares, (delays, worst)) = place.meters().over(work).await;
    let after = Counts::of(&place).await;
    // `ends` waits for the last events after `time`, so all counters cover this longer time.
    let took = time.as_secs_f64() + FRESH * 2.0;
    let fresh = delays.iter().filter(|delay| **delay <= FRESH).count();
    let many = delays.len().max(1) as f64;
    let delays = Sorted::of(delays);
    format!(
        "| {} | {base} | {:.0} | {:.0} | {:.0} | {:.1} / {:.1} / {:.1} s | {:.1} % | {worst:.1} s late | {} | {} | {} | {} MiB |",
        line.live_runs,
        (after.polled - before.polled) / took,
        after.failed - before.failed,
        (after.requests - before.requests) as f64 / took * 10.0,
        delays.at(0.5),
        delays.at(0.99),
        delays.at(1.0),
        fresh as f64 / many * 100.0,
        core(Some(shares.bridge)),
        core(Some(shares.openhexa)),
        core(shares.database),
        memory(place.bridge.pid()).now,
    )
}

impl Counts {
    async fn of(place: &Place) -> Self {
        let counts = site::requests(&place.openhexa).await;
        let metrics_text = metrics(place).await;
        let polls = |outcome: &str| {
            let name = "openhexa_bridge_reconciler_polls_total";
            value(&metrics_text, &format!("{name}{{outcome=\"{outcome}\"}}"))
        };
        Self {
            polled: polls("done"),
            failed: polls("failed"),
            requests: counts["total"].as_u64().expect("a number"),
        }
    }
}

async fn metrics(place: &Place) -> String {
    let url = format!("{}/metrics", place.bridge.url);
    site::text(site::client().get(url)).await
}

/// The value of a metric; 0 if it is missing.
fn value(text: &str, name: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.map_or(0.0, |value| value.trim().parse().expect("a number"))
}

pub async fn all_running(place: &Place, many: usize) {
    let running = "openhexa_bridge_live_tasks{state=\"running\"}";
    let patience = Instant::now() + Duration::from_mins(3);
    while value(&metrics(place).await, running) < many as f64 {
        assert!(Instant::now() < patience, "not all runs were seen to run");
        sleep(Duration::from_secs(1)).await;
    }
}

/// The maximum delay of a poll in seconds, from the metric read every five seconds.
async fn worst(place: &Place, time: Duration) -> f64 {
    let end = Instant::now() + time;
    let mut worst: f64 = 0.0;
    while Instant::now() < end {
        let metrics_text = metrics(place).await;
        worst = worst.max(value(&metrics_text, "openhexa_bridge_overdue_poll_seconds"));
        sleep(Duration::from_secs(5)).await;
    }
    worst
}

/// The runs to end, from all pipelines.
pub async fn chosen(place: &Place, many: u64) -> Vec<Value> {
    let url = format!("{}/emulator/runs", place.openhexa.url);
    let all = site::ask(site::client().get(url)).await;
    let all = all["results"].as_array().expect("all runs").clone();
    let many = many as usize;
    let step = (all.len() / many).max(1);
    all.into_iter().step_by(step).take(many).collect()
}

/// Ends runs one after the other. Returns the seconds until the stream showed each end; infinity if it did not do so in
/// time.
async fn ends(place: &Place, chosen: &[Value], time: Duration) -> Vec<f64> {
    let end = Instant::now() + time + Duration::from_secs_f64(FRESH * 2.0);
    let (ended, received) = tokio::join!(end_each(place, chosen), listen(place, end));
    let delay =
        |(task, at): (i64, Instant)| received.get(&task).map(|received| seconds(at, *received));
    let delays = ended.into_iter().map(delay);
    delays.map(|delay| delay.unwrap_or(f64::INFINITY)).collect()
}

async fn end_each(place: &Place, runs: &[Value]) -> Vec<(i64, Instant)> {
    let (client, began) = (site::client(), Instant::now());
    let mut ended = Vec::new();
    for (number, run) in (0..).zip(runs) {
        sleep_until((began + Duration::from_secs(1) * number / ENDS as u32).into()).await;
        let id = run["id"].as_str().expect("an id");
        let url = format!("{}/emulator/runs/{id}", place.openhexa.url);
        ended.push((
            run["config"]["task_id"].as_i64().expect("a task"),
            Instant::now(),
        ));
        site::ask(client.post(url).json(&json!({"status": "success"}))).await;
    }
    ended
}

/// When the stream has shown the confirmed final status of each task.
pub async fn listen(place: &Place, end: Instant) -> HashMap<i64, Instant> {
    let mut received = HashMap::new();
    let mut listener = Listener::open(&place.bridge.url).await;
    let event = |text: &str, at: Instant| {
        let data = text.lines().find_map(|line| line.strip_prefix("data: "));
        let task: Value = data
            .and_then(|data| serde_json::from_str(data).ok())
            .unwrap_or_default();
        if task["confirmed"] == true {
            let id = task["id"].as_i64().expect("an id");
            received.entry(id).or_insert(at);
        }
    };
    listener.until(end, event).await;
    received
}
