//! A load balancer in front of the bridges: it passes each report once, to a bridge that runs, and records the outcome, so
//! that the checks do not depend on the bridges.

use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::http::{StatusCode, header};
use actix_web::web::{Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use serde_json::Value;
use tokio::runtime::Handle;

/// Where the bridges are; none while one is down.
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

/// What became of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// 200: it must count.
    Taken,
    /// It must not count.
    Refused(u16),
    /// No bridge was there: it cannot count.
    Lost,
    /// The answer was cut off, or 5xx: it may count or not, and the events of its task say which.
    Unsure,
}

#[derive(Clone, Debug)]
pub struct Report {
    pub task: i64,
    pub word: String,
    pub result: Option<Value>,
    pub fate: Fate,
}

pub struct Front {
    pub url: String,
    desk: Arc<Desk>,
}

struct Desk {
    addresses: Arc<Addresses>,
    client: reqwest::Client,
    runtime: Handle,
    reports: Mutex<Vec<Report>>,
    under_way: AtomicUsize,
    turn: AtomicUsize,
}

/// A report on its way.
struct Letter {
    path: String,
    authorization: String,
    body: Bytes,
}

impl Front {
    pub fn open(addresses: Arc<Addresses>, client: reqwest::Client) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let desk = Arc::new(Desk {
            addresses,
            client,
            runtime: Handle::current(),
            reports: Mutex::default(),
            under_way: AtomicUsize::default(),
            turn: AtomicUsize::default(),
        });
        let data = Data::from(desk.clone());
        let app = move || {
            App::new()
                .app_data(data.clone())
                .default_service(web::to(pass_on))
        };
        let server = HttpServer::new(app).workers(1).disable_signals();
        // It ends with the runtime of its test.
        tokio::spawn(server.listen(listener).unwrap().run());
        Self { url, desk }
    }

    pub fn reports(&self) -> Vec<Report> {
        self.desk.reports.lock().unwrap().clone()
    }

    pub fn is_quiet(&self) -> bool {
        self.desk.under_way.load(Ordering::SeqCst) == 0
    }
}

async fn pass_on(desk: Data<Desk>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let authorization = request.headers().get(header::AUTHORIZATION);
    let letter = Letter {
        path: request.path().to_owned(),
        authorization: authorization
            .map_or("", |value| value.to_str().unwrap())
            .to_owned(),
        body,
    };
    let desk = desk.into_inner();
    desk.under_way.fetch_add(1, Ordering::SeqCst);
    // A sender that hangs up does not keep its report from being written down.
    let job = desk.runtime.clone().spawn(async move {
        let (fate, answer) = desk.deliver(&letter).await;
        desk.note(&letter, fate);
        desk.under_way.fetch_sub(1, Ordering::SeqCst);
        answer
    });
    match job.await.unwrap() {
        Some((status, text)) => HttpResponse::build(status).body(text),
        None => HttpResponse::BadGateway().finish(),
    }
}

impl Desk {
    async fn deliver(&self, letter: &Letter) -> (Fate, Option<(StatusCode, String)>) {
        let first = self.turn.fetch_add(1, Ordering::SeqCst);
        for bridge in [first, first + 1] {
            let Some(address) = self.addresses.of(bridge) else {
                continue;
            };
            let request = self.client.patch(format!("{address}{}", letter.path));
            let request = request
                .header("authorization", &letter.authorization)
                .header("content-type", "application/json")
                .timeout(Duration::from_secs(20))
                .body(letter.body.clone());
            match request.send().await {
                Ok(answer) => {
                    let status = StatusCode::from_u16(answer.status().as_u16()).unwrap();
                    let text = answer.text().await.unwrap_or_default();
                    return (fate(status.as_u16()), Some((status, text)));
                }
                // Nothing was sent: the other one is as good.
                Err(error) if error.is_connect() => {}
                Err(_) => return (Fate::Unsure, None),
            }
        }
        (Fate::Lost, None)
    }

    fn note(&self, letter: &Letter, fate: Fate) {
        let body: Value = serde_json::from_slice(&letter.body).unwrap();
        self.reports.lock().unwrap().push(Report {
            task: body["task_id"].as_i64().unwrap(),
            word: body["status"].as_str().unwrap().to_owned(),
            result: Some(body["result"].clone()).filter(|result| !result.is_null()),
            fate,
        });
    }
}

fn fate(status: u16) -> Fate {
    match status {
        200 => Fate::Taken,
        500.. => Fate::Unsure,
        refused => Fate::Refused(refused),
    }
}
