//! A real mail server: aiosmtpd, as a process that a test can stop.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::sdk_pipelines::python;
use crate::support::story::{MAX_WAIT, StoryBuilder};

pub const PASSWORD: &str = "password-of-the-mail-server-5e0c";

pub fn file(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/notifications");
    folder.join(name)
}

pub struct MailServer {
    pub port: u16,
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

/// With STARTTLS, a certificate of the tests' authority, and a password.
pub fn secure() -> Value {
    json!({
        "certificate": file("certificates/server.pem"), "key": file("certificates/server-key.pem"),
        "credentials": ["bridge", PASSWORD],
    })
}

impl MailServer {
    pub async fn start(options: &Value) -> Self {
        let mut process = Command::new(python())
            .arg(file("smtp_server.py"))
            .arg(options.to_string())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut server = Self {
            port: 0,
            process,
            lines,
        };
        let port = server.next().await.as_u64().expect("a port");
        server.port = port.try_into().unwrap();
        server
    }

    /// The next line that it prints.
    async fn next(&mut self) -> Value {
        let line = tokio::time::timeout(MAX_WAIT, self.lines.next_line()).await;
        let line = line.expect("a message in time").unwrap();
        serde_json::from_str(&line.expect("a running mail server")).unwrap()
    }

    /// The next message that it accepts.
    pub async fn message(&mut self) -> Value {
        self.next().await
    }

    /// Stops it; returns the messages that were not read.
    pub async fn stop(mut self) -> Vec<Value> {
        self.process.kill().await.unwrap();
        let mut rest = Vec::new();
        while let Some(line) = self.lines.next_line().await.unwrap() {
            rest.push(serde_json::from_str(&line).unwrap());
        }
        rest
    }

    /// The settings of a bridge that uses it with [`secure`].
    pub fn settings(&self, plan: StoryBuilder) -> StoryBuilder {
        settings(plan, self.port)
    }
}

pub fn settings(plan: StoryBuilder, port: u16) -> StoryBuilder {
    plan.setting("mail.host", "localhost")
        .setting("mail.port", &port.to_string())
        .setting(
            "mail.ca_file",
            file("certificates/authority.pem").to_str().unwrap(),
        )
        .setting("mail.username", "bridge")
        .setting("mail.password", PASSWORD)
        .setting("mail.from", "Passerelle <bridge@example.org>")
        .setting("server.public_url", "https://bridge.example.org")
}
