//! `/dashboard/monitoring/`: results, failures, durations, and the status of OpenHEXA and of polling.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::{DateTime, TimeDelta, Utc};

use super::alerts::AlertRow;
use super::badge::Badge;
use super::layout::{Layout, Section, duration, page};
use super::number_format::{count, percent, tenths};
use super::openhexa_status::{OpenHexaStatus, PollingStatus, openhexa_status, polling_status};
use super::status_chart::{StatusChart, status_chart};
use super::task_filter::{Dates, task_list};
use super::task_message::error_text;
use super::time_zone::{zone, zone_name};
use super::truncate::truncate;
use crate::domain::alert::Alert;
use crate::domain::message::say;
use crate::domain::principal::Principal;
use crate::domain::task::Status;
use crate::domain::task::TaskMessage;
use crate::http::api::query::Query;
use crate::http::error::{HttpResult, Problem};
use crate::service::alerts::AlertFilter;
use crate::service::monitoring::{
    FailureGroup, Figures, MOST_READ, MOST_RUNNING, Period, PipelineDurations, SlowTask,
    UpstreamReport, Zone, per_mille,
};
use crate::service::{Bridge, Page, PageQuery};

/// How many open alerts are shown.
const MAX_ALERTS: usize = 5;
/// Characters of a message.
const LETTERS: usize = 160;

#[derive(Template)]
#[template(path = "monitoring.html")]
struct MonitoringPage {
    page: Layout,
    periods: Vec<PeriodChoice>,
    since: Option<DateTime<Utc>>,
    zone: String,
    /// In minutes; the script compares it with the user's offset.
    zone_minutes: i32,
    at: DateTime<Utc>,
    /// Whether the account has any task.
    any: bool,
    verdict: Badge,
    /// The list of the failed tasks, if there are any.
    verdict_link: Option<String>,
    /// The open alerts that were opened last, and whether there are more.
    alerts: Vec<AlertRow>,
    more_alerts: bool,
    figures: Vec<Figure>,
    chart: Option<StatusChart>,
    openhexa: OpenHexaStatus,
    polling: PollingStatus,
    failures: Vec<FailureRow>,
    failures_more: Option<String>,
    pipelines: Vec<DurationsRow>,
    long: Vec<LongRow>,
    long_more: Option<String>,
    cut: Option<String>,
    usual_cut: Option<String>,
    running_cut: Option<String>,
}

struct PeriodChoice {
    days: u64,
    name: String,
    is_chosen: bool,
}

/// A figure, with a link to the list of its tasks.
struct Figure {
    name: String,
    number: String,
    link: String,
    hint: Option<String>,
    /// The list of the tasks that the hint counts.
    hint_link: Option<String>,
}

struct FailureRow {
    pipeline_id: String,
    name: String,
    reason: String,
    count: String,
    /// The failed tasks of the pipeline.
    link: String,
    last: DateTime<Utc>,
    task: i64,
    message: Option<String>,
}

struct DurationsRow {
    id: String,
    name: String,
    count: String,
    /// The list of these tasks, if all of them were counted.
    link: Option<String>,
    median: String,
    p95: String,
    mean: String,
    longest: String,
    /// The usual mean; none if there were too few tasks.
    usual: Option<String>,
    /// Whether the longest is more than twice the usual mean.
    is_long: bool,
}

struct LongRow {
    task: i64,
    name: String,
    badge: Badge,
    at: DateTime<Utc>,
    took: String,
    mean: String,
    factor: String,
}

pub async fn show(
    bridge: Data<Bridge>,
    who: Principal,
    request: HttpRequest,
) -> HttpResult<HttpResponse> {
    let period = period(&Query::of(&request))?;
    let zone = zone(&request);
    let upstream = bridge.monitoring.upstream(who.account).await?;
    let found = bridge.monitoring.figures(who.account, period, zone).await?;
    let alerts = open_alerts(&bridge, &who).await?;
    let layout = Layout::of(&request, Section::Monitoring);
    let rows = alerts.rows.iter();
    let shown = MonitoringPage {
        alerts: rows
            .map(|alert| AlertRow::of(&layout, alert, found.at))
            .collect(),
        more_alerts: alerts.next.is_some(),
        ..compose(layout, &found, upstream, period, zone)
    };
    page(StatusCode::OK, &shown)
}

