//! Limits what the reports of one task write: a rate, and a maximum for its log.
//!
//! A report that changes the task's status is always written. Progress above the rate is merged: the response is the same as if
//! it were written, and the newest values are written with the next report or the next flush, within about a second. Refused
//! reports above the rate are only counted. After the maximum of its log, a task gets no more messages, but its shown message and
//! progress still change. Counts of recent tasks are kept in memory, and read from the database for the others.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::update::update_of_merged;
use crate::domain::event::Event;
use crate::domain::ids::{AccountId, TaskId};
use crate::domain::observation::{MergedProgress, Progress, Report};
use crate::service::runs::apply::Update;

/// Tasks whose counts are kept. Those without recent reports are removed first.
const MOST_TASKS: usize = 20_000;
const FORGOTTEN_AFTER: TimeDelta = TimeDelta::seconds(60);
/// Tasks with merged progress in memory. Progress of further tasks is written at once.
const MAX_PENDING: usize = 2_000;
/// Results of a running task: bytes per second on average, and at once.
const RESULT_RATE: f64 = 262_144.0;
const RESULT_BURST: f64 = 8_388_608.0;

/// The limits of one task.
#[derive(Clone, Debug)]
pub struct ReportLimits {
    /// Reports that are written per second on average; 0: no limit.
    pub per_second: u32,
    /// Reports that are written at once.
    pub burst: u32,
    /// Events of reports in a task's history, and their bytes.
    pub most_events: i64,
    pub most_bytes: i64,
}

/// What a task's reports have written, and the merged progress that is not written yet.
#[derive(Clone, Debug)]
pub struct Usage {
    reports: f64,
    result_bytes: f64,
    at: DateTime<Utc>,
    events: i64,
    bytes: i64,
    pending: Option<PendingProgress>,
    refused: u32,
}

/// Merged progress: the newest of each value.
#[derive(Clone, Debug)]
pub struct PendingProgress {
    pub account: AccountId,
    pub progress: MergedProgress,
    pub at: DateTime<Utc>,
    pub merged: u32,
}

#[derive(Default)]
pub struct Throttle(Mutex<HashMap<TaskId, Usage>>);

impl Throttle {
    fn all(&self) -> MutexGuard<'_, HashMap<TaskId, Usage>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The counts of these tasks, as far as they are in memory.
    pub fn known(&self, tasks: &[TaskId]) -> HashMap<TaskId, Usage> {
        let all = self.all();
        let known = tasks
            .iter()
            .filter_map(|id| Some((*id, all.get(id)?.clone())));
        known.collect()
    }

    /// After the commit of a group of reports.
    pub fn keep(&self, usages: HashMap<TaskId, Usage>, now: DateTime<Utc>) {
        let mut all = self.all();
        if all.len() + usages.len() > MOST_TASKS {
            all.retain(|_, own| own.pending.is_some() || now - own.at < FORGOTTEN_AFTER);
        }
        if all.len() + usages.len() > MOST_TASKS {
            all.retain(|_, own| own.pending.is_some());
        }
        all.extend(usages);
    }

    /// The merged progress that is not written yet.
    pub fn pending(&self) -> Vec<(TaskId, PendingProgress)> {
        let all = self.all();
        let pending = all
            .iter()
            .filter_map(|(id, own)| Some((*id, own.pending.clone()?)));
        pending.collect()
    }

    /// For a task that does not exist any more.
    pub fn forget(&self, task: TaskId) {
        self.all().remove(&task);
    }

    pub fn has_room(&self) -> bool {
        self.all()
            .values()
            .filter(|own| own.pending.is_some())
            .count()
            < MAX_PENDING
    }
}

impl Usage {
    /// For a task whose reports have written this many events and bytes.
    pub fn new((events, bytes): (i64, i64), limits: &ReportLimits, now: DateTime<Utc>) -> Self {
        Self {
            reports: limits.burst.into(),
            result_bytes: RESULT_BURST,
            at: now,
            events,
            bytes,
            pending: None,
            refused: 0,
        }
    }

    /// Adds what the rates allow since the last report.
    pub fn refill(&mut self, limits: &ReportLimits, now: DateTime<Utc>) {
        let millis = (now - self.at).num_milliseconds().clamp(0, 86_400_000);
        let seconds = f64::from(i32::try_from(millis).unwrap_or(i32::MAX)) / 1000.0;
        let reports = self.reports + seconds * f64::from(limits.per_second);
        self.reports = reports.min(limits.burst.into());
        self.result_bytes = (self.result_bytes + seconds * RESULT_RATE).min(RESULT_BURST);
        self.at = self.at.max(now);
    }

    /// Whether one more report may be written. If so, it is counted.
    pub fn allows_report(&mut self, limits: &ReportLimits) -> bool {
        let may = limits.per_second == 0 || self.reports >= 1.0;
        if may && limits.per_second > 0 {
            self.reports -= 1.0;
        }
        may
    }

    /// Whether a result of this size may be written. Err: in how many seconds it may.
    pub fn allows_result(&mut self, bytes: usize) -> Result<(), u64> {
        let bytes = f64::from(u32::try_from(bytes).unwrap_or(u32::MAX));
        if self.result_bytes >= bytes.min(RESULT_BURST) {
            self.result_bytes -= bytes;
            return Ok(());
        }
        let missing = (bytes.min(RESULT_BURST) - self.result_bytes) / RESULT_RATE;
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "at most the burst by the rate, and positive"
        )]
        Err(missing.ceil() as u64)
    }

    /// Whether the task's log takes another event of a report.
    pub fn has_log(&self, limits: &ReportLimits) -> bool {
        self.events < limits.most_events && self.bytes < limits.most_bytes
    }

    pub fn count(&mut self, event: &Event) {
        self.events += 1;
        self.bytes += i64::try_from(event.size()).unwrap_or(i64::MAX);
    }

    pub fn pending(&self) -> Option<&PendingProgress> {
        self.pending.as_ref()
    }

    /// Takes the merged progress, to write it.
    pub fn take_pending(&mut self) -> Option<PendingProgress> {
        self.pending.take()
    }

    /// Merges a report. `stored` is the task's progress in the database.
    pub fn merge(
        &mut self,
        account: AccountId,
        report: &Report,
        stored: Progress,
        at: DateTime<Utc>,
    ) {
        let pending = self.pending.get_or_insert_with(|| PendingProgress {
            account,
            progress: MergedProgress {
                before: stored.clone(),
                report: Report::default(),
            },
            at,
            merged: 0,
        });
        // Another replica has written progress that is newer than the merged one and older than this report.
        if pending.progress.before != stored {
            pending.progress = MergedProgress {
                before: stored,
                report: Report::default(),
            };
        }
        pending.at = at;
        pending.merged += 1;
        let (own, new) = (&mut pending.progress.report, report.clone());
        own.message = new.message.or(own.message.take());
        own.progress_value = new.progress_value.or(own.progress_value);
        own.end_value = new.end_value.or(own.end_value);
    }

    pub fn refuse(&mut self) {
        self.refused += 1;
    }

    /// The number of refused reports since the last one that was recorded.
    pub fn refused(&mut self) -> u32 {
        std::mem::take(&mut self.refused)
    }
}

impl PendingProgress {
    pub fn update(&self) -> Update {
        update_of_merged(self.progress.clone())
    }
}
