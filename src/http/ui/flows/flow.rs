//! `/dashboard/flows/{slug}/`: one flow: its graph, what starts it, its last runs and ticks, and the form that starts a run.

use std::collections::BTreeMap;

use actix_web::http::{Method, StatusCode};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use uuid::Uuid;

use super::backfill_list::{self, EarlierBackfill};
use super::flow_parts::{
    self, NextItem, RunItem, ScheduleItem, TickItem, TriggerItem, VersionItem,
};
use super::graph_view::{Drawn, GraphView};
use super::interval_form::IntervalForm;
use super::{flow_path, inputs};
use crate::domain::flow::run::FlowRun;
use crate::domain::flow::schedule::Firing;
use crate::domain::message::Message;
use crate::domain::principal::Principal;
use crate::http::api::flows;
use crate::http::api::query::Query;
use crate::http::error::HttpResult;
use crate::http::flow_text::{flow_name, parents};
use crate::http::ui::assets;
use crate::http::ui::form_fields::{Control, FormField, FormInput};
use crate::http::ui::form_values::InputShape;
use crate::http::ui::layout::{Layout, Section, large_page};
use crate::http::ui::pipeline::summary;
use crate::service::flows::{
    BackfillView, FlowRunFilter, FlowVersionRow, FlowView, Loaded, TickRow,
};
use crate::service::{Bridge, Page, PageQuery};

/// How many runs, ticks, versions and times are shown.
const RUNS: usize = 10;
const TICKS: usize = 10;
const VERSIONS: i64 = 5;
const TIMES: usize = 5;

#[derive(Template)]
#[template(path = "flow.html")]
struct FlowPage {
    page: Layout,
    idempotency_script: &'static str,
    /// The page's address without query.
    address: String,
    name: String,
    slug: String,
    version: i64,
    is_paused: bool,
    graph: GraphView,
    steps: Vec<StepItem>,
    schedules: Vec<ScheduleItem>,
    triggers: Vec<TriggerItem>,
    next: Vec<NextItem>,
    ticks: Vec<TickItem>,
    runs: Vec<RunItem>,
    older_runs: Option<String>,
    versions: Vec<VersionItem>,
    document: String,
    /// The newest backfills.
    earlier: Vec<EarlierBackfill>,
    fields: Vec<FormField>,
    interval: IntervalForm,
    /// Errors that belong to no field, then those of fields with their ids.
    messages: Vec<String>,
    wrong: Vec<(String, String)>,
    idempotency_key: String,
}

/// A row of the table of the steps.
struct StepItem {
    id: String,
    pipeline: String,
    pipeline_id: Option<String>,
    after: String,
}

/// What is loaded for the page.
struct Shown {
    view: FlowView,
    firings: Vec<(String, Firing)>,
    ticks: Page<TickRow>,
    runs: Page<FlowRun>,
    versions: Vec<FlowVersionRow>,
    backfills: Vec<BackfillView>,
}

/// The form that starts a run, as it is shown.
struct RunForm {
    fields: Vec<FormField>,
    interval: IntervalForm,
    messages: Vec<String>,
    wrong: Vec<(String, String)>,
}

/// The form as it was sent, and why no run was started.
#[derive(Default)]
pub struct RunFormState<'a> {
    pub status: StatusCode,
    pub submitted: Option<&'a FormInput>,
    pub messages: Vec<String>,
    pub errors: BTreeMap<String, Vec<String>>,
    /// What is wrong with the period of the data.
    pub interval: Option<Message>,
}

pub async fn show(
    bridge: Data<Bridge>,
    who: Principal,
    slug: Path<String>,
    request: HttpRequest,
) -> HttpResult<HttpResponse> {
    let slug = flows::slug(&slug)?;
    render(&bridge, &who, &request, slug, RunFormState::default()).await
}

