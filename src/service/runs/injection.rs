//! The values that the bridge adds to the config of a launch.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::domain::task::Task;
use crate::domain::validation::Injection;
use crate::service::identity::Identity;

#[derive(Clone)]
pub struct Injector {
    identity: Arc<Identity>,
}

impl Injector {
    pub fn new(identity: Arc<Identity>) -> Self {
        Self { identity }
    }

    pub fn values(&self, task: &Task, now: DateTime<Utc>) -> Injection {
        Injection {
            task_id: task.id.0,
            pipeline_id: task.pipeline.id.to_string(),
            connection_host: self.identity.public_url().to_owned(),
            connection_token: self.identity.callback_tokens.for_task(task, now),
        }
    }
}
