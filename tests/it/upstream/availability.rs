//! What is logged and shown when an OpenHEXA becomes unavailable and available again.

use chrono::{DateTime, TimeDelta};
use openhexa_bridge::openhexa::{MAX_INSTANCES, OpenHexa};
use reqwest::Method;
use rstest::rstest;
use serde_json::{Map, Value, json};

use super::{client, target};
use crate::support::catalogue::{id, pipeline, quick};
use crate::support::log;
use crate::support::scripted_server::{Reply, ScriptedServer};
use crate::support::story::{As, Base, Postgres, Sqlite, Story, StoryBuilder};

const UNAVAILABLE: &str = "OpenHEXA is unavailable";
const AVAILABLE: &str = "OpenHEXA is available again";
const REFUSES: &str = "OpenHEXA refuses requests";
const ACCEPTS: &str = "OpenHEXA accepts requests again";

/// The log lines about one server, from now on.
struct Lines {
    from: usize,
    host: String,
}

impl Lines {
    fn of(url: &str) -> Self {
        let host = url.trim_start_matches("http://").split('/').next();
        Self {
            from: log::position(),
            host: host.unwrap().to_owned(),
        }
    }

    fn with(&self, message: &str) -> Vec<Value> {
        let text = log::since(self.from);
        let lines = text.lines();
        let lines = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let is_about_it = |line: &Value| {
            let host = line["host"].as_str().unwrap_or_default();
            line["message"] == message && host.contains(&self.host)
        };
        lines.filter(is_about_it).collect()
    }

    fn one(&self, message: &str) -> Value {
        let found = self.with(message);
        assert_eq!(found.len(), 1, "{message}: {found:?}");
        found[0].clone()
    }
}

async fn begin(base: Base) -> Story {
    let pipelines = json!([
        pipeline(1, &[], json!({"kind": "hang"})),
        pipeline(2, &[], quick("manual"))
    ]);
    let plan = StoryBuilder::on(base).pipelines(pipelines);
    plan.setting("openhexa.request_timeout", "2s")
        .setting("openhexa.connect_timeout", "1500ms")
        .begin()
        .await
}

/// A request that cannot be answered from the cache.
async fn list(story: &Story) {
    story.advance(TimeDelta::seconds(10));
    story.get("/pipelines/").await;
}

async fn readiness(story: &Story) -> Value {
    let ready = story.ask_at(As::Anonymous, Method::GET, "/readyz");
    ready.send().await.expect(200)
}

