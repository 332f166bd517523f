//! Pipelines with code, run by the OpenHEXA SDK.
//!
//! They need a Python with `openhexa.sdk`, given by `OPENHEXA_BRIDGE_TEST_PYTHON`.

mod edits;
mod processes;
mod unusual_code;

use std::path::{Path, PathBuf};

use serde_json::json;

use processes::first_message;

use super::reports::Listener;
use super::*;

fn python() -> PathBuf {
    std::env::var_os("OPENHEXA_BRIDGE_TEST_PYTHON")
        .expect("OPENHEXA_BRIDGE_TEST_PYTHON must name a Python 3.11 or later with the package openhexa.sdk")
        .into()
}

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/pipelines")
}

async fn start(pipelines: &Path, python: &Path) -> Story {
    let data = new_folder();
    let emulator = Emulator::start(Options {
        pipelines: Some(pipelines.to_owned()),
        python: python.to_owned(),
        ..options(&data)
    })
    .await
    .unwrap();
    Story {
        emulator,
        client: new_client(),
        data,
    }
}

/// A folder with one pipeline of this code.
fn folder(code: &str) -> TempDir {
    let folder = new_folder();
    std::fs::create_dir(folder.path().join("one")).unwrap();
    std::fs::write(folder.path().join("one/pipeline.py"), code).unwrap();
    folder
}

async fn only_pipeline(story: &Story) -> Value {
    let query =
        "{ pipelines { items { id code name functionalType currentVersion { id timeout config
        parameters { code name type required multiple default choices } } } } }";
    let answer = story.ask(query, json!({})).await;
    answer.data()["pipelines"]["items"][0].clone()
}

const TALKATIVE: &str = r#"
import os, time
from openhexa.sdk import current_run, parameter, pipeline, workspace

@pipeline("Talkative", timeout=120, functional_type="computation")
@parameter("country", name="Country", type=str, required=True, choices=["Niger", "Togo"])
@parameter("rounds", type=int, multiple=True, required=False, default=[1])
def talkative(country, rounds):
    connection = workspace.custom_connection("iaso-pipeline")
    current_run.log_info(f"{country} {rounds} {connection.url} {connection.value}")
    current_run.log_warning(f"run {current_run.id()} in {workspace.slug}")
    path = f"{workspace.files_path}/out.csv"
    with open(path, "w") as out:
        out.write("a,b")
    current_run.add_file_output(path)
    print("printed by the pipeline")
    current_run.log_debug("quietly")
    work()

@talkative.task
def work():
    return 1

if __name__ == "__main__":
    talkative()
"#;

const ENDLESS: &str = r#"
import os, subprocess, time
from openhexa.sdk import current_run, pipeline, workspace

@pipeline("Endless")
def endless():
    helper = subprocess.Popen(["sleep", "600"])
    current_run.log_info(f"{os.getpid()} {helper.pid}")
    time.sleep(600)

if __name__ == "__main__":
    endless()
"#;

#[actix_web::test]
async fn a_pipeline_is_described_as_after_an_upload() {
    let code = folder(TALKATIVE);
    let story = start(code.path(), &python()).await;
    let described = only_pipeline(&story).await;
    let again = only_pipeline(&start(code.path(), &python()).await).await;
    assert_eq!(described, again, "ids come from the code");
    let version = &described["currentVersion"];
    assert_eq!(
        (
            &described["code"],
            &described["name"],
            &described["functionalType"]
        ),
        (
            &json!("talkative"),
            &json!("Talkative"),
            &json!("computation")
        )
    );
    assert_eq!(
        (&version["timeout"], &version["config"]),
        (&json!(120), &json!({"rounds": [1]}))
    );
    assert_eq!(
        version["parameters"],
        json!([
            {"code": "country", "name": "Country", "type": "str", "required": true, "multiple": false,
                "default": null, "choices": ["Niger", "Togo"]},
            {"code": "rounds", "name": "rounds", "type": "int", "required": false, "multiple": true,
                "default": [1], "choices": null}])
    );
}

