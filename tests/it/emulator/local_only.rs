//! Requests that a browser sends for pages of other sites are refused.

use serde_json::json;

use super::*;

const FOREIGN: [(&str, &str); 6] = [
    ("Host", "attacker.test"),
    ("Host", "attacker.test:8081"),
    ("Host", "127.0.0.1.attacker.test"),
    ("Origin", "https://attacker.test"),
    ("Origin", "http://localhost.attacker.test"),
    ("Origin", "null"),
];

#[actix_web::test]
async fn a_foreign_host_or_origin_is_refused_everywhere() {
    let story = Story::samples().await;
    for path in [
        "/ready",
        "/graphql/",
        "/emulator/runs",
        "/emulator/faults",
        "/nowhere",
    ] {
        for (name, value) in FOREIGN {
            let url = format!("{}{path}", story.base());
            let request = story.client.post(url).header(name, value);
            let request = request.bearer_auth(TOKEN).body(r#"{"fault": "html_500"}"#);
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), 403, "{path} {name}: {value}");
        }
    }
    let listed = story.ask("{ pipelines { totalItems } }", json!({})).await;
    assert!(listed.data().is_object(), "no fault was set");
}

#[actix_web::test]
async fn programs_and_pages_of_this_machine_are_served_under_each_of_its_names() {
    let story = Story::samples().await;
    let url = format!("{}/emulator/faults", story.base());
    for (name, value) in [
        ("Host", "localhost:8081"),
        ("Host", "[::1]:8081"),
        ("Origin", "http://localhost:3000"),
        ("Origin", "http://127.0.0.1:8080"),
        ("Content-Type", "application/x-www-form-urlencoded"),
    ] {
        let request = story.client.post(&url).header(name, value);
        let answer = request
            .body(r#"{"fault": "latency"}"#)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200, "{name}: {value}");
    }
}
