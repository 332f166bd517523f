//! Which ticks of a schedule are due, which of them run, and which are recorded as missed.

use chrono::{DateTime, TimeDelta, Utc};

use super::firing::Firings;
use crate::domain::words::words;

/// The maximum delay of a tick that counts as on time.
pub const ON_TIME: TimeDelta = TimeDelta::minutes(5);
/// The maximum age of a tick that `last` catches up with.
const CAUGHT_UP_WITHIN: TimeDelta = TimeDelta::hours(24);
/// The maximum number of ticks that `all` catches up with.
pub const MOST_CAUGHT_UP: usize = 100;
/// The maximum number of ticks that are recorded as missed one by one.
pub const MOST_RECORDED: usize = 1000;

words! {
    /// What happens to ticks during which the bridge did not run.
    pub enum CatchUp {
        /// One run for the newest tick, if it is younger than 24 hours.
        Last = "last";
        None = "none";
        /// The newest hundred ticks, one after the other.
        All = "all";
    }
}

/// The ticks that became due, and when the next one is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// Oldest first.
    pub run: Vec<DateTime<Utc>>,
    /// Oldest first.
    pub missed: Vec<DateTime<Utc>>,
    /// There were more missed ticks than are recorded, from the first of them up to this one.
    pub unrecorded_before: Option<DateTime<Utc>>,
    /// The schedule's new cursor. None: the cron has no further tick.
    pub next_at: Option<DateTime<Utc>>,
}

/// The cursor of a schedule that is new, was changed or is resumed: nothing of the past is due.
pub fn first_after(firings: &Firings<'_>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    firings.next(now)
}

/// Decides about all ticks from the cursor up to now. Nothing is due while the cursor is in the future, however the clock was
/// changed; the cursor only moves forward.
pub fn due(
    firings: &Firings<'_>,
    cursor: DateTime<Utc>,
    now: DateTime<Utc>,
    catch_up: CatchUp,
) -> Due {
    if cursor > now {
        return Due {
            next_at: Some(cursor),
            ..Due::default()
        };
    }
    let mut ticks = newest_first(firings, cursor, now);
    let unrecorded_before = (ticks.len() > MOST_RECORDED).then(|| ticks.pop()).flatten();
    let runs = ticks
        .iter()
        .take(most_runs(catch_up))
        .take_while(|tick| now - **tick < oldest_run(catch_up))
        .count();
    let mut missed = ticks.split_off(runs);
    ticks.reverse();
    missed.reverse();
    Due {
        run: ticks,
        missed,
        unrecorded_before,
        next_at: firings.next(now),
    }
}

fn newest_first(
    firings: &Firings<'_>,
    cursor: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Vec<DateTime<Utc>> {
    let newest = firings.previous(now + TimeDelta::milliseconds(1));
    std::iter::successors(newest, |tick| firings.previous(*tick))
        .take_while(|tick| *tick >= cursor)
        .take(MOST_RECORDED + 1)
        .collect()
}

fn most_runs(catch_up: CatchUp) -> usize {
    match catch_up {
        CatchUp::Last | CatchUp::None => 1,
        CatchUp::All => MOST_CAUGHT_UP,
    }
}

/// From this age on, a tick is missed.
fn oldest_run(catch_up: CatchUp) -> TimeDelta {
    match catch_up {
        CatchUp::Last => CAUGHT_UP_WITHIN,
        CatchUp::None => ON_TIME,
        CatchUp::All => TimeDelta::MAX,
    }
}
