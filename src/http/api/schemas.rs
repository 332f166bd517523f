//! OpenAPI schemas that several endpoints use, or that cannot be derived from a type.

use serde::Serialize;
use utoipa::openapi::schema::{Schema, SchemaType, Type};
use utoipa::openapi::{Object, ObjectBuilder, RefOr};
use utoipa::{PartialSchema, ToSchema};

use crate::domain::flow_step::FlowStep;
use crate::domain::pipeline::VersionLabel;
use crate::domain::task::Status;

/// A complete list.
#[derive(Serialize, ToSchema)]
pub struct Results<T: ToSchema> {
    pub results: Vec<T>,
}

/// The status of a task.
pub struct TaskStatus;

impl PartialSchema for TaskStatus {
    fn schema() -> RefOr<Schema> {
        let words = Status::ALL.map(Status::as_str);
        let word = ObjectBuilder::new().schema_type(Type::String);
        word.enum_values(Some(words)).into()
    }
}

impl ToSchema for TaskStatus {}

/// A number, or text that can be read as one.
pub fn number_or_text(meaning: &str) -> Object {
    let kinds = vec![Type::Number, Type::String, Type::Null];
    ObjectBuilder::new()
        .schema_type(SchemaType::Array(kinds))
        .description(Some(meaning))
        .build()
}

/// The run of a flow that launched a task, and the step and attempt that the task is.
#[derive(Serialize, ToSchema)]
pub struct TaskFlowRun {
    id: i64,
    flow: String,
    step: String,
    attempt: u32,
}

impl From<&FlowStep> for TaskFlowRun {
    fn from(step: &FlowStep) -> Self {
        Self {
            id: step.run.0,
            flow: step.flow.clone(),
            step: step.step.clone(),
            attempt: step.attempt,
        }
    }
}

/// The version of a task's or step's pipeline.
#[derive(Serialize, ToSchema)]
pub struct TaskVersion {
    #[schema(format = "uuid")]
    id: String,
    #[serde(rename = "versionNumber")]
    number: i64,
}

impl From<&VersionLabel> for TaskVersion {
    fn from(version: &VersionLabel) -> Self {
        Self {
            id: version.id.to_string(),
            number: version.number,
        }
    }
}

/// Text, or an object.
pub fn text_or_object() -> Object {
    ObjectBuilder::new()
        .schema_type(SchemaType::Array(vec![Type::String, Type::Object]))
        .build()
}
