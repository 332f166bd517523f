//! Notifications: channels, subscriptions, and messages that are delivered at least once.

mod addresses;
mod channels;
mod concurrent;
mod limits;
mod log;
mod mail;
mod mail_server;
mod receiver;
mod rules;
mod secrecy;
mod signatures;
mod subscriptions;
mod tries;

use openhexa_bridge::domain::ids::{AccountId, FlowId, PipelineId};
use openhexa_bridge::domain::notification::{Both, Level, Notice, NoticeKind, Subject};
use openhexa_bridge::service::{Error, notifications};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::story::{Answer, As, Story};

/// A notice about no flow and no pipeline, for everyone who subscribed to everything.
fn notice(title: &str) -> Notice {
    Notice {
        account: AccountId(1),
        kind: NoticeKind::AlertOpened,
        subject: Subject::Account,
        level: Level::Error,
        title: Both {
            en: title.to_owned(),
            fr: format!("{title} (fr)"),
        },
        details: Vec::new(),
        data: json!({"rows": 7}).as_object().unwrap().clone(),
        path: "/dashboard/flow-runs/12/".to_owned(),
    }
}

/// Of a run that succeeded, which only subscribers of everything get.
fn success(title: &str) -> Notice {
    Notice {
        kind: NoticeKind::FlowRunEnded,
        level: Level::All,
        ..notice(title)
    }
}

fn of_flow(id: i64, slug: &str) -> Subject {
    Subject::Flow {
        id: FlowId(id),
        slug: slug.to_owned(),
        name_en: "Daily load".to_owned(),
        name_fr: "Chargement quotidien".to_owned(),
    }
}

fn of_pipeline(id: &str) -> Subject {
    Subject::Pipeline {
        id: id.parse::<PipelineId>().unwrap(),
        name: "Extract".to_owned(),
    }
}

/// Adds a notice in a transaction of its own, as the end of a run does in its transaction.
async fn notify(story: &Story, notice: Notice) {
    notify_declared(story, notice, &[]).await;
}

/// The same, with the channels of a flow's document.
async fn notify_declared(story: &Story, notice: Notice, declared: &[(&str, Level)]) {
    let declared: Vec<(String, Level)> = declared
        .iter()
        .map(|(name, level)| ((*name).to_owned(), *level))
        .collect();
    let now = story.now();
    let store = story.store().await;
    let added = store
        .write(move |db| notifications::notify(db, &notice, &declared, now))
        .await;
    let added: Result<(), Error> = added;
    added.unwrap();
}

/// Sends everything that is due, as the job does.
async fn send_due(story: &Story) {
    let sender = story.bridge().notifications.sender.clone();
    while sender.send_due().await.unwrap() > 0 {}
}

async fn admin(story: &Story, method: Method, path: &str, body: &Value) -> Answer {
    let ask = story.ask(As::Admin, method, path);
    ask.json(body).send().await
}

async fn read(story: &Story, path: &str) -> Value {
    let ask = story.ask(As::Admin, Method::GET, path);
    ask.send().await.expect(200)
}

/// A channel as its receiver knows it.
#[derive(Clone, Debug)]
struct Channel {
    id: i64,
    secret: String,
}

impl Channel {
    fn path(&self) -> String {
        format!("/channels/{}/", self.id)
    }
}

fn channel_of(created: &Value) -> Channel {
    Channel {
        id: created["channel"]["id"].as_i64().unwrap(),
        secret: created["secret"].as_str().unwrap_or_default().to_owned(),
    }
}

/// A webhook channel that is not subscribed to anything.
async fn webhook(story: &Story, name: &str, url: &str) -> Channel {
    let body = json!({"name": name, "kind": "webhook", "url": url});
    let created = admin(story, Method::POST, "/channels/", &body).await;
    channel_of(&created.expect(201))
}

async fn subscribe(story: &Story, body: &Value) -> Value {
    story.post("/subscriptions/", body).await.expect(201)
}

/// A webhook channel that gets everything.
async fn subscribed(story: &Story, name: &str, url: &str) -> Channel {
    let channel = webhook(story, name, url).await;
    subscribe(story, &json!({"channel": name, "level": "ALL"})).await;
    channel
}

/// The deliveries, newest first.
async fn deliveries(story: &Story) -> Vec<Value> {
    let found = read(story, "/deliveries/?limit=200").await;
    found["results"].as_array().unwrap().clone()
}

/// The only delivery.
async fn delivery(story: &Story) -> Value {
    let mut all = deliveries(story).await;
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

/// The titles of the messages that a receiver got, in English.
fn titles(receiver: &receiver::Receiver) -> Vec<String> {
    let all = receiver.requests().into_iter();
    all.map(|request| {
        let title = request.json()["data"]["title"]["en"].clone();
        title.as_str().unwrap().to_owned()
    })
    .collect()
}
