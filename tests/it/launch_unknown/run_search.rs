//! Which run belongs to a lost launch: never one with another user, time, config or task, and none if two
//! match.

use rstest::rstest;
use serde_json::{Value, json};

use super::{is_never_confirmed, launch_with_unknown_outcome, plan, poll_for_a_minute};
use crate::support::catalogue::{id, parameter, pipeline, quick};
use crate::support::story::{Base, Postgres, Sqlite, StoryBuilder};

/// Faults that create a run and lose its id.
fn losses() -> [Value; 3] {
    [
        json!({"fault": "drop_after", "operation": "runPipeline", "count": 1}),
        json!({"fault": "null_run", "operation": "runPipeline", "count": 1}),
        json!({"fault": "latency", "operation": "runPipeline", "ms": 9000, "count": 1}),
    ]
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_whose_id_was_lost_is_found_and_polled(#[values(Sqlite, Postgres)] base: Base) {
    for (loss, names_task) in losses()
        .into_iter()
        .flat_map(|loss| [(loss.clone(), true), (loss, false)])
    {
        let plan = plan(base, names_task, "succeed").setting("openhexa.connect_timeout", "2s");
        let story = plan.setting("openhexa.request_timeout", "3s").begin().await;
        story.fault(&loss).await;
        let task = launch_with_unknown_outcome(&story, json!({"country": "CMR"})).await;
        let ended = story.until_confirmed(task).await;
        poll_for_a_minute(&story).await;
        let runs = story.runs().await;
        assert_eq!(
            (&ended["status"], runs.len()),
            (&json!("SUCCESS"), 1),
            "{loss} {names_task}"
        );
        assert_eq!(ended["run"]["id"], runs[0]["id"]);
        assert_eq!(story.request_count("runPipeline").await, 1);
        story.end().await;
    }
}

// The run's creation time was before the request, so the run was not recognised.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_run_is_found_although_the_clock_of_openhexa_is_behind(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base, false, "succeed").begin().await;
    story.advance(chrono::TimeDelta::seconds(50));
    story
        .fault(&json!({"fault": "drop_after", "operation": "runPipeline", "count": 1}))
        .await;
    let task = launch_with_unknown_outcome(&story, json!({"country": "CMR"})).await;
    let ended = story.until_confirmed(task).await;
    assert_eq!(
        (&ended["status"], &ended["run"]["id"]),
        (&json!("SUCCESS"), &story.runs().await[0]["id"])
    );
    story.end().await;
}

// The version declares `task_id` as text; the lost run was not recognised and created twice.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_run_whose_task_id_is_text_is_found(#[values(Sqlite, Postgres)] base: Base) {
    let parameters = [parameter("task_id", "str", json!({}))];
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &parameters, quick("succeed"))]))
        .begin()
        .await;
    story
        .fault(&json!({"fault": "drop_after", "operation": "runPipeline", "count": 1}))
        .await;
    let task = launch_with_unknown_outcome(&story, json!({})).await;
    assert_eq!(story.until_confirmed(task).await["status"], "SUCCESS");
    assert_eq!(
        (
            story.request_count("runPipeline").await,
            story.runs().await.len()
        ),
        (1, 1)
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn if_two_runs_match_none_is_adopted(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base, false, "hang").begin().await;
    story.fault(&json!({"fault": "null_run", "count": 1})).await;
    let task = launch_with_unknown_outcome(&story, json!({"country": "CMR"})).await;
    story.foreign_run(&id(1), json!({"country": "CMR"})).await;
    poll_for_a_minute(&story).await;
    let shown = story.task(task).await;
    assert_eq!(
        (&shown["status"], &shown["run"]),
        (&json!("QUEUED"), &json!(null))
    );
    let told = "run_ambiguous".to_owned();
    assert_eq!(
        story
            .events(task)
            .await
            .iter()
            .filter(|event| **event == told)
            .count(),
        1
    );
    let ended = story
        .until_after(chrono::TimeDelta::minutes(15), task)
        .await;
    assert_eq!(
        (&ended["status"], &ended["confirmed"], &ended["run"]),
        (&json!("ERROR"), &json!(true), &json!(null))
    );
    assert!(
        ended["progress_message"]
            .as_str()
            .unwrap()
            .contains("Several OpenHEXA runs"),
        "{ended}"
    );
    assert_eq!(story.runs().await.len(), 2);
    story.end().await;
}

