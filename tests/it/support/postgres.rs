//! A temporary PostgreSQL: one cluster for each test process, one new database for each call.
//!
//! Rust's test harness runs no destructors at its end, and neither does a killed process. So a small shell waits at the end
//! of a pipe that only this process holds open: when the process ends, the shell stops the cluster and removes its folder.
//! The shell is started before the cluster.
//!
//! Without PostgreSQL the tests fail, because a skipped test would look like a passed one.

use std::env;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;

const TOOLS: [&str; 4] = ["initdb", "postgres", "pg_ctl", "pg_isready"];
const BIN: &str = "OPENHEXA_BRIDGE_TEST_PG_BIN";

/// Stops and removes the cluster once its standard input ends. `$1` is `pg_ctl`, `$2` the folder.
/// If the process ended while it created the cluster, `initdb` may still be writing, so the folder is removed until it
/// stays away.
const WATCHDOG: &str = r#"
trap '' HUP INT TERM
cat >/dev/null
cd /
away=0
while [ "$away" -lt 10 ]; do
    if [ -f "$2/data/postmaster.pid" ]; then
        "$1" stop -D "$2/data" -m immediate -w -t 20 && rm -rf "$2" && exit
        kill -9 "$(head -n 1 "$2/data/postmaster.pid")"
    fi
    away=$((away + 1))
    if [ -e "$2" ]; then rm -rf "$2"; away=0; fi
    sleep 0.2
done
"#;

struct Cluster {
    port: u16,
    /// The number of the next database; its lock lets one be created at a time.
    next: Mutex<u32>,
    folder: PathBuf,
    /// Keeps the pipe open until this process ends.
    _watchdog: Child,
}

/// Settings without durability, because the data is temporary.
#[allow(dead_code, reason = "the benchmark has this file too")]
const WITHOUT_DURABILITY: &str = "-c max_connections=200 -c fsync=off -c synchronous_commit=off -c full_page_writes=off \
                     -c autovacuum=off";

/// The URL of a new, empty database.
#[allow(dead_code, reason = "the benchmark has this file too")]
pub fn database() -> String {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER
        .get_or_init(|| Cluster::start(WITHOUT_DURABILITY))
        .database()
}

/// A cluster for measurements: durable, with default settings.
#[allow(dead_code, reason = "the benchmark's, which has this file too")]
pub struct Durable {
    cluster: Cluster,
    /// The folder of PostgreSQL's programs.
    pub bin: PathBuf,
    /// The server's process.
    pub pid: u32,
}

#[allow(dead_code, reason = "the benchmark's, which has this file too")]
impl Durable {
    pub fn start() -> Self {
        let cluster = Cluster::start("");
        let lock = fs::read_to_string(cluster.folder.join("data/postmaster.pid"));
        let lock = lock.expect("a running server prints that it runs");
        let pid = lock.lines().next().and_then(|line| line.parse().ok());
        Self {
            cluster,
            bin: bin(),
            pid: pid.expect("its process id"),
        }
    }

    pub fn database(&self) -> String {
        self.cluster.database()
    }

    /// Stops the server: `fast` like an administrator, `immediate` like a crash. Blocks.
    pub fn stop(&self, mode: &str) {
        let stop = ["stop", "-D", "data", "-w", "-t", "60", "-m", mode];
        self.cluster.tools().run("pg_ctl", &stop);
    }

    /// Restarts the server at the same address. Blocks until it responds.
    pub fn start_again(&self) {
        let started = self.cluster.tools().start(self.cluster.port, "");
        started.unwrap_or_else(|error| panic!("{error}"));
    }
}

impl Cluster {
    fn start(settings: &str) -> Self {
        let bin = bin();
        let owner = owner();
        let folder = folder(owner);
        let watchdog = watchdog(&bin, &folder, owner);
        let tools = Tools { bin, folder, owner };
        tools.run(
            "initdb",
            &[
                "-D",
                "data",
                "-U",
                "postgres",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C",
                "-N",
            ],
        );
        Self {
            port: tools.listen(settings),
            next: Mutex::new(1),
            folder: tools.folder,
            _watchdog: watchdog,
        }
    }

    fn database(&self) -> String {
        // A failed creation fails its own test only.
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let name = format!("test_{next}");
        *next += 1;
        let (url, sql) = (self.url("postgres"), format!("CREATE DATABASE {name}"));
        // On a new thread, because the caller may be inside a runtime.
        let created = thread::spawn(move || execute(&url, &sql)).join();
        created.expect("the database could not be created");
        self.url(&name)
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    #[allow(dead_code, reason = "the benchmark has this file too")]
    fn tools(&self) -> Tools {
        Tools {
            bin: bin(),
            folder: self.folder.clone(),
            owner: owner(),
        }
    }
}

/// PostgreSQL's programs, run as a user that they accept.
struct Tools {
    bin: PathBuf,
    folder: PathBuf,
    owner: Option<(u32, u32)>,
}

impl Tools {
    fn attempt(&self, tool: &str, args: &[&str]) -> Result<(), String> {
        let mut command = Command::new(self.bin.join(tool));
        command
            .args(args)
            .current_dir(&self.folder)
            .stdin(Stdio::null());
        let output = as_owner(&mut command, self.owner).output();
        let output = output.map_err(|error| format!("{tool} does not start: {error}"))?;
        if output.status.success() {
            return Ok(());
        }
        let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        Err(format!("{tool} failed: {said}\n{log}"))
    }

