//! Which ticks of the past a backfill runs.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::firing::Firings;
use crate::domain::message::{Message, say};
use crate::domain::status::Status;
use crate::domain::words::words;

/// The maximum number of runs of one backfill.
pub const MOST_RUNS: usize = 366;
/// The maximum number of runs of one backfill at a time.
pub const MOST_PARALLEL: u32 = 4;
/// The maximum number of ticks that are examined.
const MOST_TICKS: usize = 10_000;

words! {
    /// Which ticks of the range run.
    pub enum BackfillMode {
        /// Those without a run.
        Missing = "missing";
        /// Those whose newest run ended as ERROR or CANCELLED.
        Failed = "failed";
        /// All that have no active run, and wait in no other backfill.
        All = "all";
    }
}

/// From `from` on, before `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackfillRange {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
}

/// By tick, the status of its newest run. QUEUED also if it waits for its run in another backfill.
pub type LastRun = BTreeMap<DateTime<Utc>, Status>;

/// A tick that runs again, with the status of its newest run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackfillTick {
    pub scheduled_for: DateTime<Utc>,
    pub status: Option<Status>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackfillFault {
    /// `from` is not before `to`.
    Reversed,
    /// `to` is in the future.
    Future,
    /// More than [`MOST_RUNS`] runs.
    TooMany,
    /// Parallel runs out of 1 to [`MOST_PARALLEL`].
    Parallel,
}

impl BackfillFault {
    /// The field of the request that is wrong.
    pub fn field(self) -> &'static str {
        match self {
            Self::Reversed | Self::Future | Self::TooMany => "to",
            Self::Parallel => "parallel",
        }
    }

    pub fn message(self) -> Message {
        match self {
            Self::Reversed => say("flow-backfill-reversed"),
            Self::Future => say("flow-backfill-future"),
            Self::TooMany => say("flow-backfill-too-many").with("most", MOST_RUNS),
            Self::Parallel => say("flow-backfill-parallel").with("most", MOST_PARALLEL),
        }
    }
}

impl BackfillRange {
    pub fn check(self, parallel: u32, now: DateTime<Utc>) -> Result<(), BackfillFault> {
        if self.from >= self.to {
            Err(BackfillFault::Reversed)
        } else if self.to > now {
            Err(BackfillFault::Future)
        } else if !(1..=MOST_PARALLEL).contains(&parallel) {
            Err(BackfillFault::Parallel)
        } else {
            Ok(())
        }
    }
}

/// The ticks that a backfill would run, oldest first.
pub fn preview(
    firings: &Firings<'_>,
    range: BackfillRange,
    mode: BackfillMode,
    last_runs: &LastRun,
) -> Result<Vec<BackfillTick>, BackfillFault> {
    let mut chosen = Vec::new();
    let just_before = range.from - chrono::TimeDelta::milliseconds(1);
    let ticks = std::iter::successors(firings.next(just_before), |tick| firings.next(*tick));
    for (count, tick) in ticks.take_while(|tick| *tick < range.to).enumerate() {
        let status = last_runs.get(&tick).copied();
        if chooses(mode, status) {
            chosen.push(BackfillTick {
                scheduled_for: tick,
                status,
            });
        }
        if chosen.len() > MOST_RUNS || count >= MOST_TICKS {
            return Err(BackfillFault::TooMany);
        }
    }
    Ok(chosen)
}

fn chooses(mode: BackfillMode, status: Option<Status>) -> bool {
    match status {
        None => mode != BackfillMode::Failed,
        Some(Status::Queued | Status::Running) => false,
        Some(Status::Success) => mode == BackfillMode::All,
        Some(Status::Error | Status::Cancelled) => mode != BackfillMode::Missing,
    }
}