#[actix_web::test]
async fn a_run_sends_messages_with_its_own_token() {
    let code = folder(TALKATIVE);
    let story = start(code.path(), &python()).await;
    story.emulator.fill_iaso(Iaso {
        url: "http://iaso.test".to_owned(),
        token: "key".to_owned().into(),
    });
    let pipeline = only_pipeline(&story).await;
    let id = pipeline["id"].as_str().unwrap();
    let run = story.run(id, json!({"country": "Togo"})).await;
    let done = story.until(&run, "success").await;
    let said: Vec<_> = done["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|said| (&said["priority"], &said["message"]))
        .collect();
    assert_eq!(
        said[0],
        (&json!("INFO"), &json!("Togo [1] http://iaso.test key"))
    );
    assert_eq!(
        said[1],
        (&json!("WARNING"), &json!(format!("run {run} in demo")))
    );
    assert_eq!(said.len(), 2, "{said:?}");
    assert_eq!(done["progress"], 100);
    assert_eq!(
        done["outputs"],
        json!([{"__typename": "BucketObject", "key": "out.csv", "size": 3}])
    );
    let url = format!(
        "{}/workspaces/demo/pipelines/talkative/runs/{run}/",
        story.base()
    );
    let page = story.client.get(url).send().await.unwrap();
    let page = page.text().await.unwrap();
    let path = story.emulator.files().join("out.csv").display().to_string();
    assert!(
        page.contains("<a href=\"/workspaces/demo/files/out.csv\">out.csv</a> (3 bytes)")
            && page.contains(&path),
        "{page}"
    );
    let line = format!("Output of a run: {path}");
    assert!(story.emulator.notices().contains(&line));
    let logs = done["logs"].as_str().unwrap();
    assert!(
        logs.contains("printed by the pipeline") && logs.contains("Heartbeat sent successfully"),
        "{logs}"
    );
}

const SECRETIVE: &str = r#"
import os, sys
from openhexa.sdk import current_run, parameter, pipeline, workspace

@pipeline("Secretive")
@parameter("password", type=str)
def secretive(password):
    line = open("/proc/self/cmdline").read()
    file = sys.argv[sys.argv.index("--config-file") + 1]
    mode = oct(os.stat(file).st_mode & 0o777)
    current_run.log_info(f"{password} {password[:4] in line} {mode} {os.listdir(workspace.tmp_path)}")

if __name__ == "__main__":
    secretive()
"#;

// The parameters stood on the command line, which every user of the machine can read.
#[actix_web::test]
async fn the_parameters_of_a_run_are_only_readable_by_its_owner() {
    let code = folder(SECRETIVE);
    let story = start(code.path(), &python()).await;
    let pipeline = only_pipeline(&story).await;
    let password = "a-\u{e9}\u{1f511}-\"\\n\u{7f}";
    let id = pipeline["id"].as_str().unwrap();
    let run = story.run(id, json!({ "password": password })).await;
    let done = story.until(&run, "success").await;
    let said = &done["messages"][0]["message"];
    assert_eq!(said, &json!(format!("{password} False 0o600 []")));
    let left = story.data.path().join("openhexa/tmp");
    let removed = async {
        while std::fs::read_dir(&left).unwrap().next().is_some() {
            tokio::task::yield_now().await;
        }
    };
    let removed = tokio::time::timeout(MAX_WAIT, removed).await;
    removed.expect("the file is deleted with its run");
}

#[actix_web::test]
async fn debug_logs_are_written_if_requested() {
    let code = folder(TALKATIVE);
    let story = start(code.path(), &python()).await;
    story.emulator.fill_iaso(Iaso {
        url: "http://iaso.test".to_owned(),
        token: "key".to_owned().into(),
    });
    let pipeline = only_pipeline(&story).await;
    let input =
        json!({"id": pipeline["id"], "config": {"country": "Niger"}, "enableDebugLogs": true});
    let answer = story.ask(LAUNCH, json!({"input": input})).await;
    let run = answer.data()["runPipeline"]["run"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let done = story.until(&run, "success").await;
    let last = done["messages"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["priority"], &last["message"]),
        (&json!("DEBUG"), &json!("quietly"))
    );
}

#[actix_web::test]
async fn the_sdk_refuses_values_that_openhexa_accepted() {
    let code = folder(TALKATIVE);
    let story = start(code.path(), &python()).await;
    let pipeline = only_pipeline(&story).await;
    let id = pipeline["id"].as_str().unwrap();
    for (config, sentence) in [
        (
            json!({"country": "Togo", "nope": 1}),
            "The provided config contains invalid key(s): nope",
        ),
        (json!({}), "country is required"),
        (
            json!({"country": "Mali"}),
            "The provided value for country is not included in the provided choices.",
        ),
    ] {
        let run = story.run(id, config).await;
        let failed = story.until(&run, "failed").await;
        assert!(
            failed["logs"].as_str().unwrap().contains(sentence),
            "{}",
            failed["logs"]
        );
        assert_eq!(failed["messages"], json!([]));
    }
}

#[actix_web::test]
async fn the_token_of_a_run_works_only_while_it_is_running() {
    let code = folder(&ENDLESS.replace("{os.getpid()} {helper.pid}", "{os.environ['HEXA_TOKEN']}"));
    let story = start(code.path(), &python()).await;
    let pipeline = only_pipeline(&story).await;
    let run = story.run(pipeline["id"].as_str().unwrap(), json!({})).await;
    let token = first_message(&story, &run).await;
    let progress = "mutation P($i: UpdatePipelineProgressInput!) { updatePipelineProgress(input: $i) { success errors } }";
    let tell = async |percent: i32| {
        story
            .ask_as(Some(&token), progress, json!({"i": {"percent": percent}}))
            .await
    };
    // The emulator does not validate progress, so it may decrease.
    for percent in [250, 55] {
        assert_eq!(
            tell(percent).await.data()["updatePipelineProgress"]["success"],
            true
        );
        assert_eq!(story.get_run(&run).await["progress"], percent);
    }
    tell(-5).await.assert_failed_softly();
    tell(40_000).await.assert_failed_softly();
    has_access_to_itself_only(&story, &token, &run).await;
    let stopped = story
        .ask_as(Some(&token), STOP, json!({"input": {"runId": run}}))
        .await;
    assert_eq!(
        stopped.data()["stopPipeline"]["errors"],
        json!(["PERMISSION_DENIED"])
    );
    assert_eq!(story.stop_run(&run).await["success"], true);
    assert_eq!(
        tell(60).await.data()["updatePipelineProgress"]["errors"],
        json!(["PIPELINE_NOT_FOUND"])
    );
    story.until(&run, "stopped").await;
    assert_eq!(
        tell(60).await.data()["updatePipelineProgress"]["success"],
        false
    );
    let ours = story.ask(progress, json!({"i": {"percent": 1}})).await;
    assert_eq!(
        ours.data()["updatePipelineProgress"]["errors"],
        json!(["PIPELINE_NOT_FOUND"])
    );
}

async fn has_access_to_itself_only(story: &Story, token: &str, run: &str) {
    let own = story.ask_as(Some(token), GET_RUN, json!({"id": run})).await;
    assert_eq!(own.data()["pipelineRun"]["id"], json!(run));
    let pipeline = own.data()["pipelineRun"]["pipeline"]["id"].clone();
    let me = story
        .ask_as(
            Some(token),
            "{ pipelines { totalItems } me { user { id } } }",
            json!({}),
        )
        .await;
    assert_eq!(
        me.body["data"],
        json!({"pipelines": {"totalItems": 1}, "me": {"user": null}})
    );
    assert_eq!(me.body["errors"][0]["path"], json!(["me", "user", "id"]));
    let launch = json!({"input": {"id": pipeline, "config": {}}});
    story
        .ask_as(Some(token), LAUNCH, launch)
        .await
        .assert_failed_softly();
    // Faults do not apply to requests of runs.
    story
        .admin("faults", json!({"fault": "html_500", "count": 1}))
        .await;
    story
        .ask_as(Some(token), "{ me { user { email } } }", json!({}))
        .await;
    assert_eq!(story.ask("{ __typename }", json!({})).await.status, 500);
}

#[actix_web::test]
async fn the_examples_report_to_iaso() {
    let iaso = Listener::start(200);
    let story = start(&examples(), &python()).await;
    story.emulator.fill_iaso(Iaso {
        url: iaso.url.clone(),
        token: "static".to_owned().into(),
    });
    let id = async |code: &str| {
        let query =
            format!("{{ pipelineByCode(workspaceSlug: \"demo\", code: \"{code}\") {{ id }} }}");
        let answer = story.ask(&query, json!({})).await;
        answer.data()["pipelineByCode"]["id"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let basic = id("basic-pipeline").await;
    let run = story
        .run(&basic, json!({"task_id": "7", "pipeline_id": basic}))
        .await;
    story.until(&run, "success").await;
    let expected = [("RUNNING", 25), ("RUNNING", 100), ("SUCCESS", 100)];
    assert_eq!(
        iaso.words(),
        expected.map(|(word, progress)| (word.to_owned(), progress))
    );
    let heard = iaso.received();
    assert_eq!(
        heard[0].0,
        format!("PATCH /api/openhexa/pipelines/{basic}/")
    );
    assert_eq!(
        (&heard[0].2["task_id"], &heard[0].2["result"]),
        (&json!("7"), &json!(null))
    );
    assert_eq!(heard[2].2["result"]["records"], 50);
    let failing = id("failing-pipeline").await;
    let run = story
        .run(
            &failing,
            json!({"task_id": "8", "pipeline_id": failing, "reason": "no data"}),
        )
        .await;
    story.until(&run, "failed").await;
    let last = iaso.received().pop().unwrap().2;
    assert_eq!(
        (&last["status"], &last["progress_message"]),
        (&json!("ERROR"), &json!("no data"))
    );
}

#[actix_web::test]
async fn without_the_sdk_a_pipeline_is_listed_and_its_log_says_what_is_missing() {
    let code = folder(TALKATIVE);
    // Options such as -I or an empty home have the same effect; the machine's plain interpreter has no SDK.
    let bare = code.path().join("bare-python");
    std::fs::write(&bare, "#!/bin/sh\nexec python3 -S -I \"$@\"\n").unwrap();
    let mut rights = std::fs::metadata(&bare).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut rights, 0o755);
    std::fs::set_permissions(&bare, rights).unwrap();
    let story = start(code.path(), &bare).await;
    let described = only_pipeline(&story).await;
    let parameters = described["currentVersion"]["parameters"]
        .as_array()
        .unwrap();
    assert_eq!(parameters[0]["choices"], json!(["Niger", "Togo"]));
    assert_eq!(
        (&parameters[1]["type"], &parameters[1]["multiple"]),
        (&json!("int"), &json!(true))
    );
    let run = story
        .run(
            described["id"].as_str().unwrap(),
            json!({"country": "Togo"}),
        )
        .await;
    let failed = story.until(&run, "failed").await;
    assert!(
        failed["logs"]
            .as_str()
            .unwrap()
            .contains("No module named 'openhexa'"),
        "{failed}"
    );
}

#[actix_web::test]
async fn with_a_missing_interpreter_the_log_of_a_run_says_so() {
    let code = folder(TALKATIVE);
    let story = start(code.path(), Path::new("/nowhere/python3")).await;
    let described = only_pipeline(&story).await;
    assert_eq!(described["code"], "one");
    let run = story
        .run(described["id"].as_str().unwrap(), json!({}))
        .await;
    let failed = story.until(&run, "failed").await;
    let logs = failed["logs"].as_str().unwrap();
    assert!(
        logs.contains("could not be started") && logs.contains("/nowhere/python3"),
        "{logs}"
    );
}

#[actix_web::test]
async fn a_folder_that_cannot_be_read_is_skipped_and_a_catalogue_is_added() {
    let code = folder(TALKATIVE);
    std::fs::create_dir(code.path().join("broken")).unwrap();
    std::fs::write(code.path().join("broken/pipeline.py"), "def nothing(: pass").unwrap();
    let data = new_folder();
    let catalogue = data.path().join("catalogue.json");
    std::fs::write(
        &catalogue,
        json!({"pipelines": [{"code": "simulated"}]}).to_string(),
    )
    .unwrap();
    let emulator = Emulator::start(Options {
        pipelines: Some(code.path().to_owned()),
        catalogue: Some(catalogue),
        python: python(),
        ..options(&data)
    })
    .await
    .unwrap();
    let client = new_client();
    let story = Story {
        emulator,
        client,
        data,
    };
    let answer = story
        .ask("{ pipelines { items { code } } }", json!({}))
        .await;
    assert_eq!(
        answer.data()["pipelines"]["items"],
        json!([{"code": "simulated"}, {"code": "talkative"}])
    );
}

const BROKEN: &str = r#"
import os
from openhexa.sdk import current_run, parameter, pipeline, workspace

@pipeline("Broken")
@parameter("token", type=str, required=True)
def broken(token):
    path = f"{workspace.files_path}/link.txt"
    os.symlink("/etc/hostname", path)
    current_run.add_file_output(path)
    raise ValueError(f"no rain for {token}")

if __name__ == "__main__":
    broken()
"#;

#[actix_web::test]
async fn a_failed_run_is_told_at_the_terminal_and_links_that_lead_outside_are_not_shown() {
    let code = folder(BROKEN);
    let story = start(code.path(), &python()).await;
    let pipeline = only_pipeline(&story).await;
    let id = pipeline["id"].as_str().unwrap();
    let run = story.run(id, json!({"token": "hunter22"})).await;
    story.until(&run, "failed").await;
    let path = format!("/workspaces/demo/pipelines/broken/runs/{run}/");
    let base = story.emulator.url();
    let base = base.trim_end_matches('/').trim_end_matches("/graphql");
    let told = format!("Run of broken failed: ValueError: no rain for •••• ({base}{path})");
    let notices = story.emulator.notices();
    assert!(notices.contains(&told), "{notices:#?}");
    let page = story.client.get(format!("{base}{path}")).send().await;
    let html = page.unwrap().text().await.unwrap();
    assert!(
        html.contains("<li>link.txt: outside the workspace, not shown</li>"),
        "{html}"
    );
}
