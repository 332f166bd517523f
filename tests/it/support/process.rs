//! The real binary, started as on the command line.
//!
//! It does not inherit this process's settings, and it is killed when its test ends.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

use super::story::MAX_WAIT;

pub struct Process {
    child: Child,
    out: ReceivedRequest,
    err: ReceivedRequest,
}

/// How a process ended.
pub struct Ended {
    pub status: ExitStatus,
    pub out: Vec<String>,
    pub err: Vec<String>,
    /// The time until it ended.
    pub took: Duration,
}

/// The output of a process, line by line.
struct ReceivedRequest {
    lines: Arc<Mutex<Vec<String>>>,
    end: JoinHandle<()>,
}

impl ReceivedRequest {
    fn listen(stream: impl AsyncRead + Unpin + Send + 'static) -> Self {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&lines);
        let end = tokio::spawn(async move {
            let mut stream = BufReader::new(stream).lines();
            while let Ok(Some(line)) = stream.next_line().await {
                kept.lock().unwrap().push(line);
            }
        });
        Self { lines, end }
    }

    fn so_far(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }
}

/// A command line that can be started.
pub struct Line(Command);

impl Line {
    pub fn of(args: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_openhexa-bridge"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("OPENHEXA_BRIDGE_") {
                command.env_remove(name);
            }
        }
        command.args(args).kill_on_drop(true);
        Self(command)
    }

    /// The same settings for another program, which starts the binary.
    pub fn through(self, program: &str, args: &[&str]) -> Self {
        let mut command = Command::new(program);
        for (name, value) in self.0.as_std().get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.args(args).kill_on_drop(true);
        Self(command)
    }

    /// The same, with SIGHUP enabled: under `nohup` the tests and the processes that they start would ignore it.
    fn with_hangup_enabled(self) -> Self {
        if !ignores_hangup() {
            return self;
        }
        let own = self.0.as_std();
        let words = [OsStr::new("--default-signal=HUP"), own.get_program()];
        let words = words.into_iter().chain(own.get_args());
        let words: Vec<String> = words
            .map(|word| word.to_string_lossy().into_owned())
            .collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let folder = own.get_current_dir().map(Path::to_owned);
        let mut line = self.through("env", &words);
        if let Some(folder) = folder {
            line.0.current_dir(folder);
        }
        line
    }

    /// The same, with a limit for the memory of the process.
    pub fn limited(args: &[&str], kilobytes: u64) -> Self {
        let Self(plain) = Self::of(&[]);
        let mut command = Command::new("sh");
        for (name, _) in plain.as_std().get_envs() {
            command.env_remove(name);
        }
        let script = format!("ulimit -v {kilobytes}; exec \"$0\" \"$@\"");
        command
            .arg("-c")
            .arg(script)
            .arg(plain.as_std().get_program());
        command.args(args).kill_on_drop(true);
        Self(command)
    }

    /// With a data folder.
    pub fn data(mut self, folder: &Path) -> Self {
        self.0.arg("--data").arg(folder);
        self
    }

    pub fn arg(mut self, arg: impl AsRef<std::ffi::OsStr>) -> Self {
        self.0.arg(arg);
        self
    }

    /// A setting: `setting("SERVER__PORT", "0")`.
    pub fn setting(self, key: &str, value: &str) -> Self {
        self.env(&format!("OPENHEXA_BRIDGE__{key}"), value)
    }

    pub fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.0.env(name, value);
        self
    }

    pub fn inside(mut self, folder: &Path) -> Self {
        self.0.current_dir(folder);
        self
    }

    pub fn start(self) -> Process {
        let Self(mut command) = self.with_hangup_enabled();
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary starts");
        let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        Process {
            out: ReceivedRequest::listen(out),
            err: ReceivedRequest::listen(err),
            child,
        }
    }

    /// For a command that ends by itself.
    pub async fn run(self) -> Ended {
        self.start().end().await
    }
}

