//! The command `emulator`.

use rustix::process::Signal;

use super::*;
use crate::support::catalogue::quick;

async fn ask(url: &str, token: &str) -> Value {
    let client = crate::support::client::builder().build().unwrap();
    let question = json!({"query": "{ pipelines { items { code } } }"});
    let answer = client
        .post(url)
        .bearer_auth(token)
        .json(&question)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    answer.json().await.unwrap()
}

#[tokio::test]
async fn it_prints_its_address_and_refuses_other_tokens() {
    let data = tempfile::tempdir().unwrap();
    let file = catalogue(data.path(), &[], quick("succeed"));
    let mut emulator = Line::of(&["emulator", "--port", "0"])
        .data(data.path())
        .arg("--catalogue")
        .arg(file)
        .start();
    let lines = emulator.lines(1).await;
    let url = lines[0].strip_prefix("openhexa: ").unwrap();
    assert!(is_loopback(url) && url.ends_with("/graphql/"), "{url}");
    assert_eq!(
        ask(url, "emulator").await["data"]["pipelines"]["items"],
        json!([{"code": "pipeline-1"}])
    );
    for token in ["other", "", "Emulator"] {
        let refused = ask(url, token).await;
        assert_eq!(
            refused["errors"][0]["extensions"]["code"], "UNAUTHENTICATED",
            "{refused}"
        );
    }
    let runs = Visitor::new()
        .get(&url.replace("/graphql/", "/emulator/runs"))
        .await;
    assert_eq!(runs, (200, json!({"results": []})));
    let ended = emulator.stop(Signal::INT).await;
    assert_eq!((ended.status.code(), ended.out.len()), (Some(0), 1));
}

#[tokio::test]
async fn its_two_iaso_options_must_be_used_together() {
    let data = tempfile::tempdir().unwrap();
    for flag in [["--iaso-url", "http://127.0.0.1:1"], ["--iaso-token", "a"]] {
        let ended = Line::of(&["emulator", "--port", "0"])
            .arg(flag[0])
            .arg(flag[1])
            .data(data.path())
            .run()
            .await;
        assert_eq!(ended.status.code(), Some(2));
    }
}

#[tokio::test]
async fn a_port_in_use_gets_an_error_message() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let data = tempfile::tempdir().unwrap();
    let ended = Line::of(&["emulator", "--port", &port])
        .data(data.path())
        .run()
        .await;
    assert!(ended.error_line().contains(&port), "{}", ended.error_line());
}
