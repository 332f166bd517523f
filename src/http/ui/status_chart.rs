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
    /// The key of the title of the chart, and that of the first column of its table.
    pub title: &'static str,
    pub when: &'static str,
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

/// The numbers of one hour or day, with its name and its description for screen readers.
struct Slot {
    name: String,
    counts: StatusCounts,
    description: String,
}

/// None if no task was launched.
pub fn status_chart(
    layout: &Layout,
    found: &Figures,
    period: Period,
    zone: Zone,
) -> Option<StatusChart> {
    let legend = legend(layout);
    let slots = slots(layout, found, period, zone, &legend);
    let most = slots.iter().map(|slot| slot.counts.all()).max()?;
    if most == 0 {
        return None;
    }
    let (heading, title, when) = match period {
        Period::Today => (
            "monitoring-plot-hours",
            "monitoring-plot-title-hours",
            "monitoring-when-hour",
        ),
        Period::Week | Period::Month => (
            "monitoring-plot-days",
            "monitoring-plot-title",
            "monitoring-when",
        ),
    };
    Some(StatusChart {
        heading,
        title,
        when,
        description: described(&slots),
        columns: columns(&slots, most),
        names: axis_labels(&slots, period),
        rows: slots.iter().map(|slot| row(layout, slot)).collect(),
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

fn slots(
    layout: &Layout,
    found: &Figures,
    period: Period,
    zone: Zone,
    legend: &[Badge],
) -> Vec<Slot> {
    let counts = found.counts.iter().copied().map(StatusCounts::of);
    let slot = |(edge, counts): (&DateTime<Utc>, StatusCounts)| {
        let name = name(layout, period, zone.shown(*edge));
        let description = description(layout, legend, &name, &counts);
        Slot {
            name,
            counts,
            description,
        }
    };
    found.edges.iter().zip(counts).map(slot).collect()
}

/// The columns that contain tasks, as one text.
fn described(slots: &[Slot]) -> String {
    let busy = slots.iter().filter(|slot| slot.counts.all() > 0);
    let texts: Vec<&str> = busy.map(|slot| slot.description.as_str()).collect();
    texts.join("; ")
}

fn columns(slots: &[Slot], most: i64) -> Vec<Column> {
    let busy = slots.iter().enumerate();
    let busy = busy.filter(|(_, slot)| slot.counts.all() > 0);
    busy.map(|(place, slot)| column(place, slots.len(), slot, most))
        .collect()
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

fn column(place: usize, places: usize, slot: &Slot, most: i64) -> Column {
    let from = left_of(place, places);
    let step = left_of(place + 1, places) - from;
    let width = (step * 3 / 4).clamp(4, WIDEST);
    let x = from + (step - width) / 2;
    let base = TOP + HEIGHT;
    let (mut below, mut y, mut parts) = (0, base, Vec::new());
    for (kind, number) in ["good", "bad", "stopped", "live"]
        .into_iter()
        .zip(slot.counts.0)
    {
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
        description: slot.description.clone(),
        parts,
        middle: x + width / 2,
        sign_y: y - 6,
        has_errors: slot.counts.0[1] > 0,
    }
}

fn left_of(place: usize, places: usize) -> usize {
    LEFT + (WIDTH - LEFT - RIGHT) * place / places.max(1)
}

/// As many labels as fit.
fn axis_labels(slots: &[Slot], period: Period) -> Vec<AxisLabel> {
    let is_named = |place: usize| match period {
        Period::Today => place.is_multiple_of(6),
        Period::Week => true,
        Period::Month => place % 7 == 1,
    };
    let middle = |place: usize| {
        usize::midpoint(left_of(place, slots.len()), left_of(place + 1, slots.len()))
    };
    let label = |(place, slot): (usize, &Slot)| AxisLabel {
        x: middle(place),
        text: slot.name.clone(),
    };
    let slots = slots.iter().enumerate();
    slots
        .filter(|(place, _)| is_named(*place))
        .map(label)
        .collect()
}

fn row(layout: &Layout, slot: &Slot) -> ChartRow {
    let number = |number: i64| count(layout.language, number);
    ChartRow {
        name: slot.name.clone(),
        all: number(slot.counts.all()),
        counts: slot.counts.0.map(number).into(),
    }
}
