//! Pipelines, their versions and their parameters.

use std::sync::Arc;

use async_graphql::{Context, MaybeUndefined, Object, Result, SimpleObject};
use serde_json::Value;

use super::connections::{User, Workspace};
use super::pages::{cut, page_type};
use super::parameters::PipelineParameter;
use super::runs::{PipelineRun, PipelineRunPage};
use super::scalars::{Json, PipelineFunctionalType, PipelineRunOrderBy, PipelineType, Stamp, Uid};
use super::{Caller, caller, not_nullable, unrepresentable};
use crate::catalogue::{self, Catalogue};
use crate::faults::Fault;

/// A pipeline of the catalogue, by its place.
#[derive(Clone)]
pub struct Pipeline {
    pub catalogue: Arc<Catalogue>,
    pub id: uuid::Uuid,
}

impl Pipeline {
    pub fn new(caller: &Caller, pipeline: &catalogue::Pipeline) -> Self {
        Self {
            catalogue: Arc::clone(&caller.core.catalogue),
            id: pipeline.id,
        }
    }

    fn it(&self) -> Result<&catalogue::Pipeline> {
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
        Ok(self.it()?.name.as_deref())
    }

    async fn code(&self) -> Result<&str> {
        Ok(&self.it()?.code)
    }

    async fn permissions(&self) -> Result<PipelinePermissions> {
        let is_notebook = self.it()?.is_notebook();
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
        let slug = self.catalogue.slug_of(self.it()?);
        let known = self.catalogue.workspace(slug);
        Ok(Workspace {
            slug: slug.to_owned(),
            name: known.map_or_else(|| slug.to_owned(), |known| known.name.clone()),
        })
    }

    async fn config(&self) -> Json {
        Json(Value::Object(serde_json::Map::new()))
    }

    async fn schedule(&self) -> Option<&str> {
        None
    }

    async fn scheduled_pipeline_version(&self) -> Option<PipelineVersion> {
        None
    }

    async fn description(&self) -> Result<Option<&str>> {
        Ok(self.it()?.description.as_deref())
    }

    async fn created_at(&self) -> Result<Stamp> {
        Ok(Stamp::at(self.it()?.created()))
    }

    async fn updated_at(&self) -> Result<Option<Stamp>> {
        Ok(Some(Stamp::at(self.it()?.created())))
    }

    async fn current_version(&self) -> Result<Option<PipelineVersion>> {
        let current = self.it()?.current_version();
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
        let mut runs = if caller.suffers(Fault::NullRun) {
            Vec::new()
        } else {
            caller.core.world().runs_of(self.id)
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
        Ok(cut(runs, page, per_page)?.into())
    }

    async fn versions(
        &self,
        page: MaybeUndefined<i32>,
        per_page: MaybeUndefined<i32>,
    ) -> Result<PipelineVersionPage> {
        let pipeline = self.it()?;
        let versions = if pipeline.is_notebook() {
            Vec::new()
        } else {
            let newest_first = pipeline.versions.iter().rev();
            newest_first.map(|version| self.version(version)).collect()
        };
        Ok(cut(versions, page, per_page)?.into())
    }

    async fn webhook_enabled(&self) -> bool {
        false
    }

    async fn webhook_url(&self) -> Option<&str> {
        None
    }

    #[graphql(name = "type")]
    async fn kind(&self) -> Result<PipelineType> {
        match self.it()?.kind.as_str() {
            "zipFile" => Ok(PipelineType::ZipFile),
            "notebook" => Ok(PipelineType::Notebook),
            other => Err(unrepresentable("PipelineType", other)),
        }
    }

    async fn functional_type(&self) -> Option<Result<PipelineFunctionalType>> {
        let word = match self.it() {
            Ok(pipeline) => pipeline.functional_type.as_deref()?,
            Err(error) => return Some(Err(error)),
        };
        let kind = PipelineFunctionalType::read(word);
        Some(kind.ok_or_else(|| unrepresentable("PipelineFunctionalType", word)))
    }

    async fn notebook_path(&self) -> Result<Option<&str>> {
        Ok(self.it()?.notebook_path.as_deref())
    }

    async fn auto_update_from_template(&self) -> bool {
        false
    }

    async fn has_new_template_versions(&self) -> bool {
        false
    }

    async fn tags(&self) -> Result<Vec<Tag>> {
        let tags = self.it()?.tags.iter();
        Ok(tags
            .map(|name| Tag {
                id: catalogue::id_from(&format!("tag {name}")).to_string(),
                name: name.clone(),
            })
            .collect())
    }
}

page_type!(PipelinesPage of Pipeline);

/// A version of the catalogue.
#[derive(Clone)]
pub struct PipelineVersion {
    pub catalogue: Arc<Catalogue>,
    pub id: uuid::Uuid,
}

impl PipelineVersion {
    fn it(&self) -> Result<(&catalogue::Pipeline, &catalogue::Version)> {
        self.catalogue
            .version(self.id)
            .ok_or_else(|| not_nullable("PipelineVersion.pipeline"))
    }
}

#[derive(SimpleObject)]
pub struct PipelineVersionPermissions {
    update: bool,
    delete: bool,
}

#[Object]
impl PipelineVersion {
    async fn id(&self) -> Uid {
        Uid::Id(self.id)
    }

    async fn user(&self) -> Option<User> {
        Some(User::owner())
    }

    async fn pipeline(&self) -> Result<Pipeline> {
        Ok(Pipeline {
            catalogue: Arc::clone(&self.catalogue),
            id: self.it()?.0.id,
        })
    }

    async fn name(&self) -> Result<Option<&str>> {
        Ok(self.it()?.1.name.as_deref())
    }

    /// Deprecated upstream, and always null.
    async fn number(&self) -> Option<i32> {
        None
    }

    async fn version_number(&self) -> Result<i32> {
        Ok(self.it()?.1.version_number)
    }

    async fn version_name(&self) -> Result<String> {
        Ok(self.it()?.1.title())
    }

    async fn description(&self) -> Result<Option<&str>> {
        Ok(self.it()?.1.description.as_deref())
    }

    async fn created_at(&self) -> Result<Stamp> {
        let (pipeline, version) = self.it()?;
        let own = version.created_at.map(|at| at.timestamp_millis());
        Ok(Stamp::at(own.unwrap_or_else(|| pipeline.created())))
    }

    async fn parameters(&self) -> Result<Vec<PipelineParameter>> {
        let parameters = self.it()?.1.parameters.iter();
        Ok(parameters.cloned().map(PipelineParameter).collect())
    }

    async fn is_latest_version(&self) -> Result<bool> {
        let (pipeline, version) = self.it()?;
        let latest = pipeline.versions.last();
        Ok(latest.is_some_and(|latest| latest.id == version.id))
    }

    async fn timeout(&self) -> Result<Option<i64>> {
        Ok(self.it()?.1.timeout)
    }

    async fn permissions(&self) -> PipelineVersionPermissions {
        PipelineVersionPermissions {
            update: true,
            delete: true,
        }
    }

    async fn config(&self) -> Result<Option<Json>> {
        let config = self.it()?.1.config.clone();
        Ok(Some(Json(Value::Object(config))))
    }
}

page_type!(PipelineVersionPage of PipelineVersion);
