//! A server on raw sockets that responds, or fails, as a script says.
//!
//! The emulator behaves like OpenHEXA; this server fails like a network: it hangs, closes the connection too early, sends web
//! pages. It supports only the HTTP/1.1 that a client with `Content-Length` needs.

use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

/// A received request.
#[derive(Clone, Debug)]
pub struct ReceivedRequest {
    /// The number of its connection, from 0.
    pub connection: usize,
    /// Request line and headers, in lower case.
    pub head: String,
    pub body: Value,
}

impl ReceivedRequest {
    pub fn operation(&self) -> &str {
        self.body["operationName"].as_str().unwrap_or_default()
    }

    pub fn query(&self) -> &str {
        self.body["query"].as_str().unwrap_or_default()
    }

    pub fn variables(&self) -> &Value {
        &self.body["variables"]
    }
}

/// What to do with a request.
#[derive(Clone)]
pub enum Reply {
    /// Status and body, as JSON.
    Json(u16, String),
    /// Status and body, as a web page.
    Html(u16, String),
    /// A redirect: status and location.
    Elsewhere(u16, String),
    /// Status, and the header `Retry-After`.
    Later(u16, String),
    /// JSON that is gzipped already.
    Gzip(Vec<u8>),
    /// The beginning of a response, then the connection is closed.
    Half(String),
    /// The beginning of a response, then nothing until the client gives up.
    Stall(String),
    /// The connection is closed without a response.
    Drop,
    /// No response until the client gives up.
    Never,
    /// The JSON, once the gate lets this request through.
    Gated(Arc<Semaphore>, String),
}

/// 200 with this JSON.
pub fn json(body: impl Into<String>) -> Reply {
    Reply::Json(200, body.into())
}

/// The server; it ends with its test's runtime.
pub struct ScriptedServer {
    pub url: String,
    heard: Arc<Mutex<Vec<ReceivedRequest>>>,
    state: watch::Receiver<Count>,
}

/// What the server counts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Count {
    pub heard: usize,
    /// Requests that wait for their response, now and at most.
    pub held: usize,
    pub most_held: usize,
    /// Connections that the client closed.
    pub closed: usize,
}

impl ScriptedServer {
    pub async fn serve(script: impl Fn(&ReceivedRequest) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let heard = Arc::default();
        let (count, state) = watch::channel(Count::default());
        let shared = Arc::new(Shared {
            script: Box::new(script),
            heard: Arc::clone(&heard),
            count,
        });
        tokio::spawn(async move {
            for connection in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(talk(Arc::clone(&shared), connection, stream));
            }
        });
        Self { url, heard, state }
    }

    /// The same response to every request.
    pub async fn always(reply: Reply) -> Self {
        Self::serve(move |_| reply.clone()).await
    }

    pub fn received(&self) -> Vec<ReceivedRequest> {
        self.heard.lock().unwrap().clone()
    }

    pub fn count(&self) -> Count {
        *self.state.borrow()
    }

    /// Waits until the counts match.
    pub async fn until(&self, so: impl FnMut(&Count) -> bool) {
        self.state.clone().wait_for(so).await.unwrap();
    }
}

struct Shared {
    script: Box<dyn Fn(&ReceivedRequest) -> Reply + Send + Sync>,
    heard: Arc<Mutex<Vec<ReceivedRequest>>>,
    count: watch::Sender<Count>,
}

async fn talk(shared: Arc<Shared>, connection: usize, mut stream: TcpStream) {
    while let Some((head, body)) = read(&mut stream).await {
        let heard = ReceivedRequest {
            connection,
            head,
            body: serde_json::from_slice(&body).unwrap_or_default(),
        };
        let reply = (shared.script)(&heard);
        shared.heard.lock().unwrap().push(heard);
        shared.count.send_modify(|count| {
            count.heard += 1;
            count.held += 1;
            count.most_held = count.most_held.max(count.held);
        });
        let goes_on = answer(&shared, &mut stream, reply).await;
        if !goes_on {
            return;
        }
    }
    shared.count.send_modify(|count| count.closed += 1);
}

/// Whether the connection stays open. The request is counted as finished before its response is sent.
async fn answer(shared: &Shared, stream: &mut TcpStream, reply: Reply) -> bool {
    if let Reply::Gated(gate, _) = &reply {
        gate.acquire().await.unwrap().forget();
    }
    if matches!(reply, Reply::Never) {
        let _ = stream.read(&mut [0]).await;
    }
    shared.count.send_modify(|count| count.held -= 1);
    let (bytes, goes_on) = match reply {
        Reply::Json(status, body) => (page(status, "application/json", body.as_bytes()), true),
        Reply::Gated(_, body) => (page(200, "application/json", body.as_bytes()), true),
        Reply::Html(status, body) => (page(status, "text/html", body.as_bytes()), true),
        Reply::Elsewhere(status, to) => {
            let kind = format!("text/html\r\nLocation: {to}");
            (page(status, &kind, b""), true)
        }
        Reply::Later(status, when) => {
            let kind = format!("text/html\r\nRetry-After: {when}");
            (page(status, &kind, b"<h1>Later</h1>"), true)
        }
        Reply::Gzip(body) => {
            let kind = "application/json\r\nContent-Encoding: gzip";
            (page(200, kind, &body), true)
        }
        Reply::Half(body) => (half(&body), false),
        Reply::Stall(body) => {
            let _ = stream.write_all(&half(&body)).await;
            let _ = stream.read(&mut [0]).await;
            (Vec::new(), false)
        }
        Reply::Drop | Reply::Never => (Vec::new(), false),
    };
    stream.write_all(&bytes).await.is_ok() && goes_on
}

/// The beginning of a response with twice the length in `Content-Length`.
fn half(body: &str) -> Vec<u8> {
    let mut bytes = page(200, "application/json", body.repeat(2).as_bytes());
    bytes.truncate(bytes.len() - body.len());
    bytes
}

fn page(status: u16, kind: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status} So\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n");
    [head.as_bytes(), body].concat()
}

/// The next request; none at the end of the connection.
async fn read(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?.to_lowercase();
    let length = head
        .split("content-length: ")
        .nth(1)?
        .split("\r\n")
        .next()?;
    let mut body = vec![0; length.parse().ok()?];
    stream.read_exact(&mut body).await.ok()?;
    Some((head, body))
}
