//! The period of a backfill, in the time zone of its schedule.

use chrono::{DateTime, SecondsFormat, Utc};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime as CivilTime};
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::app::StartError;

/// Times without an offset. A parser that is not given a format ignores the rest of a text, such as its offset.
const TIMES: [&str; 2] = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"];

/// The time zone of the schedule, or of the first one: the bridge says if there are several.
pub fn zone(flow: &Value, schedule: Option<&str>) -> Result<TimeZone, StartError> {
    let all = flow["schedules"].as_array().into_iter().flatten();
    let mut all = all.filter(|one| schedule.is_none_or(|id| one["id"] == id));
    let name = all.next().and_then(|one| one["timezone"].as_str());
    TimeZone::get(name.unwrap_or("UTC")).map_err(|error| StartError::Other(error.to_string()))
}

/// The start of a period: a day begins at its first moment.
pub fn start(text: &str, zone: &TimeZone) -> Result<String, StartError> {
    time(text, zone, Some).ok_or_else(|| wrong("--from", text))
}

/// The end of a period: a day is included, a time is not.
pub fn end(text: &str, zone: &TimeZone) -> Result<String, StartError> {
    time(text, zone, |day| day.tomorrow().ok()).ok_or_else(|| wrong("--to", text))
}

fn wrong(option: &str, text: &str) -> StartError {
    StartError::Other(format!(
        "{option}: `{text}` is not a day or time, such as 2024-01-31, 2024-01-31T06:00 or 2024-01-31T05:00:00Z"
    ))
}

fn time(text: &str, zone: &TimeZone, edge: fn(Date) -> Option<Date>) -> Option<String> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(shown(time.with_timezone(&Utc)));
    }
    let civil = match Date::strptime("%Y-%m-%d", text) {
        Ok(day) => edge(day)?.at(0, 0, 0, 0),
        Err(_) => TIMES
            .iter()
            .find_map(|format| CivilTime::strptime(format, text).ok())?,
    };
    let zoned = civil.to_zoned(zone.clone()).ok()?;
    DateTime::from_timestamp_millis(zoned.timestamp().as_millisecond()).map(shown)
}

fn shown(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// A time of the API in this time zone, in a form that `--from` accepts.
pub fn in_zone(time: &str, zone: &TimeZone) -> String {
    let parsed: Result<Timestamp, _> = time.parse();
    parsed.map_or_else(
        |_| time.to_owned(),
        |time| {
            let zoned = time.to_zoned(zone.clone());
            zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
        },
    )
}
