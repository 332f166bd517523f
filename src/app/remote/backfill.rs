//! `openhexa-bridge backfill`: runs the ticks of a flow in a period of the past, and shows the progress.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use clap::Args;
use jiff::civil::{Date, DateTime as CivilTime};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::client::{Api, Remote};
use super::progress::Progress;
use crate::app::StartError;
use crate::app::signals::stop_signal;

const POLLED_EVERY: Duration = Duration::from_secs(1);
/// How often in a row a request for the progress may fail.
const MAX_FAILURES: u32 = 30;

#[derive(Args)]
pub struct Backfill {
    /// The id of the flow.
    #[arg(required_unless_present = "follow")]
    flow: Option<String>,
    /// The first day or time: 2024-01-01, 2024-01-01T06:00 (in the time zone of the schedule) or 2024-01-01T05:00:00Z.
    #[arg(long, required_unless_present = "follow")]
    from: Option<String>,
    /// The last day, which is included, or the time before which it ends.
    #[arg(long, required_unless_present = "follow")]
    to: Option<String>,
    /// The schedule, if the flow has several.
    #[arg(long)]
    schedule: Option<String>,
    /// missing: times without a run; failed: times whose newest run failed or was cancelled; all.
    #[arg(long, default_value = "missing", value_parser = ["missing", "failed", "all"])]
    mode: String,
    /// How many runs at a time.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=4))]
    parallel: u32,
    /// Only show which times would run.
    #[arg(long)]
    preview: bool,
    /// Follow a backfill that is running, by its number.
    #[arg(long, value_name = "ID", conflicts_with_all = ["flow", "from", "to", "schedule", "preview"])]
    follow: Option<i64>,
    #[command(flatten)]
    remote: Remote,
}

/// An error if a run failed. Ctrl-C leaves the backfill running.
pub async fn backfill(command: Backfill, print: impl Fn(&str)) -> Result<(), StartError> {
    let api = command.remote.connect()?;
    if let Some(id) = command.follow {
        return follow(&api, id, &print).await;
    }
    let flow = command.flow.clone().unwrap_or_default();
    let body = body(&api, &flow, &command).await?;
    let path = format!("flows/{flow}/backfills/");
    let preview = api.post(&format!("{path}?preview=true"), &body).await?;
    print(&shown_preview(&preview));
    if command.preview || preview["count"] == 0 {
        return Ok(());
    }
    let created = api.post(&path, &body).await?;
    let id = created["backfill"]["id"].as_i64();
    let id = id.ok_or_else(|| StartError::Other("the response has no backfill".to_owned()))?;
    follow(&api, id, &print).await
}

async fn body(api: &Api, flow: &str, command: &Backfill) -> Result<Value, StartError> {
    let known = api.get(&format!("flows/{flow}/")).await?;
    let zone = zone(&known, command.schedule.as_deref())?;
    let text = |given: &Option<String>| given.clone().unwrap_or_default();
    let mut body = json!({
        "from": time(&text(&command.from), &zone, "--from", false)?,
        "to": time(&text(&command.to), &zone, "--to", true)?,
        "mode": command.mode,
        "parallel": command.parallel,
    });
    if let Some(schedule) = &command.schedule {
        body["schedule"] = json!(schedule);
    }
    Ok(body)
}

/// The time zone of the schedule, or of the first one: the bridge says if there are several.
fn zone(flow: &Value, schedule: Option<&str>) -> Result<TimeZone, StartError> {
    let all = flow["schedules"].as_array().into_iter().flatten();
    let mut all = all.filter(|one| schedule.is_none_or(|id| one["id"] == id));
    let name = all.next().and_then(|one| one["timezone"].as_str());
    TimeZone::get(name.unwrap_or("UTC")).map_err(|error| StartError::Other(error.to_string()))
}

/// A day at the end of a period is included.
fn time(text: &str, zone: &TimeZone, option: &str, is_end: bool) -> Result<String, StartError> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(shown(time.with_timezone(&Utc)));
    }
    let civil = match text.parse::<Date>() {
        Ok(day) if is_end => day.tomorrow().ok().map(|day| day.at(0, 0, 0, 0)),
        Ok(day) => Some(day.at(0, 0, 0, 0)),
        Err(_) => text.parse::<CivilTime>().ok(),
    };
    let instant = civil.and_then(|civil| civil.to_zoned(zone.clone()).ok());
    let instant = instant
        .and_then(|zoned| DateTime::from_timestamp_millis(zoned.timestamp().as_millisecond()));
    instant.map(shown).ok_or_else(|| {
        StartError::Other(format!(
            "{option}: `{text}` is not a day or time, such as 2024-01-31 or 2024-01-31T06:00"
        ))
    })
}

fn shown(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn shown_preview(preview: &Value) -> String {
    let ticks = preview["ticks"].as_array().map_or(&[][..], Vec::as_slice);
    let time = |tick: Option<&Value>| {
        let time = tick.and_then(|tick| tick["scheduled_for"].as_str());
        time.unwrap_or_default().to_owned()
    };
    match ticks.len() {
        0 => "No time to run.".to_owned(),
        1 => format!("1 run: {}", time(ticks.first())),
        many => format!(
            "{many} runs: {} to {}",
            time(ticks.first()),
            time(ticks.last())
        ),
    }
}

async fn follow(api: &Api, id: i64, print: &impl Fn(&str)) -> Result<(), StartError> {
    let mut interrupted = std::pin::pin!(stop_signal()?);
    // Until the first response, an error is final: the address, the key or the number is wrong.
    let (mut progress, mut failures) = (Progress::new(), MAX_FAILURES);
    loop {
        match api.get(&format!("backfills/{id}/")).await {
            Ok(found) => {
                failures = 0;
                progress.show(&found);
                if found["status"] != "RUNNING" {
                    progress.end();
                    return result(&found);
                }
            }
            // The bridge can be restarting; the backfill is not affected.
            Err(_) if failures < MAX_FAILURES => failures += 1,
            Err(error) => return Err(error),
        }
        tokio::select! {
            () = tokio::time::sleep(POLLED_EVERY) => {}
            () = &mut interrupted => {
                progress.end();
                print(&still_running(api, id));
                return Ok(());
            }
        }
    }
}

fn still_running(api: &Api, id: i64) -> String {
    let address = api.address(&format!("backfills/{id}/"));
    format!(
        "The backfill continues on the bridge. To follow it: openhexa-bridge backfill --follow {id}\nTo cancel it: curl -X POST {address}cancel/"
    )
}

fn result(backfill: &Value) -> Result<(), StartError> {
    let failed = backfill["error"].as_u64().unwrap_or_default();
    if backfill["status"] == "CANCELLED" {
        return Err(StartError::Other("the backfill was cancelled".to_owned()));
    }
    match failed {
        0 => Ok(()),
        1 => Err(StartError::Other(
            "1 run failed or was cancelled".to_owned(),
        )),
        many => Err(StartError::Other(format!(
            "{many} runs failed or were cancelled"
        ))),
    }
}