impl Process {
    /// This many first lines of standard output.
    pub async fn lines(&mut self, count: usize) -> Vec<String> {
        let deadline = Instant::now() + MAX_WAIT;
        loop {
            let lines = self.out.so_far();
            if lines.len() >= count {
                return lines;
            }
            let over = self.child.try_wait().unwrap().is_some() || Instant::now() > deadline;
            assert!(
                !over,
                "only {lines:?}; standard error: {:#?}",
                self.err.so_far()
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// The address that `serve` prints; none if it ended.
    pub async fn address(&mut self) -> Option<String> {
        let deadline = Instant::now() + MAX_WAIT;
        loop {
            if let Some(line) = self.out.so_far().first() {
                return Some(line.strip_prefix("bridge: ").unwrap().to_owned());
            }
            if self.child.try_wait().unwrap().is_some() {
                return None;
            }
            assert!(
                Instant::now() < deadline,
                "standard error: {:#?}",
                self.err.so_far()
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// The addresses that `dev` prints, without their names.
    pub async fn addresses(&mut self) -> (String, String) {
        let lines = self.lines(2).await;
        let bridge = lines[0].strip_prefix("bridge: ").expect("the bridge first");
        let openhexa = lines[1].strip_prefix("openhexa: ").expect("OpenHEXA next");
        (bridge.to_owned(), openhexa.to_owned())
    }

    /// Waits for matching lines on standard error.
    pub async fn until_printed(&self, what: &str, so: impl Fn(&[String]) -> bool) -> Vec<String> {
        let deadline = Instant::now() + MAX_WAIT;
        loop {
            let lines = self.err.so_far();
            if so(&lines) {
                return lines;
            }
            assert!(
                Instant::now() < deadline,
                "{what} was not printed: {lines:#?}"
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Its process id, while it runs.
    pub fn id(&mut self) -> Option<u32> {
        let gone = self.child.try_wait().unwrap().is_some();
        self.child.id().filter(|_| !gone)
    }

    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id().unwrap().try_into().unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Sends the signal and waits for the end of the process.
    pub async fn stop(self, signal: Signal) -> Ended {
        self.signal(signal);
        self.end().await
    }

    pub async fn end(mut self) -> Ended {
        let asked = Instant::now();
        let status = tokio::time::timeout(MAX_WAIT, self.child.wait()).await;
        let status = status
            .unwrap_or_else(|_| panic!("the process is still running: {:#?}", self.err.so_far()));
        let took = asked.elapsed();
        // If a stream is still open now, a child process is left.
        for heard in [&mut self.out, &mut self.err] {
            let closed = tokio::time::timeout(MAX_WAIT, &mut heard.end).await;
            closed.expect("no child process is left").unwrap();
        }
        Ended {
            status: status.unwrap(),
            out: self.out.so_far(),
            err: self.err.so_far(),
            took,
        }
    }
}

impl Ended {
    /// Expects one line on standard error, nothing on standard output, and a failure.
    #[track_caller]
    pub fn error_line(&self) -> &str {
        assert_eq!(self.status.code(), Some(1), "{:#?}", self.err);
        assert_eq!(self.out, [""; 0]);
        assert_eq!(self.err.len(), 1, "{:#?}", self.err);
        let sentence = self.err[0].strip_prefix("openhexa-bridge: ");
        sentence.unwrap_or_else(|| panic!("{:?}", self.err))
    }
}

/// A client that sends requests as a browser does.
pub struct Visitor(reqwest::Client);

impl Visitor {
    pub fn new() -> Self {
        let client = crate::support::client::builder();
        Self(
            client
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .unwrap(),
        )
    }

    pub async fn get(&self, url: &str) -> (u16, Value) {
        answered(self.0.get(url)).await
    }

    pub async fn get_as(&self, key: &str, url: &str) -> (u16, Value) {
        answered(self.0.get(url).bearer_auth(key)).await
    }

    pub async fn post(&self, url: &str, body: &Value) -> (u16, Value) {
        answered(self.0.post(url).json(body)).await
    }

    pub async fn patch(&self, url: &str, body: &Value) -> (u16, Value) {
        answered(self.0.patch(url).json(body)).await
    }

    /// Launches at a bridge without sign-in; returns the task's id.
    pub async fn launch(&self, bridge: &str, pipeline: &str, config: &Value) -> i64 {
        let url = format!("{bridge}/api/openhexa/pipelines/{pipeline}/launch/");
        let (status, answer) = self
            .post(&url, &serde_json::json!({"config": config}))
            .await;
        assert_eq!(status, 201, "{answer}");
        answer["task"]["id"].as_i64().unwrap()
    }

    pub async fn task(&self, bridge: &str, id: i64) -> Value {
        let (status, task) = self
            .get(&format!("{bridge}/api/openhexa/tasks/{id}/"))
            .await;
        assert_eq!(status, 200, "{task}");
        task
    }

    /// Requests the task until it matches.
    pub async fn until(&self, bridge: &str, id: i64, so: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + MAX_WAIT;
        loop {
            let task = self.task(bridge, id).await;
            if so(&task) {
                return task;
            }
            assert!(Instant::now() < deadline, "still {task}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub async fn until_confirmed(&self, bridge: &str, id: i64) -> Value {
        self.until(bridge, id, |task| task["confirmed"] == true)
            .await
    }

    /// The id of the pipeline with this code.
    pub async fn pipeline(&self, bridge: &str, code: &str) -> String {
        let (_, listed) = self.get(&format!("{bridge}/api/openhexa/pipelines/")).await;
        let rows = listed["results"].as_array().unwrap();
        let row = rows.iter().find(|row| row["code"] == code);
        let row = row.unwrap_or_else(|| panic!("no {code} in {listed}"));
        row["id"].as_str().unwrap().to_owned()
    }
}

async fn answered(request: reqwest::RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    let json = serde_json::from_str(&text).unwrap_or_else(|_| panic!("no JSON: {text}"));
    (status, json)
}

fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & 1 == 1)
}
