//! Runs real pipelines: each run is a Python process in the pipeline's folder, as in OpenHEXA's container.
//!
//! The process sends requests to the emulator with the run's token, and its output becomes the run's log. When a run is
//! stopped, its whole process group is killed, because the SDK starts more processes.

use std::io::{Read, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::Value;
use tokio::process::{Child, Command};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::catalogue::Pipeline;
use super::failed_run;
use super::run::Run;
use super::run_store::STOPPING_TAKES;
use super::state::State;

/// The time between SIGTERM and SIGKILL.
const GRACE: Duration = Duration::from_secs(3);
/// How many bytes of a process's output are kept: the last ones.
const LONGEST_LOG: usize = 1024 * 1024;

/// Runs a queued run to its end.
pub async fn execute(state: &Arc<State>, id: Uuid) {
    let _place = tokio::select! {
        biased;
        () = state.ending.cancelled() => return,
        place = state.process_slots.acquire() => place,
    };
    let stop = CancellationToken::new();
    state.processes().insert(id, stop.clone());
    let begun = state.run_store().begin_real(id, state.now());
    if let Some(run) = begun {
        run_process(state, &run, &stop).await;
    }
    state.processes().remove(&id);
    state.wake.notify_one();
}

async fn run_process(state: &State, run: &Run, stop: &CancellationToken) {
    let catalogue = state.catalogue.current();
    let Some(pipeline) = catalogue.pipeline(run.pipeline) else {
        return;
    };
    let (succeeded, logs) = match start(state, pipeline, run) {
        Ok((child, log)) => {
            let limit = Duration::from_secs(run.timeout.unsigned_abs());
            let end = watch(state, child, stop, limit).await;
            let mut logs = log.await.unwrap_or_default();
            if let Some(remark) = end.remark() {
                logs.push_str(&remark);
            }
            (end.succeeded(), logs)
        }
        Err(error) => {
            let python = state.python.display();
            let sentence = format!(
                "The run could not be started: {error} ({python}). Set --python to an interpreter that has the package openhexa.sdk: python3 -m venv .venv && .venv/bin/pip install openhexa.sdk\n"
            );
            (false, sentence)
        }
    };
    // A run that ends because the emulator stops gets its status at the next start.
    if !state.ending.is_cancelled() {
        if !succeeded && !stop.is_cancelled() {
            state
                .notices
                .add(failed_run::notice(state, pipeline, run, &logs));
        }
        state
            .run_store()
            .end_real(run.id, succeeded, logs, state.now());
    }
    let _ = tokio::fs::remove_file(config_file(state, run)).await;
    let _ = tokio::fs::remove_dir_all(state.scratch.join(run.id.to_string())).await;
}

fn start(
    state: &State,
    pipeline: &Pipeline,
    run: &Run,
) -> std::io::Result<(Child, tokio::task::JoinHandle<String>)> {
    let folder = pipeline.folder.as_deref().unwrap_or(Path::new("."));
    let scratch = state.scratch.join(run.id.to_string());
    std::fs::create_dir_all(&scratch)?;
    let config = config_file(state, run);
    write_config(&config, run)?;
    let (reader, writer) = std::io::pipe()?;
    let mut command = Command::new(&state.python);
    command
        .arg("pipeline.py")
        .arg("--config-file")
        .arg(config)
        .current_dir(folder)
        .envs(environment(state, pipeline, run))
        .env("WORKSPACE_FILES_PATH", &state.files)
        .env("WORKSPACE_TMP_PATH", &scratch)
        .stdin(Stdio::null())
        .stdout(writer.try_clone()?)
        .stderr(writer)
        .process_group(0)
        .kill_on_drop(true);
    let child = command.spawn()?;
    // The reader waits until all writing ends are closed, and the command has one of them.
    drop(command);
    let log = tokio::task::spawn_blocking(move || read_output(reader));
    Ok((child, log))
}

/// The file with the run's parameters. It is not in the run's own folder, so that the pipeline finds that folder empty.
fn config_file(state: &State, run: &Run) -> PathBuf {
    state.scratch.join(format!("{}.json", run.id))
}

/// Writes the parameters to a file that only its owner can read. They can contain secrets, and every user of the machine
/// can read a command line.
fn write_config(path: &Path, run: &Run) -> std::io::Result<()> {
    let mut file = std::fs::OpenOptions::new();
    let mut file = file.write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(ascii(&Value::Object(run.config.clone())).as_bytes())
}

/// The SDK reads the file in the encoding of the system, so letters outside ASCII are escaped.
fn ascii(value: &Value) -> String {
    let mut text = String::new();
    for letter in value.to_string().chars() {
        if letter.is_ascii() {
            text.push(letter);
        } else {
            let units = letter.encode_utf16(&mut [0; 2]).to_vec();
            text.extend(units.iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    text
}

fn environment(state: &State, pipeline: &Pipeline, run: &Run) -> Vec<(&'static str, String)> {
    let slug = state.catalogue.current().slug_of(pipeline).to_owned();
    let local = "127.0.0.1,localhost".to_owned();
    vec![
        ("HEXA_ENVIRONMENT", "CLOUD_PIPELINE".to_owned()),
        ("HEXA_SERVER_URL", state.base().to_owned()),
        ("HEXA_TOKEN", run.token.clone()),
        ("HEXA_WORKSPACE", slug.clone()),
        ("HEXA_RUN_ID", run.id.to_string()),
        ("HEXA_PIPELINE_CODE", pipeline.code.clone()),
        ("HEXA_PIPELINE_NAME", pipeline.title().to_owned()),
        ("HEXA_PIPELINE_TYPE", pipeline.kind.clone()),
        (
            "HEXA_LOG_LEVEL",
            if run.debug { "DEBUG" } else { "INFO" }.to_owned(),
        ),
        ("WORKSPACE_BUCKET_NAME", slug),
        (
            "WORKSPACE_DATABASE_URL",
            "postgresql://nobody@127.0.0.1:1/none".to_owned(),
        ),
        ("NO_PROXY", local.clone()),
        ("no_proxy", local),
        ("PYTHONUNBUFFERED", "1".to_owned()),
        ("PYTHONDONTWRITEBYTECODE", "1".to_owned()),
    ]
}

/// Reads until all writing processes have ended; keeps the end of a very long output.
fn read_output(mut reader: std::io::PipeReader) -> String {
    let mut output = Vec::new();
    let mut piece = [0; 8192];
    while let Ok(size) = reader.read(&mut piece) {
        if size == 0 {
            break;
        }
        output.extend_from_slice(&piece[..size]);
        if output.len() > 2 * LONGEST_LOG {
            output.drain(..LONGEST_LOG);
        }
    }
    String::from_utf8_lossy(&output).into_owned()
}

enum End {
    Exit(ExitStatus),
    Killed,
    Overdue(Duration),
    Lost(std::io::Error),
}

impl End {
    fn succeeded(&self) -> bool {
        matches!(self, Self::Exit(status) if status.success())
    }

    fn remark(&self) -> Option<String> {
        match self {
            Self::Exit(_) | Self::Killed => None,
            Self::Overdue(limit) => Some(format!("Time limit of {} s reached\n", limit.as_secs())),
            Self::Lost(error) => Some(format!(
                "The exit status of the process could not be read: {error}\n"
            )),
        }
    }
}

async fn watch(state: &State, mut child: Child, stop: &CancellationToken, limit: Duration) -> End {
    let group = child.id();
    let end = tokio::select! {
        exit = child.wait() => exit.map_or_else(End::Lost, End::Exit),
        () = stop_noticed(stop) => End::Killed,
        () = state.ending.cancelled() => End::Killed,
        () = tokio::time::sleep(limit) => End::Overdue(limit),
    };
    if !matches!(end, End::Exit(_)) {
        signal(group, Signal::TERM);
        let _ = tokio::time::timeout(GRACE, child.wait()).await;
    }
    // Also kills processes that the process has started.
    signal(group, Signal::KILL);
    let _ = child.wait().await;
    end
}

/// OpenHEXA's runner checks periodically whether a run was stopped; until then the run is `terminating`.
async fn stop_noticed(stop: &CancellationToken) {
    stop.cancelled().await;
    tokio::time::sleep(Duration::from_millis(STOPPING_TAKES.unsigned_abs())).await;
}

fn signal(group: Option<u32>, signal: Signal) {
    let pid = group
        .and_then(|id| i32::try_from(id).ok())
        .and_then(Pid::from_raw);
    if let Some(pid) = pid {
        // Fails if the process has ended already.
        let _ = kill_process_group(pid, signal);
    }
}
