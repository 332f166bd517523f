//! Which OpenHEXA an account uses: its workspace in Iaso, which the bridge reads and never writes.

use chrono::TimeDelta;
use fernet::Fernet;
use openhexa_bridge::domain::principal::Role;
use reqwest::Method;
use serde_json::{Value, json};

use super::stage::{A, B, C, Stage};
use super::{launch_as, manual, operator, running};
use crate::support::catalogue::{id, injected, parameter, pipeline, quick};
use crate::support::story::As;

async fn list(stage: &Stage, who: &As) -> crate::support::story::Answer {
    stage
        .story
        .ask(who.clone(), Method::GET, "/pipelines/")
        .send()
        .await
}

async fn public(stage: &Stage, who: &As) -> Value {
    let ask = stage
        .story
        .ask(who.clone(), Method::GET, "/pipelines/config/");
    ask.send().await.expect(200)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_account_has_the_openhexa_of_its_workspace() {
    let mut stage = Stage::begin(manual()).await;
    let bob = operator(&stage, B).await;
    list(&stage, &As::Operator).await.expect(200);
    list(&stage, &bob).await.expect(200);
    let before = stage.story.requests().await;
    launch_as(&stage, &bob, &id(1)).await.expect(201);
    assert_eq!(
        stage.story.requests().await,
        before,
        "the first OpenHEXA gets no request of account 2"
    );
    assert_eq!(stage.story.runs().await.len(), 0);
    // An OpenHEXA that is unavailable does not slow down other accounts.
    stage.stop_second().await;
    for _ in 0..4 {
        stage.story.next_cycle().await;
    }
    let task = stage.story.launch(&id(1), json!({})).await;
    stage
        .story
        .until(task, "the run", |task| task["status"] == "RUNNING")
        .await;
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_without_a_workspace_or_with_several_gets_an_error() {
    let stage = Stage::begin(manual()).await;
    let charlie = operator(&stage, C).await;
    let none = "No OpenHEXA workspace configured for your account";
    assert_eq!(list(&stage, &charlie).await.error(422), none);
    assert_eq!(launch_as(&stage, &charlie, &id(1)).await.error(422), none);
    assert_eq!(public(&stage, &charlie).await, json!({"configured": false}));
    let admin = stage.key(C, Role::Administrator).await;
    let ask = stage.story.ask(admin, Method::GET, "/config/");
    assert_eq!(ask.send().await.error(404), none);

    stage.workspace(3, C, 1, "demo", &json!({})).await;
    list(&stage, &charlie).await.expect(200);
    stage.workspace(4, C, 2, "demo", &json!({})).await;
    assert_eq!(
        list(&stage, &charlie).await.error(422),
        "Multiple OpenHEXA workspaces configured for your account"
    );
    assert_eq!(public(&stage, &charlie).await, json!({"configured": false}));
    // Iaso deletes rows by setting `deleted_at`.
    stage
        .sql("UPDATE iaso_openhexaworkspace SET deleted_at = now() WHERE id = 4")
        .await;
    list(&stage, &charlie).await.expect(200);
    stage
        .sql("UPDATE iaso_openhexaworkspace SET deleted_at = now() WHERE id = 3")
        .await;
    assert_eq!(list(&stage, &charlie).await.error(422), none);
    let ask = stage
        .story
        .ask(charlie, Method::GET, "/pipelines/")
        .header("accept-language", "fr");
    assert_eq!(
        ask.send().await.error(422),
        "Aucun espace de travail OpenHEXA n’est configuré pour votre compte"
    );
    assert_eq!(
        stage
            .rows("SELECT id FROM iaso_task WHERE account_id = 3")
            .await
            .len(),
        0
    );
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invalid_workspace_gets_an_error_without_its_token() {
    let stage = Stage::begin(manual()).await;
    let sealed_by_another = Fernet::new(&Fernet::generate_key())
        .unwrap()
        .encrypt(b"openhexa-secret");
    let clear = "openhexa-token-in-the-clear";
    let unreadable = "The token of your account's OpenHEXA instance cannot be read: the setting \
        iaso.encrypted_text_field_key is not Iaso's ENCRYPTED_TEXT_FIELD_KEY";
    for (change, sentence) in [
        (format!("token = '{sealed_by_another}'"), unreadable),
        (format!("token = '{clear}'"), unreadable),
        (
            format!("token = '{}'", stage.iaso.encrypted("")),
            "The OpenHEXA instance of your account has no token configured",
        ),
        (
            "url = ''".to_owned(),
            "The OpenHEXA instance of your account has no usable URL configured",
        ),
        (
            "url = 'https://openhexa.example.org/'".to_owned(),
            "The URL of your account's OpenHEXA instance must contain \"graphql\"",
        ),
    ] {
        stage
            .instance(1, &stage.story.openhexa, &stage.story.secrets.openhexa)
            .await;
        stage
            .sql(&format!(
                "UPDATE iaso_openhexainstance SET {change} WHERE id = 1"
            ))
            .await;
        let told = list(&stage, &As::Operator).await;
        assert_eq!(told.error(422), sentence);
        let ask = |path| stage.story.ask_at(As::Operator, Method::GET, path);
        let monitoring = ask("/dashboard/monitoring/").send().await;
        assert!(monitoring.status == 200 && monitoring.text.contains("Not configured"));
        for secret in [sealed_by_another.as_str(), clear] {
            assert!(!told.text.contains(secret));
            assert!(!crate::support::log::text().contains(secret));
        }
    }
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn addresses_that_are_not_allowed_are_refused() {
    let stage = Stage::with(manual(), |plan| {
        plan.setting("openhexa.allow_private", "false")
    })
    .await;
    let told = list(&stage, &As::Operator).await.error(422);
    assert_eq!(
        told,
        "openhexa_url must not point to this machine or a private network (setting openhexa.allow_private)"
    );
    assert_eq!(stage.story.requests().await, 0);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_config_of_a_workspace_gives_defaults_and_is_shown_without_secrets() {
    let parameters = [
        injected(),
        vec![
            parameter("country", "str", json!({})),
            parameter("year", "int", json!({})),
        ],
    ]
    .concat();
    let stage = Stage::begin(json!([pipeline(1, &parameters, quick("manual"))])).await;
    let defaults = json!([{"id": id(1), "parameters": {"country": "NE", "year": 2025}}]);
    let config = json!({"pipelines": defaults, "lqas_pipeline_code": "lqas", "sms_key": "hidden", "openhexa_token": "hidden"});
    stage.workspace(1, A, 1, "demo", &config).await;
    stage.story.launch(&id(1), json!({"year": 2026})).await;
    let runs = stage
        .story
        .until_runs("the run", |runs| runs.len() == 1)
        .await;
    assert_eq!(
        (&runs[0]["config"]["country"], &runs[0]["config"]["year"]),
        (&json!("NE"), &json!(2026))
    );
    let shown = public(&stage, &As::Viewer).await;
    assert_eq!(
        shown,
        json!({"configured": true, "config": {"pipelines": defaults, "lqas_pipeline_code": "lqas"}})
    );

    let record = stage
        .story
        .ask(As::Admin, Method::GET, "/config/")
        .send()
        .await
        .expect(200);
    let content = &record["content"];
    assert_eq!(
        (&record["slug"], &content["workspace_slug"]),
        (&json!("openhexa-config"), &json!("demo"))
    );
    assert_eq!(content["openhexa_url"], json!(stage.story.openhexa));
    assert!(
        content["openhexa_token"]
            .as_str()
            .unwrap()
            .starts_with("••••"),
        "{content}"
    );
    let checked = stage
        .story
        .ask(As::Admin, Method::POST, "/config/check/")
        .send()
        .await
        .expect(200);
    assert_eq!(checked["ok"], true, "{checked}");
    // Any change of the workspace is another version of the configuration.
    stage
        .sql("UPDATE iaso_openhexaworkspace SET config = '[]' WHERE id = 1")
        .await;
    let changed = stage
        .story
        .ask(As::Admin, Method::GET, "/config/")
        .send()
        .await
        .expect(200);
    assert_ne!(changed["version"], record["version"]);
    assert_eq!(
        public(&stage, &As::Viewer).await,
        json!({"configured": true, "config": {}})
    );
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_configuration_is_edited_in_iaso_only() {
    let stage = Stage::begin(manual()).await;
    let before = stage
        .rows("SELECT * FROM iaso_openhexaworkspace ORDER BY id")
        .await;
    let content = json!({"content": {"openhexa_url": stage.second_url, "openhexa_token": "another", "workspace_slug": "x"}});
    for method in [Method::PUT, Method::PATCH, Method::DELETE] {
        let ask = stage.story.ask(As::Admin, method.clone(), "/config/");
        let ask = if method == Method::DELETE {
            ask
        } else {
            ask.json(&content)
        };
        assert!(
            ask.send()
                .await
                .error(409)
                .contains("edited in the Iaso admin"),
            "{method}"
        );
    }
    assert_eq!(
        stage
            .rows("SELECT * FROM iaso_openhexaworkspace ORDER BY id")
            .await,
        before
    );
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_older_record_serves_one_account_while_that_has_no_workspace() {
    let stage = Stage::with(manual(), |plan| plan.setting("iaso.config_account", "3")).await;
    let content = json!({"openhexa_url": stage.story.openhexa, "openhexa_token": stage.story.secrets.openhexa,
        "workspace_slug": "demo", "lqas_pipeline_code": "lqas"});
    stage.sql(&format!(
        "INSERT INTO iaso_config (slug, content, created_at, updated_at) VALUES ('openhexa-config', '{content}', now(), now())"
    ))
    .await;
    // As in docs/security.md: the bridge can read nothing else of the table.
    stage
        .sql(&format!(
            "INSERT INTO iaso_config (slug, content, created_at, updated_at) VALUES ('other', '{{}}', now(), now()); \
             CREATE POLICY bridge ON iaso_config FOR SELECT TO {} USING (slug = 'openhexa-config'); \
             ALTER TABLE iaso_config ENABLE ROW LEVEL SECURITY",
            stage.iaso.role()
        ))
        .await;
    let (client, connection) = tokio_postgres::connect(&stage.iaso.bridge, tokio_postgres::NoTls)
        .await
        .unwrap();
    tokio::spawn(connection);
    let read = client
        .query("SELECT slug FROM public.iaso_config", &[])
        .await;
    assert_eq!(read.unwrap().len(), 1);
    assert_eq!(
        stage.rows("SELECT slug FROM iaso_config").await.len(),
        2,
        "Iaso can still read all rows"
    );
    // The keys of the settings belong to that account.
    list(&stage, &As::Operator).await.expect(200);
    assert_eq!(
        public(&stage, &As::Viewer).await,
        json!({"configured": true, "config": {"lqas_pipeline_code": "lqas"}})
    );
    let task = stage.story.launch(&id(1), json!({})).await;
    assert_eq!(stage.copy(task).await["account_id"], C);
    // The record is not used for another account: account 2 without its workspace has no OpenHEXA.
    stage
        .sql("UPDATE iaso_openhexaworkspace SET deleted_at = now() WHERE account_id = 2")
        .await;
    let bob = operator(&stage, B).await;
    assert_eq!(
        list(&stage, &bob).await.error(422),
        "No OpenHEXA workspace configured for your account"
    );
    // A workspace has priority over the record.
    stage.workspace(3, C, 2, "demo", &json!({"own": 1})).await;
    assert_eq!(
        public(&stage, &As::Viewer).await,
        json!({"configured": true, "config": {"own": 1}})
    );
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_polled_although_its_workspace_was_deleted() {
    let (stage, task) = running().await;
    stage
        .sql("DELETE FROM iaso_openhexaworkspace WHERE id = 1")
        .await;
    assert_eq!(list(&stage, &As::Operator).await.status, 422);
    stage.story.drive_only(&json!({"status": "success"})).await;
    assert_eq!(stage.story.until_confirmed(task).await["status"], "SUCCESS");
    assert_eq!(stage.copy(task).await["status"], "SUCCESS");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_stays_at_its_instance_when_the_account_changes_its_workspace() {
    let (stage, task) = running().await;
    stage.workspace(1, A, 2, "demo", &json!({})).await;
    list(&stage, &As::Operator).await.expect(200);
    let run = stage.story.task(task).await["run"]["id"].clone();
    stage.story.drive_only(&json!({"status": "failed"})).await;
    let ended = stage.story.until_confirmed(task).await;
    assert_eq!(
        (&ended["status"], &ended["run"]["id"]),
        (&json!("ERROR"), &run)
    );
    let places = "SELECT instance, workspace, account_id FROM openhexa_bridge.connection WHERE account_id = 1";
    let (client, connection) = tokio_postgres::connect(&stage.iaso.bridge, tokio_postgres::NoTls)
        .await
        .unwrap();
    tokio::spawn(connection);
    assert_eq!(
        client.query(places, &[]).await.unwrap().len(),
        2,
        "another instance is another connection"
    );
    stage.end().await;
}

/// No user sends a request meanwhile: the reconciler itself reads the new token.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_token_is_used_for_running_tasks() {
    let (stage, task) = running().await;
    // OpenHEXA accepts only the new token; the bridge still knows the older one.
    stage
        .instance(1, &stage.story.openhexa, "an-older-token")
        .await;
    stage.story.advance(TimeDelta::seconds(10));
    stage.story.run_cycle().await;
    stage.story.drive_only(&json!({"status": "success"})).await;
    for _ in 0..10 {
        stage.story.next_cycle().await;
    }
    assert_eq!(
        stage.story.task(task).await["status"],
        "RUNNING",
        "the older token is refused"
    );
    stage
        .instance(1, &stage.story.openhexa, &stage.story.secrets.openhexa)
        .await;
    // The workspace is deleted too; its row still contains the new token of its instance.
    stage
        .sql("UPDATE iaso_openhexaworkspace SET deleted_at = now() WHERE id = 1")
        .await;
    assert_eq!(stage.story.until_confirmed(task).await["status"], "SUCCESS");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_default_password_declared_as_text_is_hidden_in_iasos_task() {
    let hidden = "a-password-that-nobody-may-read";
    let password = parameter("db_password", "str", json!({}));
    let country = parameter("country", "str", json!({}));
    let parameters = [injected(), vec![password, country]].concat();
    let stage = Stage::begin(json!([pipeline(1, &parameters, quick("manual"))])).await;
    let defaults = json!({"pipelines": [{"id": id(1), "parameters": {"db_password": hidden, "country": "Tchad"}}]});
    stage.workspace(1, A, 1, "demo", &defaults).await;
    let unknown = json!({"db_password": null, "country": null});
    let shown = public(&stage, &As::Viewer).await;
    assert_eq!(shown["config"]["pipelines"][0]["parameters"], unknown);
    let task = stage.story.launch(&id(1), json!({})).await;
    assert_eq!(stage.story.runs().await[0]["config"]["db_password"], hidden);
    let params = stage.copy(task).await["params"].clone();
    assert_eq!(params["config"]["country"], "Tchad");
    assert_eq!(params["config"]["db_password"], "••••");
    assert!(!params.to_string().contains(hidden), "{params}");
    let known = json!({"db_password": null, "country": "Tchad"});
    let shown = public(&stage, &As::Viewer).await;
    assert_eq!(shown["config"]["pipelines"][0]["parameters"], known);
    stage.end().await;
}
