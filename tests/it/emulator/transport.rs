//! Status codes, redirects, sizes and idle connections.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::json;

use super::*;

#[actix_web::test]
async fn without_its_slash_the_url_redirects_to_an_html_page() {
    let story = Story::samples().await;
    let careful = crate::support::client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let url = format!("{}/graphql", story.base());
    let body = json!({"query": "{ __typename }"});
    let answer = careful.post(&url).json(&body).send().await.unwrap();
    assert_eq!(answer.status(), 301);
    assert_eq!(answer.headers()["location"], "/graphql/");
    let followed = story.client.post(&url).json(&body).send().await.unwrap();
    assert_eq!(followed.status(), 200);
    assert!(
        followed.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/html")
    );
}

#[actix_web::test]
async fn an_invalid_document_is_400() {
    let story = Story::samples().await;
    for query in [
        "{ pipelines { ",
        "{ pipelines { items { nope } } }",
        "{ pipeline(id: \"not-a-uuid\") { id } }",
        "{ nothing }",
        "subscription { x }",
    ] {
        let answer = story.ask(query, json!({})).await;
        assert_eq!(answer.status, 400, "{query}: {}", answer.body);
        assert!(answer.body["errors"][0]["message"].is_string());
        assert!(answer.body.get("data").is_none());
    }
}

#[actix_web::test]
async fn an_invalid_variable_is_200_without_data() {
    let story = Story::samples().await;
    let query = "query D($id: UUID!) { pipeline(id: $id) { id } }";
    for variables in [
        json!({"id": "not-a-uuid"}),
        json!({"id": 12}),
        json!({"id": null}),
        json!({}),
        json!({"id": format!(" {ONE}")}),
    ] {
        story.ask(query, variables).await.assert_failed_softly();
    }
    let query = "query L($o: PipelineOrderBy) { pipelines(orderBy: $o) { totalItems } }";
    story
        .ask(query, json!({"o": "NOPE"}))
        .await
        .assert_failed_softly();
    for input in [
        json!({"id": ONE}),
        json!({"id": ONE, "config": null}),
        json!({"id": ONE, "config": {}, "version": 3}),
        json!({"id": "zzz", "config": {}}),
        json!({"id": ONE, "config": {}, "versionId": ""}),
    ] {
        story
            .ask(LAUNCH, json!({"input": input}))
            .await
            .assert_failed_softly();
    }
    assert!(story.all_runs().await.is_empty());
}

#[actix_web::test]
async fn a_uuid_is_parsed_like_in_python() {
    let story = Story::of(json!([pipeline(json!([]), quick())])).await;
    let query = "query D($id: UUID!) { pipeline(id: $id) { id } }";
    for id in [
        ONE.to_owned(),
        ONE.to_uppercase(),
        ONE.replace('-', ""),
        format!("{{{ONE}}}"),
    ] {
        let answer = story.ask(query, json!({"id": id})).await;
        assert_eq!(answer.data()["pipeline"]["id"], ONE);
    }
}

#[actix_web::test]
async fn a_body_that_is_not_a_request_is_400() {
    let story = Story::samples().await;
    for body in [
        "{",
        "",
        "[]",
        "{}",
        "{\"query\":\"\"}",
        "{\"query\":\"{ __typename }\",\"variables\":\"{}\"}",
    ] {
        let request = story.client.post(story.emulator.url()).body(body);
        let answer = request
            .header("Content-Type", "application/json")
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 400, "{body}");
    }
    let request = story
        .client
        .post(story.emulator.url())
        .body("{\"query\":\"{ __typename }\"}");
    let answer = request
        .header("Content-Type", "text/plain")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 400);
}

#[actix_web::test]
async fn of_several_operations_one_must_be_named() {
    let story = Story::samples().await;
    let query = "query A { a: __typename } query B { b: __typename }";
    story.ask(query, json!({})).await.assert_failed_softly();
    let named = json!({"query": query, "operationName": "B"});
    let answer = story
        .client
        .post(story.emulator.url())
        .json(&named)
        .send()
        .await
        .unwrap();
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body, json!({"data": {"b": "Query"}}));
}

#[actix_web::test]
async fn a_body_over_5_mib_is_413() {
    let story = Story::samples().await;
    let answer = story
        .ask("{ __typename }", json!({"x": "a".repeat(6 * 1024 * 1024)}))
        .await;
    assert_eq!(answer.status, 413);
    assert_eq!(answer.body, json!({"error": "REQUEST_TOO_LARGE"}));
    let below = story
        .ask("{ __typename }", json!({"x": "a".repeat(4 * 1024 * 1024)}))
        .await;
    assert_eq!(below.status, 200);
}

