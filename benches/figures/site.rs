//! What all scenarios use: bridges with default settings, an OpenHEXA, and the requests that prepare a measurement.

use std::path::Path;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

use crate::process::Process;

pub const KEY: &str = "benchmark-admin-key-not-secret";

/// The id of a pipeline, counted from 1.
pub fn pipeline(number: u64) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

/// The settings of a bridge: the defaults, except for its address, database, keys and rate limits.
pub fn settings(database: String) -> Vec<(&'static str, String)> {
    vec![
        ("DATABASE__URL", database),
        ("SERVER__PORT", "0".to_owned()),
        ("SECRETS__ENCRYPTION_KEY", format!("{}=", "A".repeat(43))),
        ("SECRETS__CALLBACK_KEY", "c".repeat(48)),
        ("KEYS__ADMIN", KEY.to_owned()),
        ("LIMITS__SIGNED_IN_PER_SECOND", "0".to_owned()),
        ("LIMITS__LAUNCHES_PER_MINUTE", "0".to_owned()),
        ("OPENHEXA__ALLOW_PRIVATE", "true".to_owned()),
    ]
}

/// Sets very long poll intervals, so that runs are not polled while something else is measured.
pub fn without_polling(mut settings: Vec<(&'static str, String)>) -> Vec<(&'static str, String)> {
    let names = ["RECONCILE__EARLY", "RECONCILE__USUAL", "RECONCILE__LATE"];
    settings.extend(names.map(|name| (name, "10h".to_owned())));
    settings
}

/// The pipelines of an OpenHEXA.
pub struct Pipelines {
    many: u64,
    /// In addition to those that every launch sets.
    parameters: Vec<Value>,
    behaviour: Value,
}

/// This number of pipelines, whose runs only change on request.
impl From<u64> for Pipelines {
    fn from(many: u64) -> Self {
        Self {
            many,
            parameters: Vec::new(),
            behaviour: json!({"kind": "manual", "queued_ms": 0}),
        }
    }
}

impl Pipelines {
    /// Pipelines of flows: their runs take a second, report their progress once, then SUCCESS with a result, and end.
    pub fn of_flows(many: u64) -> Self {
        Self {
            parameters: vec![
                json!({"code": "table", "type": "str"}),
                json!({"code": "rows", "type": "int", "required": false}),
            ],
            behaviour: json!({
                "kind": "succeed", "queued_ms": 0, "running_ms": 1000, "steps": 1, "callback": true,
                "result": {"rows": 1000},
            }),
            ..Self::from(many)
        }
    }

    fn described(&self, number: u64) -> Value {
        let mut parameters = vec![
            json!({"code": "task_id", "type": "int"}),
            json!({"code": "pipeline_id", "type": "str"}),
            json!({"code": "connection_host", "type": "str"}),
            json!({"code": "connection_token", "type": "str"}),
        ];
        parameters.extend(self.parameters.iter().cloned());
        json!({
            "id": pipeline(number), "code": format!("pipeline-{number}"),
            "versions": [{"parameters": parameters}], "behaviour": self.behaviour,
        })
    }
}

/// Starts the emulator with these pipelines.
pub fn openhexa(data: &Path, pipelines: impl Into<Pipelines>) -> Process {
    // The measured program is built without the emulator, so `make bench` also builds it with the feature `dev`.
    let built = Path::new(env!("CARGO_BIN_EXE_openhexa-bridge"));
    let profiles = built.ancestors().nth(2).expect("the folder of all builds");
    let program = profiles.join("debug/openhexa-bridge");
    let pipelines = pipelines.into();
    let all: Vec<Value> = (1..=pipelines.many)
        .map(|number| pipelines.described(number))
        .collect();
    let catalogue = data.join("catalogue.json");
    let document = json!({"pipelines": all}).to_string();
    std::fs::write(&catalogue, document).expect("a file of ours");
    let folder = data.join("openhexa");
    let path = |path: &Path| path.display().to_string();
    let (catalogue, folder) = (path(&catalogue), path(&folder));
    let options = ["--catalogue", &catalogue, "--data", &folder];
    let args = [&["emulator", "--port", "0"], options.as_slice()].concat();
    Process::start(&program, &args, &[])
}

pub fn client() -> reqwest::Client {
    // Fails if a provider is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy();
    // The emulator closes an idle connection after two seconds.
    let client = client.pool_idle_timeout(Duration::from_secs(1)).build();
    client.expect("a client")
}

/// Sends a request, and returns the JSON of the response, which must be successful.
pub async fn ask(request: reqwest::RequestBuilder) -> Value {
    let text = text(request).await;
    serde_json::from_str(&text).expect("JSON")
}

pub async fn text(request: reqwest::RequestBuilder) -> String {
    let answer = request.bearer_auth(KEY).send().await.expect("an answer");
    let (status, text) = (answer.status(), answer.text().await.expect("its text"));
    assert!(status.is_success(), "{status}: {text}");
    text
}

/// Saves the connection to OpenHEXA in the bridge's configuration.
pub async fn configure(bridge: &Process, openhexa: &Process) {
    let content = json!({"content": {
        "openhexa_url": format!("{}/graphql/", openhexa.url), "openhexa_token": "emulator", "workspace_slug": "demo",
    }});
    let config = format!("{}/api/openhexa/config/", bridge.url);
    ask(client().put(config).json(&content)).await;
}

/// Launches `many` tasks, `at_once` at the same time, with the first pipelines in turn. Returns their ids.
pub async fn launch(bridge: &Process, many: usize, at_once: usize, pipelines: u64) -> Vec<i64> {
    let (client, url) = (client(), format!("{}/api/openhexa/pipelines", bridge.url));
    let launches = stream::iter(0..many as u64).map(|number| {
        let path = format!("{url}/{}/launch/", pipeline(number % pipelines + 1));
        let launch = ask(client.post(path).json(&json!({"config": {}})));
        async move { launch.await["task"]["id"].as_i64().expect("a task") }
    });
    let tasks = launches.buffered(at_once).collect::<Vec<i64>>().await;
    eprintln!("{} tasks live at {}", tasks.len(), bridge.url);
    tasks
}

/// The number of requests that OpenHEXA received, by operation.
pub async fn requests(openhexa: &Process) -> Value {
    let url = format!("{}/emulator/requests", openhexa.url);
    ask(client().get(url)).await
}
