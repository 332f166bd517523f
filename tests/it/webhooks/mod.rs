//! Webhooks: a message of another system starts a flow or a pipeline, once per message id.

mod authentication;
mod bodies;
mod creator;
mod flows;
mod limits;
mod manage;
mod rotation;
mod same_message;
mod secrecy;
mod vectors;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use hmac::{Hmac, Mac};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::support::catalogue::{id, injected, parameter, pipeline};
use crate::support::story::{Answer, As, Ask, Base, Story, StoryBuilder};

/// The only response to a message without the secret.
const REFUSED: &str =
    "The webhook does not exist, or the secret or signature is missing or not valid";

/// A pipeline whose runs continue until the test ends them, with text, integer and secret parameters.
fn plan(base: Base) -> StoryBuilder {
    let behaviour = json!({"kind": "manual", "queued_ms": 0, "running_ms": 0});
    let mut parameters = injected();
    parameters.push(parameter("country", "str", json!({})));
    parameters.push(parameter("year", "int", json!({})));
    parameters.push(parameter("password", "secret", json!({})));
    StoryBuilder::on(base).pipelines(json!([pipeline(1, &parameters, behaviour)]))
}

async fn begin(base: Base) -> Story {
    plan(base).begin().await
}

/// A webhook as its sender knows it.
#[derive(Clone)]
struct Hook {
    id: String,
    secret: String,
}

async fn create_as(story: &Story, who: As, more: Value) -> Answer {
    let mut body = json!({"name": "Stock", "pipeline": id(1)});
    for (key, value) in more.as_object().unwrap() {
        body[key] = value.clone();
    }
    let ask = story.ask(who, Method::POST, "/hooks/");
    ask.json(&body).send().await
}

async fn create(story: &Story, more: Value) -> Hook {
    hook_of(&create_as(story, As::Admin, more).await.expect(201))
}

fn hook_of(created: &Value) -> Hook {
    Hook {
        id: created["hook"]["id"].as_str().unwrap().to_owned(),
        secret: created["secret"].as_str().unwrap().to_owned(),
    }
}

async fn rotate(story: &Story, hook: &Hook) -> Hook {
    let path = format!("{}secret/", hook.path());
    let rotated = story.ask(As::Admin, Method::POST, &path).send().await;
    hook_of(&rotated.expect(201))
}

/// A message and how it is authenticated.
struct Message<'a> {
    hook: &'a Hook,
    body: String,
    headers: Vec<(&'static str, String)>,
}

impl Hook {
    fn path(&self) -> String {
        format!("/hooks/{}/", self.id)
    }

    fn message(&self, body: impl ToString) -> Message<'_> {
        Message {
            hook: self,
            body: body.to_string(),
            headers: Vec::new(),
        }
    }

    /// With the secret as a bearer token.
    fn bearer(&self, body: impl ToString) -> Message<'_> {
        let token = format!("Bearer {}", self.secret);
        self.message(body).header("authorization", token)
    }

    /// With a signature of the given time.
    fn signed(&self, id: &str, seconds: i64, body: impl ToString) -> Message<'_> {
        let message = self.message(body);
        let signature = sign(&self.secret, id, &seconds.to_string(), &message.body);
        message
            .header("webhook-id", id)
            .header("webhook-timestamp", seconds)
            .header("webhook-signature", signature)
    }
}

impl Message<'_> {
    fn header(mut self, name: &'static str, value: impl ToString) -> Self {
        self.headers.retain(|(other, _)| *other != name);
        self.headers.push((name, value.to_string()));
        self
    }

    async fn send(&self, story: &Story) -> Answer {
        let ask = story.ask(As::Anonymous, Method::POST, &self.hook.path());
        self.send_with(ask).await
    }

    /// To another bridge on the same database.
    async fn send_to(&self, story: &Story, url: &str) -> Answer {
        self.send_with(story.ask_elsewhere(url, &self.hook.path()))
            .await
    }

    async fn send_with(&self, ask: Ask<'_>) -> Answer {
        let all = self.headers.iter();
        let ask = all.fold(ask, |ask, (name, value)| ask.header(name, value));
        ask.body("application/json", self.body.clone()).send().await
    }
}

fn sign(secret: &str, id: &str, timestamp: &str, body: &str) -> String {
    let key = BASE64_STANDARD.decode(secret.trim_start_matches("whsec_"));
    let mut mac = Hmac::<Sha256>::new_from_slice(&key.unwrap_or_default()).unwrap();
    mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
    format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
}

/// The id of the task in the response to a message.
#[track_caller]
fn task_of(answer: &Answer) -> i64 {
    let answer = answer.expect(202);
    assert!(answer.get("run").is_none(), "{answer}");
    answer["task"]["id"].as_i64().unwrap()
}

/// The values that the newest run was launched with, without those that the bridge adds.
async fn launched_with(story: &Story) -> Value {
    let runs = story.runs().await;
    let mut config = runs.last().unwrap()["config"].clone();
    for name in [
        "task_id",
        "pipeline_id",
        "connection_host",
        "connection_token",
    ] {
        config.as_object_mut().unwrap().remove(name);
    }
    config
}
