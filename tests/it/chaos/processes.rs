//! The processes: two bridges, their PostgreSQL, an OpenHEXA, and the load balancer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use openhexa_bridge::store::Cipher;
use rustix::process::Signal;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::Mutex;

use super::load_balancer::{Addresses, Front};
use crate::support::postgres::{self, Durable};
use crate::support::process::{Ended, Line, Process};
use crate::support::story::MAX_WAIT;

pub const OPERATOR: &str = "a-key-for-those-who-launch";
const ADMIN: &str = "a-key-for-those-who-configure";
/// How long a bridge may reserve a task.
pub const LEASE: Duration = Duration::from_secs(4);

/// All features and waits of production are active, with shorter times. `absent_polls` is higher, because
/// this OpenHEXA often gives wrong answers about runs, and they are polled often.
const SETTINGS: [(&str, &str); 20] = [
    ("SERVER__PORT", "0"),
    ("DATABASE__WAIT", "1s"),
    ("OPENHEXA__ALLOW_PRIVATE", "true"),
    ("OPENHEXA__CONNECT_TIMEOUT", "1s"),
    ("OPENHEXA__REQUEST_TIMEOUT", "2s"),
    ("OPENHEXA__SLOT_TIMEOUT", "1s"),
    ("LAUNCH__ANSWER_WITHIN", "3s"),
    ("LAUNCH__GRACE", "5s"),
    ("RECONCILE__PERIOD", "100ms"),
    ("RECONCILE__EARLY", "300ms"),
    ("RECONCILE__UNSURE", "500ms"),
    ("RECONCILE__USUAL", "1s"),
    ("RECONCILE__LEASE", "4s"),
    ("RECONCILE__PAUSE", "500ms"),
    ("RECONCILE__LONGEST_PAUSE", "2s"),
    ("RECONCILE__STOP_AGAIN", "2s"),
    ("RECONCILE__ABSENT_POLLS", "20"),
    (
        "SECRETS__CALLBACK_KEY",
        "a-key-that-callback-tokens-are-signed-with",
    ),
    ("KEYS__OPERATOR", OPERATOR),
    ("KEYS__ADMIN", ADMIN),
];

pub struct Processes {
    /// Set if the test stops and starts it.
    postgres: Option<Durable>,
    database: String,
    encryption_key: String,
    addresses: Arc<Addresses>,
    bridges: [Mutex<Option<Process>>; 2],
    pub front: Front,
    pub client: reqwest::Client,
    /// `http://127.0.0.1:PORT`
    openhexa: String,
    /// For requests to OpenHEXA itself. It closes idle connections after two seconds, as the real one does,
    /// so no connection is kept: the tests do not repeat requests.
    openhexa_client: reqwest::Client,
    _emulator: Process,
    _data: TempDir,
}

impl Processes {
    /// With a PostgreSQL that can be stopped.
    pub async fn durable(pipelines: &Value) -> Arc<Self> {
        let postgres = blocking(Durable::start).await;
        let (postgres, database) = blocking(move || {
            let database = postgres.database();
            (postgres, database)
        })
        .await;
        Self::open(Some(postgres), database, pipelines).await
    }

    /// With the PostgreSQL that all tests share.
    pub async fn plain(pipelines: &Value) -> Arc<Self> {
        let database = blocking(postgres::database).await;
        Self::open(None, database, pipelines).await
    }

    async fn open(postgres: Option<Durable>, database: String, pipelines: &Value) -> Arc<Self> {
        let openhexa_client = crate::support::client::builder();
        let openhexa_client = openhexa_client.pool_max_idle_per_host(0).build().unwrap();
        let client = crate::support::client::builder().build().unwrap();
        let data = tempfile::tempdir().unwrap();
        let catalogue = data.path().join("catalogue.json");
        let text = json!({"workspace": {"slug": "demo", "name": "Demo"}, "pipelines": pipelines});
        std::fs::write(&catalogue, text.to_string()).unwrap();
        let line = Line::of(&["emulator", "--port", "0"]).data(data.path());
        let mut emulator = line.arg("--catalogue").arg(catalogue).start();
        let lines = emulator.lines(1).await;
        let openhexa = lines[0].strip_prefix("openhexa: ").unwrap();
        let addresses = Arc::new(Addresses::default());
        let site = Self {
            postgres,
            database,
            encryption_key: Cipher::generate_key().expose_secret().to_owned(),
            bridges: Default::default(),
            front: Front::open(addresses.clone(), client.clone()),
            addresses,
            client,
            openhexa_client,
            openhexa: openhexa.trim_end_matches("/graphql/").to_owned(),
            _emulator: emulator,
            _data: data,
        };
        site.start(0).await;
        site.start(1).await;
        site.configure().await;
        Arc::new(site)
    }

    async fn configure(&self) {
        let content = json!({
            "openhexa_url": format!("{}/graphql/", self.openhexa), "openhexa_token": "emulator", "workspace_slug": "demo",
        });
        let url = format!("{}/api/openhexa/config/", self.address(0).unwrap());
        let request = self.client.put(url).bearer_auth(ADMIN);
        let answer = request.json(&json!({"content": content})).send().await;
        assert_eq!(answer.unwrap().status(), 200);
    }

