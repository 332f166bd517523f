//! `/dashboard/pipelines/{id}/`: one pipeline, the form that launches it, and how its past runs went.

use std::collections::BTreeMap;

use actix_web::http::{Method, StatusCode};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::{DateTime, Utc};
use futures_util::future::{join_all, join4};
use uuid::Uuid;

use super::assets;
use super::badge::Badge;
use super::fields::{Beginning, Control, Field, FromFiles, fields};
use super::pipelines::{label, took};
use super::plot::{Plot, plot};
use super::shell::{Here, Shell, large_page};
use super::suggest::suggest;
use super::values::Shape;
use crate::domain::ids::{PipelineId, VersionId};
use crate::domain::pipeline::VersionLabel;
use crate::domain::principal::Principal;
use crate::domain::task::Task;
use crate::http::api::pipelines::{pipeline_id, version_id};
use crate::http::api::query::Query;
use crate::http::api::tasks::task_id;
use crate::http::error::{Answer, Problem};
use crate::service::catalog::Form;
use crate::service::catalog::RunWithTask;
use crate::service::{Bridge, Error};

/// Runs that are shown, newest first.
const RUNS: i64 = 20;

#[derive(Template)]
#[template(path = "pipeline.html")]
struct PipelinePage {
    page: Shell,
    once_script: &'static str,
    /// The page's address without anything asked of it.
    here: String,
    id: String,
    title: String,
    code: String,
    description: Option<String>,
    is_notebook: bool,
    /// Whether OpenHEXA lets the configured token launch it.
    may_run: bool,
    unreadable: bool,
    version: Option<Label>,
    versions: Vec<Label>,
    fields: Vec<Field>,
    /// What is wrong beside the fields, first of all.
    told: Vec<String>,
    /// Errors of the form: field ids with their sentences, and those of no field.
    wrong: Vec<(String, String)>,
    others: Vec<String>,
    task: Option<i64>,
    notify: bool,
    debug: bool,
    once: String,
    runs: Vec<RunRow>,
    runs_away: Option<String>,
    plot: Option<Plot>,
    stale_as_of: Option<DateTime<Utc>>,
}

pub struct Label {
    pub id: String,
    pub text: String,
    pub is_shown: bool,
    pub is_current: bool,
}

struct RunRow {
    badge: Badge,
    at: Option<DateTime<Utc>>,
    took: Option<String>,
    task: Option<i64>,
    trigger: Option<&'static str>,
}

/// What is loaded for the page in addition to the form.
struct Loaded {
    fields: Vec<Field>,
    versions: Vec<Label>,
    runs: Vec<RunWithTask>,
    /// Why the runs are missing.
    runs_away: Option<String>,
}

/// What the form is shown with.
pub struct Shown<'a> {
    pub status: StatusCode,
    pub beginning: Beginning<'a>,
    pub notify: bool,
    pub debug: bool,
    /// Codes whose choices are read from their files.
    pub load: Vec<String>,
    pub told: Vec<String>,
    pub errors: BTreeMap<String, Vec<String>>,
    /// A task that a launch left behind although it failed.
    pub task: Option<i64>,
}

impl Shown<'_> {
    pub fn beginning(beginning: Beginning<'_>) -> Shown<'_> {
        Shown {
            status: StatusCode::OK,
            beginning,
            notify: true,
            debug: false,
            load: Vec::new(),
            told: Vec::new(),
            errors: BTreeMap::new(),
            task: None,
        }
    }
}

pub async fn show(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    let pipeline = pipeline_id(&id)?;
    let query = Query::of(&request);
    let again = match query.get("again") {
        Some(task) => Some(bridge.tasks.get(who.account, task_id(task)?).await?),
        None => None,
    };
    let again = again.filter(|task| task.pipeline.id == pipeline);
    let version = query.get("version").map(version_id).transpose()?;
    let version = version.or_else(|| version_of(again.as_ref()));
    let form = bridge.catalog.form(who.account, pipeline, version).await?;
    let mut shown = Shown::beginning(Beginning::Defaults);
    if let Some(task) = &again {
        shown.beginning = Beginning::Again(&task.run.config);
        shown.notify = task.run.send_notifications;
        shown.debug = task.run.debug;
    }
    draw(&bridge, &who, &request, &form, shown).await
}

fn version_of(task: Option<&Task>) -> Option<VersionId> {
    Some(task?.pipeline.version.as_ref()?.id)
}

