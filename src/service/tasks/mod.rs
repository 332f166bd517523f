//! Reads tasks: single ones, lists, their history, and the log and outputs of their runs.

mod cursor;
mod details;
mod find;
mod lists;
mod log_masking;

use std::sync::Arc;

pub use details::{RunDetails, RunMessage, RunOutput};
pub use find::{FilterChoices, FoundTasks, MAX_COUNTED, MAX_SEARCHED, TaskCount};
pub use lists::{
    CursorPage, EventSelection, EventsQuery, NumberedPage, PageHistory, SortColumn, TaskFilter,
    TaskHistory, TaskView,
};
pub(super) use lists::{is_last_denied, is_stop_denied, with_run_urls};
pub(super) use log_masking::LogMasking;

use super::Seal;
use crate::clock::Clock;
use crate::openhexa::OpenHexa;
use crate::store::Store;

#[derive(Clone)]
pub struct Tasks {
    store: Store,
    clock: Clock,
    openhexa: Arc<dyn OpenHexa>,
    pub(super) masking: Arc<LogMasking>,
    seal: Seal,
}

impl Tasks {
    pub fn new(
        store: &Store,
        clock: &Clock,
        openhexa: &Arc<dyn OpenHexa>,
        masking: LogMasking,
        seal: &Seal,
    ) -> Self {
        Self {
            store: store.clone(),
            clock: clock.clone(),
            openhexa: openhexa.clone(),
            masking: Arc::new(masking),
            seal: seal.clone(),
        }
    }
}
