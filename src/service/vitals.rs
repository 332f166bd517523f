//! How the bridge is: for whoever decides whether to send it requests, and for whoever is on call.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Bridge, Error, causes};
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

/// What came of the last attempt to write to the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    Yes,
    /// The database answers, but it is read-only, its disk is full or its tables are not as expected.
    No,
    /// No connection could be had.
    Unavailable,
}

/// The last attempt, and when it was made.
pub type Probed = tokio::sync::Mutex<Option<(DateTime<Utc>, Written)>>;

const PROBED_FOR: TimeDelta = TimeDelta::seconds(1);

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

    /// Whether the database can be written to. Tried at most once a second, as anyone may ask.
    pub async fn written(&self) -> Written {
        let mut last = self.probed.lock().await;
        let now = self.now();
        match *last {
            Some((at, written)) if (now - at).abs() < PROBED_FOR => return written,
            Some(_) | None => {}
        }
        let written = self.probe().await;
        *last = Some((now, written));
        written
    }

    async fn probe(&self) -> Written {
        let probed = self.store().write(|db| Ok::<_, Error>(store::probe(db)?));
        match probed.await {
            Ok(()) => Written::Yes,
            Err(Error::Busy) => Written::Unavailable,
            Err(error) => {
                let error = causes(&error);
                tracing::error!(error, "cannot write to the database; /readyz returns 503");
                Written::No
            }
        }
    }

    /// How OpenHEXA answered last, in one word; none before it was asked.
    pub fn openhexa_health(&self) -> Option<&'static str> {
        self.openhexa().last_outcome()
    }
}