    pub fn address(&self, bridge: usize) -> Option<String> {
        self.addresses.of(bridge)
    }

    /// As a supervisor does: repeats until it keeps running.
    pub async fn start(&self, bridge: usize) {
        let mut place = self.bridges[bridge].lock().await;
        let deadline = Instant::now() + MAX_WAIT;
        loop {
            let mut process = self.line().start();
            if let Some(address) = process.address().await {
                self.addresses.set(bridge, Some(address));
                *place = Some(process);
                return;
            }
            let said = process.end().await.err;
            assert!(Instant::now() < deadline, "it does not start: {said:#?}");
        }
    }

    fn line(&self) -> Line {
        let line = Line::of(&["serve"])
            .setting("DATABASE__URL", &self.database)
            .setting("SECRETS__ENCRYPTION_KEY", &self.encryption_key)
            .setting("SERVER__PUBLIC_URL", &self.front.url)
            .setting("LIMITS__SIGNED_IN_PER_SECOND", "0")
            .setting("LIMITS__LAUNCHES_PER_MINUTE", "0")
            .setting("LOG__FILTER", "warn");
        SETTINGS
            .iter()
            .fold(line, |line, (key, value)| line.setting(key, value))
    }

    /// Stops a bridge; from here on nothing is forwarded to it.
    pub async fn end(&self, bridge: usize, signal: Signal) -> Ended {
        let process = self.bridges[bridge].lock().await.take().unwrap();
        if signal == Signal::TERM {
            self.addresses.set(bridge, None);
        }
        let ended = process.stop(signal).await;
        self.addresses.set(bridge, None);
        let broken = ended
            .err
            .iter()
            .find(|line| line.contains("panicked") || line.contains("internal error"));
        assert_eq!(broken, None, "bridge {bridge}");
        ended
    }

    /// The process id; none if the process has ended by itself.
    pub async fn number(&self, bridge: usize) -> Option<u32> {
        self.bridges[bridge].lock().await.as_mut()?.id()
    }

    pub async fn stop_postgres(self: &Arc<Self>, mode: &'static str) {
        let site = self.clone();
        blocking(move || site.postgres.as_ref().unwrap().stop(mode)).await;
    }

    pub async fn start_postgres(self: &Arc<Self>) {
        let site = self.clone();
        blocking(move || site.postgres.as_ref().unwrap().start_again()).await;
    }

    /// Sends a request to a bridge; none if it is down or did not respond.
    pub async fn ask(&self, bridge: usize, path: &str) -> Option<(u16, Value)> {
        let url = format!("{}{path}", self.address(bridge)?);
        let request = self.client.get(url).bearer_auth(OPERATOR);
        answered(request.timeout(MAX_WAIT)).await
    }

    /// Sends a request to either bridge until one returns 200.
    pub async fn get(&self, path: &str) -> Value {
        let deadline = Instant::now() + MAX_WAIT;
        for bridge in (0..2).cycle() {
            if let Some((200, answer)) = self.ask(bridge, path).await {
                return answer;
            }
            assert!(Instant::now() < deadline, "{path} got no response");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        unreachable!("an endless loop")
    }

    pub async fn post(
        &self,
        bridge: usize,
        path: &str,
        key: &str,
        body: &Value,
    ) -> Option<(u16, Value)> {
        let url = format!("{}{path}", self.address(bridge)?);
        let request = self.client.post(url).bearer_auth(OPERATOR);
        let request = request.header("idempotency-key", key).json(body);
        answered(request.timeout(MAX_WAIT)).await
    }

    /// All runs of OpenHEXA.
    pub async fn runs(&self) -> Vec<Value> {
        let request = self
            .openhexa_client
            .get(format!("{}/emulator/runs", self.openhexa));
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        answer["results"].as_array().unwrap().clone()
    }

    pub async fn drive(&self, run: &str, how: &Value) {
        let url = format!("{}/emulator/runs/{run}", self.openhexa);
        let answer = self
            .openhexa_client
            .post(url)
            .json(how)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200);
    }

    pub async fn fault(&self, fault: &Value) {
        let url = format!("{}/emulator/faults", self.openhexa);
        let answer = self
            .openhexa_client
            .post(url)
            .json(fault)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200, "{fault}");
    }

    pub async fn no_faults(&self) {
        let url = format!("{}/emulator/faults", self.openhexa);
        let answer = self.openhexa_client.delete(url).send().await.unwrap();
        assert_eq!(answer.status(), 200);
    }
}

async fn answered(request: reqwest::RequestBuilder) -> Option<(u16, Value)> {
    let answer = request.send().await.ok()?;
    let status = answer.status().as_u16();
    let after = answer.headers().contains_key("retry-after");
    assert_eq!(
        status == 503,
        after || answer.url().path() == "/readyz" && status == 503
    );
    let text = answer.text().await.ok()?;
    Some((
        status,
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("no JSON: {text}")),
    ))
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}
