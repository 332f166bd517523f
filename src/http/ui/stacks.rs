//! How many tasks were launched in each hour or day, stacked by how they ended: drawn here, so that no script is
//! needed. An end shows in the pattern of its part, and the table beneath says the same in numbers, so that no colour
//! is needed either.

use chrono::{DateTime, Datelike, Timelike, Utc};

use super::badge::Badge;
use super::numbers::count;
use super::shell::Shell;
use crate::domain::sentence::say;
use crate::domain::task::Status;
use crate::service::monitoring::{Figures, Period, Zone};

const WIDTH: usize = 720;
const HEIGHT: i64 = 170;
/// Room for the scale on the left, for half a name on the right, for signs above and for names below.
const LEFT: usize = 56;
const RIGHT: usize = 34;
const TOP: i64 = 28;
const BOTTOM: i64 = 34;
const WIDEST: usize = 48;
const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

pub struct Stacks {
    /// Of the chart and its table: by hour or by day.
    pub heading: &'static str,
    pub width: usize,
    pub height: i64,
    pub left: usize,
    pub right: usize,
    pub top: i64,
    pub base: i64,
    pub names_y: i64,
    /// The largest number launched in one part.
    pub most: String,
    /// All that is seen, in words.
    pub told: String,
    pub columns: Vec<Stack>,
    pub names: Vec<Name>,
    pub legend: Vec<Badge>,
    pub rows: Vec<Row>,
}

pub struct Stack {
    /// What it shows, in words.
    pub told: String,
    pub parts: Vec<Part>,
    pub middle: usize,
    pub sign_y: i64,
    pub has_errors: bool,
}

pub struct Part {
    pub kind: &'static str,
    pub x: usize,
    pub y: i64,
    pub width: usize,
    pub height: i64,
}

/// A name below the line.
pub struct Name {
    pub x: usize,
    pub text: String,
}

/// One hour or day, in numbers: launched, and of those each end.
pub struct Row {
    pub name: String,
    pub all: String,
    pub ends: Vec<String>,
}

/// What is told apart, from below: good, bad, stopped, live.
struct Ends([i64; 4]);

impl Ends {
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

/// None where nothing was launched.
pub fn stacks(shell: &Shell, found: &Figures, period: Period, zone: Zone) -> Option<Stacks> {
    let ends: Vec<Ends> = found.counts.iter().copied().map(Ends::of).collect();
    let most = ends.iter().map(Ends::all).max().filter(|most| *most > 0)?;
    let legend = legend(shell);
    let names: Vec<String> = found
        .edges
        .iter()
        .take(ends.len())
        .map(|edge| name(shell, period, zone.shown(*edge)))
        .collect();
    let told: Vec<String> = names
        .iter()
        .zip(&ends)
        .map(|(name, ends)| told(shell, &legend, name, ends))
        .collect();
    let busy = told.iter().zip(&ends).filter(|(_, ends)| ends.all() > 0);
    let all_told: Vec<&str> = busy.map(|(told, _)| told.as_str()).collect();
    Some(Stacks {
        heading: match period {
            Period::Today => "monitoring-plot-hours",
            Period::Week | Period::Month => "monitoring-plot-days",
        },
        told: all_told.join("; "),
        columns: (0..)
            .zip(ends.iter().zip(told))
            .filter(|(_, (ends, _))| ends.all() > 0)
            .map(|(place, (ends, told))| stack(place, found.counts.len(), ends, most, told))
            .collect(),
        names: below(&names, period),
        rows: names
            .into_iter()
            .zip(&ends)
            .map(|(name, ends)| row(shell, name, ends))
            .collect(),
        most: count(shell.language, most),
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

/// In the words of the statuses, but for what has not ended.
fn legend(shell: &Shell) -> Vec<Badge> {
    let badge = |status| {
        let badge = Badge::of_task(shell, status);
        let word = match status {
            Status::Running | Status::Queued => shell.say("monitoring-live"),
            Status::Cancelled => shell.say("monitoring-stopped"),
            Status::Success | Status::Error => badge.word,
        };
        Badge { word, ..badge }
    };
    Ends::SHOWN.map(badge).into()
}

fn name(shell: &Shell, period: Period, at: DateTime<Utc>) -> String {
    match period {
        Period::Today => format!("{:02}:00", at.hour()),
        Period::Week | Period::Month => {
            let month = MONTHS[at.month0() as usize % MONTHS.len()];
            let day = say("monitoring-day").with("month", month);
            shell.word(&day.with("day", at.day()))
        }
    }
}

fn told(shell: &Shell, legend: &[Badge], name: &str, ends: &Ends) -> String {
    let some = legend.iter().zip(ends.0).filter(|(_, number)| *number > 0);
    let some: Vec<String> = some
        .map(|(badge, number)| format!("{} {}", count(shell.language, number), badge.word))
        .collect();
    shell.word(
        &say("monitoring-part")
            .with("part", name)
            .with("numbers", some.join(", ")),
    )
}

fn stack(place: usize, places: usize, ends: &Ends, most: i64, told: String) -> Stack {
    let from = left_of(place, places);
    let step = left_of(place + 1, places) - from;
    let width = (step * 3 / 4).clamp(4, WIDEST);
    let x = from + (step - width) / 2;
    let base = TOP + HEIGHT;
    let (mut below, mut y, mut parts) = (0, base, Vec::new());
    for (kind, number) in ["good", "bad", "stopped", "live"].into_iter().zip(ends.0) {
        if number == 0 {
            continue;
        }
        below += number;
        // A single one among many is seen too.
        let height = (y - (base - below * HEIGHT / most)).max(3);
        y -= height;
        parts.push(Part {
            kind,
            x,
            y,
            width,
            height,
        });
    }
    Stack {
        told,
        parts,
        middle: x + width / 2,
        sign_y: y - 6,
        has_errors: ends.0[1] > 0,
    }
}

fn left_of(place: usize, places: usize) -> usize {
    LEFT + (WIDTH - LEFT - RIGHT) * place / places.max(1)
}

/// As many names as are read without crowding.
fn below(names: &[String], period: Period) -> Vec<Name> {
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
        .map(|(place, text)| Name {
            x: middle(place),
            text: text.clone(),
        })
        .collect()
}

fn row(shell: &Shell, name: String, ends: &Ends) -> Row {
    let number = |number: i64| count(shell.language, number);
    Row {
        name,
        all: number(ends.all()),
        ends: ends.0.map(number).into(),
    }
}
