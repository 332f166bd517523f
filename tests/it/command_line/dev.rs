//! The command `dev`.

use rstest::rstest;
use rustix::process::Signal;

use super::*;
use crate::support::catalogue::{id, injected, quick};
use crate::support::story::{Postgres, Sqlite};

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_prints_two_addresses_and_three_commands_that_work(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (data, database) = (tempfile::tempdir().unwrap(), database(base).await);
    let mut dev = dev(data.path(), database.as_deref()).start();
    let (bridge, openhexa) = dev.addresses().await;
    assert!(
        is_loopback(&bridge) && is_loopback(&openhexa) && openhexa.ends_with("/graphql/"),
        "{bridge} {openhexa}"
    );
    let told = dev
        .until_printed("the third command", |lines| commands(lines).len() == 3)
        .await;
    assert_eq!(
        told[0],
        format!("Open {bridge}/ in a browser. Ctrl-C stops it."),
        "nothing is printed before: {told:#?}"
    );
    let mut answers = Vec::new();
    for command in commands(&told) {
        answers.push(paste(&command).await);
    }
    assert!(!answers[0]["results"].as_array().unwrap().is_empty());
    assert_eq!(answers[1]["task"]["status"], "QUEUED");
    assert_eq!(
        (&answers[2]["count"], &answers[2]["results"][0]["id"]),
        (&json!(1), &answers[1]["task"]["id"])
    );
    let ended = Visitor::new()
        .until_confirmed(&bridge, answers[1]["task"]["id"].as_i64().unwrap())
        .await;
    assert_eq!(ended["status"], "SUCCESS");
    let ended = dev.stop(Signal::INT).await;
    assert_eq!(ended.out.len(), 2, "{:?}", ended.out);
    assert_eq!(ended.status.code(), Some(0));
    if database.is_some() {
        assert!(!data.path().join("openhexa-bridge.db").exists());
    }
}

fn commands(lines: &[String]) -> Vec<String> {
    let commands = lines.iter().map(|line| line.trim());
    commands
        .filter(|line| line.starts_with("curl "))
        .map(str::to_owned)
        .collect()
}

