//! Days and months in a time zone, for calendars and for forms with dates.

use std::fmt;

use chrono::{DateTime, Datelike, Months, NaiveDate, NaiveDateTime, NaiveTime, Timelike, Utc};
use jiff::civil;

use super::time::to_chrono;
use super::zone::Zone;

/// The years that pages and forms accept.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2999;

/// A month of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Month {
    first: NaiveDate,
}

impl Month {
    /// `2026-11`
    pub fn parse(text: &str) -> Option<Self> {
        let first = day(&format!("{text}-01"))?;
        Some(Self { first })
    }

    pub fn of(day: NaiveDate) -> Self {
        Self {
            first: day.with_day(1).unwrap_or(day),
        }
    }

    /// None at the end of the years that pages accept.
    pub fn next(self) -> Option<Self> {
        let first = self.first.checked_add_months(Months::new(1))?;
        YEARS.contains(&first.year()).then_some(Self { first })
    }

    pub fn previous(self) -> Option<Self> {
        let first = self.first.checked_sub_months(Months::new(1))?;
        YEARS.contains(&first.year()).then_some(Self { first })
    }

    pub fn days(self) -> impl Iterator<Item = NaiveDate> {
        let month = self.first.month();
        let days = self.first.iter_days();
        days.take_while(move |day| day.month() == month)
    }

    /// 1 to 12.
    pub fn number(self) -> u32 {
        self.first.month()
    }

    pub fn year(self) -> i32 {
        self.first.year()
    }

    /// From its first moment in the zone up to the first moment of the next month.
    pub fn bounds(self, zone: &Zone) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let end = self.first.checked_add_months(Months::new(1))?;
        Some((zone.start_of(self.first)?, zone.start_of(end)?))
    }
}

/// `2026-11`
impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.first.format("%Y-%m").fmt(f)
    }
}

/// A day as forms send it: `2026-11-30`.
pub fn day(text: &str) -> Option<NaiveDate> {
    let day = NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d").ok()?;
    YEARS.contains(&day.year()).then_some(day)
}

/// A time as forms send it: `2026-11-30T08:15`. A day is its start.
pub fn local_time(text: &str) -> Option<NaiveDateTime> {
    let text = text.trim();
    let at_start = || Some(day(text)?.and_time(NaiveTime::MIN));
    let formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"];
    let mut times = formats
        .iter()
        .filter_map(|format| NaiveDateTime::parse_from_str(text, format).ok());
    let time = times.next().or_else(at_start)?;
    YEARS.contains(&time.year()).then_some(time)
}

impl Zone {
    /// The moment at which the clock shows this time. If the clock skips it, the time counts from the clock change on; if the clock
    /// shows it twice, it is the first time.
    pub fn at(&self, local: NaiveDateTime) -> Option<DateTime<Utc>> {
        let small = |number: u32| i8::try_from(number).ok();
        let civil = civil::DateTime::new(
            i16::try_from(local.year()).ok()?,
            small(local.month())?,
            small(local.day())?,
            small(local.hour())?,
            small(local.minute())?,
            small(local.second())?,
            0,
        );
        let zoned = civil.ok()?.to_zoned(self.rules().clone()).ok()?;
        Some(to_chrono(zoned.timestamp()))
    }

    /// The first moment of a day.
    pub fn start_of(&self, day: NaiveDate) -> Option<DateTime<Utc>> {
        self.at(day.and_time(NaiveTime::MIN))
    }

    /// The day that the clock shows.
    pub fn day_of(&self, at: DateTime<Utc>) -> NaiveDate {
        let date = self.local(at).date();
        let (month, day) = (date.month().unsigned_abs(), date.day().unsigned_abs());
        NaiveDate::from_ymd_opt(date.year().into(), month.into(), day.into()).unwrap_or_default()
    }

    /// `2026-11-30 08:15`
    pub fn minute_of(&self, at: DateTime<Utc>) -> String {
        self.local(at).strftime("%Y-%m-%d %H:%M").to_string()
    }

    /// `08:15`
    pub fn clock_of(&self, at: DateTime<Utc>) -> String {
        self.local(at).strftime("%H:%M").to_string()
    }
}
