//! Which values are secret, by their type and by their names in two languages: none is shown, stored in plain text or lost.

use chrono::TimeDelta;
use openhexa_bridge::domain::secret_names::{looks_like_password, looks_secret};
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::catalogue::{id, injected, parameter, pipeline, quick, with};
use crate::support::database;
use crate::support::story::{Answer, As, Base, Postgres, Sqlite, Story, StoryBuilder};

const HIDDEN: &str = "a-value-that-nobody-may-read";

fn launch_path() -> String {
    format!("/pipelines/{}/launch/", id(1))
}

fn form_path() -> String {
    format!("/dashboard/pipelines/{}/", id(1))
}

/// The account's defaults for pipeline 1.
fn defaults(parameters: Value) -> Value {
    json!({"pipelines": [{"id": id(1), "parameters": parameters}]})
}

fn plan(base: Base, parameters: &[Value], behaviour: Value) -> StoryBuilder {
    let parameters = [injected(), parameters.to_vec()].concat();
    StoryBuilder::on(base).pipelines(json!([pipeline(1, &parameters, behaviour)]))
}

async fn begin(plan: StoryBuilder) -> Story {
    let mut story = plan.begin().await;
    story.secrets.more.push(HIDDEN.to_owned());
    story
}

async fn public(story: &Story) -> Value {
    story.get("/pipelines/config/").await.expect(200)["config"]["pipelines"].clone()
}

async fn sent(story: &Story, code: &str) -> Value {
    story.runs().await.last().unwrap()["config"][code].clone()
}

