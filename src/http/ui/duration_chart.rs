//! A bar chart of the durations of past runs, as SVG rendered on the server. Pattern and sign show how a run ended, so
//! that colour is not needed.

use chrono::TimeDelta;

use super::badge::Badge;
use super::layout::{Layout, span};
use crate::domain::pipeline::RunStatus;
use crate::service::catalog::RunWithTask;

const HEIGHT: i64 = 96;
const STEP: usize = 17;
const BAR: usize = 11;
/// Space for the scale on the left and the signs above, in pixels.
const LEFT: usize = 70;
const TOP: i64 = 20;

pub struct DurationChart {
    pub width: usize,
    pub height: i64,
    pub base: i64,
    pub left: usize,
    pub top: i64,
    /// The longest duration, as text.
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

/// One bar per ended run, oldest on the left. None if there are fewer than two.
pub fn duration_chart(layout: &Layout, runs: &[RunWithTask]) -> Option<DurationChart> {
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
            badge: Badge::of_run(layout, status),
            took: super::layout::duration(TimeDelta::seconds(*seconds)),
        }
    });
    Some(DurationChart {
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
            let seconds = match owned.task {
                Some(_) => owned.took?.num_seconds(),
                None => run.duration?,
            };
            Some((&run.status, seconds.max(0)))
        }
        RunStatus::Queued
        | RunStatus::Running
        | RunStatus::Terminating
        | RunStatus::Skipped
        | RunStatus::Other(_) => None,
    }
}
