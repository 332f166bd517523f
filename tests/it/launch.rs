//! One launch becomes one run, and its task ends as the run ends, whoever calls back.

use serde_json::json;

use crate::support::catalogue::{id, injected, parameter, pipeline, quick};
use crate::support::story::{Plan, story};

story! {
    async fn a_task_ends_without_any_callback(base) {
        let story = Plan::on(base).pipelines(json!([pipeline(1, &[], quick("succeed"))])).begin().await;
        let task = story.launch(&id(1), json!({})).await;
        let ended = story.until_confirmed(task).await;
        assert_eq!(ended["status"], "SUCCESS");
        assert_eq!(ended["result"], json!(null));
        let runs = story.runs().await;
        assert_eq!(runs.len(), 1);
        assert_eq!(ended["run"]["id"], runs[0]["id"]);
        story.end().await;
    }
}

story! {
    async fn the_pipelines_own_reports_become_the_tasks(base) {
        let behaviour = json!({"kind": "succeed", "queued_ms": 5, "running_ms": 40, "steps": 4, "callback": true, "result": {"rows": 3}});
        let mut parameters = injected();
        parameters.push(parameter("country", "str", json!({"required": true, "name": "Country"})));
        let story = Plan::on(base).pipelines(json!([pipeline(1, &parameters, behaviour)])).begin().await;
        let task = story.launch(&id(1), json!({"country": "CMR"})).await;
        let ended = story.until_confirmed(task).await;
        assert_eq!(ended["status"], "SUCCESS");
        assert_eq!(ended["result"], json!({"result": "SUCCESS", "data": {"rows": 3}}));
        assert_eq!(ended["config"]["connection_token"], "••••");
        story.end().await;
    }
}
