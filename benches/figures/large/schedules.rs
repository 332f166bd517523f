//! 10,000 flows, each with one schedule, of which a hundred become due each second, and then all others at once: how late they
//! fire, and what it costs.
//!
//! A cron has whole minutes, so schedules become due in groups. Here the measurement makes each group due with one statement, as
//! after a short downtime: it sets the schedules' cursor (`next_at`) to their last tick. Each schedule fires once.
//!
//! An earlier run of each flow is still active. So each firing stores a run with its steps and its tick, as always, but the run
//! waits and sends nothing to OpenHEXA. What a run costs is measured in `flow_runs.rs`.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use chrono::{DateTime, DurationRound as _, SecondsFormat, TimeDelta, Timelike as _, Utc};
use tokio::time::{sleep, sleep_until};

use super::flows::{self, MODEL};
use super::{Place, Shares, Sorted, core};
use crate::Line;
use crate::site;

/// The longest time during which schedules become due each second. The rest becomes due at once.
const LONGEST: u64 = 60;
/// How old the ticks are. They are caught up with, and the next ones come a day later.
const AGE: TimeDelta = TimeDelta::hours(6);

pub const HEAD: &str = "| schedules | database | become due | fired after: p50 / p99 / max | bridge CPU | database CPU |\n\
     |---|---|---|---|---|---|\n";

pub async fn measured(line: &Line, base: &'static str) -> Vec<String> {
    let place = Place::set(line, base, flows::PIPELINES, |settings| settings).await;
    let tick = Utc::now() - AGE;
    let tick = tick
        .duration_trunc(TimeDelta::minutes(1))
        .expect("a minute");
    prepare(&place, line.schedules, tick).await;
    let per_second = (line.schedules / 100).max(1);
    let seconds = line
        .follow
        .min(LONGEST)
        .min((line.schedules / per_second) as u64) as usize;
    let (spread, rest) = (per_second * seconds, line.schedules - per_second * seconds);
    let mut rows = Vec::new();
    let groups = (0..seconds).map(|second| (second * per_second + 1, per_second));
    let what = format!("{per_second} each second");
    rows.push(fired(&place, line, &what, tick, groups.collect()).await);
    if rest > 0 {
        let (what, groups) = (format!("{rest} at once"), vec![(spread + 1, rest)]);
        rows.push(fired(&place, line, &what, tick, groups).await);
    }
    rows
}

/// Saves a flow whose schedule fires once, so that a run of it is active, and copies the flow and the run.
async fn prepare(place: &Place, many: usize, tick: DateTime<Utc>) {
    let (minute, hour) = (tick.minute(), tick.hour());
    let document = format!(
        "id: {MODEL}\nschedules:\n  - {{id: daily, cron: \"{minute} {hour} * * *\", timezone: UTC, overlap: queue}}\nsteps:\n  \
         - {{id: extract, pipeline: pipeline-1}}\n  - {{id: join, pipeline: pipeline-2, after: extract}}\n  \
         - {{id: load, pipeline: pipeline-3, after: join}}\n"
    );
    flows::save(place, &document).await;
    become_due(place, tick, &[MODEL.to_owned()]).await;
    wait_for_run(place, MODEL, "&status=RUNNING").await;
    flows::copy(place, many).await;
    let run = "account_id, version, cause, launcher, scheduled_for, interval_start, interval_end, inputs, waiting, prepared, \
               status, warnings, created_at, started_at, revision";
    let each = run.replace(", ", ", one.");
    let sql = format!(
        "INSERT INTO flow_run (flow_id, schedule_id, {run}) SELECT flow.id, schedule.id, one.{each} \
         FROM flow_run one JOIN flow model ON model.id = one.flow_id, flow JOIN schedule ON schedule.flow_id = flow.id \
         WHERE flow.slug LIKE 'copy-%'"
    );
    flows::execute(place, sql).await;
    eprintln!("{many} schedules, {}", place.base);
}

/// One row: makes the groups due, one each second, and waits until all have fired. A group: its first copy, and how many.
async fn fired(
    place: &Place,
    line: &Line,
    what: &str,
    tick: DateTime<Utc>,
    groups: Vec<(usize, usize)>,
) -> String {
    let last = groups.last().map_or(0, |(first, many)| first + many - 1);
    let work = async {
        let due = each_second(place, tick, &groups).await;
        wait_for_run(place, &format!("copy-{last}"), &since(due.values().max())).await;
        due
    };
    let (shares, due) = place.meters().over(work).await;
    let delays = delays(place, &due).await;
    assert_eq!(delays.len(), due.len(), "some schedules did not fire");
    row(place, line, what, &shares, &Sorted::of(delays))
}

fn row(place: &Place, line: &Line, what: &str, shares: &Shares, delays: &Sorted) -> String {
    format!(
        "| {} | {} | {what} | {:.2} / {:.2} / {:.2} s | {} | {} |",
        line.schedules,
        place.base,
        delays.at(0.5),
        delays.at(0.99),
        delays.at(1.0),
        core(Some(shares.bridge)),
        core(shares.database),
    )
}

/// By flow, when its schedule became due.
async fn each_second(
    place: &Place,
    tick: DateTime<Utc>,
    groups: &[(usize, usize)],
) -> HashMap<String, DateTime<Utc>> {
    let (began, mut due) = (Instant::now(), HashMap::new());
    for (second, (first, many)) in (0..).zip(groups) {
        sleep_until((began + Duration::from_secs(second)).into()).await;
        let slugs: Vec<String> = (*first..first + many)
            .map(|copy| format!("copy-{copy}"))
            .collect();
        let at = become_due(place, tick, &slugs).await;
        due.extend(slugs.into_iter().map(|slug| (slug, at)));
    }
    due
}

/// Returns the time before the statement, so that its own duration counts as a delay of the bridge.
async fn become_due(place: &Place, tick: DateTime<Utc>, slugs: &[String]) -> DateTime<Utc> {
    let tick = tick.to_rfc3339_opts(SecondsFormat::Millis, true);
    let slugs: Vec<String> = slugs.iter().map(|slug| format!("'{slug}'")).collect();
    let sql = format!(
        "UPDATE schedule SET next_at = '{tick}' WHERE flow_id IN (SELECT id FROM flow WHERE slug IN ({}))",
        slugs.join(", ")
    );
    let at = Utc::now();
    flows::execute(place, sql).await;
    at
}

fn since(at: Option<&DateTime<Utc>>) -> String {
    let at = at.expect("a group of schedules");
    format!("&from={}", at.to_rfc3339_opts(SecondsFormat::Millis, true))
}

async fn wait_for_run(place: &Place, slug: &str, filter: &str) {
    let url = flows::url(place, &format!("flow-runs/?flow={slug}&limit=1{filter}"));
    let patience = Instant::now() + Duration::from_mins(5);
    let client = site::client();
    while site::ask(client.get(&url)).await["results"] == serde_json::json!([]) {
        assert!(
            Instant::now() < patience,
            "the schedule of {slug} did not fire"
        );
        sleep(Duration::from_millis(100)).await;
    }
}

/// The seconds from the time at which each schedule became due until its run was created.
async fn delays(place: &Place, due: &HashMap<String, DateTime<Utc>>) -> Vec<f64> {
    let path = format!("flow-runs/?trigger=schedule{}", since(due.values().min()));
    let runs = flows::all(place, &path).await;
    let delay = |run: &serde_json::Value| {
        let at = due.get(run["flow"].as_str()?)?;
        Some(flows::seconds(*at, flows::time(run, "created_at")))
    };
    runs.iter().filter_map(delay).collect()
}
