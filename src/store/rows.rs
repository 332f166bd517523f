//! Rows of `task` and `run`, and their conversion from and to the domain's types.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::{Map, Value, json};

use super::error::Error;
use super::schema::{run, task};
use super::search_text::search_text;
use super::types::{DbTime, DbUuid};
use crate::domain::flow_step::FlowStep;
use crate::domain::ids::{
    AccountId, ConnectionId, LaunchId, PipelineId, RunId, TaskId, UserId, VersionId,
};
use crate::domain::note::{Note, NoteCode};
use crate::domain::pipeline::{RunStatus, VersionLabel};
use crate::domain::principal::{Actor, Person};
use crate::domain::task::{FinalReport, FinalStatus, PipelineRef, Run, RunEnd, State, Task};

/// The columns of `task`, except the id, which the database assigns.
#[derive(Queryable, Selectable, Insertable, AsChangeset, Debug)]
#[diesel(table_name = task, treat_none_as_null = true)]
pub struct TaskColumns {
    pub account_id: i64,
    pub connection_id: i64,
    pub name: String,
    pub pipeline_id: DbUuid,
    pub pipeline_code: String,
    pub pipeline_name: String,
    pub version: Option<String>,
    pub launcher_id: Option<i64>,
    pub launcher_username: Option<String>,
    pub launcher_name: Option<String>,
    pub search: String,
    pub state: String,
    pub status: String,
    pub reported: Option<String>,
    pub run_end: Option<String>,
    pub message: Option<String>,
    pub progress_value: i32,
    pub end_value: i32,
    pub data: Option<String>,
    pub data_late: bool,
    pub note: Option<String>,
    pub note_code: Option<String>,
    pub called_back: bool,
    pub created_at: DbTime,
    pub started_at: Option<DbTime>,
    pub ended_at: Option<DbTime>,
    pub updated_at: DbTime,
    pub cancel_asked_at: Option<DbTime>,
    pub relaunch_of: Option<i64>,
    pub flow_step: Option<String>,
    pub revision: i64,
}

/// The columns of `run` that the domain uses. Leases, polls and secrets are only in the store.
#[derive(Queryable, Selectable, Insertable, AsChangeset, Debug)]
#[diesel(table_name = run, treat_none_as_null = true)]
pub struct RunColumns {
    pub run_id: Option<DbUuid>,
    pub launch_id: Option<DbUuid>,
    pub status: Option<String>,
    pub progress: i32,
    pub config: String,
    pub names_task: bool,
    pub drops_config: bool,
    pub send_notifications: bool,
    pub debug: bool,
    pub timeout_seconds: Option<i64>,
    pub attempted_at: Option<DbTime>,
    pub attempts: i32,
    pub launched_as: Option<DbUuid>,
    pub outcome_unknown: bool,
    pub absent_polls: i32,
    pub unseen_since: Option<DbTime>,
    pub hidden_since: Option<DbTime>,
    pub hidden_at: Option<DbTime>,
    pub stop_asked_at: Option<DbTime>,
    pub stops: i32,
}

fn at(time: Option<DateTime<Utc>>) -> Option<DbTime> {
    time.map(DbTime)
}

fn time(at: Option<DbTime>) -> Option<DateTime<Utc>> {
    at.map(|at| at.0)
}

impl From<&Task> for TaskColumns {
    fn from(task: &Task) -> Self {
        let launcher = task.launcher.as_ref();
        Self {
            account_id: task.account.0,
            connection_id: task.connection.0,
            name: task.name.clone(),
            pipeline_id: DbUuid(task.pipeline.id.0),
            pipeline_code: task.pipeline.code.clone(),
            pipeline_name: task.pipeline.name.clone(),
            version: task.pipeline.version.as_ref().map(version_text),
            launcher_id: launcher.map(|person| person.id),
            launcher_username: launcher.map(|person| person.username.clone()),
            // Without id and username: an API key or the local user, not a person of Iaso.
            launcher_name: match launcher {
                Some(person) => Some(person.full_name.clone()),
                None => task.launched_with.as_ref().map(Actor::stored),
            },
            search: search_text(task),
            state: state_text(&task.state).to_owned(),
            status: task.status().as_str().to_owned(),
            reported: task.final_report().map(reported_text),
            run_end: task.run_end().map(|end| run_end_text(end).to_owned()),
            message: task.message.clone(),
            progress_value: task.progress_value,
            end_value: task.end_value,
            data: task.data.as_ref().map(Value::to_string),
            data_late: task.data_late,
            note: task.note.as_ref().and_then(|note| note.value.clone()),
            note_code: task.note.as_ref().map(|note| note.code.code().to_owned()),
            called_back: task.called_back,
            created_at: DbTime(task.created_at),
            started_at: at(task.started_at),
            ended_at: at(task.ended_at),
            updated_at: DbTime(task.updated_at),
            cancel_asked_at: at(task.cancel_asked_at),
            relaunch_of: task.relaunch_of.map(|id| id.0),
            flow_step: task.flow_step.as_ref().map(|step| step.json().to_string()),
            revision: task.revision,
        }
    }
}

