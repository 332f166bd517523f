//! OpenHEXA fails or is not configured: the status is never 401, and OpenHEXA's own message is never shown.

use rstest::rstest;
use serde_json::{Map, json};

use crate::support::catalogue::{id, pipeline, quick};
use crate::support::scripted_server::{Reply, ScriptedServer};
use crate::support::story::{Answer, As, Base, Postgres, Sqlite, Story, StoryBuilder};
use reqwest::Method;

/// Part of every message of the failing OpenHEXA.
const INNER: &str = "Traceback-of-an-inner-server";

fn detail() -> String {
    format!("/pipelines/{}/", id(1))
}

async fn launch(story: &Story, route: &str) -> Answer {
    story
        .post(&format!("{}{route}/", detail()), &json!({"config": {}}))
        .await
}

/// Every request that needs OpenHEXA.
async fn all(story: &Story) -> [Answer; 4] {
    [
        story.get("/pipelines/").await,
        story.get(&detail()).await,
        launch(story, "launch").await,
        launch(story, "validate").await,
    ]
}

async fn with_short_timeout(base: crate::support::story::Base) -> Story {
    let plan = StoryBuilder::on(base).pipelines(json!([pipeline(1, &[], quick("succeed"))]));
    let plan = plan
        .setting("openhexa.connect_timeout", "1500ms")
        .setting("openhexa.request_timeout", "2s");
    plan.begin().await
}

async fn no_tasks(story: &Story) {
    assert_eq!(story.get("/tasks/").await.expect(200)["count"], 0);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_configuration_every_request_returns_422(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base).not_configured().begin().await;
    for answer in all(&story).await {
        assert_eq!(answer.error(422), "OpenHexa configuration not found");
    }
    let french = story
        .ask(As::Viewer, Method::GET, "/pipelines/")
        .header("accept-language", "fr-CM,fr;q=0.9")
        .send()
        .await;
    assert_eq!(french.error(422), "Configuration OpenHEXA introuvable");
    no_tasks(&story).await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_openhexa_that_fails_returns_502_or_504_without_its_message(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = with_short_timeout(base).await;
    let page = format!("<html><body>{INNER}</body></html>");
    let graphql = |code: &str| {
        format!(
            r#"{{"data":null,"errors":[{{"message":"{INNER}","path":["pipelines"],"extensions":{{"code":"{code}"}}}}]}}"#
        )
    };
    for (reply, status, sentence) in [
        (Reply::Html(500, page.clone()), 502, "HTTP status 500"),
        (
            Reply::Html(200, page.clone()),
            502,
            "does not respond like OpenHEXA",
        ),
        (
            Reply::Html(401, page.clone()),
            502,
            "HTTP status 401: check the OpenHEXA address",
        ),
        (
            Reply::Html(403, page),
            502,
            "HTTP status 403: check the OpenHEXA address",
        ),
        (
            Reply::Elsewhere(301, format!("http://127.0.0.1/{INNER}")),
            502,
            "redirects to another address",
        ),
        (
            Reply::Elsewhere(302, format!("http://127.0.0.1/{INNER}")),
            502,
            "redirects to another address",
        ),
        (
            Reply::Json(200, graphql("UNAUTHENTICATED")),
            502,
            "refuses the configured token",
        ),
        (Reply::Json(200, graphql("OTHER")), 502, "an internal error"),
        (
            Reply::Json(200, format!(r#""{INNER}""#)),
            502,
            "does not respond like OpenHEXA",
        ),
        (
            Reply::Half(format!(r#"{{"data":"{INNER}"}}"#)),
            502,
            "was interrupted",
        ),
        (Reply::Drop, 502, "was interrupted"),
        (Reply::Never, 504, "in time"),
        (
            Reply::Stall(format!(r#"{{"data":"{INNER}"}}"#)),
            504,
            "in time",
        ),
    ] {
        let wire = ScriptedServer::always(reply).await;
        story
            .configure_with(
                Map::new(),
                &format!("{}/graphql/", wire.url),
                &story.secrets.openhexa,
                "demo",
            )
            .await;
        for answer in all(&story).await {
            assert!(
                answer.error(status).contains(sentence),
                "{sentence}: {}",
                answer.text
            );
            assert!(
                !answer.text.contains(INNER) && !answer.text.contains(&wire.url),
                "{}",
                answer.text
            );
            assert_eq!(answer.header("content-type"), "application/json");
        }
    }
    no_tasks(&story).await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unreachable_openhexa_returns_502(#[values(Sqlite, Postgres)] base: Base) {
    let mut story = with_short_timeout(base).await;
    story.stop_openhexa().await;
    for answer in all(&story).await {
        assert_eq!(answer.error(502), "OpenHEXA is unreachable");
    }
    no_tasks(&story).await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_openhexa_refuses_returns_502(#[values(Sqlite, Postgres)] base: Base) {
    let story = with_short_timeout(base).await;
    story
        .configure_with(Map::new(), &story.openhexa, "another-token", "demo")
        .await;
    for answer in all(&story).await {
        assert_eq!(answer.error(502), "OpenHEXA refuses the configured token");
        assert!(!answer.text.contains("another-token"));
    }
    no_tasks(&story).await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_workspace_is_an_error_and_not_an_empty_list(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = with_short_timeout(base).await;
    story
        .configure_with(
            Map::new(),
            &story.openhexa,
            &story.secrets.openhexa,
            "nowhere",
        )
        .await;
    assert!(
        story
            .get("/pipelines/")
            .await
            .error(502)
            .contains("OpenHEXA workspace was not found")
    );
    assert_eq!(story.get(&detail()).await.error(404), "Pipeline not found");
    story.end().await;
}
