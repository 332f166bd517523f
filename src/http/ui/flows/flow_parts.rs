//! The parts of a flow's page besides its graph: what starts it, its next and last ticks, its runs and its versions.

use chrono::{DateTime, Utc};

use super::{flow_path, run_path, version_path};
use crate::domain::flow::document::{Event, Schedule, Trigger, When};
use crate::domain::flow::run::FlowRun;
use crate::domain::flow::schedule::{CatchUp, ClockChange, Firing, Overlap};
use crate::domain::message::say;
use crate::http::event_text::actor;
use crate::http::flow_text;
use crate::http::ui::badge::Badge;
use crate::http::ui::cron_text;
use crate::http::ui::layout::{Layout, duration};
use crate::service::flows::{FlowVersionRow, FlowView, ScheduleRow, TickRow};

pub struct ScheduleItem {
    pub id: String,
    pub cron: String,
    /// The cron in words, if it is a common one.
    pub in_words: Option<String>,
    pub next_at: Option<DateTime<Utc>>,
    /// Where its form to pause or resume it is sent to.
    pub action: String,
    pub zone: String,
    pub is_paused: bool,
    /// What happens to ticks that overlap or are late, and until when a run must have succeeded.
    pub rules: Vec<String>,
}

pub struct TriggerItem {
    pub id: String,
    pub what: String,
    pub listed_at: Option<DateTime<Utc>>,
}

/// A firing time in the future.
pub struct NextItem {
    pub schedule: String,
    pub at: DateTime<Utc>,
    /// In the time zone of the schedule.
    pub local: String,
    /// The key of what a clock change does to it.
    pub note: Option<&'static str>,
}

pub struct TickItem {
    pub code: String,
    pub at: DateTime<Utc>,
    pub badge: Badge,
    pub why: Option<String>,
    pub run: Option<i64>,
}

pub struct VersionItem {
    pub address: String,
    pub number: i64,
    pub at: DateTime<Utc>,
    pub by: String,
    pub is_current: bool,
}

pub struct RunItem {
    pub id: i64,
    pub address: String,
    pub badge: Badge,
    pub warnings: bool,
    pub started_by: String,
    pub at: DateTime<Utc>,
    pub took: Option<String>,
}

pub fn schedules(layout: &Layout, view: &FlowView) -> Vec<ScheduleItem> {
    let all = view.loaded.flow.schedules.iter();
    all.map(|one| schedule(layout, view, one)).collect()
}

fn schedule(layout: &Layout, view: &FlowView, one: &Schedule) -> ScheduleItem {
    let id = &one.id.value;
    let overlap = layout.say(match one.overlap {
        Overlap::Skip => "flow-overlap-skip",
        Overlap::Queue => "flow-overlap-queue",
        Overlap::Parallel => "flow-overlap-parallel",
    });
    let catch_up = layout.say(match one.catch_up {
        CatchUp::Last => "flow-catch-up-last",
        CatchUp::None => "flow-catch-up-none",
        CatchUp::All => "flow-catch-up-all",
    });
    let finish_by = one.finish_by;
    let finish_by = finish_by.map(|time| layout.with("flow-finish-by", "time", time));
    ScheduleItem {
        id: id.clone(),
        cron: one.cron.value.text().to_owned(),
        in_words: cron_text::in_words(layout, &one.cron.value),
        next_at: row(view, id).and_then(|row| row.next_at),
        action: layout.path_to(&format!("{}schedules/{id}/", flow_path(&view.flow.slug))),
        zone: one.timezone.name().to_owned(),
        is_paused: row(view, id).is_some_and(|row| row.paused),
        rules: finish_by.into_iter().chain([overlap, catch_up]).collect(),
    }
}

fn row<'a>(view: &'a FlowView, schedule: &str) -> Option<&'a ScheduleRow> {
    view.schedules.iter().find(|row| row.code == schedule)
}

pub fn triggers(layout: &Layout, view: &FlowView) -> Vec<TriggerItem> {
    let all = view.loaded.flow.triggers.iter();
    all.map(|one| trigger(layout, view, one)).collect()
}

fn trigger(layout: &Layout, view: &FlowView, one: &Trigger) -> TriggerItem {
    let id = &one.id.value;
    let row = view.triggers.iter().find(|row| row.code == *id);
    let what = match &one.event {
        Event::Flow { flow, when } => say(match when {
            When::Success => "flow-after-success",
            When::Any => "flow-after-any",
        })
        .with("flow", &flow.value),
        Event::File { pattern, every } => say("flow-after-file")
            .with("pattern", pattern)
            .with("every", duration(*every)),
    };
    TriggerItem {
        id: id.clone(),
        what: layout.word(&what),
        listed_at: row.and_then(|row| row.listed_at),
    }
}

pub fn next(firings: &[(String, Firing)]) -> Vec<NextItem> {
    let firings = firings.iter();
    firings
        .map(|(schedule, firing)| NextItem {
            schedule: schedule.clone(),
            at: firing.at,
            local: local(&firing.local),
            note: firing.note.map(|note| match note {
                ClockChange::Gap => "flow-next-gap",
                ClockChange::Fold => "flow-next-fold",
            }),
        })
        .collect()
}

/// `2027-03-28T03:00:00+02:00[Europe/Brussels]` → `2027-03-28 03:00 (Europe/Brussels)`
fn local(text: &str) -> String {
    let minute: String = text.chars().take(16).collect();
    let zone = text.split(['[', ']']).nth(1).unwrap_or("UTC");
    format!("{} ({zone})", minute.replace('T', " "))
}

pub fn tick(layout: &Layout, tick: &TickRow) -> TickItem {
    TickItem {
        code: tick.code.clone(),
        at: tick.scheduled_for,
        badge: Badge::of_tick(layout, tick.outcome),
        why: flow_text::joined(&tick.why, layout.language),
        run: tick.run.map(|run| run.0),
    }
}

/// `current` is the current version, unless the flow was deleted.
pub fn version(
    layout: &Layout,
    slug: &str,
    version: &FlowVersionRow,
    current: Option<i64>,
) -> VersionItem {
    VersionItem {
        address: layout.path_to(&version_path(slug, version.number)),
        number: version.number,
        at: version.saved_at,
        by: actor(layout.language, &version.saved_by.actor),
        is_current: current == Some(version.number),
    }
}

pub fn run(layout: &Layout, run: &FlowRun) -> RunItem {
    RunItem {
        id: run.id.0,
        address: layout.path_to(&run_path(run.id)),
        badge: Badge::of_task(layout, run.status),
        warnings: run.warnings,
        started_by: flow_text::started_by(run, layout.language),
        at: run.created_at,
        took: run.took().map(duration),
    }
}
