//! The emulator behaves like OpenHEXA: each test is named after one observed fact.
//!
//! All requests go over HTTP to an emulator in this process.

mod access;
mod catalogue;
mod faults;
mod files;
mod life;
mod lists;
mod local_only;
mod reports;
mod restart;
mod run_page;
mod runs;
mod sdk_pipelines;
mod transport;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use openhexa_emulator::{Emulator, Iaso, Options};
use serde_json::{Value, json};
use tempfile::TempDir;

pub const TOKEN: &str = "emulator";
/// Longer than anything here takes on a busy machine.
const MAX_WAIT: Duration = Duration::from_mins(1);

/// An emulator with its folder; dropping the story removes both.
pub struct Story {
    pub emulator: Emulator,
    pub client: reqwest::Client,
    pub data: TempDir,
}

pub struct Answer {
    pub status: u16,
    pub body: Value,
}

impl Answer {
    /// The data of a successful request.
    pub fn data(&self) -> &Value {
        assert_eq!(self.status, 200, "{}", self.body);
        assert!(self.body.get("errors").is_none(), "{}", self.body);
        &self.body["data"]
    }

    pub fn message(&self) -> &str {
        self.body["errors"][0]["message"]
            .as_str()
            .unwrap_or_default()
    }

    /// `data: null` and an error, under HTTP 200: OpenHEXA's form of a failure.
    pub fn assert_failed_softly(&self) {
        assert_eq!(self.status, 200, "{}", self.body);
        assert!(self.body["data"].is_null(), "{}", self.body);
        assert!(
            self.body["errors"][0]["message"].is_string(),
            "{}",
            self.body
        );
    }
}

impl Story {
    /// The built-in samples.
    pub async fn samples() -> Self {
        Self::open(new_folder(), None, None).await
    }

    /// A catalogue of these pipelines, in the workspace `demo`.
    pub async fn of(pipelines: Value) -> Self {
        Self::with(json!({"workspace": {"slug": "demo", "name": "Demo"}, "pipelines": pipelines}))
            .await
    }

    pub async fn with(catalogue: Value) -> Self {
        let data = new_folder();
        let path = data.path().join("catalogue.json");
        std::fs::write(&path, catalogue.to_string()).unwrap();
        Self::open(data, Some(path), None).await
    }

    pub async fn open(data: TempDir, catalogue: Option<PathBuf>, iaso: Option<Iaso>) -> Self {
        let options = Options {
            catalogue,
            iaso,
            ..options(&data)
        };
        let emulator = Emulator::start(options).await.unwrap();
        Self {
            emulator,
            client: new_client(),
            data,
        }
    }

    /// A new emulator with the same folder.
    pub async fn restart(self) -> Self {
        let path = self.data.path().join("catalogue.json");
        self.emulator.stop().await;
        Self::open(self.data, path.exists().then_some(path), None).await
    }

    pub fn base(&self) -> String {
        self.emulator.url().replace("/graphql/", "")
    }

    pub async fn ask(&self, query: &str, variables: Value) -> Answer {
        self.ask_as(Some(TOKEN), query, variables).await
    }

    pub async fn ask_as(&self, token: Option<&str>, query: &str, variables: Value) -> Answer {
        self.try_ask(token, query, variables).await.unwrap()
    }

    pub async fn try_ask(
        &self,
        token: Option<&str>,
        query: &str,
        variables: Value,
    ) -> reqwest::Result<Answer> {
        let mut request = self
            .client
            .post(self.emulator.url())
            .json(&json!({"query": query, "variables": variables}));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await?;
        let status = answer.status().as_u16();
        let text = answer.text().await?;
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Ok(Answer { status, body })
    }

    /// Sends `runPipeline` and returns any response.
    pub async fn launch(&self, pipeline: &str, config: Value) -> Answer {
        self.ask(LAUNCH, json!({"input": {"id": pipeline, "config": config}}))
            .await
    }

