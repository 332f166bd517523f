//! The API reference: complete, valid, the same when served and when printed; and the check of all responses against it.

use rstest::rstest;
use std::collections::BTreeSet;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use openhexa_bridge::http::{self, Language, openapi};
use regex::Regex;
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderValue};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::support::contract::{self, ReceivedResponse, SentRequest};
use crate::support::process::Line;
use crate::support::story::{As, Base, Postgres, Sqlite, Story, StoryBuilder};

const DOCUMENT: &str = "/api/openhexa/openapi.json";
const PAGE: &str = "/api/openhexa/docs/";

fn english() -> Value {
    openapi::document(Language::English).unwrap()
}

/// Path, method and operation.
fn operations(document: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let all = paths.iter().flat_map(|(path, item)| {
        let item = item.as_object().unwrap().iter();
        item.map(|(method, one)| (path.as_str(), method.as_str(), one))
    });
    all.collect()
}

#[test]
fn every_route_is_described_and_nothing_else_is() {
    let document = english();
    let described: BTreeSet<String> = operations(&document)
        .into_iter()
        .map(|(path, method, _)| {
            format!("{} {}", method.to_uppercase(), path.trim_end_matches('/'))
        })
        .collect();
    let routes = http::list_routes();
    let registered: BTreeSet<String> = routes
        .iter()
        .flat_map(|route| {
            route
                .methods
                .iter()
                .map(|method| format!("{method} {}", route.path))
        })
        .filter(|route| !route.starts_with("HEAD "))
        .collect();
    // Pages are in the route list but not part of the API.
    let (pages, registered): (BTreeSet<_>, BTreeSet<_>) = registered
        .into_iter()
        .partition(|route| route.contains("/dashboard"));
    assert!(pages.contains("GET /dashboard/pipelines") && pages.is_disjoint(&described));
    let bare: Vec<_> = registered.difference(&described).collect();
    assert!(
        bare.is_empty(),
        "{bare:?} is in the route list but not documented: give its handler a #[utoipa::path] and list it in src/http/openapi/mod.rs"
    );
    let lost: Vec<_> = described.difference(&registered).collect();
    assert!(
        lost.is_empty(),
        "{lost:?} is documented but not in the route list (src/http/api_routes.rs): does its path or method differ?"
    );
}

#[test]
fn paths_are_complete_and_their_placeholders_are_parameters() {
    let gap = Regex::new(r"\{(\w+)\}").unwrap();
    let document = english();
    let mut ids = BTreeSet::new();
    for (path, method, one) in operations(&document) {
        let alone = ["/healthz", "/readyz", "/metrics", DOCUMENT].contains(&path);
        assert!(
            alone || path.starts_with("/api/openhexa/") && path.ends_with('/'),
            "{path}"
        );
        let gaps: BTreeSet<_> = gap
            .captures_iter(path)
            .map(|found| found[1].to_owned())
            .collect();
        let parameters = one["parameters"].as_array().into_iter().flatten();
        let in_path = parameters.filter(|parameter| parameter["in"] == "path");
        let named = in_path.map(|parameter| parameter["name"].as_str().unwrap().to_owned());
        assert_eq!(gaps, named.collect(), "{method} {path}");
        let id = one["operationId"].as_str().unwrap();
        assert!(ids.insert(id), "{id} is not unique");
    }
}

#[test]
fn every_operation_has_its_required_role() {
    let document = english();
    let credentials = document["components"]["securitySchemes"]
        .as_object()
        .unwrap();
    for (path, method, one) in operations(&document) {
        for scheme in one["security"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|route| route.as_object().unwrap().keys())
        {
            assert!(
                credentials.contains_key(scheme),
                "{method} {path}: {scheme}"
            );
        }
    }
    let one = |path: &str, method: &str| document["paths"][path][method].clone();
    assert_eq!(one("/api/openhexa/config/", "put")["x-role"], "admin");
    assert_eq!(
        one("/api/openhexa/pipelines/{id}/launch/", "post")["x-role"],
        "operator"
    );
    assert_eq!(
        one("/api/openhexa/tasks/", "get")["security"],
        json!([{"key": []}, {"iaso_session": []}, {"iaso_token": []}])
    );
    assert_eq!(
        one("/api/openhexa/config/", "get")["security"],
        json!([{"key": []}, {"iaso_session": []}])
    );
    assert_eq!(
        one("/api/openhexa/pipelines/{id}/", "patch")["security"],
        json!([{"callback_token": []}, {"key": []}, {"iaso_session": []}, {"iaso_token": []}])
    );
    assert_eq!(one("/healthz", "get")["security"], json!([]));
}

