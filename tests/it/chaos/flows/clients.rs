//! A client that saves the flows, starts a backfill and runs, and cancels some of them. Without a response it repeats the request:
//! runs with the same key, and the backfill for the times without a run.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::documents::{ALL, BRANCHES, PAST, REVERTED};
use crate::chaos::processes::Processes;
use crate::chaos::random::Random;

/// The longest time that a request may take, including the longest outage of the database.
const TIMEOUT: Duration = Duration::from_mins(5);
/// The percentage of runs that are cancelled, and of requests that are repeated although they got a response.
const CANCELLED: u64 = 25;
const REPEATED: u64 = 20;
/// The keys are higher than the marks of all launches, so that their runs can be distinguished.
const FIRST_KEY: u64 = 1_000_000;
/// The maximum number of days of the backfill.
const DAYS: usize = 30;

/// What the client requested.
#[derive(Default)]
pub struct FlowRecord {
    /// By key: the flow and its run.
    pub runs: Mutex<BTreeMap<u64, (&'static str, i64)>>,
    /// Runs whose cancel was accepted.
    pub cancelled: Mutex<Vec<i64>>,
    /// How many days the backfill has.
    pub days: Mutex<usize>,
    /// A time after which no schedule fires, and one before which all have fired.
    pub paused: Mutex<Option<(DateTime<Utc>, DateTime<Utc>)>>,
}

/// Runs as many flows as one for sixteen launches.
pub async fn use_flows(site: Arc<Processes>, record: Arc<FlowRecord>, launches: usize, seed: u64) {
    for flow in ALL {
        let body = json!({"document": flow.document()});
        // 409: an earlier request has saved it.
        request(&site, "/flows/", "flow", &body, &[201, 409]).await;
    }
    let count = (launches / 16).max(4);
    backfill(&site, &record, count.min(DAYS)).await;
    let mut cancels = Vec::new();
    for key in (FIRST_KEY..).take(count) {
        let mut random = Random::new(seed, &format!("flow {key}"));
        let flow = if key % 4 == 0 { REVERTED } else { BRANCHES };
        let run = start(&site, flow.slug, key, &mut random).await;
        record.runs.lock().unwrap().insert(key, (flow.slug, run));
        // The test controls the runs of the other flow, so they must not be stopped.
        if flow.slug == BRANCHES.slug && random.chance(CANCELLED) {
            let wait = random.millis(0, 8_000);
            cancels.push(tokio::spawn(cancel(
                site.clone(),
                record.clone(),
                run,
                wait,
            )));
        }
        tokio::time::sleep(random.millis(200, 2_000)).await;
    }
    for cancel in cancels {
        cancel.await.unwrap();
    }
}

async fn backfill(site: &Processes, record: &FlowRecord, days: usize) {
    *record.days.lock().unwrap() = days;
    let from: DateTime<Utc> = "2024-01-01T00:00:00Z".parse().unwrap();
    let to = from + chrono::TimeDelta::days(i64::try_from(days).unwrap());
    let body = json!({"from": from, "to": to, "mode": "missing", "parallel": 4});
    let path = format!("/flows/{}/backfills/", PAST.slug);
    request(site, &path, "backfill", &body, &[201]).await;
}

async fn start(site: &Processes, slug: &str, key: u64, random: &mut Random) -> i64 {
    let path = format!("/flows/{slug}/run/");
    let (name, body) = (format!("run-{key}"), json!({"inputs": {"mark": key}}));
    let times = if random.chance(REPEATED) { 2 } else { 1 };
    let mut runs = Vec::new();
    for _ in 0..times {
        let answer = request(site, &path, &name, &body, &[201]).await;
        runs.push(answer["run"]["id"].as_i64().unwrap());
    }
    assert!(runs.iter().all(|run| *run == runs[0]), "{name}: {runs:?}");
    runs[0]
}

async fn cancel(site: Arc<Processes>, record: Arc<FlowRecord>, run: i64, wait: Duration) {
    tokio::time::sleep(wait).await;
    let path = format!("/flow-runs/{run}/cancel/");
    let answer = request(&site, &path, "cancel", &json!({}), &[202, 409]).await;
    if answer["id"] == run {
        record.cancelled.lock().unwrap().push(run);
    }
}

/// After the faults: no schedule fires any more. At least one tick has come.
pub async fn pause(site: &Processes, record: &FlowRecord) {
    let path = format!("/api/openhexa/flows/{}/ticks/", BRANCHES.slug);
    let deadline = Instant::now() + TIMEOUT;
    while site.get(&path).await["results"] == json!([]) {
        assert!(Instant::now() < deadline, "the schedule does not fire");
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    let before = Utc::now();
    for flow in ALL {
        let path = format!("/flows/{}/pause/", flow.slug);
        request(site, &path, "pause", &json!({}), &[200]).await;
    }
    *record.paused.lock().unwrap() = Some((before, Utc::now()));
}

/// Sends the request to either bridge until one of them responds with one of these statuses.
async fn request(site: &Processes, path: &str, key: &str, body: &Value, statuses: &[u16]) -> Value {
    let deadline = Instant::now() + TIMEOUT;
    let path = format!("/api/openhexa{path}");
    for bridge in (0..2).cycle() {
        assert!(Instant::now() < deadline, "{path} never got a response");
        match site.post(bridge, &path, key, body).await {
            Some((status, answer)) if statuses.contains(&status) => return answer,
            None | Some((502..=504, _)) => {}
            Some(strange) => panic!("{path} got the response {strange:?}"),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    unreachable!("an endless loop")
}
