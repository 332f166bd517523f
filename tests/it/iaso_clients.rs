//! Launches in the form that Iaso's clients use.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::identity::{self, WithSession};
use crate::support::catalogue::{id, injected, parameter, pipeline, quick};
use crate::support::iaso::{self, MAY};
use crate::support::story::{As, Base, Postgres, Sqlite, Story, StoryBuilder};

const FORM: &str = "application/x-www-form-urlencoded";

fn path() -> String {
    format!("/pipelines/{}/launch/", id(1))
}

/// The config of the only run.
async fn sent(story: &Story) -> Value {
    let runs = story.runs().await;
    assert_eq!(runs.len(), 1, "{runs:?}");
    runs[0]["config"].clone()
}

fn country() -> Value {
    json!([pipeline(
        1,
        &[parameter("country", "str", json!({}))],
        quick("succeed")
    )])
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_launches_like_json(#[values(Sqlite, Postgres)] base: Base) {
    let version = id(1001).replace('-', "");
    let config = r#"{"country": "NER & co", "pipeline_id": "x"}"#;
    let encoded = form_urlencoded::Serializer::new(String::new())
        .append_pair("version", &version)
        .append_pair("config", config)
        .finish();
    let parts = [
        ("version", version.as_str()),
        ("config", config),
        ("debug", ""),
    ];
    let part = |(name, value): &(&str, &str)| {
        format!("--line\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let parts = parts.iter().map(part).collect::<String>() + "--line--\r\n";
    for (kind, body) in [
        (FORM, encoded),
        ("multipart/form-data; boundary=line", parts),
    ] {
        let story = StoryBuilder::on(base).pipelines(country()).begin().await;
        let answer = story
            .ask(As::Operator, Method::POST, &path())
            .body(kind, body)
            .send()
            .await;
        assert_eq!(
            answer.expect(201)["task"]["name"],
            "OpenHexa Pipeline: Pipeline 1"
        );
        assert_eq!(sent(&story).await, json!({"country": "NER & co"}));
        story.end().await;
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_in_a_form_that_looks_like_a_number_is_accepted(
    #[values(Sqlite, Postgres)] base: Base,
) {
    for own in [
        "10000000-0000-4000-8000-000000001001",
        "10000000-0000-4000-8000-0000000e1001",
    ] {
        let mut pipelines = country();
        pipelines[0]["versions"][0]["id"] = json!(own);
        let story = StoryBuilder::on(base).pipelines(pipelines).begin().await;
        for version in [own.replace('-', ""), String::new()] {
            let body = format!("config=%7B%7D&version={version}");
            let answer = story
                .ask(As::Operator, Method::POST, &path())
                .body(FORM, body)
                .send()
                .await;
            let task = answer.expect(201)["task"]["id"].as_i64().unwrap();
            assert_eq!(
                story.task(task).await["pipeline"]["version"]["id"],
                own,
                "{version}"
            );
        }
        story.end().await;
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invalid_fields_of_a_form_are_named(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base).pipelines(country()).begin().await;
    for (body, field) in [
        ("config=%7B%7D&version=5", "version"),
        ("config=nonsense", "config"),
        ("config=", "config"),
        ("version=", "config"),
        ("config=5", "config"),
        ("config=%7B%7D&debug=perhaps", "debug"),
    ] {
        let answer = story
            .ask(As::Operator, Method::POST, &path())
            .body(FORM, body)
            .send()
            .await;
        assert!(
            answer.expect(400)[field].is_array(),
            "{body}: {}",
            answer.text
        );
    }
    assert_eq!(story.request_count("runPipeline").await, 0);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_is_named_with_or_without_dashes(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base).pipelines(country()).begin().await;
    let own = id(1001);
    for spelling in [
        own.clone(),
        own.replace('-', ""),
        own.to_uppercase(),
        own.replace('-', "").to_uppercase(),
    ] {
        let answer = story
            .post(&path(), &json!({"version": spelling, "config": {}}))
            .await;
        assert_eq!(answer.status, 201, "{spelling}: {}", answer.text);
    }
    let other = id(1009).replace('-', "");
    story
        .post(&path(), &json!({"version": other, "config": {}}))
        .await
        .error(400);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn planning_id_is_dropped_if_it_is_not_declared(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base).pipelines(country()).begin().await;
    story
        .launch(
            &id(1),
            json!({"planning_id": 12, "task_id": 5, "country": "NER"}),
        )
        .await;
    assert_eq!(sent(&story).await, json!({"country": "NER"}));
    story.end().await;
    let declared = [parameter("planning_id", "int", json!({}))];
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &declared, quick("succeed"))]))
        .begin()
        .await;
    story.launch(&id(1), json!({"planning_id": 12})).await;
    assert_eq!(sent(&story).await, json!({"planning_id": 12}));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_zero_of_iasos_form_that_is_not_a_choice_counts_as_not_sent(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let iaso = iaso::Iaso::start();
    let parameters = [
        injected(),
        vec![
            parameter("round", "int", json!({"choices": [1, 2]})),
            parameter("level", "int", json!({"choices": [0, 1]})),
        ],
    ];
    let parameters = parameters.concat();
    let story = identity::plan(base, &iaso)
        .pipelines(json!([pipeline(1, &parameters, quick("succeed"))]))
        .begin()
        .await;
    let config = json!({"config": {"round": 0, "level": 0}});
    let session = iaso.session(iaso::profile(4, 1, MAY));
    let as_iaso = |path: String| {
        story
            .ask(As::Anonymous, Method::POST, &path)
            .in_iaso(&session)
            .json(&config)
            .send()
    };
    let valid = as_iaso(format!("/pipelines/{}/validate/", id(1)))
        .await
        .expect(200);
    assert_eq!(valid["config"], json!({"level": 0}));
    assert_eq!(
        valid["warnings"],
        json!({"round": ["round was not sent: 0 is not one of its choices"]})
    );
    let task = as_iaso(path()).await.expect(201)["task"]["id"]
        .as_i64()
        .unwrap();
    let run = sent(&story).await;
    assert_eq!((run.get("round"), &run["level"]), (None, &json!(0)));
    let events = story
        .get(&format!("/tasks/{task}/events/"))
        .await
        .expect(200);
    assert_eq!(
        events["results"][0]["detail"],
        "left out because 0 is not one of the choices: round"
    );
    // In JSON a value is used as sent.
    let refused = story.post(&path(), &config).await.expect(400);
    assert!(refused["config"]["round"].is_array(), "{refused}");
    story.end().await;
}
