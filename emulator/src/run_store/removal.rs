//! Deleted pipelines and archived workspaces. Requests for them or their runs return null, for every user.

use std::collections::HashSet;
use std::sync::Arc;

use uuid::Uuid;

use super::RunStore;
use crate::run::{Run, Status};

/// The pipelines and workspaces removed since the start.
#[derive(Default)]
pub struct Removed {
    pipelines: HashSet<Uuid>,
    workspaces: HashSet<String>,
}

impl RunStore {
    pub(super) fn is_visible(&self, run: &Run) -> bool {
        !run.vanished && self.has_pipeline(run.pipeline)
    }

    /// Whether a pipeline exists, and is neither deleted nor in an archived workspace.
    pub fn has_pipeline(&self, id: Uuid) -> bool {
        let catalogue = self.catalogue.current();
        let found = catalogue.pipeline(id);
        found.is_some_and(|found| {
            !self.removed.pipelines.contains(&id) && self.has_workspace(catalogue.slug_of(found))
        })
    }

    /// Whether a run of a pipeline has not ended.
    pub fn has_active_run(&self, pipeline: Uuid) -> bool {
        let runs = self.runs_of(pipeline);
        runs.iter().any(|run| !run.status.is_over())
    }

    pub fn has_workspace(&self, slug: &str) -> bool {
        let catalogue = self.catalogue.current();
        catalogue.workspace(slug).is_some() && !self.removed.workspaces.contains(slug)
    }

    /// Deletes a pipeline with all its runs; returns whether it was deleted. As in OpenHEXA, this is refused while one of
    /// them is queued or running, but not while one is terminating.
    pub fn delete_pipeline(&mut self, id: Uuid) -> bool {
        let is_active = |run: &Arc<Run>| matches!(run.status, Status::Queued | Status::Running);
        if !self.has_pipeline(id) || self.runs_of(id).iter().any(is_active) {
            return false;
        }
        self.removed.pipelines.insert(id)
    }

    /// Archives a workspace, or restores it.
    pub fn archive(&mut self, slug: &str, archived: bool) {
        if archived {
            self.removed.workspaces.insert(slug.to_owned());
        } else {
            self.removed.workspaces.remove(slug);
        }
    }
}
