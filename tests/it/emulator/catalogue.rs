//! An invalid catalogue stops the start with an error.

use serde_json::json;

use super::*;

async fn refused(catalogue: Value) -> String {
    let data = new_folder();
    let path = data.path().join("catalogue.json");
    std::fs::write(&path, catalogue.to_string()).unwrap();
    let options = Options {
        catalogue: Some(path),
        ..options(&data)
    };
    match Emulator::start(options).await {
        Ok(_) => panic!("it took {catalogue}"),
        Err(error) => error.to_string(),
    }
}

fn one_with(key: &str, value: Value) -> Value {
    let mut one = pipeline(json!([]), quick());
    one[key] = value;
    json!({"pipelines": [one]})
}

#[actix_web::test]
async fn an_unknown_field_is_refused() {
    let mut version = one_with("code", json!("one"));
    version["pipelines"][0]["versions"][0]["parametres"] = json!([]);
    for (catalogue, word) in [
        (json!({"pipelines": [], "workspaces": []}), "workspaces"),
        (
            one_with("functional_type", json!("loading")),
            "functional_type",
        ),
        (one_with("behaviour", json!({"runing_ms": 5})), "runing_ms"),
        (version, "parametres"),
    ] {
        let sentence = refused(catalogue).await;
        let named = format!("unknown field `{word}`");
        assert!(sentence.contains(&named), "{sentence}");
        assert!(sentence.contains("is not a valid catalogue"));
    }
}

#[actix_web::test]
async fn a_catalogue_without_pipelines_is_refused() {
    let sentence = refused(json!({"workspace": {"slug": "demo"}})).await;
    assert!(sentence.contains("missing field `pipelines`"), "{sentence}");
}

#[actix_web::test]
async fn an_id_belongs_to_one_pipeline() {
    let mut second = pipeline(json!([]), quick());
    second["code"] = json!("two");
    let catalogue = json!({"pipelines": [pipeline(json!([]), quick()), second]});
    assert_eq!(
        refused(catalogue).await,
        format!("the pipelines one and two have the same id, {ONE}")
    );
    let nameless = json!({"code": "same"});
    let sentence = refused(json!({"pipelines": [nameless, nameless]})).await;
    assert!(sentence.starts_with("the pipelines same and same have the same id, "));
}

#[actix_web::test]
async fn a_pipeline_has_the_schedule_of_the_catalogue_until_it_is_changed() {
    let mut scheduled = pipeline(json!([]), quick());
    scheduled["schedule"] = json!("0 2 * * *");
    let two = json!({"id": TWO, "code": "two"});
    let story = Story::of(json!([scheduled, two])).await;
    let schedules = async || {
        let query = "{ pipelines(orderBy: CREATED_AT_ASC) { items { schedule } } }";
        let answer = story.ask(query, json!({})).await;
        let items = &answer.data()["pipelines"]["items"];
        (items[0]["schedule"].clone(), items[1]["schedule"].clone())
    };
    assert_eq!(schedules().await, (json!("0 2 * * *"), json!(null)));
    for (id, schedule) in [(ONE, json!(null)), (TWO, json!("30 6 * * 1"))] {
        let body = json!({"schedule": schedule});
        story.admin(&format!("pipelines/{id}"), body).await;
    }
    assert_eq!(schedules().await, (json!(null), json!("30 6 * * 1")));
    for (id, body, status) in [
        (UNKNOWN_ID, json!({"schedule": null}), 404),
        (ONE, json!({}), 400),
        (ONE, json!({"schedule": 5}), 400),
        (ONE, json!({"name": "New"}), 400),
    ] {
        let url = format!("{}/emulator/pipelines/{id}", story.base());
        let answer = story.client.post(url).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), status, "{body}");
    }
}
