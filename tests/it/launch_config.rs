//! The config of a launch: which values have priority, and what the bridge adds.

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::catalogue::{id, injected, parameter, pipeline, quick, with};
use crate::support::story::{As, Base, Postgres, Sqlite, Story, StoryBuilder};

/// A pipeline with one version that has these parameters and this config.
fn saved(parameters: &[Value], config: &Value) -> Value {
    let version = json!({"id": id(1001), "versionNumber": 1, "name": null, "timeout": null, "config": config, "parameters": parameters});
    with(
        pipeline(1, &[], quick("hang")),
        json!({"versions": [version]}),
    )
}

async fn with_only(base: Base, pipeline: Value) -> Story {
    StoryBuilder::on(base)
        .pipelines(json!([pipeline]))
        .begin()
        .await
}

/// The config of the only run.
async fn sent(story: &Story) -> Value {
    let runs = story.runs().await;
    assert_eq!(runs.len(), 1, "{runs:?}");
    runs[0]["config"].clone()
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_users_values_override_the_accounts_and_those_the_versions(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let parameters = ["a", "b", "c", "d"]
        .map(|code| parameter(&code.repeat(2), "str", json!({"default": "default"})));
    let content = json!({"pipelines": [
        {"id": id(2), "parameters": {"cc": "of another pipeline"}},
        {"id": id(1), "parameters": {"bb": "account", "cc": "account", "unused": null}},
    ]});
    let config = json!({"aa": "version", "bb": "version", "cc": "version"});
    let plan = StoryBuilder::on(base)
        .pipelines(json!([saved(&parameters, &config)]))
        .content(&content);
    let story = plan.begin().await;
    let task = story.launch(&id(1), json!({"cc": "caller"})).await;
    assert_eq!(
        sent(&story).await,
        json!({"aa": "version", "bb": "account", "cc": "caller"})
    );
    assert_eq!(
        story.task(task).await["config"],
        json!({"bb": "account", "cc": "caller"})
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_null_of_the_user_keeps_the_accounts_value(#[values(Sqlite, Postgres)] base: Base) {
    let parameters = [parameter("country", "str", json!({"required": true}))];
    let content = json!({"pipelines": [{"id": id(1), "parameters": {"country": "CMR"}}]});
    let plan = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &parameters, quick("hang"))]))
        .content(&content);
    let story = plan.begin().await;
    story.launch(&id(1), json!({"country": null})).await;
    assert_eq!(sent(&story).await, json!({"country": "CMR"}));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bridge_fills_in_its_four_parameters_in_their_declared_types(
    #[values(Sqlite, Postgres)] base: Base,
) {
    for (kind, text) in [("int", false), ("float", false), ("str", true)] {
        let mut parameters = injected();
        parameters[0] = parameter("task_id", kind, json!({"required": true}));
        let story = with_only(base, pipeline(1, &parameters, quick("hang"))).await;
        let task = story.launch(&id(1), json!({})).await;
        let config = sent(&story).await;
        let own = if text {
            json!(task.to_string())
        } else {
            json!(task)
        };
        assert_eq!(config["task_id"], own, "{kind}");
        assert_eq!(config["pipeline_id"], json!(id(1)));
        assert_eq!(config["connection_host"], json!(story.base_url()));
        assert_eq!(
            config["connection_token"]
                .as_str()
                .unwrap()
                .split('.')
                .count(),
            3
        );
        assert_eq!(story.task(task).await["config"]["connection_token"], "••••");
        story.end().await;
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bridge_fills_in_a_list_if_one_is_declared(#[values(Sqlite, Postgres)] base: Base) {
    let several = |code: &str, kind: &str| parameter(code, kind, json!({"multiple": true}));
    let parameters = [several("task_id", "int"), several("pipeline_id", "str")];
    let story = with_only(base, pipeline(1, &parameters, quick("hang"))).await;
    let task = story.launch(&id(1), json!({})).await;
    assert_eq!(
        sent(&story).await,
        json!({"task_id": [task], "pipeline_id": [id(1)]})
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_token_in_the_config_can_report_on_its_task(#[values(Sqlite, Postgres)] base: Base) {
    let story = with_only(base, pipeline(1, &injected(), quick("hang"))).await;
    let task = story.launch(&id(1), json!({})).await;
    let token = story.callback_token().await;
    let ask = story.ask(
        As::Bearer(token),
        reqwest::Method::PATCH,
        &format!("/pipelines/{}/", id(1)),
    );
    let answer = ask
        .json(&json!({"status": "RUNNING"}))
        .send()
        .await
        .expect(200);
    assert_eq!(
        (&answer["task"]["id"], &answer["task"]["status"]),
        (&json!(task), &json!("RUNNING"))
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parameters_that_are_not_declared_are_not_filled_in(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let parameters = [
        parameter("pipeline_id", "str", json!({})),
        parameter("country", "str", json!({})),
    ];
    let story = with_only(base, pipeline(1, &parameters, quick("hang"))).await;
    story.launch(&id(1), json!({"country": "CMR"})).await;
    assert_eq!(
        sent(&story).await,
        json!({"pipeline_id": id(1), "country": "CMR"})
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_users_values_for_the_four_parameters_are_dropped(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let mut parameters = injected();
    parameters.truncate(2);
    let story = with_only(base, pipeline(1, &parameters, quick("hang"))).await;
    let given = json!({"task_id": 999_999, "pipeline_id": "mine", "connection_host": "http://evil.example", "connection_token": "mine"});
    let task = story.launch(&id(1), given).await;
    assert_eq!(
        sent(&story).await,
        json!({"task_id": task, "pipeline_id": id(1)})
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notebook_accepts_only_an_empty_config(#[values(Sqlite, Postgres)] base: Base) {
    let notebook = with(
        pipeline(1, &[], quick("succeed")),
        json!({"type": "notebook", "versions": []}),
    );
    let story = with_only(base, notebook).await;
    let path = format!("/pipelines/{}/launch/", id(1));
    let refused = story
        .post(&path, &json!({"config": {"country": "CMR"}}))
        .await
        .expect(400);
    assert!(refused["config"]["country"][0].is_string(), "{refused}");
    assert_eq!(story.runs().await.len(), 0);
    let task = story.launch(&id(1), json!({"pipeline_id": id(1)})).await;
    let ended = story.until_confirmed(task).await;
    assert_eq!(
        (&ended["status"], &ended["pipeline"]["version"]),
        (&json!("SUCCESS"), &json!(null))
    );
    assert_eq!(sent(&story).await, json!({}));
    story.end().await;
}

/// Pipeline 1 with two versions of different parameters, and pipeline 2.
fn versions() -> Value {
    let version = |number: u64, code: &str| {
        json!({"id": id(10 + number), "versionNumber": number, "name": null, "timeout": null, "config": {},
            "parameters": [parameter(code, "str", json!({"required": true}))]})
    };
    let first = with(
        pipeline(1, &[], quick("hang")),
        json!({"versions": [version(1, "old"), version(2, "new")]}),
    );
    json!([first, pipeline(2, &[], quick("hang"))])
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_version_is_validated_and_launched_with_its_own_parameters(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = StoryBuilder::on(base).pipelines(versions()).begin().await;
    let path = format!("/pipelines/{}/launch/", id(1));
    let body = json!({"version": id(11), "config": {"old": "x"}});
    let task = story.post(&path, &body).await.expect(201)["task"]["id"]
        .as_i64()
        .unwrap();
    assert_eq!(
        story.task(task).await["pipeline"]["version"],
        json!({"id": id(11), "versionNumber": 1})
    );
    assert_eq!(sent(&story).await, json!({"old": "x"}));
    let wrong = json!({"version": id(11), "config": {"new": "x"}});
    let refused = story.post(&path, &wrong).await.expect(400);
    let mut fields: Vec<&String> = refused["config"].as_object().unwrap().keys().collect();
    fields.sort();
    assert_eq!(fields, ["new", "old"]);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_version_or_with_null_the_current_one_is_launched(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = StoryBuilder::on(base).pipelines(versions()).begin().await;
    let path = format!("/pipelines/{}/launch/", id(1));
    for body in [
        json!({"config": {"new": "x"}}),
        json!({"version": null, "config": {"new": "x"}}),
    ] {
        let task = story.post(&path, &body).await.expect(201)["task"]["id"]
            .as_i64()
            .unwrap();
        assert_eq!(
            story.task(task).await["pipeline"]["version"]["versionNumber"],
            2
        );
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_of_another_pipeline_is_refused_with_its_field(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = StoryBuilder::on(base).pipelines(versions()).begin().await;
    let path = format!("/pipelines/{}/launch/", id(1));
    for version in [
        json!(id(1002)),
        json!(id(77)),
        json!("two"),
        json!(2),
        json!([id(11)]),
        json!(""),
    ] {
        let body = json!({"version": version, "config": {"new": "x", "old": "x"}});
        let refused = story.post(&path, &body).await.expect(400);
        assert!(
            refused["error"].is_string() && refused["version"][0].is_string(),
            "{version}: {refused}"
        );
    }
    assert_eq!(
        (story.runs().await.len(), story.tasks().await.len()),
        (0, 0)
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_number_beyond_64_bits_reaches_the_run_unchanged(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let long: Value = serde_json::from_str("18446744073709551617").unwrap();
    let parameters = [
        parameter("given", "int", json!({"required": true})),
        parameter("several", "int", json!({"multiple": true})),
        parameter(
            "preset",
            "int",
            json!({"default": long, "choices": [long, 3]}),
        ),
    ];
    let story = with_only(base, saved(&parameters, &json!({"preset": long}))).await;
    let detail = story.get(&format!("/pipelines/{}/", id(1))).await;
    detail.expect(200);
    assert_eq!(
        detail.text.matches("18446744073709551617").count(),
        3,
        "{}",
        detail.text
    );
    let body = r#"{"config": {"given": 170141183460469231731687303715884105728, "several": [-9223372036854775809, -0]}}"#;
    let ask = story.ask(
        As::Operator,
        reqwest::Method::POST,
        &format!("/pipelines/{}/launch/", id(1)),
    );
    let task = ask.body("application/json", body).send().await.expect(201)["task"]["id"]
        .as_i64()
        .unwrap();
    let sent = sent(&story).await.to_string();
    for number in [
        "170141183460469231731687303715884105728",
        "[-9223372036854775809,0]",
        "18446744073709551617",
    ] {
        assert!(sent.contains(number), "{number}: {sent}");
    }
    let shown = story.get(&format!("/tasks/{task}/")).await.text;
    assert!(
        shown.contains("170141183460469231731687303715884105728"),
        "{shown}"
    );
    story.end().await;
}
