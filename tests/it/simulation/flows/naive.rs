//! The reference model: the rules of flows once more, in the simplest form, without the tested code.

use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};
use openhexa_bridge::domain::event::EventKind;
use openhexa_bridge::domain::task::RunEnd;

use super::super::checks::{TaskFact, expected_status};
use super::documents::{Calendar, Schedule};

const MINUTE: i64 = 60_000;
/// A report that arrives later after the end of its run may come too late for the flow.
const LATE_REPORT: i64 = 5_000;
const ON_TIME: i64 = 5 * MINUTE;
const DAY: i64 = 24 * 60 * MINUTE;

/// All ticks after a time, up to and including another one: a walk over all minutes. Where the hour is `*`, each minute whose
/// clock matches is a tick. Otherwise each calendar time is one, when the clock first shows or passes it.
pub fn ticks(calendar: &Calendar, after: i64, until: i64) -> Vec<i64> {
    let zone = TimeZone::get(calendar.zone).expect("a known zone");
    let local = |at: i64| zone.to_datetime(Timestamp::from_millisecond(at).unwrap());
    let first = after.div_euclid(MINUTE) * MINUTE + MINUTE;
    let mut highest = (1..=180)
        .map(|back| local(first - back * MINUTE))
        .max()
        .unwrap();
    let mut found = Vec::new();
    let mut at = first;
    while at <= until {
        let clock = local(at);
        let is_tick = match calendar.hours {
            None => names(calendar, clock),
            Some(_) => passed(highest, clock).any(|time| names(calendar, time)),
        };
        highest = highest.max(clock);
        if is_tick {
            found.push(at);
        }
        at += MINUTE;
    }
    found
}

/// The calendar times after one up to another.
fn passed(before: civil::DateTime, now: civil::DateTime) -> impl Iterator<Item = civil::DateTime> {
    let minute = jiff::Span::new().minutes(1);
    let following = std::iter::successors(Some(before), move |time| time.checked_add(minute).ok());
    following.skip(1).take_while(move |time| *time <= now)
}

fn names(calendar: &Calendar, time: civil::DateTime) -> bool {
    let (first, step) = calendar.minutes;
    let minute = u8::try_from(time.minute()).unwrap();
    let hour = calendar
        .hours
        .is_none_or(|hours| hours.contains(&time.hour()));
    hour && minute >= first && (minute - first).is_multiple_of(step)
}

/// What becomes of a tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Starts,
    Waits,
    Overlap,
    Missed,
}

/// What becomes of ticks that are due together, oldest first, while the schedule has this many started and waiting runs.
pub fn fates(
    schedule: &Schedule,
    ticks: &[i64],
    now: i64,
    (mut started, mut waiting): (usize, usize),
) -> Vec<Fate> {
    let runs = |from_newest: usize, tick: i64| match schedule.catch_up {
        "last" => from_newest == 0 && now - tick < DAY,
        "none" => from_newest == 0 && now - tick < ON_TIME,
        _ => from_newest < 100,
    };
    let count = ticks.len();
    let is_run = |at: usize| runs(count - 1 - at, ticks[at]);
    let several = (0..count).filter(|at| is_run(*at)).count() > 1;
    let mut decide = |at: usize| {
        if !is_run(at) {
            return Fate::Missed;
        }
        let is_caught_up = several || now - ticks[at] > ON_TIME;
        let fate = match schedule.overlap {
            _ if started + waiting == 0 => Fate::Starts,
            _ if is_caught_up => Fate::Waits,
            "parallel" if started < 100 => Fate::Starts,
            "queue" if waiting < 10 => Fate::Waits,
            _ => Fate::Overlap,
        };
        started += usize::from(fate == Fate::Starts);
        waiting += usize::from(fate == Fate::Waits);
        fate
    };
    (0..count).map(&mut decide).collect()
}

/// How an attempt ended, for its step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptEnd {
    Success,
    Error,
    Cancelled,
    Refused,
}

