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