pub async fn render(
    bridge: &Bridge,
    who: &Principal,
    request: &HttpRequest,
    slug: &str,
    form: RunFormState<'_>,
) -> HttpResult<HttpResponse> {
    let query = Query::of(request);
    let shown = load(bridge, who, slug, query.get("cursor").unwrap_or_default()).await?;
    let mut layout = Layout::of(request, Section::Flows);
    if *request.method() != Method::GET {
        layout = layout.with_address(&flow_path(slug));
    }
    let status = form.status;
    let document = &shown.view.loaded.flow;
    let fields = inputs::fields(&layout, document, form.submitted, &form.errors);
    let interval = form.interval.as_ref();
    let interval = IntervalForm::new(&layout, document, form.submitted, interval);
    let (mut wrong, others) = summary(&fields, &form.errors);
    let of_interval = interval.error.iter();
    wrong.extend(of_interval.map(|error| ("interval-start".to_owned(), error.clone())));
    let form = RunForm {
        fields,
        interval,
        messages: form.messages.into_iter().chain(others).collect(),
        wrong,
    };
    large_page(status, move || compose(layout, shown, form)).await
}

async fn load(bridge: &Bridge, who: &Principal, slug: &str, cursor: &str) -> HttpResult<Shown> {
    let (reader, account) = (&bridge.flows.reader, who.account);
    let part = |cursor: &str, limit| PageQuery {
        cursor: cursor.to_owned(),
        limit,
    };
    let filter = FlowRunFilter {
        account,
        flow: Some(slug.to_owned()),
        statuses: Vec::new(),
        causes: Vec::new(),
        from: None,
        to: None,
        after: None,
        limit: 0,
    };
    let view = reader.get(account, slug).await?;
    let newest = part("", TICKS);
    let ticks = reader.tick_page(account, slug, (None, None), &newest);
    Ok(Shown {
        firings: reader.next_of(&view, TIMES),
        ticks: ticks.await?,
        runs: reader.run_page(filter, &part(cursor, RUNS)).await?,
        versions: reader.versions_of(account, slug, None, VERSIONS).await?,
        backfills: bridge.flows.backfills(account, slug).await?,
        view,
    })
}

fn compose(layout: Layout, shown: Shown, form: RunForm) -> FlowPage {
    let view = &shown.view;
    let loaded = &view.loaded;
    let address = layout.path_to(&flow_path(&view.flow.slug));
    let older = shown.runs.next.as_deref();
    FlowPage {
        idempotency_script: assets::idempotency(),
        name: flow_name(&loaded.flow.name, layout.language),
        slug: view.flow.slug.clone(),
        version: view.flow.version,
        is_paused: view.flow.paused,
        graph: GraphView::new(&layout, &loaded.graph, drawn(loaded)),
        steps: steps(loaded),
        schedules: flow_parts::schedules(&layout, view),
        triggers: flow_parts::triggers(&layout, view),
        next: flow_parts::next(&shown.firings),
        ticks: each(&shown.ticks.rows, |one| flow_parts::tick(&layout, one)),
        runs: each(&shown.runs.rows, |one| flow_parts::run(&layout, one)),
        older_runs: older.map(|cursor| older_runs(&address, cursor)),
        versions: each(&shown.versions, |one| {
            flow_parts::version(&layout, &view.flow.slug, one, Some(view.flow.version))
        }),
        document: loaded.version.document.clone(),
        earlier: backfill_list::rows(&layout, &shown.backfills),
        fields: form.fields,
        interval: form.interval,
        messages: form.messages,
        wrong: form.wrong,
        idempotency_key: Uuid::new_v4().to_string(),
        address,
        page: layout,
    }
}

fn each<T, U>(rows: &[T], one: impl FnMut(&T) -> U) -> Vec<U> {
    rows.iter().map(one).collect()
}

fn older_runs(address: &str, cursor: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    let query = query.append_pair("cursor", cursor).finish();
    format!("{address}?{query}#runs-title")
}

fn drawn(loaded: &Loaded) -> Vec<Drawn> {
    let steps = loaded.flow.steps.iter();
    steps
        .map(|step| Drawn {
            id: step.id.value.clone(),
            about: step.pipeline.value.clone(),
            badge: None,
        })
        .collect()
}

fn steps(loaded: &Loaded) -> Vec<StepItem> {
    let steps = loaded.flow.steps.iter().enumerate();
    steps
        .map(|(position, step)| StepItem {
            id: step.id.value.clone(),
            pipeline_id: loaded
                .pipelines()
                .get(&step.pipeline.value)
                .map(ToString::to_string),
            pipeline: step.pipeline.value.clone(),
            after: parents(loaded, position).join(", "),
        })
        .collect()
}
