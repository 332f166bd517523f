//! Datasets, connections and files of the workspace: suggestions for a form, and warnings about values that name none of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::join_all;
use serde_json::Value;

use super::Catalog;
use super::cache::{Caches, ConfigVersion, Freshness};
use super::form::Form;
use super::pipelines::Definition;
use crate::domain::ids::AccountId;
use crate::domain::message::{FieldErrors, Message};
use crate::domain::parameters::Parameter;
use crate::domain::validation::ValidConfig;
use crate::domain::workspace_resources::{
    ResourceKind, WorkspaceResource, WorkspaceResources, parent_folders, resource_kind,
    resource_kind_of_value,
};
use crate::openhexa::{self, Instances, OpenHexa};
use crate::service::configuration::{AccountConfig, Configuration};
use crate::service::{Error, PAGE_WAIT};

/// By the code of each parameter that names a resource of the workspace: the resources.
pub type Suggestions = BTreeMap<String, Result<Vec<WorkspaceResource>, Error>>;

/// Reads the resources of a workspace.
pub struct Resources {
    configuration: Arc<Configuration>,
    openhexa: Arc<dyn OpenHexa>,
    caches: Arc<Caches>,
    instances: Arc<Instances>,
}

impl Resources {
    pub fn new(catalog: &Catalog, instances: &Arc<Instances>) -> Self {
        Self {
            configuration: catalog.configuration.clone(),
            openhexa: catalog.openhexa.clone(),
            caches: catalog.caches.clone(),
            instances: instances.clone(),
        }
    }

    pub async fn suggestions(&self, account: AccountId, form: &Form) -> Result<Suggestions, Error> {
        let config = self.configuration.get(account).await?;
        let parameters = form.version.iter().flat_map(|version| &version.parameters);
        // A field with one line per value has no list of suggestions.
        let single = parameters.filter(|parameter| !parameter.multiple);
        let asking = single.filter_map(|parameter| {
            let (config, kind) = (&config, resource_kind(parameter)?);
            Some(async move {
                let found = self.workspace_resources(config, kind).await;
                let fit = found.map(|held| held.matching(parameter).cloned().collect());
                (parameter.code.clone(), fit)
            })
        });
        Ok(join_all(asking).await.into_iter().collect())
    }

    /// Warnings about the values that would be sent or are saved with the version. If OpenHEXA is unavailable, there are none.
    pub async fn warnings(
        &self,
        config: &AccountConfig,
        definition: &Definition,
        checked: &ValidConfig,
    ) -> FieldErrors {
        let Some(version) = &definition.version else {
            return FieldErrors::default();
        };
        let seen = version.parameters.iter();
        let seen = seen.filter(|parameter| !checked.disabled.contains(&parameter.code));
        let asking = seen.filter_map(|parameter| {
            let given = checked.config.get(&parameter.code);
            let saved = version.config.get(&parameter.code);
            let value = given.or(saved).or(parameter.default.as_ref())?;
            Some(self.warning(config, parameter, value))
        });
        let mut warnings = FieldErrors::default();
        for (code, warning) in join_all(asking).await.into_iter().flatten() {
            warnings.add(code, warning);
        }
        warnings
    }

    async fn warning(
        &self,
        config: &AccountConfig,
        parameter: &Parameter,
        value: &Value,
    ) -> Option<(String, Message)> {
        let place = resource_kind_of_value(parameter, value)?;
        let held = match self.workspace_resources(config, place.clone()).await {
            Ok(held) => held,
            // Storage on a disk returns an error for a folder that does not exist.
            Err(_) if self.lacks_folder(config, &place).await => {
                Arc::new(WorkspaceResources::none())
            }
            Err(_) => return None,
        };
        let warning = held.warning(parameter, value)?;
        Some((parameter.code.clone(), warning))
    }

    /// Whether one of the parent folders is known not to exist.
    async fn lacks_folder(&self, config: &AccountConfig, kind: &ResourceKind) -> bool {
        for (parent, path) in parent_folders(kind) {
            match self.workspace_resources(config, parent).await {
                Ok(held) if held.lacks_folder(&path) => return true,
                Ok(_) => {}
                Err(_) => return false,
            }
        }
        false
    }

    async fn workspace_resources(
        &self,
        config: &AccountConfig,
        kind: ResourceKind,
    ) -> Result<Arc<WorkspaceResources>, Error> {
        let (client, target) = (self.openhexa.clone(), config.connection.target.clone());
        let key = (ConfigVersion::from(config), kind.clone());
        let instances = self.instances.clone();
        // The time limit is inside the request, so that a request that takes too long frees its slot.
        let asking = tokio::time::timeout(PAGE_WAIT, async move {
            let _slot = instances.suggestion_slot(&target).await;
            client.workspace_resources(&target, &kind).await.map(Some)
        });
        let asking = async { asking.await.unwrap_or(Err(openhexa::Error::TimedOut)) };
        let outcome = self
            .caches
            .resources
            .get_or_fetch(key, Freshness::Recent, asking);
        let found = outcome.await?.strict()?;
        Ok(found.map(|found| found.answer).unwrap_or_default())
    }
}
