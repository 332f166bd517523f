//! Refused launches: the bridge refuses some before it sends anything; if OpenHEXA refuses one, its task
//! shows the reason.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::catalogue::{id, injected, parameter, pipeline, quick};
use crate::support::story::{As, Base, Postgres, Sqlite, Story, StoryBuilder};

fn launch_of(number: u64) -> String {
    format!("/pipelines/{}/launch/", id(number))
}

async fn created_nothing(story: &Story) {
    assert_eq!(story.request_count("runPipeline").await, 0);
    assert_eq!(
        (story.runs().await.len(), story.tasks().await.len()),
        (0, 0)
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_config_that_is_not_an_object_is_refused_with_its_field(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &[], quick("succeed"))]))
        .begin()
        .await;
    for body in [
        json!({}),
        json!({"config": null}),
        json!({"config": []}),
        json!({"config": "{}"}),
        json!({"config": 1}),
        json!({"config": true}),
    ] {
        let refused = story.post(&launch_of(1), &body).await.expect(400);
        assert_eq!(
            refused,
            json!({"error": "config must be an object", "config": ["config must be an object"]}),
            "{body}"
        );
    }
    created_nothing(&story).await;
    story.end().await;
}

fn strict() -> Value {
    let parameters = [
        parameter(
            "country",
            "str",
            json!({"name": "Country", "required": true}),
        ),
        parameter("year", "int", json!({"name": "Year", "required": true})),
        parameter(
            "mode",
            "str",
            json!({"name": "Mode", "choices": ["fast", "slow"]}),
        ),
        parameter("codes", "str", json!({"name": "Codes", "multiple": true})),
        parameter("share", "float", json!({"name": "Share"})),
    ];
    json!([pipeline(1, &parameters, quick("succeed"))])
}

fn wrong() -> Value {
    json!({"config": {"year": "2024", "mode": "medium", "codes": "one", "share": true, "extra": 1}})
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_invalid_fields_are_in_one_response(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base).pipelines(strict()).begin().await;
    let refused = story.post(&launch_of(1), &wrong()).await.expect(400);
    let told = json!({
        "codes": ["Codes must be a list"],
        "country": ["Country is required"],
        "extra": [
            "`extra` is not a parameter of this pipeline",
            "The parameters are those of version v1, created 2026-01-05 08:00 UTC",
        ],
        "mode": ["Mode must be one of: fast, slow"],
        "share": ["Share must be a number"],
        "year": ["Year must be a whole number"],
    });
    assert_eq!(refused["config"], told);
    assert!(refused["error"].is_string());
    assert_eq!(refused.as_object().unwrap().len(), 2, "{refused}");
    created_nothing(&story).await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_invalid_field_is_the_example_of_the_contract(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base).pipelines(strict()).begin().await;
    let refused = story
        .post(&launch_of(1), &json!({"config": {"year": 2024}}))
        .await
        .expect(400);
    assert_eq!(
        refused,
        json!({"error": "Country is required", "config": {"country": ["Country is required"]}})
    );
    created_nothing(&story).await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn errors_of_fields_are_in_the_users_language(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base).pipelines(strict()).begin().await;
    let ask = story
        .ask(As::Operator, Method::POST, &launch_of(1))
        .header("accept-language", "fr-FR,fr;q=0.9");
    let refused = ask.json(&wrong()).send().await.expect(400);
    assert_eq!(
        refused["config"]["country"],
        json!(["«\u{a0}Country\u{a0}» est obligatoire"])
    );
    assert_eq!(
        refused["config"]["year"],
        json!(["«\u{a0}Year\u{a0}» doit être un nombre entier"])
    );
    assert_eq!(refused["config"].as_object().unwrap().len(), 6, "{refused}");
    created_nothing(&story).await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_says_if_the_value_is_a_default_of_the_account(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let content = json!({"pipelines": [{"id": id(1), "parameters": {"year": "soon", "gone": 1}}]});
    let story = StoryBuilder::on(base)
        .pipelines(strict())
        .content(&content)
        .begin()
        .await;
    let refused = story
        .post(&launch_of(1), &json!({"config": {"country": "CMR"}}))
        .await
        .expect(400);
    let sentences = refused["config"]["year"].as_array().unwrap();
    assert_eq!(
        sentences[1],
        "This value comes from the account's default parameters"
    );
    assert!(
        refused["config"]["gone"][0]
            .as_str()
            .unwrap()
            .contains("administrator")
    );
    created_nothing(&story).await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_pipeline_is_not_found(#[values(Sqlite, Postgres)] base: Base) {
    let elsewhere = crate::support::catalogue::with(
        pipeline(2, &[], quick("succeed")),
        json!({"workspace": "other"}),
    );
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &[], quick("succeed")), elsewhere]))
        .begin()
        .await;
    for unknown in [id(9), id(2), "seven".to_owned()] {
        let path = format!("/pipelines/{unknown}/launch/");
        story.post(&path, &json!({"config": {}})).await.error(404);
    }
    created_nothing(&story).await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_viewer_may_not_launch(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &[], quick("succeed"))]))
        .begin()
        .await;
    for (who, status) in [
        (As::Anonymous, 401),
        (As::Bearer("nonsense".to_owned()), 401),
        (As::Viewer, 403),
    ] {
        let ask = story
            .ask(who, Method::POST, &launch_of(1))
            .json(&json!({"config": {}}));
        ask.send().await.error(status);
    }
    created_nothing(&story).await;
    story.end().await;
}

