//! When figures raise or resolve an alert. The limit for resolving lies away from the one for raising, so that a figure that
//! changes a little around one limit does not open and resolve an alert again and again.

use chrono::TimeDelta;

/// How many successful runs are needed for a usual duration.
pub const ENOUGH_DURATIONS: usize = 5;
/// How much longer than usual a run must take, at least.
const NOTABLE: TimeDelta = TimeDelta::seconds(60);

/// How many successful runs are needed for a usual number of records.
pub const ENOUGH_RECORDS: usize = 5;
const TOO_FEW: f64 = 0.80;
const ENOUGH_AGAIN: f64 = 0.85;

/// How many records must have been read before a share of errors counts.
const FEWEST_READ: f64 = 100.0;
/// The share of the limit below which the errors are few again.
const FEW_AGAIN: f64 = 0.8;

/// What a figure means for an alert.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    Raise {
        figure: f64,
        limit: f64,
    },
    Resolve,
    /// Neither bad enough to raise the alert nor good enough to resolve it, or there is too little to compare with.
    Unchanged,
}

/// After which duration a run takes longer than usual: `factor` times the mean of the successful runs, and at least a minute more.
/// None: there are too few.
pub fn slow_after(successes: &[TimeDelta], factor: f64) -> Option<TimeDelta> {
    if successes.len() < ENOUGH_DURATIONS {
        return None;
    }
    let mean = usual(&successes.iter().map(seconds).collect::<Vec<_>>())?;
    let limit = (mean * factor).max(mean + seconds(&NOTABLE));
    // A limit beyond a hundred years is none.
    TimeDelta::try_milliseconds(whole(limit * 1000.0)?)
}

/// Fewer than 80 % of the expected records raise the alert, from 85 % on it is resolved.
pub fn records(found: f64, expected: f64) -> Verdict {
    let limit = expected * TOO_FEW;
    if found < limit {
        return Verdict::Raise {
            figure: found,
            limit,
        };
    }
    if found >= expected * ENOUGH_AGAIN {
        return Verdict::Resolve;
    }
    Verdict::Unchanged
}

/// More than `most` of the records that were read, if they are at least 100. `most` is a share from 0 to 1.
pub fn errors(rejected: f64, read: f64, most: f64) -> Verdict {
    if read < FEWEST_READ {
        return Verdict::Unchanged;
    }
    let share = rejected / read;
    if share > most {
        return Verdict::Raise {
            figure: share,
            limit: most,
        };
    }
    if share < most * FEW_AGAIN || rejected <= 0.0 {
        return Verdict::Resolve;
    }
    Verdict::Unchanged
}

/// The mean. None without any.
#[expect(clippy::cast_precision_loss, reason = "there are a hundred at most")]
pub fn usual(all: &[f64]) -> Option<f64> {
    (!all.is_empty()).then(|| all.iter().sum::<f64>() / all.len() as f64)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds of a century are exact"
)]
fn seconds(duration: &TimeDelta) -> f64 {
    duration.num_milliseconds() as f64 / 1000.0
}

#[expect(clippy::cast_possible_truncation, reason = "checked before")]
fn whole(milliseconds: f64) -> Option<i64> {
    let century = 100.0 * 366.0 * 86_400_000.0;
    (milliseconds.is_finite() && milliseconds.abs() < century).then_some(milliseconds as i64)
}
