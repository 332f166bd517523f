//! A story: a bridge on a real port with a real database, an emulator of OpenHEXA, and a clock that the test moves.
//!
//! The bridge does nothing in the background: the test starts each polling cycle. At the end, the log, the database and all
//! responses are searched for the story's secrets.

mod ask;
mod flows;
pub mod replicas;
pub mod statements;
pub mod stream;
mod upstream;

use std::net::TcpListener;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use openhexa_bridge::app::{self, Running, Start};
use openhexa_bridge::clock::Clock;
use openhexa_bridge::domain::connection::Target;
use openhexa_bridge::service::Bridge;
use openhexa_bridge::service::identity::ONLY_ACCOUNT;
use openhexa_bridge::settings::{Settings, Sources};
use openhexa_bridge::store::{Cipher, NewConfig};
use openhexa_emulator::Emulator;
use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use uuid::Uuid;

pub use ask::{Answer, As, Ask};

use super::{dump, log, postgres};

/// How long a test waits at most; longer than anything takes on a busy machine.
pub const MAX_WAIT: Duration = Duration::from_mins(1);

/// The database on which a story runs: `#[values(Sqlite, Postgres)] base: Base` runs it once on each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    Sqlite,
    Postgres,
}
pub use Base::{Postgres, Sqlite};

/// Builds a story. Everything has a default.
pub struct StoryBuilder {
    base: Base,
    pipelines: Value,
    settings: Vec<(String, String)>,
    content: Map<String, Value>,
    configured: bool,
    local: bool,
    database: Option<String>,
    begins: DateTime<Utc>,
}

impl StoryBuilder {
    pub fn on(base: Base) -> Self {
        Self {
            base,
            pipelines: json!([]),
            settings: Vec::new(),
            content: Map::new(),
            configured: true,
            local: false,
            database: None,
            begins: Utc::now(),
        }
    }

    /// The first time of the story's clock.
    pub fn starting_at(mut self, at: DateTime<Utc>) -> Self {
        self.begins = at;
        self
    }

    /// Uses an existing database.
    pub fn database(mut self, url: &str) -> Self {
        self.database = Some(url.to_owned());
        self
    }

    /// The catalogue's pipelines (see [`super::catalogue`]).
    pub fn pipelines(mut self, pipelines: Value) -> Self {
        self.pipelines = pipelines;
        self
    }

    /// A setting by its key: `setting("launch.grace", "5s")`.
    pub fn setting(mut self, key: &str, value: &str) -> Self {
        let name = format!("OPENHEXA_BRIDGE__{}", key.replace('.', "__").to_uppercase());
        self.settings.push((name, value.to_owned()));
        self
    }

    /// The content of `openhexa-config`, without URL, token and workspace.
    pub fn content(mut self, content: &Value) -> Self {
        self.content.clone_from(content.as_object().unwrap());
        self
    }

    pub fn not_configured(mut self) -> Self {
        self.configured = false;
        self
    }

    /// Without sign-in, as in `dev`.
    pub fn local(mut self) -> Self {
        self.local = true;
        self
    }

    pub async fn begin(self) -> Story {
        log::capture();
        let log_begins = log::position();
        let data = folder();
        let secrets = Secrets::default();
        let database = match (self.database, self.base) {
            (Some(url), _) => url,
            (None, Base::Sqlite) => format!("sqlite:{}", data.path().join("bridge.db").display()),
            (None, Base::Postgres) => tokio::task::spawn_blocking(postgres::database)
                .await
                .unwrap(),
        };
        let clock = Arc::new(AtomicI64::new(self.begins.timestamp_millis()));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let bridge = format!("http://{address}");
        let options = upstream::options(data.path(), &self.pipelines, &secrets, bridge);
        let emulator = Emulator::start(options).await.unwrap();
        let environment = environment(&self.settings, &database, &secrets);
        let mut story = Story {
            log_begins,
            base: self.base,
            settings: read(&environment),
            environment,
            running: None,
            openhexa: emulator.url(),
            emulator: Some(emulator),
            client: client(),
            clock,
            data,
            database,
            secrets,
            local: self.local,
            port: address.port(),
            answers: Arc::default(),
        };
        story.open(listener).await;
        if self.configured {
            story.configure(self.content).await;
        }
        story
    }
}

/// A temporary folder, in memory if possible, because each commit is synced to the disk.
fn folder() -> TempDir {
    let memory = std::path::Path::new("/dev/shm");
    if memory.is_dir() {
        return tempfile::tempdir_in(memory).unwrap();
    }
    tempfile::tempdir().unwrap()
}