#[test]
fn french_names_of_secrets_are_recognised() {
    for name in [
        "mot_de_passe",
        "motDePasse",
        "Mot de passe",
        "MDP",
        "mdp_dhis2",
        "db_mdp",
        "jeton",
        "jeton_acces",
        "JetonSms",
        "cle_api",
        "clé_api",
        "cle\u{301}_api",
        "clef-api",
        "cleApi",
        "cleapi",
        "sms_cle_api",
        "cle_privee",
        "cle_secrete",
        "clé_de_chiffrement",
        "code_d_acces",
        "code_acces",
        "code_pin",
        "password",
        "db_password",
        "dbPwd",
        "dbpwd",
        "db_pass",
        "API_KEY",
        "apiKey",
        "api-key",
        "smsKey",
        "KEY",
        "client_secret",
        "passphrase",
        "access_token",
        "jwt",
        "authorization",
    ] {
        assert!(looks_secret(name), "{name}");
    }
    for name in [
        "mot_cle",
        "indicateurs_cles",
        "monkey",
        "keyword",
        "pass_rate",
        "passage",
        "author",
        "secretariat",
        "secrétariat_general",
        "cmd_path",
        "pays",
        "cle_primaire",
        "primary_key",
        "article_acces",
        "spin",
        "tokyo",
        "",
    ] {
        assert!(!looks_secret(name), "{name}");
    }
    assert!(
        looks_like_password("code_pin")
            && looks_like_password("mdp")
            && !looks_like_password("max_tokens")
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_saved_value_that_the_version_does_not_declare_is_hidden(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let mut plan_of = pipeline(
        1,
        &[parameter("country", "str", json!({}))],
        quick("succeed"),
    );
    plan_of["versions"][0]["config"] = json!({"country": "Tchad", "leftover": HIDDEN});
    let story = begin(StoryBuilder::on(base).pipelines(json!([plan_of]))).await;
    let shown = story
        .get(&format!("/pipelines/{}/", id(1)))
        .await
        .expect(200);
    assert_eq!(
        shown["currentVersion"]["config"],
        json!({"country": "Tchad", "leftover": "••••"})
    );
    assert!(
        !story
            .page(As::Operator, &form_path())
            .await
            .answer
            .text
            .contains(HIDDEN)
    );
    story.post(&launch_path(), &json!({})).await.error(400);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_of_the_versions_config_is_hidden_in_the_message_of_a_failed_run(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let parameters = [
        parameter("pw", "secret", json!({})),
        parameter(
            "other",
            "secret",
            json!({"default": format!("{HIDDEN}-by-default")}),
        ),
        parameter("country", "str", json!({})),
        parameter("options", "dict", json!({})),
    ];
    let message = format!(
        "ValueError: {HIDDEN} of Tchad, {HIDDEN}-by-default, {HIDDEN}-within at db.example.org"
    );
    let mut plan_of = pipeline(
        1,
        &[injected(), parameters.to_vec()].concat(),
        with(quick("fail"), json!({"message": message})),
    );
    plan_of["versions"][0]["config"] = json!({"pw": HIDDEN, "country": "Tchad", "options": {"host": "db.example.org", "password": format!("{HIDDEN}-within")}});
    let story = begin(StoryBuilder::on(base).pipelines(json!([plan_of]))).await;
    let task = story.launch(&id(1), json!({})).await;
    let ended = story.until_confirmed(task).await;
    let told = ended["progress_message"].as_str().unwrap();
    assert!(
        told.contains("•••• of Tchad")
            && told.contains("at db.example.org")
            && !told.contains(HIDDEN),
        "{told}"
    );
    let all = story
        .get(&format!("/tasks/{task}/?include=logs,messages,outputs"))
        .await
        .expect(200);
    let log = all["logs"].as_str().unwrap();
    assert!(log.contains("•••• of Tchad"), "{log}");
    for path in ["logs", "events"] {
        assert!(
            !story
                .get(&format!("/tasks/{task}/{path}/"))
                .await
                .text
                .contains(HIDDEN),
            "{path}"
        );
    }
    let page = story
        .page(As::Viewer, &format!("/dashboard/tasks/{task}/"))
        .await;
    assert!(page.has("of Tchad") && !page.answer.text.contains(HIDDEN));
    let shown = story
        .get(&format!("/pipelines/{}/", id(1)))
        .await
        .expect(200);
    assert_eq!(
        shown["currentVersion"]["config"],
        json!({"pw": "••••", "country": "Tchad", "options": "••••"})
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn saved_values_are_hidden_while_their_types_are_unknown(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let mut one = pipeline(
        1,
        &[injected(), vec![parameter("pw", "secret", json!({}))]].concat(),
        quick("manual"),
    );
    let newer = json!([with(
        one.clone(),
        json!({"versions": [{"id": id(1002), "versionNumber": 2, "name": null, "config": {}, "parameters": []}]})
    )]);
    one["versions"][0]["config"] = json!({"pw": HIDDEN});
    let mut story = begin(StoryBuilder::on(base).pipelines(json!([one]))).await;
    let task = story.launch(&id(1), json!({})).await;
    story
        .until(task, "the run", |task| task["status"] == "RUNNING")
        .await;
    story.restart().await;
    story.reopen_openhexa(&newer).await;
    story
        .drive_only(&json!({"status": "failed", "message": format!("no access with {HIDDEN}")}))
        .await;
    let ended = story.until_confirmed(task).await;
    assert!(
        ended["progress_message"]
            .as_str()
            .unwrap()
            .contains("no access with ••••"),
        "{ended}"
    );
    story.end().await;
}

fn text_password() -> Vec<Value> {
    vec![
        parameter(
            "db_password",
            "str",
            json!({"name": "Password", "required": true}),
        ),
        parameter("mot_de_passe", "str", json!({})),
        parameter("country", "str", json!({})),
        parameter("max_tokens", "int", json!({})),
    ]
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_declared_as_text_is_hidden_from_viewers(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let content = defaults(json!({"db_password": HIDDEN, "country": "Tchad"}));
    let story = begin(plan(base, &text_password(), quick("succeed")).content(&content)).await;
    let form = story.page(As::Viewer, &form_path()).await;
    assert!(
        form.has("Tchad") && form.has("••••") && !form.answer.text.contains(HIDDEN),
        "{}",
        form.text()
    );
    assert_eq!(
        form.attribute("field-db_password", "type").as_deref(),
        Some("password")
    );
    let body = json!({"config": {"mot_de_passe": format!("{HIDDEN}-too"), "max_tokens": 5}});
    let valid = story
        .post(&format!("/pipelines/{}/validate/", id(1)), &body)
        .await
        .expect(200);
    let masked =
        json!({"db_password": "••••", "mot_de_passe": "••••", "country": "Tchad", "max_tokens": 5});
    assert_eq!(valid["config"], masked);
    let task = story.post(&launch_path(), &body).await.expect(201)["task"]["id"]
        .as_i64()
        .unwrap();
    assert_eq!(
        (
            sent(&story, "db_password").await,
            sent(&story, "mot_de_passe").await
        ),
        (json!(HIDDEN), json!(format!("{HIDDEN}-too")))
    );
    let shown = story.until_confirmed(task).await["config"].clone();
    for (code, value) in masked.as_object().unwrap() {
        assert_eq!(shown[code], *value, "{code}");
    }
    let page = story
        .page(As::Viewer, &format!("/dashboard/tasks/{task}/"))
        .await;
    assert!(page.has("Tchad") && !page.answer.text.contains(HIDDEN));
    assert_eq!(
        story.stored_secrets(task).await,
        None,
        "deleted once the run is known"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_declared_as_text_is_stored_encrypted_and_must_be_entered_again(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = begin(plan(base, &text_password(), quick("succeed"))).await;
    story
        .fault(&json!({"fault": "drop_after", "count": 1}))
        .await;
    let task = story.launch(&id(1), json!({"db_password": HIDDEN})).await;
    assert_eq!(
        story.stored_secrets(task).await.unwrap()["secrets"]["db_password"],
        json!(HIDDEN)
    );
    story.until_confirmed(task).await;
    assert_eq!(story.stored_secrets(task).await, None);
    let again = format!("/tasks/{task}/relaunch/");
    let needed = "Password is a secret and was not stored: enter it again";
    let refused = story.post(&again, &json!({})).await.expect(400);
    assert_eq!(refused["config"], json!({"db_password": [needed]}));
    story
        .post(&again, &json!({"config": {"db_password": HIDDEN}}))
        .await
        .expect(201);
    assert_eq!(sent(&story, "db_password").await, json!(HIDDEN));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_that_contains_a_password_is_hidden(#[values(Sqlite, Postgres)] base: Base) {
    let parameters = [
        parameter("options", "dict", json!({"name": "Options"})),
        parameter("pairs", "list", json!({})),
    ];
    let options = json!({"host": "db.example.org", "password": HIDDEN});
    let content = defaults(json!({"options": options, "pairs": [{"key": "Tchad", "value": 1}]}));
    let story = begin(plan(base, &parameters, quick("succeed")).content(&content)).await;
    let form = story.page(As::Operator, &form_path()).await;
    assert!(
        !form.answer.text.contains(HIDDEN) && form.has("Tchad"),
        "{}",
        form.text()
    );
    let on = story.send_on(As::Operator, &form.form(&form_path())).await;
    let task: i64 = on
        .trim_matches('/')
        .rsplit('/')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(sent(&story, "options").await, options);
    let shown = story.until_confirmed(task).await["config"].clone();
    assert_eq!(
        (&shown["options"], &shown["pairs"]),
        (&json!("••••"), &json!([{"key": "Tchad", "value": 1}]))
    );
    assert_eq!(
        public(&story).await[0]["parameters"],
        json!({"options": null, "pairs": [{"key": "Tchad", "value": 1}]})
    );
    let again = story
        .post(&launch_path(), &json!({"config": {"options": "••••"}}))
        .await
        .expect(201);
    assert_eq!(
        sent(&story, "options").await,
        options,
        "a masked value that is sent back counts as unchanged"
    );
    story
        .until_confirmed(again["task"]["id"].as_i64().unwrap())
        .await;
    story
        .configure(json!({}).as_object().unwrap().clone())
        .await;
    let page = story
        .page(As::Operator, &format!("/dashboard/tasks/{task}/"))
        .await;
    let form = page
        .form("/relaunch/")
        .fill("config.options", &[&options.to_string()]);
    story.send_on(As::Operator, &form).await;
    assert_eq!(sent(&story, "options").await, options);
    story.end().await;
}

fn declared() -> Vec<Value> {
    vec![
        parameter("pin_sms", "secret", json!({})),
        parameter("jeton", "str", json!({})),
        parameter("country", "str", json!({})),
        parameter("token_type", "str", json!({"choices": ["a", "b"]})),
    ]
}

fn given() -> Value {
    json!({"pin_sms": HIDDEN, "jeton": HIDDEN, "country": "Tchad", "token_type": "a", "of_long_ago": HIDDEN})
}

fn seen_by_viewers() -> Value {
    json!([{"id": id(1), "parameters": {"pin_sms": null, "jeton": null, "country": "Tchad", "token_type": "a", "of_long_ago": null}}])
}

async fn patch(story: &Story, content: &Value) -> Answer {
    let ask = story.ask(As::Admin, Method::PATCH, "/config/");
    ask.json(&json!({"content": content})).send().await
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn defaults_of_a_pipeline_that_was_never_opened_are_hidden(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let mut story = plan(base, &declared(), quick("succeed")).begin().await;
    patch(&story, &defaults(given())).await.expect(200);
    story.restart().await;
    story.stop_openhexa().await;
    let shown = story.get("/pipelines/config/").await;
    assert!(!shown.text.contains(HIDDEN), "{}", shown.text);
    assert_eq!(shown.expect(200)["config"]["pipelines"], seen_by_viewers());
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_default_is_hidden_until_the_pipelines_parameters_are_known(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = begin(plan(base, &declared(), quick("succeed")).content(&defaults(given()))).await;
    let unknown = json!({"pin_sms": null, "jeton": null, "country": null, "token_type": null, "of_long_ago": null});
    assert_eq!(
        public(&story).await,
        json!([{"id": id(1), "parameters": unknown}])
    );
    story.page(As::Viewer, &form_path()).await;
    assert_eq!(public(&story).await, seen_by_viewers());
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn defaults_are_saved_and_hidden_although_openhexa_does_not_respond(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let mut story = plan(base, &declared(), quick("succeed")).begin().await;
    story.stop_openhexa().await;
    patch(&story, &defaults(given())).await.expect(200);
    let shown = public(&story).await;
    assert!(
        shown[0]["parameters"]
            .as_object()
            .unwrap()
            .values()
            .all(Value::is_null),
        "{shown}"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_secret_field_of_iasos_form_uses_the_stored_password(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let parameters = [
        parameter("password", "secret", json!({"required": true})),
        parameter("db_password", "str", json!({"required": true})),
        parameter("codes", "secret", json!({"multiple": true})),
        parameter("country", "str", json!({})),
    ];
    let content = defaults(
        json!({"password": HIDDEN, "db_password": HIDDEN, "codes": [HIDDEN], "country": "Tchad"}),
    );
    let story = begin(plan(base, &parameters, quick("succeed")).content(&content)).await;
    story
        .get(&format!("/pipelines/{}/", id(1)))
        .await
        .expect(200);
    let public = public(&story).await[0]["parameters"].clone();
    assert_eq!(
        public,
        json!({"password": null, "db_password": null, "codes": null, "country": "Tchad"})
    );
    for config in [
        public,
        json!({"password": "", "db_password": "", "codes": []}),
        json!({"password": " ", "db_password": " ", "codes": [""]}),
        json!({"password": "••••", "db_password": "••••", "codes": "••••"}),
        json!({"codes": ["••••"]}),
    ] {
        let body = json!({"config": config});
        let valid = story
            .post(&format!("/pipelines/{}/validate/", id(1)), &body)
            .await
            .expect(200);
        assert_eq!(
            (&valid["config"]["password"], &valid["config"]["codes"]),
            (&json!("••••"), &json!("••••")),
            "{config}"
        );
        story.post(&launch_path(), &body).await.expect(201);
        for (code, value) in [
            ("password", json!(HIDDEN)),
            ("db_password", json!(HIDDEN)),
            ("codes", json!([HIDDEN])),
        ] {
            assert_eq!(sent(&story, code).await, value, "{code} of {config}");
        }
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_secret_keeps_the_versions_value(#[values(Sqlite, Postgres)] base: Base) {
    let parameters = [
        parameter("password", "secret", json!({})),
        parameter("spare", "secret", json!({})),
    ];
    let mut one = pipeline(
        1,
        &[injected(), parameters.to_vec()].concat(),
        quick("succeed"),
    );
    one["versions"][0]["config"] = json!({"password": HIDDEN});
    let story = begin(StoryBuilder::on(base).pipelines(json!([one]))).await;
    story
        .launch(&id(1), json!({"password": "", "spare": ""}))
        .await;
    assert_eq!(
        (sent(&story, "password").await, sent(&story, "spare").await),
        (json!(HIDDEN), Value::Null)
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_with_several_values_or_json_has_a_text_area(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let parameters = [
        parameter("api_tokens", "str", json!({"multiple": true})),
        parameter("credentials", "dict", json!({})),
    ];
    let credentials = json!({"user": "a", "password": HIDDEN});
    let content = defaults(json!({"api_tokens": [HIDDEN], "credentials": credentials}));
    let story = begin(plan(base, &parameters, quick("succeed")).content(&content)).await;
    let page = story.page(As::Operator, &form_path()).await;
    assert!(!page.answer.text.contains(HIDDEN), "{}", page.text());
    for box_of in ["field-api_tokens", "field-credentials"] {
        assert_eq!(
            (
                page.attribute(box_of, "rows").as_deref(),
                page.attribute(box_of, "type")
            ),
            (Some("3"), None)
        );
        assert_eq!(
            page.attribute(box_of, "autocomplete").as_deref(),
            Some("off")
        );
    }
    story.send_on(As::Operator, &page.form(&form_path())).await;
    assert_eq!(
        (
            sent(&story, "api_tokens").await,
            sent(&story, "credentials").await
        ),
        (json!([HIDDEN]), credentials)
    );
    let page = story.page(As::Operator, &form_path()).await;
    let form = page
        .form(&form_path())
        .fill("config.api_tokens", &[&format!("{HIDDEN}-1\n{HIDDEN}-2")]);
    let form = form.fill(
        "config.credentials",
        &[&format!("{{\n\"password\": \"{HIDDEN}-3\"\n}}")],
    );
    story.send_on(As::Operator, &form).await;
    assert_eq!(
        sent(&story, "api_tokens").await,
        json!([format!("{HIDDEN}-1"), format!("{HIDDEN}-2")])
    );
    assert_eq!(
        sent(&story, "credentials").await,
        json!({"password": format!("{HIDDEN}-3")})
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_stored_in_plain_text_is_hidden_in_the_message_of_a_failed_run(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base, &text_password(), quick("manual")).begin().await;
    let task = story
        .launch(&id(1), json!({"db_password": HIDDEN, "country": "Tchad"}))
        .await;
    story
        .until(task, "the run", |task| task["status"] == "RUNNING")
        .await;
    let clear = json!({"db_password": HIDDEN, "country": "Tchad"});
    database::sql(&story, &format!("UPDATE run SET config = '{clear}'")).await;
    story
        .drive_only(
            &json!({"status": "failed", "message": format!("no access with {HIDDEN} to Tchad")}),
        )
        .await;
    let ended = story.until_confirmed(task).await;
    assert!(
        ended["progress_message"]
            .as_str()
            .unwrap()
            .contains("no access with •••• to Tchad"),
        "{ended}"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_while_the_pipeline_is_read_does_not_store_deleted_secrets_again(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let mut one = pipeline(
        1,
        &[parameter("password", "secret", json!({}))],
        quick("succeed"),
    );
    let mut story = begin(StoryBuilder::on(base).pipelines(json!([one]))).await;
    story
        .get(&format!("/pipelines/{}/", id(1)))
        .await
        .expect(200);
    story
        .fault(&json!({"fault": "html_500", "operation": "pipeline", "for_ms": 600_000}))
        .await;
    let task = story.launch(&id(1), json!({"password": HIDDEN})).await;
    one["versions"][0]["config"] = json!({"password": format!("{HIDDEN}-saved")});
    story.reopen_openhexa(&json!([one])).await;
    story.no_faults().await;
    story.delay("pipeline").await;
    let before = story.request_count("pipeline").await;
    let bridge = story.bridge();
    story.advance(TimeDelta::minutes(1));
    let pass = tokio::spawn(async move { bridge.runs.reconciler.run().await });
    story.until_requested("pipeline", before + 1).await;
    let ended = story
        .post(&format!("/tasks/{task}/cancel/"), &json!({}))
        .await
        .expect(202);
    assert_eq!(
        (&ended["status"], story.stored_secrets(task).await),
        (&json!("CANCELLED"), None)
    );
    story.no_faults().await;
    pass.await.unwrap().unwrap();
    assert_eq!(
        (story.stored_secrets(task).await, story.runs().await.len()),
        (None, 0)
    );
    story.end().await;
}
