//! PostgreSQL with default settings and durable commits, and pgbench on the same server.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::process::Cpu;
use crate::table::Row;

#[path = "../../tests/it/support/postgres.rs"]
mod throwaway;

pub use throwaway::execute;

pub const YARDSTICK: &str = "pgbench -N";

pub struct Postgres {
    cluster: throwaway::Durable,
    pub database: String,
    yardstick: String,
}

impl Postgres {
    pub fn start() -> Self {
        let cluster = throwaway::Durable::start();
        let (database, yardstick) = (cluster.database(), cluster.database());
        Self {
            cluster,
            database,
            yardstick,
        }
    }

    /// Also creates a database with the tables of pgbench.
    pub fn with_yardstick(scale: u32) -> Self {
        let postgres = Self::start();
        let scale = scale.to_string();
        postgres.tool("pgbench", &["-i", "-q", "-I", "dtGvp", "-s", &scale]);
        postgres
    }

    pub fn cpu(&self) -> Cpu {
        Cpu::with_children(self.cluster.pid)
    }

    pub fn version(&self) -> String {
        let output = self.tool("postgres", &["--version"]);
        output.trim().replace("postgres (PostgreSQL) ", "")
    }

    /// An update, a select and an insert per transaction, as prepared statements.
    pub fn pgbench(&self, seconds: f64, clients: usize) -> Row {
        let (seconds, many) = (seconds.ceil().to_string(), clients.to_string());
        let threads = clients.min(2).to_string();
        let (before, began) = (self.cpu().spent(), Instant::now());
        let output = self.tool(
            "pgbench",
            &[
                "-N", "-n", "-M", "prepared", "-c", &many, "-j", &threads, "-T", &seconds,
            ],
        );
        let spent = self.cpu().spent().saturating_sub(before);
        let number = |before: &str| {
            let line = output.lines().find(|line| line.starts_with(before));
            let number = line.and_then(|line| line[before.len()..].trim().split([' ', '/']).next());
            number.and_then(|number| number.parse::<f64>().ok())
        };
        let per_second = number("tps =").expect("pgbench tells how many");
        let transactions = number("number of transactions actually processed:");
        let transactions = transactions.unwrap_or(per_second * began.elapsed().as_secs_f64());
        let row = Row {
            name: YARDSTICK.to_owned(),
            clients,
            per_second,
            p50: None,
            p99: None,
            cpu: None,
            database_cpu: Some(spent.as_secs_f64() * 1000.0 / transactions),
            failed: number("number of failed transactions:").map_or(0, |failed| failed as usize),
        };
        eprintln!("{row}");
        row
    }

    fn tool(&self, tool: &str, args: &[&str]) -> String {
        let program: PathBuf = self.cluster.bin.join(tool);
        let mut command = Command::new(program);
        command.args(args).stdin(Stdio::null());
        if tool == "pgbench" {
            command.arg(&self.yardstick);
        }
        let output = command.output().expect("PostgreSQL's program starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{tool}: {said}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}
