//! Warnings: values that may be right, such as one that is missing in a choices file of the workspace.

use rstest::rstest;
use serde_json::json;

use super::{
    As, Base, Method, StoryBuilder, Value, id, nothing_happened, parameter, path, pipeline, quick,
    validate,
};
use crate::support::story::{Postgres, Sqlite};

/// The emulator's `reference/districts.csv`: code,name; CE-01,Djoungolo; LT-07,Nylon; …
fn districts(more: Value) -> Value {
    let from = json!({"choicesFromFile": {"path": "reference/districts.csv", "format": "csv", "column": "name"}, "name": "District"});
    parameter(
        "district",
        "str",
        crate::support::catalogue::with(from, more),
    )
}

fn of(parameter: Value) -> Value {
    json!([pipeline(1, &[parameter], quick("succeed"))])
}

const OUTSIDE: &str = "District: “Atlantis” is not one of the choices in reference/districts.csv";

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_outside_the_file_is_a_warning_and_not_an_error(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = StoryBuilder::on(base)
        .pipelines(of(districts(json!({}))))
        .begin()
        .await;
    let inside = validate(&story, 1, &json!({"district": "Nylon"}))
        .await
        .expect(200);
    assert_eq!(inside["warnings"], json!({}));
    let outside = validate(&story, 1, &json!({"district": "Atlantis"}))
        .await
        .expect(200);
    assert_eq!(
        outside,
        json!({"valid": true, "config": {"district": "Atlantis"}, "warnings": {"district": [OUTSIDE]}})
    );
    let french = story
        .ask(As::Operator, Method::POST, &path(1))
        .header("accept-language", "fr")
        .json(&json!({"config": {"district": "Atlantis"}}));
    let french = french.send().await.expect(200);
    assert_eq!(
        french["warnings"],
        json!({"district": [
            "«\u{a0}District\u{a0}»\u{a0}: «\u{a0}Atlantis\u{a0}» ne figure pas parmi les choix de reference/districts.csv"
        ]})
    );
    let task = story.launch(&id(1), json!({"district": "Atlantis"})).await;
    story.until_confirmed(task).await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_of_several_values_is_looked_up(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base)
        .pipelines(of(districts(json!({"multiple": true}))))
        .begin()
        .await;
    for (given, warned) in [
        (json!(["Nylon", "Efoulan"]), false),
        (json!([]), false),
        (json!(["Nylon", "Atlantis"]), true),
    ] {
        let answer = validate(&story, 1, &json!({"district": given}))
            .await
            .expect(200);
        assert_eq!(
            answer["warnings"].get("district").is_some(),
            warned,
            "{given}"
        );
    }
    let long = "x".repeat(61);
    let many = json!({"district": ["Nylon", "Atlantis", long, "Elba", "Utopia"]});
    let answer = validate(&story, 1, &many).await.expect(200);
    let named = format!(
        "District: these values are not among the choices in reference/districts.csv: Atlantis, {}…, Elba, …",
        "x".repeat(60)
    );
    assert_eq!(answer["warnings"]["district"], json!([named]));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_accounts_value_is_looked_up_too(#[values(Sqlite, Postgres)] base: Base) {
    let content = json!({"pipelines": [{"id": id(1), "parameters": {"district": "Atlantis"}}]});
    let story = StoryBuilder::on(base)
        .pipelines(of(districts(json!({}))))
        .content(&content)
        .begin()
        .await;
    let answer = validate(&story, 1, &json!({})).await.expect(200);
    assert_eq!(
        answer,
        json!({"valid": true, "config": {"district": "Atlantis"}, "warnings": {"district": [OUTSIDE]}})
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_are_not_checked_if_the_file_cannot_be_read(#[values(Sqlite, Postgres)] base: Base) {
    let missing = districts(
        json!({"choicesFromFile": {"path": "nowhere.csv", "format": "csv", "column": "name"}}),
    );
    let other_column = districts(
        json!({"code": "column", "choicesFromFile": {"path": "reference/districts.csv", "format": "csv", "column": "nope"}}),
    );
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(
            1,
            &[missing, other_column],
            quick("succeed")
        )]))
        .begin()
        .await;
    let answer = validate(
        &story,
        1,
        &json!({"district": "Atlantis", "column": "Atlantis"}),
    )
    .await
    .expect(200);
    assert_eq!(answer["warnings"], json!({}));
    nothing_happened(&story).await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unchanged_or_invalid_value_causes_no_warning(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base)
        .pipelines(of(districts(json!({}))))
        .begin()
        .await;
    for untouched in [
        json!({}),
        json!({"district": null}),
        json!({"district": " "}),
    ] {
        assert_eq!(
            validate(&story, 1, &untouched).await.expect(200)["warnings"],
            json!({}),
            "{untouched}"
        );
    }
    let wrong = validate(&story, 1, &json!({"district": 5}))
        .await
        .expect(400);
    assert!(wrong.get("warnings").is_none());
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_in_a_missing_folder_causes_a_warning(#[values(Sqlite, Postgres)] base: Base) {
    let parameters = [parameter("source", "file", json!({"name": "Source"}))];
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &parameters, quick("succeed"))]))
        .begin()
        .await;
    for (path, is_there) in [
        ("reference/districts.csv", true),
        ("reference/nope.csv", false),
        ("nowhere/districts.csv", false),
        ("reference/nowhere/a.csv", false),
        ("a/b/c/d/e/f/g/h/i/j/k.csv", false),
        ("/nowhere/districts.csv", false),
    ] {
        let answer = validate(&story, 1, &json!({"source": path}))
            .await
            .expect(200);
        let said = format!("Source: no file “{path}” found in this workspace");
        let warned = if is_there {
            json!({})
        } else {
            json!({"source": [said]})
        };
        assert_eq!(answer["warnings"], warned, "{path}");
    }
    let before = story.requests().await;
    let long = "a/".repeat(500);
    validate(&story, 1, &json!({"source": format!("reference/{long}b")}))
        .await
        .expect(200);
    assert!(
        story.requests().await - before <= 12,
        "a deep path needs few requests"
    );
    let said = validate(&story, 1, &json!({"source": "a".repeat(5000)}))
        .await
        .expect(400);
    assert_eq!(
        said["config"]["source"],
        json!(["Source is too long: at most 1024 bytes"])
    );
    story.end().await;
}
