//! The processes of the measurement: a bridge on SQLite, one on PostgreSQL, and an OpenHEXA for both. The tasks are
//! created by real launches.
//!
//! The bridges have default settings, except that runs are not polled: polling is measured in the large scenarios.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use crate::load::Target;
use crate::postgres::Postgres;
use crate::process::{Cpu, Memory, Process, cold_start, memory};
use crate::site::{self, KEY};
use crate::{Line, Scenario, reads};

/// A usual number for a workspace.
const PIPELINES: u64 = 20;
const STARTS: usize = 5;
/// Concurrent launches while the measurement is prepared.
const LAUNCHES: usize = 4;

pub struct Stage {
    pub postgres: Postgres,
    bridge: PathBuf,
    bare: Process,
    openhexa: Process,
    sqlite: Bridge,
    other: Bridge,
    /// The memory of a bridge after its start, before the first request.
    pub at_rest: Memory,
    _data: TempDir,
}

/// A bridge with its active tasks.
struct Bridge {
    settings: Vec<(&'static str, String)>,
    process: Process,
    tasks: Vec<i64>,
}

/// The median time of several starts.
pub struct Starts {
    pub sqlite: Duration,
    pub postgres: Duration,
}

impl Stage {
    pub async fn set(line: &Line) -> Self {
        let data = tempfile::tempdir().expect("a folder");
        let postgres = Postgres::with_yardstick(line.scale);
        let openhexa = site::openhexa(data.path(), PIPELINES);
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

    /// How many requests for lists and details of pipelines OpenHEXA received.
    pub async fn upstream_requests(&self) -> u64 {
        let counts = site::requests(&self.openhexa).await;
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
        let settings = site::without_polling(site::settings(database));
        let process = Process::start(&line.bridge, &["serve"], &settings);
        Self {
            settings,
            process,
            tasks: Vec::new(),
        }
    }

    fn scenarios(&self, base: &str, clients: usize, database: Option<Cpu>) -> Vec<Scenario> {
        let url = &self.process.url;
        let mut targets = reads(base, &site::pipeline(1), |path| {
            Target::get(url, path, Some(KEY))
        });
        let reports =
            |tasks: &[i64]| Target::reports(url, &site::pipeline(1), Some(KEY), tasks.to_vec());
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

    async fn launch(&mut self, openhexa: &Process, many: usize) {
        site::configure(&self.process, openhexa).await;
        self.tasks = site::launch(&self.process, many, LAUNCHES, 1).await;
    }

    fn start_again(&self, program: &Path) -> Duration {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = port.expect("a free port").port();
        let mut settings = self.settings.clone();
        settings.push(("SERVER__PORT", port.to_string()));
        cold_start(program, &settings, port)
    }
}
