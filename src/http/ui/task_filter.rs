//! The filters of the list of tasks: read from the address, shown as form fields, and in links to lists.

use actix_web::HttpRequest;
use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, Utc};

use super::badge::Badge;
use super::layout::Layout;
use super::time_zone::zone;
use crate::domain::launched_by::LaunchedBy;
use crate::domain::message::say;
use crate::domain::principal::{Person, Principal};
use crate::domain::statistics::Zone;
use crate::domain::task::Status;
use crate::http::api::query::Query;
use crate::http::api::tasks::{pipeline, statuses};
use crate::http::error::{HttpResult, Problem};
use crate::http::event_text;
use crate::service::tasks::{FilterChoices, SortColumn, TaskFilter};

/// The names of the filters; most are those of the API.
const NAMES: [&str; 6] = ["search", "status", "pipeline", "launcher", "from", "to"];

/// The first and the last day, in the user's time zone.
pub type Dates = (NaiveDate, NaiveDate);

/// The address of a page of the list, with the user's time zone.
pub struct FilterQuery {
    pub query: Query,
    pub zone: Zone,
}

/// The filters as form fields.
pub struct FilterForm {
    pub search: String,
    pub from: DateBox,
    pub to: DateBox,
    pub statuses: Vec<Choice>,
    pub pipelines: Vec<Choice>,
    pub launchers: Vec<Choice>,
    pub is_filtered: bool,
}

/// A date field, or a text field if the value is not a day.
pub struct DateBox {
    pub kind: &'static str,
    pub value: String,
}

pub struct Choice {
    pub value: String,
    pub shown: String,
    pub is_chosen: bool,
}

/// A link to the tasks of some days, with the other filters.
pub struct Preset {
    pub name: String,
    pub link: String,
    pub is_chosen: bool,
}

impl FilterQuery {
    pub fn of(request: &HttpRequest) -> Self {
        Self {
            query: Query::of(request),
            zone: zone(request),
        }
    }

    /// The newest tasks come first.
    pub fn filter(&self, who: &Principal, limit: i64) -> HttpResult<TaskFilter> {
        let query = &self.query;
        // The API's message lists the values of the API.
        let unknown_status = |_| Problem::field("status", say("tasks-status-unknown"));
        let from = query.time_in("from", false, self.zone)?;
        let to = query.time_in("to", true, self.zone)?;
        if from.zip(to).is_some_and(|(from, to)| from > to) {
            return Err(Problem::field("from", say("tasks-dates-reversed")));
        }
        Ok(TaskFilter {
            account: who.account,
            statuses: statuses(query).map_err(unknown_status)?,
            pipeline: pipeline(query)?,
            launcher: launcher(query)?,
            from,
            to,
            search: query.text("search")?,
            order: SortColumn::CreatedAt,
            descending: true,
            limit,
        })
    }

    pub fn form(&self, layout: &Layout, who: &Principal, choices: &FilterChoices) -> FilterForm {
        let given = |name: &str| self.query.get(name).unwrap_or_default().to_owned();
        let chosen = statuses(&self.query).unwrap_or_default();
        let status = |status: Status| Choice {
            value: status.as_str().to_owned(),
            shown: Badge::of_task(layout, status).word,
            is_chosen: chosen.contains(&status),
        };
        let is_set = |name: &&str| self.values(name).next().is_some();
        FilterForm {
            search: given("search"),
            from: self.date_box("from"),
            to: self.date_box("to"),
            statuses: Status::ALL.map(status).into(),
            pipelines: chosen_of(pipelines(choices), &given("pipeline")),
            launchers: chosen_of(launchers(layout, who, choices), &given("launcher")),
            is_filtered: NAMES.iter().any(is_set),
        }
    }

    /// The same filters in another address: with these values in place of those with the same names.
    pub fn link(&self, layout: &Layout, changed: &[(&str, &str)]) -> String {
        let mut address = form_urlencoded::Serializer::new(String::new());
        for name in NAMES {
            if changed.iter().all(|(other, _)| *other != name) {
                address.extend_pairs(self.values(name).map(|value| (name, value)));
            }
        }
        address.extend_pairs(changed.iter().filter(|(_, value)| !value.is_empty()));
        layout.path_to(&format!("/tasks/?{}", address.finish()))
    }

    pub fn presets(&self, layout: &Layout, now: DateTime<Utc>) -> Vec<Preset> {
        let (from, to) = (self.date_box("from").value, self.date_box("to").value);
        let preset = |(key, dates): (&'static str, Option<Dates>)| {
            let own = dates.map(|(first, last)| (first.to_string(), last.to_string()));
            let (first, last) = own.unwrap_or_default();
            Preset {
                name: layout.say(key),
                link: self.link(layout, &[("from", first.as_str()), ("to", last.as_str())]),
                is_chosen: (&first, &last) == (&from, &to),
            }
        };
        ranges(self.zone.day(now)).map(preset).into()
    }

    fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let values = self.query.all(name).map(str::trim);
        values.filter(|value| !value.is_empty())
    }

    /// A time is shown as a day if it is the start of one, or the end of one for `to`.
    fn date_box(&self, name: &'static str) -> DateBox {
        let text = self.query.get(name).unwrap_or_default();
        let is_day = text.is_empty() || NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok();
        let time = self.query.time_in(name, name == "to", self.zone);
        let day = time
            .ok()
            .flatten()
            .and_then(|time| self.whole_day(name, time));
        match day {
            Some(day) if !is_day => DateBox::date(day.to_string()),
            Some(_) | None if is_day => DateBox::date(text.to_owned()),
            Some(_) | None => DateBox {
                kind: "text",
                value: text.to_owned(),
            },
        }
    }

    fn whole_day(&self, name: &str, time: DateTime<Utc>) -> Option<NaiveDate> {
        let start = match name {
            "to" => time.checked_add_signed(TimeDelta::milliseconds(1))?,
            _ => time,
        };
        let is_midnight = self.zone.shown(start).time() == NaiveTime::MIN;
        is_midnight.then(|| self.zone.day(time))
    }
}

impl DateBox {
    fn date(value: String) -> Self {
        Self {
            kind: "date",
            value,
        }
    }
}

/// The address of the list of tasks with these statuses, of a pipeline if given, launched on these days.
pub fn task_list(
    layout: &Layout,
    statuses: &[Status],
    pipeline: &str,
    dates: Option<Dates>,
) -> String {
    let words: Vec<&str> = statuses.iter().map(|status| status.as_str()).collect();
    let words = words.join(",");
    let (from, to) = dates.map_or_else(Default::default, |(first, last)| {
        (first.to_string(), last.to_string())
    });
    let pairs = [
        ("status", words.as_str()),
        ("pipeline", pipeline),
        ("from", from.as_str()),
        ("to", to.as_str()),
    ];
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs.iter().filter(|(_, value)| !value.is_empty()));
    layout.path_to(&format!("/tasks/?{}", query.finish()))
}

fn launcher(query: &Query) -> HttpResult<Option<LaunchedBy>> {
    let parse = |text| {
        let launcher = LaunchedBy::parse(text);
        launcher.ok_or_else(|| Problem::field("launcher", say("query-launcher")))
    };
    query.get("launcher").map(parse).transpose()
}

/// The days of the presets. Weeks start on Monday.
fn ranges(today: NaiveDate) -> [(&'static str, Option<Dates>); 5] {
    let before = |day: NaiveDate, days: u32| day - Days::new(days.into());
    let monday = before(today, today.weekday().num_days_from_monday());
    [
        ("tasks-any-date", None),
        ("monitoring-today", Some((today, today))),
        ("tasks-last-7-days", Some((before(today, 6), today))),
        (
            "tasks-last-week",
            Some((before(monday, 7), before(monday, 1))),
        ),
        ("tasks-last-30-days", Some((before(today, 29), today))),
    ]
}

fn pipelines(choices: &FilterChoices) -> Vec<Choice> {
    let pipelines = choices.pipelines.iter();
    pipelines
        .map(|(id, name)| Choice::of(id.to_string(), name.clone()))
        .collect()
}

/// The user comes first, if they can launch tasks.
fn launchers(layout: &Layout, who: &Principal, choices: &FilterChoices) -> Vec<Choice> {
    let me = own_launcher(who).filter(|_| layout.may_operate());
    let me = me.map(|own| Choice::of(own.text(), layout.say("tasks-launched-by-me")));
    let own = me.as_ref().map(|own| own.value.clone());
    let persons = choices.persons.iter().map(|person| {
        let by = LaunchedBy::Person(person.id);
        Choice::of(by.text(), person_name(person))
    });
    let actors = choices.actors.iter().filter_map(|actor| {
        let by = LaunchedBy::of_actor(actor)?;
        let name = match by {
            LaunchedBy::LocalUser => layout.say("tasks-local-user"),
            LaunchedBy::Person(_) | LaunchedBy::Key(_) | LaunchedBy::SettingsKey(_) => {
                event_text::actor(layout.language, actor)
            }
        };
        Some(Choice::of(by.text(), name))
    });
    let others = persons.chain(actors);
    let others = others.filter(|one| own.as_ref() != Some(&one.value));
    me.into_iter().chain(others).collect()
}

fn own_launcher(who: &Principal) -> Option<LaunchedBy> {
    let person = who.person.as_ref();
    let person = person.map(|person| LaunchedBy::Person(person.id));
    person.or_else(|| LaunchedBy::of_actor(&who.actor))
}

fn person_name(person: &Person) -> String {
    match person.full_name.trim() {
        "" => person.username.clone(),
        _ => person.full_name.clone(),
    }
}

/// With the chosen value marked, and added if it is not among them.
fn chosen_of(mut choices: Vec<Choice>, chosen: &str) -> Vec<Choice> {
    if !chosen.is_empty() && choices.iter().all(|one| one.value != chosen) {
        choices.push(Choice::of(chosen.to_owned(), chosen.to_owned()));
    }
    for one in &mut choices {
        one.is_chosen = one.value == chosen;
    }
    choices
}

impl Choice {
    fn of(value: String, shown: String) -> Self {
        Self {
            value,
            shown,
            is_chosen: false,
        }
    }
}
