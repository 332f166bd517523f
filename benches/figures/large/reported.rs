//! 1,000 active runs whose pipelines report their end: how soon the end is confirmed.
//!
//! Each pipeline reports SUCCESS, and OpenHEXA shows the end of its run at once. The time from the response to the report
//! until a stream shows the confirmed end depends on the poll that follows the report. More runs than that are launched,
//! so that 1,000 are active until the last one ends.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::time::{sleep, sleep_until};

use super::listen::seconds;
use super::runs::{all_running, chosen, listen};
use super::{Place, Sorted, core};
use crate::Line;
use crate::site;

const PIPELINES: u64 = 50;
const LAUNCHES: usize = 8;
/// Runs that end per second during the measurement.
const ENDS: u64 = 10;
/// How long to wait for the last confirmed ends.
const LAST: Duration = Duration::from_secs(20);
/// The goal in seconds, for 95 % of the ends.
const GOAL: f64 = 3.0;

pub const HEAD: &str = "| live runs | database | confirmed end after reported end: p50 / p95 / max | within 3 s | \
     requests to OpenHEXA, per 10 s | bridge CPU | OpenHEXA CPU | database CPU |\n|---|---|---|---|---|---|---|---|\n";

pub async fn measured(line: &Line, base: &'static str) -> String {
    let place = Place::set(line, base, PIPELINES, |mut settings| {
        // New runs are polled like older ones, so that the polls of new runs do not find the ends.
        settings.push(("RECONCILE__EARLY_FOR", "1ms".to_owned()));
        settings
    })
    .await;
    let time = Duration::from_secs(line.follow);
    let many = time.as_secs() * ENDS;
    let launched = line.live + many as usize;
    site::launch(&place.bridge, launched, LAUNCHES, PIPELINES).await;
    all_running(&place, launched).await;
    // Until every run was polled once.
    sleep(Duration::from_secs(12)).await;
    let chosen = chosen(&place, many).await;
    let before = requests(&place).await;
    let end = Instant::now() + time + LAST;
    let work = async { tokio::join!(report_each(&place, &chosen), listen(&place, end)) };
    let (shares, (reported, received)) = place.meters().over(work).await;
    let asked = (requests(&place).await - before) as f64 / (time + LAST).as_secs_f64();
    let delay = |(task, at): &(i64, Instant)| {
        let received = received.get(task);
        received.map_or(f64::INFINITY, |received| seconds(*at, *received))
    };
    let delays: Vec<f64> = reported.iter().map(delay).collect();
    let on_time = delays.iter().filter(|delay| **delay <= GOAL).count();
    let share = on_time as f64 / delays.len().max(1) as f64 * 100.0;
    let delays = Sorted::of(delays);
    format!(
        "| {} | {base} | {:.2} / {:.2} / {:.2} s | {share:.1} % | {:.0} | {} | {} | {} |",
        line.live,
        delays.at(0.5),
        delays.at(0.95),
        delays.at(1.0),
        asked * 10.0,
        core(Some(shares.bridge)),
        core(Some(shares.openhexa)),
        core(shares.database),
    )
}

async fn requests(place: &Place) -> u64 {
    let counts = site::requests(&place.openhexa).await;
    counts["total"].as_u64().expect("a number")
}

/// Ends runs one after the other, as their pipelines do: report, then end. Returns when each report was answered.
async fn report_each(place: &Place, runs: &[Value]) -> Vec<(i64, Instant)> {
    let (client, began) = (site::client(), Instant::now());
    let mut reported = Vec::new();
    for (number, run) in (0..).zip(runs) {
        sleep_until((began + Duration::from_secs(1) * number / ENDS as u32).into()).await;
        let task = run["config"]["task_id"].as_i64().expect("a task");
        let pipeline = run["pipeline_id"].as_str().expect("a pipeline");
        let report = json!({"task_id": task, "status": "SUCCESS", "result": {"rows": 1000}});
        let url = format!("{}/api/openhexa/pipelines/{pipeline}/", place.bridge.url);
        site::ask(client.patch(url).json(&report)).await;
        reported.push((task, Instant::now()));
        let id = run["id"].as_str().expect("an id");
        let url = format!("{}/emulator/runs/{id}", place.openhexa.url);
        site::ask(client.post(url).json(&json!({"status": "success"}))).await;
    }
    reported
}