impl From<&Run> for RunColumns {
    fn from(run: &Run) -> Self {
        Self {
            run_id: run.id.map(|id| DbUuid(id.0)),
            launch_id: run.launch.map(|id| DbUuid(id.0)),
            status: run.status.as_ref().map(|status| status.as_str().to_owned()),
            progress: run.progress,
            config: Value::Object(run.config.clone()).to_string(),
            names_task: run.names_task,
            drops_config: run.drops_config,
            send_notifications: run.send_notifications,
            debug: run.debug,
            timeout_seconds: run.timeout_seconds,
            attempted_at: at(run.attempted_at),
            attempts: run.attempts,
            launched_as: run.launched_as.map(|id| DbUuid(id.0)),
            outcome_unknown: run.unsure,
            absent_polls: run.absent_polls,
            unseen_since: at(run.unseen_since),
            hidden_since: at(run.hidden_since),
            hidden_at: at(run.hidden_at),
            stop_asked_at: at(run.stop_asked_at),
            stops: run.stops,
        }
    }
}

/// The task with its run.
pub fn task_of(id: i64, row: TaskColumns, run: RunColumns) -> Result<Task, Error> {
    Ok(Task {
        id: TaskId(id),
        account: AccountId(row.account_id),
        connection: ConnectionId(row.connection_id),
        state: state_of(&row)?,
        pipeline: pipeline_of(&row)?,
        launcher: launcher_of(&row),
        launched_with: actor_of(&row),
        run: run_of(run)?,
        name: row.name,
        message: row.message,
        progress_value: row.progress_value,
        end_value: row.end_value,
        data: row.data.as_deref().map(json_of).transpose()?,
        unread: None,
        data_late: row.data_late,
        note: note_of(row.note_code.as_deref(), row.note),
        called_back: row.called_back,
        created_at: row.created_at.0,
        started_at: time(row.started_at),
        ended_at: time(row.ended_at),
        updated_at: row.updated_at.0,
        cancel_asked_at: time(row.cancel_asked_at),
        relaunch_of: row.relaunch_of.map(TaskId),
        flow_step: row.flow_step.as_deref().map(flow_step_of).transpose()?,
        revision: row.revision,
    })
}

fn pipeline_of(row: &TaskColumns) -> Result<PipelineRef, Error> {
    Ok(PipelineRef {
        id: PipelineId(row.pipeline_id.0),
        code: row.pipeline_code.clone(),
        name: row.pipeline_name.clone(),
        version: row.version.as_deref().map(version_of).transpose()?,
    })
}

fn launcher_of(row: &TaskColumns) -> Option<Person> {
    Some(Person {
        id: row.launcher_id?,
        username: row.launcher_username.clone()?,
        full_name: row.launcher_name.clone()?,
    })
}

fn run_of(row: RunColumns) -> Result<Run, Error> {
    Ok(Run {
        id: row.run_id.map(|id| RunId(id.0)),
        launch: row.launch_id.map(|id| LaunchId(id.0)),
        status: row.status.as_deref().map(RunStatus::parse),
        progress: row.progress,
        config: object_of(&row.config)?,
        names_task: row.names_task,
        drops_config: row.drops_config,
        send_notifications: row.send_notifications,
        debug: row.debug,
        timeout_seconds: row.timeout_seconds,
        attempted_at: time(row.attempted_at),
        attempts: row.attempts,
        launched_as: row.launched_as.map(|id| UserId(id.0)),
        unsure: row.outcome_unknown,
        absent_polls: row.absent_polls,
        unseen_since: time(row.unseen_since),
        hidden_since: time(row.hidden_since),
        hidden_at: time(row.hidden_at),
        stop_asked_at: time(row.stop_asked_at),
        stops: row.stops,
    })
}

pub fn json_of(text: &str) -> Result<Value, Error> {
    serde_json::from_str(text).map_err(|_| Error::Corrupt("JSON value"))
}

pub fn object_of(text: &str) -> Result<Map<String, Value>, Error> {
    serde_json::from_str(text).map_err(|_| Error::Corrupt("JSON object"))
}

