//! A receiver of webhooks on raw sockets, which keeps each request as it was sent, and responds as a script says.

use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

/// A received request.
#[derive(Clone, Debug)]
pub struct Request {
    pub line: String,
    /// With names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Request {
    pub fn header(&self, name: &str) -> &str {
        let mut own = self.headers.iter().filter(|(one, _)| one == name);
        own.next().map_or("", |(_, value)| value)
    }

    pub fn id(&self) -> &str {
        self.header("webhook-id")
    }

    pub fn timestamp(&self) -> i64 {
        self.header("webhook-timestamp").parse().unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

#[derive(Clone)]
pub enum Reply {
    Status(u16),
    /// With a body.
    Text(u16, String),
    /// With a header line.
    Header(u16, String),
    /// 200, once the gate lets this request through.
    Gated(Arc<Semaphore>),
    /// The connection is closed without a response.
    Drop,
}

/// It ends with its test's runtime.
pub struct Receiver {
    pub url: String,
    requests: Arc<Mutex<Vec<Request>>>,
    count: watch::Receiver<usize>,
}

impl Receiver {
    /// `script` gets the number of the request, from 0.
    pub async fn serve(script: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook?team=1", listener.local_addr().unwrap());
        let (sender, count) = watch::channel(0);
        let requests: Arc<Mutex<Vec<Request>>> = Arc::default();
        let shared = Arc::new((script, requests.clone(), sender));
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let shared = shared.clone();
                tokio::spawn(async move {
                    let (script, requests, sender) = &*shared;
                    talk(stream, |request| {
                        let mut all = requests.lock().unwrap();
                        all.push(request);
                        sender.send_replace(all.len());
                        script(all.len() - 1)
                    })
                    .await;
                });
            }
        });
        Self {
            url,
            requests,
            count,
        }
    }

    pub async fn always(reply: Reply) -> Self {
        Self::serve(move |_| reply.clone()).await
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// Waits until it has received this many requests.
    pub async fn until(&self, wanted: usize) {
        let mut count = self.count.clone();
        count.wait_for(|count| *count >= wanted).await.unwrap();
    }
}

async fn talk(mut stream: TcpStream, answer: impl FnOnce(Request) -> Reply) {
    let Some(request) = read(&mut stream).await else {
        return;
    };
    let (status, header, body) = match answer(request) {
        Reply::Status(status) => (status, String::new(), String::new()),
        Reply::Text(status, body) => (status, String::new(), body),
        Reply::Header(status, header) => (status, format!("{header}\r\n"), String::new()),
        Reply::Gated(gate) => {
            gate.acquire().await.unwrap().forget();
            (200, String::new(), String::new())
        }
        Reply::Drop => return,
    };
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} So\r\n{header}Content-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
}

async fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?;
    let mut lines = head.lines();
    let line = lines.next()?.to_owned();
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_lowercase(), value.to_owned()));
    let mut request = Request {
        line,
        headers: headers.collect(),
        body: String::new(),
    };
    let mut body = vec![0; request.header("content-length").parse().ok()?];
    stream.read_exact(&mut body).await.ok()?;
    request.body = String::from_utf8(body).ok()?;
    Some(request)
}
