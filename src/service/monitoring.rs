//! How an account's launches fare: what ended how and when, what took long, why things failed, and whether all that is
//! under way is looked after.
//!
//! Many may look on at once, so what was found is good for a few seconds, and one account's figures are gathered once
//! at a time (gather.rs: from what).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

pub use super::gather::{MOST_READ, MOST_RUNNING};
use super::gather::{Usual, gather};
pub use super::health::{Health, Standing};
pub use super::monitored::{Failure, Long, Looks, Monitoring, Pipeline};
use super::pace::Leave;
use super::{Bridge, Error};
pub use crate::domain::figures::{Durations, Period, Zone, per_mille};
use crate::domain::ids::AccountId;
use crate::domain::sentence::Sentence;
use crate::store;

/// How long figures are good for whoever asks for the same, and how long what is usual is.
const FRESH_FOR: TimeDelta = TimeDelta::seconds(5);
const USUAL_FOR: TimeDelta = TimeDelta::minutes(1);
/// How many answers are kept of an account: its readers live in few time zones.
const MOST_KEPT: usize = 6;

/// An account's own OpenHEXA.
#[derive(Clone, Debug)]
pub enum Upstanding {
    /// Why it is not known which one that is.
    NotConfigured(Sentence),
    /// Not by this process.
    NotAsked,
    Asked {
        health: Health,
        /// Until when it is not asked about runs, because it did not answer.
        paused_until: Option<DateTime<Utc>>,
    },
}

/// What is asked for: a period, and when it begins for whom.
type Wanted = (Period, Zone, Option<DateTime<Utc>>);

/// What was gathered of an account just now. What is usual depends on nobody's days, and changes little in a minute.
#[derive(Default)]
struct Kept {
    /// The oldest first.
    answers: Vec<(Wanted, Arc<Monitoring>)>,
    usual: Option<Arc<Usual>>,
}

impl Kept {
    fn forget_old(&mut self, now: DateTime<Utc>) {
        let is_of = |at: DateTime<Utc>, good_for| (now - at).abs() < good_for;
        self.answers.retain(|(_, one)| is_of(one.at, FRESH_FOR));
        self.usual = self.usual.take().filter(|one| is_of(one.at, USUAL_FOR));
    }

    fn find(&self, wanted: Wanted) -> Option<Arc<Monitoring>> {
        let mut answers = self.answers.iter();
        let found = answers.find(|(own, _)| *own == wanted);
        found.map(|(_, answer)| answer.clone())
    }

    fn add(&mut self, wanted: Wanted, answer: Arc<Monitoring>) {
        if self.answers.len() >= MOST_KEPT {
            self.answers.remove(0);
        }
        self.answers.push((wanted, answer));
    }
}

/// Figures that were gathered just now, by account. Whoever holds an account's gathers for it.
#[derive(Default)]
pub struct Gathered(Mutex<HashMap<AccountId, Arc<tokio::sync::Mutex<Kept>>>>);

impl Gathered {
    fn of(&self, account: AccountId) -> Arc<tokio::sync::Mutex<Kept>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(account).or_default().clone()
    }
}

impl Bridge {
    pub async fn monitoring(
        &self,
        account: AccountId,
        period: Period,
        zone: Zone,
    ) -> Result<Arc<Monitoring>, Error> {
        let bridge = self.clone();
        // A job: whoever asked may hang up, and the next one still waits for this query instead of beginning another.
        let gathering = async move { bridge.gather_once(account, period, zone).await };
        let gathered = self.parts.jobs.spawn(gathering).await;
        gathered.map_err(|error| {
            tracing::error!(%error, "computing the monitoring figures panicked");
            Error::Internal(store::Error::Panicked)
        })?
    }

    async fn gather_once(
        &self,
        account: AccountId,
        period: Period,
        zone: Zone,
    ) -> Result<Arc<Monitoring>, Error> {
        let own = self.gathered.of(account);
        let mut kept = own.lock().await;
        // Asked after the wait: what was gathered meanwhile is as good.
        let now = self.now();
        kept.forget_old(now);
        let edges = period.edges(zone, now);
        let wanted = (period, zone, edges.first().copied());
        if let Some(found) = kept.find(wanted) {
            return Ok(found);
        }
        let usual = kept.usual.clone();
        let (found, usual) = self
            .store()
            .snapshot(move |db| gather(db, account, edges, usual, now))
            .await?;
        let found = Arc::new(found);
        kept.usual = Some(usual);
        kept.add(wanted, found.clone());
        Ok(found)
    }

    /// How the account's own OpenHEXA answered last.
    pub async fn upstanding(&self, account: AccountId) -> Result<Upstanding, Error> {
        let connection = match self.configuration.find(account).await? {
            Ok(account_config) => account_config.connection,
            Err(why) => return Ok(Upstanding::NotConfigured(why)),
        };
        let Some(health) = self.healths.of(&connection.target) else {
            return Ok(Upstanding::NotAsked);
        };
        let leave = self.paces.leave(&connection, 1, self.now());
        let paused_until = match leave {
            Leave::Wait { until } => Some(until),
            Leave::Ask { .. } => None,
        };
        Ok(Upstanding::Asked {
            health,
            paused_until,
        })
    }
}