    /// Launches a run that must be accepted, and returns its id.
    pub async fn run(&self, pipeline: &str, config: Value) -> String {
        let answer = self.launch(pipeline, config).await;
        let answered = &answer.data()["runPipeline"];
        assert_eq!(answered["success"], true, "{answered}");
        answered["run"]["id"].as_str().unwrap().to_owned()
    }

    pub async fn get_run(&self, run: &str) -> Value {
        self.ask(GET_RUN, json!({"id": run})).await.data()["pipelineRun"].clone()
    }

    pub async fn until(&self, run: &str, status: &str) -> Value {
        eventually(&format!("the run becomes {status}"), async || {
            let seen = self.get_run(run).await;
            (seen["status"] == status).then_some(seen)
        })
        .await
    }

    pub async fn stop_run(&self, run: &str) -> Value {
        self.ask(STOP, json!({"input": {"runId": run}}))
            .await
            .data()["stopPipeline"]
            .clone()
    }

    pub async fn admin(&self, path: &str, body: Value) -> Value {
        let url = format!("{}/emulator/{path}", self.base());
        let answer = self.client.post(url).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path} {body}");
        answer.json().await.unwrap()
    }

    pub async fn drive(&self, run: &str, body: Value) -> Value {
        self.admin(&format!("runs/{run}"), body).await
    }

    pub async fn all_runs(&self) -> Vec<Value> {
        self.read("runs").await["results"]
            .as_array()
            .unwrap()
            .clone()
    }

    pub async fn read(&self, path: &str) -> Value {
        let url = format!("{}/emulator/{path}", self.base());
        self.client
            .get(url)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }
}

pub const LAUNCH: &str = "mutation R($input: RunPipelineInput) { runPipeline(input: $input) {
    success errors run { id status config version { id versionNumber } } } }";
pub const STOP: &str =
    "mutation X($input: StopPipelineInput!) { stopPipeline(input: $input) { success errors } }";
pub const GET_RUN: &str = "query Q($id: UUID!) { pipelineRun(id: $id) {
    id run_id status progress executionDate duration triggerMode logs hasErrorMessages timeout config
    sendMailNotifications messages { message priority timestamp } stoppedBy { email }
    outputs { __typename ... on GenericOutput { genericName: name type uri } ... on BucketObject { key size } }
    user { id email } version { id versionNumber versionName } pipeline { id code } } }";

/// The id of the only pipeline of most stories.
pub const ONE: &str = "10000000-0000-4000-8000-000000000001";
pub const TWO: &str = "10000000-0000-4000-8000-000000000002";
pub const V1: &str = "20000000-0000-4000-8000-000000000001";
pub const V2: &str = "20000000-0000-4000-8000-000000000002";
pub const UNKNOWN_ID: &str = "11111111-1111-4111-8111-111111111111";

/// A pipeline with one version of these parameters and this behaviour.
pub fn pipeline(parameters: Value, behaviour: Value) -> Value {
    json!({"id": ONE, "code": "one", "name": "One", "type": "zipFile",
        "versions": [{"id": V1, "versionNumber": 1, "config": {}, "parameters": parameters}],
        "behaviour": behaviour})
}

pub fn manual() -> Value {
    json!({"kind": "manual", "queued_ms": 0})
}

pub fn quick() -> Value {
    json!({"queued_ms": 0, "running_ms": 0})
}

pub fn options(data: &TempDir) -> Options {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Options {
        port: 0,
        token: TOKEN.to_owned().into(),
        data: data.path().to_owned(),
        catalogue: None,
        pipelines: None,
        python: "python3".into(),
        iaso: None,
    }
}

/// A new connection for each request, because the emulator closes idle ones after two seconds, as OpenHEXA
/// does.
pub fn new_client() -> reqwest::Client {
    let plain = crate::support::client::builder();
    plain.pool_max_idle_per_host(0).build().unwrap()
}

pub fn new_folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// Polls until the result is there, or fails and names what was expected.
pub async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + MAX_WAIT;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < deadline, "this did not happen: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
