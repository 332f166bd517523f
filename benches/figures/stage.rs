//! What is measured and what stands beside it: a bridge on SQLite, one on PostgreSQL, an OpenHEXA for both, and live
//! tasks that came from real launches.
//!
//! The bridges run with the settings they come with, but for the looks at runs: those of 1,000 young tasks every two
//! seconds are another measurement's business.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::load::Target;
use crate::postgres::Postgres;
use crate::process::{Cpu, Memory, Process, cold_start, memory};
use crate::{Line, Scenario, reads};

const KEY: &str = "figures-are-nobodys-secret";
const PIPELINE: &str = "00000000-0000-4000-8000-000000000001";
const STARTS: usize = 5;
/// Launches at a time, while the stage is set.
const LAUNCHES: usize = 4;

pub struct Stage {
    pub postgres: Postgres,
    bridge: PathBuf,
    bare: Process,
    openhexa: Process,
    sqlite: Bridge,
    other: Bridge,
    /// Just started, before anything was asked.
    pub at_rest: Memory,
    _data: TempDir,
}

/// A bridge with its live tasks.
struct Bridge {
    settings: Vec<(&'static str, String)>,
    process: Process,
    tasks: Vec<i64>,
}

/// Starts, the median of some.
pub struct Starts {
    pub sqlite: Duration,
    pub postgres: Duration,
}

impl Stage {
    pub async fn set(line: &Line) -> Self {
        let data = tempfile::tempdir().expect("a folder");
        let postgres = Postgres::start(line.scale);
        let openhexa = openhexa(&data);
        let bare = std::env::current_exe().expect("this program");
        let bare = Process::start(&bare, &["--serve-bare"], &[]);
        let file = format!("sqlite:{}", data.path().join("bridge.db").display());
        let sqlite = Bridge::start(line, file);
        let at_rest = memory(sqlite.process.pid());
        let other = Bridge::start(line, postgres.database.clone());
        let mut stage = Self {
            postgres,
            bridge: line.bridge.clone(),
            bare,
            openhexa,
            sqlite,
            other,
            at_rest,
            _data: data,
        };
        stage.sqlite.launch(&stage.openhexa, line.live).await;
        stage.other.launch(&stage.openhexa, line.live).await;
        stage
    }

    pub fn scenarios(&self, line: &Line, clients: usize) -> Vec<Scenario> {
        let bare = Scenario {
            name: "bare actix handler".to_owned(),
            target: Target::get(&self.bare.url, "/", None),
            clients,
            server: Some(Cpu::of(self.bare.pid())),
            database: None,
        };
        let mut all = vec![bare];
        all.extend(self.sqlite.scenarios("SQLite", clients, None));
        let database = self.postgres.cpu();
        all.extend(self.other.scenarios("PostgreSQL", clients, Some(database)));
        all.retain(|scenario| line.wants(&scenario.name));
        all
    }

    /// How often OpenHEXA was asked for lists and details.
    pub async fn upstream_requests(&self) -> u64 {
        let url = format!("{}/emulator/requests", self.openhexa.url);
        let counts = ask(client().get(url)).await;
        let count = |name: &str| counts["by_operation"][name].as_u64().unwrap_or(0);
        count("pipelines") + count("pipeline")
    }

    pub fn memory(&self) -> (Memory, Memory) {
        let of = |bridge: &Bridge| memory(bridge.process.pid());
        (of(&self.sqlite), of(&self.other))
    }

    pub async fn starts(&self) -> Starts {
        let median = |bridge: &Bridge| {
            let mut times: Vec<_> = (0..STARTS)
                .map(|_| bridge.start_again(&self.bridge))
                .collect();
            times.sort_unstable();
            times[STARTS / 2]
        };
        Starts {
            sqlite: median(&self.sqlite),
            postgres: median(&self.other),
        }
    }
}

impl Bridge {
    fn start(line: &Line, database: String) -> Self {
        let settings = settings(database);
        let process = Process::start(&line.bridge, &["serve"], &settings);
        Self {
            settings,
            process,
            tasks: Vec::new(),
        }
    }

    fn scenarios(&self, base: &str, clients: usize, database: Option<Cpu>) -> Vec<Scenario> {
        let url = &self.process.url;
        let mut targets = reads(base, PIPELINE, |path| Target::get(url, path, Some(KEY)));
        let reports = |tasks: &[i64]| Target::reports(url, PIPELINE, Some(KEY), tasks.to_vec());
        targets.push((format!("callback, {base}"), reports(&self.tasks)));
        if clients > 1 {
            let one = &self.tasks[..1];
            targets.push((format!("callback on one task, {base}"), reports(one)));
        }
        let server = Some(Cpu::of(self.process.pid()));
        targets
            .into_iter()
            .map(|(name, target)| Scenario {
                name,
                target,
                clients,
                server,
                database,
            })
            .collect()
    }

