//! How much memory and time one caller can use. Each case runs a real process with limited memory, a caller that sends
//! too much, and another caller whose requests must not become much slower. Memory is the peak of the process; times
//! are compared with those of an idle process on the same machine, so a busy machine does not fail the test.

mod bodies;
mod lists;
mod methods;
mod reports;
mod results;
mod statuses;
mod unread;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::catalogue::{injected, pipeline};
use crate::support::process::{Line, Process, Visitor};
use crate::support::story::MAX_WAIT;

/// Address space of the process, in kilobytes: threads reserve much more than they use.
const LIMIT: u64 = 8 * 1024 * 1024;
/// The longest time that any request of the other client may take, even if most are quick: it shows a blocked
/// worker.
const STALL: Duration = Duration::from_secs(10);
/// How many times slower than in an idle process the other client's median request may be.
const SLOWER: u32 = 40;
/// The shortest time of an idle request that is used for the comparison: shorter ones are mostly chance.
const QUIET: Duration = Duration::from_millis(3);

/// A bridge and its OpenHEXA in one process, without sign-in.
pub struct Site {
    process: Process,
    pub bridge: String,
    pub visitor: Visitor,
    _data: TempDir,
}

impl Site {
    pub async fn start(parameters: &[Value], settings: &[(&str, &str)]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let catalogue = data.path().join("catalogue.json");
        let parameters = [injected(), parameters.to_vec()].concat();
        let pipelines = json!([pipeline(
            1,
            &parameters,
            json!({"kind": "manual", "queued_ms": 0})
        )]);
        let text = json!({"workspace": {"slug": "demo", "name": "Demo"}, "pipelines": pipelines});
        std::fs::write(&catalogue, text.to_string()).unwrap();
        let line = Line::limited(&["dev", "--port", "0", "--openhexa-port", "0"], LIMIT);
        let mut line = line.data(data.path()).arg("--catalogue").arg(&catalogue);
        for (key, value) in settings {
            line = line.setting(key, value);
        }
        let mut process = line.start();
        let (bridge, _) = process.addresses().await;
        Self {
            process,
            bridge,
            visitor: Visitor::new(),
            _data: data,
        }
    }

    pub fn api(&self, path: &str) -> String {
        format!("{}/api/openhexa{path}", self.bridge)
    }

    pub fn socket(&self) -> &str {
        self.bridge.strip_prefix("http://").unwrap()
    }

    /// The largest memory that the process has had, in megabytes.
    pub fn peak(&mut self) -> u64 {
        let id = self.process.id().expect("the process lives");
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:"));
        let number = line.unwrap().split_whitespace().nth(1).unwrap();
        number.parse::<u64>().unwrap() / 1024
    }

    /// Runs an expensive operation while another client requests `/healthz`. Its median request may be
    /// `SLOWER` times slower than before, and the process may grow by this many megabytes.
    pub async fn bears<T>(&mut self, megabytes: u64, costly: impl Future<Output = T>) -> T {
        let (before, quiet) = (self.peak(), median(self.neighbour(20).await));
        let over = AtomicBool::new(false);
        let watched = async {
            let mut times = Vec::new();
            while times.is_empty() || !over.load(Ordering::Relaxed) {
                times.extend(self.neighbour(1).await);
            }
            times
        };
        let costly = async {
            let done = costly.await;
            over.store(true, Ordering::Relaxed);
            done
        };
        let (times, done) = tokio::join!(watched, costly);
        let slowest = times.iter().copied().max().unwrap_or_default();
        assert!(
            slowest <= STALL,
            "one request of another client took {slowest:?}"
        );
        let busy = median(times);
        let most = quiet.max(QUIET) * SLOWER;
        assert!(
            busy <= most,
            "another client waits {busy:?}, and {quiet:?} when the bridge is idle"
        );
        let grown = self.peak() - before;
        assert!(grown <= megabytes, "{grown} MB more");
        done
    }

    async fn neighbour(&self, requests: usize) -> Vec<Duration> {
        let mut times = Vec::new();
        for _ in 0..requests {
            let began = Instant::now();
            let url = format!("{}/healthz", self.bridge);
            let asked = self.visitor.get(&url);
            let (status, _) = tokio::time::timeout(MAX_WAIT, asked)
                .await
                .expect("a response");
            assert_eq!(status, 200);
            times.push(began.elapsed());
        }
        times
    }
}

/// A client for responses that are not JSON.
fn client() -> reqwest::Client {
    crate::support::client::builder().build().unwrap()
}

/// The median.
fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
