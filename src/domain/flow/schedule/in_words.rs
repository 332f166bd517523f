//! What a common cron expression means, so that pages can say it in the user's language. Other expressions are shown as they are.

use super::cron::Cron;
use super::time_of_day::TimeOfDay;

/// The meaning of a common expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CronMeaning {
    /// Every so many minutes, from the start of the hour on.
    Minutes(u32),
    /// Each hour, at this minute.
    Hourly(u32),
    /// Every so many hours, from midnight on, at this minute.
    Hours {
        every: u32,
        minute: u32,
    },
    Daily(TimeOfDay),
    /// On these weekdays: 0 is Sunday, 6 is Saturday.
    Weekly(Vec<u32>, TimeOfDay),
    /// On this day of each month.
    Monthly(u32, TimeOfDay),
    LastDayOfMonth(TimeOfDay),
    /// On this month (1 to 12) and day of each year.
    Yearly {
        month: u32,
        day: u32,
        time: TimeOfDay,
    },
}

impl Cron {
    /// None for an expression that is not common.
    pub fn meaning(&self) -> Option<CronMeaning> {
        let fields = self.fields();
        let mut fields = fields.iter().map(String::as_str);
        let mut next = || fields.next();
        let (minute, hour, day) = (next()?, next()?, next()?);
        let (month, weekday) = (next()?, next()?);
        if (day, month, weekday) == ("*", "*", "*")
            && let Some(often) = often(minute, hour)
        {
            return Some(often);
        }
        let time = TimeOfDay {
            hour: u8::try_from(number(hour)?).ok()?,
            minute: u8::try_from(number(minute)?).ok()?,
        };
        match (day, month, weekday) {
            ("*", "*", "*") => Some(CronMeaning::Daily(time)),
            ("*", "*", days) => Some(CronMeaning::Weekly(weekdays(days)?, time)),
            ("L", "*", "*") => Some(CronMeaning::LastDayOfMonth(time)),
            (day, "*", "*") => Some(CronMeaning::Monthly(number(day)?, time)),
            (day, month, "*") => Some(CronMeaning::Yearly {
                month: number(month)?,
                day: number(day)?,
                time,
            }),
            (_, _, _) => None,
        }
    }
}

/// Expressions that fire several times a day.
fn often(minute: &str, hour: &str) -> Option<CronMeaning> {
    let steps = |field: &str| field.strip_prefix("*/").and_then(number);
    match (minute, hour) {
        ("*", "*") => Some(CronMeaning::Minutes(1)),
        // Other steps have a shorter one at the end of the hour or day.
        (minute, "*") if minute.starts_with("*/") => {
            let every = steps(minute).filter(|every| 60 % every == 0)?;
            Some(CronMeaning::Minutes(every))
        }
        (minute, "*") => Some(CronMeaning::Hourly(number(minute)?)),
        (minute, hour) => {
            let every = steps(hour).filter(|every| 24 % every == 0)?;
            let minute = number(minute)?;
            Some(CronMeaning::Hours { every, minute })
        }
    }
}

fn number(text: &str) -> Option<u32> {
    let is_plain = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_plain)
}

const DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// Single weekdays and ranges, such as `MON-FRI` or `1,3`.
fn weekdays(text: &str) -> Option<Vec<u32>> {
    let mut all = Vec::new();
    for part in text.split(',') {
        match part.split_once('-') {
            None => all.push(weekday(part)? % 7),
            Some((first, last)) => {
                let (first, last) = (weekday(first)?, weekday(last)?);
                all.extend((first..=last).map(|day| day % 7));
            }
        }
    }
    // Monday first.
    all.sort_by_key(|day| (day + 6) % 7);
    all.dedup();
    (!all.is_empty()).then_some(all)
}

/// Sunday is 0 or 7.
fn weekday(text: &str) -> Option<u32> {
    let named = DAYS.iter().position(|name| *name == text);
    let named = named.and_then(|day| u32::try_from(day).ok());
    named.or_else(|| number(text)).filter(|day| *day <= 7)
}
