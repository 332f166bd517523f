//! What can be done: launching and stopping, and what a run says about itself.

use std::sync::Arc;

use async_graphql::{Context, Error, InputObject, MaybeUndefined, Object, Result, SimpleObject};
use serde_json::{Map, Value};

use super::pipelines::PipelineRun;
use super::scalars::{Json, PipelineError, Uid};
use super::{Caller, caller, known};
use crate::choices;
use crate::core::Who;
use crate::faults::Fault;
use crate::judge;
use crate::run::{Message, Output, Priority, Run, Status};
use crate::world::Launch;

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
        let caller = known(ctx)?;
        let input = match input {
            MaybeUndefined::Undefined => return Err(Error::new("'input'")),
            MaybeUndefined::Null => {
                return Err(Error::new("'NoneType' object has no attribute 'get'"));
            }
            MaybeUndefined::Value(input) => input,
        };
        if caller.who != Who::User {
            return Err(Error::new("An unknown error occurred."));
        }
        Ok(match launch(caller, &input)? {
            Ok(run) => RunPipelineResult {
                success: true,
                errors: Vec::new(),
                run: (!caller.suffers(Fault::NullRun)).then_some(run),
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
        let caller = known(ctx)?;
        Ok(stop(caller, input.run_id.id()).into())
    }

    async fn update_pipeline_progress(
        &self,
        ctx: &Context<'_>,
        input: UpdatePipelineProgressInput,
    ) -> Result<UpdatePipelineProgressResult> {
        let percent = input.percent;
        let caller = caller(ctx)?;
        if matches!(caller.who, Who::Run(_)) {
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
            at: caller(ctx)?.core.now(),
        };
        Ok(own_run(caller(ctx)?, |run| run.messages.push(said)).into())
    }

    async fn add_pipeline_output(
        &self,
        ctx: &Context<'_>,
        input: AddPipelineOutputInput,
    ) -> Result<AddPipelineOutputResult> {
        let caller = caller(ctx)?;
        if !matches!(caller.who, Who::Run(_)) {
            return Ok(Err(PipelineError::PipelineNotFound).into());
        }
        let outcome = output(caller, input)
            .and_then(|output| own_run(caller, |run| run.outputs.push(output)));
        Ok(outcome.into())
    }

    async fn update_pipeline_heartbeat(
        &self,
        ctx: &Context<'_>,
    ) -> Result<UpdatePipelineHeartbeatResult> {
        let caller = caller(ctx)?;
        let outcome = match caller.who {
            Who::Run(id) => {
                caller.core.world().heartbeat(id, caller.core.now());
                Ok(())
            }
            Who::User | Who::Nobody => Err(PipelineError::PipelineNotFound),
        };
        Ok(outcome.into())
    }
}

/// Creates a run after OpenHEXA's own checks, which are few. Twice asked is twice run.
fn launch(caller: &Caller, input: &RunPipelineInput) -> Result<Result<PipelineRun, PipelineError>> {
    let catalogue = &caller.core.catalogue;
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
    if version.is_some_and(|version| !judge::types_fit(version, given)) {
        return Ok(Err(PipelineError::InvalidConfig));
    }
    if caller.suffers(Fault::RunLimit) {
        return Ok(Err(PipelineError::PipelineRunsLimitReached));
    }
    let config = judge::merge(version, given);
    if config.values().any(judge::holds_nul) {
        return Err(Error::new(
            "unsupported Unicode escape sequence\nDETAIL:  \\u0000 cannot be converted to text.",
        ));
    }
    let order = Launch {
        id: caller.core.fresh_id(),
        pipeline: pipeline.id,
        version: version.map(|version| version.id),
        config,
        timeout: version.and_then(|version| version.timeout),
        send_mail: input.send_mail_notifications.unwrap_or_default(),
        debug: input.enable_debug_logs.unwrap_or_default(),
    };
    let run = caller.core.world().launch(order, caller.core.now());
    caller.core.wake.notify_one();
    Ok(Ok(PipelineRun {
        run,
        catalogue: Arc::clone(catalogue),
    }))
}

/// Anything but an object breaks OpenHEXA's own code, and it says so in Python's words.
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
    let mut world = caller.core.world();
    let run = world.run(id).ok_or(PipelineError::PipelineNotFound)?;
    if caller.who != Who::User || caller.suffers(Fault::DenyStop) {
        return Err(PipelineError::PermissionDenied);
    }
    match run.status {
        Status::Success | Status::Failed => return Err(PipelineError::PipelineAlreadyCompleted),
        Status::Terminating | Status::Stopped => return Err(PipelineError::PipelineAlreadyStopped),
        Status::Queued | Status::Running | Status::Skipped => {}
    }
    if caller.suffers(Fault::LoseStop) {
        return Ok(());
    }
    world.stop(id, caller.core.now());
    drop(world);
    caller.core.kill(id);
    caller.core.wake.notify_one();
    Ok(())
}

/// Progress is a small integer without a sign upstream, and is not checked otherwise.
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

/// Changes the run that asks. Anybody else has no run here.
fn own_run(caller: &Caller, change: impl FnOnce(&mut Run)) -> Result<(), PipelineError> {
    let Who::Run(id) = caller.who else {
        return Err(PipelineError::PipelineNotFound);
    };
    caller
        .core
        .world()
        .change(id, change)
        .map(|_| ())
        .ok_or(PipelineError::PipelineNotFound)
}

/// A file must be there to be an output; there is no database, so no table is.
fn output(caller: &Caller, input: AddPipelineOutputInput) -> Result<Output, PipelineError> {
    match input.kind.as_str() {
        "file" => {
            let key = input
                .uri
                .split_once("://")
                .map_or(&*input.uri, |(_, rest)| rest);
            let key = key.split_once('/').map_or("", |(_, key)| key);
            let size =
                choices::size_of(&caller.core.files, key).ok_or(PipelineError::FileNotFound)?;
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
