//! Single crashes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::{Value, json};

use super::checks;
use super::pipelines::{self, Kind};
use super::process_failures::database_away;
use super::processes::{LEASE, Processes};
use crate::support::catalogue::id;
use crate::support::story::MAX_WAIT;

async fn launch(site: &Processes, bridge: usize, kind: Kind, mark: u64) -> Option<(u16, Value)> {
    let path = format!("/api/openhexa/pipelines/{}/launch/", id(kind.number()));
    let body = json!({"config": kind.config(mark)});
    site.post(bridge, &path, &format!("launch-{mark}"), &body)
        .await
}

async fn until(
    site: &Processes,
    what: &str,
    so: impl Fn(&[Value], &[Value]) -> bool,
) -> Vec<Value> {
    let deadline = Instant::now() + MAX_WAIT;
    loop {
        let (tasks, runs) = (checks::tasks(site).await, site.runs().await);
        if so(&tasks, &runs) {
            return tasks;
        }
        assert!(
            Instant::now() < deadline,
            "{what} was not reached: {tasks:#?} {runs:#?}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn ends_with_its_only_run(site: &Processes) {
    let tasks = until(site, "the end", |tasks, _| {
        tasks.iter().all(|task| task["confirmed"] == true)
    })
    .await;
    let runs = site.runs().await;
    assert_eq!((tasks.len(), runs.len()), (1, 1), "{tasks:#?} {runs:#?}");
    assert_eq!(
        (&tasks[0]["run"]["id"], &tasks[0]["status"]),
        (&runs[0]["id"], &json!("SUCCESS"))
    );
}

fn slow_launch() -> Value {
    json!({"fault": "latency", "operation": "runPipeline", "ms": 1500})
}

/// A launch at the first bridge whose run exists, but whose response is not there yet.
async fn launch_in_progress(
    site: &Arc<Processes>,
) -> tokio::task::JoinHandle<Option<(u16, Value)>> {
    site.fault(&slow_launch()).await;
    let asking = site.clone();
    let launch = tokio::spawn(async move { launch(&asking, 0, Kind::Well, 1).await });
    until(site, "the run", |_, runs| !runs.is_empty()).await;
    launch
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bridge_that_is_stopped_first_responds_to_the_running_launch() {
    let site = Processes::plain(&pipelines::all()).await;
    let launched = launch_in_progress(&site).await;
    let ended = site.end(0, Signal::TERM).await;
    assert_eq!(ended.status.code(), Some(0), "{:#?}", ended.err);
    let (status, answer) = launched.await.unwrap().expect("a response");
    assert_eq!(status, 201);
    let events = checks::events(&site, answer["task"]["id"].as_i64().unwrap()).await;
    assert!(events.contains(&"run_created".to_owned()), "{events:?}");
    ends_with_its_only_run(&site).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_launch_whose_bridge_is_killed_is_taken_over_within_the_lease() {
    let site = Processes::plain(&pipelines::all()).await;
    let launched = launch_in_progress(&site).await;
    site.end(0, Signal::KILL).await;
    let killed = Instant::now();
    assert_eq!(launched.await.unwrap(), None, "no response");
    let tasks = until(&site, "the other bridge", |tasks, _| {
        !tasks[0]["run"].is_null()
    })
    .await;
    // The time of a poll and of a busy machine is added.
    assert!(
        killed.elapsed() < LEASE + Duration::from_secs(5),
        "{:?}",
        killed.elapsed()
    );
    let (status, again) = launch(&site, 1, Kind::Well, 1).await.expect("a response");
    assert_eq!((status, &again["task"]["id"]), (201, &tasks[0]["id"]));
    ends_with_its_only_run(&site).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_launch_whose_only_bridge_is_killed_is_resumed_at_the_next_start() {
    let site = Processes::plain(&pipelines::all()).await;
    site.end(1, Signal::KILL).await;
    let launched = launch_in_progress(&site).await;
    site.end(0, Signal::KILL).await;
    assert_eq!(launched.await.unwrap(), None, "no response");
    site.start(0).await;
    ends_with_its_only_run(&site).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_database_is_unavailable_requests_get_503_and_then_succeed() {
    let site = Processes::durable(&pipelines::all()).await;
    let (status, answer) = launch(&site, 0, Kind::Unnamed, 1)
        .await
        .expect("a response");
    assert_eq!(status, 201, "{answer}");
    database_away(&site, Duration::from_secs(2)).await;
    ends_with_its_only_run(&site).await;
    let (status, again) = launch(&site, 1, Kind::Unnamed, 1)
        .await
        .expect("a response");
    assert_eq!((status, &again["task"]["id"]), (201, &answer["task"]["id"]));
}
