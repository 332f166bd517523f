//! A dataset, connection or file that is missing in the workspace causes a warning; only the run refuses it.

use rstest::rstest;
use serde_json::json;

use super::{Base, StoryBuilder, Value, id, parameter, pipeline, quick, validate};
use crate::support::story::{Postgres, Sqlite};

fn named() -> Value {
    let parameters = [
        parameter("population", "dataset", json!({"name": "Population"})),
        parameter(
            "several",
            "dataset",
            json!({"multiple": true, "name": "Several"}),
        ),
        parameter("source", "dhis2", json!({"name": "Source"})),
        parameter("table", "file", json!({"name": "Table"})),
    ];
    json!([pipeline(1, &parameters, quick("succeed"))])
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_resource_causes_a_warning(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base).pipelines(named()).begin().await;
    let held = json!({"population": "population-2026", "several": ["population-2026"], "source": "dhis2-play", "table": "/reference/districts.csv"});
    assert_eq!(
        validate(&story, 1, &held).await.expect(200)["warnings"],
        json!({})
    );
    let doubted = json!({"population": "popullation", "several": ["population-2026", "other"], "source": "sms", "table": "reference/district.csv"});
    let answer = validate(&story, 1, &doubted).await.expect(200);
    assert_eq!(
        answer["warnings"],
        json!({
            "population": ["Population: no dataset “popullation” found in this workspace"],
            "several": ["Several: no dataset “other” found in this workspace"],
            "source": ["Source: no connection “sms” of this type found in this workspace"],
            "table": ["Table: no file “reference/district.csv” found in this workspace"],
        })
    );
    assert_eq!(answer["valid"], true);
    let task = story.launch(&id(1), doubted).await;
    story.until_confirmed(task).await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_resource_in_a_default_causes_a_warning(#[values(Sqlite, Postgres)] base: Base) {
    let stale = parameter(
        "population",
        "dataset",
        json!({"name": "Population", "default": "population-2019"}),
    );
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &[stale], quick("succeed"))]))
        .begin()
        .await;
    let answer = validate(&story, 1, &json!({})).await.expect(200);
    assert_eq!(
        answer["warnings"],
        json!({"population": ["Population: no dataset “population-2019” found in this workspace"]})
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disabled_parameter_or_an_invalid_path_is_not_looked_up(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let parameters = [
        parameter("skip", "bool", json!({"disables": ["population"]})),
        parameter(
            "population",
            "dataset",
            json!({"default": "population-2019"}),
        ),
        parameter("table", "file", json!({})),
    ];
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &parameters, quick("succeed"))]))
        .begin()
        .await;
    let endless = format!("reference/{}", "a".repeat(2000));
    let asked = story.request_count("workspace").await;
    let answer = validate(&story, 1, &json!({"skip": true}))
        .await
        .expect(200);
    assert_eq!(answer["warnings"], json!({}));
    let answer = validate(&story, 1, &json!({"skip": true, "table": endless}))
        .await
        .expect(400);
    assert_eq!(
        answer["config"]["table"],
        json!(["table is too long: at most 1024 bytes"])
    );
    assert_eq!(
        story.request_count("workspace").await,
        asked,
        "nothing was looked up"
    );
    let answer = validate(&story, 1, &json!({"skip": false}))
        .await
        .expect(200);
    assert!(answer["warnings"]["population"].is_array(), "{answer}");
    story.end().await;
}
