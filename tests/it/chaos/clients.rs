//! Clients that launch and cancel. Without a response they repeat the request, at either bridge, with the same key.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::pipelines::{self, Kind};
use super::processes::Processes;
use super::random::Random;
use crate::support::catalogue::id;

/// The longest time that a launch may take, including the longest outage of the database.
const LAUNCH_TIMEOUT: Duration = Duration::from_mins(5);
/// The percentage of launches that are cancelled.
const CANCELLED: u64 = 15;
/// The percentage of launches that a client repeats although it got a response.
const REPEATED: u64 = 10;

/// The launches and cancels that the clients made.
#[derive(Default)]
pub struct Record {
    /// For each launch's mark: its kind, and the id of its task.
    pub launches: Mutex<BTreeMap<u64, (Kind, i64)>>,
    /// Tasks whose cancel was accepted.
    pub cancelled: Mutex<Vec<i64>>,
    /// Requests that were repeated because they got no response, or a 5xx.
    pub again: AtomicUsize,
    next: AtomicUsize,
}

/// One of several clients; it launches until all launches are made.
pub async fn launch_some(
    site: Arc<Processes>,
    record: Arc<Record>,
    all: usize,
    seed: u64,
    client: usize,
) {
    let mut random = Random::new(seed, &format!("client {client}"));
    let mut cancels = Vec::new();
    loop {
        let mark = record.next.fetch_add(1, Ordering::SeqCst);
        if mark >= all {
            break;
        }
        let mut own = Random::new(seed, &format!("launch {mark}"));
        let kind = pipelines::pick(&mut own);
        let task = launch(&site, &record, mark as u64, kind, &mut random).await;
        record
            .launches
            .lock()
            .unwrap()
            .insert(mark as u64, (kind, task));
        if kind.may_be_cancelled() && own.chance(CANCELLED) {
            let wait = own.millis(0, 2500);
            cancels.push(tokio::spawn(cancel(
                site.clone(),
                record.clone(),
                task,
                wait,
            )));
        }
        tokio::time::sleep(random.millis(50, 650)).await;
    }
    for cancel in cancels {
        cancel.await.unwrap();
    }
}

/// Launches, repeats the request until it gets the task's id, and sometimes repeats it once more.
async fn launch(
    site: &Processes,
    record: &Record,
    mark: u64,
    kind: Kind,
    random: &mut Random,
) -> i64 {
    let path = format!("/api/openhexa/pipelines/{}/launch/", id(kind.number()));
    let (key, body) = (
        format!("launch-{mark}"),
        json!({"config": kind.config(mark)}),
    );
    let task = repeat_until_task(site, record, &path, &key, &body).await;
    if random.chance(REPEATED) {
        let again = repeat_until_task(site, record, &path, &key, &body).await;
        assert_eq!(again, task, "another task under the key {key}");
    }
    task
}

async fn repeat_until_task(
    site: &Processes,
    record: &Record,
    path: &str,
    key: &str,
    body: &Value,
) -> i64 {
    let deadline = Instant::now() + LAUNCH_TIMEOUT;
    for turn in key.len().. {
        assert!(Instant::now() < deadline, "{key} never got a response");
        let answer = site.post(turn, path, key, body).await;
        if let Some(task) = answer
            .as_ref()
            .and_then(|(_, answer)| answer["task"]["id"].as_i64())
        {
            return task;
        }
        match answer {
            // No bridge, no response, or an error: it is unknown whether the launch was made.
            None | Some((502..=504, _)) => {}
            Some(strange) => panic!("{key} got the response {strange:?}"),
        }
        record.again.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    unreachable!("an endless loop")
}

async fn cancel(site: Arc<Processes>, record: Arc<Record>, task: i64, wait: Duration) {
    tokio::time::sleep(wait).await;
    let deadline = Instant::now() + LAUNCH_TIMEOUT;
    let path = format!("/api/openhexa/tasks/{task}/cancel/");
    for bridge in (0..2).cycle() {
        assert!(
            Instant::now() < deadline,
            "the cancel of {task} never got a response"
        );
        match site.post(bridge, &path, "", &json!({})).await {
            Some((202, _)) => return record.cancelled.lock().unwrap().push(task),
            Some((409, _)) => return,
            None | Some((503, _)) => tokio::time::sleep(Duration::from_millis(100)).await,
            Some(strange) => panic!("the cancel of {task} got the response {strange:?}"),
        }
    }
}
