//! While OpenHEXA is unavailable, the last successful response is returned, with its age.

use rstest::rstest;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Map, Value, json};
use tokio::sync::Semaphore;

use super::keys;
use crate::support::catalogue::{id, pipeline, quick};
use crate::support::scripted_server::{Reply, ScriptedServer, json as answered};
use crate::support::story::{Base, Postgres, Sqlite, Story, StoryBuilder};

fn paths() -> [String; 2] {
    ["/pipelines/".to_owned(), format!("/pipelines/{}/", id(1))]
}

fn time(at: DateTime<Utc>) -> Value {
    json!(at.to_rfc3339_opts(SecondsFormat::Millis, true))
}

async fn begin(base: Base) -> Story {
    let plan = StoryBuilder::on(base).pipelines(json!([pipeline(1, &[], quick("succeed"))]));
    plan.setting("openhexa.connect_timeout", "2s")
        .setting("openhexa.request_timeout", "3s")
        .begin()
        .await
}

/// Advances the clock until the cache has expired, so that the next request goes to OpenHEXA.
fn later(story: &Story) {
    story.advance(story.settings.cache.fresh_for.delta());
}

async fn break_openhexa(story: &Story) {
    story
        .fault(&json!({"fault": "html_500", "count": 1_000}))
        .await;
}

