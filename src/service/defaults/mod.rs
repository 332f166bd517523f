//! The default parameters of an account: for each pipeline, the values that a launch uses if it gives none. They are part of
//! the record `openhexa-config`, so any change of the record goes through here.

mod change;
mod declarations;
mod history;

use std::sync::Arc;

pub use change::{DefaultsByPipeline, DefaultsChange};
pub use history::Edit;

use super::catalog::Catalog;
use super::configuration::Configuration;
use crate::store::Store;

/// Changes the configuration and its default parameters, and lists the changes.
#[derive(Clone)]
pub struct DefaultParameters {
    store: Store,
    configuration: Arc<Configuration>,
    catalog: Arc<Catalog>,
}

impl DefaultParameters {
    pub fn new(store: &Store, configuration: &Arc<Configuration>, catalog: &Arc<Catalog>) -> Self {
        Self {
            store: store.clone(),
            configuration: configuration.clone(),
            catalog: catalog.clone(),
        }
    }
}
