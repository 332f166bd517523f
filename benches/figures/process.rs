//! Child processes, and the CPU time and memory of a process, read from `/proc`.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A child process, which is killed when this is dropped.
pub struct Process {
    child: Child,
    pub url: String,
}

impl Drop for Process {
    fn drop(&mut self) {
        let gone = self.child.kill().and_then(|()| self.child.wait());
        if let Err(error) = gone {
            eprintln!("a process was left behind: {error}");
        }
    }
}

impl Process {
    /// Starts a program that prints `name: http://…` when it accepts requests. Its logs are discarded, so collecting
    /// them costs nothing.
    pub fn start(program: &Path, args: &[&str], settings: &[(&str, String)]) -> Self {
        let mut child = command(program, args, settings)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped"))
            .read_line(&mut line)
            .expect("its first line");
        let (_, url) = line.trim().split_once(": ").expect("a name and an address");
        let url = url.trim_end_matches("/graphql/").to_owned();
        Self { child, url }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

fn command(program: &Path, args: &[&str], settings: &[(&str, String)]) -> Command {
    let mut command = Command::new(program);
    command
        .args(args)
        .env_clear()
        .envs(
            settings
                .iter()
                .map(|(key, value)| (format!("OPENHEXA_BRIDGE__{key}"), value)),
        )
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// From the start of the program to its first 200 on `/healthz`.
pub fn cold_start(program: &Path, settings: &[(&str, String)], port: u16) -> Duration {
    use std::io::{Read, Write};
    let began = Instant::now();
    let mut child = command(program, &["serve"], settings)
        .spawn()
        .expect("the program starts");
    loop {
        assert!(began.elapsed() < Duration::from_mins(1), "it never answers");
        let answered = TcpStream::connect(("127.0.0.1", port)).and_then(|mut stream| {
            stream.write_all(
                b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
            )?;
            let mut text = String::new();
            stream.read_to_string(&mut text)?;
            Ok(text)
        });
        if answered.is_ok_and(|text| text.starts_with("HTTP/1.1 200")) {
            break;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    let took = began.elapsed();
    let gone = child.kill().and_then(|()| child.wait());
    gone.expect("it can be ended");
    took
}

/// The process whose CPU time is measured, with or without its children.
#[derive(Clone, Copy)]
pub struct Cpu {
    pid: u32,
    children: bool,
}

impl Cpu {
    pub fn of(pid: u32) -> Self {
        let children = false;
        Self { pid, children }
    }

    pub fn with_children(pid: u32) -> Self {
        let children = true;
        Self { pid, children }
    }

    pub fn spent(self) -> Duration {
        if !self.children {
            return ticks(self.pid).map_or(Duration::ZERO, |ticks| ticks.own);
        }
        let own = ticks(self.pid).map_or(Duration::ZERO, |ticks| ticks.own + ticks.reaped);
        let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
        let children = processes
            .filter_map(|entry| ticks(entry.file_name().to_str()?.parse().ok()?))
            .filter(|child| child.parent == self.pid);
        children.fold(own, |sum, child| sum + child.own + child.reaped)
    }
}

struct Ticks {
    parent: u32,
    own: Duration,
    /// Of children that have ended.
    reaped: Duration,
}

fn ticks(pid: u32) -> Option<Ticks> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name is in parentheses and can contain any character.
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
    let ticks = |place: usize| fields.get(place)?.parse::<u64>().ok();
    // Linux always returns these in hundredths of a second.
    let time = |ticks: u64| Duration::from_millis(ticks * 10);
    Some(Ticks {
        parent: fields.get(1)?.parse().ok()?,
        own: time(ticks(11)? + ticks(12)?),
        reaped: time(ticks(13)? + ticks(14)?),
    })
}

/// Memory in MiB.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    pub now: u64,
    pub most: u64,
}

pub fn memory(pid: u32) -> Memory {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("a process that lives");
    let value = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name));
        let number = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
        number.expect("a number of KiB") / 1024
    };
    Memory {
        now: value("VmRSS:"),
        most: value("VmHWM:"),
    }
}
