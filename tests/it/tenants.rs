//! Accounts are isolated: every route with callers of other accounts, and each defect that could mix accounts.

mod defects;
mod monitoring;
mod table;

use chrono::TimeDelta;
use openhexa_bridge::domain::connection::Target;
use openhexa_bridge::domain::ids::AccountId;
use openhexa_bridge::store::NewConfig;
use openhexa_emulator::{Emulator, Options};
use reqwest::Method;
use serde_json::{Value, json};

use crate::attached::stage;
use crate::identity::WithSession;
use crate::identity::callback::launch;
use crate::support::catalogue::{id, injected, parameter, pipeline, with};
use crate::support::database;
use crate::support::iaso::{self, Iaso, MAY, token};
use crate::support::story::{As, Base, Story, StoryBuilder};

const KEY: &str = "django-insecure-the-secret-key-of-this-iaso";
/// Part of all data of the first account, and of nothing else.
pub const MARK: &str = "of-the-first-account-alone";
const OTHER_TOKEN: &str = "another-token-of-openhexa";

/// Two accounts of an Iaso, each with its own OpenHEXA, or both with the same workspace. The first account
/// has two tasks of a pipeline.
pub struct TwoAccounts {
    /// Whether both accounts share a workspace and its pipelines, attached to Iaso's database.
    pub is_shared: bool,
    pub story: Story,
    pub iaso: Iaso,
    /// A task of the first account, and its callback token.
    pub task: i64,
    pub callback: String,
    /// Another task of the first account, and its callback token.
    pub other_task: i64,
    pub other_callback: String,
    /// The document of the first account's flow `daily`, and the numbers of a run and of a backfill of it.
    pub document: String,
    pub flow_run: i64,
    pub backfill: i64,
    /// A session of the second account's operator.
    pub other_session: String,
    /// A webhook of the first account.
    pub hook: String,
    /// A channel of the first account with a subscription, and a message that its receiver did not get.
    pub channel: i64,
    pub subscription: i64,
    pub delivery: String,
    others: Option<Emulator>,
}

fn pipelines(mark: &str, number: u64) -> Value {
    let behaviour = json!({"kind": "manual", "queued_ms": 0, "running_ms": 0});
    let file = json!({"path": "reference/districts.csv", "format": "csv", "column": "name"});
    let mut parameters = injected();
    parameters.push(parameter(
        "district",
        "str",
        json!({"choicesFromFile": file}),
    ));
    let named = json!({"name": format!("Pipeline {mark}"), "description": mark, "code": mark});
    json!([with(pipeline(number, &parameters, behaviour), named)])
}

impl TwoAccounts {
    pub async fn begin(base: Base) -> Self {
        let iaso = Iaso::start();
        let story = StoryBuilder::on(base)
            .pipelines(pipelines(MARK, 1))
            .content(&json!({"note": MARK, "pipelines": []}))
            .setting("iaso.url", &iaso.url)
            .setting("callback.iaso_signing_key", KEY)
            .begin()
            .await;
        let others = second_openhexa(&story).await;
        Self::peopled(story, iaso, Some(others)).await
    }

    /// Attached to Iaso's database, where both accounts have a workspace of the same instance, with the same
    /// slug.
    pub async fn attached() -> Self {
        let iaso = Iaso::start();
        let attached_iaso = stage::Iaso::create().await;
        let plan = StoryBuilder::on(Base::Postgres)
            .pipelines(pipelines("of-both", 1))
            .setting("iaso.url", &iaso.url)
            .setting("callback.iaso_signing_key", KEY);
        let story = attached_iaso.settings(plan).begin().await;
        for statement in [
            attached_iaso.instance(1, &story.openhexa, &story.secrets.openhexa),
            stage::workspace(1, 1, 1, "demo", &json!({"note": MARK, "pipelines": []})),
            stage::workspace(2, 2, 1, "demo", &json!({"note": "theirs"})),
        ] {
            attached_iaso.sql(&statement).await;
        }
        Self::peopled(story, iaso, None).await
    }

    async fn peopled(story: Story, iaso: Iaso, others: Option<Emulator>) -> Self {
        let first = iaso.session(iaso::profile(4, 1, MAY));
        let (task, callback) = launch(&story, &first).await;
        let (other_task, other_callback) = launch(&story, &first).await;
        let said =
            json!({"status": "RUNNING", "progress_message": MARK, "result": {"secret": MARK}});
        let report = story.ask(
            As::Bearer(callback.clone()),
            Method::PATCH,
            &format!("/pipelines/{}/", id(1)),
        );
        report.json(&said).send().await.expect(200);
        let hook = json!({"name": MARK, "pipeline": id(1)});
        let created = story.ask(As::Admin, Method::POST, "/hooks/").json(&hook);
        let created = created.send().await.expect(201);
        let code = if others.is_none() { "of-both" } else { MARK };
        let document = document(code);
        let (flow_run, backfill) = flow(&story, &first, &document).await;
        add_alert(&story).await;
        let (channel, subscription, delivery) = notifications(&story).await;
        Self {
            channel,
            subscription,
            delivery,
            document,
            flow_run,
            backfill,
            hook: created["hook"]["id"].as_str().unwrap().to_owned(),
            is_shared: others.is_none(),
            other_session: iaso.session(iaso::profile(6, 2, MAY)),
            story,
            iaso,
            task,
            callback,
            other_task,
            other_callback,
            others,
        }
    }

