//! The form that asks when a pipeline is to run: every day, every week, every month, or a cron expression.

use std::collections::BTreeMap;

use askama::Template;

use super::cron_text::weekday;
use super::form_fields::FormInput;
use super::layout::Layout;
use crate::domain::flow::document::is_id;
use crate::domain::flow::schedule::{Cron, Zone};
use crate::domain::message::{FieldErrors, Message, say};
use crate::domain::pipeline::Pipeline;

/// The longest name of a flow.
const LONGEST_NAME: usize = 200;

/// What was typed.
#[derive(Clone, Debug, Default)]
pub struct Timing {
    pub id: String,
    pub name: String,
    preset: String,
    time: String,
    weekday: String,
    day: String,
    cron: String,
    timezone: String,
    /// Whether the form is shown for the first time, so that the script fills in the user's time zone.
    is_new: bool,
}

/// How often it runs.
const PRESETS: [(&str, &str); 4] = [
    ("daily", "schedule-daily"),
    ("weekly", "schedule-weekly"),
    ("monthly", "schedule-monthly"),
    ("cron", "schedule-cron"),
];

#[derive(Template)]
#[template(path = "pipeline_schedule.html")]
pub struct SchedulePage {
    page: Layout,
    address: String,
    pipeline: String,
    title: String,
    /// The fields of the launch form.
    kept: String,
    typed: Timing,
    presets: Vec<(&'static str, String, bool)>,
    weekdays: Vec<(u32, String, bool)>,
    zones: Vec<String>,
    fields: Vec<TextField>,
    messages: Vec<String>,
    wrong: Vec<(String, String)>,
}

/// A text field with its error.
struct TextField {
    id: &'static str,
    label: String,
    hint: String,
    value: String,
    kind: &'static str,
    /// The presets that use it; empty: all of them.
    presets: &'static str,
    error: Option<String>,
}

impl Timing {
    pub fn new(pipeline: &Pipeline, id: String) -> Self {
        Self {
            id,
            name: pipeline.title().to_owned(),
            preset: "daily".to_owned(),
            time: "02:00".to_owned(),
            weekday: "1".to_owned(),
            day: "1".to_owned(),
            cron: "0 2 * * *".to_owned(),
            timezone: "UTC".to_owned(),
            is_new: true,
        }
    }

    /// None: the launch form was sent, and not this one.
    pub fn of(input: &FormInput) -> Option<Self> {
        let text = |name: &str| input.last(name).unwrap_or_default().trim().to_owned();
        input.last("preset")?;
        Some(Self {
            id: text("flow_id"),
            name: text("flow_name"),
            preset: text("preset"),
            time: text("time"),
            weekday: text("weekday"),
            day: text("day"),
            cron: text("cron"),
            timezone: text("timezone"),
            is_new: false,
        })
    }

    pub fn read(&self) -> Result<(Cron, Zone), FieldErrors> {
        let mut wrong = FieldErrors::default();
        let id = say("flow-bad-id")
            .with("key", "id")
            .with("value", self.id.chars().take(64).collect::<String>());
        wrong.note("flow_id", is_id(&self.id).then_some(()).ok_or(id));
        let length = self.name.chars().count();
        let fits = (1..=LONGEST_NAME).contains(&length);
        let name = || say("schedule-name-needed").with("most", LONGEST_NAME);
        wrong.note("flow_name", fits.then_some(()).ok_or_else(name));
        let cron = match self.cron() {
            Ok(cron) => Some(cron),
            Err((field, message)) => {
                wrong.add(field, message);
                None
            }
        };
        let zone = Zone::parse(&self.timezone).map_err(|fault| fault.message());
        let zone = wrong.note("timezone", zone);
        cron.zip(zone).filter(|_| wrong.is_empty()).ok_or(wrong)
    }

    /// The expression, or the field that is wrong.
    fn cron(&self) -> Result<Cron, (&'static str, Message)> {
        if self.preset == "cron" {
            return Cron::parse(&self.cron).map_err(|fault| ("cron", fault.message()));
        }
        let time = || say("flow-time-of-day").with("value", cut(&self.time));
        let (hour, minute) = clock(&self.time).ok_or_else(|| ("time", time()))?;
        let text = match self.preset.as_str() {
            "weekly" => format!("{minute} {hour} * * {}", self.weekday),
            "monthly" => format!("{minute} {hour} {} * *", self.day.to_ascii_uppercase()),
            _ => format!("{minute} {hour} * * *"),
        };
        let field = if self.preset == "weekly" {
            "weekday"
        } else {
            "day"
        };
        Cron::parse(&text).map_err(|fault| (field, fault.message()))
    }
}

fn cut(text: &str) -> String {
    text.chars().take(20).collect()
}

/// `02:00`
fn clock(text: &str) -> Option<(u32, u32)> {
    let (hour, minute) = text.split_once(':')?;
    let number = |text: &str, most: u32| text.parse().ok().filter(|number| *number <= most);
    Some((number(hour, 23)?, number(minute, 59)?))
}

impl SchedulePage {
    pub fn new(
        layout: Layout,
        (path, title): (String, String),
        kept: String,
        typed: Timing,
        errors: &BTreeMap<String, Vec<String>>,
    ) -> Self {
        let pipeline = layout.path_to(&path);
        let presets = PRESETS.map(|(value, key)| (value, layout.say(key), value == typed.preset));
        let weekdays = [1, 2, 3, 4, 5, 6, 0].map(|day: u32| {
            let is_chosen = day.to_string() == typed.weekday;
            (day, weekday(&layout, day), is_chosen)
        });
        let wrong = errors.iter().flat_map(|(field, list)| {
            let texts = list.iter();
            texts.map(move |text| (format!("field-{field}"), text.clone()))
        });
        Self {
            address: format!("{pipeline}schedule/"),
            pipeline,
            title,
            kept,
            presets: presets.to_vec(),
            weekdays: weekdays.to_vec(),
            zones: Zone::names(),
            fields: fields(&layout, &typed, errors),
            messages: Vec::new(),
            wrong: wrong.collect(),
            typed,
            page: layout,
        }
    }
}

fn fields(
    layout: &Layout,
    typed: &Timing,
    errors: &BTreeMap<String, Vec<String>>,
) -> Vec<TextField> {
    let field = |id: &'static str, (label, hint), kind, value: &String| TextField {
        id,
        label: layout.say(label),
        hint: layout.say(hint),
        value: value.clone(),
        kind,
        presets: match id {
            "time" => "daily weekly monthly",
            "day" => "monthly",
            "cron" => "cron",
            _ => "",
        },
        error: errors.get(id).map(|all| all.join("; ")),
    };
    let text = "text";
    vec![
        field(
            "time",
            ("schedule-time", "schedule-time-hint"),
            "time",
            &typed.time,
        ),
        field(
            "day",
            ("schedule-day", "schedule-day-hint"),
            text,
            &typed.day,
        ),
        field(
            "cron",
            ("schedule-own", "schedule-own-hint"),
            text,
            &typed.cron,
        ),
        field(
            "timezone",
            ("schedule-zone", "schedule-zone-hint"),
            text,
            &typed.timezone,
        ),
        field(
            "flow_name",
            ("schedule-name", "schedule-name-hint"),
            text,
            &typed.name,
        ),
        field(
            "flow_id",
            ("schedule-id", "schedule-id-hint"),
            text,
            &typed.id,
        ),
    ]
}
