//! Schedules.

use chrono::TimeDelta;
use rstest::rstest;
use serde_json::json;

use super::{MANUAL, at, change, cycle, go_to, nightly, of, plan, runs, ticks, until_running};
use crate::support::story::{Base, Postgres, Sqlite};

const NIGHT: &str = "{id: two, cron: '0 2 * * *', timezone: UTC}";

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_night_has_one_run_however_often_the_bridge_looks(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base, "2027-01-10T00:00:00Z").begin().await;
    story.save_flow(&nightly(1, NIGHT)).await;
    go_to(&story, "2027-01-10T01:59:59.999Z").await;
    assert_eq!(ticks(&story).await, of(&[]));
    for _ in 0..5 {
        go_to(&story, "2027-01-10T02:00:00.500Z").await;
    }
    let all = runs(&story).await;
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(
        (
            &all[0]["trigger"],
            &all[0]["scheduled_for"],
            &all[0]["interval"]["start"]
        ),
        (
            &json!("schedule"),
            &json!("2027-01-10T02:00:00.000Z"),
            &json!("2027-01-09T02:00:00.000Z")
        )
    );
    let ended = story
        .until_flow_run_ends(all[0]["id"].as_i64().unwrap())
        .await;
    assert_eq!(ended["status"], "SUCCESS", "{ended}");
    assert_eq!(
        ticks(&story).await,
        of(&[("run", "2027-01-10T02:00:00.000Z")])
    );
    assert_eq!(story.runs().await.len(), 1);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_replicas_save_the_same_flow_at_once_and_there_is_one_schedule(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base, "2027-01-10T00:00:00Z").begin().await;
    let replica = story.second_replica().await;
    let body = json!({"document": nightly(1, NIGHT)});
    let key = format!("Bearer {}", story.secrets.operator);
    let there = story.ask_elsewhere(&replica.url(), "/flows/");
    let there = there.header("authorization", &key).json(&body).send();
    let (here, there) = tokio::join!(story.post("/flows/", &body), there);
    let mut statuses = [here.status, there.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409], "{} {}", here.text, there.text);
    go_to(&story, "2027-01-10T02:00:00Z").await;
    replica.flow_cycle().await;
    assert_eq!(runs(&story).await.len(), 1);
    replica.stop().await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_replicas_fire_the_same_tick_and_there_is_one_run(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base, "2027-01-10T00:00:00Z").begin().await;
    let replica = story.second_replica().await;
    story.save_flow(&nightly(1, NIGHT)).await;
    story.advance(at("2027-01-10T02:00:01Z") - story.now());
    tokio::join!(cycle(&story), replica.flow_cycle());
    tokio::join!(cycle(&story), replica.flow_cycle());
    let all = runs(&story).await;
    assert_eq!(all.len(), 1, "{all:?}");
    story
        .until_flow_run_ends(all[0]["id"].as_i64().unwrap())
        .await;
    assert_eq!(story.runs().await.len(), 1);
    replica.stop().await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edited_cron_fires_nothing_at_once(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base, "2027-01-10T05:00:00Z").begin().await;
    story.save_flow(&nightly(1, NIGHT)).await;
    let edited = change(
        &story,
        &nightly(1, "{id: two, cron: '0 3 * * *', timezone: UTC}"),
    )
    .await;
    assert_eq!(
        edited["schedules"][0]["next_at"],
        "2027-01-11T03:00:00.000Z"
    );
    cycle(&story).await;
    assert_eq!(ticks(&story).await, of(&[]));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_of_the_steps_keeps_the_tick_that_is_due(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base, "2027-01-10T00:00:00Z").begin().await;
    story.save_flow(&nightly(1, NIGHT)).await;
    story.advance(at("2027-01-10T02:00:30Z") - story.now());
    change(&story, &nightly(2, NIGHT)).await;
    cycle(&story).await;
    let all = runs(&story).await;
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(all[0]["version"], 2);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pausing_and_resuming_neither_shifts_nor_adds_a_tick(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base, "2027-01-10T00:00:00Z").begin().await;
    story.save_flow(&nightly(1, NIGHT)).await;
    for path in [
        "pause",
        "resume",
        "schedules/two/pause",
        "schedules/two/resume",
    ] {
        let done = story
            .post(&format!("/flows/night/{path}/"), &json!({}))
            .await;
        done.expect(200);
    }
    let flow = story.get("/flows/night/").await.expect(200);
    assert_eq!(flow["schedules"][0]["next_at"], "2027-01-10T02:00:00.000Z");
    story
        .post("/flows/night/pause/", &json!({}))
        .await
        .expect(200);
    go_to(&story, "2027-01-12T12:00:00Z").await;
    let resumed = story.post("/flows/night/resume/", &json!({})).await;
    assert_eq!(
        resumed.expect(200)["flow"]["schedules"][0]["next_at"],
        "2027-01-13T02:00:00.000Z"
    );
    cycle(&story).await;
    assert_eq!(ticks(&story).await, of(&[]));
    go_to(&story, "2027-01-13T02:00:00Z").await;
    assert_eq!(
        ticks(&story).await,
        of(&[("run", "2027-01-13T02:00:00.000Z")])
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_25_days_of_downtime_one_run_catches_up_and_the_rest_is_missed(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base, "2027-01-01T00:00:00Z").begin().await;
    story.save_flow(&nightly(1, NIGHT)).await;
    go_to(&story, "2027-01-25T12:00:00Z").await;
    let found = ticks(&story).await;
    let outcomes: Vec<&str> = found.iter().map(|tick| tick.0.as_str()).collect();
    assert_eq!(outcomes.len(), 25, "{found:?}");
    assert!(outcomes[..24].iter().all(|outcome| *outcome == "missed"));
    assert_eq!(found[24], of(&[("run", "2027-01-25T02:00:00.000Z")])[0]);
    let listed = story.get("/flows/night/ticks/").await.expect(200);
    assert_eq!(
        listed["results"][1]["why"],
        "The bridge could not start this run in time, and the schedule does not catch up with it"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_manual_run_does_not_take_the_place_of_the_tick(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base, "2027-01-10T00:00:00Z").begin().await;
    story.save_flow(&nightly(1, NIGHT)).await;
    let manual = story.run_flow("night", json!({})).await;
    story.until_flow_run_ends(manual).await;
    go_to(&story, "2027-01-10T02:00:00Z").await;
    let all = runs(&story).await;
    let causes: Vec<&str> = all
        .iter()
        .map(|run| run["trigger"].as_str().unwrap())
        .collect();
    assert_eq!(causes, ["manual", "schedule"]);
    assert_eq!(
        ticks(&story).await,
        of(&[("run", "2027-01-10T02:00:00.000Z")])
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_overlap_is_recorded_and_the_next_tick_runs(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base, "2027-01-10T00:00:00Z").begin().await;
    let hourly = "{id: two, cron: '0 * * * *', timezone: UTC}";
    story.save_flow(&nightly(MANUAL, hourly)).await;
    go_to(&story, "2027-01-10T01:00:00Z").await;
    let first = runs(&story).await[0]["id"].as_i64().unwrap();
    until_running(&story, first).await;
    go_to(&story, "2027-01-10T02:00:00Z").await;
    assert_eq!(
        ticks(&story).await,
        of(&[
            ("run", "2027-01-10T01:00:00.000Z"),
            ("overlap", "2027-01-10T02:00:00.000Z")
        ])
    );
    story.drive_only(&json!({"status": "success"})).await;
    story.until_flow_run_ends(first).await;
    go_to(&story, "2027-01-10T03:00:00Z").await;
    assert_eq!(ticks(&story).await.len(), 3);
    assert_eq!(runs(&story).await.len(), 2);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_run_frees_exactly_one_place_in_the_queue(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base, "2027-01-10T00:00:00Z").begin().await;
    let hourly = "{id: two, cron: '0 * * * *', timezone: UTC, overlap: queue}";
    story.save_flow(&nightly(MANUAL, hourly)).await;
    for hour in 1..=3 {
        go_to(&story, &format!("2027-01-10T0{hour}:00:00Z")).await;
    }
    let all = runs(&story).await;
    let first = all[0]["id"].as_i64().unwrap();
    until_running(&story, first).await;
    assert_eq!(story.runs().await.len(), 1);
    let cancelled = story
        .post(&format!("/flow-runs/{first}/cancel/"), &json!({}))
        .await;
    cancelled.expect(202);
    let ended = story.until_flow_run_ends(first).await;
    assert_eq!(ended["status"], "CANCELLED");
    let second = all[1]["id"].as_i64().unwrap();
    until_running(&story, second).await;
    for _ in 0..5 {
        story.advance(TimeDelta::seconds(2));
        cycle(&story).await;
    }
    assert_eq!(story.runs().await.len(), 2, "the third one waits");
    story.end().await;
}
