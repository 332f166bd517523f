//! What a test does directly in OpenHEXA, and what it counts there.

use std::path::{Path, PathBuf};

use openhexa_emulator::{Emulator, Iaso, Options};
use serde_json::{Value, json};

use super::{Secrets, Story};

const LAUNCH: &str =
    "mutation ($input: RunPipelineInput!) { runPipeline(input: $input) { run { id } } }";

/// The options of an emulator with these pipelines.
pub fn options(data: &Path, pipelines: &Value, secrets: &Secrets, bridge: String) -> Options {
    let workspace = json!({
        "slug": "demo", "name": "Demo",
        "connections": [
            {"slug": "dhis2-play", "name": "DHIS2 playground", "type": "DHIS2"},
            {"slug": "sms", "name": "SMS gateway", "type": "CUSTOM"},
        ],
        "datasets": [{"slug": "population-2026", "name": "Population estimates"}],
    });
    let catalogue = json!({"workspace": workspace, "pipelines": pipelines});
    let file = data.join("catalogue.json");
    std::fs::write(&file, catalogue.to_string()).unwrap();
    Options {
        port: 0,
        token: secrets.openhexa.clone().into(),
        data: data.to_owned(),
        catalogue: Some(file),
        pipelines: None,
        python: PathBuf::from("python3"),
        iaso: Some(Iaso {
            url: bridge,
            token: secrets.operator.clone().into(),
        }),
    }
}

impl Story {
    pub(super) fn emulator_url(&self, path: &str) -> String {
        self.openhexa.replace("/graphql/", path)
    }

    /// All runs in OpenHEXA, oldest first.
    pub async fn runs(&self) -> Vec<Value> {
        let answer = self
            .client
            .get(self.emulator_url("/emulator/runs"))
            .send()
            .await
            .unwrap();
        let answer: Value = answer.json().await.unwrap();
        answer["results"].as_array().unwrap().clone()
    }

    /// The number of requests to OpenHEXA, without those of runs.
    pub async fn requests(&self) -> u64 {
        let url = self.emulator_url("/emulator/requests");
        let answer = self.client.get(url).send().await.unwrap();
        let counts: Value = answer.json().await.unwrap();
        counts["total"].as_u64().unwrap()
    }

    /// Sends a request directly to OpenHEXA.
    pub async fn graphql(&self, query: &str, variables: Value) -> Value {
        let request = self.client.post(&self.openhexa);
        let request = request.bearer_auth(&self.secrets.openhexa);
        let body = json!({"query": query, "variables": variables});
        let answer = request.json(&body).send().await.unwrap();
        let answer: Value = answer.json().await.unwrap();
        assert!(answer.get("errors").is_none(), "{answer}");
        answer["data"].clone()
    }

    /// Changes a run in the emulator: `{"status": "success"}`, `{"vanish": true}`.
    pub async fn drive(&self, run: &str, change: &Value) {
        let url = self.emulator_url(&format!("/emulator/runs/{run}"));
        let answer = self.client.post(url).json(change).send().await.unwrap();
        assert!(
            answer.status().is_success(),
            "{}",
            answer.text().await.unwrap()
        );
    }

    pub async fn fault(&self, fault: &Value) {
        let url = self.emulator_url("/emulator/faults");
        let answer = self.client.post(url).json(fault).send().await.unwrap();
        assert!(
            answer.status().is_success(),
            "{}",
            answer.text().await.unwrap()
        );
    }

    /// The callback token of the newest run.
    pub async fn callback_token(&self) -> String {
        let runs = self.runs().await;
        let token = &runs.last().unwrap()["config"]["connection_token"];
        token
            .as_str()
            .expect("a declared connection_token")
            .to_owned()
    }

    /// Sets the emulator's clock, which otherwise is the machine's, to the story's time.
    pub async fn set_openhexa_clock(&self) {
        let url = self.emulator_url("/emulator/clock");
        let moment = json!({"at": self.now()});
        let answer = self.client.post(url).json(&moment).send().await.unwrap();
        assert!(answer.status().is_success());
    }

