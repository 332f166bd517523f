//! The health of the bridge, for `/readyz` and the metrics.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use crate::clock::Clock;
use crate::openhexa::Instances;
use crate::service::{Error, causes};
use crate::store::{self, Store};

/// Figures about unfinished tasks.
#[derive(Clone, Debug)]
pub struct LiveTasks {
    /// How many tasks are in each state.
    pub by_state: Vec<(String, i64)>,
    /// How long the oldest launch without a run has been waiting; 0 if there is none.
    pub unsent_seconds: f64,
    /// The delay of the most delayed poll; 0 if there is none.
    pub overdue_seconds: f64,
}

/// The result of a test write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteTest {
    Ok,
    /// The database responds, but it is read-only, its disk is full or its tables are not as expected.
    Failed,
    /// There is no connection.
    Unavailable,
}

/// The last test, and when it was made.
type LastTest = tokio::sync::Mutex<Option<(DateTime<Utc>, WriteTest)>>;

/// Requests to `/readyz` need no credential, so the test is repeated at most this often.
const FRESH_FOR: TimeDelta = TimeDelta::seconds(1);

pub struct Health {
    store: Store,
    clock: Clock,
    instances: Arc<Instances>,
    last_test: LastTest,
}

impl Health {
    pub fn new(store: Store, clock: Clock, instances: Arc<Instances>) -> Self {
        Self {
            store,
            clock,
            instances,
            last_test: LastTest::default(),
        }
    }

    pub async fn live_tasks(&self) -> Result<LiveTasks, Error> {
        let now = self.clock.now();
        let found = self
            .store
            .read(|db| Ok::<_, Error>(store::polling_state(db)?))
            .await?;
        let seconds = |since: Option<DateTime<Utc>>| {
            since.map_or(0.0, |since| (now - since).as_seconds_f64().max(0.0))
        };
        Ok(LiveTasks {
            by_state: found.live,
            unsent_seconds: seconds(found.oldest_unsent),
            overdue_seconds: seconds(found.next_poll),
        })
    }

    /// Whether the tables are those of this version.
    pub async fn is_migrated(&self) -> Result<bool, Error> {
        Ok(self.store.is_migrated().await?)
    }

    /// Whether the database can be written to.
    pub async fn write_test(&self) -> WriteTest {
        let mut last = self.last_test.lock().await;
        let now = self.clock.now();
        match *last {
            Some((at, result)) if (now - at).abs() < FRESH_FOR => return result,
            Some(_) | None => {}
        }
        let result = self.write().await;
        *last = Some((now, result));
        result
    }

    async fn write(&self) -> WriteTest {
        let written = self
            .store
            .write(|db| Ok::<_, Error>(store::probe_write(db)?));
        match written.await {
            Ok(()) => WriteTest::Ok,
            Err(Error::Busy) => WriteTest::Unavailable,
            Err(error) => {
                let error = causes(&error);
                tracing::error!(error, "cannot write to the database; /readyz returns 503");
                WriteTest::Failed
            }
        }
    }

    /// The outcome of the last request to any OpenHEXA. None before the first one.
    pub fn last_upstream_outcome(&self) -> Option<&'static str> {
        self.instances.last_outcome()
    }
}