    fn run(&self, tool: &str, args: &[&str]) {
        if let Err(error) = self.attempt(tool, args) {
            panic!("{error}");
        }
    }

    /// Tries several ports, because another process can take a free port first.
    fn listen(&self, settings: &str) -> u16 {
        let mut last = String::new();
        for _ in 0..5 {
            let port = free_port();
            match self.start(port, settings) {
                Ok(()) => return port,
                Err(error) => last = error,
            }
        }
        panic!("{last}");
    }

    fn start(&self, port: u16, settings: &str) -> Result<(), String> {
        let options = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' {settings}"
        );
        let start = [
            "start", "-D", "data", "-l", "log", "-w", "-t", "60", "-o", &options,
        ];
        self.attempt("pg_ctl", &start)
    }
}

/// The folder with all of PostgreSQL's tools; `PATH` may contain only a wrapper of one.
fn bin() -> PathBuf {
    let whole = |folder: &PathBuf| TOOLS.iter().all(|tool| folder.join(tool).is_file());
    let (found, looked) = if let Some(folder) = env::var_os(BIN).filter(|set| !set.is_empty()) {
        let folder = PathBuf::from(folder);
        (
            Some(folder.clone()).filter(whole),
            folder.display().to_string(),
        )
    } else {
        let path = env::var_os("PATH").unwrap_or_default();
        let found = env::split_paths(&path).chain(debians()).find(whole);
        (found, "PATH and /usr/lib/postgresql/*/bin".to_owned())
    };
    found.unwrap_or_else(|| {
        panic!(
            "These tests need PostgreSQL: {looked} has no folder with all of {}. \
             Install it (Debian: apt-get install postgresql), or name the folder in {BIN}.",
            TOOLS.join(", ")
        )
    })
}

/// Debian's folders, one for each version, the newest first.
fn debians() -> Vec<PathBuf> {
    let entries = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let mut versions: Vec<u32> = entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect();
    versions.sort_unstable();
    let bin = |version| format!("/usr/lib/postgresql/{version}/bin").into();
    versions.into_iter().rev().map(bin).collect()
}

/// The user for PostgreSQL, which refuses to run as root: `postgres` or `nobody`; none if this process is not root.
fn owner() -> Option<(u32, u32)> {
    let root = fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let ids = |name: &str| {
        let line = users
            .lines()
            .find(|line| line.split(':').next() == Some(name))?;
        let mut ids = line.split(':').skip(2).map_while(|id| id.parse().ok());
        Some((ids.next()?, ids.next()?))
    };
    root.then(|| {
        ids("postgres")
            .or_else(|| ids("nobody"))
            .unwrap_or((65534, 65534))
    })
}

fn as_owner(command: &mut Command, owner: Option<(u32, u32)>) -> &mut Command {
    match owner {
        Some((user, group)) => command.uid(user).gid(group),
        None => command,
    }
}

fn folder(owner: Option<(u32, u32)>) -> PathBuf {
    let made = tempfile::Builder::new()
        .prefix("openhexa-bridge-postgres-")
        .tempdir();
    let folder = made.expect("a folder for the cluster").keep();
    if let Some((user, group)) = owner {
        chown(&folder, Some(user), Some(group)).expect("the folder belongs to its cluster");
    }
    folder
}

fn watchdog(bin: &Path, folder: &Path, owner: Option<(u32, u32)>) -> Child {
    let mut shell = Command::new("sh");
    shell
        .args(["-c", WATCHDOG, "watchdog"])
        .arg(bin.join("pg_ctl"))
        .arg(folder);
    // In its own process group, so that Ctrl-C at the terminal does not stop it.
    shell.current_dir("/").process_group(0);
    shell
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    as_owner(&mut shell, owner)
        .spawn()
        .expect("a shell that cleans up")
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its number").port()
}

/// Runs statements; not from inside a runtime.
pub fn execute(url: &str, sql: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(async {
        let connected = tokio_postgres::connect(url, tokio_postgres::NoTls).await;
        let (client, connection) = connected.expect("PostgreSQL answers");
        tokio::spawn(connection);
        client
            .batch_execute(sql)
            .await
            .expect("PostgreSQL takes the statement");
    });
}

/// Two texts of each row; not from inside a runtime.
#[allow(dead_code, reason = "the benchmark has this file too")]
pub fn rows(url: &str, query: &str) -> Vec<(String, String)> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(async {
        let connected = tokio_postgres::connect(url, tokio_postgres::NoTls).await;
        let (client, connection) = connected.expect("PostgreSQL answers");
        tokio::spawn(connection);
        let found = client.query(query, &[]).await.expect("rows");
        found.iter().map(|row| (row.get(0), row.get(1))).collect()
    })
}

/// The first text of each row of several statements; not from inside a runtime.
#[allow(dead_code, reason = "the benchmark has this file too")]
pub fn told(url: &str, statements: &str) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(async {
        let connected = tokio_postgres::connect(url, tokio_postgres::NoTls).await;
        let (client, connection) = connected.expect("PostgreSQL answers");
        tokio::spawn(connection);
        let messages = client.simple_query(statements).await.expect("rows");
        let text = |message: &tokio_postgres::SimpleQueryMessage| {
            let tokio_postgres::SimpleQueryMessage::Row(row) = message else {
                return None;
            };
            row.get(0).map(str::to_owned)
        };
        messages.iter().filter_map(text).collect()
    })
}
