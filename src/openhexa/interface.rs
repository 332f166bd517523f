//! The questions that the service asks of OpenHEXA, whoever answers: the HTTP client, or a simulated one in the tests.
//!
//! Whoever answers keeps to what the failures say ([`LaunchError`] most of all): the service acts on nothing else.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::error::{Error, LaunchError};
use super::looks::Looks;
use crate::domain::connection::{Access, Target};
use crate::domain::holdings::{Holdings, Place};
use crate::domain::ids::{PipelineId, RunId, UserId, VersionId};
use crate::domain::pipeline::{Pipeline, PipelineSummary, Version, VersionSummary};
use crate::domain::run::{Followed, Launch, Launched, Recent, RunDetails, RunLog, RunPage, Stop};

/// Every OpenHEXA there is: the target comes with each question.
#[async_trait]
pub trait OpenHexa: Send + Sync {
    /// Whom the token stands for. A token that stands for nobody is refused.
    async fn me(&self, target: &Target) -> Result<UserId, Error>;

    /// What the token may do in the workspace. A token that stands for nobody is refused.
    async fn access(&self, target: &Target) -> Result<Access, Error>;

    /// All pipelines of the workspace, oldest first. `NoWorkspace` where the token does not see the workspace.
    async fn pipelines(&self, target: &Target) -> Result<Vec<PipelineSummary>, Error>;

    /// None: absent, hidden from the token, or of another workspace than the target's.
    async fn pipeline(&self, target: &Target, id: PipelineId) -> Result<Option<Pipeline>, Error>;

    /// None as for `pipeline`. `BadDefinition` when the version is there but cannot be read.
    async fn version(
        &self,
        target: &Target,
        id: VersionId,
    ) -> Result<Option<(PipelineId, Version)>, Error>;

    /// All versions of a pipeline with their parameters, newest first. None as for `pipeline`.
    /// `BadDefinition` when one of them cannot be read; `version_labels` and `version` tell which.
    async fn versions(
        &self,
        target: &Target,
        id: PipelineId,
    ) -> Result<Option<Vec<VersionSummary>>, Error>;

    /// The same without parameters, which no unreadable version can take down.
    async fn version_labels(
        &self,
        target: &Target,
        id: PipelineId,
    ) -> Result<Option<Vec<VersionSummary>>, Error>;

    /// The choices that OpenHEXA reads from a file of the workspace for this parameter.
    /// `Denied` when the version is not to be seen in the target's workspace; `BadChoices` when OpenHEXA says why the
    /// file cannot be used.
    async fn choices(
        &self,
        target: &Target,
        version: VersionId,
        code: &str,
    ) -> Result<Vec<String>, Error>;

    /// What the workspace holds there. `Denied` when the token does not see the workspace.
    async fn holdings(&self, target: &Target, place: &Place) -> Result<Holdings, Error>;

    /// Launches once. See `LaunchError` for what a failure means.
    async fn run(&self, target: &Target, launch: &Launch) -> Result<Launched, LaunchError>;

    /// Asks a run to stop. An accepted stop can still be lost upstream: look again.
    async fn stop(&self, target: &Target, run: RunId) -> Result<Stop, Error>;

    /// Each run's state, or what the response shows instead of it.
    /// An error is the failure of the whole request.
    async fn looks(&self, target: &Target, wanted: &[Followed]) -> Result<Looks, Error>;

    /// One page (from 1) of a pipeline's runs, newest first. None as for `pipeline`.
    /// A page past the last one is an error of OpenHEXA's.
    async fn runs(
        &self,
        target: &Target,
        id: PipelineId,
        page: i64,
        per_page: i64,
    ) -> Result<Option<RunPage>, Error>;

    /// Every run queued at `since` or later, newest first (and those without a date).
    /// Without the pipeline, what the response shows instead.
    async fn recent_runs(
        &self,
        target: &Target,
        id: PipelineId,
        since: DateTime<Utc>,
    ) -> Result<Recent, Error>;

    /// The log of a run, and what it was given. None: absent, hidden, or of another workspace.
    async fn log(&self, target: &Target, run: RunId) -> Result<Option<RunLog>, Error>;

    /// What a run said and left behind. None: absent, hidden, or of another workspace.
    async fn details(&self, target: &Target, run: RunId) -> Result<Option<RunDetails>, Error>;
}