/// The page with this form. If OpenHEXA does not return the runs, the page says so.
pub async fn draw(
    bridge: &Bridge,
    who: &Principal,
    request: &HttpRequest,
    form: &Form,
    shown: Shown<'_>,
) -> Answer<HttpResponse> {
    let id = form.pipeline.id;
    let mut shell = Shell::of(request, Here::Pipelines);
    let here = shell.below(&format!("/pipelines/{id}/"));
    if *request.method() != Method::GET {
        // What was sent is not asked for again.
        shell.address.clone_from(&here);
    }
    let (files, suggested, versions, runs) = join4(
        files(bridge, who, &shell, form, &shown.load),
        bridge.resources.suggestions(who.account, form),
        bridge.catalog.versions(who.account, id),
        bridge.catalog.runs(who.account, id, RUNS),
    )
    .await;
    let mut fields = fields(form, &shell, shown.beginning, &files, &shown.errors);
    suggest(&mut fields, &shell, suggested?);
    let versions = versions.iter().flat_map(|all| all.iter());
    let (runs, runs_away) = match runs {
        Ok(runs) => (runs, None),
        Err(error) => (
            Vec::new(),
            Some(shell.word(Problem::from(error).sentence())),
        ),
    };
    let loaded = Loaded {
        fields,
        versions: versions.map(|one| named(form, &one.label)).collect(),
        runs,
        runs_away,
    };
    let status = shown.status;
    let template = compose(shell, here, form, shown, loaded);
    large_page(status, move || template).await
}

fn compose(
    shell: Shell,
    here: String,
    form: &Form,
    shown: Shown<'_>,
    loaded: Loaded,
) -> PipelinePage {
    let pipeline = &form.pipeline;
    let description = pipeline.description.clone();
    let version = form.version.as_ref();
    let (wrong, others) = summary(&loaded.fields, &shown.errors);
    PipelinePage {
        once_script: assets::once(),
        here,
        id: pipeline.id.to_string(),
        title: pipeline.title().to_owned(),
        code: pipeline.code.clone(),
        description: description.filter(|text| !text.trim().is_empty()),
        is_notebook: pipeline.is_notebook(),
        may_run: pipeline.may_run,
        unreadable: form.unreadable,
        version: version.map(|version| named(form, &version.label)),
        versions: loaded.versions,
        fields: loaded.fields,
        told: shown.told,
        wrong,
        others,
        task: shown.task,
        notify: shown.notify,
        debug: shown.debug,
        once: Uuid::new_v4().to_string(),
        plot: plot(&shell, &loaded.runs),
        runs: loaded.runs.iter().map(|run| row(&shell, run)).collect(),
        runs_away: loaded.runs_away,
        stale_as_of: form.stale_as_of,
        page: shell,
    }
}

fn named(form: &Form, version: &VersionLabel) -> Label {
    let current = form.pipeline.current_version.as_ref();
    let shown = form.version.as_ref();
    Label {
        id: version.id.to_string(),
        text: label(version.number, version.name.as_deref()),
        is_shown: shown.is_some_and(|one| one.label.id == version.id),
        is_current: current.is_some_and(|one| one.label.id == version.id),
    }
}

/// Each error with its field, in the order of the fields; then those of no field.
pub fn summary(
    fields: &[Field],
    errors: &BTreeMap<String, Vec<String>>,
) -> (Vec<(String, String)>, Vec<String>) {
    let first = |field: &Field| Some((field.id.clone(), field.errors.first()?.clone()));
    let wrong = fields.iter().filter_map(first).collect();
    let is_shown = |code: &String| fields.iter().any(|field| field.code == *code);
    let others = errors.iter().filter(|(code, _)| !is_shown(code));
    (wrong, others.flat_map(|(_, list)| list.clone()).collect())
}

pub async fn files(
    bridge: &Bridge,
    who: &Principal,
    shell: &Shell,
    form: &Form,
    load: &[String],
) -> FromFiles {
    let Some(version) = &form.version else {
        return FromFiles::new();
    };
    let asking = load.iter().map(async |code| {
        let found = choices(bridge, who, form.pipeline.id, version.label.id, code).await;
        let found = found.map_err(|error| shell.word(Problem::from(error).sentence()));
        (code.clone(), found)
    });
    join_all(asking).await.into_iter().collect()
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

fn row(shell: &Shell, owned: &RunWithTask) -> RunRow {
    let run = &owned.run;
    RunRow {
        badge: Badge::of_run(shell, &run.status),
        at: run.execution_date,
        took: took(&run.status, run.duration),
        task: owned.task.map(|task| task.0),
        trigger: match run.trigger.as_deref() {
            Some("manual") => Some("trigger-manual"),
            Some("scheduled") => Some("trigger-scheduled"),
            Some("webhook") => Some("trigger-webhook"),
            Some(_) | None => None,
        },
    }
}
