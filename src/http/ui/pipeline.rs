//! `/dashboard/pipelines/{id}/`: one pipeline, its launch form and its past runs.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::http::{Method, StatusCode};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::{DateTime, Utc};
use futures_util::future::{join_all, join4};
use uuid::Uuid;

use super::assets;
use super::badge::Badge;
use super::duration_chart::{DurationChart, duration_chart};
use super::form_fields::{Control, FormField, FormInput, FromFiles, InitialValues, fields};
use super::form_suggestions::add_suggestions;
use super::form_values::InputShape;
use super::layout::{Layout, Section, duration, large_page};
use super::pipelines::{label, took};
use crate::domain::ids::{PipelineId, VersionId};
use crate::domain::pipeline::VersionLabel;
use crate::domain::principal::Principal;
use crate::domain::task::Task;
use crate::http::api::pipelines::{pipeline_id, version_id};
use crate::http::api::query::Query;
use crate::http::api::tasks::task_id;
use crate::http::error::{HttpResult, Problem};
use crate::service::catalog::Form;
use crate::service::catalog::RunWithTask;
use crate::service::flows::PlannedRun;
use crate::service::{Bridge, Error};

/// Number of runs shown, newest first.
const RUNS: i64 = 20;
/// Number of flows whose next run is shown.
const PLANNED: usize = 5;

#[derive(Template)]
#[template(path = "pipeline.html")]
struct PipelinePage {
    page: Layout,
    idempotency_script: &'static str,
    /// The page's address without query.
    address: String,
    id: String,
    title: String,
    code: String,
    description: Option<String>,
    /// OpenHEXA's own schedule, a cron expression in UTC.
    schedule: Option<String>,
    /// The next planned runs of flows that run it.
    planned: Vec<Planned>,
    is_notebook: bool,
    /// Whether OpenHEXA allows the configured token to launch it.
    may_run: bool,
    unreadable: bool,
    version: Option<VersionOption>,
    /// When the version was created, and what its author wrote about it.
    version_created: Option<DateTime<Utc>>,
    version_about: Option<String>,
    versions: Vec<VersionOption>,
    fields: Vec<FormField>,
    /// Errors that belong to no field, shown first.
    messages: Vec<String>,
    /// Errors by id of the field, then errors of parameters without a field.
    wrong: Vec<(String, String)>,
    others: Vec<String>,
    /// Warnings with the id of their field, and the hashes of all warnings that were shown.
    warned: Vec<(String, String)>,
    confirmed: Vec<String>,
    task: Option<i64>,
    notify: bool,
    debug: bool,
    idempotency_key: String,
    runs: Vec<PastRun>,
    runs_unavailable: Option<String>,
    chart: Option<DurationChart>,
    stale_as_of: Option<DateTime<Utc>>,
}

pub struct VersionOption {
    pub id: String,
    pub text: String,
    pub is_shown: bool,
    pub is_current: bool,
}

struct PastRun {
    badge: Badge,
    at: Option<DateTime<Utc>>,
    took: Option<String>,
    task: Option<i64>,
    trigger: Option<&'static str>,
}

/// A planned run of a flow.
struct Planned {
    at: DateTime<Utc>,
    flow: String,
    address: String,
}

/// What is loaded for the page in addition to the form.
struct Loaded {
    planned: Vec<Planned>,
    fields: Vec<FormField>,
    versions: Vec<VersionOption>,
    runs: Vec<RunWithTask>,
    /// Why the runs are missing.
    runs_unavailable: Option<String>,
}

/// The state of the form.
pub struct LaunchFormState<'a> {
    pub status: StatusCode,
    pub initial: InitialValues<'a>,
    pub notify: bool,
    pub debug: bool,
    /// Codes of the parameters whose choices are read from files.
    pub load: Vec<String>,
    pub messages: Vec<String>,
    pub errors: BTreeMap<String, Vec<String>>,
    pub warnings: BTreeMap<String, Vec<String>>,
    /// The hashes of the warnings that this form has shown: sent again with them, it launches.
    pub confirmed: Vec<String>,
    /// The task of a launch that failed after creating it.
    pub task: Option<i64>,
}

impl LaunchFormState<'_> {
    pub fn with_values(initial: InitialValues<'_>) -> LaunchFormState<'_> {
        LaunchFormState {
            status: StatusCode::OK,
            initial,
            notify: true,
            debug: false,
            load: Vec::new(),
            messages: Vec::new(),
            errors: BTreeMap::new(),
            warnings: BTreeMap::new(),
            confirmed: Vec::new(),
            task: None,
        }
    }
}