/// The fresh response with `stale` and `as_of`.
fn aged(mut fresh: Value, at: DateTime<Utc>) -> Value {
    let object = fresh.as_object_mut().unwrap();
    object.insert("stale".to_owned(), json!(true));
    object.insert("as_of".to_owned(), time(at));
    fresh
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_successful_response_is_returned_with_its_age(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = begin(base).await;
    for path in paths() {
        let (fresh, asked) = (story.get(&path).await.expect(200), story.now());
        assert!(fresh.get("stale").is_none() && fresh.get("as_of").is_none());
        break_openhexa(&story).await;
        for _ in 0..3 {
            story.advance(TimeDelta::minutes(7));
            assert_eq!(
                story.get(&path).await.expect(200),
                aged(fresh.clone(), asked)
            );
        }
        story.no_faults().await;
        assert_eq!(
            story.get(&path).await.expect(200),
            fresh,
            "fresh again as soon as OpenHEXA responds"
        );
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_returned_for_every_kind_of_outage(#[values(Sqlite, Postgres)] base: Base) {
    let mut story = begin(base).await;
    let [list, detail] = paths();
    story.get(&list).await.expect(200);
    story.get(&detail).await.expect(200);
    later(&story);
    story
        .fault(&json!({"fault": "latency", "ms": 9_000, "count": 2}))
        .await;
    assert_eq!(
        story.get(&list).await.expect(200)["stale"],
        true,
        "too slow"
    );
    assert_eq!(
        story.get(&detail).await.expect(200)["stale"],
        true,
        "too slow"
    );
    story.stop_openhexa().await;
    let paged = story.get("/pipelines/?limit=5").await.expect(200);
    assert_eq!(
        keys(&paged),
        [
            "as_of",
            "count",
            "has_next",
            "has_previous",
            "page",
            "pages",
            "results",
            "stale"
        ]
    );
    assert_eq!(story.get(&detail).await.expect(200)["stale"], true);
    let other = story.get(&format!("/pipelines/{}/", id(2))).await;
    assert_eq!(
        other.error(502),
        "OpenHEXA is unreachable",
        "it was never cached"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_token_is_not_an_outage(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    for path in paths() {
        story.get(&path).await.expect(200);
        later(&story);
        story.fault(&json!({"fault": "refuse_token"})).await;
        assert_eq!(
            story.get(&path).await.error(502),
            "OpenHEXA refuses the configured token"
        );
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_the_configuration_clears_the_cache(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    for path in paths() {
        story.get(&path).await.expect(200);
        story.configure(Map::new()).await;
        break_openhexa(&story).await;
        story.get(&path).await.error(502);
        story.no_faults().await;
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_cache_of_another_workspace_is_not_used(#[values(Sqlite, Postgres)] base: Base) {
    let mut story = begin(base).await;
    story.get("/pipelines/").await.expect(200);
    let demo = (story.openhexa.clone(), story.secrets.openhexa.clone());
    story
        .configure_with(Map::new(), &demo.0, &demo.1, "nowhere")
        .await;
    story
        .configure_with(Map::new(), &demo.0, &demo.1, "demo")
        .await;
    story.stop_openhexa().await;
    assert_eq!(
        story.get("/pipelines/").await.error(502),
        "OpenHEXA is unreachable",
        "the configuration changed twice"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_clears_the_cache(#[values(Sqlite, Postgres)] base: Base) {
    let mut story = begin(base).await;
    for path in paths() {
        story.get(&path).await.expect(200);
    }
    story.restart().await;
    break_openhexa(&story).await;
    for path in paths() {
        story.get(&path).await.error(502);
    }
    story.end().await;
}

/// OpenHEXA's JSON response to each of the two requests.
fn responses() -> [String; 2] {
    let pipeline = json!({
        "id": id(1), "name": "One", "code": "one", "type": "zipFile", "description": null, "createdAt": "2026-01-02T03:04:05Z",
        "functionalType": null, "tags": [], "runs": {"items": []}, "permissions": {"run": true, "stopPipeline": true},
        "workspace": {"slug": "demo"}, "currentVersion": null});
    [
        json!({"data": {"pipelines": {"totalPages": 1, "items": [pipeline]}}}).to_string(),
        json!({"data": {"pipeline": pipeline}}).to_string(),
    ]
}

/// A bridge whose OpenHEXA gives these responses, one after the other.
async fn scripted(base: Base, mut script: Vec<Reply>) -> (Story, ScriptedServer) {
    script.reverse();
    let script = Mutex::new(script);
    let wire = ScriptedServer::serve(move |_| script.lock().unwrap().pop().unwrap()).await;
    let story = begin(base).await;
    story
        .configure_with(
            Map::new(),
            &format!("{}/graphql/", wire.url),
            &story.secrets.openhexa,
            "demo",
        )
        .await;
    (story, wire)
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_pipeline_is_removed_from_the_cache(#[values(Sqlite, Postgres)] base: Base) {
    let ([_, found], [_, path]) = (responses(), paths());
    let (story, _) = scripted(
        base,
        vec![
            answered(found),
            answered(r#"{"data":{"pipeline":null}}"#),
            Reply::Drop,
        ],
    )
    .await;
    assert_eq!(story.get(&path).await.expect(200)["name"], "One");
    later(&story);
    story.get(&path).await.error(404);
    story.get(&path).await.error(502);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_age_of_a_response_counts_from_its_request(#[values(Sqlite, Postgres)] base: Base) {
    for (path, answer) in paths().into_iter().zip(responses()) {
        let gate = Arc::new(Semaphore::new(0));
        let (story, wire) =
            scripted(base, vec![Reply::Gated(gate.clone(), answer), Reply::Drop]).await;
        let asked = story.now();
        let meanwhile = async {
            wire.until(|count| count.held == 1).await;
            story.advance(TimeDelta::minutes(3));
            gate.add_permits(1);
        };
        let (fresh, ()) = tokio::join!(story.get(&path), meanwhile);
        fresh.expect(200);
        assert_eq!(story.get(&path).await.expect(200)["as_of"], time(asked));
        story.end().await;
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_response_that_arrives_later_is_not_cached(
    #[values(Sqlite, Postgres)] base: Base,
) {
    // Readers share one response; a launch sends its own request, which finishes earlier here.
    let ([_, old], [_, path]) = (responses(), paths());
    let gate = Arc::new(Semaphore::new(0));
    let young = old.replace("One", "Two");
    let (story, wire) = scripted(
        base,
        vec![
            Reply::Gated(gate.clone(), old),
            answered(young),
            Reply::Drop,
        ],
    )
    .await;
    let overtaking = async {
        wire.until(|count| count.held == 1).await;
        story.advance(TimeDelta::seconds(3));
        let asked = story.now();
        let launch = story
            .post(
                &format!("{path}launch/"),
                &json!({"config": {"unheard-of": 1}}),
            )
            .await;
        gate.add_permits(1);
        (launch, asked)
    };
    let (slow, (launch, asked)) = tokio::join!(story.get(&path), overtaking);
    assert_eq!(
        slow.expect(200)["name"],
        "Two",
        "the newer one, because it has arrived"
    );
    launch.expect(400);
    assert_eq!(story.get(&path).await.expect(200)["name"], "Two");
    assert_eq!(wire.received().len(), 2);
    later(&story);
    let last = story.get(&path).await.expect(200);
    assert_eq!(
        (&last["name"], &last["as_of"]),
        (&json!("Two"), &time(asked))
    );
    story.end().await;
}
