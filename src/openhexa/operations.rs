//! The GraphQL operations: one type per file of `graphql/openhexa/`, generated from it.
//!
//! These types are used in this module only; `convert.rs` converts them to the domain's types. Unset variables are left out
//! (`skip_serializing_none`), because OpenHEXA refuses some nulls.

// Generated code has OpenHEXA's names, and more types than are used.
#![allow(dead_code, clippy::all, clippy::pedantic)]

use graphql_client::GraphQLQuery;

type UUID = uuid::Uuid;
type DateTime = super::timestamp::Timestamp;
type JSON = serde_json::Value;
type Generic = serde_json::Value;
type BigInt = serde_json::Value;

macro_rules! operation {
    ($name:ident, $file:tt) => {
        #[derive(GraphQLQuery)]
        #[graphql(schema_path = "graphql/openhexa/schema.graphql", query_path = $file, response_derives = "Debug", skip_serializing_none, fragments_other_variant = "true")]
        pub struct $name;
    };
}

operation!(CheckAccess, "graphql/openhexa/check_access.graphql");
operation!(Me, "graphql/openhexa/me.graphql");
operation!(ListPipelines, "graphql/openhexa/list_pipelines.graphql");
operation!(Pipeline, "graphql/openhexa/pipeline.graphql");
operation!(PipelineVersion, "graphql/openhexa/pipeline_version.graphql");
operation!(ListVersions, "graphql/openhexa/list_versions.graphql");
operation!(
    ListVersionLabels,
    "graphql/openhexa/list_version_labels.graphql"
);
operation!(RunPipeline, "graphql/openhexa/run_pipeline.graphql");
operation!(StopPipeline, "graphql/openhexa/stop_pipeline.graphql");
operation!(FollowRuns, "graphql/openhexa/follow_runs.graphql");
operation!(RecentRuns, "graphql/openhexa/recent_runs.graphql");
operation!(ListRuns, "graphql/openhexa/list_runs.graphql");
operation!(RunLog, "graphql/openhexa/run_log.graphql");
operation!(RunDetails, "graphql/openhexa/run_details.graphql");
operation!(
    ParameterChoices,
    "graphql/openhexa/parameter_choices.graphql"
);
operation!(
    WorkspaceConnections,
    "graphql/openhexa/workspace_connections.graphql"
);
operation!(
    WorkspaceDatasets,
    "graphql/openhexa/workspace_datasets.graphql"
);
operation!(WorkspaceFiles, "graphql/openhexa/workspace_files.graphql");
operation!(ListFiles, "graphql/openhexa/list_files.graphql");
