//! The catalogue in use. It is replaced when the files of real pipelines change; a request keeps the one that it started
//! with.

use std::sync::{Arc, PoisonError, RwLock};

use super::catalogue::Catalogue;

/// Clones share the same catalogue.
#[derive(Clone, Debug)]
pub struct SharedCatalogue(Arc<RwLock<Arc<Catalogue>>>);

impl SharedCatalogue {
    pub fn new(catalogue: Catalogue) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(catalogue))))
    }

    pub fn current(&self) -> Arc<Catalogue> {
        let held = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&held)
    }

    pub fn replace(&self, catalogue: Catalogue) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(catalogue);
    }
}
