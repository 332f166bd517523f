//! Each tick that became due has exactly one row, each row is explained, and what became of the tick is right.

use std::collections::BTreeSet;

use super::checks::History;
use super::documents::Calendar;
use super::facts::{FlowFacts, Observed};
use super::naive::{Fate, fates, ticks};
use super::rows::TickRow;

/// From this many newer rows on, older missed ticks need no rows.
const MOST_RECORDED: usize = 1000;

pub fn check(facts: &FlowFacts) -> Vec<String> {
    let schedules = facts.schedules.keys();
    let mut wrong: Vec<String> = schedules.flat_map(|id| check_rows(facts, *id)).collect();
    wrong.extend(check_fates(facts));
    wrong
}

/// A time during which a schedule fires by the same calendar.
struct Span {
    calendar: Calendar,
    since: i64,
    /// The latest time that the clock has shown.
    high: i64,
    /// Ticks up to this time must have a row.
    due: i64,
    rows: Vec<i64>,
}

fn check_rows(facts: &FlowFacts, schedule: i64) -> Vec<String> {
    let (mut wrong, mut newest, mut span) = (Vec::new(), i64::MIN, None::<Span>);
    let mut history = History::new(facts);
    for observed in &facts.log {
        let own = |tick: &&TickRow| tick.schedule_id == Some(schedule);
        let rows = observed.ticks.iter().filter(own).map(|tick| tick.at);
        match &mut span {
            Some(span) => {
                span.rows.extend(rows);
                span.high = span.high.max(observed.high);
                if observed.fired {
                    span.due = span.due.max(observed.clock);
                }
            }
            None => {
                wrong.extend(rows.map(|at| format!("tick {at} of a schedule that does not fire")));
            }
        }
        history.apply(observed);
        let calendar = history.firing(schedule).map(|schedule| schedule.calendar);
        if calendar != span.as_ref().map(|span| span.calendar) {
            if let Some(mut span) = span.take() {
                span.due = span.due.max(observed.clock);
                wrong.extend(span.check(&mut newest));
            }
            span = calendar.map(|calendar| Span {
                calendar,
                since: observed.clock,
                high: observed.clock,
                due: i64::MIN,
                rows: Vec::new(),
            });
        }
    }
    wrong.extend(span.map(|span| span.check(&mut newest)).unwrap_or_default());
    let named = |what| format!("schedule {schedule}: {what}");
    wrong.into_iter().map(named).collect()
}

impl Span {
    /// `newest` is the newest tick of earlier spans: the schedule never goes back.
    fn check(&self, newest: &mut i64) -> Vec<String> {
        let mut wrong = Vec::new();
        let allowed: BTreeSet<i64> = ticks(&self.calendar, self.since, self.high)
            .into_iter()
            .collect();
        let before = *newest;
        for at in &self.rows {
            if !allowed.contains(at) {
                wrong.push(format!("tick {at} was not due"));
            }
            if *at <= *newest {
                wrong.push(format!("tick {at} after tick {newest}"));
            }
            *newest = (*newest).max(*at);
        }
        let must = allowed
            .iter()
            .filter(|at| **at <= self.due && **at > before);
        for at in must {
            let later = self.rows.iter().filter(|row| *row > at).count();
            if !self.rows.contains(at) && later <= MOST_RECORDED {
                wrong.push(format!("tick {at} has no row"));
            }
        }
        wrong
    }
}

fn check_fates(facts: &FlowFacts) -> Vec<String> {
    let (mut wrong, mut history) = (Vec::new(), History::new(facts));
    for observed in &facts.log {
        let schedules = observed.ticks.iter().filter_map(|tick| tick.schedule_id);
        for schedule in schedules.collect::<BTreeSet<_>>() {
            wrong.extend(check_group(&history, observed, schedule));
        }
        history.apply(observed);
    }
    wrong
}

/// The ticks of a schedule that became due together.
fn check_group(history: &History<'_>, observed: &Observed, id: i64) -> Vec<String> {
    let own = |tick: &&TickRow| tick.schedule_id == Some(id);
    let rows: Vec<&TickRow> = observed.ticks.iter().filter(own).collect();
    let Some(schedule) = history.firing(id) else {
        return vec![format!("schedule {id} fired although it does not fire")];
    };
    let times: Vec<i64> = rows.iter().map(|tick| tick.at).collect();
    let expected = match observed.flows {
        None => fates(schedule, &times, observed.clock, history.active(id)),
        // Ticks that were due before a change are recorded, and start nothing.
        Some(_) => vec![Fate::Missed; times.len()],
    };
    let mut wrong = Vec::new();
    for (tick, expected) in rows.iter().zip(expected) {
        let found = fate_of(observed, tick);
        if found != Some(expected) {
            wrong.push(format!("tick {tick:?} is {found:?}, not {expected:?}"));
        }
    }
    wrong
}

/// What became of a tick in the step in which it appeared.
fn fate_of(observed: &Observed, tick: &TickRow) -> Option<Fate> {
    let mut runs = observed.runs.iter();
    let run = runs.find(|run| Some(run.id) == tick.flow_run_id);
    match (tick.outcome.as_str(), run) {
        ("run", Some(run)) if run.waiting => Some(Fate::Waits),
        ("run", Some(_)) => Some(Fate::Starts),
        ("overlap", None) => Some(Fate::Overlap),
        ("missed", None) => Some(Fate::Missed),
        _ => None,
    }
}