pub async fn show(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
) -> HttpResult<HttpResponse> {
    let pipeline = pipeline_id(&id)?;
    let query = Query::of(&request);
    let earlier = match query.get("again") {
        Some(task) => Some(bridge.tasks.get(who.account, task_id(task)?).await?),
        None => None,
    };
    let earlier = earlier.filter(|task| task.pipeline.id == pipeline);
    let version = query.get("version").map(version_id).transpose()?;
    let version = version.or_else(|| version_of(earlier.as_ref()));
    let form = bridge.catalog.form(who.account, pipeline, version).await?;
    let mut shown = LaunchFormState::with_values(InitialValues::Defaults);
    if let Some(task) = &earlier {
        shown.initial = InitialValues::Relaunch(task.id, &task.run.config);
        shown.notify = task.run.send_notifications;
        shown.debug = task.run.debug;
    }
    render(&bridge, &who, &request, &form, shown).await
}

fn version_of(task: Option<&Task>) -> Option<VersionId> {
    Some(task?.pipeline.version.as_ref()?.id)
}

/// The page with this form. If OpenHEXA does not return the runs, the page says so.
pub async fn render(
    bridge: &Bridge,
    who: &Principal,
    request: &HttpRequest,
    form: &Form,
    shown: LaunchFormState<'_>,
) -> HttpResult<HttpResponse> {
    let id = form.pipeline.id;
    let mut layout = Layout::of(request, Section::Pipelines);
    let address = layout.path_to(&format!("/pipelines/{id}/"));
    if *request.method() != Method::GET {
        // After a submitted form, the reload link leads to the page without the form.
        layout.address.clone_from(&address);
    }
    let (files, suggested, versions, runs) = join4(
        files(bridge, who, &layout, form, &shown.load),
        bridge.resources.suggestions(who.account, form),
        bridge.catalog.versions(who.account, id),
        bridge.catalog.runs(who.account, id, RUNS),
    )
    .await;
    let mut fields = fields(form, &layout, shown.initial, &files, &shown.errors);
    add_suggestions(&mut fields, &layout, suggested?);
    add_warnings(&mut fields, &shown);
    let versions = versions.iter().flat_map(|all| all.iter());
    let (runs, runs_unavailable) = match runs {
        Ok(runs) => (runs, None),
        Err(error) => (
            Vec::new(),
            Some(layout.word(Problem::from(error).sentence())),
        ),
    };
    let loaded = Loaded {
        fields,
        planned: planned(
            &layout,
            id,
            bridge.flows.calendar.planned(who.account).await?,
        ),
        versions: versions.map(|one| named(form, &one.label)).collect(),
        runs,
        runs_unavailable,
    };
    let status = shown.status;
    let template = compose(layout, address, form, shown, loaded);
    large_page(status, move || template).await
}

fn compose(
    layout: Layout,
    address: String,
    form: &Form,
    shown: LaunchFormState<'_>,
    loaded: Loaded,
) -> PipelinePage {
    let pipeline = &form.pipeline;
    let description = pipeline.description.clone();
    let version = form.version.as_ref();
    let (wrong, others) = summary(&loaded.fields, &shown.errors);
    PipelinePage {
        idempotency_script: assets::idempotency(),
        address,
        id: pipeline.id.to_string(),
        title: pipeline.title().to_owned(),
        code: pipeline.code.clone(),
        description: description.filter(|text| !text.trim().is_empty()),
        schedule: pipeline.schedule.clone(),
        planned: loaded.planned,
        is_notebook: pipeline.is_notebook(),
        may_run: pipeline.may_run,
        unreadable: form.unreadable,
        version: version.map(|version| named(form, &version.label)),
        version_created: version.and_then(|version| version.created_at),
        version_about: version.and_then(|version| version.description.clone()),
        versions: loaded.versions,
        messages: shown.messages,
        wrong,
        others,
        warned: warned(&layout, &loaded.fields),
        confirmed: shown.confirmed,
        fields: loaded.fields,
        task: shown.task,
        notify: shown.notify,
        debug: shown.debug,
        idempotency_key: Uuid::new_v4().to_string(),
        chart: duration_chart(&layout, &loaded.runs),
        runs: loaded.runs.iter().map(|run| row(&layout, run)).collect(),
        runs_unavailable: loaded.runs_unavailable,
        stale_as_of: form.stale_as_of,
        page: layout,
    }
}

