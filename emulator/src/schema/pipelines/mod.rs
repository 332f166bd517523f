//! Pipelines, with their versions and runs. These types refer to each other, so their files are one module.

mod runs;
mod version;

use std::sync::Arc;

use async_graphql::{Context, MaybeUndefined, Object, Result, SimpleObject};
use serde_json::Value;

use super::pages::{page_type, paginate};
use super::scalars::{Json, PipelineFunctionalType, PipelineRunOrderBy, PipelineType, Stamp, Uid};
use super::workspaces::Workspace;
use super::{Caller, caller, not_nullable, unrepresentable};
use crate::catalogue::{self, Catalogue};
use crate::faults::Fault;
use runs::PipelineRunPage;
use version::PipelineVersionPage;

pub use runs::PipelineRun;
pub use version::PipelineVersion;

/// A pipeline of the catalogue.
#[derive(Clone)]
pub struct Pipeline {
    pub catalogue: Arc<Catalogue>,
    pub id: uuid::Uuid,
}

impl Pipeline {
    pub fn new(caller: &Caller, pipeline: &catalogue::Pipeline) -> Self {
        Self {
            catalogue: Arc::clone(&caller.catalogue),
            id: pipeline.id,
        }
    }

    fn stored(&self) -> Result<&catalogue::Pipeline> {
        self.catalogue
            .pipeline(self.id)
            .ok_or_else(|| not_nullable("PipelineRun.pipeline"))
    }

    fn version(&self, version: &catalogue::Version) -> PipelineVersion {
        PipelineVersion {
            catalogue: Arc::clone(&self.catalogue),
            id: version.id,
        }
    }
}

#[derive(SimpleObject)]
pub struct Tag {
    id: String,
    name: String,
}

#[derive(SimpleObject)]
pub struct CreateTemplateVersionPermission {
    is_allowed: bool,
    reasons: Vec<String>,
}

#[derive(SimpleObject)]
pub struct PipelinePermissions {
    update: bool,
    delete: bool,
    run: bool,
    schedule: bool,
    create_version: bool,
    stop_pipeline: bool,
    create_template_version: CreateTemplateVersionPermission,
}

#[Object]
impl Pipeline {
    async fn id(&self) -> Uid {
        Uid::Id(self.id)
    }

    async fn name(&self) -> Result<Option<&str>> {
        Ok(self.stored()?.name.as_deref())
    }

    async fn code(&self) -> Result<&str> {
        Ok(&self.stored()?.code)
    }

    async fn permissions(&self) -> Result<PipelinePermissions> {
        let is_notebook = self.stored()?.is_notebook();
        Ok(PipelinePermissions {
            update: true,
            delete: false,
            run: true,
            schedule: is_notebook,
            create_version: true,
            stop_pipeline: true,
            create_template_version: CreateTemplateVersionPermission {
                is_allowed: !is_notebook,
                reasons: is_notebook
                    .then(|| "PIPELINE_IS_NOTEBOOK".to_owned())
                    .into_iter()
                    .collect(),
            },
        })
    }

    async fn workspace(&self) -> Result<Workspace> {
        let slug = self.catalogue.slug_of(self.stored()?);
        let known = self.catalogue.workspace(slug);
        Ok(Workspace {
            slug: slug.to_owned(),
            name: known.map_or_else(|| slug.to_owned(), |known| known.name.clone()),
        })
    }

    async fn config(&self) -> Json {
        Json(Value::Object(serde_json::Map::new()))
    }

    async fn schedule(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(caller(ctx)?.state.schedule_of(self.stored()?))
    }

    async fn scheduled_pipeline_version(&self) -> Option<PipelineVersion> {
        None
    }

    async fn description(&self) -> Result<Option<&str>> {
        Ok(self.stored()?.description.as_deref())
    }

    async fn created_at(&self) -> Result<Stamp> {
        Ok(Stamp::at(self.stored()?.created()))
    }

    async fn updated_at(&self) -> Result<Option<Stamp>> {
        Ok(Some(Stamp::at(self.stored()?.created())))
    }

    async fn current_version(&self) -> Result<Option<PipelineVersion>> {
        let current = self.stored()?.current_version();
        Ok(current.map(|version| self.version(version)))
    }

    async fn runs(
        &self,
        ctx: &Context<'_>,
        page: MaybeUndefined<i32>,
        per_page: MaybeUndefined<i32>,
        order_by: Option<PipelineRunOrderBy>,
    ) -> Result<PipelineRunPage> {
        let caller = caller(ctx)?;
        let mut runs = if caller.has_fault(Fault::NullRun) {
            Vec::new()
        } else {
            caller.state.run_store().runs_of(self.id)
        };
        if order_by != Some(PipelineRunOrderBy::ExecutionDateAsc) {
            runs.reverse();
        }
        let catalogue = &self.catalogue;
        let runs = runs
            .into_iter()
            .map(|run| PipelineRun {
                run,
                catalogue: Arc::clone(catalogue),
            })
            .collect();
        Ok(paginate(runs, page, per_page)?.into())
    }

    async fn versions(
        &self,
        page: MaybeUndefined<i32>,
        per_page: MaybeUndefined<i32>,
    ) -> Result<PipelineVersionPage> {
        let pipeline = self.stored()?;
        let versions = if pipeline.is_notebook() {
            Vec::new()
        } else {
            let newest_first = pipeline.versions.iter().rev();
            newest_first.map(|version| self.version(version)).collect()
        };
        Ok(paginate(versions, page, per_page)?.into())
    }

    async fn webhook_enabled(&self) -> bool {
        false
    }

    async fn webhook_url(&self) -> Option<&str> {
        None
    }

    #[graphql(name = "type")]
    async fn kind(&self) -> Result<PipelineType> {
        match self.stored()?.kind.as_str() {
            "zipFile" => Ok(PipelineType::ZipFile),
            "notebook" => Ok(PipelineType::Notebook),
            other => Err(unrepresentable("PipelineType", other)),
        }
    }

    async fn functional_type(&self) -> Option<Result<PipelineFunctionalType>> {
        let word = match self.stored() {
            Ok(pipeline) => pipeline.functional_type.as_deref()?,
            Err(error) => return Some(Err(error)),
        };
        let kind = PipelineFunctionalType::parse(word);
        Some(kind.ok_or_else(|| unrepresentable("PipelineFunctionalType", word)))
    }

    async fn notebook_path(&self) -> Result<Option<&str>> {
        Ok(self.stored()?.notebook_path.as_deref())
    }

    async fn auto_update_from_template(&self) -> bool {
        false
    }

    async fn has_new_template_versions(&self) -> bool {
        false
    }

    async fn tags(&self) -> Result<Vec<Tag>> {
        let tags = self.stored()?.tags.iter();
        Ok(tags
            .map(|name| Tag {
                id: catalogue::id_from(&format!("tag {name}")).to_string(),
                name: name.clone(),
            })
            .collect())
    }
}

page_type!(PipelinesPage of Pipeline);
