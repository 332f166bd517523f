//! Schemathesis sends random requests, valid and invalid ones, and checks each response against the API reference: status,
//! headers, body, required refusals, required keys.
//!
//! The tests send a few dozen requests for each operation, `make fuzz` more than ten thousand in all. Streams are excluded,
//! because they do not end. So is the check that every valid request is accepted: the reference cannot say that a version
//! is unknown, or that a cursor belongs to another list.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use openhexa_bridge::store::Cipher;
use rustix::process::Signal;
use secrecy::ExposeSecret as _;
use serde_json::json;
use tokio::process::Command;

use crate::support::process::{Line, Process};

const KEY: &str = "an-administrators-key-for-the-fuzz";
const STREAMS: [&str; 2] = ["stream_tasks", "stream_task"];
/// These change the OpenHEXA of the bridge, so they run last.
const CONFIGURING: [&str; 3] = ["replace_config", "amend_config", "delete_config"];

/// The number of cases for each operation.
fn examples() -> String {
    std::env::var("OPENHEXA_BRIDGE_FUZZ_EXAMPLES").unwrap_or("30".to_owned())
}

/// Schemathesis in its own Python environment, which is created if it is missing.
fn schemathesis() -> PathBuf {
    let named = std::env::var("OPENHEXA_BRIDGE_FUZZ_PYTHON").unwrap_or_else(|_| {
        let mut make = std::process::Command::new("sh");
        let made = make.args(["tests/env/python.sh", "fuzz"]).output().unwrap();
        String::from_utf8(made.stdout).unwrap().trim().to_owned()
    });
    let program = Path::new(&named).with_file_name("schemathesis");
    assert!(
        program.is_file(),
        "schemathesis is not at {}: sh tests/env/python.sh fuzz",
        program.display()
    );
    program
}

fn serve(data: &Path) -> Process {
    Line::of(&["serve"])
        .setting("SERVER__PORT", "0")
        .setting(
            "DATABASE__URL",
            &format!("sqlite:{}/fuzz.db", data.display()),
        )
        .setting(
            "SECRETS__ENCRYPTION_KEY",
            Cipher::generate_key().expose_secret(),
        )
        .setting(
            "SECRETS__CALLBACK_KEY",
            "a-key-that-callback-tokens-are-signed-with",
        )
        .setting("KEYS__ADMIN", KEY)
        .setting("OPENHEXA__ALLOW_PRIVATE", "true")
        .setting("OPENHEXA__ALLOWED_HOSTS", "127.0.0.1")
        .setting("LIMITS__SIGNED_IN_PER_SECOND", "0")
        .setting("LIMITS__ADDRESS_PER_SECOND", "0")
        .setting("LIMITS__LAUNCHES_PER_MINUTE", "0")
        .setting("LOG__FORMAT", "json")
        .start()
}

async fn configure(bridge: &str, openhexa: &str) {
    let content =
        json!({"openhexa_url": openhexa, "openhexa_token": "emulator", "workspace_slug": "demo"});
    let client = crate::support::client::builder().build().unwrap();
    let put = client
        .put(format!("{bridge}/api/openhexa/config/"))
        .bearer_auth(KEY)
        .json(&json!({"content": content}));
    assert_eq!(put.send().await.unwrap().status(), 200);
}

/// Runs it once and returns the number of cases.
async fn ask(bridge: &str, folder: &Path, choice: &[String]) -> usize {
    let mut run = Command::new(schemathesis());
    run.arg("run")
        .arg(format!("{bridge}/api/openhexa/openapi.json"))
        .args(["--phases", "examples,coverage,fuzzing", "--checks", "all"])
        .args(["--exclude-checks", "positive_data_acceptance"])
        .args(["--max-examples", &examples(), "--workers", "2"])
        .args(["--request-timeout", "30", "--generation-database", "none"])
        .args(["--continue-on-failure", "--no-color", "--warnings", "off"])
        .args(["--header", &format!("Authorization: Bearer {KEY}")])
        .args(choice)
        .current_dir(folder)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let Output { status, stdout, .. } = run.output().await.unwrap();
    let told = String::from_utf8_lossy(&stdout).into_owned();
    assert!(status.success(), "{told}");
    println!("{told}");
    let line = told
        .lines()
        .find_map(|line| line.trim().split_once(" generated"));
    line.expect("a count").0.parse().unwrap()
}

fn each(flag: &str, names: &[&str]) -> Vec<String> {
    let pair = |name: &&str| [flag.to_owned(), (*name).to_owned()];
    names.iter().flat_map(pair).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_allowed_request_gets_a_documented_response() {
    let folder = tempfile::tempdir().unwrap();
    // Settings of schemathesis that are not command line options.
    let settings = "[checks]\nnegative_data_rejection.expected-statuses = [400, 401, 403, 404, 405, 409, 412, 413, 415, 422, 429]\n";
    std::fs::write(folder.path().join("schemathesis.toml"), settings).unwrap();
    let line = Line::of(&["emulator", "--port", "0"]);
    let mut emulator = line.data(&folder.path().join("openhexa")).start();
    let openhexa = emulator.lines(1).await[0].replace("openhexa: ", "");
    let mut bridge = serve(folder.path());
    let address = bridge.address().await.expect("the address of the bridge");
    configure(&address, &openhexa).await;

    let left_out = [&STREAMS[..], &CONFIGURING[..]].concat();
    let mut cases = ask(
        &address,
        folder.path(),
        &each("--exclude-operation-id", &left_out),
    )
    .await;
    cases += ask(
        &address,
        folder.path(),
        &each("--include-operation-id", &CONFIGURING),
    )
    .await;
    println!("{cases} cases");
    let examples: usize = examples().parse().unwrap();
    assert!(
        cases > examples * 15,
        "only {cases} cases: some operations were not tested"
    );

    let ended = bridge.stop(Signal::TERM).await;
    assert_eq!(ended.status.code(), Some(0));
    let odd = |line: &&String| {
        line.contains("panicked") || line.contains("internal error") || line.contains(KEY)
    };
    let odd: Vec<&String> = ended.err.iter().filter(odd).collect();
    assert!(odd.is_empty(), "{odd:#?}");
    emulator.stop(Signal::TERM).await;
}
