//! Lists of flows and runs: filters and pages.

use rstest::rstest;
use serde_json::json;

use super::{DAILY, MANUAL, each, plan};
use crate::support::story::{Base, Postgres, Sqlite};

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flows_are_listed_and_found(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    for slug in ["c", "a", "b"] {
        let id = format!("id: {slug}");
        story.save_flow(&MANUAL.replace("id: manual", &id)).await;
    }
    story.save_flow(DAILY).await;
    let list = async |query: &str| story.get(&format!("/flows/?{query}")).await.expect(200);
    assert_eq!(each(&list("").await, "slug"), ["a", "b", "c", "daily"]);
    assert_eq!(each(&list("search=QUOTIDIEN").await, "slug"), ["daily"]);
    assert_eq!(each(&list("search=Daily").await, "slug"), ["daily"]);
    assert!(each(&list("search=%25").await, "slug").is_empty());
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = list(&format!("limit=1&cursor={cursor}")).await;
        found.push(page["results"][0]["slug"].as_str().unwrap().to_owned());
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    assert_eq!(found, ["a", "b", "c", "daily"]);
    let other = format!("/flows/?search=a&cursor={cursor}");
    assert!(
        story
            .get(&other)
            .await
            .error(400)
            .contains("with the same filters")
    );
    let other = format!("/flow-runs/?cursor={cursor}");
    assert!(story.get(&other).await.expect(400)["cursor"].is_array());
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_are_listed_and_filtered(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    story.save_flow(DAILY).await;
    story.save_flow(MANUAL).await;
    let mut runs = Vec::new();
    for slug in ["daily", "manual", "daily"] {
        runs.push(story.run_flow(slug, json!({})).await);
    }
    let list = async |query: &str| story.get(&format!("/flow-runs/?{query}")).await.expect(200);
    let all = list("").await;
    assert_eq!(each(&all, "id"), [runs[2], runs[1], runs[0]]);
    assert!(all["results"][0].get("steps").is_none());
    assert_eq!(each(&list("flow=daily").await, "id"), [runs[2], runs[0]]);
    assert_eq!(each(&list("status=queued,error").await, "id").len(), 3);
    assert!(each(&list("status=SUCCESS").await, "id").is_empty());
    assert!(each(&list("trigger=schedule,replay").await, "id").is_empty());
    assert_eq!(each(&list("trigger=manual").await, "id").len(), 3);
    assert!(each(&list("from=2099-01-01").await, "id").is_empty());
    assert_eq!(each(&list("to=2099-01-01").await, "id").len(), 3);
    let first = list("flow=daily&limit=1").await;
    let next = first["next"].as_str().unwrap();
    let second = list(&format!("flow=daily&limit=1&cursor={next}")).await;
    assert_eq!(each(&second, "id"), [runs[0]]);
    assert_eq!(second["next"], json!(null));
    for wrong in [
        format!("flow=manual&cursor={next}"),
        format!("flow=daily&cursor={next}x"),
    ] {
        let path = format!("/flow-runs/?{wrong}");
        assert!(story.get(&path).await.expect(400)["cursor"].is_array());
    }
    assert_eq!(
        story.get("/flow-runs/x/").await.error(404),
        "There is no such run of a flow"
    );
    assert_eq!(story.get("/flow-runs/999999/").await.status, 404);
    story.end().await;
}
