//! The operations of OpenHEXA that the service uses. They are implemented by the HTTP client, and by a simulation in the tests.
//!
//! The service relies on the meaning of the errors, most of all of [`LaunchError`].

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::error::{Error, LaunchError};
use super::polls::PollResults;
use crate::domain::connection::{Access, Target};
use crate::domain::flow::reference::FileFound;
use crate::domain::ids::{PipelineId, RunId, UserId, VersionId};
use crate::domain::pipeline::{Pipeline, PipelineSummary, Version, VersionSummary};
use crate::domain::run::{
    Launch, Launched, PolledRun, RecentRuns, RunDetails, RunLog, RunPage, Stop,
};
use crate::domain::workspace_resources::{ResourceKind, WorkspaceResources};

/// All OpenHEXA instances: each request has a target.
#[async_trait]
pub trait OpenHexa: Send + Sync {
    /// The user of the token. A token without a user is an error.
    async fn me(&self, target: &Target) -> Result<UserId, Error>;

    /// What the token may do in the workspace. A token without a user is an error.
    async fn access(&self, target: &Target) -> Result<Access, Error>;

    /// All pipelines of the workspace, oldest first. `NoWorkspace` if the token has no access to the workspace.
    async fn pipelines(&self, target: &Target) -> Result<Vec<PipelineSummary>, Error>;

    /// None: it does not exist, the token has no access to it, or it belongs to another workspace than the target's.
    async fn pipeline(&self, target: &Target, id: PipelineId) -> Result<Option<Pipeline>, Error>;

    /// None as for `pipeline`. `BadDefinition` if the version exists but cannot be read.
    async fn version(
        &self,
        target: &Target,
        id: VersionId,
    ) -> Result<Option<(PipelineId, Version)>, Error>;

    /// All versions of a pipeline with their parameters, newest first. None as for `pipeline`.
    /// `BadDefinition` if one of them cannot be read; `version_labels` and `version` show which.
    async fn versions(
        &self,
        target: &Target,
        id: PipelineId,
    ) -> Result<Option<Vec<VersionSummary>>, Error>;

    /// The same without parameters: works even if a version cannot be read.
    async fn version_labels(
        &self,
        target: &Target,
        id: PipelineId,
    ) -> Result<Option<Vec<VersionSummary>>, Error>;

    /// The choices that OpenHEXA reads from a file of the workspace for this parameter.
    /// `Denied` if the target's workspace does not contain the version; `BadChoices` if OpenHEXA says why the file cannot
    /// be used.
    async fn choices(
        &self,
        target: &Target,
        version: VersionId,
        code: &str,
    ) -> Result<Vec<String>, Error>;

    /// Resources of the workspace. `Denied` if the token has no access to the workspace.
    async fn workspace_resources(
        &self,
        target: &Target,
        kind: &ResourceKind,
    ) -> Result<WorkspaceResources, Error>;

    /// All files directly in a folder of the workspace, in any order, each path once. The folder is empty, or ends with a slash;
    /// one that does not exist has no files. `TooMany` if it contains more than 10,000 files and folders, `Denied` if the token
    /// has no access to the workspace.
    async fn files(&self, target: &Target, folder: &str) -> Result<Vec<FileFound>, Error>;

    /// Sends one launch request. See `LaunchError` for what a failure means.
    async fn run(&self, target: &Target, launch: &Launch) -> Result<Launched, LaunchError>;

    /// Requests the stop of a run. OpenHEXA can lose a stop that it accepted, so the run must be polled.
    async fn stop(&self, target: &Target, run: RunId) -> Result<Stop, Error>;

    /// Each run's state, or what the response shows instead of it.
    /// An error is the failure of the whole request.
    async fn poll_runs(&self, target: &Target, wanted: &[PolledRun]) -> Result<PollResults, Error>;

    /// One page (from 1) of a pipeline's runs, newest first. None as for `pipeline`.
    /// A page after the last one is an error of OpenHEXA.
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
    ) -> Result<RecentRuns, Error>;

    /// The log and the config of a run. None as for `pipeline`.
    async fn log(&self, target: &Target, run: RunId) -> Result<Option<RunLog>, Error>;

    /// The messages, logs and outputs of a run. None as for `pipeline`.
    async fn details(&self, target: &Target, run: RunId) -> Result<Option<RunDetails>, Error>;
}