#[actix_web::test]
async fn thousands_of_aliases_and_deep_nesting_pass() {
    let story = Story::samples().await;
    let aliases: Vec<String> = (0..5000).map(|n| format!("a{n}: __typename")).collect();
    let wide = story
        .ask(&format!("{{ {} }}", aliases.join(" ")), json!({}))
        .await;
    assert_eq!(wide.data()["a4999"], "Query");
    let deep = format!(
        "{{ pipelines(search: \"LQAS\") {{ items {{ {}id{} }} }} }}",
        "currentVersion { pipeline { ".repeat(12),
        " } }".repeat(12)
    );
    let deep = story.ask(&deep, json!({})).await;
    assert_eq!(
        deep.data()["pipelines"]["items"].as_array().unwrap().len(),
        1
    );
}

#[actix_web::test]
async fn an_idle_connection_is_closed_after_two_seconds() {
    let story = Story::samples().await;
    let address = story.base().replace("http://", "");
    let idle = tokio::task::spawn_blocking(move || {
        let mut socket = TcpStream::connect(&address).unwrap();
        socket.set_read_timeout(Some(MAX_WAIT)).unwrap();
        let body = "{\"query\":\"{ __typename }\"}";
        write!(socket, "POST /graphql/ HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        let mut heard = [0; 4096];
        let size = socket.read(&mut heard).unwrap();
        assert!(heard[..size].starts_with(b"HTTP/1.1 200"));
        let answered = Instant::now();
        // The response is followed only by the end of the connection.
        let mut rest = Vec::new();
        socket.read_to_end(&mut rest).unwrap();
        answered.elapsed()
    })
    .await
    .unwrap();
    assert!(idle > Duration::from_millis(1500), "closed after {idle:?}");
}

#[actix_web::test]
async fn a_failed_start_has_a_one_line_error() {
    let story = Story::samples().await;
    let taken = reqwest::Url::parse(&story.base()).unwrap().port().unwrap();
    let data = new_folder();
    let busy = Emulator::start(Options {
        port: taken,
        ..options(&data)
    })
    .await;
    assert!(
        busy.err()
            .unwrap()
            .to_string()
            .contains(&format!("127.0.0.1:{taken}"))
    );
    let missing = data.path().join("missing.json");
    let options_ = Options {
        catalogue: Some(missing.clone()),
        ..options(&data)
    };
    let sentence = Emulator::start(options_).await.err().unwrap().to_string();
    assert!(sentence.contains("missing.json"), "{sentence}");
    std::fs::write(&missing, "{\"pipelines\": [{}]}").unwrap();
    let options_ = Options {
        catalogue: Some(missing),
        ..options(&data)
    };
    let sentence = Emulator::start(options_).await.err().unwrap().to_string();
    assert!(sentence.contains("code"), "{sentence}");
}

#[actix_web::test]
async fn messages_are_in_the_callers_language() {
    let story = Story::samples().await;
    let mut messages = Vec::new();
    for language in ["en", "fr", "es"] {
        let request = story.client.post(story.emulator.url()).bearer_auth(TOKEN);
        let request = request.header("Accept-Language", language);
        let query = json!({"query": "{ pipelines(page: 99) { totalItems } }"});
        let body: Value = request
            .json(&query)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        messages.push(body["errors"][0]["message"].as_str().unwrap().to_owned());
    }
    assert_ne!(messages[0], messages[1]);
    assert_eq!(messages[0], messages[2]);
}

#[actix_web::test]
async fn a_long_response_is_compressed_for_clients_that_accept_gzip() {
    let story = Story::samples().await;
    let plain = crate::support::client::builder().no_gzip().build().unwrap();
    let query = json!({"query": "{ pipelines { items { id name description currentVersion { parameters { code name help } } } } }"});
    for (encoding, zipped) in [("gzip", true), ("identity", false)] {
        let request = plain.post(story.emulator.url()).bearer_auth(TOKEN);
        let answer = request
            .header("Accept-Encoding", encoding)
            .json(&query)
            .send()
            .await
            .unwrap();
        let told = answer
            .headers()
            .get("content-encoding")
            .map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(
            told.as_deref() == Some("gzip"),
            zipped,
            "{encoding}: {told:?}"
        );
    }
}

#[tokio::test]
async fn it_starts_in_a_plain_tokio_runtime() {
    let story = Story::samples().await;
    let answer = story.ask("{ me { user { id } } }", json!({})).await;
    assert!(answer.data()["me"]["user"]["id"].is_string());
    story.emulator.stop().await;
}
