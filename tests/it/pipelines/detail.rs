//! `GET /pipelines/{id}/`.

use rstest::rstest;
use serde_json::{Value, json};

use super::keys;
use crate::support::catalogue::{id, parameter, pipeline, quick, with};
use crate::support::story::{Base, Postgres, Sqlite, StoryBuilder};

const PARAMETER: [&str; 14] = [
    "choices",
    "choicesFromFile",
    "code",
    "connection",
    "default",
    "directory",
    "disableWhen",
    "disables",
    "help",
    "multiple",
    "name",
    "required",
    "type",
    "widget",
];

fn path(number: u64) -> String {
    format!("/pipelines/{}/", id(number))
}

/// Pipeline 1 whose only version has this config and these parameters.
fn saved(config: Value, parameters: &[Value]) -> Value {
    with(
        pipeline(1, &[], quick("succeed")),
        json!({"versions": [{
        "id": id(1001), "versionNumber": 3, "name": "third", "timeout": 600, "config": config, "parameters": parameters}]}),
    )
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pipeline_has_its_current_version(#[values(Sqlite, Postgres)] base: Base) {
    let full = json!({
            "name": "Districts", "type": "str", "required": true, "multiple": true, "default": ["Nylon"],
            "choicesFromFile": {"path": "reference/districts.csv", "format": "csv", "column": "name"}, "help": "Which ones",
            "widget": "DHIS2_ORG_UNITS", "connection": "dhis2", "directory": "reference", "disables": [], "disableWhen": true});
    let parameters = [
        parameter("districts", "str", full),
        parameter(
            "all",
            "bool",
            json!({"disables": ["districts"], "disableWhen": false}),
        ),
        parameter(
            "year",
            "int",
            json!({"choices": [2025, 2026], "default": 2026}),
        ),
        parameter("dhis2", "dhis2", json!({})),
    ];
    let described = with(
        saved(json!({"year": 2025}), &parameters),
        json!({"description": "Draws lots", "createdAt": "2026-01-02T03:04:05Z"}),
    );
    let story = StoryBuilder::on(base)
        .pipelines(json!([described]))
        .begin()
        .await;
    let mut found = story.get(&path(1)).await.expect(200);
    let declared = found["currentVersion"]["parameters"].take();
    assert_eq!(
        found,
        json!({
            "id": id(1), "name": "Pipeline 1", "code": "pipeline-1", "type": "zipFile", "description": "Draws lots",
            "createdAt": "2026-01-02T03:04:05.000Z", "schedule": null, "permissions": {"run": true, "stop": true},
            "currentVersion": {"id": id(1001), "versionNumber": 3, "versionName": "third [v3]", "config": {"year": 2025}, "timeout": 600, "parameters": null},
        })
    );
    for (shown, written) in declared.as_array().unwrap().iter().zip(&parameters) {
        assert_eq!(keys(shown), PARAMETER);
        assert_eq!(shown, written);
    }
    assert_eq!(declared.as_array().unwrap().len(), 4);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pipeline_has_the_schedule_that_openhexa_follows(#[values(Sqlite, Postgres)] base: Base) {
    let scheduled = with(
        pipeline(1, &[], quick("succeed")),
        json!({"schedule": "0 2 * * *"}),
    );
    let story = StoryBuilder::on(base)
        .pipelines(json!([scheduled]))
        .setting("cache.fresh_for", "0s")
        .begin()
        .await;
    for (change, shown) in [
        (None, json!("0 2 * * *")),
        (Some(json!("30 6 * * 1")), json!("30 6 * * 1")),
        (Some(json!("  ")), json!(null)),
        (Some(json!(null)), json!(null)),
    ] {
        if let Some(schedule) = change {
            story.schedule_in_openhexa(&id(1), &schedule).await;
        }
        let found = story.get(&path(1)).await.expect(200);
        assert_eq!(found["schedule"], shown);
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notebook_has_no_version_and_an_empty_one_has_no_parameters(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let notebook = with(
        pipeline(1, &[], quick("succeed")),
        json!({"type": "notebook", "versions": []}),
    );
    let versionless = with(pipeline(2, &[], quick("succeed")), json!({"versions": []}));
    let empty = pipeline(3, &[], quick("succeed"));
    let story = StoryBuilder::on(base)
        .pipelines(json!([notebook, versionless, empty]))
        .begin()
        .await;
    let found = story.get(&path(1)).await.expect(200);
    assert_eq!(
        (&found["type"], &found["currentVersion"]),
        (&json!("notebook"), &json!(null))
    );
    assert_eq!(
        story.get(&path(2)).await.expect(200)["currentVersion"],
        json!(null)
    );
    assert_eq!(
        story.get(&path(3)).await.expect(200)["currentVersion"]["parameters"],
        json!([])
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_version_is_the_current_one(#[values(Sqlite, Postgres)] base: Base) {
    let versions = json!([
        {"id": id(1001), "versionNumber": 1, "parameters": []},
        {"id": id(1002), "versionNumber": 2, "parameters": [parameter("year", "int", json!({}))]},
    ]);
    let story = StoryBuilder::on(base)
        .pipelines(json!([with(
            pipeline(1, &[], quick("succeed")),
            json!({"versions": versions})
        )]))
        .begin()
        .await;
    let version = &story.get(&path(1)).await.expect(200)["currentVersion"];
    assert_eq!(
        (&version["id"], &version["versionNumber"]),
        (&json!(id(1002)), &json!(2))
    );
    assert_eq!(version["timeout"], json!(null));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_are_masked_everywhere(#[values(Sqlite, Postgres)] base: Base) {
    let parameters = [
        parameter(
            "password",
            "secret",
            json!({"default": "default-of-the-password"}),
        ),
        parameter("unset", "secret", json!({"default": ""})),
        parameter("none", "secret", json!({})),
        parameter(
            "connection_token",
            "str",
            json!({"default": "default-of-the-token"}),
        ),
        parameter("country", "str", json!({"default": "CMR"})),
    ];
    let config = json!({"password": "saved-password", "unset": "", "connection_token": "saved-token", "country": "BFA"});
    let story = StoryBuilder::on(base)
        .pipelines(json!([saved(config, &parameters)]))
        .begin()
        .await;
    let answer = story.get(&path(1)).await;
    let version = &answer.expect(200)["currentVersion"];
    assert_eq!(
        version["config"],
        json!({"password": "••••", "unset": "", "connection_token": "••••", "country": "BFA"})
    );
    let defaults: Vec<&Value> = version["parameters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["default"])
        .collect();
    assert_eq!(
        defaults,
        [
            &json!("••••"),
            &json!(""),
            &json!(null),
            &json!("••••"),
            &json!("CMR")
        ]
    );
    for secret in ["default-of-the", "saved-password", "saved-token"] {
        assert!(!answer.text.contains(secret), "{secret}");
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pipeline_of_another_workspace_is_not_found(#[values(Sqlite, Postgres)] base: Base) {
    let foreign = with(
        pipeline(2, &[], quick("succeed")),
        json!({"workspace": "elsewhere"}),
    );
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &[], quick("succeed")), foreign]))
        .begin()
        .await;
    story.get(&path(1)).await.expect(200);
    for wrong in [
        id(2),
        id(9),
        "5".to_owned(),
        "not-an-id".to_owned(),
        format!("{}0", id(1)),
        "%C3%A9".to_owned(),
        "%FF".to_owned(),
        "%00".to_owned(),
    ] {
        let answer = story.get(&format!("/pipelines/{wrong}/")).await;
        assert_eq!(answer.error(404), "Pipeline not found", "{wrong}");
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_definition_that_openhexa_cannot_read_has_no_version_and_cannot_be_launched(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let odd = saved(json!({}), &[parameter("year", "", json!({}))]);
    let story = StoryBuilder::on(base)
        .pipelines(json!([odd, pipeline(2, &[], quick("succeed"))]))
        .begin()
        .await;
    let found = story.get(&path(1)).await.expect(200);
    assert_eq!(
        (&found["id"], &found["currentVersion"]),
        (&json!(id(1)), &json!(null))
    );
    assert_eq!(
        story.get("/pipelines/").await.expect(200)["results"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    for body in [
        json!({"config": {}}),
        json!({"config": {}, "version": id(1001)}),
    ] {
        for route in ["validate", "launch"] {
            let answer = story.post(&format!("{}{route}/", path(1)), &body).await;
            let wrong = answer.expect(400);
            assert_eq!(wrong["version"], json!([wrong["error"]]));
            assert!(
                answer
                    .error(400)
                    .contains("cannot read the parameters of this version"),
                "{wrong}"
            );
        }
    }
    assert_eq!(story.runs().await.len(), 0);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_id_has_one_format_in_any_case(#[values(Sqlite, Postgres)] base: Base) {
    let number = "abcdef00-0000-4000-8000-000000000001";
    let lettered = with(pipeline(1, &[], quick("manual")), json!({"id": number}));
    let (story, version) = (
        StoryBuilder::on(base)
            .pipelines(json!([lettered]))
            .begin()
            .await,
        id(1001),
    );
    let simple = number.replace('-', "");
    story
        .get(&format!("/pipelines/{}/", number.to_uppercase()))
        .await
        .expect(200);
    for spelling in [
        format!("%7B{number}%7D"),
        format!("urn:uuid:{number}"),
        simple,
    ] {
        for rest in ["", "versions/", "runs/"] {
            story
                .get(&format!("/pipelines/{spelling}/{rest}"))
                .await
                .expect(404);
        }
        story
            .post(
                &format!("/pipelines/{spelling}/launch/"),
                &json!({"config": {}}),
            )
            .await
            .expect(404);
    }
    let launch = format!("/pipelines/{number}/launch/");
    // Iaso accepts a version in each of these formats, so the bridge does too.
    let validate = format!("/pipelines/{number}/validate/");
    for spelling in [
        format!("{{{version}}}"),
        format!("urn:uuid:{version}"),
        version.replace('-', ""),
    ] {
        story
            .post(&validate, &json!({"version": spelling, "config": {}}))
            .await
            .expect(200);
    }
    let refused = story
        .post(&launch, &json!({"version": &version[1..], "config": {}}))
        .await
        .expect(400);
    assert!(refused.to_string().contains("version"), "{refused}");
    let task = story
        .post(&launch, &json!({"version": version, "config": {}}))
        .await
        .expect(201)["task"]["id"]
        .take();
    let word = json!({"task_id": task, "progress_value": 1});
    for spelling in [
        format!("%7B{number}%7D"),
        format!("urn:uuid:{number}"),
        number.replace('-', ""),
    ] {
        story.report(&spelling, &word).await.expect(400);
    }
    story
        .report(&number.to_uppercase(), &word)
        .await
        .expect(200);
    story.end().await;
}
