//! Documents at and over the limits, and what YAML makes of text.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use super::{DAILY, MANUAL, faults, plan};
use crate::support::story::{As, Base, Postgres, Sqlite};

/// The longest document, in bytes.
const LONGEST: usize = 256 * 1024;

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_has_at_most_256_kib(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base)
        .setting("server.body_limit", "1024")
        .begin()
        .await;
    let filled = |length: usize| {
        let space = length - MANUAL.len() - 2;
        format!("{MANUAL}#{}\n", "\"".repeat(space))
    };
    story.save_flow(&filled(LONGEST)).await;
    let told = faults(&story, &json!(filled(LONGEST + 1))).await;
    assert_eq!(
        told,
        ["line 1, column 1: The document is longer than 256 KiB"]
    );
    let huge = json!({"document": filled(4 * LONGEST * 8)});
    assert_eq!(story.post("/flows/validate/", &huge).await.status, 413);
    // Other requests have the limit of the settings.
    let body = json!({"inputs": {"x": "y".repeat(2000)}});
    assert_eq!(story.post("/flows/manual/run/", &body).await.status, 413);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn harmful_documents_are_refused(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    let deep = format!("id: x\nsteps: {}{}", "[".repeat(1000), "]".repeat(1000));
    let bomb = "id: x\na: &a [1, 1]\nb: &b [*a, *a]\nsteps: [*b, *b]\n";
    for (document, part) in [
        (deep.as_str(), "nested"),
        (bomb, "anchors"),
        (
            "id: x\nid: x\nsteps: [{id: a, pipeline: pipeline-4}]",
            "appears twice",
        ),
        ("id: x\nsteps:\n\t- {id: a, pipeline: pipeline-4}", "tabs"),
        ("", "empty"),
        ("id: x\u{0}", ""),
        ("---\nid: x\nsteps: []\n---\nid: y", "second document"),
        ("id: x\nsteps: [{id: a, pipeline: !tag pipeline-4}]", "tags"),
    ] {
        let told = faults(&story, &json!(document)).await;
        assert!(
            told.iter().any(|one| one.contains(part)),
            "{document:.40}: {told:?}"
        );
    }
    let nested = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
    let raw = format!(r#"{{"document": {{"id": "x", "steps": {nested}}}}}"#);
    let ask = || story.ask(As::Operator, Method::POST, "/flows/validate/");
    let answer = ask().body("application/json", raw).send().await;
    assert!(answer.error(400).starts_with("The body is not valid JSON"));
    let mut bytes = br#"{"document": "id: "#.to_vec();
    bytes.extend([0xff, 0xfe, b'"', b'}']);
    let answer = ask().body("application/json", bytes).send().await;
    assert!(answer.error(400).starts_with("The body is not valid JSON"));
    for document in [json!(null), json!(7), json!([]), json!(true)] {
        let body = json!({"document": document});
        let told = story.post("/flows/validate/", &body).await.expect(400);
        assert!(
            told["document"].is_array() && told.get("places").is_none(),
            "{told}"
        );
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_are_kept_as_they_were_written(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    let big = "123456789012345678901234567890";
    let document = format!(
        "\u{feff}{}",
        DAILY
            .replace("default: NE", "default: NO")
            .replace("default: 2026", &format!("default: {big}"))
    );
    let as_text = json!({"document": document}).to_string();
    let as_object = format!(
        r#"{{"document": {{"steps": [{{"pipeline": "pipeline-4", "id": "b"}}], "id": "object", "inputs": {{"z": {{"type": "int", "default": {big}}}, "a": {{"type": "str", "default": "NO"}}}}}}}}"#
    );
    for (body, country, year) in [(as_text, "country", "year"), (as_object, "a", "z")] {
        let ask = story.ask(As::Operator, Method::POST, "/flows/validate/");
        let told = ask.body("application/json", body.clone()).send().await;
        let inputs = told.expect(200)["flow"]["inputs"].clone();
        assert_eq!(inputs[country]["default"], "NO");
        assert_eq!(inputs[year]["default"].to_string(), big);
        let ask = story.ask(As::Operator, Method::POST, "/flows/");
        ask.body("application/json", body).send().await.expect(201);
    }
    let stored: Value = story.get("/flows/object/").await.expect(200);
    let text = stored["document"].as_str().unwrap();
    assert!(
        text.starts_with("{\n  \"steps\": [\n    {\n      \"pipeline\""),
        "{text}"
    );
    assert!(text.contains(big) && text.find("\"z\"") < text.find("\"a\""));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn starts_and_changes_are_limited_per_caller(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base)
        .setting("limits.launches_per_minute", "2")
        .begin()
        .await;
    let body = json!({"document": MANUAL});
    let mut statuses = Vec::new();
    let mut last = None;
    for _ in 0..6 {
        let answer = story.post("/flows/validate/", &body).await;
        statuses.push(answer.status);
        last = Some(answer);
    }
    assert!(statuses.starts_with(&[200]), "{statuses:?}");
    let last = last.unwrap();
    assert!(
        last.error(429)
            .starts_with("Too many starts and changes of flows")
    );
    assert!(!last.header("retry-after").is_empty());
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_inputs_of_a_run_have_at_most_16_kib(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    let document = MANUAL.replace("steps", "inputs: {a: {type: str, default: x}}\nsteps");
    story.save_flow(&document).await;
    let start = |length: usize| json!({"inputs": {"a": "y".repeat(length)}});
    let path = "/flows/manual/run/";
    story.post(path, &start(16 * 1024 - 2)).await.expect(201);
    let refused = story.post(path, &start(16 * 1024)).await.expect(400);
    let sentence = "The values of all inputs together can have at most 16 KiB";
    assert_eq!(refused["inputs"]["a"], json!([sentence]), "{refused}");
    let long = document.replace("default: x", &format!("default: {}", "x".repeat(17_000)));
    let faults = faults(&story, &json!(long)).await;
    assert_eq!(faults, [format!("line 2, column 9: {sentence}")]);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flow_that_was_changed_meanwhile_is_not_deleted(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    story.save_flow(MANUAL).await;
    let document = MANUAL.replace("id: wait", "id: waits");
    story.put_flow("manual", &document).await.expect(200);
    let delete = async |version: &str| {
        let ask = story.ask(As::Operator, Method::DELETE, "/flows/manual/");
        ask.header("if-match", version).send().await
    };
    assert_eq!(delete("\"1\"").await.status, 412);
    story.get("/flows/manual/").await.expect(200);
    assert_eq!(delete("\"2\"").await.status, 204);
    for path in ["versions/", "versions/1/", "ticks/", "backfills/"] {
        story
            .get(&format!("/flows/manual/{path}"))
            .await
            .expect(200);
    }
    assert_eq!(story.get("/flows/manual/").await.status, 404);
    story.end().await;
}
