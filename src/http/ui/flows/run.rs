//! `/dashboard/flow-runs/{id}/`: one run of a flow: its status, its graph with the states of the steps, its attempts over time, and
//! its history. The page follows the run's stream like the page of a task: the script loads the page again and replaces its live
//! parts.

use actix_web::http::{Method, StatusCode};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::gantt::{Gantt, gantt};
use super::graph_view::GraphView;
use super::run_steps::{self, RunEventItem, StepRow};
use super::{flow_path, run_path};
use crate::domain::flow::run::FlowRun;
use crate::domain::flow::schedule::Interval;
use crate::domain::ids::FlowRunId;
use crate::domain::message::say;
use crate::domain::principal::Principal;
use crate::http::api::flows;
use crate::http::error::HttpResult;
use crate::http::flow_text;
use crate::http::ui::badge::Badge;
use crate::http::ui::form_values::text;
use crate::http::ui::layout::{Layout, Section, duration, large_page};
use crate::service::flows::{FlowView, RunView};
use crate::service::{Bridge, Error};

#[derive(Template)]
#[template(path = "flow_run.html")]
struct FlowRunPage {
    page: Layout,
    id: i64,
    /// The page's address without query.
    address: String,
    name: String,
    /// None: the flow was deleted.
    flow: Option<String>,
    badge: Badge,
    /// The key of an addition to the status.
    state: Option<&'static str>,
    is_live: bool,
    /// How many of its steps have ended.
    progress: String,
    /// Why it was refused, or why the last try to prepare it failed.
    trouble: Vec<String>,
    is_refused: bool,
    may_cancel: bool,
    may_replay: bool,
    /// The number of the flow's current version, if it is another one.
    newer: Option<i64>,
    idempotency_key: String,
    messages: Vec<String>,
    graph: GraphView,
    gantt: Option<Gantt>,
    steps: Vec<StepRow>,
    events: Vec<RunEventItem>,
    about: AboutRun,
}

/// What started the run, its times and its inputs.
struct AboutRun {
    started_by: String,
    version: i64,
    created_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    took: Option<String>,
    scheduled_for: Option<DateTime<Utc>>,
    interval: Option<Interval>,
    file: Option<String>,
    replay_of: Option<(i64, String)>,
    inputs: Vec<(String, String)>,
    /// Keys of the message of a webhook that are no inputs.
    ignored: String,
}

/// Why a stop or a replay was refused.
#[derive(Default)]
pub struct Refusal {
    pub status: StatusCode,
    pub messages: Vec<String>,
}

pub async fn show(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
) -> HttpResult<HttpResponse> {
    let id = flows::run_id(&id)?;
    render(&bridge, &who, &request, id, Refusal::default()).await
}

pub async fn render(
    bridge: &Bridge,
    who: &Principal,
    request: &HttpRequest,
    id: FlowRunId,
    refusal: Refusal,
) -> HttpResult<HttpResponse> {
    let reader = &bridge.flows.reader;
    let view = reader.run_view(who.account, id).await?;
    let flow = match reader.get(who.account, &view.run.slug).await {
        Ok(flow) => Some(flow).filter(|flow| flow.flow.id == view.run.start.flow),
        Err(Error::NotFound(_)) => None,
        Err(error) => return Err(error.into()),
    };
    let mut layout = Layout::of(request, Section::Flows);
    if *request.method() != Method::GET {
        layout = layout.with_address(&run_path(id));
    }
    let now = bridge.tasks.now();
    let status = refusal.status;
    let page = move || compose(layout, &view, flow.as_ref(), now, refusal.messages);
    large_page(status, page).await
}

fn compose(
    layout: Layout,
    view: &RunView,
    flow: Option<&FlowView>,
    now: DateTime<Utc>,
    messages: Vec<String>,
) -> FlowRunPage {
    let run = &view.run;
    let current = flow.map(|flow| flow.flow.version);
    let steps = run_steps::drawn(&layout, view);
    FlowRunPage {
        id: run.id.0,
        address: layout.path_to(&run_path(run.id)),
        name: flow_text::flow_name(&view.loaded.flow.name, layout.language),
        flow: flow.map(|flow| layout.path_to(&flow_path(&flow.flow.slug))),
        badge: Badge::of_task(&layout, run.status),
        state: state(run),
        is_live: run.ended_at.is_none(),
        progress: progress(&layout, view),
        trouble: flow_text::sentences(&run.trouble, layout.language),
        is_refused: run.prepared || run.ended_at.is_some(),
        may_cancel: layout.may_operate() && run.ended_at.is_none() && !run.is_cancelled(),
        may_replay: layout.may_operate() && flow.is_some() && can_replay(view),
        newer: current.filter(|current| *current != run.start.version),
        idempotency_key: Uuid::new_v4().to_string(),
        messages,
        graph: GraphView::new(&layout, &view.loaded.graph, steps),
        gantt: gantt(&layout, view, now),
        steps: run_steps::rows(&layout, view),
        events: run_steps::events(&layout, view),
        about: AboutRun::new(&layout, run),
        page: layout,
    }
}

/// Nothing is replayed while the run is active, or if each step succeeded.
fn can_replay(view: &RunView) -> bool {
    let mut steps = view.steps.iter();
    view.run.ended_at.is_some() && steps.any(|one| !one.step.state.is_success())
}

fn state(run: &FlowRun) -> Option<&'static str> {
    if run.ended_at.is_none() && run.is_cancelled() {
        Some("flow-stop-asked")
    } else if run.waiting {
        Some("flow-waits")
    } else if run.warnings {
        Some("flow-with-warnings")
    } else {
        None
    }
}

fn progress(layout: &Layout, view: &RunView) -> String {
    let ended = view.steps.iter().filter(|one| one.step.state.has_ended());
    let sentence = say("flow-progress")
        .with("done", ended.count())
        .with("of", view.steps.len());
    layout.word(&sentence)
}

impl AboutRun {
    fn new(layout: &Layout, run: &FlowRun) -> Self {
        let start = &run.start;
        let inputs = start.inputs.iter();
        Self {
            started_by: flow_text::started_by(run, layout.language),
            version: start.version,
            created_at: run.created_at,
            started_at: run.started_at,
            ended_at: run.ended_at,
            took: run.took().map(duration),
            scheduled_for: start.scheduled_for,
            interval: start.interval,
            file: start.file.as_ref().map(|file| file.path.clone()),
            replay_of: start
                .replay_of
                .map(|run| (run.0, layout.path_to(&run_path(run)))),
            inputs: inputs
                .map(|(name, value)| (name.clone(), shown(layout, value)))
                .collect(),
            ignored: start.ignored.join(", "),
        }
    }
}

fn shown(layout: &Layout, value: &Value) -> String {
    value
        .as_bool()
        .map_or_else(|| text(value), |flag| layout.yes_or_no(flag))
}