async fn open_alerts(bridge: &Bridge, who: &Principal) -> HttpResult<Page<Alert>> {
    let open = AlertFilter {
        open: Some(true),
        ..AlertFilter::default()
    };
    let first = PageQuery {
        cursor: String::new(),
        limit: MAX_ALERTS,
    };
    Ok(bridge.alerts.page(who.account, open, &first).await?)
}

fn period(query: &Query) -> HttpResult<Period> {
    let parse = |text| {
        let period = Period::parse(text);
        period.ok_or_else(|| Problem::field("days", say("monitoring-days")))
    };
    query.get("days").map_or(Ok(Period::Today), parse)
}

fn compose(
    layout: Layout,
    found: &Figures,
    upstream: UpstreamReport,
    period: Period,
    zone: Zone,
) -> MonitoringPage {
    let since = found.edges.first().copied();
    let dates = dates(found, zone);
    let totals = totals(found);
    let (failures, pipelines) = (found.failures.iter(), found.pipelines.iter());
    let more = |key, all, shown| more(&layout, key, all, shown);
    let cut = |is_cut: bool, key, most| {
        is_cut.then(|| layout.with(key, "most", count(layout.language, most)))
    };
    MonitoringPage {
        periods: Period::ALL.map(|one| choice(&layout, one, period)).into(),
        zone: zone_name(zone),
        zone_minutes: zone.minutes(),
        at: found.at,
        any: found.any,
        verdict: verdict(&layout, totals),
        verdict_link: (totals[3] > 0).then(|| task_list(&layout, &[Status::Error], "", dates)),
        alerts: Vec::new(),
        more_alerts: false,
        figures: figures(&layout, found, totals, dates),
        chart: status_chart(&layout, found, period, zone),
        openhexa: openhexa_status(&layout, &upstream),
        polling: polling_status(&layout, &found.polling),
        failures: failures.map(|one| failure(&layout, one, dates)).collect(),
        failures_more: more(
            "monitoring-more-failures",
            found.failures_count,
            found.failures.len(),
        ),
        pipelines: pipelines
            .map(|one| pipeline(&layout, one, dates.filter(|_| !found.cut)))
            .collect(),
        long: found.long.iter().map(|one| long(&layout, one)).collect(),
        long_more: more("monitoring-more-long", found.long_count, found.long.len()),
        cut: cut(found.cut, "monitoring-cut", MOST_READ),
        usual_cut: cut(found.usual_cut, "monitoring-usual-cut", MOST_READ),
        running_cut: cut(found.running_cut, "monitoring-running-cut", MOST_RUNNING),
        since,
        page: layout,
    }
}

/// A text with the number of rows that are not shown. None if all are shown.
fn more(layout: &Layout, key: &'static str, all: usize, shown: usize) -> Option<String> {
    let more = all.saturating_sub(shown);
    (more > 0).then(|| layout.count(key, &more))
}

fn choice(layout: &Layout, one: Period, chosen: Period) -> PeriodChoice {
    PeriodChoice {
        days: one.days(),
        name: layout.say(match one {
            Period::Today => "monitoring-today",
            Period::Week => "monitoring-week",
            Period::Month => "monitoring-month",
        }),
        is_chosen: one == chosen,
    }
}

/// Totals by status, in the order of [`Status::ALL`].
fn totals(found: &Figures) -> [i64; 5] {
    let add = |mut sum: [i64; 5], counts: &[i64; 5]| {
        for (sum, count) in sum.iter_mut().zip(counts) {
            *sum += count;
        }
        sum
    };
    found.counts.iter().fold([0; 5], add)
}

/// The overall result of the period.
fn verdict(layout: &Layout, [queued, running, good, bad, stopped]: [i64; 5]) -> Badge {
    let bad_count = usize::try_from(bad).unwrap_or(usize::MAX);
    match (queued + running, good, bad, stopped) {
        (0, 0, 0, 0) => Badge::new("waiting", layout.say("monitoring-nothing")),
        (_, _, 1.., _) => Badge::new("bad", layout.count("monitoring-some-failed", &bad_count)),
        (_, 0, _, 0) => Badge::new("waiting", layout.say("monitoring-none-ended")),
        (_, 0, _, _) => Badge::new("stopped", layout.say("monitoring-only-cancelled")),
        (_, _, _, _) => Badge::new("good", layout.say("monitoring-all-well")),
    }
}

