//! Authentication, and the content of refusals.

use serde_json::json;

use super::*;

const LIST: &str = "{ pipelines(workspaceSlug: \"demo\") { totalItems } }";

#[actix_web::test]
async fn a_missing_or_bad_token_is_200_with_unauthenticated() {
    let story = Story::samples().await;
    for token in [None, Some("garbage"), Some("emulator x"), Some("")] {
        let answer = story.ask_as(token, LIST, json!({})).await;
        answer.assert_failed_softly();
        assert_eq!(
            answer.body["errors"][0]["extensions"]["code"],
            "UNAUTHENTICATED"
        );
        assert_eq!(answer.body["errors"][0]["path"], json!(["pipelines"]));
    }
}

#[actix_web::test]
async fn only_the_scheme_bearer_is_taken_in_any_case() {
    let story = Story::samples().await;
    for (header, good) in [
        ("Bearer emulator", true),
        ("bearer emulator", true),
        ("Token emulator", false),
        ("Basic emulator", false),
    ] {
        let request = story.client.post(story.emulator.url());
        let request = request.header("Authorization", header);
        let answer = request.json(&json!({"query": LIST})).send().await.unwrap();
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body.get("errors").is_none(), good, "{header}: {body}");
    }
}

#[actix_web::test]
async fn a_nullable_field_without_a_token_is_null_beside_its_error() {
    let story = Story::samples().await;
    let query =
        format!("{{ a: pipeline(id: \"{ONE}\") {{ id }} b: pipelineRun(id: \"{ONE}\") {{ id }} }}");
    let answer = story.ask_as(None, &query, json!({})).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body["data"], json!({"a": null, "b": null}));
    assert_eq!(answer.body["errors"].as_array().unwrap().len(), 2);
}

#[actix_web::test]
async fn me_is_a_user_with_the_token_and_null_without() {
    let story = Story::samples().await;
    let query = "{ me { user { id email } permissions { superUser } } }";
    let somebody = story.ask(query, json!({})).await;
    assert!(somebody.data()["me"]["user"]["id"].is_string());
    let again = Story::samples().await.ask(query, json!({})).await;
    assert_eq!(
        again.data(),
        somebody.data(),
        "the user is the same after a restart"
    );
    let nobody = story.ask_as(None, query, json!({})).await;
    assert_eq!(
        nobody.data()["me"],
        json!({"user": null, "permissions": {"superUser": false}})
    );
}

#[actix_web::test]
async fn introspection_needs_no_token() {
    let story = Story::samples().await;
    let query = "{ __schema { queryType { name } mutationType { name } } }";
    let answer = story.ask_as(None, query, json!({})).await;
    assert_eq!(answer.data()["__schema"]["queryType"]["name"], "Query");
}

#[actix_web::test]
async fn an_unknown_workspace_is_an_empty_list_and_an_unknown_id_is_null() {
    let story = Story::samples().await;
    let query = format!(
        "{{ list: pipelines(workspaceSlug: \"nowhere\") {{ totalItems totalPages items {{ id }} }}
        space: workspace(slug: \"nowhere\") {{ slug }} one: pipeline(id: \"{UNKNOWN_ID}\") {{ id }}
        run: pipelineRun(id: \"{UNKNOWN_ID}\") {{ id }} version: pipelineVersion(id: \"{UNKNOWN_ID}\") {{ id }}
        code: pipelineByCode(workspaceSlug: \"demo\", code: \"LQAS-SAMPLING\") {{ id }} }}"
    );
    let answer = story.ask(&query, json!({})).await;
    assert_eq!(
        *answer.data(),
        json!({"list": {"totalItems": 0, "totalPages": 1, "items": []}, "space": null, "one": null,
            "run": null, "version": null, "code": null})
    );
}

#[actix_web::test]
async fn a_token_is_not_limited_to_one_workspace() {
    let mut elsewhere = pipeline(json!([]), quick());
    elsewhere["workspace"] = json!("elsewhere");
    let other = json!({"slug": "elsewhere", "name": "Elsewhere"});
    let catalogue = json!({"other_workspace": other, "pipelines": [elsewhere]});
    let story = Story::with(catalogue).await;
    let query = format!(
        "{{ here: pipelines(workspaceSlug: \"demo\") {{ totalItems }} all: pipelines {{ totalItems }}
        it: pipeline(id: \"{ONE}\") {{ workspace {{ slug name }} permissions {{ run stopPipeline }} }} }}"
    );
    let answer = story.ask(&query, json!({})).await;
    assert_eq!(
        *answer.data(),
        json!({"here": {"totalItems": 0}, "all": {"totalItems": 1},
            "it": {"workspace": {"slug": "elsewhere", "name": "Elsewhere"}, "permissions": {"run": true, "stopPipeline": true}}})
    );
}

#[actix_web::test]
async fn the_connection_to_iaso_exists_once_it_is_configured() {
    let story = Story::samples().await;
    let query = "query getConnection($w: String!, $c: String!) {
        connectionBySlug(workspaceSlug: $w, connectionSlug: $c) { __typename type fields { code value } } }";
    let variables = json!({"w": "demo", "c": "iaso-pipeline"});
    let before = story.ask(query, variables.clone()).await;
    assert_eq!(before.data()["connectionBySlug"], json!(null));
    story.emulator.fill_iaso(Iaso {
        url: "http://127.0.0.1:1".to_owned(),
        token: "key".to_owned().into(),
    });
    let after = story.ask(query, variables).await;
    assert_eq!(
        after.data()["connectionBySlug"],
        json!({"__typename": "CustomConnection", "type": "CUSTOM", "fields": [
            {"code": "url", "value": "http://127.0.0.1:1"}, {"code": "value", "value": "key"}]})
    );
}
