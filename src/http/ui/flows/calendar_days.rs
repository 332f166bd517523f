//! The days of a month as cells of a calendar. A day with few ticks shows each of them, a day with many shows how many have which state.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};

use super::{flow_path, run_path};
use crate::domain::flow::schedule::{BackfillMode, ClockChange, Zone};
use crate::domain::ids::FlowRunId;
use crate::http::flow_text;
use crate::http::ui::badge::Badge;
use crate::http::ui::cron_text::{month, weekday};
use crate::http::ui::layout::Layout;
use crate::service::flows::{CalendarTick, MonthView, TickState};

/// A day with more ticks shows numbers.
const MOST_MARKS: usize = 6;

/// A day of the month, or an empty cell.
pub struct DayCell {
    pub id: String,
    pub number: u32,
    pub weekday: String,
    pub is_today: bool,
    pub marks: Vec<Mark>,
    pub counts: Vec<(Badge, usize)>,
    /// What a clock change does to a tick of the day.
    pub notes: Vec<&'static str>,
    /// The backfill of the ticks that did not run.
    pub backfill: Option<String>,
}

/// A tick.
pub struct Mark {
    pub badge: Badge,
    pub time: String,
    /// The number and the page of its run.
    pub run: Option<(i64, String)>,
    pub why: Option<String>,
}

/// The weeks of a month, Monday first.
pub fn weeks(layout: &Layout, slug: &str, view: &MonthView) -> Vec<Vec<Option<DayCell>>> {
    let zone = &view.schedule.timezone;
    let mut ticks = BTreeMap::<NaiveDate, Vec<&CalendarTick>>::new();
    for tick in &view.ticks {
        ticks
            .entry(zone.day_of(tick.firing.at))
            .or_default()
            .push(tick);
    }
    let today = zone.day_of(view.now);
    let mut cells: Vec<Option<DayCell>> = Vec::new();
    for day in view.month.days() {
        if cells.is_empty() {
            let before = day.weekday().num_days_from_monday();
            cells.extend((0..before).map(|_| None));
        }
        let own = ticks.remove(&day).unwrap_or_default();
        let mut cell = cell(layout, zone, day, &own);
        cell.is_today = day == today;
        let mode = lost(&own).filter(|_| layout.may_operate());
        let code = &view.schedule.id.value;
        cell.backfill = mode.map(|mode| backfill_link(layout, slug, code, (day, mode)));
        cells.push(Some(cell));
    }
    let missing = (7 - cells.len() % 7) % 7;
    cells.extend((0..missing).map(|_| None));
    let mut weeks = Vec::new();
    let mut cells = cells.into_iter().peekable();
    while cells.peek().is_some() {
        weeks.push(cells.by_ref().take(7).collect());
    }
    weeks
}

fn cell(layout: &Layout, zone: &Zone, day: NaiveDate, ticks: &[&CalendarTick]) -> DayCell {
    let is_short = ticks.len() <= MOST_MARKS;
    let mut notes: Vec<&'static str> = ticks
        .iter()
        .filter_map(|tick| tick.firing.note)
        .map(|note| match note {
            ClockChange::Gap => "flow-next-gap",
            ClockChange::Fold => "flow-next-fold",
        })
        .collect();
    notes.dedup();
    DayCell {
        id: format!("day-{day}"),
        number: day.day(),
        weekday: weekday(layout, day.weekday().num_days_from_sunday()),
        is_today: false,
        marks: if is_short {
            ticks.iter().map(|tick| mark(layout, zone, tick)).collect()
        } else {
            Vec::new()
        },
        counts: if is_short {
            Vec::new()
        } else {
            counts(layout, ticks)
        },
        notes,
        backfill: None,
    }
}

fn mark(layout: &Layout, zone: &Zone, tick: &CalendarTick) -> Mark {
    let link = |run: FlowRunId| (run.0, layout.path_to(&run_path(run)));
    let (run, why) = match &tick.state {
        TickState::Run(run, _) => (Some(link(*run)), None),
        TickState::NotRun { why, run, .. } => {
            (run.map(link), flow_text::joined(why, layout.language))
        }
        TickState::Planned => (None, None),
    };
    Mark {
        badge: badge(layout, &tick.state),
        time: zone.clock_of(tick.firing.at),
        run,
        why,
    }
}

fn badge(layout: &Layout, state: &TickState) -> Badge {
    match state {
        TickState::Run(_, status) => Badge::of_task(layout, *status),
        TickState::NotRun { outcome, .. } => Badge::of_tick(layout, *outcome),
        TickState::Planned => Badge::new("waiting", layout.say("flow-planned")),
    }
}

/// How many ticks have which state, in the order in which the states first occur.
fn counts(layout: &Layout, ticks: &[&CalendarTick]) -> Vec<(Badge, usize)> {
    let mut all: Vec<(Badge, usize)> = Vec::new();
    for tick in ticks {
        let badge = badge(layout, &tick.state);
        match all.iter_mut().find(|(known, _)| known.word == badge.word) {
            Some((_, count)) => *count += 1,
            None => all.push((badge, 1)),
        }
    }
    all
}

/// The mode of a backfill that runs the ticks of the day that did not run. A tick that was refused has a run, which failed.
fn lost(ticks: &[&CalendarTick]) -> Option<BackfillMode> {
    let without_run = |tick: &&CalendarTick| match &tick.state {
        TickState::NotRun { run, .. } => Some(run.is_none()),
        TickState::Run(..) | TickState::Planned => None,
    };
    let lost: Vec<bool> = ticks.iter().filter_map(without_run).collect();
    if lost.contains(&true) {
        Some(BackfillMode::Missing)
    } else {
        lost.first().map(|_| BackfillMode::Failed)
    }
}

fn backfill_link(
    layout: &Layout,
    slug: &str,
    schedule: &str,
    (day, mode): (NaiveDate, BackfillMode),
) -> String {
    let day = day.to_string();
    let mut query = form_urlencoded::Serializer::new(String::new());
    let query = query
        .append_pair("schedule", schedule)
        .append_pair("from", &day)
        .append_pair("to", &day)
        .append_pair("mode", mode.as_str())
        .append_pair("preview", "yes")
        .finish();
    layout.path_to(&format!("{}backfill/?{query}", flow_path(slug)))
}

/// The weekdays, Monday first.
pub fn weekdays(layout: &Layout) -> Vec<String> {
    [1, 2, 3, 4, 5, 6, 0]
        .map(|day| weekday(layout, day))
        .to_vec()
}

/// "November 2026"
pub fn title(layout: &Layout, view: &MonthView) -> String {
    let name = month(layout, view.month.number());
    format!("{name} {}", view.month.year())
}