/// The secrets of a story, which must never appear in a log, response or dump of the database.
pub struct Secrets {
    pub openhexa: String,
    pub viewer: String,
    pub operator: String,
    pub admin: String,
    pub encryption: String,
    pub callback: String,
    /// For a launch's secret parameters.
    pub parameter: String,
    /// Secrets of one test only.
    pub more: Vec<String>,
}

impl Default for Secrets {
    fn default() -> Self {
        let secret = |name: &str| format!("{name}-{}", Uuid::new_v4().simple());
        Self {
            openhexa: secret("openhexa-token"),
            viewer: secret("viewer-key"),
            operator: secret("operator-key"),
            admin: secret("admin-key"),
            encryption: Cipher::generate_key().expose_secret().to_owned(),
            callback: secret("callback-signing-key"),
            parameter: secret("parameter"),
            more: Vec::new(),
        }
    }
}

impl Secrets {
    fn all(&self) -> Vec<String> {
        let own = [
            &self.openhexa,
            &self.viewer,
            &self.operator,
            &self.admin,
            &self.encryption,
            &self.callback,
            &self.parameter,
        ];
        own.into_iter().chain(&self.more).cloned().collect()
    }
}

pub struct Story {
    pub base: Base,
    pub settings: Settings,
    environment: Vec<(String, String)>,
    running: Option<Running>,
    emulator: Option<Emulator>,
    /// The emulator's GraphQL address.
    pub openhexa: String,
    client: reqwest::Client,
    clock: Arc<AtomicI64>,
    pub data: TempDir,
    pub database: String,
    pub secrets: Secrets,
    local: bool,
    port: u16,
    answers: Arc<Mutex<String>>,
    /// The length of the log when the story began.
    log_begins: usize,
}

impl Story {
    async fn open(&mut self, listener: TcpListener) {
        let start = Start {
            settings: self.settings.clone(),
            listener,
            clock: Clock::Moved(self.clock.clone()),
            local: self.local,
            reconciles: false,
        };
        self.running = Some(app::start(start).await.unwrap());
    }

    fn running(&self) -> &Running {
        self.running.as_ref().unwrap()
    }

    pub fn bridge(&self) -> Bridge {
        self.running().bridge.clone()
    }

    /// Stops the bridge and starts another on the same database and port.
    pub async fn restart(&mut self) {
        self.running.take().unwrap().stop().await;
        let listener = TcpListener::bind(("127.0.0.1", self.port)).unwrap();
        self.open(listener).await;
    }

    /// Stops OpenHEXA for the rest of the story.
    pub async fn stop_openhexa(&mut self) {
        self.emulator.take().unwrap().stop().await;
    }

    /// Sets a configuration with the emulator's address.
    pub async fn configure(&self, content: Map<String, Value>) {
        self.configure_with(content, &self.openhexa, &self.secrets.openhexa, "demo")
            .await;
    }

    pub async fn configure_with(
        &self,
        content: Map<String, Value>,
        url: &str,
        token: &str,
        workspace: &str,
    ) {
        let content = NewConfig {
            instance: url.to_owned(),
            target: Target {
                url: url.to_owned(),
                workspace: workspace.to_owned(),
                token: token.to_owned().into(),
            },
            content,
            by: None,
        };
        self.running()
            .bridge
            .configuration
            .point_to(ONLY_ACCOUNT, content)
            .await
            .unwrap();
    }

