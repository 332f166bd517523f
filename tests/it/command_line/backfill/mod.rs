//! `backfill`: runs the times of a period on a running bridge, follows them, and can be interrupted.

mod errors;
mod gateway;
mod lost_responses;

use std::time::{Duration, Instant};

use rstest::rstest;
use rustix::process::Signal;

use super::*;
use crate::support::catalogue::quick;
use crate::support::process::{Ended, Process};
use crate::support::story::{MAX_WAIT, Postgres, Sqlite};

/// A bridge for development with an emulator. Pipeline 1 succeeds, 2 fails, 3 takes some seconds.
struct Place {
    bridge: String,
    openhexa: String,
    visitor: Visitor,
    _process: Process,
    _data: tempfile::TempDir,
}

impl Place {
    async fn begin(base: Base) -> Self {
        let (data, database) = (tempfile::tempdir().unwrap(), database(base).await);
        let slow = json!({"kind": "succeed", "queued_ms": 0, "running_ms": 2_500, "steps": 2});
        let pipelines = json!([
            pipeline(1, &[], quick("succeed")),
            pipeline(2, &[], quick("fail")),
            pipeline(3, &[], slow),
        ]);
        let file = data.path().join("catalogue.json");
        let text = json!({"workspace": {"slug": "demo", "name": "Demo"}, "pipelines": pipelines});
        std::fs::write(&file, text.to_string()).unwrap();
        let line = dev(data.path(), database.as_deref()).arg("--catalogue");
        let line = line
            .arg(&file)
            .setting("RECONCILE__PERIOD", "100ms")
            .setting("RECONCILE__EARLY", "100ms");
        let mut process = line.start();
        let (bridge, openhexa) = process.addresses().await;
        Self {
            bridge,
            openhexa,
            visitor: Visitor::new(),
            _process: process,
            _data: data,
        }
    }

    /// Saves the flow `daily` with one step; Kinshasa is one hour ahead of UTC.
    async fn save(&self, cron: &str, pipeline: u64) {
        let document = format!(
            "id: daily\nschedules: [{{id: day, cron: '{cron}', timezone: Africa/Kinshasa}}]\n\
             steps: [{{id: load, pipeline: pipeline-{pipeline}}}]\n"
        );
        let url = format!("{}/api/openhexa/flows/", self.bridge);
        let (status, answer) = self
            .visitor
            .post(&url, &json!({"document": document}))
            .await;
        assert_eq!(status, 201, "{answer}");
    }

    /// The command, at this bridge.
    fn line(&self, args: &[&str]) -> Line {
        at(&self.bridge, args)
    }

    async fn run(&self, args: &[&str]) -> Ended {
        self.line(args).run().await
    }

    async fn get(&self, path: &str) -> Value {
        let url = format!("{}/api/openhexa{path}", self.bridge);
        let (status, answer) = self.visitor.get(&url).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }

    async fn backfills(&self) -> Vec<Value> {
        let list = self.get("/flows/daily/backfills/").await;
        list["results"].as_array().unwrap().clone()
    }

    /// The runs of backfills: their scheduled times and statuses, oldest first.
    async fn runs(&self) -> Vec<(String, String)> {
        let list = self.get("/flow-runs/?trigger=backfill&limit=200").await;
        let text = |run: &Value, key: &str| run[key].as_str().unwrap().to_owned();
        let runs = list["results"].as_array().unwrap().iter();
        let mut runs: Vec<_> = runs
            .map(|run| (text(run, "scheduled_for"), text(run, "status")))
            .collect();
        runs.sort();
        runs
    }
}

/// The command `backfill`, at a bridge.
fn at(bridge: &str, args: &[&str]) -> Line {
    let args = [&["backfill"], args].concat();
    Line::of(&args).env("OPENHEXA_BRIDGE_URL", bridge)
}

/// The first two days of 2024.
const TWO_DAYS: [&str; 5] = ["daily", "--from", "2024-01-01", "--to", "2024-01-02"];
const MONTH: [&str; 5] = ["daily", "--from", "2024-01-01", "--to", "2024-01-31"];

