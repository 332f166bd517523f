//! Health checks and metrics.

use chrono::TimeDelta;
use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use crate::support::catalogue::{id, pipeline, quick};
use crate::support::story::{As, Base, Postgres, Sqlite, StoryBuilder};

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_ready_if_its_database_is_and_openhexa_is_not(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let mut story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &[], quick("succeed"))]))
        .begin()
        .await;
    let before = story
        .ask_at(As::Anonymous, Method::GET, "/readyz")
        .send()
        .await
        .expect(200);
    assert_eq!(
        before,
        json!({"status": "ready", "database": "ok", "migrations": "ok", "openhexa": "no request yet"})
    );
    story.get("/pipelines/").await.expect(200);
    let asked = story
        .ask_at(As::Anonymous, Method::GET, "/readyz")
        .send()
        .await
        .expect(200);
    assert_eq!(asked["openhexa"], "answered");
    story.stop_openhexa().await;
    // A connection that was open may still succeed once.
    story
        .until_true("OpenHEXA is unavailable", async || {
            // A cached response sends no request to OpenHEXA.
            story.advance(TimeDelta::seconds(5));
            story.get("/pipelines/").await.expect(200);
            let ready = story
                .ask_at(As::Anonymous, Method::GET, "/readyz")
                .send()
                .await
                .expect(200);
            ready["status"] == "ready" && ready["openhexa"] == "unreachable"
        })
        .await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_have_routes_and_outcomes_but_no_accounts(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &[], json!({"kind": "hang"}))]))
        .begin()
        .await;
    story.launch(&id(1), json!({})).await;
    story.next_cycle().await;
    story
        .ask_at(As::Anonymous, Method::GET, "/metrics")
        .send()
        .await
        .error(401);
    let counted = story
        .ask_at(As::Viewer, Method::GET, "/metrics")
        .send()
        .await;
    assert_eq!(counted.status, 200);
    for line in [
        r#"openhexa_bridge_requests_total{method="POST",route="/api/openhexa/pipelines/{id}/launch",status="201"}"#,
        r#"openhexa_bridge_upstream_requests_total{operation="RunPipeline",outcome="answered"}"#,
        r#"openhexa_bridge_live_tasks{state="submitted"}"#,
        "openhexa_bridge_live_tasks{state=\"reported\"} 0\n",
        "openhexa_bridge_oldest_unsent_launch_seconds",
        "openhexa_bridge_overdue_poll_seconds",
        "openhexa_bridge_request_duration_seconds_bucket",
    ] {
        assert!(counted.text.contains(line), "{line}: {}", counted.text);
    }
    assert!(!counted.text.contains(&id(1)), "no pipeline id in a label");
    let page = include_str!("../../docs/metrics.md");
    let types = counted
        .text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "));
    let types: Vec<&str> = types
        .filter(|line| line.starts_with("openhexa_bridge_"))
        .collect();
    assert!(types.len() >= 8, "{types:?}");
    for line in types {
        let (name, kind) = line.split_once(' ').unwrap();
        assert!(page.contains(&format!("| `{name}` | {kind} |")), "{line}");
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_can_be_open_or_off(#[values(Sqlite, Postgres)] base: Base) {
    let open = StoryBuilder::on(base)
        .setting("metrics.access", "open")
        .begin()
        .await;
    assert_eq!(
        open.ask_at(As::Anonymous, Method::GET, "/metrics")
            .send()
            .await
            .status,
        200
    );
    open.end().await;
    let off = StoryBuilder::on(base)
        .setting("metrics.access", "off")
        .begin()
        .await;
    off.ask_at(As::Admin, Method::GET, "/metrics")
        .send()
        .await
        .error(404);
    off.end().await;
}
