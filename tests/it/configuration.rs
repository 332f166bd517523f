//! The record `openhexa-config`: read, changed, checked and deleted; its token is never shown.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::catalogue::{id, parameter, pipeline, quick};
use crate::support::story::{As, Base, Postgres, Sqlite, Story, StoryBuilder};

async fn configured(base: Base) -> Story {
    let pipelines = json!([pipeline(
        1,
        &[parameter(
            "country",
            "str",
            json!({"required": true, "name": "Country"})
        )],
        quick("succeed")
    )]);
    StoryBuilder::on(base).pipelines(pipelines).begin().await
}

impl Story {
    async fn config(&self, method: Method, body: &Value) -> crate::support::story::Answer {
        self.ask(As::Admin, method, "/config/")
            .json(body)
            .send()
            .await
    }

    async fn record(&self) -> Value {
        self.ask(As::Admin, Method::GET, "/config/")
            .send()
            .await
            .expect(200)
    }

    fn content(&self) -> Value {
        json!({"openhexa_url": self.openhexa, "openhexa_token": self.secrets.openhexa, "workspace_slug": "demo"})
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_configuration_is_written_read_and_deleted(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &[], quick("succeed"))]))
        .not_configured()
        .begin()
        .await;
    let none = story.ask(As::Admin, Method::GET, "/config/").send().await;
    assert_eq!(none.error(404), "OpenHexa configuration not found");
    assert_eq!(
        story.get("/pipelines/").await.error(422),
        "OpenHexa configuration not found"
    );

    let written = story
        .config(Method::PUT, &json!({"content": story.content()}))
        .await;
    let record = written.expect(200);
    let last = &story.secrets.openhexa[story.secrets.openhexa.len() - 4..];
    assert_eq!(record["slug"], "openhexa-config");
    assert_eq!(record["version"], 1);
    assert_eq!(record["content"]["openhexa_token"], format!("••••{last}"));
    assert_eq!(written.header("etag"), "\"1\"");
    assert_eq!(story.record().await, record);
    story.get("/pipelines/").await.expect(200);

    let gone = story
        .ask(As::Admin, Method::DELETE, "/config/")
        .send()
        .await;
    assert_eq!((gone.status, gone.text.as_str()), (204, ""));
    story.get("/pipelines/").await.error(422);
    let again = story
        .config(Method::PUT, &json!({"content": story.content()}))
        .await
        .expect(200);
    assert_eq!(again["version"], 3, "a version number is never used twice");
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_character_of_a_short_token_is_shown(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base).not_configured().begin().await;
    for (token, shown) in [
        ("abc", "••••"),
        ("eleven-char", "••••"),
        ("twelve-chars", "••••hars"),
    ] {
        let mut content = story.content();
        content["openhexa_token"] = json!(token);
        let written = story
            .config(Method::PUT, &json!({"content": content}))
            .await
            .expect(200);
        assert_eq!(written["content"]["openhexa_token"], shown, "{token}");
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_invalid_field_gets_an_error_and_the_old_configuration_is_kept(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = configured(base).await;
    let before = story.record().await;
    let wrong = json!({"content": {"openhexa_url": "ftp://x/graphql", "openhexa_token": "••••abcd", "workspace_slug": " ", "pipelines": [{"id": "x"}]}});
    let refused = story.config(Method::PUT, &wrong).await.expect(400);
    for field in [
        "openhexa_url",
        "openhexa_token",
        "workspace_slug",
        "pipelines",
    ] {
        assert!(
            refused["content"][field][0].is_string(),
            "{field}: {refused}"
        );
    }
    for url in [
        "https://example.org/",
        "http://u:p@example.org/graphql/",
        "http://example.org/graphql/?a=1",
        "graphql",
    ] {
        let body = json!({"content": {"openhexa_url": url, "openhexa_token": "t", "workspace_slug": "demo"}});
        let refused = story.config(Method::PUT, &body).await.expect(400);
        assert!(
            refused["content"]["openhexa_url"][0].is_string(),
            "{url}: {refused}"
        );
    }
    for slug in ["demo\u{202e}", "de\u{200b}mo", "de\nmo"] {
        let body = json!({"content": {"openhexa_url": story.openhexa, "openhexa_token": "t", "workspace_slug": slug}});
        let refused = story.config(Method::PUT, &body).await.expect(400);
        let sentence = refused["content"]["workspace_slug"][0].as_str().unwrap();
        assert!(
            sentence.contains("without invisible characters"),
            "{refused}"
        );
    }
    for body in [json!({}), json!({"content": null}), json!({"content": []})] {
        let refused = story.config(Method::PUT, &body).await.expect(400);
        assert!(refused["content"][0].is_string(), "{refused}");
    }
    assert_eq!(story.record().await, before);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stored_token_is_not_sent_to_another_origin(#[values(Sqlite, Postgres)] base: Base) {
    let story = configured(base).await;
    let amended = story
        .config(
            Method::PATCH,
            &json!({"content": {"lqas_pipeline_code": "lqas"}}),
        )
        .await
        .expect(200);
    assert_eq!(amended["content"]["lqas_pipeline_code"], "lqas");
    story.get("/pipelines/").await.expect(200);

    let elsewhere = json!({"content": {"openhexa_url": "http://127.0.0.1:9/graphql/"}});
    let refused = story.config(Method::PATCH, &elsewhere).await.expect(400);
    assert!(
        refused["content"]["openhexa_token"][0].is_string(),
        "{refused}"
    );

    let removed = story
        .config(
            Method::PATCH,
            &json!({"content": {"lqas_pipeline_code": null}}),
        )
        .await
        .expect(200);
    assert!(removed["content"].get("lqas_pipeline_code").is_none());
    let replaced = story
        .config(
            Method::PUT,
            &json!({"content": {"openhexa_url": story.openhexa, "workspace_slug": "demo"}}),
        )
        .await;
    assert!(replaced.expect(400)["content"]["openhexa_token"][0].is_string());
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_second_of_two_concurrent_edits_gets_a_conflict(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = configured(base).await;
    let version = story.record().await["version"].to_string();
    let edit = |text: &str| {
        let body = json!({"content": {"note": text}});
        story
            .ask(As::Admin, Method::PATCH, "/config/")
            .header("if-match", &format!("\"{version}\""))
            .json(&body)
            .send()
    };
    edit("first").await.expect(200);
    edit("second").await.error(412);
    let record = story.record().await;
    assert_eq!(record["content"]["note"], "first");
    assert_eq!(
        record["updated_by"],
        "the administrator key of the settings file"
    );
    let delete = || story.ask(As::Admin, Method::DELETE, "/config/");
    delete()
        .header("if-match", &format!("\"{version}\""))
        .send()
        .await
        .error(412);
    let version = record["version"].to_string();
    assert_eq!(
        delete()
            .header("if-match", &format!("\"{version}\""))
            .send()
            .await
            .status,
        204
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_concurrent_edit_of_different_fields_is_lost(#[values(Sqlite, Postgres)] base: Base) {
    let story = configured(base).await;
    let edit = |number: usize| {
        let mut content = serde_json::Map::new();
        content.insert(format!("note_{number}"), json!(number));
        let body = json!({"content": content});
        story
            .ask(As::Admin, Method::PATCH, "/config/")
            .json(&body)
            .send()
    };
    let before = story.record().await;
    for edited in futures_util::future::join_all((0..8).map(edit)).await {
        edited.expect(200);
    }
    let after = story.record().await;
    for number in 0..8 {
        assert_eq!(
            after["content"][format!("note_{number}")],
            number,
            "{after}"
        );
    }
    assert_eq!(after["version"], before["version"].as_i64().unwrap() + 8);
    assert_eq!(after["content"]["workspace_slug"], "demo");
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_run_stays_at_its_openhexa_after_a_change(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(
            1,
            &[],
            json!({"kind": "manual", "queued_ms": 1})
        )]))
        .begin()
        .await;
    let task = story.launch(&id(1), json!({})).await;
    let run = story.runs().await[0]["id"].as_str().unwrap().to_owned();
    let elsewhere = json!({"openhexa_url": "http://127.0.0.1:9/graphql/", "openhexa_token": "another-token-of-nobody", "workspace_slug": "elsewhere"});
    story
        .config(Method::PUT, &json!({"content": elsewhere}))
        .await
        .expect(200);
    assert_eq!(story.get("/pipelines/").await.status, 502);
    story
        .until(task, "RUNNING", |task| task["status"] == "RUNNING")
        .await;
    story.drive(&run, &json!({"status": "success"})).await;
    let ended = story.until_confirmed(task).await;
    assert_eq!(ended["status"], "SUCCESS");
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn default_parameters_are_added_to_every_launch_and_validated_with_it(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = configured(base).await;
    let defaults = |value: Value| json!({"content": {"pipelines": [{"id": id(1), "parameters": {"country": value}}]}});
    story
        .config(Method::PATCH, &defaults(json!("CMR")))
        .await
        .expect(200);
    story.launch(&id(1), json!({})).await;
    assert_eq!(story.runs().await[0]["config"]["country"], "CMR");
    story
        .config(Method::PATCH, &defaults(json!(7)))
        .await
        .expect(200);
    let refused = story
        .post(
            &format!("/pipelines/{}/launch/", id(1)),
            &json!({"config": {}}),
        )
        .await
        .expect(400);
    assert!(refused["config"]["country"][0].is_string(), "{refused}");
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_reports_which_step_of_a_launch_would_fail(#[values(Sqlite, Postgres)] base: Base) {
    let story = configured(base).await;
    let check = |body: Value| {
        story
            .ask(As::Admin, Method::POST, "/config/check/")
            .header("accept-language", "fr")
            .json(&body)
            .send()
    };
    let stored = check(json!({})).await.expect(200);
    assert_eq!(stored["ok"], true, "{stored}");
    let names: Vec<_> = stored["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|check| check["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "reachable",
            "authenticated",
            "workspace",
            "can_list",
            "can_run",
            "can_stop"
        ]
    );

    let mut other = story.content();
    other["openhexa_token"] = json!("a-token-of-nobody");
    let refused = check(json!({"content": other})).await.expect(200);
    assert_eq!(
        (&refused["ok"], &refused["checks"][1]["name"]),
        (&json!(false), &json!("authenticated"))
    );
    assert_eq!(
        refused["checks"][1]["detail"],
        "OpenHEXA refuse le jeton configuré"
    );

    let mut unknown = story.content();
    unknown["workspace_slug"] = json!("nowhere");
    let unseen = check(json!({"content": unknown})).await.expect(200);
    for check in 2..=5 {
        assert_eq!(unseen["checks"][check]["ok"], false, "{unseen}");
    }

    let tokenless = json!({"openhexa_url": story.openhexa, "workspace_slug": "demo"});
    assert!(
        check(json!({"content": tokenless})).await.expect(400)["content"]["openhexa_token"][0]
            .is_string()
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_private_address_is_refused_unless_it_is_allowed(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base)
        .setting("openhexa.allow_private", "false")
        .not_configured()
        .begin()
        .await;
    for host in [
        "127.0.0.1",
        "10.1.2.3",
        "192.168.0.1",
        "169.254.169.254",
        "[::1]",
        "[fd00::1]",
        "100.64.0.1",
        "0.0.0.0",
        "192.0.0.192",
    ] {
        let content = json!({"openhexa_url": format!("http://{host}:8000/graphql/"), "openhexa_token": "t", "workspace_slug": "demo"});
        let refused = story
            .config(Method::PUT, &json!({"content": content}))
            .await
            .expect(400);
        assert!(
            refused["content"]["openhexa_url"][0]
                .as_str()
                .unwrap()
                .contains("private"),
            "{host}: {refused}"
        );
    }
    // A host name can only be checked when it is connected to.
    let content = json!({"openhexa_url": story.openhexa.replace("127.0.0.1", "localhost"), "openhexa_token": story.secrets.openhexa, "workspace_slug": "demo"});
    story
        .config(Method::PUT, &json!({"content": content}))
        .await
        .expect(200);
    assert_eq!(story.get("/pipelines/").await.status, 502);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_administrators_see_the_record(#[values(Sqlite, Postgres)] base: Base) {
    let story = configured(base).await;
    for who in [As::Viewer, As::Operator] {
        story
            .ask(who.clone(), Method::GET, "/config/")
            .send()
            .await
            .error(403);
        story
            .ask(who.clone(), Method::PUT, "/config/")
            .json(&json!({}))
            .send()
            .await
            .error(403);
        story
            .ask(who, Method::DELETE, "/config/")
            .send()
            .await
            .error(403);
    }
    story
        .ask(As::Anonymous, Method::GET, "/config/")
        .send()
        .await
        .error(401);
    story.end().await;
}
