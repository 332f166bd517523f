//! The place of a task in a run of a flow.

use serde_json::{Value, json};

use super::ids::FlowRunId;

/// Which attempt of which step a task is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowStep {
    pub run: FlowRunId,
    /// The id of the flow, as in its address.
    pub flow: String,
    /// The id of the step in the document.
    pub step: String,
    /// From 1.
    pub attempt: u32,
}

impl FlowStep {
    pub fn json(&self) -> Value {
        json!({"id": self.run.0, "flow": self.flow, "step": self.step, "attempt": self.attempt})
    }

    pub fn of(value: &Value) -> Option<Self> {
        let text = |key: &str| value[key].as_str().map(str::to_owned);
        Some(Self {
            run: FlowRunId(value["id"].as_i64()?),
            flow: text("flow")?,
            step: text("step")?,
            attempt: u32::try_from(value["attempt"].as_u64()?).ok()?,
        })
    }
}
