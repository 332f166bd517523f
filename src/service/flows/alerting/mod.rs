//! Alerts of flows: raised and resolved in the transactions that store the ends of steps and runs, and ticks.
//!
//! ```text
//! steps.rs    steps that ended: failures, records, errors      runs.rs     runs that ended
//! ticks.rs    missed and late ticks                            checks.rs   checks that are due at a time
//! ```
//!
//! Runs of backfills raise no alerts: their summary at the end of the backfill is one notice.

mod checks;
mod runs;
mod steps;
mod ticks;

use chrono::{DateTime, TimeDelta, Utc};

pub use runs::{backfill_ended, run_created, run_ended};
pub use steps::steps_ended;
pub use ticks::{Missed, tick_added, tick_missed, tick_started};

use super::versions::Loaded;
use crate::domain::alert::slow_after;
use crate::domain::flow::run::{Cause, Start};
use crate::domain::ids::FlowId;
use crate::service::Error;
use crate::service::alerts::{Alerted, COMPARED_OVER, USUAL_FACTOR};
use crate::store::Db;
use crate::store::alerts::flow_durations;
use crate::store::flows;

/// The flow as alerts and notices name it, with the channels of its document.
fn alerted(loaded: &Loaded) -> Alerted {
    let version = &loaded.version;
    Alerted::flow(version.saved_by.account, version.flow, &loaded.flow)
}

/// Whether runs with this start raise alerts. Runs of a deleted flow that are being cancelled do not.
fn raises(db: &mut Db<'_>, start: &Start) -> Result<bool, Error> {
    if start.cause == Cause::Backfill {
        return Ok(false);
    }
    let flow = flows::flow_by_id(db, start.flow)?;
    Ok(flow.is_some_and(|flow| flow.deleted_at.is_none()))
}

/// After which duration a run of the flow takes longer than usual. None: there are too few runs to compare with.
fn slow_limit(
    db: &mut Db<'_>,
    loaded: &Loaded,
    flow: FlowId,
    now: DateTime<Utc>,
) -> Result<Option<TimeDelta>, Error> {
    let factor = loaded.flow.alerts.duration.unwrap_or(USUAL_FACTOR);
    let usual = flow_durations(db, flow, now - COMPARED_OVER)?;
    Ok(slow_after(&usual, factor))
}
