//! Failures of the database, of OpenHEXA and of the network while schedules fire and steps start. The fault simulation kills
//! bridges between any two steps; here are single cases, through the API.

use chrono::TimeDelta;
use rstest::rstest;
use serde_json::{Value, json};

use super::{MANUAL, at, cycle, go_to, nightly, of, plan, runs, steps, ticks, until_running};
use crate::support::database::sql;
use crate::support::story::{Base, Postgres, Sqlite, Story};

const HOURLY: &str = "{id: two, cron: '0 * * * *', timezone: UTC, catch_up: all}";

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_insert_of_a_tick_fails_and_the_cursor_stays(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base, "2027-01-10T00:30:00Z").begin().await;
    story.save_flow(&nightly(1, HOURLY)).await;
    sql(&story, "ALTER TABLE tick RENAME TO tick_away").await;
    story.advance(at("2027-01-10T01:00:00Z") - story.now());
    story.bridge().flows.runner.fire_due().await.unwrap();
    let flow = story.get("/flows/night/").await.expect(200);
    assert_eq!(flow["schedules"][0]["next_at"], "2027-01-10T01:00:00.000Z");
    assert_eq!(runs(&story).await.len(), 0, "no run without its tick");
    sql(&story, "ALTER TABLE tick_away RENAME TO tick").await;
    cycle(&story).await;
    assert_eq!(
        ticks(&story).await,
        of(&[("run", "2027-01-10T01:00:00.000Z")])
    );
    assert_eq!(runs(&story).await.len(), 1);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_failure_of_the_database_the_next_tick_fires(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base, "2027-01-10T00:30:00Z").begin().await;
    story.save_flow(&nightly(1, HOURLY)).await;
    sql(&story, "ALTER TABLE schedule RENAME TO schedule_away").await;
    story.advance(at("2027-01-10T01:00:00Z") - story.now());
    for _ in 0..3 {
        assert!(story.bridge().flows.runner.fire_due().await.is_err());
    }
    sql(&story, "ALTER TABLE schedule_away RENAME TO schedule").await;
    go_to(&story, "2027-01-10T02:00:00Z").await;
    assert_eq!(
        ticks(&story).await,
        of(&[
            ("run", "2027-01-10T01:00:00.000Z"),
            ("run", "2027-01-10T02:00:00.000Z")
        ])
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_response_to_a_launch_is_lost_and_the_step_has_one_run(
    #[values(Sqlite, Postgres)] base: Base,
) {
    // The emulator's clock is that of the machine, and a lost run is searched for by its time.
    let story = plan(base, "2027-01-10T00:00:00Z");
    let story = story.starting_at(chrono::Utc::now()).begin().await;
    story.save_flow(&nightly(1, "")).await;
    story
        .fault(&json!({"fault": "drop_after", "operation": "runPipeline", "count": 1}))
        .await;
    let id = story.run_flow("night", json!({})).await;
    let ended = story.until_flow_run_ends(id).await;
    assert_eq!(steps(&ended), ["SUCCESS"]);
    assert_eq!(story.runs().await.len(), 1);
    assert_eq!(ended["steps"][0]["attempts"].as_array().unwrap().len(), 1);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_openhexa_is_unavailable_a_tick_is_kept_and_runs_later(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base, "2027-01-10T00:30:00Z").begin().await;
    story.save_flow(&nightly(1, HOURLY)).await;
    story
        .fault(&json!({"fault": "html_500", "count": 1000}))
        .await;
    go_to(&story, "2027-01-10T01:00:00Z").await;
    for _ in 0..3 {
        story.advance(TimeDelta::seconds(30));
        cycle(&story).await;
    }
    let all = runs(&story).await;
    assert_eq!((all.len(), &all[0]["status"]), (1, &json!("QUEUED")));
    story.no_faults().await;
    let ended = story
        .until_flow_run_ends(all[0]["id"].as_i64().unwrap())
        .await;
    assert_eq!(ended["status"], "SUCCESS", "{ended}");
    assert_eq!(story.runs().await.len(), 1);
    story.end().await;
}

/// The bridge does not run for two hours, and OpenHEXA is unavailable when it starts again.
async fn two_hours_later_without_openhexa(story: &mut Story) {
    story.advance(TimeDelta::hours(2));
    story.restart().await;
    let failure = json!({"fault": "html_500", "count": 1000});
    story.fault(&failure).await;
    cycle(story).await;
}

async fn fail_for_16_minutes(story: &Story) {
    for _ in 0..32 {
        story.advance(TimeDelta::seconds(30));
        cycle(story).await;
    }
}

#[rstest]
#[case::openhexa_answers_again(true)]
#[case::openhexa_stays_unavailable(false)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_long_stop_of_the_bridge_a_run_still_has_its_15_minutes(
    #[values(Sqlite, Postgres)] base: Base,
    #[case] is_back: bool,
) {
    let mut story = plan(base, "2027-01-10T00:30:00Z").begin().await;
    story.save_flow(&nightly(1, HOURLY)).await;
    story.advance(at("2027-01-10T01:00:00Z") - story.now());
    story.bridge().flows.runner.fire_due().await.unwrap();
    let id = runs(&story).await[0]["id"].as_i64().unwrap();
    two_hours_later_without_openhexa(&mut story).await;
    let waiting = story.flow_run(id).await;
    assert_eq!(waiting["status"], "QUEUED", "{waiting}");
    assert!(waiting["trouble"][0].is_string(), "{waiting}");
    if is_back {
        story.no_faults().await;
        let ended = story.until_flow_run_ends(id).await;
        assert_eq!(ended["status"], "SUCCESS", "{ended}");
    } else {
        fail_for_16_minutes(&story).await;
        let ended = story.flow_run(id).await;
        assert_eq!(ended["status"], "ERROR", "{ended}");
        assert_eq!(ended["trouble"], waiting["trouble"], "the reason is kept");
    }
    story.end().await;
}

