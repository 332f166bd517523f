//! The form of a backfill: which days of which schedule, which ticks, and how many runs at a time. Days are those of the schedule's time
//! zone, and the last one is included.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, Utc};

use crate::domain::flow::document::Schedule;
use crate::domain::flow::schedule::{
    BackfillFault, BackfillMode, BackfillRange, MOST_PARALLEL, Zone, day,
};
use crate::domain::message::{FieldErrors, Message, say};
use crate::http::ui::form_fields::FormInput;
use crate::http::ui::layout::Layout;
use crate::service::flows::{BackfillRequest, FlowView};

/// What was typed.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    pub schedule: String,
    pub from: String,
    pub to: String,
    pub mode: String,
    pub parallel: String,
}

/// An option of a select.
pub struct Choice {
    pub value: String,
    pub shown: String,
    pub is_chosen: bool,
}

/// A field with its error.
pub struct DayField {
    pub id: &'static str,
    pub label: String,
    pub value: String,
    pub error: Option<String>,
}

impl Typed {
    pub fn of(given: &FormInput) -> Self {
        let text = |name: &str| given.last(name).unwrap_or_default().trim().to_owned();
        Self {
            schedule: text("schedule"),
            from: text("from"),
            to: text("to"),
            mode: text("mode"),
            parallel: text("parallel"),
        }
    }

    /// The names and values, to send them again.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        vec![
            ("schedule", self.schedule.clone()),
            ("from", self.from.clone()),
            ("to", self.to.clone()),
            ("mode", self.mode.clone()),
            ("parallel", self.parallel.clone()),
        ]
    }

    /// The chosen schedule, or the first one.
    pub fn schedule_of<'a>(&self, view: &'a FlowView) -> Option<&'a Schedule> {
        let all = &view.loaded.flow.schedules;
        let chosen = all.iter().find(|one| one.id.value == self.schedule);
        chosen.or_else(|| all.first())
    }

    /// The request, or the errors by field.
    pub fn request(
        &self,
        view: &FlowView,
        now: DateTime<Utc>,
    ) -> Result<BackfillRequest, FieldErrors> {
        let mut wrong = FieldErrors::default();
        let chosen = view.loaded.schedule(&self.schedule);
        let found = match chosen {
            None if !self.schedule.is_empty() => Err(say("flow-schedule-not-found")),
            None => self
                .schedule_of(view)
                .ok_or_else(|| say("flow-backfill-no-schedule")),
            Some(schedule) => Ok(schedule),
        };
        let schedule = wrong.note("schedule", found);
        let zone = schedule.map_or_else(Zone::utc, |schedule| schedule.timezone.clone());
        let from = wrong.note("from", start_of(&self.from, &zone));
        let to = wrong.note("to", end_of(&self.to, &zone, now));
        let mode = BackfillMode::parse(&self.mode).unwrap_or(BackfillMode::Missing);
        let parallel = wrong.note("parallel", parallel(&self.parallel));
        let (Some(schedule), Some(from), Some(to), Some(parallel)) = (schedule, from, to, parallel)
        else {
            return Err(wrong);
        };
        Ok(BackfillRequest {
            slug: view.flow.slug.clone(),
            schedule: Some(schedule.id.value.clone()),
            range: BackfillRange { from, to },
            mode,
            parallel,
        })
    }

    pub fn schedules(&self, view: &FlowView) -> Vec<Choice> {
        let chosen = self.schedule_of(view).map(|one| one.id.value.as_str());
        let all = view.loaded.flow.schedules.iter();
        all.map(|one| Choice {
            value: one.id.value.clone(),
            shown: format!("{} ({})", one.id.value, one.timezone.name()),
            is_chosen: chosen == Some(&one.id.value),
        })
        .collect()
    }

    pub fn modes(&self, layout: &Layout) -> Vec<Choice> {
        let chosen = BackfillMode::parse(&self.mode).unwrap_or(BackfillMode::Missing);
        let one = |mode: &BackfillMode| Choice {
            value: mode.as_str().to_owned(),
            shown: layout.say(mode_key(*mode)),
            is_chosen: *mode == chosen,
        };
        BackfillMode::ALL.iter().map(one).collect()
    }

    pub fn parallels(&self) -> Vec<Choice> {
        let chosen = parallel(&self.parallel).unwrap_or(1);
        let one = |number: u32| Choice {
            value: number.to_string(),
            shown: number.to_string(),
            is_chosen: number == chosen,
        };
        (1..=MOST_PARALLEL).map(one).collect()
    }

    pub fn days(&self, layout: &Layout, errors: &BTreeMap<String, Vec<String>>) -> Vec<DayField> {
        let one = |id: &'static str, key, value: &String| DayField {
            id,
            label: layout.say(key),
            value: value.clone(),
            error: errors.get(id).map(|all| all.join("; ")),
        };
        vec![
            one("from", "flow-backfill-from", &self.from),
            one("to", "flow-backfill-to", &self.to),
        ]
    }
}

pub fn mode_key(mode: BackfillMode) -> &'static str {
    match mode {
        BackfillMode::Missing => "flow-backfill-missing",
        BackfillMode::Failed => "flow-backfill-failed",
        BackfillMode::All => "flow-backfill-all",
    }
}

fn start_of(text: &str, zone: &Zone) -> Result<DateTime<Utc>, Message> {
    let start = day(text).and_then(|day| zone.start_of(day));
    start.ok_or_else(|| say("flow-backfill-day"))
}

/// The end of the day; today counts up to now.
fn end_of(text: &str, zone: &Zone, now: DateTime<Utc>) -> Result<DateTime<Utc>, Message> {
    let day = day(text).ok_or_else(|| say("flow-backfill-day"))?;
    let next = day.checked_add_days(Days::new(1));
    let end = next.and_then(|next| zone.start_of(next));
    let end = end.ok_or_else(|| say("flow-backfill-day"))?;
    if day > zone.day_of(now) {
        return Err(BackfillFault::Future.message());
    }
    Ok(end.min(now))
}

fn parallel(text: &str) -> Result<u32, Message> {
    if text.is_empty() {
        return Ok(1);
    }
    let number = text.parse().ok();
    let number = number.filter(|number| (1..=MOST_PARALLEL).contains(number));
    number.ok_or_else(|| BackfillFault::Parallel.message())
}
