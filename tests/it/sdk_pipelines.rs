//! Pipelines with code: launched through the API of the real binary, run by OpenHEXA's SDK, with their own reports.

use rstest::rstest;
use std::path::{Path, PathBuf};

use rustix::process::{Pid, Signal, test_kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::postgres;
use crate::support::process::{Line, Process, Visitor};
use crate::support::story::{Base, Postgres, Sqlite};

pub fn python() -> PathBuf {
    std::env::var_os("OPENHEXA_BRIDGE_TEST_PYTHON")
        .expect("OPENHEXA_BRIDGE_TEST_PYTHON must name a Python 3.11 or later with the package openhexa.sdk")
        .into()
}

pub fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/pipelines")
}

/// `dev` with real pipelines, started.
struct Real {
    process: Process,
    bridge: String,
    openhexa: String,
    visitor: Visitor,
    data: TempDir,
    database: Option<String>,
}

impl Real {
    async fn start(base: Base, pipelines: &Path, python: &Path) -> Self {
        let database = match base {
            Base::Sqlite => None,
            Base::Postgres => Some(
                tokio::task::spawn_blocking(postgres::database)
                    .await
                    .unwrap(),
            ),
        };
        Self::on(tempfile::tempdir().unwrap(), database, pipelines, python).await
    }

    async fn on(data: TempDir, database: Option<String>, pipelines: &Path, python: &Path) -> Self {
        let line = Line::of(&["dev", "--port", "0", "--openhexa-port", "0"]).data(data.path());
        let line = line
            .arg("--pipelines")
            .arg(pipelines)
            .arg("--python")
            .arg(python);
        let line = match &database {
            Some(url) => line.setting("DATABASE__URL", url),
            None => line,
        };
        let mut process = line.start();
        let (bridge, openhexa) = process.addresses().await;
        Self {
            process,
            bridge,
            openhexa,
            visitor: Visitor::new(),
            data,
            database,
        }
    }

    async fn launch(&self, code: &str, config: &Value) -> (String, i64) {
        let pipeline = self.visitor.pipeline(&self.bridge, code).await;
        let task = self.visitor.launch(&self.bridge, &pipeline, config).await;
        (pipeline, task)
    }

    async fn get(&self, path: &str) -> Value {
        let (status, answer) = self
            .visitor
            .get(&format!("{}/api/openhexa{path}", self.bridge))
            .await;
        assert_eq!(status, 200, "{answer}");
        answer
    }

    async fn until_confirmed(&self, task: i64) -> Value {
        self.visitor.until_confirmed(&self.bridge, task).await
    }

