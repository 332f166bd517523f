//! Reads `schedules` and `triggers`.

use chrono::TimeDelta;

use super::super::place::At;
use super::super::schedule::{CatchUp, Cron, Overlap, TimeOfDay, Zone};
use super::fault::{Faults, StartFault};
use super::fields::{Fields, duration, list, refuse_repeated, text};
use super::limits::{MOST_SCHEDULES, MOST_TRIGGERS};
use super::model::{Event, Schedule, Trigger, When};
use super::tree::Node;

const SCHEDULE: [&str; 6] = ["id", "cron", "timezone", "finish_by", "overlap", "catch_up"];
const TRIGGER: [&str; 5] = ["id", "flow", "when", "file", "every"];
/// How often files are listed if the trigger does not say.
const EVERY: TimeDelta = TimeDelta::minutes(5);

/// `default` is the zone of the document, if it has one.
pub fn schedules(
    node: Option<&Node>,
    default: Option<&Zone>,
    faults: &mut Faults,
) -> Vec<Schedule> {
    let items = node.map_or(&[][..], |node| {
        list(node, "schedules", MOST_SCHEDULES, faults)
    });
    let read = items.iter().map(|item| schedule(item, default, faults));
    let (ids, schedules): (Vec<_>, Vec<_>) = read.unzip();
    refuse_repeated(ids.iter().flatten(), faults);
    schedules.into_iter().flatten().collect()
}

/// The id also of a schedule that cannot be read, to find repeated ones.
fn schedule(
    node: &Node,
    default: Option<&Zone>,
    faults: &mut Faults,
) -> (Option<At<String>>, Option<Schedule>) {
    let Some(fields) = Fields::read(node, "schedules", &SCHEDULE, faults) else {
        return (None, None);
    };
    let id = fields.id("id", faults);
    let cron = fields
        .required("cron", faults)
        .and_then(|node| cron(node, faults));
    let timezone = schedule_zone(&fields, default, faults);
    let finish_by = fields.with("finish_by", faults, time_of_day);
    let overlap = fields.word(
        "overlap",
        Overlap::Skip,
        (Overlap::ALL, Overlap::as_str),
        faults,
    );
    let catch_up = fields.word(
        "catch_up",
        CatchUp::Last,
        (CatchUp::ALL, CatchUp::as_str),
        faults,
    );
    let parts = cron.zip(timezone);
    let schedule = parts.map(|(cron, timezone)| Schedule {
        id: id.clone(),
        cron,
        timezone,
        finish_by,
        overlap,
        catch_up,
    });
    (Some(id), schedule)
}

fn cron(node: &Node, faults: &mut Faults) -> Option<At<Cron>> {
    let text = text(node, "cron", faults)?;
    if text.is_empty() {
        return None;
    }
    Cron::parse(&text)
        .map(|cron| At::new(node.place, cron))
        .map_err(|fault| faults.add(node.place, StartFault::Cron(fault)))
        .ok()
}

fn schedule_zone(fields: &Fields<'_>, default: Option<&Zone>, faults: &mut Faults) -> Option<Zone> {
    match (fields.get("timezone"), default) {
        (Some(node), _) => zone(node, "timezone", faults),
        (None, Some(default)) => Some(default.clone()),
        (None, None) => {
            faults.add(fields.place(), StartFault::NoZone);
            None
        }
    }
}

pub fn zone(node: &Node, key: &'static str, faults: &mut Faults) -> Option<Zone> {
    let text = text(node, key, faults)?;
    Zone::parse(&text)
        .map_err(|fault| faults.add(node.place, StartFault::Zone(fault)))
        .ok()
}

/// `06:00`, with two digits each.
fn time_of_day(node: &Node, key: &'static str, faults: &mut Faults) -> Option<TimeOfDay> {
    let value = text(node, key, faults)?;
    let two = |part: &str, most: u8| {
        let is_pair = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse::<u8>()
            .ok()
            .filter(|number| is_pair && *number <= most)
    };
    let parts = value.split_once(':');
    let time = parts.and_then(|(hour, minute)| {
        let (hour, minute) = (two(hour, 23)?, two(minute, 59)?);
        Some(TimeOfDay { hour, minute })
    });
    if time.is_none() {
        faults.add(node.place, StartFault::TimeOfDay { value });
    }
    time
}

pub fn triggers(node: Option<&Node>, faults: &mut Faults) -> Vec<Trigger> {
    let items = node.map_or(&[][..], |node| {
        list(node, "triggers", MOST_TRIGGERS, faults)
    });
    let read = items.iter().filter_map(|item| trigger(item, faults));
    let triggers: Vec<Trigger> = read.collect();
    refuse_repeated(triggers.iter().map(|trigger| &trigger.id), faults);
    triggers
}

fn trigger(node: &Node, faults: &mut Faults) -> Option<Trigger> {
    let fields = Fields::read(node, "triggers", &TRIGGER, faults)?;
    let id = fields.id("id", faults);
    let event = match (fields.get("flow"), fields.get("file")) {
        (Some(_), None) => by_flow(&fields, faults),
        (None, Some(node)) => by_file(&fields, node, faults)?,
        (Some(_), Some(_)) | (None, None) => {
            faults.add(fields.place(), StartFault::NoEvent);
            return None;
        }
    };
    Some(Trigger { id, event })
}

fn by_flow(fields: &Fields<'_>, faults: &mut Faults) -> Event {
    refuse_key(fields, "every", "file", faults);
    let flow = fields.id("flow", faults);
    let when = fields.word("when", When::Success, (When::ALL, When::as_str), faults);
    Event::Flow { flow, when }
}

fn by_file(fields: &Fields<'_>, node: &Node, faults: &mut Faults) -> Option<Event> {
    refuse_key(fields, "when", "flow", faults);
    let pattern = text(node, "file", faults)?;
    if !is_pattern(&pattern) {
        let value = pattern.clone();
        faults.add(node.place, StartFault::FilePattern { value });
    }
    let every = fields.with("every", faults, |node, key, faults| {
        duration(node, key, ("1m", "1day"), faults)
    });
    let every = every.unwrap_or(EVERY);
    Some(Event::File { pattern, every })
}

fn refuse_key(fields: &Fields<'_>, key: &'static str, event: &'static str, faults: &mut Faults) {
    if let Some(entry) = fields.entry(key) {
        faults.add(entry.place, StartFault::OtherEvent { key, event });
    }
}

/// A path in the workspace. `*` is allowed in the file's name only, so that one folder is listed.
fn is_pattern(pattern: &str) -> bool {
    let (folder, name) = pattern.rsplit_once('/').unwrap_or(("", pattern));
    let is_folder = folder
        .split('/')
        .all(|part| !part.contains('*') && part != "." && part != "..");
    !name.is_empty() && !pattern.starts_with('/') && !pattern.contains("//") && is_folder
}