/// The next run of each flow that runs the pipeline, the soonest first.
fn planned(layout: &Layout, pipeline: PipelineId, all: Vec<PlannedRun>) -> Vec<Planned> {
    let mut flows = BTreeSet::new();
    all.into_iter()
        .filter(|run| run.pipelines.contains(&pipeline) && flows.insert(run.slug.clone()))
        .take(PLANNED)
        .map(|run| Planned {
            at: run.next_at,
            address: layout.path_to(&format!("/flows/{}/", run.slug)),
            flow: run.slug,
        })
        .collect()
}

/// Adds the warnings of the submitted values. A secret is not repeated on the page, so the form notes that it was typed.
fn add_warnings(fields: &mut [FormField], shown: &LaunchFormState<'_>) {
    let InitialValues::Submitted(input) = shown.initial else {
        return;
    };
    for field in fields {
        let own = shown.warnings.get(&field.code);
        field.warnings = own.cloned().unwrap_or_default();
        field.retype |= must_retype(field, input);
    }
}

/// Whether the user typed this secret, now or in an earlier form, and has not been asked yet to type it again.
fn must_retype(field: &FormField, input: &FormInput) -> bool {
    let is_secret = matches!(field.control, Control::Secret { .. });
    let was_typed = input.asked_again(&field.code) && field.errors.is_empty();
    is_secret && (input.has_text(&field.name) || was_typed)
}

/// The warnings and the secrets to type again, in the order of the fields, with the id of the field.
fn warned(layout: &Layout, fields: &[FormField]) -> Vec<(String, String)> {
    if fields.iter().all(|field| field.warnings.is_empty()) {
        return Vec::new();
    }
    let sentence = |field: &FormField| {
        let again = || layout.with("form-secret-above", "name", &field.title);
        let own = field.warnings.first().cloned();
        own.or_else(|| field.retype.then(again))
    };
    let one = |field: &FormField| Some((field.id.clone(), sentence(field)?));
    fields.iter().filter_map(one).collect()
}

fn named(form: &Form, version: &VersionLabel) -> VersionOption {
    let current = form.pipeline.current_version.as_ref();
    let shown = form.version.as_ref();
    VersionOption {
        id: version.id.to_string(),
        text: label(version.number, version.name.as_deref()),
        is_shown: shown.is_some_and(|one| one.label.id == version.id),
        is_current: current.is_some_and(|one| one.label.id == version.id),
    }
}

/// The errors with the id of their field, in the order of the fields; then errors without a field.
pub fn summary(
    fields: &[FormField],
    errors: &BTreeMap<String, Vec<String>>,
) -> (Vec<(String, String)>, Vec<String>) {
    let first = |field: &FormField| Some((field.id.clone(), field.errors.first()?.clone()));
    let wrong = fields.iter().filter_map(first).collect();
    let is_shown = |code: &String| fields.iter().any(|field| field.code == *code);
    let others = errors.iter().filter(|(code, _)| !is_shown(code));
    (wrong, others.flat_map(|(_, list)| list.clone()).collect())
}

pub async fn files(
    bridge: &Bridge,
    who: &Principal,
    layout: &Layout,
    form: &Form,
    load: &[String],
) -> FromFiles {
    let Some(version) = &form.version else {
        return FromFiles::new();
    };
    let response = load.iter().map(async |code| {
        let found = choices(bridge, who, form.pipeline.id, version.label.id, code).await;
        let found = found.map_err(|error| layout.word(Problem::from(error).sentence()));
        (code.clone(), found)
    });
    join_all(response).await.into_iter().collect()
}

async fn choices(
    bridge: &Bridge,
    who: &Principal,
    pipeline: PipelineId,
    version: VersionId,
    code: &str,
) -> Result<Vec<String>, Error> {
    let found = bridge
        .catalog
        .choices(who.account, pipeline, Some(version), code);
    Ok(found.await?.to_vec())
}

fn row(layout: &Layout, owned: &RunWithTask) -> PastRun {
    let run = &owned.run;
    PastRun {
        badge: Badge::of_run(layout, &run.status),
        at: run.execution_date,
        took: match owned.task {
            Some(_) => owned.took.map(duration),
            None => took(&run.status, run.duration),
        },
        task: owned.task.map(|task| task.0),
        trigger: match run.trigger.as_deref() {
            Some("manual") => Some("trigger-manual"),
            Some("scheduled") => Some("trigger-scheduled"),
            Some("webhook") => Some("trigger-webhook"),
            Some(_) | None => None,
        },
    }
}
