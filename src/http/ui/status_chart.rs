//! A stacked bar chart of tasks per hour or day by status, as SVG rendered on the server. Patterns distinguish the
//! statuses, and a table contains the numbers, so that colour is not needed.

use chrono::{DateTime, Datelike, Timelike, Utc};

use super::badge::Badge;
use super::layout::Layout;
use super::number_format::count;
use crate::domain::message::say;
use crate::domain::task::Status;
use crate::service::monitoring::{Figures, Period, Zone};

const WIDTH: usize = 720;
const HEIGHT: i64 = 170;
/// Space in pixels: left for the scale, right for half a label, above for signs, below for labels.
const LEFT: usize = 56;
const RIGHT: usize = 34;
const TOP: i64 = 28;
const BOTTOM: i64 = 34;
const WIDEST: usize = 48;
const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

pub struct StatusChart {
    /// The key of the heading: by hour or by day.
    pub heading: &'static str,
    pub width: usize,
    pub height: i64,
    pub left: usize,
    pub right: usize,
    pub top: i64,
    pub base: i64,
    pub names_y: i64,
    /// The largest number of tasks in a column.
    pub most: String,
    /// The whole chart as text, for screen readers.
    pub description: String,
    pub columns: Vec<Column>,
    pub names: Vec<AxisLabel>,
    pub legend: Vec<Badge>,
    pub rows: Vec<ChartRow>,
}

pub struct Column {
    /// The column as text, for its tooltip.
    pub description: String,
    pub parts: Vec<Segment>,
    pub middle: usize,
    pub sign_y: i64,
    pub has_errors: bool,
}

pub struct Segment {
    pub kind: &'static str,
    pub x: usize,
    pub y: i64,
    pub width: usize,
    pub height: i64,
}

/// A label below the axis.
pub struct AxisLabel {
    pub x: usize,
    pub text: String,
}

/// A row of the table: the number of tasks launched, and of each status.
pub struct ChartRow {
    pub name: String,
    pub all: String,
    pub counts: Vec<String>,
}

/// The numbers of one column, from bottom to top: success, error, cancelled, not ended.
struct StatusCounts([i64; 4]);

impl StatusCounts {
    const SHOWN: [Status; 4] = [
        Status::Success,
        Status::Error,
        Status::Cancelled,
        Status::Running,
    ];

    fn of([queued, running, success, error, cancelled]: [i64; 5]) -> Self {
        Self([success, error, cancelled, queued + running])
    }

    fn all(&self) -> i64 {
        self.0.iter().sum()
    }
}

/// None if no task was launched.
pub fn status_chart(
    layout: &Layout,
    found: &Figures,
    period: Period,
    zone: Zone,
) -> Option<StatusChart> {
    let counts: Vec<StatusCounts> = found.counts.iter().copied().map(StatusCounts::of).collect();
    let most = counts
        .iter()
        .map(StatusCounts::all)
        .max()
        .filter(|most| *most > 0)?;
    let legend = legend(layout);
    let names: Vec<String> = found
        .edges
        .iter()
        .take(counts.len())
        .map(|edge| name(layout, period, zone.shown(*edge)))
        .collect();
    let description: Vec<String> = names
        .iter()
        .zip(&counts)
        .map(|(name, counts)| description(layout, &legend, name, counts))
        .collect();
    let busy = description
        .iter()
        .zip(&counts)
        .filter(|(_, counts)| counts.all() > 0);
    let descriptions: Vec<&str> = busy.map(|(description, _)| description.as_str()).collect();
    Some(StatusChart {
        heading: match period {
            Period::Today => "monitoring-plot-hours",
            Period::Week | Period::Month => "monitoring-plot-days",
        },
        description: descriptions.join("; "),
        columns: (0..)
            .zip(counts.iter().zip(description))
            .filter(|(_, (counts, _))| counts.all() > 0)
            .map(|(place, (counts, description))| {
                column(place, found.counts.len(), counts, most, description)
            })
            .collect(),
        names: below(&names, period),
        rows: names
            .into_iter()
            .zip(&counts)
            .map(|(name, counts)| row(layout, name, counts))
            .collect(),
        most: count(layout.language, most),
        legend,
        width: WIDTH,
        height: TOP + HEIGHT + BOTTOM,
        left: LEFT,
        right: WIDTH - RIGHT,
        top: TOP,
        base: TOP + HEIGHT,
        names_y: TOP + HEIGHT + BOTTOM - 10,
    })
}