#[rstest]
#[case::openhexa_answers_again(true)]
#[case::openhexa_stays_unavailable(false)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_long_stop_of_the_bridge_a_step_still_has_its_15_minutes(
    #[values(Sqlite, Postgres)] base: Base,
    #[case] is_back: bool,
) {
    let mut story = plan(base, "2027-01-10T00:00:00Z").begin().await;
    let document = format!(
        "id: night\nsteps: [{{id: a, pipeline: pipeline-{MANUAL}}}, {{id: b, pipeline: pipeline-1, after: a}}]\n"
    );
    story.save_flow(&document).await;
    let id = story.run_flow("night", json!({})).await;
    until_running(&story, id).await;
    story.drive_only(&json!({"status": "success"})).await;
    story
        .until_true("the end of the first task", async || {
            story.advance(TimeDelta::seconds(2));
            story.run_cycle().await;
            story.tasks().await[0]["status"] == "SUCCESS"
        })
        .await;
    two_hours_later_without_openhexa(&mut story).await;
    let waiting = story.flow_run(id).await;
    assert_eq!(steps(&waiting), ["SUCCESS", "PENDING"], "{waiting}");
    let reason = |run: &Value| run["steps"][1]["reason"].clone();
    assert!(reason(&waiting).is_string(), "{waiting}");
    if is_back {
        story.no_faults().await;
        let ended = story.until_flow_run_ends(id).await;
        assert_eq!(ended["status"], "SUCCESS", "{ended}");
        assert_eq!(reason(&ended), Value::Null);
    } else {
        fail_for_16_minutes(&story).await;
        let ended = story.flow_run(id).await;
        assert_eq!(steps(&ended), ["SUCCESS", "ERROR"], "{ended}");
        assert_eq!(reason(&ended), reason(&waiting), "the reason is kept");
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_in_the_middle_of_a_run_continues_it(#[values(Sqlite, Postgres)] base: Base) {
    let mut story = plan(base, "2027-01-10T00:00:00Z").begin().await;
    let document = "id: night\nsteps: [{id: a, pipeline: pipeline-1}, {id: b, pipeline: pipeline-2, after: a}, {id: c, pipeline: pipeline-3, after: b}]\n";
    story.save_flow(document).await;
    let id = story.run_flow("night", json!({})).await;
    for _ in 0..3 {
        cycle(&story).await;
        story.restart().await;
        story.advance(TimeDelta::seconds(2));
    }
    let ended = story.until_flow_run_ends(id).await;
    assert_eq!(steps(&ended), ["SUCCESS", "SUCCESS", "SUCCESS"]);
    assert_eq!(story.runs().await.len(), 3);
    story.end().await;
}
