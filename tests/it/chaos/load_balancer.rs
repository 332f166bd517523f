//! A load balancer in front of the bridges: it forwards each report once, to a running bridge, and records
//! the outcome, so that the checks do not depend on the bridges.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::http::{StatusCode, header};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::Value;
use tokio::runtime::Handle;

use crate::support::server;

/// The addresses of the bridges; none while one is down.
#[derive(Default)]
pub struct Addresses([Mutex<Option<String>>; 2]);

impl Addresses {
    pub fn of(&self, bridge: usize) -> Option<String> {
        self.0[bridge % 2].lock().unwrap().clone()
    }

    pub fn set(&self, bridge: usize, address: Option<String>) {
        *self.0[bridge % 2].lock().unwrap() = address;
    }
}

/// The outcome of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// 200: it must have an effect.
    Accepted,
    /// It must not have an effect.
    Refused(u16),
    /// No bridge was running: it cannot have an effect.
    Lost,
    /// The response was cut off, or 5xx: it may have an effect or not; the events of its task show it.
    Unknown,
}

#[derive(Clone, Debug)]
pub struct Report {
    pub task: i64,
    pub status: String,
    pub result: Option<Value>,
    pub outcome: Outcome,
}

pub struct Front {
    pub url: String,
    shared: Arc<Shared>,
}

struct Shared {
    addresses: Arc<Addresses>,
    client: reqwest::Client,
    runtime: Handle,
    reports: Mutex<Vec<Report>>,
    active: AtomicUsize,
    turn: AtomicUsize,
}

/// A report that is being forwarded.
struct Incoming {
    path: String,
    authorization: String,
    body: Bytes,
}

impl Front {
    pub fn open(addresses: Arc<Addresses>, client: reqwest::Client) -> Self {
        let shared = Arc::new(Shared {
            addresses,
            client,
            runtime: Handle::current(),
            reports: Mutex::default(),
            active: AtomicUsize::default(),
            turn: AtomicUsize::default(),
        });
        let data = Data::from(shared.clone());
        let (url, _) = server::open(move |config| {
            config
                .app_data(data.clone())
                .default_service(web::to(pass_on));
        });
        Self { url, shared }
    }

    pub fn reports(&self) -> Vec<Report> {
        self.shared.reports.lock().unwrap().clone()
    }

    pub fn is_quiet(&self) -> bool {
        self.shared.active.load(Ordering::SeqCst) == 0
    }
}

async fn pass_on(shared: Data<Shared>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let authorization = request.headers().get(header::AUTHORIZATION);
    let incoming = Incoming {
        path: request.path().to_owned(),
        authorization: authorization
            .map_or("", |value| value.to_str().unwrap())
            .to_owned(),
        body,
    };
    let shared = shared.into_inner();
    shared.active.fetch_add(1, Ordering::SeqCst);
    // If the sender disconnects, its report is still recorded.
    let job = shared.runtime.clone().spawn(async move {
        let (outcome, answer) = shared.deliver(&incoming).await;
        shared.note(&incoming, outcome);
        shared.active.fetch_sub(1, Ordering::SeqCst);
        answer
    });
    match job.await.unwrap() {
        Some((status, text)) => HttpResponse::build(status).body(text),
        None => HttpResponse::BadGateway().finish(),
    }
}

impl Shared {
    async fn deliver(&self, incoming: &Incoming) -> (Outcome, Option<(StatusCode, String)>) {
        let first = self.turn.fetch_add(1, Ordering::SeqCst);
        for bridge in [first, first + 1] {
            let Some(address) = self.addresses.of(bridge) else {
                continue;
            };
            let request = self.client.patch(format!("{address}{}", incoming.path));
            let request = request
                .header("authorization", &incoming.authorization)
                .header("content-type", "application/json")
                .timeout(Duration::from_secs(20))
                .body(incoming.body.clone());
            match request.send().await {
                Ok(answer) => {
                    let status = StatusCode::from_u16(answer.status().as_u16()).unwrap();
                    let text = answer.text().await.unwrap_or_default();
                    return (outcome(status.as_u16()), Some((status, text)));
                }
                // Nothing was sent, so the other bridge is tried.
                Err(error) if error.is_connect() => {}
                Err(_) => return (Outcome::Unknown, None),
            }
        }
        (Outcome::Lost, None)
    }

    fn note(&self, incoming: &Incoming, outcome: Outcome) {
        let body: Value = serde_json::from_slice(&incoming.body).unwrap();
        self.reports.lock().unwrap().push(Report {
            task: body["task_id"].as_i64().unwrap(),
            status: body["status"].as_str().unwrap().to_owned(),
            result: Some(body["result"].clone()).filter(|result| !result.is_null()),
            outcome,
        });
    }
}

fn outcome(status: u16) -> Outcome {
    match status {
        200 => Outcome::Accepted,
        500.. => Outcome::Unknown,
        refused => Outcome::Refused(refused),
    }
}
