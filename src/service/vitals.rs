//! How the bridge is: for whoever decides whether to send it requests, and for whoever is on call.

use chrono::{DateTime, Utc};

use super::{Bridge, Error};
use crate::store;

/// What can be told without asking anybody but our own database.
#[derive(Clone, Debug)]
pub struct Vitals {
    /// State → how many live tasks are in it.
    pub live: Vec<(String, i64)>,
    /// For how many seconds the oldest launch without a run has waited; 0 when none does.
    pub unsent_seconds: f64,
    /// By how many seconds the longest overdue look is late; 0 when none is.
    pub overdue_seconds: f64,
}

impl Bridge {
    pub async fn vitals(&self) -> Result<Vitals, Error> {
        let now = self.now();
        let found = self
            .store()
            .read(|db| Ok::<_, Error>(store::vitals(db)?))
            .await?;
        let seconds = |since: Option<DateTime<Utc>>| {
            since.map_or(0.0, |since| (now - since).as_seconds_f64().max(0.0))
        };
        Ok(Vitals {
            live: found.live,
            unsent_seconds: seconds(found.oldest_unsent),
            overdue_seconds: seconds(found.next_look),
        })
    }

    /// Whether every table is as this version needs it.
    pub async fn is_migrated(&self) -> Result<bool, Error> {
        Ok(self.store().is_migrated().await?)
    }

    /// How OpenHEXA answered last, in one word; none before it was asked.
    pub fn openhexa_health(&self) -> Option<&'static str> {
        self.openhexa().last_outcome()
    }
}