/// Launches, and checks the error response and that the task has ended with the reason.
async fn refused_with_task(story: &Story, status: u16, sentence: &str) {
    let refused = story
        .post(&launch_of(1), &json!({"config": {}}))
        .await
        .expect(status);
    assert_eq!(refused["error"], sentence);
    assert_eq!(refused.as_object().unwrap().len(), 2, "{refused}");
    assert_eq!(refused["task"].as_object().unwrap().len(), 8, "{refused}");
    let task = story.task(refused["task"]["id"].as_i64().unwrap()).await;
    assert_eq!(
        (&task["status"], &task["confirmed"], &task["run"]),
        (&json!("ERROR"), &json!(true), &json!(null))
    );
    assert_eq!(
        refused["task"]["progress_message"],
        task["progress_message"]
    );
    assert_eq!(task["progress_message"], sentence);
    assert_eq!(
        story.stored_secrets(task["id"].as_i64().unwrap()).await,
        None
    );
    story.next_cycle().await;
    assert_eq!(story.runs().await.len(), 0);
    assert_eq!(story.request_count("runPipeline").await, 1);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_run_limit_returns_429_and_the_task_has_the_reason(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &injected(), quick("succeed"))]))
        .begin()
        .await;
    story
        .fault(&json!({"fault": "run_limit", "count": 1}))
        .await;
    let sentence = "OpenHEXA refused the launch: the workspace has reached its run limit";
    refused_with_task(&story, 429, sentence).await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_refused_at_the_launch_returns_502_with_a_task(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &injected(), quick("succeed"))]))
        .begin()
        .await;
    story
        .fault(&json!({"fault": "refuse_token", "operation": "runPipeline", "count": 1}))
        .await;
    let sentence = "The launch failed: OpenHEXA refuses the configured token";
    refused_with_task(&story, 502, sentence).await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_refused_before_the_launch_returns_502_without_a_task(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &[], quick("succeed"))]))
        .begin()
        .await;
    story
        .get(&format!("/pipelines/{}/", id(1)))
        .await
        .expect(200);
    story
        .fault(&json!({"fault": "refuse_token", "count": 9}))
        .await;
    let told = story.post(&launch_of(1), &json!({"config": {}})).await;
    told.error(502);
    created_nothing(&story).await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_status_of_a_refused_launch_cannot_be_changed_by_reports(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &injected(), quick("succeed"))]))
        .begin()
        .await;
    story
        .fault(&json!({"fault": "run_limit", "count": 1}))
        .await;
    let refused = story
        .post(&launch_of(1), &json!({"config": {}}))
        .await
        .expect(429);
    let word = json!({"task_id": refused["task"]["id"], "status": "SUCCESS"});
    let told = story.report(&id(1), &word).await.expect(409);
    assert_eq!(told["status"], "ERROR");
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_configuration_nothing_is_launched(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base)
        .pipelines(strict())
        .not_configured()
        .begin()
        .await;
    let told = story.post(&launch_of(1), &json!({"config": {}})).await;
    assert_eq!(told.error(422), "OpenHexa configuration not found");
    created_nothing(&story).await;
    story.end().await;
}
