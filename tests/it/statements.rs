//! How many SQL statements a launch, a report and a poll execute, and that a launch writes each row once.

use rstest::rstest;
use serde_json::json;

use crate::support::catalogue::{injected, pipeline, quick};
use crate::support::story::statements::Operations;
use crate::support::story::{Base, Postgres, Sqlite, StoryBuilder};

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_launch_writes_its_task_and_its_run_once(#[values(Sqlite, Postgres)] base: Base) {
    let pipelines = json!([pipeline(1, &injected(), quick("manual"))]);
    let story = StoryBuilder::on(base).pipelines(pipelines).begin().await;
    let Operations {
        launch,
        report,
        poll,
    } = Operations::of(&story).await;
    let created = launch.first_writes();
    assert_eq!(
        json!(created),
        json!({"INSERT task": 1, "INSERT run": 1, "INSERT event": 1})
    );
    assert_eq!(json!(poll.writes()), json!({"UPDATE run": 3}), "{poll:#?}");
    let counts = [launch.count(), report.count(), poll.count()];
    let expected = match base {
        Sqlite => [19, 4, 9],
        Postgres => [22, 5, 9],
    };
    assert_eq!(counts, expected, "{launch:#?} {report:#?} {poll:#?}");
    story.end().await;
}
