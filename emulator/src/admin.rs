//! `/emulator/*`: the routes with which tests and developers control the emulator. Their requests need no token and get
//! no faults.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::callback;
use super::catalogue::{Kind, Pipeline};
use super::clock::iso;
use super::faults::{Fault, FaultOrder};
use super::file_list::SetFile;
use super::run::{Priority, Run, Status};
use super::run_store::Report;
use super::schema::user_id;
use super::state::State;

/// The largest body with a list of files, in bytes.
const LARGEST_LIST: usize = 8 * 1024 * 1024;

pub fn routes(config: &mut web::ServiceConfig) {
    config.service(
        web::scope("/emulator")
            .route("/runs", web::get().to(runs))
            .route("/runs/", web::get().to(runs))
            .route("/runs/{id}", web::post().to(change_run))
            .route("/runs/{id}/", web::post().to(change_run))
            .route("/pipelines/{id}", web::post().to(change_pipeline))
            .route("/pipelines/{id}", web::delete().to(delete_pipeline))
            .route("/workspaces/{slug}", web::post().to(archive))
            .service(
                web::resource("/files")
                    .app_data(web::PayloadConfig::new(LARGEST_LIST))
                    .route(web::post().to(set_files)),
            )
            .route("/faults", web::post().to(add_fault))
            .route("/faults", web::delete().to(clear_faults))
            .route("/faults/", web::post().to(add_fault))
            .route("/requests", web::get().to(requests))
            .route("/clock", web::post().to(freeze_clock))
            .default_service(web::to(async || {
                HttpResponse::NotFound().json(json!({"error": "this address does not exist"}))
            })),
    );
}

async fn runs(state: web::Data<State>) -> HttpResponse {
    let results: Vec<Value> = state
        .run_store()
        .all_runs()
        .iter()
        .map(|run| shown(run))
        .collect();
    HttpResponse::Ok().json(json!({"results": results}))
}

fn shown(run: &Run) -> Value {
    json!({
        "id": run.id,
        "pipeline_id": run.pipeline,
        "status": run.status,
        "progress": run.progress,
        "config": run.config,
        "user": run.user.unwrap_or_else(user_id),
        "created_at": iso(run.created),
        "vanished": run.vanished,
    })
}

#[derive(Deserialize)]
struct RunChange {
    #[serde(default)]
    status: Option<Status>,
    #[serde(default)]
    progress: Option<i32>,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    vanish: Option<bool>,
    /// The user who owns the run from now on.
    #[serde(default)]
    user: Option<Uuid>,
}

