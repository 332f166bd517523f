//! How many SQL statements a launch, a report and a poll execute in Iaso's database.

use serde_json::json;

use super::manual;
use super::stage::Stage;
use crate::support::story::statements::Operations;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_launch_writes_iasos_row_once() {
    let stage = Stage::begin(manual()).await;
    let Operations {
        launch,
        report,
        poll,
    } = Operations::of(&stage.story).await;
    let created = launch.first_writes();
    assert_eq!(
        json!(created),
        json!({"INSERT iaso_task": 1, "INSERT task": 1, "INSERT run": 1, "INSERT event": 1})
    );
    let counts = [launch.count(), report.count(), poll.count()];
    assert_eq!(counts, [28, 7, 14], "{launch:#?} {report:#?} {poll:#?}");
    stage.end().await;
}
