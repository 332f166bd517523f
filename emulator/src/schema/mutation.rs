//! The mutations: launch and stop, and what a run reports about itself.

use std::sync::Arc;

use async_graphql::{Context, Error, InputObject, MaybeUndefined, Object, Result, SimpleObject};
use serde_json::{Map, Value};

use super::pipelines::PipelineRun;
use super::scalars::{Json, PipelineError, Uid};
use super::{Caller, authenticated, caller};
use crate::choices;
use crate::faults::Fault;
use crate::run::{Message, Output, Priority, Run, Status};
use crate::run_config;
use crate::run_store::Launch;
use crate::state::Identity;

pub struct Mutation;

#[derive(InputObject)]
struct RunPipelineInput {
    id: Uid,
    version_id: Option<Uid>,
    config: Json,
    send_mail_notifications: Option<bool>,
    enable_debug_logs: Option<bool>,
}

#[derive(SimpleObject)]
struct RunPipelineResult {
    success: bool,
    errors: Vec<PipelineError>,
    run: Option<PipelineRun>,
}

#[derive(InputObject)]
struct StopPipelineInput {
    run_id: Uid,
}

#[derive(InputObject)]
struct UpdatePipelineProgressInput {
    percent: i32,
}

#[derive(InputObject)]
struct LogPipelineMessageInput {
    priority: Priority,
    message: String,
}

#[derive(InputObject)]
struct AddPipelineOutputInput {
    uri: String,
    #[graphql(name = "type")]
    kind: String,
    name: Option<String>,
}

macro_rules! outcome {
    ($($name:ident),+ $(,)?) => {$(
        #[derive(SimpleObject)]
        struct $name {
            success: bool,
            errors: Vec<PipelineError>,
        }

        impl From<Result<(), PipelineError>> for $name {
            fn from(outcome: Result<(), PipelineError>) -> Self {
                Self { success: outcome.is_ok(), errors: outcome.err().into_iter().collect() }
            }
        }
    )+};
}

outcome!(
    StopPipelineResult,
    UpdatePipelineProgressResult,
    LogPipelineMessageResult,
    AddPipelineOutputResult,
    UpdatePipelineHeartbeatResult,
);

#[Object]
impl Mutation {
    async fn run_pipeline(
        &self,
        ctx: &Context<'_>,
        input: MaybeUndefined<RunPipelineInput>,
    ) -> Result<RunPipelineResult> {
        let caller = authenticated(ctx)?;
        let input = match input {
            MaybeUndefined::Undefined => return Err(Error::new("'input'")),
            MaybeUndefined::Null => {
                return Err(Error::new("'NoneType' object has no attribute 'get'"));
            }
            MaybeUndefined::Value(input) => input,
        };
        if caller.identity != Identity::User {
            return Err(Error::new("An unknown error occurred."));
        }
        Ok(match launch(caller, &input)? {
            Ok(run) => RunPipelineResult {
                success: true,
                errors: Vec::new(),
                run: (!caller.has_fault(Fault::NullRun)).then_some(run),
            },
            Err(error) => RunPipelineResult {
                success: false,
                errors: vec![error],
                run: None,
            },
        })
    }

    async fn stop_pipeline(
        &self,
        ctx: &Context<'_>,
        input: StopPipelineInput,
    ) -> Result<StopPipelineResult> {
        let caller = authenticated(ctx)?;
        Ok(stop(caller, input.run_id.id()).into())
    }

    async fn update_pipeline_progress(
        &self,
        ctx: &Context<'_>,
        input: UpdatePipelineProgressInput,
    ) -> Result<UpdatePipelineProgressResult> {
        let percent = input.percent;
        let caller = caller(ctx)?;
        if matches!(caller.identity, Identity::Run(_)) {
            storable(percent)?;
        }
        Ok(own_run(caller, |run| run.progress = percent).into())
    }

    async fn log_pipeline_message(
        &self,
        ctx: &Context<'_>,
        input: LogPipelineMessageInput,
    ) -> Result<LogPipelineMessageResult> {
        let said = Message {
            message: input.message,
            priority: input.priority,
            at: caller(ctx)?.state.now(),
        };
        Ok(own_run(caller(ctx)?, |run| run.messages.push(said)).into())
    }

    async fn add_pipeline_output(
        &self,
        ctx: &Context<'_>,
        input: AddPipelineOutputInput,
    ) -> Result<AddPipelineOutputResult> {
        let caller = caller(ctx)?;
        if !matches!(caller.identity, Identity::Run(_)) {
            return Ok(Err(PipelineError::PipelineNotFound).into());
        }
        let outcome = output(caller, input).and_then(|output| {
            announce(caller, &output);
            own_run(caller, |run| run.outputs.push(output))
        });
        Ok(outcome.into())
    }

    async fn update_pipeline_heartbeat(
        &self,
        ctx: &Context<'_>,
    ) -> Result<UpdatePipelineHeartbeatResult> {
        let caller = caller(ctx)?;
        let outcome = match caller.identity {
            Identity::Run(id) => {
                caller.state.run_store().heartbeat(id, caller.state.now());
                Ok(())
            }
            Identity::User | Identity::Anonymous => Err(PipelineError::PipelineNotFound),
        };
        Ok(outcome.into())
    }
}

