//! How long past runs took, as bars: drawn here, so that no script is needed. A run's end shows in the shape of its
//! bar and in the sign above it, so that no colour is needed either.

use super::badge::Badge;
use super::shell::{Shell, span};
use crate::domain::pipeline::RunStatus;
use crate::service::catalog::RunWithTask;

const HEIGHT: i64 = 96;
const STEP: usize = 17;
const BAR: usize = 11;
/// Room for the scale on the left, for signs above and for the line below.
const LEFT: usize = 70;
const TOP: i64 = 20;

pub struct Plot {
    pub width: usize,
    pub height: i64,
    pub base: i64,
    pub left: usize,
    pub top: i64,
    /// The longest duration, in words.
    pub most: String,
    pub bars: Vec<Bar>,
}

pub struct Bar {
    pub x: usize,
    pub y: i64,
    pub width: usize,
    pub height: i64,
    pub middle: usize,
    pub sign_y: i64,
    pub badge: Badge,
    pub took: String,
}

/// Of runs that have ended, oldest on the left; none where there is nothing to compare.
pub fn plot(shell: &Shell, runs: &[RunWithTask]) -> Option<Plot> {
    let mut ended: Vec<(&RunStatus, i64)> = runs.iter().filter_map(duration).collect();
    ended.reverse();
    let most = ended.iter().map(|(_, seconds)| *seconds).max()?.max(1);
    if ended.len() < 2 {
        return None;
    }
    let bars = ended.iter().enumerate();
    let bars = bars.map(|(place, (status, seconds))| {
        let height = (seconds * HEIGHT / most).max(2);
        let (x, y) = (
            LEFT + place * STEP + (STEP - BAR) / 2,
            TOP + HEIGHT - height,
        );
        Bar {
            x,
            y,
            width: BAR,
            height,
            middle: x + BAR / 2,
            sign_y: y - 5,
            badge: Badge::of_run(shell, status),
            took: span(*seconds),
        }
    });
    Some(Plot {
        bars: bars.collect(),
        width: LEFT + ended.len() * STEP + 4,
        height: TOP + HEIGHT + 6,
        base: TOP + HEIGHT,
        left: LEFT,
        top: TOP,
        most: span(most),
    })
}

fn duration(owned: &RunWithTask) -> Option<(&RunStatus, i64)> {
    let run = &owned.run;
    match run.status {
        RunStatus::Success | RunStatus::Failed | RunStatus::Stopped => {
            Some((&run.status, run.duration?.max(0)))
        }
        RunStatus::Queued
        | RunStatus::Running
        | RunStatus::Terminating
        | RunStatus::Skipped
        | RunStatus::Other(_) => None,
    }
}