// Its pipeline reported, so the run exists, but the launch was ended after a quarter of an hour.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn if_two_runs_match_and_one_reports_the_launch_is_kept_until_its_deadline(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base, false, "hang").begin().await;
    story.fault(&json!({"fault": "null_run", "count": 1})).await;
    let task = launch_with_unknown_outcome(&story, json!({"country": "CMR"})).await;
    story.foreign_run(&id(1), json!({"country": "CMR"})).await;
    story
        .report(&id(1), &json!({"task_id": task, "status": "RUNNING"}))
        .await
        .expect(200);
    story.advance(chrono::TimeDelta::minutes(50));
    poll_for_a_minute(&story).await;
    let shown = story.task(task).await;
    assert_eq!(
        (&shown["status"], &shown["confirmed"]),
        (&json!("RUNNING"), &json!(false))
    );
    let ended = story.until_after(chrono::TimeDelta::hours(1), task).await;
    assert_eq!(
        (&ended["status"], &ended["run"]),
        (&json!("ERROR"), &json!(null))
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_of_another_user_is_not_adopted(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base, false, "hang").begin().await;
    let foreign = story.foreign_run(&id(1), json!({"country": "CMR"})).await;
    story.drive(&foreign, &json!({"user": id(77)})).await;
    story
        .fault(&json!({"fault": "drop_before", "count": 1}))
        .await;
    let task = launch_with_unknown_outcome(&story, json!({"country": "CMR"})).await;
    poll_for_a_minute(&story).await;
    is_never_confirmed(&story, task).await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_from_before_the_launch_is_not_adopted(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base, false, "hang")
        .setting("launch.clock_skew", "1s")
        .begin()
        .await;
    story.foreign_run(&id(1), json!({"country": "CMR"})).await;
    story.advance(chrono::TimeDelta::seconds(30));
    story
        .fault(&json!({"fault": "drop_before", "count": 1}))
        .await;
    let task = launch_with_unknown_outcome(&story, json!({"country": "CMR"})).await;
    poll_for_a_minute(&story).await;
    is_never_confirmed(&story, task).await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_with_another_config_is_not_adopted(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base, false, "hang").begin().await;
    story.foreign_run(&id(1), json!({"country": "BFA"})).await;
    story.foreign_run(&id(1), json!({})).await;
    story
        .fault(&json!({"fault": "drop_before", "count": 1}))
        .await;
    let task = launch_with_unknown_outcome(&story, json!({"country": "CMR"})).await;
    poll_for_a_minute(&story).await;
    is_never_confirmed(&story, task).await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_of_another_task_is_not_adopted(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base, false, "hang").begin().await;
    let first = story.launch(&id(1), json!({"country": "CMR"})).await;
    story
        .fault(&json!({"fault": "drop_before", "count": 1}))
        .await;
    let task = launch_with_unknown_outcome(&story, json!({"country": "CMR"})).await;
    poll_for_a_minute(&story).await;
    is_never_confirmed(&story, task).await;
    assert_eq!(
        story.task(first).await["run"]["id"],
        story.runs().await[0]["id"]
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_with_another_task_id_is_not_adopted(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base, true, "hang").begin().await;
    story.foreign_run(&id(1), json!({"task_id": 999_999})).await;
    story.foreign_run(&id(1), json!({})).await;
    story
        .fault(&json!({"fault": "drop_after", "count": 1}))
        .await;
    let task = launch_with_unknown_outcome(&story, json!({})).await;
    let found = story
        .until(task, "its run", |task| !task["run"].is_null())
        .await;
    let own = story
        .runs()
        .await
        .into_iter()
        .find(|run| run["config"]["task_id"] == json!(task));
    assert_eq!(found["run"]["id"], own.unwrap()["id"]);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_run_with_the_same_task_id_is_not_adopted(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base, true, "hang").begin().await;
    // The first task of a new database may have a number that was used before.
    let old = story.foreign_run(&id(1), json!({"task_id": 1})).await;
    story.drive(&old, &json!({"user": id(77)})).await;
    story
        .fault(&json!({"fault": "drop_after", "count": 1}))
        .await;
    let task = launch_with_unknown_outcome(&story, json!({})).await;
    assert_eq!(task, 1);
    let found = story
        .until(task, "its run", |task| !task["run"].is_null())
        .await;
    assert_ne!(found["run"]["id"], json!(old));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_launch_sent_later_is_found_by_the_values_that_were_sent(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let parameters =
        ["connection_host", "connection_token"].map(|code| parameter(code, "str", json!({})));
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &parameters, quick("succeed"))]))
        .begin()
        .await;
    story
        .get(&format!("/pipelines/{}/", id(1)))
        .await
        .expect(200);
    story
        .fault(&json!({"fault": "html_500", "operation": "pipeline", "count": 1}))
        .await;
    let task = story.launch(&id(1), json!({})).await;
    assert_eq!(story.request_count("runPipeline").await, 0);
    story
        .fault(&json!({"fault": "drop_after", "count": 1}))
        .await;
    let ended = story.until_confirmed(task).await;
    assert_eq!(
        (&ended["status"], story.runs().await.len()),
        (&json!("SUCCESS"), 1)
    );
    story.end().await;
}
