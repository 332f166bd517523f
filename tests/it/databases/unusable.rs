//! A database that responds but fails: the caller gets a 503, the log contains the cause.

use openhexa_bridge::store::Cipher;
use rstest::rstest;
use secrecy::ExposeSecret as _;
use serde_json::Value;

use super::*;
use crate::support::story::replicas::Process;
use crate::support::story::{Base, Postgres, Sqlite};

async fn asked(story: &Story, who: As, method: Method, path: &str, body: Value) -> Answer {
    let ask = story.ask(who, method, path);
    if body.is_null() {
        ask.send().await
    } else {
        ask.json(&body).send().await
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_full_disk_writes_return_503_and_reads_succeed(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    let task = launch(&story).await.expect(201)["task"]["id"]
        .as_i64()
        .unwrap();
    for table in ["task", "event"] {
        fails_on(
            &story,
            &format!("INSERT ON {table}"),
            "1 = 1",
            "53100",
            "could not extend file: No space left on device",
        )
        .await;
        is_503_with_retry_after(&launch(&story).await, table);
        remove_failure(&story).await;
    }
    fails_on(
        &story,
        "UPDATE ON task",
        "1 = 1",
        "53100",
        "could not extend file: No space left on device",
    )
    .await;
    let report = story
        .report(&id(1), &json!({"task_id": task, "status": "RUNNING"}))
        .await;
    is_503_with_retry_after(&report, "a report");
    let cancel = asked(
        &story,
        As::Operator,
        Method::POST,
        &format!("/tasks/{task}/cancel/"),
        Value::Null,
    )
    .await;
    is_503_with_retry_after(&cancel, "a cancel");
    story.get(&format!("/tasks/{task}/")).await.expect(200);
    remove_failure(&story).await;
    launch(&story).await.expect(201);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_changed_schema_every_request_returns_503(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    let task = launch(&story).await.expect(201)["task"]["id"]
        .as_i64()
        .unwrap();
    let renamed = "ALTER TABLE task RENAME COLUMN progress_value TO other";
    administer(&story, renamed, renamed).await;
    for (who, method, path, body) in [
        (As::Viewer, Method::GET, "/tasks/".to_owned(), Value::Null),
        (
            As::Viewer,
            Method::GET,
            "/tasks/?cursor=".to_owned(),
            Value::Null,
        ),
        (
            As::Viewer,
            Method::GET,
            format!("/tasks/{task}/"),
            Value::Null,
        ),
        (
            As::Viewer,
            Method::GET,
            format!("/tasks/{task}/logs/"),
            Value::Null,
        ),
        (
            As::Viewer,
            Method::GET,
            format!("/tasks/{task}/events/"),
            Value::Null,
        ),
        (
            As::Viewer,
            Method::GET,
            format!("/tasks/{task}/stream/"),
            Value::Null,
        ),
        (
            As::Operator,
            Method::POST,
            format!("/tasks/{task}/cancel/"),
            Value::Null,
        ),
        (
            As::Operator,
            Method::POST,
            format!("/tasks/{task}/relaunch/"),
            json!({}),
        ),
        (
            As::Operator,
            Method::POST,
            format!("/pipelines/{}/launch/", id(1)),
            json!({"config": {}}),
        ),
        (
            As::Operator,
            Method::PATCH,
            format!("/pipelines/{}/", id(1)),
            json!({"task_id": task, "status": "SUCCESS"}),
        ),
    ] {
        let answer = asked(&story, who, method, &path, body).await;
        is_503_with_retry_after(&answer, &path);
    }
    let page = story
        .ask_at(As::Viewer, Method::GET, "/dashboard/tasks/")
        .send()
        .await;
    is_503_with_retry_after(&page, "a page");
    let back = "ALTER TABLE task RENAME COLUMN other TO progress_value";
    administer(&story, back, back).await;
    story.get(&format!("/tasks/{task}/")).await.expect(200);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readyz_returns_503_while_the_database_cannot_be_written_to(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    assert_eq!(ready(&story).await.expect(200)["database"], "ok");
    fails_on(
        &story,
        "INSERT ON probe",
        "1 = 1",
        "53100",
        "No space left on device",
    )
    .await;
    let answer = ready(&story).await;
    is_503_with_retry_after(&answer, "/readyz");
    assert_eq!(answer.json()["database"], "cannot be written to");
    assert_eq!(answer.json()["status"], "not ready");
    remove_failure(&story).await;
    ready(&story).await.expect(200);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_read_only_postgresql_writes_return_503_and_readyz_fails() {
    let story = plan(Base::Postgres).begin().await;
    let name = story.database.rsplit('/').next().unwrap();
    let read_only = |on: &str| {
        // Open connections keep the old default.
        format!(
            "ALTER DATABASE {name} SET default_transaction_read_only = {on}; \
             SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}' AND pid <> pg_backend_pid()"
        )
    };
    administer(&story, "", &read_only("on")).await;
    // Closed connections may be noticed later.
    story
        .until_true("new connections", async || {
            let answer = ready(&story).await;
            is_503_with_retry_after(&answer, "/readyz");
            answer.json()["database"] == "cannot be written to"
        })
        .await;
    is_503_with_retry_after(&launch(&story).await, "a launch");
    story.get("/tasks/").await.expect(200);
    let off = format!("BEGIN READ WRITE; {}; COMMIT", read_only("off"));
    administer(&story, "", &off).await;
    story
        .until_true("new connections", async || {
            ready(&story).await.status == 200
        })
        .await;
    launch(&story).await.expect(201);
    story.end().await;
}

/// No file of the process may grow beyond the size of its database; a larger write fails as on a full disk.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_sqlite_on_a_full_disk_writes_return_503_and_readyz_fails() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bridge.db");
    let bridge = env!("CARGO_BIN_EXE_openhexa-bridge");
    // The block size is 512 or 1024 bytes.
    let script =
        format!("{bridge} migrate && trap '' XFSZ && ulimit -f 1500 && exec {bridge} serve");
    let mut command = tokio::process::Command::new("sh");
    command
        .args(["-c", &script])
        .env_clear()
        .env(
            "OPENHEXA_BRIDGE__DATABASE__URL",
            format!("sqlite:{}", file.display()),
        )
        .env("OPENHEXA_BRIDGE__SERVER__PORT", "0")
        .env(
            "OPENHEXA_BRIDGE__SECRETS__ENCRYPTION_KEY",
            Cipher::generate_key().expose_secret(),
        )
        .env(
            "OPENHEXA_BRIDGE__SECRETS__CALLBACK_KEY",
            "a-key-that-callback-tokens-are-signed-with",
        )
        .env("OPENHEXA_BRIDGE__KEYS__ADMIN", "a-key-of-an-administrator")
        .env("OPENHEXA_BRIDGE__OPENHEXA__ALLOW_PRIVATE", "true");
    let process = Process::start(&mut command).await;
    let address = process.url.clone();
    let client = crate::support::client::builder().build().unwrap();
    let config = |size: usize| {
        let padding: String = (0..size)
            .map(|n| char::from(b'a' + u8::try_from(n % 26).unwrap()))
            .collect();
        let content = json!({"openhexa_url": "http://127.0.0.1:1/graphql/", "openhexa_token": "t", "workspace_slug": "w", "note": padding});
        let request = client.put(format!("{address}/api/openhexa/config/"));
        request
            .bearer_auth("a-key-of-an-administrator")
            .json(&json!({"content": content}))
            .send()
    };
    let mut statuses = Vec::new();
    for _ in 0..10 {
        let answer = config(200_000).await.unwrap();
        statuses.push(answer.status().as_u16());
        if answer.status() != 200 {
            assert!(
                answer.headers().contains_key("retry-after"),
                "{}",
                answer.text().await.unwrap()
            );
            break;
        }
    }
    let (last, before) = statuses.split_last().unwrap();
    assert_eq!(*last, 503, "{statuses:?}");
    assert!(
        !before.is_empty() && before.iter().all(|status| *status == 200),
        "{statuses:?}"
    );
    let read = client.get(format!("{address}/api/openhexa/config/"));
    let read = read
        .bearer_auth("a-key-of-an-administrator")
        .send()
        .await
        .unwrap();
    assert_eq!(read.status(), 200);
    process.kill().await;
}
