//! Ticks that are late or missed.

use rstest::rstest;
use serde_json::json;

use super::{GOOD, MANUAL, alerts, go_to, night, of, open, plan, save};
use crate::support::story::{Base, Postgres, Sqlite, Story};

const BY_SIX: &str =
    "schedules: [{id: two, cron: '0 2 * * *', timezone: Africa/Kinshasa, finish_by: '06:00'}]";
const HOURLY: &str = "schedules: [{id: two, cron: '0 * * * *', timezone: UTC}]";

async fn end_the_run(story: &Story) {
    let openhexa = story.runs().await.last().unwrap()["id"].clone();
    story
        .drive(openhexa.as_str().unwrap(), &json!({"status": "success"}))
        .await;
    let id = story.get("/flow-runs/").await.expect(200)["results"][0]["id"].clone();
    let ended = story.until_flow_run_ends(id.as_i64().unwrap()).await;
    assert_eq!(ended["status"], "SUCCESS", "{ended}");
}

async fn until_running(story: &Story) {
    let id = story.get("/flow-runs/").await.expect(200)["results"][0]["id"].clone();
    story
        .until_flow_run(id.as_i64().unwrap(), "the running step", |run| {
            run["steps"][0]["attempts"][0]["status"] == "RUNNING"
        })
        .await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_has_not_ended_by_six_is_late_until_it_succeeds(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base, "2027-01-10T00:00:00Z").begin().await;
    save(&story, &night(MANUAL, BY_SIX)).await;
    // In Kinshasa it is one hour later than in UTC.
    go_to(&story, "2027-01-10T01:00:00Z").await;
    until_running(&story).await;
    go_to(&story, "2027-01-10T04:59:59Z").await;
    assert_eq!(open(&story).await, of(&[]));
    go_to(&story, "2027-01-10T05:00:00Z").await;
    assert_eq!(open(&story).await, of(&[("late", "two")]));
    let alert = alerts(&story).await[0].clone();
    assert_eq!(alert["scheduled_for"], "2027-01-10T01:00:00.000Z");
    assert_eq!(
        alert["details"],
        json!(["The run of 2027-01-10 02:00 is still active at 06:00 (Africa/Kinshasa)"])
    );
    end_the_run(&story).await;
    assert_eq!(open(&story).await, of(&[]));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_ends_in_time_is_not_late(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base, "2027-01-10T00:00:00Z").begin().await;
    save(&story, &night(MANUAL, BY_SIX)).await;
    go_to(&story, "2027-01-10T01:00:00Z").await;
    until_running(&story).await;
    end_the_run(&story).await;
    go_to(&story, "2027-01-10T05:00:01Z").await;
    assert_eq!(alerts(&story).await, Vec::<serde_json::Value>::new());
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tick_without_a_run_is_late_and_missed(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base, "2027-01-10T00:00:00Z").begin().await;
    let schedule = BY_SIX.replace("finish_by", "catch_up: none, finish_by");
    save(&story, &night(GOOD, &schedule)).await;
    // The bridge did not run at the time of the tick.
    go_to(&story, "2027-01-10T07:00:00Z").await;
    story.flow_cycle().await;
    assert_eq!(
        open(&story).await,
        of(&[("missed", "two"), ("late", "two")])
    );
    let late = alerts(&story).await[1].clone();
    let expected = "The run of 2027-01-10 02:00 has not started by 06:00 (Africa/Kinshasa)";
    assert_eq!(late["details"], json!([expected]));
    // The next night is all right.
    go_to(&story, "2027-01-11T01:00:00Z").await;
    assert_eq!(open(&story).await, of(&[("late", "two")]));
    let id = story.get("/flow-runs/").await.expect(200)["results"][0]["id"].clone();
    story.until_flow_run_ends(id.as_i64().unwrap()).await;
    assert_eq!(open(&story).await, of(&[]));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_ticks_in_a_row_that_overlap_open_an_alert(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base, "2027-01-10T00:30:00Z").begin().await;
    save(&story, &night(MANUAL, HOURLY)).await;
    go_to(&story, "2027-01-10T01:00:00Z").await;
    until_running(&story).await;
    go_to(&story, "2027-01-10T02:00:00Z").await;
    assert_eq!(open(&story).await, of(&[]));
    go_to(&story, "2027-01-10T03:00:00Z").await;
    assert_eq!(open(&story).await, of(&[("missed", "two")]));
    end_the_run(&story).await;
    assert_eq!(open(&story).await, of(&[("missed", "two")]));
    go_to(&story, "2027-01-10T04:00:00Z").await;
    assert_eq!(open(&story).await, of(&[]));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_misses_no_tick(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base, "2027-01-10T00:30:00Z").begin().await;
    save(&story, &night(GOOD, HOURLY)).await;
    story
        .post("/flows/night/pause/", &json!({}))
        .await
        .expect(200);
    go_to(&story, "2027-01-10T05:00:00Z").await;
    story
        .post("/flows/night/resume/", &json!({}))
        .await
        .expect(200);
    story.flow_cycle().await;
    assert_eq!(alerts(&story).await, Vec::<serde_json::Value>::new());
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_replicas_open_one_alert(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base, "2027-01-10T00:00:00Z").begin().await;
    let replica = story.second_replica().await;
    save(&story, &night(MANUAL, BY_SIX)).await;
    go_to(&story, "2027-01-10T01:00:00Z").await;
    until_running(&story).await;
    story.advance(super::at("2027-01-10T05:00:00Z") - story.now());
    tokio::join!(story.flow_cycle(), replica.flow_cycle());
    assert_eq!(open(&story).await, of(&[("late", "two")]));
    assert_eq!(alerts(&story).await[0]["occurrences"], 1);
    replica.stop().await;
    story.end().await;
}
