//! Rows, their medians over the rounds, and BENCHMARKS.md: a complete measurement replaces the text between its two
//! marks; the rest is written by hand.

use std::fmt;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::Line;
use crate::postgres::YARDSTICK;
use crate::process::Memory;
use crate::stage::{Stage, Starts};

/// The names of the marks in BENCHMARKS.md, for the results of the two parts.
pub const FIRST: &str = "measured";
pub const LARGE: &str = "measured: large";

#[derive(Clone)]
pub struct Row {
    pub name: String,
    pub clients: usize,
    pub per_second: f64,
    /// In milliseconds, like the next three.
    pub p50: Option<f64>,
    pub p99: Option<f64>,
    pub cpu: Option<f64>,
    pub database_cpu: Option<f64>,
    pub failed: usize,
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |value: Option<f64>, digits| {
            value.map_or_else(|| "–".to_owned(), |value| format!("{value:.digits$}"))
        };
        write!(
            f,
            "| {} | {} | {:.0} | {} | {} | {} | {} | {} |",
            self.name,
            self.clients,
            self.per_second,
            number(self.p50, 2),
            number(self.p99, 2),
            number(self.cpu, 3),
            number(self.database_cpu, 3),
            if self.failed == 0 {
                String::new()
            } else {
                format!("**{} failed**", self.failed)
            },
        )
    }
}

/// The rows of all rounds.
#[derive(Default)]
pub struct Table(Vec<Row>);

impl Table {
    pub fn add(&mut self, row: Row) {
        self.0.push(row);
    }

    /// The rows of each scenario, one per round, in the order in which the scenarios were first measured.
    fn scenarios(&self) -> Vec<Vec<&Row>> {
        let mut all: Vec<Vec<&Row>> = Vec::new();
        for row in &self.0 {
            let same =
                |rows: &&mut Vec<&Row>| rows[0].name == row.name && rows[0].clients == row.clients;
            match all.iter_mut().find(same) {
                Some(rows) => rows.push(row),
                None => all.push(vec![row]),
            }
        }
        all
    }

    pub fn text(&self) -> String {
        let mut rows: Vec<Row> = self.scenarios().iter().map(|rows| middle(rows)).collect();
        rows.sort_by(|one, other| {
            one.name
                .cmp(&other.name)
                .then(one.clients.cmp(&other.clients))
        });
        let rows: Vec<String> = rows.iter().map(Row::to_string).collect();
        format!(
            "| scenario | clients | responses/s | p50 ms | p99 ms | CPU ms | database CPU ms | |\n\
             |---|---|---|---|---|---|---|---|\n{}\n",
            rows.join("\n")
        )
    }

    /// The responses per second of one scenario divided by those of another in the same round; the median.
    fn ratio(&self, of: &str, to: &str, clients: usize) -> Option<f64> {
        let rounds = |name: &str| -> Vec<f64> {
            let rows = self.0.iter();
            let rows = rows.filter(|row| row.name == name && row.clients == clients);
            rows.map(|row| row.per_second).collect()
        };
        let pairs = rounds(of).into_iter().zip(rounds(to));
        median(pairs.map(|(of, to)| of / to).collect())
    }
}

fn middle(rows: &[&Row]) -> Row {
    let of =
        |value: fn(&Row) -> Option<f64>| median(rows.iter().filter_map(|row| value(row)).collect());
    Row {
        name: rows[0].name.clone(),
        clients: rows[0].clients,
        per_second: of(|row| Some(row.per_second)).unwrap_or(f64::NAN),
        p50: of(|row| row.p50),
        p99: of(|row| row.p99),
        cpu: of(|row| row.cpu),
        database_cpu: of(|row| row.database_cpu),
        failed: rows.iter().map(|row| row.failed).sum(),
    }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// The results of a complete measurement, as Markdown.
pub fn report(line: &Line, table: &Table, stage: &Stage, upstream: u64, starts: &Starts) -> String {
    let (sqlite, postgres) = stage.memory();
    let memory = |memory: Memory| format!("{} MiB, {} MiB maximum", memory.now, memory.most);
    format!(
        "{}\n{}\n{}\n| | |\n|---|---|\n\
         | memory after the start | {} MiB |\n| memory at the end, SQLite | {} |\n\
         | memory at the end, PostgreSQL | {} |\n| start to first `/healthz`, SQLite | {:.0} ms |\n\
         | start to first `/healthz`, PostgreSQL | {:.0} ms |\n\
         | requests to OpenHEXA during all lists and details | {upstream} |\n",
        described(line, stage),
        table.text(),
        ratios(line, table),
        stage.at_rest.now,
        memory(sqlite),
        memory(postgres),
        starts.sqlite.as_secs_f64() * 1000.0,
        starts.postgres.as_secs_f64() * 1000.0,
    )
}

fn ratios(line: &Line, table: &Table) -> String {
    let mut text = "| clients | callback ÷ `pgbench -N` | on one task ÷ `pgbench -N` | list ÷ bare | config ÷ bare |\n\
                    |---|---|---|---|---|\n"
        .to_owned();
    for &clients in &line.clients {
        let ratio = |of: &str, to: &str| {
            let ratio = table.ratio(of, to, clients);
            ratio.map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.2}"))
        };
        let (bare, pgbench) = ("bare actix handler", YARDSTICK);
        let cells = [
            clients.to_string(),
            ratio("callback, PostgreSQL", pgbench),
            ratio("callback on one task, PostgreSQL", pgbench),
            ratio("list, SQLite", bare),
            ratio("config, SQLite", bare),
        ];
        text.extend(["| ", &cells.join(" | "), " |\n"]);
    }
    text
}

fn described(line: &Line, stage: &Stage) -> String {
    machine(&format!(
        "PostgreSQL {}, durable, otherwise default settings. {} rounds of {} s; {} live tasks; clients, servers and \
         databases share the machine. Medians; CPU is the server's per response.",
        stage.postgres.version(),
        line.rounds,
        line.seconds,
        line.live,
    ))
}

/// The date and machine of the measurement, followed by `more`.
pub fn machine(more: &str) -> String {
    let first = |file: &str, name: &str| {
        let text = fs::read_to_string(file).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(name));
        line.and_then(|line| Some(line.split_once(':')?.1.trim().to_owned()))
            .unwrap_or_default()
    };
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kib: u64 = first("/proc/meminfo", "MemTotal")
        .trim_end_matches(" kB")
        .parse()
        .unwrap_or(0);
    let compiler = Command::new("rustc").arg("--version").output();
    let compiler = compiler.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    format!(
        "{}; {cores} cores ({}), {} GiB, Linux; {}; {more}\n",
        chrono::Utc::now().format("%Y-%m-%d"),
        first("/proc/cpuinfo", "model name"),
        kib / 1024 / 1024,
        compiler.unwrap_or_default(),
    )
}

/// Writes the results of a complete part to BENCHMARKS.md.
pub fn keep(part: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("BENCHMARKS.md");
    let before = fs::read_to_string(&file).expect("BENCHMARKS.md");
    let (begin, end) = (format!("<!-- {part} -->"), format!("<!-- /{part} -->"));
    let (head, rest) = before.split_once(&begin).expect("its first mark");
    let (_, tail) = rest.split_once(&end).expect("its second mark");
    let after = format!("{head}{begin}\n{text}{end}{tail}");
    fs::write(&file, after).expect("BENCHMARKS.md is ours");
}
