//! Schedules: firing times, ticks, and pauses.

use chrono::TimeDelta;
use rstest::rstest;
use serde_json::{Value, json};

use super::{DAILY, each, plan};
use crate::support::story::{Base, Postgres, Sqlite, Story};

/// A flow whose schedule fires each hour.
const HOURLY: &str = "id: hourly\ntimezone: UTC\nschedules: [{id: h, cron: \"0 * * * *\"}, {id: other, cron: \"30 0 1 1 *\"}]\nsteps: [{id: wait, pipeline: pipeline-4}]\n";

async fn begin(base: Base) -> Story {
    let at = "2026-12-01T00:30:00Z".parse().unwrap();
    let story = plan(base).starting_at(at).begin().await;
    story.save_flow(HOURLY).await;
    story
}

async fn fire_after(story: &Story, minutes: i64) {
    story.advance(TimeDelta::minutes(minutes));
    story.bridge().flows.runner.fire_due().await.unwrap();
}

async fn ticks(story: &Story, query: &str) -> Value {
    let path = format!("/flows/hourly/ticks/?{query}");
    story.get(&path).await.expect(200)
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_tick_says_what_became_of_it(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    fire_after(&story, 31).await;
    fire_after(&story, 60).await;
    let told = ticks(&story, "").await;
    assert_eq!(
        told["results"],
        json!([
            {"schedule": "h", "scheduled_for": "2026-12-01T02:00:00.000Z", "outcome": "overlap", "why": "An earlier run of this schedule was still active", "run": null},
            {"schedule": "h", "scheduled_for": "2026-12-01T01:00:00.000Z", "outcome": "run", "why": null, "run": 1},
        ])
    );
    let french = super::in_french(&story, "/flows/hourly/ticks/")
        .await
        .expect(200);
    assert_eq!(
        french["results"][0]["why"],
        "Une exécution précédente de cette planification était encore active"
    );
    let first = ticks(&story, "limit=1").await;
    let next = first["next"].as_str().unwrap();
    let second = ticks(&story, &format!("limit=1&cursor={next}")).await;
    assert_eq!(
        (each(&second, "outcome"), &second["next"]),
        (vec![&json!("run")], &json!(null))
    );
    assert_eq!(
        each(&ticks(&story, "from=2026-12-01T01:30:00Z").await, "outcome"),
        ["overlap"]
    );
    assert_eq!(
        each(&ticks(&story, "to=2026-12-01T02:00:00Z").await, "outcome"),
        ["run"]
    );

    let run = story.flow_run(1).await;
    assert_eq!(
        (&run["trigger"], &run["scheduled_for"], &run["interval"]),
        (
            &json!("schedule"),
            &json!("2026-12-01T01:00:00.000Z"),
            &json!({"start": "2026-12-01T00:00:00.000Z", "end": "2026-12-01T01:00:00.000Z"})
        )
    );
    assert_eq!(
        run["started_by"],
        "schedule (saved by the operator key of the settings file)"
    );
    assert_eq!(
        run["launcher"],
        json!({"kind": "settings_key", "name": "the operator key of the settings file"})
    );
    let listed = story.get("/flows/hourly/").await.expect(200);
    assert_eq!(
        listed["last_runs"],
        json!([{"id": 1, "status": "QUEUED", "scheduled_for": "2026-12-01T01:00:00.000Z"}])
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_flow_or_schedule_does_not_fire(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let change = async |path: &str| {
        let answer = story
            .post(&format!("/flows/hourly/{path}/"), &json!({}))
            .await;
        answer.expect(200)["flow"].clone()
    };
    let flow = change("pause").await;
    assert_eq!(
        (&flow["paused"], &flow["schedules"][0]["next_at"]),
        (&json!(true), &json!(null))
    );
    fire_after(&story, 120).await;
    let flow = change("resume").await;
    assert_eq!(flow["paused"], false);
    assert_eq!(flow["schedules"][0]["next_at"], "2026-12-01T03:00:00.000Z");

    let flow = change("schedules/h/pause").await;
    assert_eq!(
        (&flow["paused"], &flow["schedules"][0]["paused"]),
        (&json!(false), &json!(true))
    );
    assert_eq!(flow["schedules"][1]["paused"], false);
    fire_after(&story, 120).await;
    assert_eq!(ticks(&story, "").await["results"], json!([]));
    let flow = change("schedules/h/resume").await;
    assert_eq!(flow["schedules"][0]["next_at"], "2026-12-01T05:00:00.000Z");
    fire_after(&story, 31).await;
    assert_eq!(each(&ticks(&story, "").await, "outcome"), ["run"]);
    for (path, error) in [
        (
            "/flows/hourly/schedules/x/pause/",
            "The flow has no such schedule",
        ),
        ("/flows/none/pause/", "There is no such flow"),
    ] {
        assert_eq!(story.post(path, &json!({})).await.error(404), error);
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_firing_times_mark_clock_changes(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    let document = DAILY
        .replace("0 2 * * *", "30 2 * * *")
        .replace("Africa/Kinshasa", "Europe/Brussels");
    story.save_flow(&document).await;
    let next = async |query: &str| {
        story
            .get(&format!("/flows/daily/next/?{query}"))
            .await
            .expect(200)
    };
    assert_eq!(next("").await["results"].as_array().unwrap().len(), 5);
    let spring = next("count=2&from=2027-03-27T12:00:00Z").await;
    assert_eq!(
        spring["results"][0],
        json!({"schedule": "night", "at": "2027-03-28T01:00:00.000Z", "local": "2027-03-28T03:00:00+02:00[Europe/Brussels]", "note": "gap"})
    );
    let autumn = next("count=2&from=2027-10-30T12:00:00%2B02:00").await;
    assert_eq!(each(&autumn, "note"), [&json!("fold"), &json!(null)]);
    assert_eq!(autumn["results"][0]["at"], "2027-10-31T00:30:00.000Z");
    assert_eq!(
        next("count=100&from=2100-01-01").await["results"]
            .as_array()
            .unwrap()
            .len(),
        100
    );
    story.end().await;
}
