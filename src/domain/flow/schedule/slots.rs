//! What happens to a tick whose flow still runs, and whose turn it is when live runs and a backfill wait for the same slot.

use crate::domain::words::words;

/// The maximum number of runs that wait with `queue`.
pub const MOST_QUEUED: usize = 10;
/// The maximum number of runs of a schedule with `parallel` that have started and not ended.
pub const MOST_STARTED: usize = 100;
/// Every fourth slot belongs to a backfill that waits.
const LIVE_BETWEEN: usize = 3;

words! {
    /// What happens to a tick while an earlier run of the schedule is active.
    pub enum Overlap {
        /// The tick is recorded and does not run.
        Skip = "skip";
        /// Its run waits for the earlier ones.
        Queue = "queue";
        Parallel = "parallel";
    }
}

/// The decision about one tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverlapChoice {
    Start,
    /// The run is created, and starts when the earlier ones have ended.
    Wait,
    /// The tick is recorded as an overlap.
    Skip,
}

/// Decides about a tick. `running` and `waiting` count the runs of the schedule that have not ended. Ticks that are caught up with
/// always run one after the other.
pub fn overlap(
    choice: Overlap,
    running: usize,
    waiting: usize,
    is_caught_up: bool,
) -> OverlapChoice {
    if running + waiting == 0 {
        return OverlapChoice::Start;
    }
    if is_caught_up {
        return OverlapChoice::Wait;
    }
    match choice {
        Overlap::Parallel if running < MOST_STARTED => OverlapChoice::Start,
        Overlap::Queue if waiting < MOST_QUEUED => OverlapChoice::Wait,
        Overlap::Parallel | Overlap::Queue | Overlap::Skip => OverlapChoice::Skip,
    }
}

/// Which kind of run takes a free slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    Live,
    Backfill,
}

/// Live runs go first, but every fourth slot is a waiting backfill's. `live_since_backfill` counts the live runs that have
/// started since the last run of a backfill did; it is counted from the stored runs.
pub fn next_slot(
    live_waits: bool,
    backfill_waits: bool,
    live_since_backfill: usize,
) -> Option<Slot> {
    match (live_waits, backfill_waits) {
        (false, false) => None,
        (false, true) => Some(Slot::Backfill),
        (true, true) if live_since_backfill >= LIVE_BETWEEN => Some(Slot::Backfill),
        (true, true | false) => Some(Slot::Live),
    }
}
