//! `dev` continues when it is restarted with the same folder.

use rstest::rstest;
use std::os::unix::fs::PermissionsExt as _;

use rustix::process::Signal;

use super::*;
use crate::support::catalogue::{id, parameter};
use crate::support::story::{Postgres, Sqlite};

/// Long enough to be interrupted, short enough to wait for its end.
fn slow_run() -> Value {
    json!({"kind": "succeed", "queued_ms": 0, "running_ms": 3_000, "steps": 6})
}

async fn interrupted_by(base: Base, signal: Signal) {
    let (data, database) = (tempfile::tempdir().unwrap(), database(base).await);
    let file = catalogue(
        data.path(),
        &[parameter("country", "str", json!({}))],
        slow_run(),
    );
    let again = || {
        dev(data.path(), database.as_deref())
            .arg("--catalogue")
            .arg(&file)
    };
    let visitor = Visitor::new();
    let mut first = again().start();
    let (bridge, openhexa) = first.addresses().await;
    let task = visitor
        .launch(&bridge, &id(1), &json!({"country": "CMR"}))
        .await;
    let running = visitor
        .until(&bridge, task, |task| task["status"] == "RUNNING")
        .await;
    first.stop(signal).await;
    let mut second = again().start();
    let (bridge_again, openhexa_again) = second.addresses().await;
    assert!(
        bridge != bridge_again && openhexa != openhexa_again,
        "the ports are different"
    );
    let ended = visitor.until_confirmed(&bridge_again, task).await;
    assert_eq!(ended["status"], "SUCCESS");
    for key in ["id", "name", "created_at", "config", "pipeline"] {
        assert_eq!(ended[key], running[key], "{key}");
    }
    assert_eq!(ended["run"]["id"], running["run"]["id"]);
    let runs = visitor
        .get(&openhexa_again.replace("/graphql/", "/emulator/runs"))
        .await
        .1;
    assert_eq!(
        runs["results"].as_array().unwrap().len(),
        1,
        "no second run"
    );
    let another = visitor.launch(&bridge_again, &id(1), &json!({})).await;
    assert_eq!(another, task + 1);
    second.stop(Signal::TERM).await;
    assert_eq!(
        count(data.path(), database, "connection").await,
        "1",
        "the connection is the same, although the port is different"
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_signal_tasks_are_kept_and_end(#[values(Sqlite, Postgres)] base: Base) {
    interrupted_by(base, Signal::TERM).await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_kill_tasks_are_kept_and_end(#[values(Sqlite, Postgres)] base: Base) {
    interrupted_by(base, Signal::KILL).await;
}

#[tokio::test]
async fn its_keys_are_created_once_and_readable_by_their_owner_only() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("keys.json");
    let mut kept = Vec::new();
    for _ in 0..2 {
        let mut process = dev(data.path(), None).start();
        process.addresses().await;
        process.stop(Signal::TERM).await;
        kept.push(std::fs::read_to_string(&file).unwrap());
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    assert_eq!(kept[0], kept[1]);
    assert_eq!(
        serde_json::from_str::<Value>(&kept[0])
            .unwrap()
            .as_object()
            .unwrap()
            .len(),
        4
    );
}

#[tokio::test]
async fn a_broken_key_file_gets_an_error_message() {
    let data = tempfile::tempdir().unwrap();
    std::fs::write(
        data.path().join("keys.json"),
        "{\"operator_key\": \"a-secret\"",
    )
    .unwrap();
    let ended = dev(data.path(), None).run().await;
    assert!(
        ended.error_line().contains("is not a key file of `dev`"),
        "{}",
        ended.error_line()
    );
    assert!(!ended.error_line().contains("a-secret"));
}

#[tokio::test]
async fn all_its_files_are_in_its_folder() {
    let (data, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let folder = data.path().join("not/yet/there");
    let mut process = dev(&folder, None).inside(elsewhere.path()).start();
    process.addresses().await;
    process.stop(Signal::TERM).await;
    assert_eq!(std::fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    for name in ["keys.json", "openhexa-bridge.db", "openhexa"] {
        assert!(folder.join(name).exists(), "{name}");
    }
}
