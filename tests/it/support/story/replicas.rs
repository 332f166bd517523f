//! More bridges on the same database: a second replica in this process, and one as a process that can be killed.

use std::net::TcpListener;
use std::process::Stdio;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use openhexa_bridge::app::{self, Running, Start};
use openhexa_bridge::clock::Clock;
use openhexa_bridge::domain::ids::TaskId;
use openhexa_bridge::service::runs::CycleReport;
use openhexa_bridge::store::{self, DatabaseAddress, Options, Store};
use reqwest::Method;
use serde_json::{Map, Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use super::stream::Stream;
use super::{Ask, Base, MAX_WAIT, Story};

/// A second bridge on the story's database and clock.
pub struct SecondReplica(Running);

impl SecondReplica {
    pub async fn run_cycle(&self) -> CycleReport {
        self.0.bridge.runs.reconciler.run().await.unwrap()
    }

    /// Fires schedules, lists files and advances runs of flows, once.
    pub async fn flow_cycle(&self) {
        let flows = &self.0.bridge.flows;
        flows.runner.fire_due().await.unwrap();
        flows.files.list_files().await.unwrap();
        flows.runner.advance_due().await.unwrap();
        self.run_cycle().await;
        flows.runner.advance_due().await.unwrap();
        flows.runner.check_alerts().await.unwrap();
    }

    /// Sends the notifications of one channel.
    pub async fn send_due(&self) {
        let sender = &self.0.bridge.notifications.sender;
        sender.send_due().await.unwrap();
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.0.address)
    }

    pub async fn stop(self) {
        self.0.stop().await;
    }
}

/// A bridge as a separate process, with the machine's clock.
pub struct Process {
    child: Child,
    pub url: String,
}

impl Process {
    /// Reads the address that it prints.
    pub async fn start(command: &mut Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.kill_on_drop(true).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = tokio::time::timeout(MAX_WAIT, lines.next_line()).await;
        let line = line.expect("an address in time").unwrap().unwrap();
        let url = line.strip_prefix("bridge: ").unwrap().to_owned();
        Self { child, url }
    }

    /// Kills the process.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }
}

impl Story {
    pub async fn second_replica(&self) -> SecondReplica {
        let start = Start {
            settings: self.settings.clone(),
            listener: TcpListener::bind("127.0.0.1:0").unwrap(),
            clock: Clock::Moved(self.clock.clone()),
            local: false,
            reconciles: false,
        };
        SecondReplica(app::start(start).await.unwrap())
    }

    /// On the story's database.
    pub async fn process(&self) -> Process {
        let mut command = Command::new(env!("CARGO_BIN_EXE_openhexa-bridge"));
        command.arg("serve").env_clear();
        command.envs(self.environment.iter().cloned());
        Process::start(command.env("OPENHEXA_BRIDGE__SERVER__PORT", "0")).await
    }

    /// A launch at another bridge; returns the response, if there is one.
    pub async fn launch_at(&self, url: &str, pipeline: String) -> reqwest::Result<Value> {
        let url = format!("{url}/api/openhexa/pipelines/{pipeline}/launch/");
        let request = self
            .client
            .request(Method::POST, url)
            .json(&json!({"config": {}}));
        let answer = request.bearer_auth(&self.secrets.operator).send().await?;
        answer.json().await
    }

    /// A POST request without credentials to another bridge.
    pub fn ask_elsewhere(&self, url: &str, path: &str) -> Ask<'_> {
        let url = format!("{url}/api/openhexa{path}");
        Ask {
            story: self,
            request: self.client.post(url),
        }
    }

    /// A report at another bridge.
    pub async fn report_at(&self, url: &str, pipeline: &str, body: &Value) {
        let url = format!("{url}/api/openhexa/pipelines/{pipeline}/");
        let request = self.client.request(Method::PATCH, url).json(body);
        let request = request.bearer_auth(&self.secrets.operator);
        assert_eq!(request.send().await.unwrap().status(), 200);
    }

    /// The stream of all tasks at another bridge, from this position.
    pub async fn all_tasks_at(&self, url: &str, last_id: &str) -> Stream {
        let url = format!("{url}/api/openhexa/tasks/stream/");
        let request = self.client.get(url).bearer_auth(&self.secrets.viewer);
        let ask = Ask {
            story: self,
            request: request.header("Last-Event-ID", last_id),
        };
        ask.stream().await
    }

    /// The ids of all tasks, newest first.
    pub async fn tasks(&self) -> Vec<Value> {
        let listed = self.get("/tasks/").await.expect(200);
        listed["results"].as_array().unwrap().clone()
    }

    /// Waits until another client's launch is committed.
    pub async fn until_task(&self) -> i64 {
        self.until_true("a task", async || !self.tasks().await.is_empty())
            .await;
        self.tasks().await[0]["id"].as_i64().unwrap()
    }

    pub async fn until_true(&self, what: &str, holds: impl AsyncFn() -> bool) {
        let deadline = Instant::now() + MAX_WAIT;
        while !holds().await {
            assert!(Instant::now() < deadline, "{what} was not reached");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// The task once its status is confirmed, which must happen after this time.
    pub async fn until_after(&self, time: TimeDelta, task: i64) -> Value {
        assert_eq!(self.task(task).await["confirmed"], false);
        self.advance(time);
        self.next_cycle().await;
        let ended = self.task(task).await;
        assert_eq!(ended["confirmed"], true, "{ended}");
        ended
    }

    /// The encrypted secrets of a launch, if they are stored.
    pub async fn stored_secrets(&self, task: i64) -> Option<Map<String, Value>> {
        let store = self.store().await;
        let cipher = store.cipher.clone();
        let read = store.read(move |db| store::secrets_of(db, &cipher, TaskId(task)));
        read.await.unwrap()
    }

    /// Opens the story's database again.
    pub async fn store(&self) -> Store {
        let address = match self.base {
            Base::Sqlite => {
                DatabaseAddress::Sqlite(self.database.trim_start_matches("sqlite:").into())
            }
            Base::Postgres => DatabaseAddress::Postgres {
                url: self.database.clone().into(),
                tls: store::TlsMode::Off,
            },
        };
        let options = Options {
            address,
            encryption_key: self.secrets.encryption.clone().into(),
            pool_size: 1,
            wait: MAX_WAIT,
        };
        tokio::task::spawn_blocking(move || Store::open(options).unwrap())
            .await
            .unwrap()
    }
}
