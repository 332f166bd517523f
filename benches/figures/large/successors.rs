//! Runs of a flow whose steps run one after the other: how soon a step starts after the confirmed end of the step before it.
//!
//! The pipelines take a second, report SUCCESS, and end at once. A step's end is confirmed when the bridge knows both, from the
//! report and from a poll. All times are those that the bridge and OpenHEXA store; all processes read the same clock.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::{StreamExt, stream};
use serde_json::Value;
use tokio::time::sleep;

use super::flows::{self, PIPELINES, Shape};
use super::{Place, Sorted, core};
use crate::Line;
use crate::site::{self, Pipelines};

const SHAPE: Shape = Shape {
    rows: 20,
    steps_per_row: 1,
};
const SLUG: &str = "chain";
/// The time between the starts of two runs.
const PAUSE: Duration = Duration::from_millis(100);
const READS: usize = 8;

pub const HEAD: &str = "| flow runs | database | successors | task created after confirmed end: p50 / p99 / max | \
     OpenHEXA gets the launch after confirmed end: p50 / p99 / max | within 300 ms | bridge CPU | database CPU |\n\
     |---|---|---|---|---|---|---|---|\n";

/// The goal in seconds.
const GOAL: f64 = 0.3;

pub async fn measured(line: &Line, base: &'static str) -> String {
    let pipelines = Pipelines::of_flows(PIPELINES);
    let place = Place::set(line, base, pipelines, |settings| settings).await;
    flows::save(&place, &SHAPE.document(SLUG, "Chain")).await;
    let many = (line.flow_runs / 5).max(1);
    let work = async {
        for _ in 0..many {
            flows::start(&place, SLUG, 1).await;
            sleep(PAUSE).await;
        }
        flows::all_succeeded(&place, many).await;
    };
    let (shares, ()) = place.meters().over(work).await;
    let (created, launched) = delays(&place).await;
    let goal = launched.iter().filter(|delay| **delay <= GOAL).count();
    let share = goal as f64 / launched.len().max(1) as f64 * 100.0;
    format!(
        "| {many} | {base} | {} | {} | {} | {share:.1} % | {} | {} |",
        launched.len(),
        shown(created),
        shown(launched),
        core(Some(shares.bridge)),
        core(shares.database),
    )
}

fn shown(delays: Vec<f64>) -> String {
    let delays = Sorted::of(delays);
    let part = |part| delays.at(part) * 1000.0;
    format!("{:.0} / {:.0} / {:.0} ms", part(0.5), part(0.99), part(1.0))
}

/// For each step but the first of its run, the seconds from the confirmed end of the step before it until its task was created,
/// and until OpenHEXA created its run.
async fn delays(place: &Place) -> (Vec<f64>, Vec<f64>) {
    let tasks = flows::all(place, "tasks/?status=SUCCESS").await;
    let (ends, launches) = (ends(place, &tasks).await, launches(place).await);
    let (mut created, mut launched) = (Vec::new(), Vec::new());
    for task in &tasks {
        let (run, row) = position(task);
        let Some(end) = row.checked_sub(1).map(|before| ends[&(run, before)]) else {
            continue;
        };
        created.push(flows::seconds(end, flows::time(task, "created_at")));
        launched.push(flows::seconds(
            end,
            launches[&task["id"].as_i64().expect("an id")],
        ));
    }
    let expected = tasks.len() / SHAPE.rows as usize * (SHAPE.rows as usize - 1);
    assert_eq!(created.len(), expected, "some steps have no task");
    (created, launched)
}

/// The run of a task, and the row of its step.
fn position(task: &Value) -> (i64, u64) {
    let step = &task["flow_run"];
    let row = step["step"].as_str().expect("a step");
    let row = row
        .trim_start_matches('s')
        .split('_')
        .next()
        .expect("a row");
    (
        step["id"].as_i64().expect("a run"),
        row.parse().expect("a number"),
    )
}

/// When the end of each step was confirmed: the later one of the report and the poll that show it.
async fn ends(place: &Place, tasks: &[Value]) -> HashMap<(i64, u64), DateTime<Utc>> {
    let client = site::client();
    let reads = tasks.iter().map(|task| {
        let url = flows::url(place, &format!("tasks/{}/events/", task["id"]));
        let read = site::ask(client.get(url));
        async move { (position(task), end(&read.await)) }
    });
    stream::iter(reads).buffer_unordered(READS).collect().await
}

fn end(history: &Value) -> DateTime<Utc> {
    let events = history["results"].as_array().expect("events").iter();
    let final_ones = events.filter(|event| {
        let code = event["code"].as_str();
        code == Some("reported_success") || code == Some("run_success")
    });
    let end = final_ones.map(|event| flows::time(event, "at")).max();
    end.expect("the task has succeeded")
}

/// When OpenHEXA created the run of each task.
async fn launches(place: &Place) -> HashMap<i64, DateTime<Utc>> {
    let url = format!("{}/emulator/runs", place.openhexa.url);
    let all = site::ask(site::client().get(url)).await;
    let runs = all["results"].as_array().expect("all runs").iter();
    let launch = |run: &Value| {
        let task = run["config"]["task_id"].as_i64().expect("a task");
        (task, flows::time(run, "created_at"))
    };
    runs.map(launch).collect()
}