async fn change_run(
    state: web::Data<State>,
    id: web::Path<String>,
    body: web::Bytes,
) -> HttpResponse {
    let found = Uuid::parse_str(&id)
        .ok()
        .and_then(|id| state.run_store().any_run(id));
    let Some(run) = found else {
        return HttpResponse::NotFound().json(json!({"error": "run not found"}));
    };
    let change: RunChange = match serde_json::from_slice(&body) {
        Ok(change) => change,
        Err(error) => return refused(&error),
    };
    record_progress(&state, &run, &change);
    if let Some(report) = report_of(&state, &run, &change) {
        callback::report(&state, run.id, &report).await;
    }
    if let Some(status) = change.status {
        state.run_store().set_status(run.id, status, state.now());
        state.wake.notify_one();
        if status.is_over() || status == Status::Terminating {
            state.kill(run.id);
        }
    }
    let after = state.run_store().change(run.id, |run| {
        if let Some(vanish) = change.vanish {
            run.vanished = vanish;
        }
        run.user = change.user.or(run.user);
    });
    match after {
        Some(run) => HttpResponse::Ok().json(shown(&run)),
        None => HttpResponse::NotFound().json(json!({"error": "run not found"})),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PipelineChange {
    /// A cron expression in UTC, or null.
    #[serde(deserialize_with = "Option::deserialize")]
    schedule: Option<String>,
}

async fn change_pipeline(
    state: web::Data<State>,
    id: web::Path<Uuid>,
    body: web::Bytes,
) -> HttpResponse {
    if !state.run_store().has_pipeline(*id) {
        return HttpResponse::NotFound().json(json!({"error": "pipeline not found"}));
    }
    match serde_json::from_slice::<PipelineChange>(&body) {
        Ok(change) => {
            state.set_schedule(*id, change.schedule);
            HttpResponse::Ok().json(json!({"ok": true}))
        }
        Err(error) => refused(&error),
    }
}

/// As in OpenHEXA, a pipeline is not deleted while one of its runs is queued or running.
async fn delete_pipeline(state: web::Data<State>, id: web::Path<Uuid>) -> HttpResponse {
    if state.run_store().delete_pipeline(*id) {
        return HttpResponse::Ok().json(json!({"ok": true}));
    }
    let error = "the pipeline does not exist, or one of its runs is queued or running";
    HttpResponse::Conflict().json(json!({"error": error}))
}

#[derive(Deserialize)]
struct Archive {
    archived: bool,
}

async fn archive(
    state: web::Data<State>,
    slug: web::Path<String>,
    body: web::Bytes,
) -> HttpResponse {
    if state.catalogue.current().workspace(&slug).is_none() {
        return HttpResponse::NotFound().json(json!({"error": "workspace not found"}));
    }
    match serde_json::from_slice::<Archive>(&body) {
        Ok(wanted) => {
            state.run_store().archive(&slug, wanted.archived);
            HttpResponse::Ok().json(json!({"ok": true}))
        }
        Err(error) => refused(&error),
    }
}

/// Stores progress and message before the status is changed.
fn record_progress(state: &State, run: &Run, change: &RunChange) {
    let fails = change.status == Some(Status::Failed);
    state.run_store().change(run.id, |run| {
        if let Some(progress) = change.progress {
            run.progress = progress;
        }
        if let Some(message) = &change.message {
            let priority = if fails {
                Priority::Error
            } else {
                Priority::Info
            };
            run.say(priority, message.clone(), state.now());
            if fails {
                run.log(message);
            }
        }
    });
}

/// The report that a manually controlled run sends after this change.
fn report_of(state: &State, run: &Run, change: &RunChange) -> Option<Report> {
    let catalogue = state.catalogue.current();
    let pipeline = catalogue.pipeline(run.pipeline)?;
    if run.status != Status::Running || !is_manual_with_reports(pipeline, run) {
        return None;
    }
    let message = change.message.clone();
    match change.status {
        Some(Status::Success) => Some(Report::Success),
        Some(Status::Failed) => Some(Report::Error {
            message: message.unwrap_or_else(|| "The pipeline failed".to_owned()),
        }),
        None => change.progress.map(|progress| Report::Running {
            progress,
            message: message.unwrap_or_else(|| format!("{progress} %")),
        }),
        Some(
            Status::Running
            | Status::Queued
            | Status::Stopped
            | Status::Terminating
            | Status::Skipped,
        ) => None,
    }
}

fn is_manual_with_reports(pipeline: &Pipeline, run: &Run) -> bool {
    pipeline.behaviour.callback
        && pipeline.behaviour.kind == Kind::Manual
        && run.config.contains_key("task_id")
}

#[derive(Deserialize)]
struct SetFiles {
    files: Vec<SetFile>,
}

/// Replaces the files without content.
async fn set_files(state: web::Data<State>, body: web::Bytes) -> HttpResponse {
    match serde_json::from_slice::<SetFiles>(&body) {
        Ok(set) => {
            *state.set_files() = set.files;
            HttpResponse::Ok().json(json!({"ok": true}))
        }
        Err(error) => refused(&error),
    }
}

async fn add_fault(state: web::Data<State>, body: web::Bytes) -> HttpResponse {
    match serde_json::from_slice::<FaultOrder>(&body) {
        Ok(order) => {
            match order.fault {
                Fault::LateEnd => state.run_store().add_late_end(order, state.now()),
                Fault::Latency
                | Fault::Html500
                | Fault::RefuseToken
                | Fault::DropBefore
                | Fault::DropAfter
                | Fault::LoseStop
                | Fault::DenyStop
                | Fault::RunLimit
                | Fault::NullRun
                | Fault::FailListing
                | Fault::Stranger => state.faults().add(order, state.now()),
            }
            HttpResponse::Ok().json(json!({"ok": true}))
        }
        Err(error) => refused(&error),
    }
}

async fn clear_faults(state: web::Data<State>) -> HttpResponse {
    state.faults().clear();
    state.run_store().clear_late_ends(state.now());
    state.wake.notify_one();
    state.cleared.send_replace(());
    HttpResponse::Ok().json(json!({"ok": true}))
}

#[derive(Deserialize)]
struct Moment {
    at: DateTime<Utc>,
}

/// Stops the emulator's clock at this time, until another time is set.
async fn freeze_clock(state: web::Data<State>, body: web::Bytes) -> HttpResponse {
    match serde_json::from_slice::<Moment>(&body) {
        Ok(moment) => {
            state.freeze_clock(moment.at.timestamp_millis());
            state.wake.notify_one();
            HttpResponse::Ok().json(json!({"ok": true}))
        }
        Err(error) => refused(&error),
    }
}

async fn requests(state: web::Data<State>) -> HttpResponse {
    HttpResponse::Ok().json(&*state.counts())
}

fn refused(error: &serde_json::Error) -> HttpResponse {
    HttpResponse::BadRequest().json(json!({"error": error.to_string()}))
}
