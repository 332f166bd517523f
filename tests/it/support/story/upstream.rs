//! What a story does at OpenHEXA past the bridge, and what it counts there.

use serde_json::{Value, json};

use super::Story;

const LAUNCH: &str =
    "mutation ($input: RunPipelineInput!) { runPipeline(input: $input) { run { id } } }";

impl Story {
    /// A run that somebody made in OpenHEXA itself, with the same token.
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

    /// How often OpenHEXA was asked for this.
    pub async fn asked(&self, operation: &str) -> u64 {
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

    /// Waits until OpenHEXA was asked for this so often.
    pub async fn until_asked(&self, operation: &str, times: u64) {
        self.until_true(&format!("request {times} for {operation}"), async || {
            self.asked(operation).await >= times
        })
        .await;
    }

    /// No more faults.
    pub async fn no_faults(&self) {
        let url = self.emulator_url("/emulator/faults");
        assert!(
            self.client
                .delete(url)
                .send()
                .await
                .unwrap()
                .status()
                .is_success()
        );
    }

    /// The status of the only run there is.
    pub async fn drive_only(&self, change: &Value) -> String {
        let runs = self.runs().await;
        assert_eq!(runs.len(), 1, "{runs:?}");
        let id = runs[0]["id"].as_str().unwrap().to_owned();
        self.drive(&id, change).await;
        id
    }
}
