//! Cron expressions with five fields, as times of a calendar without a zone; `firing.rs` places them in a zone.

use std::fmt;

use croner::CronDateTime;
use croner::parser::{CronParser, Seconds, Year};
use jiff::ToSpan;
use jiff::civil::{Date, DateTime};

use super::field::Field;
use crate::domain::message::{Message, say};

/// The maximum number of characters of a cron expression.
const LONGEST: usize = 200;
/// A cron that matches no day of these years never fires: the calendar with its weekdays repeats every 28 years.
const FIRST_DAY: Date = Date::constant(2000, 1, 1);
const DAYS: usize = 29 * 366;

/// The macros of cron, with what they stand for.
const MACROS: [(&str, &str); 7] = [
    ("@YEARLY", "0 0 1 1 *"),
    ("@ANNUALLY", "0 0 1 1 *"),
    ("@MONTHLY", "0 0 1 * *"),
    ("@WEEKLY", "0 0 * * 0"),
    ("@DAILY", "0 0 * * *"),
    ("@MIDNIGHT", "0 0 * * *"),
    ("@HOURLY", "0 * * * *"),
];

/// A cron expression that was checked.
#[derive(Clone, PartialEq, Eq)]
pub struct Cron {
    text: String,
    inner: croner::Cron,
    every_hour: bool,
    day_or_weekday: bool,
}

impl fmt::Debug for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cron({})", self.text)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CronFault {
    /// Not five fields.
    Fields {
        count: usize,
    },
    /// Six fields: the first one would be the seconds.
    Seconds,
    UnknownMacro {
        text: String,
    },
    Part {
        field: Field,
        part: String,
    },
    /// A comma without a value before or after it.
    EmptyPart {
        field: Field,
    },
    Never {
        text: String,
    },
}

impl CronFault {
    pub fn message(&self) -> Message {
        match self {
            Self::Fields { count } => say("flow-cron-fields").with("count", count),
            Self::Seconds => say("flow-cron-seconds"),
            Self::UnknownMacro { text } => say("flow-cron-macro").with("text", text),
            Self::Part { field, part } => say(part_key(*field)).with("part", part),
            Self::EmptyPart { field } => say(empty_key(*field)),
            Self::Never { text } => say("flow-cron-never").with("text", text),
        }
    }
}

fn part_key(field: Field) -> &'static str {
    match field {
        Field::Minute => "flow-cron-minute",
        Field::Hour => "flow-cron-hour",
        Field::Day => "flow-cron-day",
        Field::Month => "flow-cron-month",
        Field::Weekday => "flow-cron-weekday",
    }
}

fn empty_key(field: Field) -> &'static str {
    match field {
        Field::Minute => "flow-cron-minute-empty",
        Field::Hour => "flow-cron-hour-empty",
        Field::Day => "flow-cron-day-empty",
        Field::Month => "flow-cron-month-empty",
        Field::Weekday => "flow-cron-weekday-empty",
    }
}

impl Cron {
    pub fn parse(text: &str) -> Result<Self, CronFault> {
        let text = text.trim();
        let upper = expanded(text)?;
        let fields: Vec<&str> = upper.split_whitespace().collect();
        let [_, hour, day, _, weekday] = *five(&fields)?;
        check_fields(&fields)?;
        let never = || CronFault::Never { text: cut(text) };
        let cron = Self {
            text: text.to_owned(),
            inner: parser().parse(&fields.join(" ")).map_err(|_| never())?,
            every_hour: hour == "*",
            day_or_weekday: day != "*" && weekday != "*",
        };
        if cron.ever_comes() {
            Ok(cron)
        } else {
            Err(never())
        }
    }

    fn ever_comes(&self) -> bool {
        let pattern = &self.inner.pattern;
        let matches = |day: Date| {
            let month = u32::from(day.month().unsigned_abs());
            let number = u32::from(day.day().unsigned_abs());
            let weekday = day.at(0, 0, 0, 0).civil_weekday();
            pattern.month_match(month).unwrap_or(false)
                && pattern
                    .day_match(i32::from(day.year()), month, number, weekday)
                    .unwrap_or(false)
        };
        FIRST_DAY.series(1.day()).take(DAYS).any(matches)
    }

    /// As the document has it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The five fields in upper case, without a macro.
    pub(super) fn fields(&self) -> Vec<String> {
        let upper = expanded(&self.text).unwrap_or_default();
        upper.split_whitespace().map(str::to_owned).collect()
    }

    /// Whether it matches each hour of the day, and so follows elapsed time and not the wall clock.
    pub(super) fn is_every_hour(&self) -> bool {
        self.every_hour
    }

    /// Whether it names days of the month and weekdays: it then matches days that are one **or** the other.
    pub fn is_day_or_weekday(&self) -> bool {
        self.day_or_weekday
    }

    /// The first matching time after a time, or also at it.
    pub(super) fn next_civil(&self, after: DateTime, inclusive: bool) -> Option<DateTime> {
        self.inner.find_next_occurrence(&after, inclusive).ok()
    }

    /// The last matching time before a time.
    pub(super) fn previous_civil(&self, before: DateTime) -> Option<DateTime> {
        self.inner.find_previous_occurrence(&before, false).ok()
    }
}

fn parser() -> CronParser {
    CronParser::builder()
        .seconds(Seconds::Disallowed)
        .year(Year::Disallowed)
        .build()
}

/// In upper case, with the meaning of a macro in its place.
fn expanded(text: &str) -> Result<String, CronFault> {
    let shown = cut(text);
    if text.chars().count() > LONGEST {
        return Err(CronFault::Fields {
            count: text.split_whitespace().count(),
        });
    }
    let upper = text.to_ascii_uppercase();
    if !upper.starts_with('@') {
        return Ok(upper);
    }
    let found = MACROS.iter().find(|(name, _)| *name == upper);
    found
        .map(|(_, meaning)| (*meaning).to_owned())
        .ok_or(CronFault::UnknownMacro { text: shown })
}

fn five<'a, 'b>(fields: &'b [&'a str]) -> Result<&'b [&'a str; 5], CronFault> {
    fields.try_into().map_err(|_| match fields.len() {
        6 => CronFault::Seconds,
        count => CronFault::Fields { count },
    })
}

fn check_fields(fields: &[&str]) -> Result<(), CronFault> {
    for (field, text) in Field::ALL.iter().copied().zip(fields) {
        match field.wrong_part(text) {
            None => {}
            Some("") => return Err(CronFault::EmptyPart { field }),
            Some(part) => {
                return Err(CronFault::Part {
                    field,
                    part: cut(part),
                });
            }
        }
    }
    Ok(())
}

fn cut(text: &str) -> String {
    text.chars().take(60).collect()
}