fn ends_with(lines: &[String], end: &str) -> bool {
    lines.last().is_some_and(|line| line.contains(end))
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_month_runs_with_its_last_day_and_its_progress_is_printed(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let place = Place::begin(base).await;
    place.save("30 23 * * *", 1).await;
    let command = place
        .line(&[&MONTH[..], &["--parallel", "4"]].concat())
        .start();
    let all = "31 of 31 ended: 31 succeeded, 0 failed or cancelled; 0 running";
    command
        .until_printed("the end", |lines| ends_with(lines, all))
        .await;
    let ended = command.end().await;
    assert_eq!(ended.status.code(), Some(0), "{:#?}", ended.err);
    assert_eq!(ended.out, [""; 0], "there is no other result");
    assert_eq!(
        ended.err[0],
        "31 runs: 2024-01-01T23:30:00+01:00 to 2024-01-31T23:30:00+01:00"
    );
    let progress = &ended.err[1..];
    assert!(progress.len() > 2, "{progress:#?}");
    for line in progress {
        assert!(
            line.starts_with('[') && line.contains("of 31 ended"),
            "{line}"
        );
    }
    let expected = (1..=31).map(|day| format!("2024-01-{day:02}T22:30:00.000Z"));
    let expected: Vec<_> = expected.map(|time| (time, "SUCCESS".to_owned())).collect();
    assert_eq!(place.runs().await, expected);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_run_is_an_error(#[values(Sqlite, Postgres)] base: Base) {
    let place = Place::begin(base).await;
    place.save("30 6 * * *", 2).await;
    let ended = place.run(&TWO_DAYS).await;
    assert_eq!(ended.status.code(), Some(1), "{:#?}", ended.err);
    let sentence = "openhexa-bridge: 2 runs failed or were cancelled";
    assert_eq!(ended.err.last().unwrap(), sentence);
    let missing = place.run(&TWO_DAYS).await;
    assert_eq!(
        (missing.status.code(), &missing.err[..]),
        (Some(0), &["No time to run.".to_owned()][..])
    );
    let preview = ["--mode", "failed", "--preview"];
    let preview = place.run(&[&TWO_DAYS[..], &preview].concat()).await;
    assert_eq!(
        preview.out,
        [
            "2024-01-01T06:30:00+01:00 ERROR",
            "2024-01-02T06:30:00+01:00 ERROR"
        ]
    );
}

#[tokio::test]
async fn a_preview_prints_the_times_and_starts_nothing() {
    let place = Place::begin(Sqlite).await;
    place.save("0 0,23 * * *", 1).await;
    let ended = place.run(&[&MONTH[..], &["--preview"]].concat()).await;
    assert_eq!(ended.status.code(), Some(0), "{:#?}", ended.err);
    let (first, last) = ("2024-01-01T00:00:00+01:00", "2024-01-31T23:00:00+01:00");
    assert_eq!(ended.out.len(), 62);
    assert_eq!((&*ended.out[0], &*ended.out[61]), (first, last));
    assert_eq!(ended.err, [format!("62 runs: {first} to {last}")]);
    for (from, to, times) in [
        // A time at the end is not included.
        (
            "2024-01-01T06:00",
            "2024-01-02T23:00",
            &["2024-01-01T23:00:00+01:00", "2024-01-02T00:00:00+01:00"][..],
        ),
        (
            "2024-01-01T22:00:00Z",
            "2024-01-02T00:00:00+01:00",
            &["2024-01-01T23:00:00+01:00"][..],
        ),
        ("2024-01-01T01:00", "2024-01-01T02:00", &[][..]),
    ] {
        let args = ["daily", "--from", from, "--to", to, "--preview"];
        let ended = place.run(&args).await;
        assert_eq!(ended.out, times, "{from} {to}: {:#?}", ended.err);
    }
    assert_eq!(place.backfills().await.len(), 0);
    assert_eq!(place.runs().await.len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ctrl_c_leaves_it_running_and_it_can_be_followed() {
    let place = Place::begin(Sqlite).await;
    place.save("30 6 * * *", 3).await;
    let command = place.line(&TWO_DAYS).start();
    command
        .until_printed("the progress", |lines| ends_with(lines, "1 running"))
        .await;
    let ended = command.stop(Signal::INT).await;
    assert_eq!(ended.status.code(), Some(0), "{:#?}", ended.err);
    let backfills = place.backfills().await;
    assert_eq!(backfills.len(), 1);
    assert_eq!(backfills[0]["status"], "RUNNING");
    let id = backfills[0]["id"].to_string();
    let told = &ended.err[ended.err.len() - 2..];
    let address = format!("{}/api/openhexa/backfills/{id}/cancel/", place.bridge);
    assert_eq!(
        told,
        [
            format!("The backfill continues. To follow it: openhexa-bridge backfill --follow {id}"),
            format!("To cancel it: curl -X POST {address}")
        ]
    );
    let followed = place.run(&["--follow", &id]).await;
    assert_eq!(followed.status.code(), Some(0), "{:#?}", followed.err);
    let all = "2 of 2 ended: 2 succeeded, 0 failed or cancelled; 0 running";
    assert!(ends_with(&followed.err, all), "{:#?}", followed.err);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backfill_that_is_cancelled_is_an_error_once_its_runs_have_ended() {
    let place = Place::begin(Sqlite).await;
    place.save("30 6 * * *", 3).await;
    let command = place.line(&TWO_DAYS).start();
    command
        .until_printed("the progress", |lines| ends_with(lines, "1 running"))
        .await;
    let id = place.backfills().await[0]["id"].clone();
    let url = format!("{}/api/openhexa/backfills/{id}/cancel/", place.bridge);
    let (status, answer) = place.visitor.post(&url, &json!({})).await;
    assert_eq!(status, 202, "{answer}");
    let ended = command.end().await;
    assert_eq!(ended.status.code(), Some(1), "{:#?}", ended.err);
    let sentence = "openhexa-bridge: the backfill was cancelled";
    assert_eq!(ended.err.last().unwrap(), sentence);
    let runs = place.runs().await;
    let expected = (
        "2024-01-01T05:30:00.000Z".to_owned(),
        "CANCELLED".to_owned(),
    );
    assert_eq!(runs, [expected]);
}
