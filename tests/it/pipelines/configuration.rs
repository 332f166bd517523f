//! `GET /pipelines/config/`: the part of the configuration that every signed-in user may see.

use rstest::rstest;
use serde_json::json;

use crate::support::catalogue::{id, parameter, pipeline, quick};
use crate::support::story::{Base, Postgres, Sqlite, StoryBuilder};

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_configuration_it_says_so(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base).not_configured().begin().await;
    assert_eq!(
        story.get("/pipelines/config/").await.expect(200),
        json!({"configured": false})
    );
    story
        .configure(json!({}).as_object().unwrap().clone())
        .await;
    assert_eq!(
        story.get("/pipelines/config/").await.expect(200),
        json!({"configured": true, "config": {}})
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_contains_the_defaults_for_iasos_pages(#[values(Sqlite, Postgres)] base: Base) {
    let content = json!({"lqas_pipeline_code": "lqas", "pipelines": [{"id": id(1), "parameters": {"country": "BFA", "rounds": [1, 2]}}], "own": null});
    let parameters = [
        parameter("country", "str", json!({})),
        parameter("rounds", "int", json!({"multiple": true})),
    ];
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &parameters, quick("succeed"))]))
        .content(&content)
        .begin()
        .await;
    story
        .get(&format!("/pipelines/{}/", id(1)))
        .await
        .expect(200);
    assert_eq!(
        story.get("/pipelines/config").await.expect(200),
        json!({"configured": true, "config": content})
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_connection_and_secrets_are_left_out(#[values(Sqlite, Postgres)] base: Base) {
    let hidden = "hidden-from-everybody";
    let content = json!({
        "openhexa_url": hidden, "openhexa_token": hidden, "workspace_slug": hidden, "smsToken": hidden, "sms_key": hidden, "dbPwd": hidden, "API_KEY": hidden, "apiKey": hidden,
        "api-key": hidden, "client_secret": hidden, "passphrase": hidden, "authorization": hidden, "private-key": hidden, "access_key": hidden,
        "kept": "shown",
        "mot_de_passe": hidden, "mdp": hidden, "jetonSms": hidden, "clé_api": hidden,
        "pipelines": [{"id": id(1), "api_key": hidden, "parameters": {"dhis2_password": hidden, "country": "BFA", "deep": [{"credentials": {"any": hidden}, "kept": 1}]}}],
    });
    let parameters = [
        parameter("dhis2_password", "str", json!({})),
        parameter("country", "str", json!({})),
        parameter("deep", "list", json!({})),
    ];
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &parameters, quick("succeed"))]))
        .content(&content)
        .begin()
        .await;
    story
        .get(&format!("/pipelines/{}/", id(1)))
        .await
        .expect(200);
    let answer = story.get("/pipelines/config/").await;
    assert!(!answer.text.contains(hidden), "{}", answer.text);
    assert_eq!(
        answer.expect(200)["config"],
        json!({
            "kept": "shown", "pipelines": [{"id": id(1), "parameters": {"dhis2_password": null, "country": "BFA", "deep": null}}]})
    );
    for place in [&story.openhexa, "demo", &story.secrets.openhexa] {
        assert!(!answer.text.contains(place), "{place}");
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_only_resembles_a_secret_is_shown(#[values(Sqlite, Postgres)] base: Base) {
    let content =
        json!({"keyword": "a", "monkey": "b", "tokyo": "c", "pass_rate": 0.5, "author": "d"});
    let story = StoryBuilder::on(base).content(&content).begin().await;
    assert_eq!(
        story.get("/pipelines/config/").await.expect(200)["config"],
        content
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_needs_no_openhexa(#[values(Sqlite, Postgres)] base: Base) {
    let mut story = StoryBuilder::on(base)
        .content(&json!({"lqas_pipeline_code": "lqas"}))
        .begin()
        .await;
    story.stop_openhexa().await;
    assert_eq!(
        story.get("/pipelines/config/").await.expect(200)["config"]["lqas_pipeline_code"],
        "lqas"
    );
    story.end().await;
}
