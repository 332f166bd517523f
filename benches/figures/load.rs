//! Clients that keep their connection open and send the next request as soon as they have the response. All run in one
//! thread and parse only the status and length of a response, so that the server is measured and not the clients.

use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::LocalSet;

/// The server and the requests to send.
#[derive(Clone)]
pub struct Target {
    host: String,
    ask: Rc<dyn Fn(usize) -> Vec<u8>>,
}

impl Target {
    pub fn get(url: &str, path: &str, token: Option<&str>) -> Self {
        let host = host(url);
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\n{}\r\n",
            authorization(token)
        );
        let ask = Rc::new(move |_| head.clone().into_bytes());
        Self { host, ask }
    }

    /// Requests several paths in turn.
    pub fn each(url: &str, paths: Vec<String>, token: Option<&str>) -> Self {
        let host = host(url);
        let ask = |path: String| Self::get(url, &path, token).ask;
        let asks: Vec<_> = paths.into_iter().map(ask).collect();
        let ask = Rc::new(move |number: usize| asks[number % asks.len()](number));
        Self { host, ask }
    }

    /// Sends a new body each time.
    pub fn put(
        url: &str,
        path: &str,
        token: Option<&str>,
        body: impl Fn(usize) -> String + 'static,
    ) -> Self {
        let host = host(url);
        let head = format!(
            "PUT {path} HTTP/1.1\r\nHost: {host}\r\n{}Content-Type: application/json\r\n",
            authorization(token)
        );
        let ask = Rc::new(move |number: usize| {
            let body = body(number);
            format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
        });
        Self { host, ask }
    }

    /// Sends reports of progress for these tasks in turn.
    pub fn reports(url: &str, pipeline: &str, token: Option<&str>, tasks: Vec<i64>) -> Self {
        let host = host(url);
        let head = format!(
            "PATCH /api/openhexa/pipelines/{pipeline}/ HTTP/1.1\r\nHost: {host}\r\n{}\
             Content-Type: application/json\r\n",
            authorization(token)
        );
        let ask = Rc::new(move |number: usize| {
            let task = tasks[number % tasks.len()];
            let body = format!(
                r#"{{"task_id": {task}, "status": "RUNNING", "progress_message": "Step {number}", "progress_value": {}, "end_value": 100}}"#,
                number % 100
            );
            format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
        });
        Self { host, ask }
    }
}

fn host(url: &str) -> String {
    let rest = url.strip_prefix("http://").expect("an http:// address");
    rest.trim_end_matches('/').to_owned()
}

fn authorization(token: Option<&str>) -> String {
    token.map_or_else(String::new, |token| {
        format!("Authorization: Bearer {token}\r\n")
    })
}

pub struct Load {
    pub target: Target,
    pub clients: usize,
}

/// The results of a measurement.
#[derive(Default)]
pub struct Figures {
    pub answers: usize,
    /// Responses with a status other than 200, and broken connections.
    pub failed: usize,
    took: Duration,
    /// Response times, sorted.
    waits: Vec<Duration>,
}

impl Figures {
    pub fn per_second(&self) -> f64 {
        self.answers as f64 / self.took.as_secs_f64()
    }

    /// In milliseconds.
    pub fn percentile(&self, part: f64) -> f64 {
        let place = ((self.waits.len() as f64) * part) as usize;
        let wait = self
            .waits
            .get(place.min(self.waits.len().saturating_sub(1)));
        wait.map_or(f64::NAN, |wait| wait.as_secs_f64() * 1000.0)
    }
}

impl Load {
    pub async fn run(&self, time: Duration) -> Figures {
        let local = LocalSet::new();
        let began = Instant::now();
        let clients: Vec<_> = (0..self.clients)
            .map(|client| {
                let target = self.target.clone();
                let step = self.clients;
                local.spawn_local(async move { ask(&target, client, step, began + time).await })
            })
            .collect();
        let mut all = Figures::default();
        local
            .run_until(async {
                for client in clients {
                    let one = client.await.expect("a client that ends");
                    all.failed += one.failed;
                    all.waits.extend(one.waits);
                }
            })
            .await;
        all.took = began.elapsed();
        all.answers = all.waits.len();
        all.waits.sort_unstable();
        all
    }
}

/// One client. Two clients never use the same task at once, if there are more tasks than clients.
async fn ask(target: &Target, client: usize, step: usize, until: Instant) -> Figures {
    let mut figures = Figures::default();
    let mut wire = None;
    let mut number = client;
    while Instant::now() < until {
        let request = (target.ask)(number);
        number += step;
        let began = Instant::now();
        let connected = match wire.take() {
            Some(wire) => wire,
            None => Wire::open(&target.host).await,
        };
        match connected.exchange(&request).await {
            Some((200, kept)) => {
                figures.waits.push(began.elapsed());
                wire = kept;
            }
            Some((_, kept)) => {
                figures.failed += 1;
                wire = kept;
            }
            None => figures.failed += 1,
        }
    }
    figures
}

struct Wire {
    stream: TcpStream,
    held: Vec<u8>,
}

impl Wire {
    async fn open(host: &str) -> Self {
        let stream = TcpStream::connect(host)
            .await
            .expect("a server that listens");
        stream.set_nodelay(true).expect("a socket of ours");
        let held = Vec::with_capacity(64 * 1024);
        Self { stream, held }
    }

    /// The status, and the connection if it stays open. None: the connection broke.
    async fn exchange(mut self, request: &[u8]) -> Option<(u16, Option<Self>)> {
        self.stream.write_all(request).await.ok()?;
        self.held.clear();
        let head_end = loop {
            self.more().await?;
            if let Some(place) = find(&self.held, b"\r\n\r\n") {
                break place + 4;
            }
        };
        let head = String::from_utf8_lossy(&self.held[..head_end]).to_ascii_lowercase();
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let value = |name: &str| {
            let line = head.lines().find(|line| line.starts_with(name))?;
            Some(line[name.len()..].trim().to_owned())
        };
        if let Some(length) = value("content-length:") {
            let length: usize = length.parse().ok()?;
            while self.held.len() < head_end + length {
                self.more().await?;
            }
        } else {
            // Chunked; the last chunk is empty.
            while !self.held.ends_with(b"\r\n0\r\n\r\n") {
                self.more().await?;
            }
        }
        let closes = value("connection:").is_some_and(|value| value == "close");
        Some((status, (!closes).then_some(self)))
    }

    async fn more(&mut self) -> Option<()> {
        let read = self.stream.read_buf(&mut self.held).await.ok()?;
        (read > 0).then_some(())
    }
}

fn find(text: &[u8], sign: &[u8]) -> Option<usize> {
    text.windows(sign.len()).position(|window| window == sign)
}
