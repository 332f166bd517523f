//! The documents that clients save, as data that the checks understand, and their text.

use serde_json::{Map, Value, json};

use super::super::catalogue::{SORTS, Sort, code};
use super::super::random::Random;

/// When a schedule fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calendar {
    pub cron: &'static str,
    /// The minutes that it names: from the first one, in steps.
    pub minutes: (u8, u8),
    /// None: `*`.
    pub hours: Option<&'static [i8]>,
    pub zone: &'static str,
}

const fn every_hour(cron: &'static str, minutes: (u8, u8)) -> Calendar {
    let (hours, zone) = (None, "UTC");
    Calendar {
        cron,
        minutes,
        hours,
        zone,
    }
}

const CALENDARS: [Calendar; 8] = [
    every_hour("* * * * *", (0, 1)),
    every_hour("*/2 * * * *", (0, 2)),
    every_hour("1-59/3 * * * *", (1, 3)),
    every_hour("*/4 * * * *", (0, 4)),
    every_hour("*/5 * * * *", (0, 5)),
    every_hour("*/10 * * * *", (0, 10)),
    every_hour("*/30 * * * *", (0, 30)),
    Calendar {
        hours: Some(&[0, 1, 2, 3]),
        ..every_hour("*/5 0-3 * * *", (0, 5))
    },
];
/// Their clocks change in some of the simulated periods.
const ZONES: [&str; 6] = [
    "UTC",
    "Europe/Paris",
    "Africa/Cairo",
    "Australia/Lord_Howe",
    "Africa/Kinshasa",
    "Asia/Kolkata",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    pub id: &'static str,
    pub calendar: Calendar,
    pub overlap: &'static str,
    pub catch_up: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub sort: usize,
    /// Positions of earlier steps.
    pub after: Vec<usize>,
    /// The step whose result is a parameter.
    pub reference: Option<usize>,
    pub run_if: &'static str,
    pub allow_failure: bool,
    /// How often, the wait in milliseconds, and whether it doubles.
    pub retry: (u32, i64, bool),
    /// In milliseconds.
    pub time_limit: Option<i64>,
}

impl Step {
    pub fn parents(&self) -> impl Iterator<Item = usize> {
        let reference = self.reference.filter(|step| !self.after.contains(step));
        self.after.iter().copied().chain(reference)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    pub slug: String,
    pub place: usize,
    pub schedules: Vec<Schedule>,
    /// The other flow, and whether any end of it starts this one.
    pub trigger: Option<(String, bool)>,
    pub steps: Vec<Step>,
    /// So that each document is another one.
    pub number: u64,
}

pub fn slug(number: u64) -> String {
    format!("flow{number}")
}

impl Document {
    /// A flow is started by flows with lower numbers only, so that they do not start each other.
    pub fn draw(random: &mut Random, place: usize, flow: u64, number: u64) -> Self {
        let schedules =
            [("a", 0, 800), ("b", 1, 150)]
                .into_iter()
                .filter_map(|(id, whom, rate)| {
                    let exists = random.chance("has schedule", whom, rate);
                    exists.then(|| schedule(random, id))
                });
        let schedules = schedules.collect();
        let other = random.below("trigger by", 0, flow.max(1));
        let starts = flow > 0 && random.chance("has trigger", 0, 400);
        let trigger = starts.then(|| (slug(other), random.chance("any end", 0, 600)));
        let steps = steps(random);
        Self {
            slug: slug(flow),
            place,
            schedules,
            trigger,
            steps,
            number,
        }
    }

    /// The same with another calendar, the same calendar with other words, or other steps.
    pub fn edited(&self, random: &mut Random, number: u64) -> Self {
        let mut edited = Self {
            number,
            ..self.clone()
        };
        match random.below("edit", 0, 4) {
            0 => edited.steps = steps(random),
            1 => {
                for own in &mut edited.schedules {
                    own.overlap = random.pick("overlap", 0, &OVERLAPS);
                    own.catch_up = random.pick("catch up", 0, &CATCH_UPS);
                }
            }
            2 => {
                for own in &mut edited.schedules {
                    own.calendar = calendar(random);
                }
            }
            _ => {
                let place = edited.place;
                let flow = self.slug["flow".len()..].parse().unwrap();
                edited = Self::draw(random, place, flow, number);
            }
        }
        edited
    }

    pub fn schedule(&self, id: &str) -> Option<&Schedule> {
        self.schedules.iter().find(|schedule| schedule.id == id)
    }

