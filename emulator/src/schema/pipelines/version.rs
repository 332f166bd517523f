//! Versions of a pipeline.

use std::sync::Arc;

use async_graphql::{Object, Result, SimpleObject};
use serde_json::Value;

use super::Pipeline;
use crate::catalogue::{self, Catalogue};
use crate::schema::not_nullable;
use crate::schema::pages::page_type;
use crate::schema::parameters::PipelineParameter;
use crate::schema::scalars::{Json, Stamp, Uid};
use crate::schema::users::User;

/// A version of the catalogue.
#[derive(Clone)]
pub struct PipelineVersion {
    pub catalogue: Arc<Catalogue>,
    pub id: uuid::Uuid,
}

impl PipelineVersion {
    fn stored(&self) -> Result<(&catalogue::Pipeline, &catalogue::Version)> {
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
            id: self.stored()?.0.id,
        })
    }

    async fn name(&self) -> Result<Option<&str>> {
        Ok(self.stored()?.1.name.as_deref())
    }

    /// Deprecated in OpenHEXA, and always null.
    async fn number(&self) -> Option<i32> {
        None
    }

    async fn version_number(&self) -> Result<i32> {
        Ok(self.stored()?.1.version_number)
    }

    async fn version_name(&self) -> Result<String> {
        Ok(self.stored()?.1.title())
    }

    async fn description(&self) -> Result<Option<&str>> {
        Ok(self.stored()?.1.description.as_deref())
    }

    async fn created_at(&self) -> Result<Stamp> {
        let (pipeline, version) = self.stored()?;
        let own = version.created_at.map(|at| at.timestamp_millis());
        Ok(Stamp::at(own.unwrap_or_else(|| pipeline.created())))
    }

    async fn parameters(&self) -> Result<Vec<PipelineParameter>> {
        let parameters = self.stored()?.1.parameters.iter();
        Ok(parameters.cloned().map(PipelineParameter).collect())
    }

    async fn is_latest_version(&self) -> Result<bool> {
        let (pipeline, version) = self.stored()?;
        let latest = pipeline.versions.last();
        Ok(latest.is_some_and(|latest| latest.id == version.id))
    }

    async fn timeout(&self) -> Result<Option<i64>> {
        Ok(self.stored()?.1.timeout)
    }

    async fn permissions(&self) -> PipelineVersionPermissions {
        PipelineVersionPermissions {
            update: true,
            delete: true,
        }
    }

    async fn config(&self) -> Result<Option<Json>> {
        let config = self.stored()?.1.config.clone();
        Ok(Some(Json(Value::Object(config))))
    }
}

page_type!(PipelineVersionPage of PipelineVersion);