    /// Restarts OpenHEXA at the same address, with its runs and these pipelines.
    pub async fn reopen_openhexa(&mut self, pipelines: &Value) {
        let url = reqwest::Url::parse(&self.openhexa).unwrap();
        if self.emulator.is_some() {
            self.stop_openhexa().await;
        }
        let options = options(self.data.path(), pipelines, &self.secrets, self.base_url());
        let options = Options {
            port: url.port().unwrap(),
            ..options
        };
        self.emulator = Some(Emulator::start(options).await.unwrap());
    }

    /// Deletes a pipeline in OpenHEXA; returns false if one of its runs is queued or running.
    pub async fn delete_pipeline(&self, pipeline: &str) -> bool {
        let url = self.emulator_url(&format!("/emulator/pipelines/{pipeline}"));
        let answer = self.client.delete(url).send().await.unwrap();
        answer.status().is_success()
    }

    /// Sets OpenHEXA's own schedule of a pipeline.
    pub async fn schedule_in_openhexa(&self, pipeline: &str, schedule: &Value) {
        let url = self.emulator_url(&format!("/emulator/pipelines/{pipeline}"));
        let wanted = json!({"schedule": schedule});
        let answer = self.client.post(url).json(&wanted).send().await.unwrap();
        assert!(answer.status().is_success());
    }

    /// Archives the workspace in OpenHEXA, or restores it.
    pub async fn archive(&self, archived: bool) {
        let url = self.emulator_url("/emulator/workspaces/demo");
        let wanted = json!({"archived": archived});
        let answer = self.client.post(url).json(&wanted).send().await.unwrap();
        assert!(answer.status().is_success());
    }

    /// Launches a run directly in OpenHEXA, with the bridge's token.
    pub async fn foreign_run(&self, pipeline: &str, config: Value) -> String {
        let input = json!({"id": pipeline, "config": config});
        let question = json!({"query": LAUNCH, "variables": {"input": input}});
        let request = self.client.post(&self.openhexa).json(&question);
        let answer = request.bearer_auth(&self.secrets.openhexa).send().await;
        let answer: Value = answer.unwrap().json().await.unwrap();
        let run = &answer["data"]["runPipeline"]["run"]["id"];
        run.as_str()
            .unwrap_or_else(|| panic!("{answer}"))
            .to_owned()
    }

    /// The number of requests to OpenHEXA with this operation.
    pub async fn request_count(&self, operation: &str) -> u64 {
        let url = self.emulator_url("/emulator/requests");
        let counts: Value = self
            .client
            .get(url)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        counts["by_operation"][operation]
            .as_u64()
            .unwrap_or_default()
    }

    /// Waits for this number of requests with this operation.
    pub async fn until_requested(&self, operation: &str, times: u64) {
        self.until_true(&format!("request {times} for {operation}"), async || {
            self.request_count(operation).await >= times
        })
        .await;
    }

    /// The next such request is executed at once, but its response is sent only after `no_faults`.
    pub async fn delay(&self, operation: &str) {
        self.fault(&json!({"fault": "latency", "operation": operation, "ms": 600_000, "count": 1}))
            .await;
    }

    /// No more faults; responses that were delayed are sent.
    /// Replaces the files of the workspace: `{"files": [{"key", "size", "updatedAt"}]}`.
    pub async fn set_files(&self, files: &Value) {
        let url = self.emulator_url("/emulator/files");
        let answer = self.client.post(url).json(files).send().await.unwrap();
        assert!(answer.status().is_success());
    }

    pub async fn no_faults(&self) {
        let url = self.emulator_url("/emulator/faults");
        let answer = self.client.delete(url).send().await.unwrap();
        assert!(answer.status().is_success());
    }

    /// The status of the only run.
    pub async fn drive_only(&self, change: &Value) -> String {
        let runs = self.runs().await;
        assert_eq!(runs.len(), 1, "{runs:?}");
        let id = runs[0]["id"].as_str().unwrap().to_owned();
        self.drive(&id, change).await;
        id
    }
}