/// Creates a run after the few checks of OpenHEXA. Repeating the request creates another run.
fn launch(caller: &Caller, input: &RunPipelineInput) -> Result<Result<PipelineRun, PipelineError>> {
    let catalogue = &caller.catalogue;
    let given = entries(&input.config.0)?;
    let Some(pipeline) = caller.pipeline(input.id.id()) else {
        return Ok(Err(PipelineError::PipelineNotFound));
    };
    let version = match &input.version_id {
        None => pipeline.current_version(),
        Some(id) => match catalogue.version(id.id()) {
            Some((owner, version)) if owner.id == pipeline.id => Some(version),
            _ => return Ok(Err(PipelineError::PipelineVersionNotFound)),
        },
    };
    if version.is_some_and(|version| !run_config::types_fit(version, given)) {
        return Ok(Err(PipelineError::InvalidConfig));
    }
    if caller.has_fault(Fault::RunLimit) {
        return Ok(Err(PipelineError::PipelineRunsLimitReached));
    }
    let config = run_config::merge(version, given);
    if config.values().any(run_config::holds_nul) {
        return Err(Error::new(
            "unsupported Unicode escape sequence\nDETAIL:  \\u0000 cannot be converted to text.",
        ));
    }
    let order = Launch {
        id: caller.state.fresh_id(),
        pipeline: pipeline.id,
        version: version.map(|version| version.id),
        config,
        timeout: version.and_then(|version| version.timeout),
        send_mail: input.send_mail_notifications.unwrap_or_default(),
        debug: input.enable_debug_logs.unwrap_or_default(),
    };
    let run = caller.state.run_store().launch(order, caller.state.now());
    caller.state.wake.notify_one();
    Ok(Ok(PipelineRun {
        run,
        catalogue: Arc::clone(catalogue),
    }))
}

/// If the config is not an object, OpenHEXA fails with this error of Python.
fn entries(config: &Value) -> Result<&Map<String, Value>> {
    let class = match config {
        Value::Object(map) => return Ok(map),
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::String(_) => "str",
        Value::Array(_) => "list",
    };
    Err(Error::new(format!(
        "'{class}' object has no attribute 'items'"
    )))
}

fn stop(caller: &Caller, id: uuid::Uuid) -> Result<(), PipelineError> {
    let mut run_store = caller.state.run_store();
    let run = run_store.run(id).ok_or(PipelineError::PipelineNotFound)?;
    if caller.identity != Identity::User || caller.has_fault(Fault::DenyStop) {
        return Err(PipelineError::PermissionDenied);
    }
    match run.status {
        Status::Success | Status::Failed => return Err(PipelineError::PipelineAlreadyCompleted),
        Status::Terminating | Status::Stopped => return Err(PipelineError::PipelineAlreadyStopped),
        Status::Queued | Status::Running | Status::Skipped => {}
    }
    if caller.has_fault(Fault::LoseStop) {
        return Ok(());
    }
    run_store.stop(id, caller.state.now());
    drop(run_store);
    caller.state.kill(id);
    caller.state.wake.notify_one();
    Ok(())
}

/// OpenHEXA stores progress as an unsigned small integer, and does not check it otherwise.
fn storable(percent: i32) -> Result<()> {
    if percent < 0 {
        return Err(Error::new(
            "new row for relation \"pipelines_pipelinerun\" violates check constraint \"pipelines_pipelinerun_current_progress_check\"",
        ));
    }
    if percent > i32::from(i16::MAX) {
        return Err(Error::new("smallint out of range"));
    }
    Ok(())
}

/// Changes the run that sends the request. Other callers get an error.
fn own_run(caller: &Caller, change: impl FnOnce(&mut Run)) -> Result<(), PipelineError> {
    let Identity::Run(id) = caller.identity else {
        return Err(PipelineError::PipelineNotFound);
    };
    caller
        .state
        .run_store()
        .change(id, change)
        .map(|_| ())
        .ok_or(PipelineError::PipelineNotFound)
}

/// Says where a file of a real pipeline is.
fn announce(caller: &Caller, output: &Output) {
    let Output::File { key, .. } = output else {
        return;
    };
    let path = caller.state.files.join(key.trim_start_matches('/'));
    let line = format!("Output of a run: {}", path.display());
    caller.state.notices.add(line);
}

/// An output that is a file must exist. There is no database, so tables are never found.
fn output(caller: &Caller, input: AddPipelineOutputInput) -> Result<Output, PipelineError> {
    match input.kind.as_str() {
        "file" => {
            let key = input
                .uri
                .split_once("://")
                .map_or(&*input.uri, |(_, rest)| rest);
            let key = key.split_once('/').map_or("", |(_, key)| key);
            let size =
                choices::size_of(&caller.state.files, key).ok_or(PipelineError::FileNotFound)?;
            Ok(Output::File {
                key: key.to_owned(),
                size,
            })
        }
        "db" => Err(PipelineError::TableNotFound),
        _ => Ok(Output::Generic {
            name: input.name,
            kind: input.kind,
            uri: input.uri,
        }),
    }
}
