//! Who may open streams, how many, and for how long.

use chrono::TimeDelta;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use super::path;
use crate::callback::{accepted, launched, plan};
use crate::identity::WithSession as _;
use crate::support::catalogue::id;
use crate::support::database;
use crate::support::iaso::{self, Iaso, MAY};
use crate::support::story::{As, Base, Postgres, Sqlite};

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_key_cannot_use_all_streams_of_its_account(#[values(Sqlite, Postgres)] base: Base) {
    // A comment that cannot be written shows that the client has disconnected.
    let plan = plan(base).setting("stream.comment_every", "50ms");
    let story = plan.setting("stream.most_per_caller", "2").begin().await;
    let (first, _second) = (story.all_tasks().await, story.all_tasks().await);
    story.get("/tasks/stream/").await.error(503);
    let _other = story
        .ask(As::Operator, Method::GET, "/tasks/stream/")
        .stream()
        .await;
    drop(first);
    story
        .until_true("a closed stream", async || {
            story.bridge().live.open_streams() == 2
        })
        .await;
    story.all_tasks().await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_stream_gets_a_json_error(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task) = launched(base).await;
    let callback = story.callback_token().await;
    for path in [
        "/tasks/stream/".to_owned(),
        "/tasks/stream".to_owned(),
        path(task),
    ] {
        for (who, status) in [
            (As::Anonymous, 401),
            (As::Bearer("wrong".to_owned()), 401),
            (As::Bearer(callback.clone()), 403),
        ] {
            story
                .ask(who, Method::GET, &path)
                .send()
                .await
                .error(status);
        }
        story
            .ask(As::Admin, Method::POST, &path)
            .send()
            .await
            .error(405);
        let head = story.ask(As::Viewer, Method::HEAD, &path).send().await;
        assert_eq!(
            (head.status, head.header("content-type"), head.text.as_str()),
            (200, "text/event-stream", "")
        );
    }
    for unknown in ["9999", "abc", "1.5", "stream", "99999999999999999999"] {
        story
            .get(&format!("/tasks/{unknown}/stream/"))
            .await
            .error(404);
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_of_another_account_are_not_sent(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    let (theirs, ours) = (
        story.launch(&id(1), json!({})).await,
        story.launch(&id(1), json!({})).await,
    );
    for table in ["task", "run"] {
        let key = if table == "task" { "id" } else { "task_id" };
        database::sql(
            &story,
            &format!("UPDATE {table} SET account_id = 2 WHERE {key} = {theirs}"),
        )
        .await;
    }
    story.get(&path(theirs)).await.error(404);
    let (mut live, mut since) = (story.all_tasks().await, story.all_tasks_after("c0").await);
    assert_eq!(since.task().await["id"], ours);
    database::sql(
        &story,
        &format!("UPDATE task SET progress_value = 5, revision = revision + 1 WHERE id = {theirs}"),
    )
    .await;
    accepted(&story, ours, json!({"progress_value": 6})).await;
    for stream in [&mut live, &mut since] {
        let told = stream.task().await;
        assert_eq!(
            (&told["id"], &told["progress_value"]),
            (&json!(ours), &json!(6))
        );
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_or_revoked_key_ends_its_stream(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base)
        .setting("stream.comment_every", "50ms")
        .begin()
        .await;
    let key = |line: &'static [&'static str]| story.create_key(line);
    let revoked = key(&["--role", "viewer"]).await;
    let expired = key(&["--role", "viewer", "--expires", "1d"]).await;
    let open = |key: String| {
        story
            .ask(As::Bearer(key), Method::GET, "/tasks/stream/")
            .stream()
    };
    let (mut one, mut two, mut good) = (
        open(revoked).await,
        open(expired).await,
        story.all_tasks().await,
    );
    assert!(story.keys(&["revoke", "1"]).await.status.success());
    story.advance(TimeDelta::seconds(5));
    assert_eq!(one.rest().await, Vec::<Value>::new());
    let task = story.launch(&id(1), json!({})).await;
    two.until(|told| told["id"] == task).await;
    story.advance(TimeDelta::days(2));
    two.rest().await;
    let task = story.launch(&id(1), json!({})).await;
    good.until(|told| told["id"] == task).await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_number_of_streams_is_limited(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).setting("stream.most", "2").begin().await;
    let (first, _second) = (story.all_tasks().await, story.all_tasks().await);
    let refused = story.get("/tasks/stream/").await;
    refused.error(503);
    assert_eq!(refused.header("retry-after"), "30");
    let counted = story
        .ask_at(As::Viewer, Method::GET, "/metrics")
        .send()
        .await;
    assert!(
        counted.text.contains("openhexa_bridge_open_streams "),
        "{}",
        counted.text
    );
    drop(first);
    story
        .until_true("a closed stream", async || {
            story.bridge().live.open_streams() == 1
        })
        .await;
    story.all_tasks().await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_account_cannot_use_all_streams(#[values(Sqlite, Postgres)] base: Base) {
    let iaso = Iaso::start();
    let story = plan(base)
        .setting("iaso.url", &iaso.url)
        .setting("stream.most", "3")
        .setting("stream.most_per_account", "2")
        .begin()
        .await;
    let theirs = iaso.session(iaso::profile(9, 2, MAY));
    let follow = || {
        story
            .ask(As::Anonymous, Method::GET, "/tasks/stream/")
            .cookie(&theirs)
    };
    let (first, _second) = (story.all_tasks().await, story.all_tasks().await);
    let refused = story.get("/tasks/stream/").await;
    refused.error(503);
    assert_eq!(refused.header("retry-after"), "30");
    let _other = follow().stream().await;
    assert_eq!(story.bridge().live.open_streams(), 3);
    follow().send().await.error(503);
    drop(first);
    story
        .until_true("a closed stream", async || {
            story.bridge().live.open_streams() == 2
        })
        .await;
    story.all_tasks().await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_readers_no_query_is_sent(#[values(Sqlite, Postgres)] base: Base) {
    // A disconnected client is noticed at the next comment.
    let story = plan(base)
        .setting("stream.comment_every", "200ms")
        .begin()
        .await;
    let task = story.launch(&id(1), json!({})).await;
    let stream = story.all_tasks().await;
    drop(stream);
    story
        .until_true("nobody", async || story.bridge().live.open_streams() == 0)
        .await;
    accepted(&story, task, json!({"progress_value": 1})).await;
    assert_eq!(story.bridge().live.publish_changes().await.unwrap(), 0);
    // The next reader does not get earlier changes.
    let mut stream = story.all_tasks().await;
    accepted(&story, task, json!({"progress_value": 2})).await;
    assert_eq!(stream.task().await["progress_value"], 2);
    story.end().await;
}
