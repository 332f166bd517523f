//! `/emulator/*`: the hands of a test or of a curious developer on this OpenHEXA. No token, no faults.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::callback;
use super::catalogue::{Kind, Pipeline};
use super::clock::iso;
use super::core::Core;
use super::faults::Order;
use super::run::{Priority, Run, Status};
use super::schema::user_id;
use super::world::Word;

pub fn routes(config: &mut web::ServiceConfig) {
    config.service(
        web::scope("/emulator")
            .route("/runs", web::get().to(runs))
            .route("/runs/", web::get().to(runs))
            .route("/runs/{id}", web::post().to(drive))
            .route("/runs/{id}/", web::post().to(drive))
            .route("/pipelines/{id}", web::delete().to(delete_pipeline))
            .route("/workspaces/{slug}", web::post().to(archive))
            .route("/faults", web::post().to(order))
            .route("/faults", web::delete().to(clear))
            .route("/faults/", web::post().to(order))
            .route("/requests", web::get().to(requests))
            .route("/clock", web::post().to(stand_still))
            .default_service(web::to(async || {
                HttpResponse::NotFound().json(json!({"error": "no such address"}))
            })),
    );
}

async fn runs(core: web::Data<Core>) -> HttpResponse {
    let results: Vec<Value> = core
        .world()
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
struct Drive {
    #[serde(default)]
    status: Option<Status>,
    #[serde(default)]
    progress: Option<i32>,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    vanish: Option<bool>,
    /// Whose run it shall be from now on.
    #[serde(default)]
    user: Option<Uuid>,
}

async fn drive(core: web::Data<Core>, id: web::Path<String>, body: web::Bytes) -> HttpResponse {
    let found = Uuid::parse_str(&id)
        .ok()
        .and_then(|id| core.world().any_run(id));
    let Some(run) = found else {
        return HttpResponse::NotFound().json(json!({"error": "no such run"}));
    };
    let drive: Drive = match serde_json::from_slice(&body) {
        Ok(drive) => drive,
        Err(error) => return refused(&error),
    };
    say(&core, &run, &drive);
    if let Some(word) = word(&core, &run, &drive) {
        callback::report(&core, run.id, &word).await;
    }
    if let Some(status) = drive.status {
        core.world().drive(run.id, status, core.now());
        if status.is_over() || status == Status::Terminating {
            core.kill(run.id);
        }
    }
    let after = core.world().change(run.id, |run| {
        if let Some(vanish) = drive.vanish {
            run.vanished = vanish;
        }
        run.user = drive.user.or(run.user);
    });
    match after {
        Some(run) => HttpResponse::Ok().json(shown(&run)),
        None => HttpResponse::NotFound().json(json!({"error": "no such run"})),
    }
}

/// Refused as OpenHEXA refuses it: while a run is queued or running.
async fn delete_pipeline(core: web::Data<Core>, id: web::Path<Uuid>) -> HttpResponse {
    if core.world().delete_pipeline(*id) {
        return HttpResponse::Ok().json(json!({"ok": true}));
    }
    let error = "no such pipeline, or it has a run that is queued or running";
    HttpResponse::Conflict().json(json!({"error": error}))
}

#[derive(Deserialize)]
struct Archive {
    archived: bool,
}

async fn archive(core: web::Data<Core>, slug: web::Path<String>, body: web::Bytes) -> HttpResponse {
    if core.catalogue.workspace(&slug).is_none() {
        return HttpResponse::NotFound().json(json!({"error": "no such workspace"}));
    }
    match serde_json::from_slice::<Archive>(&body) {
        Ok(wanted) => {
            core.world().archive(&slug, wanted.archived);
            HttpResponse::Ok().json(json!({"ok": true}))
        }
        Err(error) => refused(&error),
    }
}

/// Progress and message go in first: they belong to the run before its end.
fn say(core: &Core, run: &Run, drive: &Drive) {
    let fails = drive.status == Some(Status::Failed);
    core.world().change(run.id, |run| {
        if let Some(progress) = drive.progress {
            run.progress = progress;
        }
        if let Some(message) = &drive.message {
            let priority = if fails {
                Priority::Error
            } else {
                Priority::Info
            };
            run.say(priority, message.clone(), core.now());
            if fails {
                run.log(message);
            }
        }
    });
}

/// A run that reports and is driven by hand reports what the hand does.
fn word(core: &Core, run: &Run, drive: &Drive) -> Option<Word> {
    let pipeline = core.catalogue.pipeline(run.pipeline)?;
    if run.status != Status::Running || !reports_by_hand(pipeline, run) {
        return None;
    }
    let message = drive.message.clone();
    match drive.status {
        Some(Status::Success) => Some(Word::Success),
        Some(Status::Failed) => Some(Word::Error {
            message: message.unwrap_or_else(|| "The pipeline failed".to_owned()),
        }),
        None => drive.progress.map(|progress| Word::Running {
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

fn reports_by_hand(pipeline: &Pipeline, run: &Run) -> bool {
    pipeline.behaviour.callback
        && pipeline.behaviour.kind == Kind::Manual
        && run.config.contains_key("task_id")
}

async fn order(core: web::Data<Core>, body: web::Bytes) -> HttpResponse {
    match serde_json::from_slice::<Order>(&body) {
        Ok(order) => {
            core.faults().arm(order, core.now());
            HttpResponse::Ok().json(json!({"ok": true}))
        }
        Err(error) => refused(&error),
    }
}

async fn clear(core: web::Data<Core>) -> HttpResponse {
    core.faults().clear();
    core.cleared.send_replace(());
    HttpResponse::Ok().json(json!({"ok": true}))
}

#[derive(Deserialize)]
struct Moment {
    at: DateTime<Utc>,
}

/// From now on it is this moment, until another one is named.
async fn stand_still(core: web::Data<Core>, body: web::Bytes) -> HttpResponse {
    match serde_json::from_slice::<Moment>(&body) {
        Ok(moment) => {
            core.stand_still(moment.at.timestamp_millis());
            core.wake.notify_one();
            HttpResponse::Ok().json(json!({"ok": true}))
        }
        Err(error) => refused(&error),
    }
}

async fn requests(core: web::Data<Core>) -> HttpResponse {
    HttpResponse::Ok().json(&*core.counts())
}

fn refused(error: &serde_json::Error) -> HttpResponse {
    HttpResponse::BadRequest().json(json!({"error": error.to_string()}))
}