/// The names of the statuses; queued and running share one.
fn legend(layout: &Layout) -> Vec<Badge> {
    let badge = |status| {
        let badge = Badge::of_task(layout, status);
        let word = match status {
            Status::Running | Status::Queued => layout.say("monitoring-live"),
            Status::Cancelled => layout.say("monitoring-stopped"),
            Status::Success | Status::Error => badge.word,
        };
        Badge { word, ..badge }
    };
    StatusCounts::SHOWN.map(badge).into()
}

fn name(layout: &Layout, period: Period, at: DateTime<Utc>) -> String {
    match period {
        Period::Today => format!("{:02}:00", at.hour()),
        Period::Week | Period::Month => {
            let month = MONTHS[at.month0() as usize % MONTHS.len()];
            let day = say("monitoring-day").with("month", month);
            layout.word(&day.with("day", at.day()))
        }
    }
}

fn description(layout: &Layout, legend: &[Badge], name: &str, counts: &StatusCounts) -> String {
    let some = legend
        .iter()
        .zip(counts.0)
        .filter(|(_, number)| *number > 0);
    let some: Vec<String> = some
        .map(|(badge, number)| format!("{} {}", count(layout.language, number), badge.word))
        .collect();
    layout.word(
        &say("monitoring-part")
            .with("part", name)
            .with("numbers", some.join(", ")),
    )
}

fn column(
    place: usize,
    places: usize,
    counts: &StatusCounts,
    most: i64,
    description: String,
) -> Column {
    let from = left_of(place, places);
    let step = left_of(place + 1, places) - from;
    let width = (step * 3 / 4).clamp(4, WIDEST);
    let x = from + (step - width) / 2;
    let base = TOP + HEIGHT;
    let (mut below, mut y, mut parts) = (0, base, Vec::new());
    for (kind, number) in ["good", "bad", "stopped", "live"].into_iter().zip(counts.0) {
        if number == 0 {
            continue;
        }
        below += number;
        // A small number among large ones is still visible.
        let height = (y - (base - below * HEIGHT / most)).max(3);
        y -= height;
        parts.push(Segment {
            kind,
            x,
            y,
            width,
            height,
        });
    }
    Column {
        description,
        parts,
        middle: x + width / 2,
        sign_y: y - 6,
        has_errors: counts.0[1] > 0,
    }
}

fn left_of(place: usize, places: usize) -> usize {
    LEFT + (WIDTH - LEFT - RIGHT) * place / places.max(1)
}

/// As many labels as fit.
fn below(names: &[String], period: Period) -> Vec<AxisLabel> {
    let is_named = |place: usize| match period {
        Period::Today => place.is_multiple_of(6),
        Period::Week => true,
        Period::Month => place % 7 == 1,
    };
    let middle = |place: usize| {
        usize::midpoint(left_of(place, names.len()), left_of(place + 1, names.len()))
    };
    let names = names.iter().enumerate();
    let names = names.filter(|(place, _)| is_named(*place));
    names
        .map(|(place, text)| AxisLabel {
            x: middle(place),
            text: text.clone(),
        })
        .collect()
}

fn row(layout: &Layout, name: String, counts: &StatusCounts) -> ChartRow {
    let number = |number: i64| count(layout.language, number);
    ChartRow {
        name,
        all: number(counts.all()),
        counts: counts.0.map(number).into(),
    }
}