    pub fn text(&self) -> String {
        let mut text = json!({
            "id": self.slug,
            "name": {"en": format!("Load {}", self.number), "fr": format!("Chargement {}", self.number)},
            "steps": self.steps.iter().enumerate().map(|(at, step)| self.step(at, step)).collect::<Vec<_>>(),
        });
        if !self.schedules.is_empty() {
            let all = self.schedules.iter().map(|own| {
                json!({"id": own.id, "cron": own.calendar.cron, "timezone": own.calendar.zone,
                       "overlap": own.overlap, "catch_up": own.catch_up})
            });
            text["schedules"] = all.collect();
        }
        if let Some((flow, any)) = &self.trigger {
            let when = if *any { "any" } else { "success" };
            text["triggers"] = json!([{"id": "t", "flow": flow, "when": when}]);
        }
        text.to_string()
    }

    fn step(&self, at: usize, step: &Step) -> Value {
        let mut parameters = match SORTS[step.sort] {
            Sort::Unnamed => Map::from_iter([("label".to_owned(), "same".into())]),
            other => other.given(at as u64 % 3),
        };
        if let Some(source) = step.reference {
            let from = json!({"from": format!("steps.s{source}.result.rows"), "type": "int"});
            parameters.insert("rows".to_owned(), from);
        }
        let after: Vec<String> = step.after.iter().map(|at| format!("s{at}")).collect();
        let mut text = json!({
            "id": format!("s{at}"), "pipeline": code(self.place, step.sort), "parameters": parameters,
            "after": after, "run_if": step.run_if, "allow_failure": step.allow_failure,
        });
        let (times, wait, doubles) = step.retry;
        if times > 0 {
            let backoff = if doubles { "exponential" } else { "constant" };
            let wait = format!("{}s", wait / 1000);
            text["retry"] = json!({"times": times, "wait": wait, "backoff": backoff});
        }
        if let Some(limit) = step.time_limit {
            text["time_limit"] = format!("{}s", limit / 1000).into();
        }
        text
    }
}

const OVERLAPS: [&str; 4] = ["skip", "queue", "queue", "parallel"];
const CATCH_UPS: [&str; 3] = ["last", "none", "all"];

fn calendar(random: &mut Random) -> Calendar {
    Calendar {
        zone: random.pick("zone", 0, &ZONES),
        ..random.pick("calendar", 0, &CALENDARS)
    }
}

fn schedule(random: &mut Random, id: &'static str) -> Schedule {
    let calendar = calendar(random);
    // Otherwise a long downtime creates a hundred runs.
    let is_rare = calendar.minutes.1 >= 10;
    let catch_ups = if is_rare {
        &CATCH_UPS[..]
    } else {
        &CATCH_UPS[..2]
    };
    Schedule {
        id,
        calendar,
        overlap: random.pick("overlap", 0, &OVERLAPS),
        catch_up: random.pick("catch up", 0, catch_ups),
    }
}

fn steps(random: &mut Random) -> Vec<Step> {
    // By step, the steps before it.
    let shapes: [&[&[usize]]; 6] = [
        &[&[]],
        &[&[]],
        &[&[], &[0]],
        &[&[], &[0], &[1]],
        &[&[], &[], &[0, 1]],
        &[&[], &[0], &[0], &[1, 2]],
    ];
    let shape = random.pick("shape", 0, &shapes);
    let mut steps: Vec<Step> = Vec::new();
    for after in shape {
        let reports = |at: &usize| SORTS[steps[*at].sort].names_task();
        let source = after.first().copied().filter(reports);
        steps.push(step(random, after, source));
    }
    steps
}

fn step(random: &mut Random, after: &[usize], source: Option<usize>) -> Step {
    let sort = random.pick("sort of step", 0, &[0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 3, 4]);
    let refers = SORTS[sort] == Sort::NamesTask && random.chance("refers", 0, 400);
    let retries = random.chance("retries", 0, 400);
    let times = u32::try_from(random.below("retry times", 0, 2)).unwrap() + 1;
    let wait = random.pick("retry wait", 0, &[0, 20_000, 120_000]);
    let limited = random.chance("time limit", 0, 150);
    Step {
        sort,
        after: after.to_vec(),
        reference: source.filter(|_| refers),
        run_if: random.pick("run if", 0, &["success", "success", "no_failure", "always"]),
        allow_failure: random.chance("allow failure", 0, 200),
        retry: if retries {
            (times, wait, random.chance("doubles", 0, 300))
        } else {
            (0, 0, false)
        },
        time_limit: limited.then(|| random.pick("limit", 0, &[60_000, 240_000])),
    }
}
