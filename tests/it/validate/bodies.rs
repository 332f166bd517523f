//! Bodies of every kind: refused with the field, never a 500.

use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use super::{Answer, As, Base, Story, StoryBuilder, country_and_year, nothing_happened, path};
use crate::support::story::{Postgres, Sqlite};

async fn send(story: &Story, kind: &str, body: impl Into<reqwest::Body>) -> Answer {
    story
        .ask(As::Operator, Method::POST, &path(1))
        .body(kind, body)
        .send()
        .await
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_is_not_an_object_is_refused(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base)
        .pipelines(country_and_year())
        .begin()
        .await;
    let deep = format!("{}1{}", r#"{"config":"#.repeat(1_000), "}".repeat(1_000));
    let lists = format!(
        r#"{{"config": {{"country": {}{} }}}}"#,
        "[".repeat(1_000),
        "]".repeat(1_000)
    );
    for body in [
        "",
        " ",
        "{",
        "nonsense",
        "[]",
        "null",
        "5",
        "\"config\"",
        r#"{"config": {}} more"#,
        r#"{"config": {"country": 1e400}}"#,
        r#"{"config": {"a": NaN}}"#,
        "{\"config\": {\"a\": \"\\ud800\"}}",
        &deep,
        &lists,
    ] {
        let answer = send(&story, "application/json", body.to_owned()).await;
        let wrong = answer.expect(400);
        assert!(
            wrong["error"].as_str().unwrap().starts_with("The body "),
            "{body:.80}: {wrong}"
        );
    }
    let not_text = send(
        &story,
        "application/json",
        b"{\"config\": {\"a\": \"\xff\"}}".to_vec(),
    )
    .await;
    not_text.error(400);
    nothing_happened(&story).await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_config_must_be_an_object(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base)
        .pipelines(country_and_year())
        .begin()
        .await;
    for body in [
        json!({}),
        json!({"config": null}),
        json!({"config": []}),
        json!({"config": "{}"}),
        json!({"config": 5}),
        json!({"config": true}),
    ] {
        for route in ["validate", "launch"] {
            let answer = story.post(&path(1).replace("validate", route), &body).await;
            assert_eq!(
                answer.expect(400),
                json!({"error": "config must be an object", "config": ["config must be an object"]}),
                "{body}"
            );
        }
    }
    nothing_happened(&story).await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_content_types_are_415(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base)
        .pipelines(country_and_year())
        .begin()
        .await;
    let body = r#"{"config":{"country":"CMR"}}"#;
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "application/jsonp",
        "json",
        "",
    ] {
        let answer = send(&story, kind, body).await;
        assert!(answer.error(415).contains("application/json"), "{kind}");
    }
    for kind in [
        "application/json",
        "application/json; charset=utf-8",
        "APPLICATION/JSON",
    ] {
        send(&story, kind, body).await.expect(200);
    }
    let unnamed = story.ask(As::Operator, Method::POST, &path(1)).send().await;
    unnamed.error(415);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_over_the_limit_is_413_in_every_format(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base)
        .pipelines(country_and_year())
        .setting("server.body_limit", "2000")
        .begin()
        .await;
    let sized = |size: usize| {
        let frame = r#"{"config":{"country":""}}"#;
        frame.replace("\"\"", &format!("\"{}\"", "x".repeat(size - frame.len())))
    };
    send(&story, "application/json", sized(2_000))
        .await
        .expect(200);
    let told = send(&story, "application/json", sized(2_001)).await;
    assert_eq!(told.error(413), "The body is too large: at most 2000 bytes");
    let pieces: Vec<Result<String, std::io::Error>> =
        (0..30).map(|_| Ok(" ".repeat(100))).collect();
    let chunked = reqwest::Body::wrap_stream(futures_util::stream::iter(pieces));
    send(&story, "application/json", chunked).await.error(413);
    nothing_happened(&story).await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_default_limit_is_a_mebibyte(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base)
        .pipelines(country_and_year())
        .begin()
        .await;
    let body = |size: usize| json!({"config": {"country": "x".repeat(size)}});
    story.post(&path(1), &body(1_000_000)).await.expect(200);
    story.post(&path(1), &body(1_048_576)).await.error(413);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_keys_are_ignored_and_flags_are_true_or_false(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = StoryBuilder::on(base)
        .pipelines(country_and_year())
        .begin()
        .await;
    let with =
        |key: &str, value: serde_json::Value| json!({"config": {"country": "CMR"}, key: value});
    for (key, value) in [
        ("other", json!({"any": "thing"})),
        ("pipeline", json!(5)),
        ("send_notifications", json!(null)),
        ("debug", json!(true)),
        ("send_notifications", json!(false)),
    ] {
        story.post(&path(1), &with(key, value)).await.expect(200);
    }
    for key in ["send_notifications", "debug"] {
        for value in [json!("true"), json!(1), json!([]), json!({})] {
            for route in ["validate", "launch"] {
                let wrong = story
                    .post(
                        &path(1).replace("validate", route),
                        &with(key, value.clone()),
                    )
                    .await
                    .expect(400);
                let sentence = format!("{key} must be true or false");
                assert_eq!(wrong, json!({"error": sentence, key: [sentence]}));
            }
        }
    }
    nothing_happened(&story).await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_invalid_fields_of_the_body_are_in_one_response(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = StoryBuilder::on(base)
        .pipelines(country_and_year())
        .begin()
        .await;
    let wrong = story
        .post(
            &path(1),
            &json!({"version": 5, "config": [], "debug": "yes"}),
        )
        .await
        .expect(400);
    for field in ["version", "config", "debug"] {
        assert_eq!(wrong[field].as_array().unwrap().len(), 1, "{wrong}");
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unusual_keys_and_values_get_an_error(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base)
        .pipelines(country_and_year())
        .begin()
        .await;
    let long = "k".repeat(5_000);
    let config = json!({"country": "\u{0}", "": 1, long: 1, "{ $name }": 1, "__proto__": {}, "é\u{202e}": [[]]});
    let answer = story.post(&path(1), &json!({"config": config})).await;
    let wrong = answer.expect(400)["config"].clone();
    assert_eq!(
        wrong["{ $name }"][0],
        json!("`{ $name }` is not a parameter of this pipeline")
    );
    assert_eq!(
        wrong["country"],
        json!(["Country contains the character U+0000, which OpenHEXA cannot store"])
    );
    assert_eq!(wrong.as_object().unwrap().len(), 6, "{wrong}");
    story.end().await;
}
