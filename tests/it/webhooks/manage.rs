//! Only administrators create, read, change and delete webhooks.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use super::{begin, create, create_as, launched_with, task_of};
use crate::support::catalogue::id;
use crate::support::story::{Answer, As, Base, Postgres, Sqlite, Story};

const ADMIN: &str = "the admin key of the settings";

async fn read(story: &Story, path: &str) -> Value {
    let ask = story.ask(As::Admin, Method::GET, path);
    ask.send().await.expect(200)
}

async fn change(story: &Story, path: &str, body: Value) -> Answer {
    let ask = story.ask(As::Admin, Method::PATCH, path);
    ask.json(&body).send().await
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_is_created_listed_changed_and_deleted(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    assert_eq!(read(&story, "/hooks/").await, json!({"results": []}));
    let created = create_as(&story, As::Admin, json!({"mapping": {"year": "/y"}})).await;
    let hook = created.expect(201)["hook"].clone();
    let path = format!("/hooks/{}/", hook["id"].as_str().unwrap());
    let now = story.now().format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
    let url = format!("{}/api/openhexa{path}", story.base_url());
    assert_eq!(
        hook,
        json!({
            "id": hook["id"], "name": "Stock", "url": url, "flow": null, "pipeline": id(1),
            "authentication": "signature", "username": null, "mapping": {"year": "/y"}, "old_secret_until": null,
            "created_by": "the administrator key of the settings file", "created_at": now, "updated_at": now, "last_used_at": null,
        })
    );
    assert_eq!(read(&story, &path).await, hook);
    let second = create(&story, json!({"name": "Second"})).await;
    let names = read(&story, "/hooks/").await;
    assert_eq!(names["results"].as_array().map(Vec::len), Some(2));

    let changed = change(&story, &path, json!({"name": " Stocks ", "mapping": {}})).await;
    let changed = changed.expect(200);
    assert_eq!(
        (&changed["name"], &changed["mapping"]),
        (&json!("Stocks"), &json!({}))
    );
    assert_eq!(read(&story, &path).await, changed);
    let same = change(&story, &path, json!({})).await.expect(200);
    assert_eq!(same["name"], "Stocks");

    let deleted = story.ask(As::Admin, Method::DELETE, &path).send().await;
    assert_eq!((deleted.status, deleted.text.as_str()), (204, ""));
    for method in [Method::GET, Method::DELETE] {
        let gone = story.ask(As::Admin, method, &path).send().await;
        assert_eq!(gone.error(404), "Webhook not found");
    }
    let rest = read(&story, "/hooks/").await;
    assert_eq!(rest["results"][0]["id"], second.id);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_mapping_holds_for_the_next_message(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let hook = create(&story, json!({"authentication": "bearer"})).await;
    task_of(&hook.bearer(json!({"y": 1})).send(&story).await);
    assert_eq!(launched_with(&story).await, json!({}));
    let mapping = json!({"mapping": {"year": "/y"}});
    change(&story, &hook.path(), mapping).await.expect(200);
    task_of(&hook.bearer(json!({"y": 1})).send(&story).await);
    assert_eq!(launched_with(&story).await, json!({"year": 1}));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_with_tasks_is_deleted_and_its_tasks_stay(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = begin(base).await;
    let hook = create(&story, json!({"authentication": "bearer"})).await;
    let task = task_of(&hook.bearer(json!({})).send(&story).await);
    let deleted = story.ask(As::Admin, Method::DELETE, &hook.path());
    assert_eq!(deleted.send().await.status, 204);
    assert_eq!(story.task(task).await["id"], task);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_administrators_manage_webhooks(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let hook = create(&story, json!({})).await;
    let (path, secret) = (hook.path(), format!("{}secret/", hook.path()));
    for (who, status) in [(As::Anonymous, 401), (As::Viewer, 403), (As::Operator, 403)] {
        for (method, path) in [
            (Method::GET, "/hooks/"),
            (Method::POST, "/hooks/"),
            (Method::GET, &path),
            (Method::PATCH, &path),
            (Method::DELETE, &path),
            (Method::POST, &secret),
        ] {
            let ask = story.ask(who.clone(), method.clone(), path);
            let answer = ask.json(&json!({"name": "Mine", "pipeline": id(1)})).send();
            assert_eq!(answer.await.status, status, "{method} {path} {who:?}");
        }
    }
    assert_eq!(read(&story, &path).await["name"], "Stock");
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_wrong_field_is_named_in_both_languages(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let pipeline = id(1);
    for (body, field, sentence) in [
        (json!({"pipeline": pipeline}), "name", "name is required"),
        (
            json!({"name": "  ", "pipeline": pipeline}),
            "name",
            "name is required",
        ),
        (
            json!({"name": 1, "pipeline": pipeline}),
            "name",
            "name must be text",
        ),
        (
            json!({"name": "a\u{202e}b", "pipeline": pipeline}),
            "name",
            "name must be one line without invisible characters: remove them and enter it again",
        ),
        (
            json!({"name": "x".repeat(101), "pipeline": pipeline}),
            "name",
            "name is too long: at most 100 characters",
        ),
        (
            json!({"name": "a"}),
            "pipeline",
            "Set either flow or pipeline: what a message starts",
        ),
        (
            json!({"name": "a", "flow": "f", "pipeline": pipeline}),
            "pipeline",
            "Set either flow or pipeline: what a message starts",
        ),
        (
            json!({"name": "a", "flow": "daily"}),
            "flow",
            "There is no such flow",
        ),
        (
            json!({"name": "a", "pipeline": "x"}),
            "pipeline",
            "pipeline must be a UUID",
        ),
        (
            json!({"name": "a", "pipeline": id(9)}),
            "pipeline",
            "Pipeline not found",
        ),
        (
            json!({"name": "a", "pipeline": pipeline, "authentication": "none"}),
            "authentication",
            "authentication must be bearer, basic or signature",
        ),
        (
            json!({"name": "a", "pipeline": pipeline, "username": "u"}),
            "username",
            "username is only for the authentication basic",
        ),
        (
            json!({"name": "a", "pipeline": pipeline, "authentication": "basic"}),
            "username",
            "username is required",
        ),
        (
            json!({"name": "a", "pipeline": pipeline, "authentication": "basic", "username": "a:b"}),
            "username",
            "username cannot contain a colon",
        ),
        (
            json!({"name": "a", "pipeline": pipeline, "mapping": ["/a"]}),
            "mapping",
            "mapping must be an object with the names of inputs and the JSON pointers to their values",
        ),
        (
            json!({"name": "a", "pipeline": pipeline, "mapping": {"year": 1}}),
            "mapping",
            "mapping must be an object with the names of inputs and the JSON pointers to their values",
        ),
        (
            json!({"name": "a", "pipeline": pipeline, "mapping": {"year": "y"}}),
            "mapping",
            "`year` in mapping must be a JSON pointer such as /data/id, of at most 500 bytes",
        ),
        (
            json!({"name": "a", "pipeline": pipeline, "mapping": {"yeer": "/y"}}),
            "mapping",
            "`yeer` in mapping is neither a parameter of the pipeline nor an input of the flow that a webhook can set",
        ),
        (
            json!({"name": "a", "pipeline": pipeline, "mapping": {"task_id": "/y"}}),
            "mapping",
            "`task_id` in mapping is neither a parameter of the pipeline nor an input of the flow that a webhook can set",
        ),
        (
            json!({"name": "a", "pipeline": pipeline, "secret": "mine"}),
            "secret",
            "secret is not a field of a webhook: name, flow, pipeline, authentication, username, mapping",
        ),
    ] {
        let ask = || story.ask(As::Admin, Method::POST, "/hooks/");
        let told = ask().json(&body).send().await.expect(400);
        assert_eq!(told[field], json!([sentence]), "{body}");
        assert_eq!(told["error"], sentence, "{body}");
        let french = ask().header("accept-language", "fr").json(&body);
        let french = french.send().await.expect(400);
        assert_ne!(french[field], told[field], "{body}");
    }
    assert_eq!(read(&story, "/hooks/").await, json!({"results": []}));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_is_validated_like_a_new_webhook(#[values(Sqlite, Postgres)] base: Base) {
    let mut story = begin(base).await;
    let hook = create(&story, json!({"authentication": "basic", "username": "u"})).await;
    for (body, field) in [
        (json!({"name": ""}), "name"),
        (json!({"authentication": "bearer"}), "authentication"),
        (json!({"username": "a:b"}), "username"),
        (json!({"flow": "daily"}), "flow"),
        (json!({"pipeline": id(9)}), "pipeline"),
        (json!({"mapping": {"yeer": "/y"}}), "mapping"),
        (json!({"url": "x"}), "url"),
    ] {
        let told = change(&story, &hook.path(), body.clone()).await.expect(400);
        assert!(told[field].is_array(), "{body}: {told}");
    }
    let missing = change(&story, &format!("/hooks/{}/", id(9)), json!({})).await;
    assert_eq!(missing.error(404), "Webhook not found");
    // A name can be changed while OpenHEXA is unavailable.
    story.stop_openhexa().await;
    let names = json!({"name": "New", "username": "v"});
    let named = change(&story, &hook.path(), names).await.expect(200);
    assert_eq!(
        (&named["name"], &named["username"]),
        (&json!("New"), &json!("v"))
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_has_at_most_a_hundred_webhooks(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let ids = futures_util::future::join_all((0..99).map(|_| create(&story, json!({})))).await;
    assert_eq!(ids.len(), 99);
    let both = [
        create_as(&story, As::Admin, json!({})),
        create_as(&story, As::Admin, json!({})),
    ];
    let both = futures_util::future::join_all(both).await;
    let mut statuses: Vec<u16> = both.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 400]);
    let refused = create_as(&story, As::Admin, json!({})).await;
    assert_eq!(
        refused.error(400),
        "An account can have at most 100 webhooks: delete one that is not used"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_is_launched_as_the_caller_that_created_the_webhook(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = begin(base).await;
    let hook = create(&story, json!({"authentication": "bearer"})).await;
    let sent = hook.bearer(json!({})).send(&story).await;
    task_of(&sent);
    let by = "SELECT launcher_name AS text FROM task";
    let by = crate::support::database::texts(&story, by).await;
    assert_eq!(by, [r#"{"kind":"settings_key","role":"admin"}"#]);
    let line = crate::audit::line(&sent);
    assert_eq!(
        (&line["who"], &line["outcome"]),
        (&json!(ADMIN), &json!("done"))
    );
    story.end().await;
}
