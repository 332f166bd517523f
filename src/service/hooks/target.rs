//! What a webhook starts. To add a kind of target: a case in `check_target`, `started_before` and `start`.

use serde_json::{Map, Value};

use super::Hooks;
use crate::domain::flow::run::Cause;
use crate::domain::ids::{FlowRunId, PipelineId};
use crate::domain::message::say;
use crate::domain::principal::Principal;
use crate::domain::task::Task;
use crate::domain::validation::Injected;
use crate::domain::webhook::{Hook, HookTarget, inputs};
use crate::service::catalog::{Definition, Freshness, parameters};
use crate::service::flows::{RunRequest, StartIdempotency};
use crate::service::launching::{HookMessage, Idempotency, LaunchRequest};
use crate::service::{Error, PAGE_WAIT};

/// What a message started.
#[derive(Clone, Debug)]
pub enum Started {
    Task(Box<Task>),
    FlowRun(FlowRunId),
}

impl Hooks {
    /// Whether the target exists, and has the inputs of the mapping.
    pub(super) async fn check_target(&self, hook: &Hook) -> Result<(), Error> {
        match &hook.target {
            HookTarget::Pipeline(pipeline) => self.check_pipeline(hook, *pipeline).await,
            HookTarget::Flow(slug) => self.check_flow(hook, slug).await,
        }
    }

    /// What a message with the same id has started.
    pub(super) async fn started_before(
        &self,
        hook: &Hook,
        message: &HookMessage,
    ) -> Result<Option<Started>, Error> {
        match &hook.target {
            HookTarget::Pipeline(_) => {
                let key = Idempotency::Message(message.clone());
                let task = self.launching.existing_task(hook.account, &key).await?;
                Ok(task.map(|task| Started::Task(Box::new(task))))
            }
            HookTarget::Flow(_) => {
                let key = start_key(message);
                let run = self.flows.existing(hook.account, Some(&key)).await?;
                Ok(run.map(|run| Started::FlowRun(run.id)))
            }
        }
    }

    pub(super) async fn start(
        &self,
        who: &Principal,
        hook: &Hook,
        message: HookMessage,
        body: Map<String, Value>,
    ) -> Result<Started, Error> {
        match &hook.target {
            HookTarget::Pipeline(pipeline) => {
                Box::pin(self.start_pipeline(who, hook, *pipeline, message, body)).await
            }
            HookTarget::Flow(slug) => {
                Box::pin(self.start_flow(who, hook, slug, message, body)).await
            }
        }
    }

    /// A message that OpenHEXA refuses has a task as well, which says why.
    async fn start_pipeline(
        &self,
        who: &Principal,
        hook: &Hook,
        pipeline: PipelineId,
        message: HookMessage,
        body: Map<String, Value>,
    ) -> Result<Started, Error> {
        let definition = self.definition(who, pipeline).await?;
        let inputs = inputs(&declared(&definition), &hook.mapping, body);
        let ignored = inputs.ignored;
        let request = LaunchRequest {
            pipeline,
            version: None,
            config: inputs.values,
            send_notifications: true,
            debug: false,
            relaunch_of: None,
            step: None,
            idempotency: Some(Idempotency::Message(HookMessage { ignored, ..message })),
        };
        match self.launching.launch(who, request).await {
            Ok(task) => Ok(Started::Task(Box::new(task))),
            Err(Error::Refused { task, .. }) => Ok(Started::Task(task)),
            Err(error) => Err(error),
        }
    }

    async fn start_flow(
        &self,
        who: &Principal,
        hook: &Hook,
        slug: &str,
        message: HookMessage,
        body: Map<String, Value>,
    ) -> Result<Started, Error> {
        let declared = self.flows.input_names(hook.account, slug).await?;
        let inputs = inputs(&declared, &hook.mapping, body);
        let request = RunRequest {
            slug: slug.to_owned(),
            inputs: inputs.values,
            interval: None,
            cause: Cause::Webhook,
            idempotency: Some(start_key(&message)),
            ignored: inputs.ignored,
        };
        let run = self.flows.run(who, request).await?;
        Ok(Started::FlowRun(run.id))
    }

    async fn check_flow(&self, hook: &Hook, slug: &str) -> Result<(), Error> {
        let declared = self.flows.input_names(hook.account, slug).await;
        check_mapping(hook, &declared.map_err(|error| about("flow", error))?)
    }

    /// For the names of the parameters, so a recent one is enough: the launch requests a new one.
    async fn definition(&self, who: &Principal, id: PipelineId) -> Result<Definition, Error> {
        let config = self.configuration.get(who.account).await?;
        let recent = self
            .catalog
            .definition(&config, id, None, Freshness::Recent);
        match tokio::time::timeout(PAGE_WAIT, recent).await {
            Ok(found) => found,
            Err(_) => self.catalog.known_definition(&config, id, None).await,
        }
    }

    async fn check_pipeline(&self, hook: &Hook, pipeline: PipelineId) -> Result<(), Error> {
        let config = self.configuration.get(hook.account).await?;
        let found = self
            .catalog
            .definition(&config, pipeline, None, Freshness::Recent)
            .await;
        let definition = found.map_err(|error| about("pipeline", error))?;
        check_mapping(hook, &declared(&definition))
    }
}

/// A target that does not exist is an error of its field.
fn about(field: &str, error: Error) -> Error {
    if let Error::NotFound(sentence) = error {
        return Error::field(field, sentence);
    }
    error
}

fn check_mapping(hook: &Hook, declared: &[String]) -> Result<(), Error> {
    match hook.mapping.keys().find(|name| !declared.contains(name)) {
        Some(name) => {
            let sentence = say("webhook-input-unknown").with("name", name);
            Err(Error::field("mapping", sentence))
        }
        None => Ok(()),
    }
}

fn start_key(message: &HookMessage) -> StartIdempotency {
    StartIdempotency::Message {
        hook: message.hook,
        id: message.id.clone(),
    }
}

/// The parameters whose values a message can give: the bridge itself sets the injected ones.
fn declared(definition: &Definition) -> Vec<String> {
    let own = parameters(definition).iter();
    let codes = own.map(|parameter| parameter.code.clone());
    codes
        .filter(|code| Injected::parse(code).is_none())
        .collect()
}