    pub fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// A request to `/api/openhexa` + path.
    pub fn ask(&self, who: As, method: Method, path: &str) -> Ask<'_> {
        self.ask_at(who, method, &format!("/api/openhexa{path}"))
    }

    /// A request to a path of the bridge.
    pub fn ask_at(&self, who: As, method: Method, path: &str) -> Ask<'_> {
        let request = self
            .client
            .request(method, format!("{}{path}", self.base_url()));
        let key = match who {
            As::Anonymous => None,
            As::Viewer => Some(self.secrets.viewer.clone()),
            As::Operator => Some(self.secrets.operator.clone()),
            As::Admin => Some(self.secrets.admin.clone()),
            As::Bearer(token) => Some(token),
        };
        let request = match key {
            Some(key) => request.bearer_auth(key),
            None => request,
        };
        Ask {
            story: self,
            request,
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask(As::Viewer, Method::GET, path).send().await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask(As::Operator, Method::POST, path)
            .json(body)
            .send()
            .await
    }

    /// A report with an operator's key.
    pub async fn report(&self, pipeline: &str, body: &Value) -> Answer {
        self.ask(
            As::Operator,
            Method::PATCH,
            &format!("/pipelines/{pipeline}/"),
        )
        .json(body)
        .send()
        .await
    }

    /// Launches a pipeline; returns the task's id.
    #[track_caller]
    pub fn launch(&self, pipeline: &str, config: Value) -> impl Future<Output = i64> + '_ {
        let path = format!("/pipelines/{pipeline}/launch/");
        async move {
            let answer = self.post(&path, &json!({"config": config})).await;
            answer.expect(201)["task"]["id"].as_i64().unwrap()
        }
    }

    pub async fn task(&self, id: i64) -> Value {
        self.get(&format!("/tasks/{id}/")).await.expect(200)
    }

    pub async fn events(&self, id: i64) -> Vec<String> {
        let answer = self.get(&format!("/tasks/{id}/events/")).await.expect(200);
        let whats = answer["results"].as_array().unwrap().iter();
        whats
            .map(|event| event["code"].as_str().unwrap().to_owned())
            .collect()
    }

    pub fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.clock.load(Ordering::SeqCst)).unwrap()
    }

    pub fn advance(&self, time: TimeDelta) {
        self.clock
            .fetch_add(time.num_milliseconds(), Ordering::SeqCst);
    }

    /// Runs one polling cycle.
    pub async fn run_cycle(&self) -> openhexa_bridge::service::runs::CycleReport {
        self.running().bridge.runs.reconciler.run().await.unwrap()
    }

    /// Moves the clock by two seconds and runs a polling cycle.
    pub async fn next_cycle(&self) {
        self.advance(TimeDelta::seconds(2));
        self.run_cycle().await;
    }

    /// Runs polling cycles until the task matches. The emulator has its own clock.
    pub async fn until(&self, id: i64, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + MAX_WAIT;
        loop {
            let task = self.task(id).await;
            if holds(&task) {
                return task;
            }
            assert!(Instant::now() < deadline, "{what} was not reached: {task}");
            self.next_cycle().await;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub async fn until_confirmed(&self, id: i64) -> Value {
        self.until(id, "the confirmed end", |task| task["confirmed"] == true)
            .await
    }

    /// Waits until the emulator's runs match.
    pub async fn until_runs(&self, what: &str, holds: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let deadline = Instant::now() + MAX_WAIT;
        loop {
            let runs = self.runs().await;
            if holds(&runs) {
                return runs;
            }
            assert!(
                Instant::now() < deadline,
                "{what} was not reached: {runs:?}"
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Stops everything, and searches the log, the database and all responses for secrets.
    pub async fn end(mut self) {
        let mut secrets = self.secrets.all();
        if self.emulator.is_some() {
            for run in self.runs().await {
                secrets.extend(
                    run["config"]["connection_token"]
                        .as_str()
                        .map(str::to_owned),
                );
            }
        }
        if let Some(running) = self.running.take() {
            running.stop().await;
        }
        if let Some(emulator) = self.emulator.take() {
            emulator.stop().await;
        }
        let stored = dump::everything(&self.database).await;
        let answers = self.answers.lock().unwrap().clone();
        let log = log::since(self.log_begins);
        for secret in secrets {
            assert!(!log.contains(&secret), "the log contains {secret}");
            assert!(!stored.contains(&secret), "the database contains {secret}");
            assert!(!answers.contains(&secret), "a response contains {secret}");
        }
    }
}

fn environment(
    given: &[(String, String)],
    database: &str,
    secrets: &Secrets,
) -> Vec<(String, String)> {
    let own = |key: &str, value: &str| (format!("OPENHEXA_BRIDGE__{key}"), value.to_owned());
    let mut environment = vec![
        own("DATABASE__URL", database),
        own("SECRETS__ENCRYPTION_KEY", &secrets.encryption),
        own("SECRETS__CALLBACK_KEY", &secrets.callback),
        own("OPENHEXA__ALLOW_PRIVATE", "true"),
        // A busy machine can be slow to read the headers of many requests; slow_requests.rs tests this setting.
        own("SERVER__HEADER_TIMEOUT", "30s"),
        // A test sends many requests at one time of its clock; rate_limits.rs tests these settings.
        own("LIMITS__SIGNED_IN_PER_SECOND", "0"),
        own("LIMITS__ADDRESS_PER_SECOND", "0"),
        own("LIMITS__LAUNCHES_PER_MINUTE", "0"),
        own("KEYS__VIEWER", &secrets.viewer),
        own("KEYS__OPERATOR", &secrets.operator),
        own("KEYS__ADMIN", &secrets.admin),
    ];
    environment.extend(given.iter().cloned());
    environment
}

fn read(environment: &[(String, String)]) -> Settings {
    let sources = Sources {
        file: None,
        environment: environment.to_vec(),
    };
    sources.read().unwrap()
}

fn client() -> reqwest::Client {
    let plain = super::client::builder();
    plain
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}
