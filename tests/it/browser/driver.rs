//! chromedriver and the part of the `WebDriver` protocol that the tests use. There is one process for each language.
//!
//! As with the cluster of `support/postgres.rs`, a small shell at the end of a pipe stops it when this process ends. The
//! browsers end with chromedriver.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::OnceLock;

use reqwest::Method;
use serde_json::Value;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::support::story::MAX_WAIT;

/// `$1` is chromedriver, `$2` the folder for the browsers' files, `$3` the language of their own parts.
const WATCHDOG: &str = r#"
trap '' HUP INT TERM
TMPDIR=$2 TZ=Africa/Douala LANGUAGE=$3 "$1" --port=0 &
driver=$!
cat >/dev/null
kill -9 "$driver"
wait
away=0
while [ "$away" -lt 10 ]; do
    away=$((away + 1))
    if [ -e "$2" ]; then rm -rf "$2"; away=0; fi
    sleep 0.2
done
"#;

/// The maximum number of browsers at the same time.
static PLACES: Semaphore = Semaphore::const_new(2);

struct Driver {
    url: String,
    /// Kept open until this process ends.
    _watchdog: Child,
    _said: BufReader<ChildStdout>,
}

/// The path that a script of `tests/env` prints, unless the environment variable sets it.
pub fn found(variable: &str, helper: &[&str]) -> PathBuf {
    let path = std::env::var(variable).unwrap_or_else(|_| {
        let root = env!("CARGO_MANIFEST_DIR");
        let run = Command::new("sh").args(helper).current_dir(root).output();
        String::from_utf8(run.unwrap().stdout).unwrap()
    });
    let path = PathBuf::from(path.trim());
    let is_there = path.is_file();
    assert!(is_there, "{variable} is not there: sh {}", helper.join(" "));
    path
}

impl Driver {
    fn start(language: &str) -> Self {
        let program = found(
            "OPENHEXA_BRIDGE_TEST_CHROMEDRIVER",
            &["tests/env/chromium.sh"],
        );
        let folder = tempfile::Builder::new()
            .prefix("openhexa-bridge-browser-")
            .tempdir();
        let mut shell = Command::new("sh");
        shell
            .args(["-c", WATCHDOG, "watchdog"])
            .arg(program)
            .arg(folder.expect("a folder for browsers").keep())
            .arg(language);
        // A process group of its own, so that Ctrl-C in the terminal does not reach it.
        shell.current_dir("/").process_group(0);
        shell.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut watchdog = shell.stderr(Stdio::null()).spawn().unwrap();
        let mut said = BufReader::new(watchdog.stdout.take().unwrap());
        Self {
            url: format!("http://127.0.0.1:{}", port(&mut said)),
            _watchdog: watchdog,
            _said: said,
        }
    }
}

fn port(said: &mut impl BufRead) -> u16 {
    let mut all = String::new();
    while said.read_line(&mut all).unwrap() > 0 {
        let last = all.lines().last().unwrap_or_default();
        if let Some((_, port)) = last.split_once("successfully on port ") {
            return port.trim_end_matches('.').parse().unwrap();
        }
    }
    panic!("chromedriver did not start: {all}");
}

/// Waits until another browser may be started.
pub async fn place() -> SemaphorePermit<'static> {
    PLACES.acquire().await.unwrap()
}

/// The URL of chromedriver.
#[derive(Clone)]
pub struct ScriptedServer {
    client: reqwest::Client,
    base: String,
}

impl ScriptedServer {
    /// The chromedriver whose browsers use this language.
    pub async fn to_driver(language: &'static str) -> Self {
        static ENGLISH: OnceLock<Driver> = OnceLock::new();
        static FRENCH: OnceLock<Driver> = OnceLock::new();
        let driver = if language == "fr" { &FRENCH } else { &ENGLISH };
        let started = move || driver.get_or_init(|| Driver::start(language)).url.clone();
        Self::to(tokio::task::spawn_blocking(started).await.unwrap())
    }

    pub fn to(base: String) -> Self {
        let client = crate::support::client::builder().timeout(2 * MAX_WAIT);
        Self {
            client: client.build().unwrap(),
            base,
        }
    }

    /// The same for one session, with its own client, so that it can be used on another runtime.
    pub fn session(&self, id: &str) -> Self {
        Self::to(format!("{}/session/{id}", self.base))
    }

    pub fn again(&self) -> Self {
        Self::to(self.base.clone())
    }

    /// The `value` of the response, or chromedriver's error.
    pub async fn ask(&self, method: Method, path: &str, body: &Value) -> Result<Value, String> {
        let mut request = self
            .client
            .request(method.clone(), format!("{}{path}", self.base));
        if method == Method::POST {
            request = request.json(body);
        }
        let answer = request.send().await.map_err(|error| format!("{error:?}"))?;
        let good = answer.status().is_success();
        let answer: Value = answer
            .json()
            .await
            .map_err(|error| format!("no JSON: {error:?}"))?;
        let value = answer["value"].clone();
        if good {
            return Ok(value);
        }
        let said = value["message"].as_str().unwrap_or_default();
        let first = said.lines().next().unwrap_or_default();
        Err(format!("{}: {first}", value["error"]))
    }

    pub async fn post(&self, path: &str, body: &Value) -> Value {
        let answer = self.ask(Method::POST, path, body).await;
        answer.unwrap_or_else(|wrong| panic!("{path}: {wrong}"))
    }

    pub async fn get(&self, path: &str) -> Value {
        let answer = self.ask(Method::GET, path, &Value::Null).await;
        answer.unwrap_or_else(|wrong| panic!("{path}: {wrong}"))
    }
}
