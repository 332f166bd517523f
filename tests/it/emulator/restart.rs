//! A restart with the same folder.

use serde_json::json;

use super::*;

#[actix_web::test]
async fn runs_are_kept_after_a_restart() {
    let story = Story::of(json!([pipeline(
        json!([{"code": "xx", "type": "str"}]),
        manual()
    )]))
    .await;
    let run = story.run(ONE, json!({"xx": "kept"})).await;
    story.until(&run, "running").await;
    story
        .drive(&run, json!({"progress": 30, "message": "so far"}))
        .await;
    let done = story.run(ONE, json!({})).await;
    story.until(&done, "running").await;
    story.drive(&done, json!({"status": "success"})).await;
    let gone = story.run(ONE, json!({})).await;
    story.drive(&gone, json!({"vanish": true})).await;
    let before = (
        story.get_run(&run).await,
        story.get_run(&done).await,
        story.all_runs().await,
    );
    let story = story.restart().await;
    let after = (
        story.get_run(&run).await,
        story.get_run(&done).await,
        story.all_runs().await,
    );
    assert_eq!(before.0, after.0);
    assert_eq!(before.1, after.1);
    assert_eq!(before.2.len(), after.2.len());
    assert_eq!(story.get_run(&gone).await, json!(null));
    assert_eq!(story.stop_run(&run).await["success"], true);
    story.until(&run, "stopped").await;
}

#[actix_web::test]
async fn queued_and_running_runs_continue_after_a_restart() {
    let behaviour = json!({"queued_ms": 0, "running_ms": 3000, "steps": 30});
    let mut queued = pipeline(json!([]), json!({"queued_ms": 1500, "running_ms": 0}));
    queued["id"] = json!(TWO);
    queued["code"] = json!("two");
    queued["versions"][0]["id"] = json!(V2);
    let story = Story::of(json!([pipeline(json!([]), behaviour), queued])).await;
    let waits = story.run(TWO, json!({})).await;
    let run = story.run(ONE, json!({})).await;
    let progress = eventually("it has made progress", async || {
        let progress = story.get_run(&run).await["progress"].as_i64().unwrap();
        (progress > 0).then_some(progress)
    })
    .await;
    let story = story.restart().await;
    assert!(story.get_run(&run).await["progress"].as_i64().unwrap() >= progress);
    story.until(&run, "success").await;
    story.until(&waits, "success").await;
    assert_eq!(
        story.get_run(&run).await["messages"]
            .as_array()
            .unwrap()
            .len(),
        30
    );
}

#[actix_web::test]
async fn a_stop_is_kept_after_a_restart() {
    let story = Story::of(json!([pipeline(json!([]), manual())])).await;
    let run = story.run(ONE, json!({})).await;
    story.until(&run, "running").await;
    assert_eq!(story.stop_run(&run).await["success"], true);
    let story = story.restart().await;
    story.until(&run, "stopped").await;
}

#[actix_web::test]
async fn an_incomplete_line_in_the_journal_is_skipped() {
    use std::io::Write;
    let story = Story::of(json!([pipeline(json!([]), manual())])).await;
    let run = story.run(ONE, json!({})).await;
    story.until(&run, "running").await;
    let path = story.data.path().join("openhexa/runs.jsonl");
    let mut journal = std::fs::OpenOptions::new().append(true).open(path).unwrap();
    journal.write_all(b"{\"id\":\"1000").unwrap();
    let story = story.restart().await;
    assert_eq!(story.get_run(&run).await["status"], "running");
}

#[actix_web::test]
async fn the_journal_is_compacted_at_the_start() {
    let story = Story::of(json!([pipeline(
        json!([]),
        json!({"queued_ms": 0, "running_ms": 0, "steps": 50})
    )]))
    .await;
    let run = story.run(ONE, json!({})).await;
    story.until(&run, "success").await;
    let path = story.data.path().join("openhexa/runs.jsonl");
    assert!(std::fs::read_to_string(&path).unwrap().lines().count() > 50);
    let story = story.restart().await;
    assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 1);
    assert_eq!(story.get_run(&run).await["status"], "success");
}

#[actix_web::test]
async fn a_run_left_in_terminating_is_ended_15_minutes_after_its_creation() {
    let story = Story::of(json!([pipeline(json!([]), json!({"kind": "hang"}))])).await;
    let old = story.run(ONE, json!({})).await;
    let young = story.run(ONE, json!({})).await;
    for run in [&old, &young] {
        assert_eq!(story.stop_run(run).await["success"], true);
    }
    let path = story.data.path().join("openhexa/runs.jsonl");
    let age = |line: &str| {
        let mut run: Value = serde_json::from_str(line).unwrap();
        if run["id"] == json!(old) {
            run["created"] = json!(run["created"].as_i64().unwrap() - 15 * 60_000);
        }
        run.to_string()
    };
    let catalogue = story.data.path().join("catalogue.json");
    story.emulator.stop().await;
    let text = std::fs::read_to_string(&path).unwrap();
    let aged: Vec<String> = text.lines().map(age).collect();
    std::fs::write(&path, aged.join("\n")).unwrap();
    let story = Story::open(story.data, Some(catalogue), None).await;
    let seen = story.until(&old, "stopped").await;
    assert!(seen["logs"].as_str().unwrap().contains("heartbeat timeout"));
    assert_eq!(story.get_run(&young).await["status"], "terminating");
}

#[actix_web::test]
async fn a_run_of_a_deleted_pipeline_is_not_listed() {
    let story = Story::of(json!([pipeline(json!([]), manual())])).await;
    let run = story.run(ONE, json!({})).await;
    let path = story.data.path().join("catalogue.json");
    std::fs::write(&path, "{\"pipelines\": []}").unwrap();
    let story = story.restart().await;
    assert_eq!(story.get_run(&run).await, json!(null));
    assert_eq!(story.all_runs().await.len(), 1);
}

#[actix_web::test]
async fn a_stopped_emulator_does_not_respond() {
    let story = Story::samples().await;
    let url = story.emulator.url();
    story.emulator.stop().await;
    let answer = story
        .client
        .post(url)
        .json(&json!({"query": "{ __typename }"}))
        .send()
        .await;
    assert!(answer.unwrap_err().is_connect());
}

/// The permission bits of the file for users other than its owner.
fn open_to_others(path: &std::path::Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o077
}

#[actix_web::test]
async fn runs_and_tokens_are_only_readable_by_their_owner() {
    use std::os::unix::fs::PermissionsExt as _;
    let story = Story::of(json!([pipeline(json!([]), manual())])).await;
    let run = story.run(ONE, json!({})).await;
    story.until(&run, "running").await;
    let folder = story.data.path().join("openhexa");
    let runs = folder.join("runs.jsonl");
    assert!(
        std::fs::read_to_string(&runs)
            .unwrap()
            .contains("\"token\"")
    );
    assert_eq!((open_to_others(&runs), open_to_others(&folder)), (0, 0));
    // Files as an earlier emulator created them, and one that was killed while it rewrote the file.
    let readable = || std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(&runs, readable()).unwrap();
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    let half = folder.join("runs.jsonl.new");
    std::fs::write(&half, "{").unwrap();
    std::fs::set_permissions(&half, readable()).unwrap();
    let story = story.restart().await;
    assert_eq!((open_to_others(&runs), open_to_others(&folder)), (0, 0));
    assert_eq!(story.all_runs().await.len(), 1);
}