    /// An expired callback token of the first task.
    pub fn expired(&self) -> String {
        let now = self.story.now() - TimeDelta::seconds(1);
        let mut claims = iaso::access(4, now.timestamp());
        claims["openhexa_bridge"] = json!({"aud": "openhexa-bridge:callback", "account": 1, "task": self.task, "pipeline": id(1), "launch": id(9)});
        token(&claims, KEY)
    }

    pub async fn end(self) {
        self.story.end().await;
        if let Some(others) = self.others {
            others.stop().await;
        }
    }
}

fn document(pipeline: &str) -> String {
    format!(
        "id: daily\nname: {MARK}\ninputs: {{note: {{type: str, default: {MARK}}}}}\nschedules: [{{id: h, cron: \"0 * * * *\", timezone: UTC}}]\nsteps: [{{id: load, pipeline: {pipeline}}}]\n"
    )
}

/// Saves a flow, starts a run of it and a backfill with one run.
async fn flow(story: &Story, session: &str, document: &str) -> (i64, i64) {
    let post = async |path: &str, body: Value| {
        let ask = story.ask(As::Anonymous, Method::POST, path);
        ask.in_iaso(session).json(&body).send().await.expect(201)
    };
    post("/flows/", json!({"document": document})).await;
    let run = post("/flows/daily/run/", json!({})).await;
    let past = json!({"from": "2026-01-01T00:00:00Z", "to": "2026-01-01T01:00:00Z", "mode": "all"});
    let backfill = post("/flows/daily/backfills/", past).await;
    let id = |value: &Value| value["id"].as_i64().unwrap();
    (id(&run["run"]), id(&backfill["backfill"]))
}

/// An alert of the first account, with the number 1.
async fn add_alert(story: &Story) {
    let sample = format!(r#"[{{"field": null, "en": "{MARK}", "fr": "{MARK}"}}]"#);
    let statement = format!(
        "INSERT INTO alert (account_id, pipeline_id, name, cause, part, opened_at, updated_at, notified, sample, occurrences) \
         VALUES (1, '{}', 'p', 'failed', '', '2026-11-20T00:00:00.000Z', '2026-11-20T00:00:00.000Z', true, '{sample}', 1)",
        id(1)
    );
    database::sql(story, &statement).await;
}

/// A channel to a port at which nothing listens, its subscription, and the message of a test.
async fn notifications(story: &Story) -> (i64, i64, String) {
    let send = async |method: Method, path: &str, body: Value| {
        let ask = story.ask(As::Admin, method, path);
        ask.json(&body).send().await.json()
    };
    let new = json!({"name": MARK, "kind": "webhook", "url": "http://127.0.0.1:9/"});
    let created = send(Method::POST, "/channels/", new).await;
    let channel = created["channel"]["id"].as_i64().unwrap();
    let wanted = json!({"channel": MARK});
    let subscribed = send(Method::POST, "/subscriptions/", wanted).await;
    let test = format!("/channels/{channel}/test/");
    send(Method::POST, &test, json!({})).await;
    let deliveries = story.ask(As::Admin, Method::GET, "/deliveries/");
    let deliveries = deliveries.send().await.expect(200);
    let delivery = deliveries["results"][0]["id"].as_str().unwrap().to_owned();
    (channel, subscribed["id"].as_i64().unwrap(), delivery)
}

/// The second account's OpenHEXA, with its own pipeline.
async fn second_openhexa(story: &Story) -> Emulator {
    let data = story.data.path().join("second");
    std::fs::create_dir(&data).unwrap();
    let file = data.join("catalogue.json");
    let catalogue = json!({"workspace": {"slug": "second", "name": "Second"}, "pipelines": pipelines("theirs", 2)});
    std::fs::write(&file, catalogue.to_string()).unwrap();
    let options = Options {
        port: 0,
        token: OTHER_TOKEN.to_owned().into(),
        data,
        catalogue: Some(file),
        pipelines: None,
        python: "python3".into(),
        iaso: None,
    };
    let emulator = Emulator::start(options).await.unwrap();
    let content = NewConfig {
        instance: emulator.url(),
        target: Target {
            url: emulator.url(),
            workspace: "second".to_owned(),
            token: OTHER_TOKEN.to_owned().into(),
        },
        content: serde_json::Map::new(),
        by: None,
    };
    story
        .bridge()
        .configuration
        .point_to(AccountId(2), content)
        .await
        .unwrap();
    emulator
}