/// The ends of an attempt that its task allows. It is one, unless a final report came too late for the flow.
pub fn possible_ends(fact: &TaskFact, clock_set_back: bool) -> Vec<AttemptEnd> {
    let Some(end) = fact.task.run_end() else {
        return Vec::new();
    };
    if end == RunEnd::Refused {
        return vec![AttemptEnd::Refused];
    }
    let said = fact.accepted.iter().find_map(|one| one.final_status);
    let of = |said| match expected_status(end, said, fact.cancelled) {
        "SUCCESS" => AttemptEnd::Success,
        "ERROR" => AttemptEnd::Error,
        _ => AttemptEnd::Cancelled,
    };
    let mut ends = vec![of(said)];
    if said.is_some() && may_be_too_late(fact, clock_set_back) && !ends.contains(&of(None)) {
        ends.push(of(None));
    }
    ends
}

/// Whether the first final report came after the end, and either more than five seconds later, or as the first report of all.
fn may_be_too_late(fact: &TaskFact, clock_set_back: bool) -> bool {
    let ended = fact.events.iter().position(|event| is_end(event.kind));
    let reported = fact
        .events
        .iter()
        .position(|event| is_final_report(event.kind));
    let (Some(ended), Some(reported)) = (ended, reported) else {
        return true;
    };
    if reported < ended {
        return false;
    }
    let late = fact.events[reported].at - fact.events[ended].at;
    let contact_before = fact.events[..ended]
        .iter()
        .any(|event| is_report(event.kind));
    clock_set_back || !contact_before || late.num_milliseconds() >= LATE_REPORT
}

/// When the end of an attempt was confirmed.
pub fn confirmed_at(fact: &TaskFact) -> Option<i64> {
    let mut events = fact.events.iter();
    let end = events.find(|event| is_end(event.kind))?;
    Some(end.at.timestamp_millis())
}

fn is_end(kind: EventKind) -> bool {
    [
        EventKind::RunSuccess,
        EventKind::RunFailed,
        EventKind::RunStopped,
        EventKind::RunSkipped,
        EventKind::RunGone,
        EventKind::LaunchNeverConfirmed,
        EventKind::LaunchGivenUp,
    ]
    .contains(&kind)
}

fn is_final_report(kind: EventKind) -> bool {
    [
        EventKind::ReportedSuccess,
        EventKind::ReportedError,
        EventKind::ReportedCancelled,
    ]
    .contains(&kind)
}

fn is_report(kind: EventKind) -> bool {
    [
        EventKind::ReportedProgress,
        EventKind::ReportedQueued,
        EventKind::ReportedRunning,
        EventKind::ReportRefused,
    ]
    .contains(&kind)
        || is_final_report(kind)
}

/// How a step ended, by its word.
pub type Word = &'static str;

/// Whether a step runs after parents that ended like this.
pub fn runs_after<'a>(run_if: &str, mut parents: impl Iterator<Item = &'a str>) -> bool {
    parents.all(|parent| match run_if {
        "always" => true,
        "no_failure" => ["SUCCESS", "SKIPPED"].contains(&parent),
        _ => parent == "SUCCESS",
    })
}

/// The final status of a run, from how each step ended, and whether it may fail.
pub fn run_status<'a>(
    cancelled: bool,
    refused: bool,
    steps: impl Iterator<Item = (&'a str, bool)>,
) -> (Word, bool) {
    let steps: Vec<(&str, bool)> = steps.collect();
    let warnings = steps
        .iter()
        .any(|(word, may_fail)| *word == "ERROR" && *may_fail);
    let failed = steps
        .iter()
        .any(|(word, may_fail)| *word == "ERROR" && !may_fail);
    let status = if cancelled {
        "CANCELLED"
    } else if refused || failed {
        "ERROR"
    } else if steps.iter().any(|(word, _)| *word == "CANCELLED") {
        "CANCELLED"
    } else {
        "SUCCESS"
    };
    (status, warnings)
}
