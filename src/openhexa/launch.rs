//! Did a launch become a run? The judgement on which "one launch, one run" stands.
//!
//! `runPipeline` has no idempotency key, so each way it can fail is one of three:
//! not sent, refused, or unsure. Taking an unsure one for refused leaves a run that no task follows,
//! taking it for not sent makes two runs; taking a refused one for unsure only costs time.
//! So whatever OpenHEXA did not itself say clearly is unsure:
//!
//! * a redirect, 404, 401, 502 or a web page comes from something in front of OpenHEXA, which may
//!   have passed the launch on before it answered so;
//! * 5xx is a crash, whose moment is not known;
//! * `success: true` without a run, or a resolver's error, can follow the creation of a run
//!   (OpenHEXA loses the run of its own answer when one selected field cannot be resolved).

use graphql_client::GraphQLQuery;

use super::response::{self, Partial};
use super::error::{Error, LaunchError, Refusal};
use super::operations::{RunPipeline, run_pipeline};
use super::transport::{Failure, Response};
use crate::domain::ids::RunId;
use crate::domain::run::{Launch, Launched};

type Said = Partial<<RunPipeline as GraphQLQuery>::ResponseData>;

/// The launch in OpenHEXA's words. What is not asked for is left out, for older instances' sake.
pub(super) fn question(launch: &Launch) -> run_pipeline::Variables {
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

/// What came of it.
pub(super) fn judge(posted: Result<Response, Failure>) -> Result<Launched, LaunchError> {
    let answer = posted.map_err(without_answer)?;
    let said = response::decode::<RunPipeline>(&answer).map_err(LaunchError::Unsure)?;
    verdict(said)
}

fn without_answer(failure: Failure) -> LaunchError {
    match failure {
        // Nothing was sent, nor would it be another time: the token cannot stand in a header.
        Failure {
            sent: false,
            error: Error::TokenRefused,
        } => LaunchError::Refused(Refusal::Token),
        Failure { sent: false, error } => LaunchError::NotSent(error),
        // The one status that speaks of the request's own size: it was not taken in (over 5 MiB).
        Failure {
            error: Error::Status(413),
            ..
        } => LaunchError::Refused(Refusal::TooLarge),
        Failure { error, .. } => LaunchError::Unsure(error),
    }
}

fn verdict(mut said: Said) -> Result<Launched, LaunchError> {
    let result = said.data.as_mut().and_then(|data| data.run_pipeline.take());
    match result {
        Some(result) => outcome(result, &said.errors),
        None => Err(no_result(&said)),
    }
}

/// A readable id is a run, whatever else the answer says; only a plain `success: false` is none.
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
    let error = response::first_meaning(errors).unwrap_or(Error::Unreadable);
    Err(LaunchError::Unsure(error))
}

/// A refused token is refused before the resolver; an invalid question before any execution.
fn no_result(said: &Said) -> LaunchError {
    if said.is_token_refused() {
        return LaunchError::Refused(Refusal::Token);
    }
    if said.is_rejected_unexecuted() {
        return LaunchError::Refused(Refusal::BadRequest);
    }
    LaunchError::Unsure(response::first_meaning(&said.errors).unwrap_or(Error::Unreadable))
}

fn refusal(word: Option<&String>) -> Refusal {
    match word.map_or("", String::as_str) {
        "INVALID_CONFIG" => Refusal::InvalidConfig,
        "PIPELINE_NOT_FOUND" => Refusal::PipelineNotFound,
        "PIPELINE_VERSION_NOT_FOUND" => Refusal::VersionNotFound,
        "PIPELINE_RUNS_LIMIT_REACHED" => Refusal::RunsLimit,
        "PERMISSION_DENIED" => Refusal::Denied,
        other if response::is_word(other) => Refusal::Other(other.to_owned()),
        _ => Refusal::Other(String::new()),
    }
}
