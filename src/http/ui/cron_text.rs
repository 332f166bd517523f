//! Cron expressions, weekdays and months in the user's language.

use super::layout::Layout;
use crate::domain::flow::schedule::{Cron, CronMeaning};
use crate::domain::message::{Message, say};

/// Sunday first, as in cron.
const WEEKDAYS: [&str; 7] = [
    "weekday-sunday",
    "weekday-monday",
    "weekday-tuesday",
    "weekday-wednesday",
    "weekday-thursday",
    "weekday-friday",
    "weekday-saturday",
];
const MONTHS: [&str; 12] = [
    "month-january",
    "month-february",
    "month-march",
    "month-april",
    "month-may",
    "month-june",
    "month-july",
    "month-august",
    "month-september",
    "month-october",
    "month-november",
    "month-december",
];

/// 0 is Sunday.
pub fn weekday(layout: &Layout, day: u32) -> String {
    named(layout, &WEEKDAYS, day)
}

/// 1 is January.
pub fn month(layout: &Layout, month: u32) -> String {
    named(layout, &MONTHS, month.saturating_sub(1))
}

fn named(layout: &Layout, names: &[&'static str], at: u32) -> String {
    let name = usize::try_from(at).ok().and_then(|at| names.get(at));
    name.map(|name| layout.say(name)).unwrap_or_default()
}

/// A common expression in words: "every day at 02:00". Others have none.
pub fn in_words(layout: &Layout, cron: &Cron) -> Option<String> {
    let meaning = cron.meaning()?;
    Some(layout.word(&sentence(layout, &meaning)))
}

fn sentence(layout: &Layout, meaning: &CronMeaning) -> Message {
    match meaning {
        CronMeaning::Minutes(every) => say("cron-minutes").with("count", every),
        CronMeaning::Hourly(minute) => say("cron-hourly").with("minute", minute),
        CronMeaning::Hours { every, minute } => say("cron-hours")
            .with("count", every)
            .with("time", format!("00:{minute:02}")),
        CronMeaning::Daily(time) => say("cron-daily").with("time", time),
        CronMeaning::Weekly(days, time) if *days == [1, 2, 3, 4, 5] => {
            say("cron-working-days").with("time", time)
        }
        CronMeaning::Weekly(days, time) => {
            let names: Vec<String> = days.iter().map(|day| weekday(layout, *day)).collect();
            let key = match names.len() {
                1 => "cron-weekly",
                _ => "cron-some-weekdays",
            };
            say(key).with("days", names.join(", ")).with("time", time)
        }
        CronMeaning::Monthly(day, time) => say("cron-monthly").with("day", day).with("time", time),
        CronMeaning::LastDayOfMonth(time) => say("cron-last-day").with("time", time),
        CronMeaning::Yearly {
            month: number,
            day,
            time,
        } => say("cron-yearly")
            .with("day", day)
            .with("month", month(layout, *number))
            .with("time", time),
    }
}