/// Runs a printed command with curl; without curl, sends the same request.
async fn paste(command: &str) -> Value {
    let there = tokio::process::Command::new("curl")
        .arg("--version")
        .output()
        .await;
    if there.is_ok_and(|curl| curl.status.success()) {
        let done = tokio::process::Command::new("sh")
            .args(["-c", command])
            .env("no_proxy", "127.0.0.1")
            .output()
            .await
            .unwrap();
        return serde_json::from_slice(&done.stdout)
            .unwrap_or_else(|_| panic!("{command}: {done:?}"));
    }
    let url = command
        .split([' ', '\''])
        .find(|word| word.starts_with("http://"))
        .unwrap();
    let visitor = Visitor::new();
    let (_, answer) = if command.contains("-X POST") {
        visitor.post(url, &json!({"config": {}})).await
    } else {
        visitor.get(url).await
    };
    answer
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_signal_stops_it_soon_with_success(#[values(Sqlite, Postgres)] base: Base) {
    let (data, database) = (tempfile::tempdir().unwrap(), database(base).await);
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let mut dev = dev(data.path(), database.as_deref()).start();
        let (bridge, _) = dev.addresses().await;
        let visitor = Visitor::new();
        let pipeline = visitor
            .get(&format!("{bridge}/api/openhexa/pipelines/"))
            .await
            .1["results"][0]["id"]
            .clone();
        assert!(pipeline.is_string());
        let ended = dev.stop(signal).await;
        assert_eq!(ended.status.code(), Some(0), "{:#?}", ended.err);
        assert!(ended.took.as_secs() < 5, "{:?}", ended.took);
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_catalogue_replaces_the_samples(#[values(Sqlite, Postgres)] base: Base) {
    let (data, database) = (tempfile::tempdir().unwrap(), database(base).await);
    let behaviour =
        json!({"kind": "fail", "queued_ms": 0, "running_ms": 0, "message": "The harvest was bad"});
    let file = catalogue(data.path(), &injected(), behaviour);
    let mut dev = dev(data.path(), database.as_deref())
        .arg("--catalogue")
        .arg(file)
        .start();
    let (bridge, _) = dev.addresses().await;
    let visitor = Visitor::new();
    let listed = visitor
        .get(&format!("{bridge}/api/openhexa/pipelines/"))
        .await
        .1;
    assert_eq!(listed["results"].as_array().unwrap().len(), 1);
    assert_eq!(
        visitor
            .get(&format!("{bridge}/api/openhexa/pipelines/config/"))
            .await
            .1["configured"],
        true
    );
    let task = visitor.launch(&bridge, &id(1), &json!({})).await;
    let ended = visitor.until_confirmed(&bridge, task).await;
    assert_eq!(ended["status"], "ERROR");
    assert!(
        ended["progress_message"]
            .as_str()
            .unwrap()
            .contains("The harvest was bad"),
        "{ended}"
    );
    dev.stop(Signal::TERM).await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_openhexa_replaces_the_built_in_one(#[values(Sqlite, Postgres)] base: Base) {
    let (data, theirs, database) = (
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
        database(base).await,
    );
    let file = catalogue(theirs.path(), &[], quick("succeed"));
    let mut emulator = Line::of(&["emulator", "--port", "0", "--token", "a-token-of-ones-own"])
        .data(theirs.path())
        .arg("--catalogue")
        .arg(file)
        .start();
    let openhexa = emulator.lines(1).await[0]
        .strip_prefix("openhexa: ")
        .unwrap()
        .to_owned();
    let own = |token: &str| {
        let line = Line::of(&[
            "dev",
            "--port",
            "0",
            "--openhexa-url",
            &openhexa,
            "--openhexa-token",
            token,
            "--workspace",
            "demo",
        ])
        .data(data.path());
        match &database {
            Some(url) => line.setting("DATABASE__URL", url),
            None => line,
        }
    };
    let visitor = Visitor::new();
    let mut dev = own("another-token").start();
    let (bridge, _) = dev.addresses().await;
    let (status, refused) = visitor
        .get(&format!("{bridge}/api/openhexa/pipelines/"))
        .await;
    assert_eq!(
        (status, &refused["error"]),
        (502, &json!("OpenHEXA refuses the configured token"))
    );
    dev.stop(Signal::TERM).await;
    let mut dev = own("a-token-of-ones-own").start();
    let (bridge, told) = dev.addresses().await;
    assert_eq!(told, openhexa);
    let task = visitor.launch(&bridge, &id(1), &json!({})).await;
    assert_eq!(
        visitor.until_confirmed(&bridge, task).await["status"],
        "SUCCESS"
    );
    let ended = dev.stop(Signal::TERM).await;
    assert!(
        !ended
            .err
            .iter()
            .any(|line| line.contains("a-token-of-ones-own")),
        "{:#?}",
        ended.err
    );
    assert!(
        !data.path().join("openhexa").exists(),
        "the emulator was not started"
    );
    emulator.stop(Signal::TERM).await;
}

#[tokio::test]
async fn another_openhexa_needs_all_three_options() {
    for args in [
        &["dev", "--openhexa-url", "http://127.0.0.1:1/graphql/"][..],
        &["dev", "--openhexa-token", "a"],
        &[
            "dev",
            "--openhexa-url",
            "http://127.0.0.1:1/graphql/",
            "--openhexa-token",
            "a",
            "--workspace",
            "b",
            "--catalogue",
            "c",
        ],
    ] {
        let data = tempfile::tempdir().unwrap();
        let ended = Line::of(args).data(data.path()).run().await;
        assert_eq!(ended.status.code(), Some(2), "{:#?}", ended.err);
        assert_eq!(ended.out, [""; 0]);
    }
}

#[tokio::test]
async fn a_port_in_use_gets_an_error_message() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for args in [
        ["dev", "--port", &port, "--openhexa-port", "0"],
        ["dev", "--port", "0", "--openhexa-port", &port],
    ] {
        let data = tempfile::tempdir().unwrap();
        let ended = Line::of(&args).data(data.path()).run().await;
        let sentence = ended.error_line();
        assert!(
            sentence.contains(&port) && sentence.contains("another program uses this port"),
            "{sentence}"
        );
    }
}

#[tokio::test]
async fn a_catalogue_that_cannot_be_read_gets_an_error_message() {
    let data = tempfile::tempdir().unwrap();
    let broken = data.path().join("broken.json");
    std::fs::write(&broken, "{\"pipelines\": 5}").unwrap();
    for (file, part) in [
        (broken, "is not a valid catalogue"),
        (data.path().join("nowhere.json"), "cannot read "),
    ] {
        let ended = dev(data.path(), None)
            .arg("--catalogue")
            .arg(file)
            .run()
            .await;
        assert!(ended.error_line().contains(part), "{}", ended.error_line());
    }
}

#[tokio::test]
async fn a_foreign_variable_that_is_not_text_is_ignored() {
    use std::os::unix::ffi::OsStrExt as _;
    let data = tempfile::tempdir().unwrap();
    let odd = std::ffi::OsStr::from_bytes(b"\xff\xfe");
    let mut dev = dev(data.path(), None).env("SOMEBODY_ELSES", odd).start();
    dev.addresses().await;
    assert_eq!(dev.stop(Signal::TERM).await.status.code(), Some(0));
}
