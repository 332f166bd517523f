//! Whether a launch created a run.
//!
//! `runPipeline` has no idempotency key, so a failed launch is one of three: not sent, refused, or of unknown outcome. If an
//! unknown outcome were treated as refused, there could be a run without a task; if it were treated as not sent, there could be
//! two runs. If a refusal is treated as unknown, only time is lost. So everything that is not a clear refusal by OpenHEXA is
//! unknown:
//!
//! * a redirect, 404, 401, 502 or a web page comes from a proxy in front of OpenHEXA, which may have forwarded the request;
//! * 5xx is a crash, which can have happened after the run was created;
//! * `success: true` without a run, or an error of a resolver, can follow the creation of a run (if one selected field cannot
//!   be resolved, OpenHEXA's response does not contain the run).

use graphql_client::GraphQLQuery;

use super::error::{Error, LaunchError, Refusal};
use super::operations::{RunPipeline, run_pipeline};
use super::response::{self, GraphQlResponse};
use super::transport::{HttpResponse, SendFailure};
use crate::domain::ids::RunId;
use crate::domain::run::{Launch, Launched};

type LaunchResponse = GraphQlResponse<<RunPipeline as GraphQLQuery>::ResponseData>;

/// Options that are off are left out, because older instances do not know them.
pub(super) fn variables(launch: &Launch) -> run_pipeline::Variables {
    run_pipeline::Variables {
        input: run_pipeline::RunPipelineInput {
            id: launch.pipeline.0,
            version_id: launch.version.map(|version| version.0),
            config: serde_json::Value::Object(launch.config.clone()),
            send_mail_notifications: launch.send_notifications.then_some(true),
            enable_debug_logs: launch.debug.then_some(true),
        },
    }
}

/// The run, or whether there can be one.
pub(super) fn result_of(
    response: Result<HttpResponse, SendFailure>,
) -> Result<Launched, LaunchError> {
    let response = response.map_err(no_response)?;
    let decoded =
        response::decode::<RunPipeline>(&response).map_err(LaunchError::UnknownOutcome)?;
    launch_result(decoded)
}

fn no_response(failure: SendFailure) -> LaunchError {
    match failure {
        // A header cannot contain the token, so a retry would fail too.
        SendFailure {
            sent: false,
            error: Error::TokenRefused,
            ..
        } => LaunchError::Refused(Refusal::Token),
        SendFailure {
            sent: false, error, ..
        } => LaunchError::NotSent(error),
        // The only status that is about the size of the request: it was not processed (over 5 MiB).
        SendFailure {
            error: Error::Status(413),
            ..
        } => LaunchError::Refused(Refusal::TooLarge),
        SendFailure { error, .. } => LaunchError::UnknownOutcome(error),
    }
}

fn launch_result(mut response: LaunchResponse) -> Result<Launched, LaunchError> {
    let result = response
        .data
        .as_mut()
        .and_then(|data| data.run_pipeline.take());
    match result {
        Some(result) => outcome(result, &response.errors),
        None => Err(no_result(&response)),
    }
}

/// If the response contains the id of a run, there is a run. Only `success: false` without an id means that there is none.
fn outcome(
    result: run_pipeline::RunPipelineRunPipeline,
    errors: &[graphql_client::Error],
) -> Result<Launched, LaunchError> {
    if let Some(run) = result.run {
        return Ok(Launched { run: RunId(run.id) });
    }
    if result.success == Some(false) {
        let words = result.errors.unwrap_or_default();
        return Err(LaunchError::Refused(refusal(words.first())));
    }
    let error = response::first_error(errors).unwrap_or(Error::Unreadable);
    Err(LaunchError::UnknownOutcome(error))
}

/// A rejected token and an invalid request are rejected before anything is executed.
fn no_result(response: &LaunchResponse) -> LaunchError {
    if response.is_token_refused() {
        return LaunchError::Refused(Refusal::Token);
    }
    if response.is_rejected_before_execution() {
        return LaunchError::Refused(Refusal::BadRequest);
    }
    LaunchError::UnknownOutcome(
        response::first_error(&response.errors).unwrap_or(Error::Unreadable),
    )
}

fn refusal(word: Option<&String>) -> Refusal {
    match word.map_or("", String::as_str) {
        "INVALID_CONFIG" => Refusal::InvalidConfig,
        "PIPELINE_NOT_FOUND" => Refusal::PipelineNotFound,
        "PIPELINE_VERSION_NOT_FOUND" => Refusal::VersionNotFound,
        "PIPELINE_RUNS_LIMIT_REACHED" => Refusal::RunsLimit,
        "PERMISSION_DENIED" => Refusal::Denied,
        other if response::is_error_code(other) => Refusal::Other(other.to_owned()),
        _ => Refusal::Other(String::new()),
    }
}
