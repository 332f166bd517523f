//! Runs with their messages, outputs and logs.

use std::sync::Arc;

use async_graphql::{Object, Result, SimpleObject, Union};
use serde_json::Value;

use super::Pipeline;
use super::version::PipelineVersion;
use crate::catalogue::Catalogue;
use crate::run::{Output, Priority, Run, Status};
use crate::schema::contents::BucketObject;
use crate::schema::not_nullable;
use crate::schema::pages::page_type;
use crate::schema::scalars::{Json, PipelineRunTrigger, Stamp, Uid};
use crate::schema::users::User;

/// An empty zip archive in base64: the emulator does not store code.
const NO_CODE: &str = "UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==";

/// A run at the time of the request.
#[derive(Clone)]
pub struct PipelineRun {
    pub run: Arc<Run>,
    pub catalogue: Arc<Catalogue>,
}

#[Object]
impl PipelineRun {
    async fn id(&self) -> Uid {
        Uid::Id(self.run.id)
    }

    /// Not a UUID, although that is its type.
    #[graphql(name = "run_id")]
    async fn run_id(&self) -> Uid {
        Uid::Text(self.run.run_id.clone())
    }

    async fn user(&self) -> Option<User> {
        Some(self.run.user.map_or_else(User::owner, User::of))
    }

    async fn pipeline(&self) -> Pipeline {
        Pipeline {
            catalogue: Arc::clone(&self.catalogue),
            id: self.run.pipeline,
        }
    }

    async fn version(&self) -> Option<PipelineVersion> {
        let id = self.run.version?;
        self.catalogue.version(id)?;
        Some(PipelineVersion {
            catalogue: Arc::clone(&self.catalogue),
            id,
        })
    }

    /// Contains secrets in plain text, as in OpenHEXA.
    async fn config(&self) -> Json {
        Json(Value::Object(self.run.config.clone()))
    }

    async fn status(&self) -> Status {
        self.run.status
    }

    async fn execution_date(&self) -> Option<Stamp> {
        Some(Stamp::at(self.run.created))
    }

    async fn duration(&self) -> Option<i64> {
        Some(self.run.duration())
    }

    async fn progress(&self) -> i32 {
        self.run.progress
    }

    async fn trigger_mode(&self) -> Option<PipelineRunTrigger> {
        Some(PipelineRunTrigger::Manual)
    }

    async fn messages(&self) -> Vec<PipelineRunMessage> {
        let said = self.run.messages.iter();
        said.map(|said| PipelineRunMessage {
            message: said.message.clone(),
            priority: said.priority,
            timestamp: Some(Stamp::at(said.at)),
        })
        .collect()
    }

    async fn logs(&self) -> Option<&str> {
        self.run.logs.as_deref()
    }

    async fn outputs(&self) -> Vec<PipelineRunOutput> {
        let pipeline = self.catalogue.pipeline(self.run.pipeline);
        let bucket = pipeline.map_or("", |pipeline| self.catalogue.slug_of(pipeline));
        let outputs = self.run.outputs.iter();
        outputs
            .map(|output| PipelineRunOutput::of(output, bucket))
            .collect()
    }

    async fn code(&self) -> &str {
        NO_CODE
    }

    async fn send_mail_notifications(&self) -> bool {
        self.run.send_mail
    }

    /// Fails in OpenHEXA too, so a run for which it is requested is null.
    async fn enable_debug_logs(&self) -> Result<bool> {
        Err(not_nullable("PipelineRun.enableDebugLogs"))
    }

    async fn timeout(&self) -> Option<i64> {
        Some(self.run.timeout)
    }

    async fn dataset_versions(&self) -> Vec<DatasetVersion> {
        Vec::new()
    }

    async fn stopped_by(&self) -> Option<User> {
        self.run.stopped_by_user.then(User::owner)
    }

    async fn has_error_messages(&self) -> bool {
        self.run.has_error_messages()
    }
}

page_type!(PipelineRunPage of PipelineRun);

#[derive(SimpleObject)]
pub struct PipelineRunMessage {
    message: String,
    priority: Priority,
    timestamp: Option<Stamp>,
}

#[derive(SimpleObject)]
pub struct DatasetVersion {
    id: String,
    name: String,
}

#[derive(SimpleObject)]
pub struct GenericOutput {
    name: Option<String>,
    #[graphql(name = "type")]
    kind: String,
    uri: String,
}

#[derive(SimpleObject)]
pub struct DatabaseTable {
    name: String,
    count: Option<i32>,
}

#[derive(Union)]
pub enum PipelineRunOutput {
    BucketObject(BucketObject),
    GenericOutput(GenericOutput),
    DatabaseTable(DatabaseTable),
}

impl PipelineRunOutput {
    fn of(output: &Output, bucket: &str) -> Self {
        match output {
            Output::Generic { name, kind, uri } => Self::GenericOutput(GenericOutput {
                name: name.clone(),
                kind: kind.clone(),
                uri: uri.clone(),
            }),
            Output::File { key, size } => Self::BucketObject(BucketObject::new(bucket, key, *size)),
        }
    }
}