pub fn version_text(version: &VersionLabel) -> String {
    json!({"id": version.id.0, "number": version.number, "name": version.name}).to_string()
}

pub fn version_of(text: &str) -> Result<VersionLabel, Error> {
    let value = json_of(text)?;
    let id = value["id"]
        .as_str()
        .and_then(|id| id.parse::<VersionId>().ok());
    Ok(VersionLabel {
        id: id.ok_or(Error::Corrupt("version"))?,
        number: value["number"].as_i64().ok_or(Error::Corrupt("version"))?,
        name: value["name"].as_str().map(str::to_owned),
    })
}

pub fn note_of(code: Option<&str>, value: Option<String>) -> Option<Note> {
    let code = code?;
    match NoteCode::parse(code) {
        Some(code) => Some(Note { code, value }),
        // A code of a newer version of the bridge.
        None => Some(Note::text(code)),
    }
}

fn flow_step_of(text: &str) -> Result<FlowStep, Error> {
    FlowStep::of(&json_of(text)?).ok_or(Error::Corrupt("step of a flow"))
}

fn actor_of(row: &TaskColumns) -> Option<Actor> {
    let stored = row.launcher_name.as_deref();
    stored
        .filter(|_| row.launcher_id.is_none())
        .map(Actor::read)
}

/// The status must come first: see [`status_at_start`].
fn reported_text(said: &FinalReport) -> String {
    json!({
        "status": said.status.status().as_str(),
        "message": said.message,
        "previous": said.previous,
    })
    .to_string()
}

fn reported_of(text: &str) -> Result<FinalReport, Error> {
    let value = json_of(text)?;
    let word = match value["status"].as_str() {
        Some("SUCCESS") => FinalStatus::Success,
        Some("ERROR") => FinalStatus::Error,
        Some("CANCELLED") => FinalStatus::Cancelled,
        _ => return Err(Error::Corrupt("reported status")),
    };
    Ok(FinalReport {
        status: word,
        message: value["message"].as_str().map(str::to_owned),
        previous: value["previous"].as_str().map(str::to_owned),
    })
}

/// The reported status, read from the start of the text. The rest can be long and may be cut off.
pub fn status_at_start(text: &str) -> Result<FinalStatus, Error> {
    let words = [
        FinalStatus::Success,
        FinalStatus::Error,
        FinalStatus::Cancelled,
    ];
    let begins = |word: &FinalStatus| {
        let rest = text.strip_prefix("{\"status\":\"");
        rest.and_then(|rest| rest.strip_prefix(word.status().as_str()))
            .is_some_and(|rest| rest.starts_with('"'))
    };
    words
        .into_iter()
        .find(begins)
        .ok_or(Error::Corrupt("reported status"))
}

fn state_text(state: &State) -> &'static str {
    match state {
        State::Accepted => "accepted",
        State::Launching => "launching",
        State::Submitted => "submitted",
        State::Running => "running",
        State::Reported(_) => "reported",
        State::Ended { .. } => "ended",
    }
}

fn state_of(row: &TaskColumns) -> Result<State, Error> {
    let said = row.reported.as_deref().map(reported_of).transpose()?;
    let end = row.run_end.as_deref().map(run_end_of).transpose()?;
    match (row.state.as_str(), said, end) {
        ("accepted", None, None) => Ok(State::Accepted),
        ("launching", None, None) => Ok(State::Launching),
        ("submitted", None, None) => Ok(State::Submitted),
        ("running", None, None) => Ok(State::Running),
        ("reported", Some(said), None) => Ok(State::Reported(said)),
        ("ended", said, Some(run)) => Ok(State::Ended { run, report: said }),
        _ => Err(Error::Corrupt("state")),
    }
}

fn run_end_text(end: RunEnd) -> &'static str {
    match end {
        RunEnd::Success => "success",
        RunEnd::Failed => "failed",
        RunEnd::Stopped => "stopped",
        RunEnd::Gone => "gone",
        RunEnd::NeverConfirmed => "never_confirmed",
        RunEnd::NeverSent => "never_sent",
        RunEnd::Refused => "refused",
    }
}

pub fn run_end_of(word: &str) -> Result<RunEnd, Error> {
    match word {
        "success" => Ok(RunEnd::Success),
        "failed" => Ok(RunEnd::Failed),
        "stopped" => Ok(RunEnd::Stopped),
        "gone" => Ok(RunEnd::Gone),
        "never_confirmed" => Ok(RunEnd::NeverConfirmed),
        "never_sent" => Ok(RunEnd::NeverSent),
        "refused" => Ok(RunEnd::Refused),
        _ => Err(Error::Corrupt("run end")),
    }
}
