//! When the attempts of a run's steps ran, as SVG: a row per step, a bar per attempt. Pattern and sign show how an attempt ended, so
//! that colour is not needed; the table of the steps has the same information.

use chrono::{DateTime, Utc};

use crate::domain::task::Task;
use crate::http::ui::badge::Badge;
use crate::http::ui::layout::{Layout, duration};
use crate::http::ui::truncate::truncate;
use crate::service::flows::{RunView, StepView};

/// The place for the ids of the steps, and for the bars.
const LEFT: i64 = 164;
const WIDTH: i64 = 460;
/// The place for the sign after the longest bar.
const RIGHT: i64 = 24;
const TOP: i64 = 20;
const ROW: i64 = 22;
const BAR: i64 = 12;
const LETTERS: usize = 20;

pub struct Gantt {
    pub width: i64,
    pub height: i64,
    pub left: i64,
    pub right: i64,
    pub top: i64,
    pub bottom: i64,
    /// The duration of the whole run, at the end of the scale.
    pub most: String,
    pub rows: Vec<GanttRow>,
}

pub struct GanttRow {
    pub label: String,
    pub text_y: i64,
    pub bars: Vec<GanttBar>,
}

pub struct GanttBar {
    pub x: i64,
    pub y: i64,
    pub width: i64,
    pub height: i64,
    pub sign_x: i64,
    pub sign_y: i64,
    pub badge: Badge,
    pub title: String,
}

/// The time that the chart shows.
struct Scale {
    from: DateTime<Utc>,
    now: DateTime<Utc>,
    milliseconds: i64,
}

/// None before the first attempt.
pub fn gantt(layout: &Layout, view: &RunView, now: DateTime<Utc>) -> Option<Gantt> {
    let attempts = || view.steps.iter().flat_map(|step| &step.attempts);
    let from = attempts().map(|(_, task)| begin(task)).min()?;
    let until = attempts().map(|(_, task)| task.ended_at.unwrap_or(now));
    let length = until.max()?.max(from) - from;
    let scale = Scale {
        from,
        now,
        milliseconds: length.num_milliseconds().max(1),
    };
    let rows = view.steps.iter().enumerate();
    let rows: Vec<GanttRow> = rows
        .map(|(at, step)| row(layout, &scale, at, step))
        .collect();
    let bottom = TOP + ROW * i64::try_from(rows.len()).unwrap_or(0);
    Some(Gantt {
        width: LEFT + WIDTH + RIGHT,
        height: bottom + 4,
        left: LEFT,
        right: LEFT + WIDTH,
        top: TOP,
        bottom,
        most: duration(length),
        rows,
    })
}

fn begin(task: &Task) -> DateTime<Utc> {
    task.started_at.unwrap_or(task.created_at)
}

fn row(layout: &Layout, scale: &Scale, at: usize, step: &StepView) -> GanttRow {
    let y = TOP + ROW * i64::try_from(at).unwrap_or(0) + (ROW - BAR) / 2;
    let attempts = step.attempts.iter();
    GanttRow {
        label: truncate(&step.step.code, LETTERS).0,
        text_y: y + BAR - 2,
        bars: attempts
            .map(|(n, task)| bar(layout, scale, y, &step.step.code, (*n, task)))
            .collect(),
    }
}

fn bar(layout: &Layout, scale: &Scale, y: i64, step: &str, (n, task): (u32, &Task)) -> GanttBar {
    let end = task.ended_at.unwrap_or(scale.now).max(begin(task));
    let x_of = |time: DateTime<Utc>| {
        let since = (time - scale.from).num_milliseconds();
        LEFT + since.clamp(0, scale.milliseconds) * WIDTH / scale.milliseconds
    };
    let x = x_of(begin(task)).min(LEFT + WIDTH - 2);
    let width = (x_of(end) - x).max(2);
    let badge = Badge::of_task(layout, task.status());
    let took = duration(end - begin(task));
    let attempt = layout.with("flow-attempt", "number", n);
    GanttBar {
        x,
        y,
        width,
        height: BAR,
        sign_x: x + width + 4,
        sign_y: y + BAR - 2,
        title: format!("{step}, {attempt}: {}, {took}", badge.word),
        badge,
    }
}