    /// Makes live tasks by launches, and lets each report once.
    async fn launch(&mut self, openhexa: &Process, many: usize) {
        let (client, url) = (client(), format!("{}/api/openhexa", self.process.url));
        let content = json!({"content": {
            "openhexa_url": format!("{}/graphql/", openhexa.url), "openhexa_token": "emulator", "workspace_slug": "demo",
        }});
        ask(client.put(format!("{url}/config/")).json(&content)).await;
        let launch = format!("{url}/pipelines/{PIPELINE}/launch/");
        while self.tasks.len() < many {
            let some = LAUNCHES.min(many - self.tasks.len());
            let launches =
                (0..some).map(|_| ask(client.post(&launch).json(&json!({"config": {}}))));
            let launched = join_all(launches).await;
            let id = |answer: &Value| answer["task"]["id"].as_i64().expect("a task");
            self.tasks.extend(launched.iter().map(id));
        }
        eprintln!("{} tasks live at {}", self.tasks.len(), self.process.url);
    }

    fn start_again(&self, program: &Path) -> Duration {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = port.expect("a free port").port();
        let mut settings = self.settings.clone();
        settings.push(("SERVER__PORT", port.to_string()));
        cold_start(program, &settings, port)
    }
}

fn settings(database: String) -> Vec<(&'static str, String)> {
    let rarely = || "10h".to_owned();
    vec![
        ("DATABASE__URL", database),
        ("SERVER__PORT", "0".to_owned()),
        ("SECRETS__ENCRYPTION_KEY", format!("{}=", "A".repeat(43))),
        ("SECRETS__CALLBACK_KEY", "c".repeat(48)),
        ("KEYS__ADMIN", KEY.to_owned()),
        ("LIMITS__SIGNED_IN_PER_SECOND", "0".to_owned()),
        ("LIMITS__LAUNCHES_PER_MINUTE", "0".to_owned()),
        ("OPENHEXA__ALLOW_PRIVATE", "true".to_owned()),
        ("RECONCILE__EARLY", rarely()),
        ("RECONCILE__USUAL", rarely()),
        ("RECONCILE__LATE", rarely()),
    ]
}

/// The emulator, with as many pipelines as a workspace has, whose runs stay until they are driven.
fn openhexa(data: &TempDir) -> Process {
    // What is measured is built without one; `make bench` makes the build of `dev` too.
    let built = Path::new(env!("CARGO_BIN_EXE_openhexa-bridge"));
    let profiles = built.ancestors().nth(2).expect("the folder of all builds");
    let program = profiles.join("debug/openhexa-bridge");
    let parameters = json!([
        {"code": "task_id", "type": "int"}, {"code": "pipeline_id", "type": "str"},
        {"code": "connection_host", "type": "str"}, {"code": "connection_token", "type": "str"},
    ]);
    let pipeline = |number: u64| {
        json!({
            "id": format!("00000000-0000-4000-8000-{number:012}"), "code": format!("pipeline-{number}"),
            "versions": [{"parameters": parameters}], "behaviour": {"kind": "manual", "queued_ms": 0},
        })
    };
    let pipelines: Vec<Value> = (1..=20).map(pipeline).collect();
    let catalogue = data.path().join("catalogue.json");
    let document = json!({"pipelines": pipelines}).to_string();
    std::fs::write(&catalogue, document).expect("a file of ours");
    let folder = data.path().join("openhexa");
    let path = |path: &Path| path.display().to_string();
    let (catalogue, folder) = (path(&catalogue), path(&folder));
    let args = [
        "emulator",
        "--port",
        "0",
        "--catalogue",
        &catalogue,
        "--data",
        &folder,
    ];
    Process::start(&program, &args, &[])
}

fn client() -> reqwest::Client {
    // A second installation finds the first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build();
    client.expect("a client")
}

async fn ask(request: reqwest::RequestBuilder) -> Value {
    let answer = request.bearer_auth(KEY).send().await.expect("an answer");
    let (status, text) = (answer.status(), answer.text().await.expect("its text"));
    assert!(status.is_success(), "{status}: {text}");
    serde_json::from_str(&text).expect("JSON")
}