#[test]
fn each_reference_exists_and_each_schema_is_valid() {
    let document = english();
    assert_eq!(
        (&document["openapi"], &document["servers"]),
        (&json!("3.1.0"), &json!([{"url": "/"}]))
    );
    let text = document.to_string();
    let reference = Regex::new(r##""\$ref":"#([^"]+)""##).unwrap();
    assert!(reference.is_match(&text));
    for found in reference.captures_iter(&text) {
        assert!(
            document.pointer(&found[1]).is_some(),
            "{} does not exist",
            &found[1]
        );
    }
    for schema in contract::schemas(&document) {
        contract::compile(schema, &document).unwrap();
    }
    for schema in document["components"]["schemas"]
        .as_object()
        .unwrap()
        .values()
    {
        contract::compile(schema, &document).unwrap();
    }
}

/// Every message key was replaced by its text.
fn has_texts(value: &Value) {
    match value {
        Value::Object(object) => {
            for (name, inner) in object {
                if let Some(words) = inner
                    .as_str()
                    .filter(|_| name == "description" || name == "summary")
                {
                    assert!(
                        words.contains(' ') || !words.contains('-') && !words.contains('_'),
                        "no text for {words}"
                    );
                }
                has_texts(inner);
            }
        }
        Value::Array(items) => items.iter().for_each(has_texts),
        _ => {}
    }
}

#[test]
fn it_has_texts_in_both_languages() {
    for language in [Language::English, Language::French] {
        let document = openapi::document(language).unwrap();
        has_texts(&document);
        for (path, method, one) in operations(&document) {
            let id = one["operationId"].as_str().unwrap();
            let summary = one["summary"].as_str().unwrap();
            assert_ne!(summary, id, "{method} {path}: no text for {id} in api.ftl");
            let parameters = one["parameters"].as_array().into_iter().flatten();
            let texts = parameters.chain(one["responses"].as_object().unwrap().values());
            for described in texts {
                assert!(
                    described["description"].is_string(),
                    "{method} {path}: {described}"
                );
            }
        }
    }
    let french = openapi::document(Language::French).unwrap();
    assert_eq!(
        french["paths"]["/api/openhexa/tasks/{id}/logs/"]["get"]["summary"],
        "Le journal d’une tâche"
    );
}

#[test]
fn a_response_without_additional_properties_lists_all_keys() {
    let document = english();
    let task = &document["components"]["schemas"]["Task"];
    let keys: Vec<_> = task["properties"].as_object().unwrap().keys().collect();
    let required: Vec<_> = task["required"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key.as_str().unwrap())
        .collect();
    assert_eq!(task["additionalProperties"], false);
    assert_eq!(keys.len(), required.len() + 2, "all but two: {keys:?}");
    assert!(!required.contains(&"config") && !required.contains(&"result_size"));
    assert_eq!(
        document["components"]["schemas"]["TaskStatus"]["enum"],
        json!(["QUEUED", "RUNNING", "SUCCESS", "ERROR", "CANCELLED"])
    );
}

/// The result of the contract check for a response.
fn check_response(method: &str, path: &str, status: u16, body: &Value) -> Result<(), String> {
    let mut headers = HeaderMap::new();
    for name in [
        "x-request-id",
        "content-language",
        "www-authenticate",
        "retry-after",
    ] {
        headers.insert(name, HeaderValue::from_static("x"));
    }
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    let asked = SentRequest {
        method: method.to_owned(),
        url: format!("http://bridge{path}").parse().unwrap(),
        kind: "application/json".to_owned(),
        body: None,
    };
    let text = body.to_string();
    contract::check(
        &asked,
        &ReceivedResponse {
            status,
            headers: &headers,
            text: &text,
        },
    )
}

#[test]
fn the_contract_check_refuses_undocumented_responses() {
    let health = "/healthz";
    check_response("GET", health, 200, &json!({"status": "ok"})).unwrap();
    let refused = |method: &str, path: &str, status, body: &Value, why: &str| {
        let wrong = check_response(method, path, status, body).unwrap_err();
        assert!(wrong.contains(why), "{wrong}");
    };
    refused(
        "GET",
        health,
        200,
        &json!({"status": "ok", "more": 1}),
        "GET /healthz answers 200: the body does not fit",
    );
    refused(
        "GET",
        health,
        200,
        &json!({}),
        "\"status\" is a required property",
    );
    refused("GET", health, 200, &json!({"status": 1}), "at \"/status\"");
    refused(
        "GET",
        health,
        418,
        &json!({"error": "tea"}),
        "this status is not described",
    );
    refused(
        "PUT",
        health,
        200,
        &json!({}),
        "PUT /healthz is not described and answers 200",
    );
    refused(
        "GET",
        "/nothing",
        200,
        &json!({}),
        "GET /nothing is not described",
    );
    refused(
        "GET",
        "/nothing",
        404,
        &json!({"detail": "no error"}),
        "GET /nothing does not fit",
    );
    let logs =
        |status: &str| json!({"status": status, "logs": [], "progress_value": 0, "end_value": 0});
    check_response("GET", "/api/openhexa/tasks/1/logs/", 200, &logs("QUEUED")).unwrap();
    refused(
        "GET",
        "/api/openhexa/tasks/1/logs",
        200,
        &logs("LOST"),
        "at \"/status\"",
    );
    let list = |paging: &Value| {
        let mut list = json!({"results": []});
        list.as_object_mut()
            .unwrap()
            .extend(paging.as_object().unwrap().clone());
        check_response("GET", "/api/openhexa/pipelines/", 200, &list)
    };
    list(&json!({"stale": true, "as_of": "2026-11-20T10:42:00.123Z"})).unwrap();
    list(&json!({"stale": true})).unwrap_err();
    list(&json!({"stale": true, "as_of": "yesterday"})).unwrap_err();
}

async fn plain(story: &Story, path: &str, language: &str) -> crate::support::story::Answer {
    let ask = story.ask_at(As::Anonymous, Method::GET, path);
    ask.header("accept-language", language).send().await
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn document_and_page_need_no_sign_in(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base).not_configured().begin().await;
    for path in [DOCUMENT.to_owned(), format!("{DOCUMENT}/")] {
        let answer = plain(&story, &path, "en").await;
        assert_eq!(answer.expect(200), english());
        assert_eq!(answer.header("vary"), "Accept-Language");
    }
    for path in [PAGE, PAGE.trim_end_matches('/')] {
        let answer = plain(&story, path, "en").await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, "text/html; charset=utf-8")
        );
        for (path, _, one) in operations(&english()) {
            assert!(answer.text.contains(path), "{path}");
            assert!(
                answer
                    .text
                    .contains(&format!("id=\"{}\"", one["operationId"].as_str().unwrap()))
            );
        }
    }
    let french = plain(&story, PAGE, "fr").await;
    assert!(
        french.text.contains("<html lang=\"fr\">") && french.text.contains("Lancer un pipeline")
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_loads_nothing_else_and_has_no_script(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base).not_configured().begin().await;
    let tags = Regex::new(r"<[^>]*>").unwrap();
    let link = Regex::new("href=\"#([^\"]+)\"").unwrap();
    for language in ["en", "fr"] {
        let answer = plain(&story, PAGE, language).await;
        let page = &answer.text;
        for word in [
            "http://",
            "https://",
            "//",
            "<script",
            "<img",
            "<link",
            "<iframe",
            " src=",
            " style=",
            "url(",
            "@import",
            "javascript:",
            " on",
        ] {
            let outside = |text: &str| text.contains(word);
            let found = tags.find_iter(page).any(|tag| outside(tag.as_str()));
            assert!(
                !found && (word == " on" || word == "//" || !outside(page)),
                "{word}"
            );
        }
        let style = page
            .split("<style>")
            .nth(1)
            .unwrap()
            .split("</style>")
            .next()
            .unwrap();
        let hash = BASE64_STANDARD.encode(Sha256::digest(style));
        let policy = answer.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none';")
                && policy.contains(&format!("'sha256-{hash}'")),
            "{policy}"
        );
        assert!(link.is_match(page));
        for found in link.captures_iter(page) {
            assert!(
                page.contains(&format!("id=\"{}\"", &found[1])),
                "#{} does not exist",
                &found[1]
            );
        }
    }
    story.end().await;
}

#[tokio::test]
async fn the_command_prints_the_served_document_without_settings() {
    let folder = tempfile::tempdir().unwrap();
    let ended = Line::of(&["openapi"]).inside(folder.path()).run().await;
    assert_eq!((ended.status.code(), ended.err.len()), (Some(0), 0));
    assert_eq!(
        ended.out.join("\n"),
        openapi::text(Language::English).unwrap()
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    let printed: Map<String, Value> = serde_json::from_str(&ended.out.join("\n")).unwrap();
    assert_eq!(printed["openapi"], "3.1.0");
}
