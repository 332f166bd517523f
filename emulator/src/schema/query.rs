//! The queries.

use std::sync::Arc;

use async_graphql::{Context, Error, MaybeUndefined, Object, Result};

use super::connections::{Connection, connection, connection_by_id};
use super::contents::BucketObject;
use super::pages::paginate;
use super::pipelines::{Pipeline, PipelineRun, PipelineVersion, PipelinesPage};
use super::scalars::{PipelineFunctionalType, PipelineOrderBy, Uid};
use super::users::Me;
use super::workspaces::{Workspace, WorkspacePage};
use super::{Caller, authenticated};
use crate::choices;
use crate::faults::Fault;
use crate::run::Status;
use crate::{catalogue, workspace};

pub struct Query;

/// The filters of a list of pipelines.
struct Filter {
    workspace: Option<String>,
    name: Option<String>,
    search: Option<String>,
    tags: Option<Vec<String>>,
    functional: Option<PipelineFunctionalType>,
    last_states: Option<Vec<Status>>,
}

#[Object]
impl Query {
    async fn me(&self) -> Me {
        Me
    }

    #[allow(clippy::too_many_arguments, reason = "they are OpenHEXA's")]
    async fn pipelines(
        &self,
        ctx: &Context<'_>,
        workspace_slug: Option<String>,
        name: Option<String>,
        search: MaybeUndefined<String>,
        tags: Option<Vec<String>>,
        functional_type: Option<PipelineFunctionalType>,
        last_run_states: Option<Vec<Status>>,
        page: MaybeUndefined<i32>,
        per_page: MaybeUndefined<i32>,
        order_by: Option<PipelineOrderBy>,
    ) -> Result<PipelinesPage> {
        let caller = authenticated(ctx)?;
        if search.is_null() {
            return Err(Error::new("Cannot use None as a query value"));
        }
        let filter = Filter {
            workspace: workspace_slug,
            name,
            search: search.take(),
            tags,
            functional: functional_type,
            last_states: last_run_states,
        };
        let found = filter.find(caller, order_by);
        let found = found.into_iter().map(|it| Pipeline::new(caller, it));
        Ok(paginate(found.collect(), page, per_page)?.into())
    }

    async fn pipeline(&self, ctx: &Context<'_>, id: Uid) -> Option<Result<Pipeline>> {
        if_authenticated(ctx, |caller| {
            let found = caller.pipeline(id.id())?;
            if caller.has_fault(Fault::Stranger) {
                return None;
            }
            Some(Ok(Pipeline::new(caller, found)))
        })
    }

    async fn pipeline_by_code(
        &self,
        ctx: &Context<'_>,
        workspace_slug: String,
        code: String,
    ) -> Option<Result<Pipeline>> {
        if_authenticated(ctx, |caller| {
            let catalogue = &caller.catalogue;
            let found = catalogue
                .pipelines
                .iter()
                .find(|it| it.code == code && catalogue.slug_of(it) == workspace_slug)
                .and_then(|it| caller.pipeline(it.id))?;
            Some(Ok(Pipeline::new(caller, found)))
        })
    }

    async fn pipeline_version(
        &self,
        ctx: &Context<'_>,
        id: Uid,
    ) -> Option<Result<PipelineVersion>> {
        if_authenticated(ctx, |caller| {
            let catalogue = &caller.catalogue;
            let (owner, version) = catalogue.version(id.id())?;
            caller.pipeline(owner.id)?;
            Some(Ok(PipelineVersion {
                catalogue: Arc::clone(catalogue),
                id: version.id,
            }))
        })
    }

    async fn pipeline_run(&self, ctx: &Context<'_>, id: Uid) -> Option<Result<PipelineRun>> {
        if_authenticated(ctx, |caller| {
            let hidden = caller.has_fault(Fault::NullRun) || caller.has_fault(Fault::Stranger);
            if hidden || !caller.may_see(id.id()) {
                return None;
            }
            let run = caller.state.run_store().run(id.id())?;
            Some(Ok(PipelineRun {
                run,
                catalogue: Arc::clone(&caller.catalogue),
            }))
        })
    }

    async fn pipeline_parameter_choices(
        &self,
        ctx: &Context<'_>,
        pipeline_version_id: Uid,
        parameter_code: String,
    ) -> Option<Result<Vec<String>>> {
        if_authenticated(ctx, |caller| {
            let found = choices::read(&caller.state, pipeline_version_id.id(), &parameter_code);
            Some(found.map_err(Error::new))
        })
    }

    async fn workspace(&self, ctx: &Context<'_>, slug: String) -> Option<Result<Workspace>> {
        if_authenticated(ctx, |caller| {
            let found = caller.catalogue.workspace(&slug)?;
            let is_hidden =
                caller.has_fault(Fault::Stranger) || !caller.state.run_store().has_workspace(&slug);
            (!is_hidden).then(|| Ok(to_graphql(found)))
        })
    }

