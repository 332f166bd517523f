//! The list of tasks with its filters in Iaso's database, for each account its own.

use serde_json::json;

use super::stage::{B, Stage};
use super::{launch_as, manual, operator};
use crate::support::catalogue::id;
use crate::support::story::As;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_filters_of_the_list_are_those_of_the_account() {
    let stage = Stage::begin(manual()).await;
    let story = &stage.story;
    let task = story.launch(&id(1), json!({})).await;
    story
        .until(task, "the run", |task| task["status"] == "RUNNING")
        .await;
    let report = json!({"task_id": task, "status": "RUNNING", "progress_message": "Ngaoundéré"});
    story.report(&id(1), &report).await.expect(200);
    let other = operator(&stage, B).await;
    launch_as(&stage, &other, &id(1)).await;
    for (query, count) in [
        ("", "1 task."),
        ("search=NGAOUND%C3%89R%C3%89", "1 task."),
        ("search=4242&status=RUNNING&status=QUEUED", "1 task."),
        ("launcher=settings-key-operator&status=RUNNING", "1 task."),
        ("launcher=11", "0 tasks."),
    ] {
        let path = format!("/dashboard/tasks/?{query}");
        let page = story.page(As::Viewer, &path).await;
        assert_eq!(page.at("count"), count, "{query}");
        assert_eq!(page.at("pipeline"), "All pipelines Pipeline 1");
        let theirs = story.page(other.clone(), &path).await;
        assert!(!theirs.answer.text.contains("Ngaound"), "{}", theirs.text());
        assert!(
            !theirs.at("launcher").contains("settings file"),
            "{}",
            theirs.at("launcher")
        );
    }
    stage.end().await;
}