async fn metrics(story: &Story) -> String {
    let metrics = story.ask_at(As::Viewer, Method::GET, "/metrics");
    metrics.send().await.text
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_and_its_end_are_logged_once_with_cause_and_duration(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = begin(base).await;
    list(&story).await;
    for (fault, cause) in [
        (json!({"fault": "html_500"}), "HTTP status 500"),
        (json!({"fault": "drop_before"}), "interrupted"),
        (
            json!({"fault": "latency", "ms": 20_000}),
            "did not respond in time",
        ),
    ] {
        let lines = Lines::of(&story.openhexa);
        let mut fault = fault;
        fault["operation"] = json!("pipelines");
        fault["for_ms"] = json!(600_000);
        story.fault(&fault).await;
        list(&story).await;
        story.advance(TimeDelta::minutes(7));
        list(&story).await;
        let line = lines.one(UNAVAILABLE);
        assert_eq!(line["level"], "WARN", "{line}");
        assert_eq!(line["operation"], "ListPipelines", "{line}");
        let error = line["error"].as_str().unwrap();
        assert!(error.contains(cause), "{fault}: {line}");
        story.no_faults().await;
        list(&story).await;
        list(&story).await;
        let line = lines.one(AVAILABLE);
        assert_eq!(line["level"], "INFO", "{line}");
        let seconds = line["unavailable_seconds"].as_f64().unwrap();
        assert!((430.0..500.0).contains(&seconds), "{line}");
        lines.one(UNAVAILABLE);
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_connection_is_logged_with_the_systems_error(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let mut story = begin(base).await;
    list(&story).await;
    let lines = Lines::of(&story.openhexa);
    story.stop_openhexa().await;
    // A connection that is still open can fail in another way first.
    story
        .until_true("the connection is refused", async || {
            list(&story).await;
            readiness(&story).await["openhexa"] == "unreachable"
        })
        .await;
    let line = lines.one(UNAVAILABLE);
    assert_eq!(line["level"], "WARN", "{line}");
    let all = [
        lines.with(UNAVAILABLE),
        lines.with("request to OpenHEXA failed"),
    ]
    .concat();
    let is_refused = |line: &Value| {
        line["error"]
            .as_str()
            .unwrap()
            .contains("refused (os error")
    };
    assert!(all.iter().any(is_refused), "{all:?}");
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rejected_token_is_a_failure_in_the_log_the_metrics_and_the_details_of_readiness(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = begin(base).await;
    list(&story).await;
    assert_eq!(readiness(&story).await["openhexa"], "answered");
    let lines = Lines::of(&story.openhexa);
    story
        .fault(&json!({"fault": "refuse_token", "for_ms": 600_000}))
        .await;
    list(&story).await;
    list(&story).await;
    let ready = readiness(&story).await;
    assert_eq!(ready["status"], "ready", "{ready}");
    assert_eq!(ready["openhexa"], "token-refused", "{ready}");
    let counted = metrics(&story).await;
    let own = r#"upstream_requests_total{operation="ListPipelines",outcome="token-refused"}"#;
    assert!(counted.contains(own), "{counted}");
    let line = lines.one(REFUSES);
    assert_eq!(
        (&line["level"], &line["workspace"]),
        (&json!("WARN"), &json!("demo"))
    );
    assert!(line["error"].as_str().unwrap().contains("token"), "{line}");
    story.no_faults().await;
    list(&story).await;
    assert_eq!(lines.one(ACCEPTS)["workspace"], "demo");
    assert_eq!(readiness(&story).await["openhexa"], "answered");
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_that_rejects_the_token_counts_as_a_rejected_token(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = begin(base).await;
    for status in [401, 403] {
        let proxy = ScriptedServer::always(Reply::Json(status, "{}".to_owned())).await;
        let lines = Lines::of(&proxy.url);
        let url = format!("{}/graphql/", proxy.url);
        story
            .configure_with(Map::new(), &url, "a-token", "demo")
            .await;
        list(&story).await;
        let line = lines.one(REFUSES);
        let error = line["error"].as_str().unwrap();
        assert!(error.contains(&status.to_string()), "{line}");
        assert_eq!(readiness(&story).await["openhexa"], "token-refused");
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_poll_is_logged_with_its_tasks_host_cause_and_next_try(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = begin(base).await;
    let task = story.launch(&id(1), json!({})).await;
    let lines = Lines::of(&story.openhexa);
    story
        .fault(&json!({"fault": "html_500", "for_ms": 600_000}))
        .await;
    story.advance(TimeDelta::seconds(30));
    story.run_cycle().await;
    let line = lines.one("polling runs failed; it is retried");
    assert_eq!(line["level"], "WARN", "{line}");
    assert_eq!(line["tasks"], task.to_string(), "{line}");
    assert!(line["error"].as_str().unwrap().contains("500"), "{line}");
    let next: DateTime<chrono::Utc> = line["next_try"].as_str().unwrap().parse().unwrap();
    assert!(next > story.now(), "{line}");
    lines.one(UNAVAILABLE);
    // Polls pause until then, so there is no other line.
    story.run_cycle().await;
    lines.one("polling runs failed; it is retried");
    story.end().await;
}

#[tokio::test]
async fn a_url_that_is_changed_often_leaves_few_instances() {
    let client = client();
    for port in 1..=1000 {
        // No server listens there.
        let there = target(&format!("http://127.0.0.1:{port}"));
        assert!(client.me(&there).await.is_err());
        assert!(client.instances().state(&there).is_some());
    }
    assert_eq!(client.instances().count(), MAX_INSTANCES);
    let first = target("http://127.0.0.1:1");
    assert!(client.instances().state(&first).is_none());
}
