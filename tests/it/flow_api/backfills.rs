//! Backfills: which ticks of the past run, and how far they are.

use rstest::rstest;
use serde_json::{Value, json};

use super::{DAILY, each, plan};
use crate::support::story::{Base, Postgres, Sqlite, Story};

const PATH: &str = "/flows/daily/backfills/";

async fn begin(base: Base) -> Story {
    let story = plan(base).begin().await;
    let document = DAILY.replace("pipeline-2", "pipeline-4").replace(
        ", parameters: {rows: {from: steps.extract.result.rows, type: int}}",
        "",
    );
    let document = document.replace("pipeline: pipeline-1, parameters: {country: {from: inputs.country}, year: {from: inputs.year}}", "pipeline: pipeline-4");
    story.save_flow(&document).await;
    story
}

/// Three days of the past in Kinshasa, which is one hour ahead of UTC.
fn range(mode: &str) -> Value {
    json!({"from": "2026-01-01T00:00:00+01:00", "to": "2026-01-04T00:00:00+01:00", "mode": mode})
}

async fn refused(story: &Story, body: &Value, field: &str, error: &str) {
    for path in [PATH.to_owned(), format!("{PATH}?preview=true")] {
        let told = story.post(&path, body).await.expect(400);
        assert_eq!(told[field], json!([error]), "{body}");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backfill_runs_the_ticks_of_a_period(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let preview = story
        .post(&format!("{PATH}?preview=true"), &range("missing"))
        .await
        .expect(200);
    assert_eq!(preview["count"], 3);
    assert_eq!(
        preview["ticks"][0],
        json!({"scheduled_for": "2026-01-01T01:00:00.000Z", "status": null})
    );
    assert_eq!(story.get(PATH).await.expect(200)["results"], json!([]));
    let mut body = range("missing");
    body["parallel"] = json!(2);
    let started = story.post(PATH, &body).await.expect(201)["backfill"].clone();
    assert_eq!(
        (&started["status"], &started["total"]),
        (&json!("RUNNING"), &json!(3))
    );
    assert_eq!(
        (&started["running"], &started["waiting"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(
        (&started["from"], &started["schedule"]),
        (&json!("2025-12-31T23:00:00.000Z"), &json!("night"))
    );
    let again = story
        .post(&format!("{PATH}?preview=true"), &range("all"))
        .await
        .expect(200);
    assert_eq!(
        again["count"], 0,
        "two have an active run, one waits in the backfill: {again}"
    );
    let id = started["id"].as_i64().unwrap();
    let runs = story.get("/flow-runs/?trigger=backfill").await.expect(200);
    assert_eq!(each(&runs, "backfill"), [id, id]);
    assert_eq!(
        runs["results"][0]["started_by"],
        "backfill (started by the operator key of the settings file)"
    );

    let path = format!("/backfills/{id}/");
    let asked = story
        .post(&format!("{path}cancel/"), &json!({}))
        .await
        .expect(202);
    assert_eq!(asked["status"], "CANCELLED");
    for run in each(&runs, "id") {
        let ended = story.until_flow_run_ends(run.as_i64().unwrap()).await;
        assert_eq!(ended["status"], "CANCELLED");
    }
    story.bridge().flows.runner.run_backfills().await.unwrap();
    let ended = story.get(&path).await.expect(200);
    assert_eq!(
        (&ended["error"], &ended["waiting"], &ended["running"]),
        (&json!(2), &json!(1), &json!(0))
    );
    assert!(ended["ended_at"].is_string());
    assert_eq!(
        story
            .post(&format!("{path}cancel/"), &json!({}))
            .await
            .error(409),
        "The backfill has already ended"
    );
    let failed = story
        .post(&format!("{PATH}?preview=true"), &range("failed"))
        .await
        .expect(200);
    assert_eq!(
        (&failed["count"], &failed["ticks"][0]["status"]),
        (&json!(2), &json!("CANCELLED"))
    );
    assert_eq!(each(&story.get(PATH).await.expect(200), "id"), [id]);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_period_is_refused(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let body = |from: &str, to: &str| json!({"from": from, "to": to, "mode": "all"});
    let (early, late) = ("2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z");
    let reversed = "The end must be after the start";
    refused(&story, &body(late, early), "to", reversed).await;
    refused(&story, &body(early, early), "to", reversed).await;
    // The same moment with another offset.
    refused(
        &story,
        &body(early, "2026-01-01T01:00:00+01:00"),
        "to",
        reversed,
    )
    .await;
    refused(
        &story,
        &body(early, "2999-01-01T00:00:00Z"),
        "to",
        "The end must not be in the future",
    )
    .await;
    let many = "This would be more than 366 runs. Choose a shorter period";
    refused(&story, &body("1970-01-01T00:00:00Z", early), "to", many).await;
    refused(&story, &body("0001-01-01T00:00:00Z", early), "to", many).await;
    let no_time =
        |key: &str| format!("{key} must be a time with an offset, such as 2026-11-20T10:42:00Z");
    for wrong in [
        "2026-01-01",
        "2026-01-01T00:00:00",
        "now",
        "-0001-01-01T00:00:00Z",
        "10000-01-01T00:00:00Z",
        "2026-02-30T00:00:00Z",
    ] {
        refused(&story, &body(wrong, late), "from", &no_time("from")).await;
        refused(&story, &body(early, wrong), "to", &no_time("to")).await;
    }
    let mut more = range("all");
    more["parallel"] = json!(5);
    refused(
        &story,
        &more,
        "parallel",
        "parallel must be a whole number from 1 to 4",
    )
    .await;
    refused(
        &story,
        &range("some"),
        "mode",
        "mode must be one of: missing, failed, all",
    )
    .await;
    let mut other = range("all");
    other["schedule"] = json!("other");
    refused(&story, &other, "schedule", "The flow has no such schedule").await;
    let none = json!({"from": early, "to": late});
    refused(&story, &none, "mode", "A value is needed for mode").await;
    assert_eq!(
        story
            .post("/flows/none/backfills/", &range("all"))
            .await
            .status,
        404
    );
    assert_eq!(
        story.get("/backfills/1/").await.error(404),
        "There is no such backfill"
    );
    let wrong = story
        .post(&format!("{PATH}?preview=yes"), &range("all"))
        .await
        .expect(400);
    assert!(wrong["preview"].is_array());
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_backfill_twice_runs_each_tick_once(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    for mode in ["missing", "all", "failed", "missing"] {
        story.post(PATH, &range(mode)).await.expect(201);
    }
    let all = story.get(PATH).await.expect(200);
    assert_eq!(each(&all, "total"), [0_i64, 0, 0, 3], "{all}");
    let preview = format!("{PATH}?preview=true");
    let preview = story.post(&preview, &range("all")).await.expect(200);
    assert_eq!(preview["count"], 0);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tick_that_is_due_is_left_to_its_schedule(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let saved = story.now();
    story.advance(chrono::TimeDelta::days(2));
    let body = json!({"from": saved, "to": story.now(), "mode": "missing"});
    let preview = format!("{PATH}?preview=true");
    let before = story.post(&preview, &body).await.expect(200);
    assert_eq!(
        before["count"], 0,
        "the schedule has not fired yet: {before}"
    );
    story.bridge().flows.runner.fire_due().await.unwrap();
    let after = story.post(&preview, &body).await.expect(200);
    assert_eq!(after["count"], 1, "the missed one: {after}");
    story.end().await;
}