fn figures(
    layout: &Layout,
    found: &Figures,
    [queued, running, good, bad, stopped]: [i64; 5],
    dates: Option<Dates>,
) -> Vec<Figure> {
    let figure = |key, number: i64, statuses: &[Status], dates| Figure {
        name: layout.say(key),
        number: count(layout.language, number),
        link: task_list(layout, statuses, "", dates),
        hint: None,
        hint_link: None,
    };
    let of_period = |key, number, status| figure(key, number, &[status], dates);
    vec![
        figure(
            "monitoring-launched",
            queued + running + good + bad + stopped,
            &[],
            dates,
        ),
        Figure {
            hint: (found.queued > 0).then(|| {
                let queued = count(layout.language, found.queued);
                layout.with("monitoring-of-them-queued", "count", queued)
            }),
            hint_link: Some(task_list(layout, &[Status::Queued], "", None)),
            ..figure(
                "monitoring-now",
                found.queued + found.running,
                &[Status::Queued, Status::Running],
                None,
            )
        },
        of_period("status-success", good, Status::Success),
        of_period("status-error", bad, Status::Error),
        of_period("monitoring-stopped", stopped, Status::Cancelled),
        success_rate(layout, good, bad, dates),
    ]
}

fn success_rate(layout: &Layout, good: i64, bad: i64, dates: Option<Dates>) -> Figure {
    let rate = per_mille(good, good + bad).map(|rate| percent(layout.language, rate));
    Figure {
        name: layout.say("monitoring-rate"),
        number: rate.unwrap_or_else(|| "–".to_owned()),
        link: task_list(layout, &[Status::Success, Status::Error], "", dates),
        hint: Some(layout.say("monitoring-rate-how")),
        hint_link: None,
    }
}

/// The days of the period.
fn dates(found: &Figures, zone: Zone) -> Option<Dates> {
    let (first, end) = (found.edges.first()?, found.edges.last()?);
    Some((
        zone.day(*first),
        zone.day(*end - TimeDelta::milliseconds(1)),
    ))
}

fn failure(layout: &Layout, one: &FailureGroup, dates: Option<Dates>) -> FailureRow {
    let message = one.message.as_ref().filter(|shown| tells_more(shown));
    let message = message.map(|shown| error_text(layout, shown).line);
    let id = one.pipeline.to_string();
    FailureRow {
        link: task_list(layout, &[Status::Error], &id, dates),
        pipeline_id: id,
        name: one.name.clone(),
        count: count(layout.language, one.count),
        last: one.last,
        task: one.task.0,
        message: message.map(|text| truncate(&text, LETTERS).0),
        reason: layout.say(one.reason.key()),
    }
}

/// Whether the message contains more than the cause in the same row.
fn tells_more(shown: &TaskMessage) -> bool {
    match shown {
        TaskMessage::Reported(_) => true,
        TaskMessage::Note(note) => note.value.is_some() || note.code.is_refusal(),
    }
}

/// Without `dates`, the row has no list of its tasks.
fn pipeline(layout: &Layout, one: &PipelineDurations, dates: Option<Dates>) -> DurationsRow {
    let durations = &one.durations;
    let id = one.id.to_string();
    DurationsRow {
        link: dates.map(|dates| task_list(layout, &[Status::Success], &id, Some(dates))),
        id,
        name: one.name.clone(),
        count: count(layout.language, durations.count),
        median: milliseconds(durations.median),
        p95: milliseconds(durations.p95),
        mean: milliseconds(durations.mean()),
        longest: milliseconds(durations.longest),
        usual: (one.usual.are_enough()).then(|| milliseconds(one.usual.mean())),
        is_long: one.usual.is_exceeded_by(durations.longest),
    }
}

fn long(layout: &Layout, one: &SlowTask) -> LongRow {
    let factor = one.took.saturating_mul(10) / one.mean.max(1);
    LongRow {
        task: one.task.0,
        name: one.name.clone(),
        badge: Badge::of_task(layout, one.status),
        at: one.created_at,
        took: milliseconds(one.took),
        mean: milliseconds(one.mean),
        factor: tenths(layout.language, factor),
    }
}

fn milliseconds(all: i64) -> String {
    duration(TimeDelta::milliseconds(all))
}
