//! `openhexa-bridge backfill`: runs the ticks of a flow in a period of the past, and shows the progress.

use std::pin::pin;

use clap::Args;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::client::{Api, Remote};
use super::create::{Creation, created};
use super::follow::Following;
use super::period;
use crate::app::StartError;
use crate::app::signals::stop_signal;
use crate::domain::flow::document::is_id;

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
    /// Only print which times would run.
    #[arg(long)]
    preview: bool,
    /// Follow a backfill that is running, by its number.
    #[arg(
        long,
        value_name = "ID",
        conflicts_with_all = ["flow", "from", "to", "schedule", "mode", "parallel", "preview"]
    )]
    follow: Option<i64>,
    #[command(flatten)]
    remote: Remote,
}

/// Where the texts of the command go.
#[derive(Clone, Copy)]
pub struct Output<'a> {
    /// The result.
    pub result: &'a dyn Fn(&str),
    /// Everything else.
    pub note: &'a dyn Fn(&str),
}

/// An error if a run failed. Ctrl-C leaves the backfill running.
pub async fn backfill(command: Backfill, output: Output<'_>) -> Result<(), StartError> {
    let mut stop = pin!(stop_signal()?);
    let api = command.remote.connect()?;
    let shown = command.remote.shown();
    if let Some(id) = command.follow {
        return Following::of(&api, id, &shown).follow(&mut stop).await;
    }
    let plan = tokio::select! {
        plan = Plan::of(&api, &command) => plan?,
        () = &mut stop => {
            return Err(StartError::Other("interrupted: no backfill was started".to_owned()));
        }
    };
    plan.show(command.preview, output);
    if command.preview {
        return Ok(());
    }
    let Some(creation) = plan.creation(&api) else {
        return Ok(());
    };
    let created = created(creation, &mut stop, output.note).await?;
    let mut following = Following::of(&api, created.id, &shown);
    if created.interrupted {
        (output.note)(&following.next_commands());
        return Ok(());
    }
    following.is_known = true;
    following.follow(&mut stop).await
}

/// The request for a backfill, and the ticks that it would run.
struct Plan {
    flow: String,
    body: Value,
    zone: TimeZone,
    ticks: Vec<Value>,
}

impl Plan {
    async fn of(api: &Api, command: &Backfill) -> Result<Self, StartError> {
        let flow = command.flow.clone().unwrap_or_default();
        if !is_id(&flow) {
            let why = format!("`{flow}` is not the id of a flow: a–z, 0–9, - and _");
            return Err(StartError::Other(why));
        }
        let known = api.get(&format!("flows/{flow}/")).await?;
        let zone = period::zone(&known, command.schedule.as_deref())?;
        let body = body(command, &zone)?;
        let path = format!("flows/{flow}/backfills/?preview=true");
        let preview = api.post(&path, &body).await?;
        let ticks = preview["ticks"].as_array().cloned().unwrap_or_default();
        Ok(Self {
            flow,
            body,
            zone,
            ticks,
        })
    }

    fn show(&self, each: bool, output: Output<'_>) {
        let time = |tick: &Value| {
            let time = tick["scheduled_for"].as_str().unwrap_or_default();
            period::in_zone(time, &self.zone)
        };
        (output.note)(&match self.ticks.as_slice() {
            [] => "No time to run.".to_owned(),
            [one] => format!("1 run: {}", time(one)),
            [first, .., last] => {
                let (count, first, last) = (self.ticks.len(), time(first), time(last));
                format!("{count} runs: {first} to {last}")
            }
        });
        for tick in self.ticks.iter().filter(|_| each) {
            let status = tick["status"].as_str().map(|status| format!(" {status}"));
            (output.result)(&format!("{}{}", time(tick), status.unwrap_or_default()));
        }
    }

    /// None if there is nothing to run.
    fn creation<'a>(&'a self, api: &'a Api) -> Option<Creation<'a>> {
        let (flow, body) = (self.flow.as_str(), &self.body);
        (!self.ticks.is_empty()).then_some(Creation { api, flow, body })
    }
}

fn body(command: &Backfill, zone: &TimeZone) -> Result<Value, StartError> {
    let mut body = json!({
        "from": period::start(command.from.as_deref().unwrap_or_default(), zone)?,
        "to": period::end(command.to.as_deref().unwrap_or_default(), zone)?,
        "mode": command.mode,
        "parallel": command.parallel,
    });
    if let Some(schedule) = &command.schedule {
        body["schedule"] = json!(schedule);
    }
    Ok(body)
}