    /// The messages of the pipeline in the task's log.
    async fn messages(&self, task: i64) -> Vec<String> {
        let logs = self.get(&format!("/tasks/{task}/logs/")).await["logs"].clone();
        let messages = logs.as_array().unwrap().iter();
        messages
            .map(|line| line["message"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Every report with its details, oldest first.
    async fn callbacks(&self, task: i64) -> Vec<String> {
        let events = self.get(&format!("/tasks/{task}/events/")).await["results"].clone();
        let callbacks = events
            .as_array()
            .unwrap()
            .iter()
            .filter(|event| event["source"] == "callback");
        callbacks
            .map(|event| format!("{} {}", event["code"], event["detail"]))
            .collect()
    }

    async fn stop(self) {
        let ended = self.process.stop(Signal::TERM).await;
        assert_eq!(ended.status.code(), Some(0), "{:#?}", ended.err);
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_basic_pipeline_succeeds_with_its_result(#[values(Sqlite, Postgres)] base: Base) {
    let real = Real::start(base, &examples(), &python()).await;
    let config =
        json!({"country": "Niger", "demo_data": true, "max_records": 7, "confidence": 0.9});
    let (pipeline, task) = real.launch("basic-pipeline", &config).await;
    let ended = real.until_confirmed(task).await;
    assert_eq!(ended["status"], "SUCCESS", "{ended}");
    assert_eq!(
        ended["result"],
        json!({"result": "SUCCESS", "data": {"country": "Niger", "records": 7, "confidence": 0.9}})
    );
    assert_eq!(
        (
            &ended["progress_value"],
            &ended["end_value"],
            &ended["progress_message"]
        ),
        (&json!(100), &json!(100), &json!("Done"))
    );
    assert_eq!(
        ended["config"],
        json!({"task_id": task.to_string(), "pipeline_id": pipeline, "country": "Niger", "demo_data": true, "max_records": 7, "confidence": 0.9})
    );
    assert_eq!(
        real.messages(task).await,
        ["Reading records of Niger", "7 records read", "Done"]
    );
    let callbacks = real.callbacks(task).await;
    assert_eq!(callbacks.len(), 3, "{callbacks:?}");
    for (callback, part) in callbacks.iter().zip(["25", "100", "reported_success"]) {
        assert!(callback.contains(part), "{part}: {callback}");
    }
    real.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_failing_pipeline_fails_with_its_message(#[values(Sqlite, Postgres)] base: Base) {
    let real = Real::start(base, &examples(), &python()).await;
    let (_, task) = real
        .launch(
            "failing-pipeline",
            &json!({"reason": "The server of the ministry is away"}),
        )
        .await;
    let ended = real.until_confirmed(task).await;
    assert_eq!(ended["status"], "ERROR", "{ended}");
    assert_eq!(
        ended["progress_message"],
        "The server of the ministry is away"
    );
    assert_eq!(
        (&ended["result"]["result"], &ended["result"]["message"]),
        (
            &json!("ERROR"),
            &json!("The server of the ministry is away")
        )
    );
    assert_eq!(ended["run"]["status"], "failed");
    real.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_plain_pipeline_reports_with_the_values_of_its_launch(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let real = Real::start(base, &examples(), &python()).await;
    let (_, task) = real.launch("plain-pipeline", &json!({"steps": 2})).await;
    let ended = real.until_confirmed(task).await;
    assert_eq!(
        ended["result"],
        json!({"result": "SUCCESS", "data": {"steps": 2}}),
        "{ended}"
    );
    assert_eq!(
        real.messages(task).await,
        ["Step 1 of 2", "Step 2 of 2", "Done"]
    );
    real.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_plain_pipeline_stops_after_a_cancel(#[values(Sqlite, Postgres)] base: Base) {
    let real = Real::start(base, &examples(), &python()).await;
    let (pipeline, task) = real
        .launch("plain-pipeline", &json!({"steps": 10_000, "pause": 0.02}))
        .await;
    real.visitor
        .until(&real.bridge, task, |task| {
            task["progress_message"].is_string()
        })
        .await;
    let url = format!("{}/api/openhexa/pipelines/{pipeline}/", real.bridge);
    let (status, answer) = real
        .visitor
        .patch(&url, &json!({"task_id": task, "status": "CANCELLED"}))
        .await;
    assert_eq!(status, 200, "{answer}");
    let ended = real.until_confirmed(task).await;
    assert_eq!(
        (&ended["status"], &ended["run"]["status"]),
        (&json!("CANCELLED"), &json!("success")),
        "{ended}"
    );
    real.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_launch_is_validated_with_the_parameters_in_the_code(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let real = Real::start(base, &examples(), &python()).await;
    let pipeline = real.visitor.pipeline(&real.bridge, "basic-pipeline").await;
    let described = real.get(&format!("/pipelines/{pipeline}/")).await;
    let codes: Vec<&str> = described["currentVersion"]["parameters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["code"].as_str().unwrap())
        .collect();
    assert_eq!(
        codes,
        [
            "task_id",
            "pipeline_id",
            "country",
            "demo_data",
            "max_records",
            "confidence"
        ]
    );
    let url = format!("{}/api/openhexa/pipelines/{pipeline}/launch/", real.bridge);
    let (status, wrong) = real
        .visitor
        .post(&url, &json!({"config": {"max_records": "many", "nope": 1}}))
        .await;
    assert_eq!(status, 400);
    let fields: Vec<&String> = wrong["config"].as_object().unwrap().keys().collect();
    assert_eq!(fields, ["max_records", "nope"]);
    let runs = real
        .visitor
        .get(&real.openhexa.replace("/graphql/", "/emulator/runs"))
        .await
        .1;
    assert_eq!(runs["results"], json!([]));
    real.stop().await;
}

const ENDLESS: &str = r#"
import os, subprocess, time
from openhexa.sdk import current_run, parameter, pipeline, workspace

@pipeline("Endless")
@parameter("folder", type=str)
def endless(folder):
    helper = subprocess.Popen(["sleep", "600"])
    with open(folder + "/pids.new", "w") as out:
        out.write(f"{os.getpid()} {helper.pid}")
    os.rename(folder + "/pids.new", folder + "/pids")
    time.sleep(600)

if __name__ == "__main__":
    endless()
"#;

/// Waits for the process ids that the pipeline wrote: its own and its child process's.
async fn pids(folder: &Path) -> Vec<Pid> {
    let deadline = std::time::Instant::now() + crate::support::story::MAX_WAIT;
    loop {
        if let Ok(text) = std::fs::read_to_string(folder.join("pids")) {
            return text
                .split(' ')
                .map(|pid| Pid::from_raw(pid.parse().unwrap()).unwrap())
                .collect();
        }
        assert!(
            std::time::Instant::now() < deadline,
            "the pipeline did not start"
        );
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

/// A process that ended but was not reaped yet counts as ended.
fn is_there(pid: Pid) -> bool {
    let stat =
        std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap_or_default();
    let is_dead = stat
        .rsplit(')')
        .next()
        .is_some_and(|rest| rest.trim().starts_with('Z'));
    test_kill_process(pid).is_ok() && !is_dead
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_leaves_no_process_behind_and_the_next_start_ends_its_task(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let code = tempfile::tempdir().unwrap();
    std::fs::create_dir(code.path().join("endless")).unwrap();
    std::fs::write(code.path().join("endless/pipeline.py"), ENDLESS).unwrap();
    let real = Real::start(base, code.path(), &python()).await;
    let (_, task) = real
        .launch("endless", &json!({"folder": code.path()}))
        .await;
    let pids = pids(code.path()).await;
    assert!(pids.iter().all(|pid| is_there(*pid)));
    let running = real
        .visitor
        .until(&real.bridge, task, |task| task["status"] == "RUNNING")
        .await;
    assert_eq!(running["confirmed"], false);
    let stopped = real.process.stop(Signal::TERM).await;
    assert_eq!(stopped.status.code(), Some(0), "{:#?}", stopped.err);
    assert_eq!(pids.iter().filter(|pid| is_there(**pid)).count(), 0);
    let again = Real::on(real.data, real.database, code.path(), &python()).await;
    let ended = again.until_confirmed(task).await;
    assert_eq!(
        (&ended["status"], &ended["run"]["status"]),
        (&json!("ERROR"), &json!("failed"))
    );
    again.stop().await;
}

#[tokio::test]
async fn a_closed_terminal_leaves_no_process_behind() {
    let code = tempfile::tempdir().unwrap();
    std::fs::create_dir(code.path().join("endless")).unwrap();
    std::fs::write(code.path().join("endless/pipeline.py"), ENDLESS).unwrap();
    let real = Real::start(Base::Sqlite, code.path(), &python()).await;
    real.launch("endless", &json!({"folder": code.path()}))
        .await;
    let pids = pids(code.path()).await;
    assert!(pids.iter().all(|pid| is_there(*pid)));
    let stopped = real.process.stop(Signal::HUP).await;
    assert_eq!(stopped.status.code(), Some(0), "{:#?}", stopped.err);
    assert_eq!(pids.iter().filter(|pid| is_there(**pid)).count(), 0);
}

// An author who edits pipeline.py did not know which definition was used.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_author_edits_launches_and_opens_the_run(#[values(Sqlite, Postgres)] base: Base) {
    let folder = tempfile::tempdir().unwrap();
    let code = std::fs::read_to_string(examples().join("basic/pipeline.py")).unwrap();
    let file = folder.path().join("pipeline.py");
    std::fs::write(&file, &code).unwrap();
    let real = Real::start(base, folder.path(), &python()).await;
    let (pipeline, task) = real.launch("basic-pipeline", &json!({})).await;
    let ended = real.until_confirmed(task).await;
    let run = ended["run"]["url"].as_str().unwrap();
    assert!(run.starts_with(&real.openhexa.replace("graphql/", "workspaces/demo/")));
    let client = crate::support::client::builder().build().unwrap();
    let page = client.get(run).send().await.unwrap();
    assert_eq!(page.status(), 200);
    let page = page.text().await.unwrap();
    assert!(page.contains("<h1>Run of Basic pipeline</h1>"), "{page}");

    let url = format!("{}/api/openhexa/pipelines/{pipeline}/launch/", real.bridge);
    let body = json!({"config": {"surplus": 1}});
    let (status, refused) = real.visitor.post(&url, &body).await;
    assert_eq!(status, 400);
    let told = refused["config"]["surplus"][1].as_str().unwrap();
    let name = folder.path().file_name().unwrap().to_string_lossy();
    assert!(
        told.starts_with("The parameters are those of version v1, created 20")
            && told.contains(&format!(": read from {name}/pipeline.py at 20")),
        "{told}"
    );
    let edited = code.replacen(
        "@parameter(",
        "@parameter(\"surplus\", type=int, required=False)\n@parameter(",
        1,
    );
    std::fs::write(&file, edited).unwrap();
    let line = format!("Read {name}/pipeline.py again: ");
    real.process
        .until_printed("the new definition", |lines| {
            lines.iter().any(|one| one.starts_with(&line))
        })
        .await;
    let (status, _) = real.visitor.post(&url, &body).await;
    assert_eq!(status, 201);
    real.stop().await;
}

/// Runs `dev --pipelines` on SQLite with this interpreter and launches `basic-pipeline`; returns the ended
/// task and the output.
async fn with_python(python: &Path) -> (Value, Vec<String>) {
    let real = Real::start(Base::Sqlite, &examples(), python).await;
    let listed = real.get("/pipelines/").await["results"].clone();
    let pipeline = listed[0]["id"].as_str().unwrap().to_owned();
    let task = real
        .visitor
        .launch(&real.bridge, &pipeline, &json!({}))
        .await;
    let ended = real.until_confirmed(task).await;
    let stopped = real.process.stop(Signal::TERM).await;
    assert!(real.data.path().join("openhexa-bridge.db").exists());
    (ended, stopped.err)
}

fn has_line(lines: &[String], parts: [&str; 2]) -> bool {
    lines
        .iter()
        .any(|line| parts.iter().all(|part| line.contains(part)))
}

#[tokio::test]
async fn a_missing_python_is_reported_at_the_start_and_in_the_runs_log() {
    let (ended, told) = with_python(Path::new("/nowhere/python3")).await;
    assert!(
        has_line(&told, ["/nowhere/python3", "Cannot read the pipelines"]),
        "{told:#?}"
    );
    assert_eq!(ended["status"], "ERROR");
    let message = ended["progress_message"].as_str().unwrap();
    assert!(
        message.contains("/nowhere/python3") && message.contains("openhexa.sdk"),
        "{message}"
    );
}

#[tokio::test]
async fn a_python_without_the_sdk_is_reported_at_the_start_and_in_the_runs_log() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let bare = folder.path().join("python-without-packages");
    std::fs::write(
        &bare,
        format!("#!/bin/sh\nexec '{}' -S \"$@\"\n", python().display()),
    )
    .unwrap();
    std::fs::set_permissions(&bare, std::fs::Permissions::from_mode(0o755)).unwrap();
    let (ended, told) = with_python(&bare).await;
    assert!(
        has_line(&told, ["openhexa", "pip install openhexa.sdk"]),
        "{told:#?}"
    );
    assert_eq!(ended["status"], "ERROR");
    let message = ended["progress_message"].as_str().unwrap();
    assert!(message.contains("No module named"), "{message}");
}