    async fn workspaces(
        &self,
        ctx: &Context<'_>,
        page: MaybeUndefined<i32>,
        per_page: MaybeUndefined<i32>,
    ) -> Result<WorkspacePage> {
        let all = authenticated(ctx)?.catalogue.workspaces.iter();
        Ok(paginate(all.map(to_graphql).collect(), page, per_page)?.into())
    }

    async fn connection(&self, ctx: &Context<'_>, id: Uid) -> Option<Result<Connection>> {
        if_authenticated(ctx, |caller| {
            connection_by_id(&caller.state, id.id()).map(Ok)
        })
    }

    async fn connection_by_slug(
        &self,
        ctx: &Context<'_>,
        workspace_slug: String,
        connection_slug: String,
    ) -> Option<Result<Connection>> {
        if_authenticated(ctx, |caller| {
            connection(&caller.state, &workspace_slug, &connection_slug).map(Ok)
        })
    }

    /// Used by the SDK for parameters of type `file`.
    async fn get_file_by_path(
        &self,
        ctx: &Context<'_>,
        workspace_slug: String,
        path: String,
    ) -> Option<Result<BucketObject>> {
        if_authenticated(ctx, |caller| {
            caller.catalogue.workspace(&workspace_slug)?;
            let size = choices::size_of(&caller.state.files, &path)?;
            Some(Ok(BucketObject::new(&workspace_slug, &path, size)))
        })
    }
}

/// Runs a nullable resolver if the caller is authenticated.
fn if_authenticated<T>(
    ctx: &Context<'_>,
    resolve: impl FnOnce(&Caller) -> Option<Result<T>>,
) -> Option<Result<T>> {
    match authenticated(ctx) {
        Ok(caller) => resolve(caller),
        Err(error) => Some(Err(error)),
    }
}

fn to_graphql(workspace: &workspace::Workspace) -> Workspace {
    Workspace {
        slug: workspace.slug.clone(),
        name: workspace.name.clone(),
    }
}

impl Filter {
    fn find<'a>(
        &self,
        caller: &'a Caller,
        order: Option<PipelineOrderBy>,
    ) -> Vec<&'a catalogue::Pipeline> {
        let pipelines = caller.catalogue.pipelines.iter();
        let mut found: Vec<_> = pipelines.filter(|it| self.matches(caller, it)).collect();
        sort(caller, &mut found, order);
        // `name` affects only the order.
        if let Some(name) = &self.name {
            found.sort_by_key(|it| it.name.as_ref() != Some(name));
        }
        found
    }

    fn matches(&self, caller: &Caller, it: &catalogue::Pipeline) -> bool {
        let catalogue = &caller.catalogue;
        let in_workspace = self
            .workspace
            .as_ref()
            .is_none_or(|slug| catalogue.slug_of(it) == slug);
        in_workspace
            && caller.pipeline(it.id).is_some()
            && self.search.as_ref().is_none_or(|text| mentions(it, text))
            && self
                .functional
                .is_none_or(|kind| it.functional_type.as_deref() == Some(kind.as_str()))
            && self
                .tags
                .as_ref()
                .is_none_or(|tags| tags.is_empty() || tags.iter().any(|tag| it.tags.contains(tag)))
            && self.last_states.as_ref().is_none_or(|states| {
                let last = caller.state.run_store().last_run_of(it.id);
                states.is_empty() || last.is_some_and(|run| states.contains(&run.status))
            })
    }
}

/// A search compares names, tags and functional types, but not codes.
fn mentions(it: &catalogue::Pipeline, text: &str) -> bool {
    let text = text.to_lowercase();
    let texts = it.name.iter().chain(&it.tags).chain(&it.functional_type);
    texts
        .into_iter()
        .any(|one| one.to_lowercase().contains(&text))
}

fn sort(caller: &Caller, found: &mut [&catalogue::Pipeline], order: Option<PipelineOrderBy>) {
    let name = |it: &catalogue::Pipeline| (it.title().to_lowercase(), it.id);
    let last = |it: &catalogue::Pipeline| {
        let run = caller.state.run_store().last_run_of(it.id);
        run.map(|run| run.created)
    };
    found.sort_by_key(|it| name(it));
    match order {
        None | Some(PipelineOrderBy::NameAsc) => {}
        Some(PipelineOrderBy::NameDesc) => found.reverse(),
        Some(PipelineOrderBy::CreatedAtAsc) => found.sort_by_key(|it| it.created()),
        Some(PipelineOrderBy::CreatedAtDesc) => {
            found.sort_by_key(|it| std::cmp::Reverse(it.created()));
        }
        Some(PipelineOrderBy::LastRunDateDesc) => {
            found.sort_by_cached_key(|it| std::cmp::Reverse(last(it)));
        }
        Some(PipelineOrderBy::LastRunDateAsc) => {
            found.sort_by_cached_key(|it| last(it).unwrap_or(i64::MAX));
        }
    }
}
