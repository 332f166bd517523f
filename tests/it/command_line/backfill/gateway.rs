//! A proxy between the command and the bridge that refuses requests, loses responses and holds requests back.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use actix_web::http::{StatusCode, header};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse, web};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use crate::support::server;
use crate::support::story::MAX_WAIT;

/// What happens to a request.
pub enum Rule {
    Pass,
    /// It does not reach the bridge; the response has this status, and `Retry-After: 1`.
    Refuse(u16),
    /// The bridge processes it; the response is lost.
    Lose,
    /// It waits for a permit.
    Hold(Arc<Semaphore>),
}

/// By request (`GET /api/openhexa/flows/daily/`) and how many equal ones were before.
type Script = Box<dyn Fn(&str, usize) -> Rule + Send + Sync>;

pub struct Gateway {
    pub url: String,
    shared: Arc<Shared>,
}

struct Shared {
    bridge: String,
    client: reqwest::Client,
    runtime: Handle,
    script: Script,
    seen: Mutex<Vec<String>>,
}

impl Gateway {
    pub fn open(
        bridge: &str,
        script: impl Fn(&str, usize) -> Rule + Send + Sync + 'static,
    ) -> Self {
        let shared = Arc::new(Shared {
            bridge: bridge.to_owned(),
            client: crate::support::client::builder().build().unwrap(),
            runtime: Handle::current(),
            script: Box::new(script),
            seen: Mutex::default(),
        });
        let data = Data::from(shared.clone());
        let (url, _) = server::open(move |config| {
            config
                .app_data(data.clone())
                .default_service(web::to(pass_on));
        });
        Self { url, shared }
    }

    /// How often this request was sent.
    pub fn count(&self, request: &str) -> usize {
        let seen = self.shared.seen.lock().unwrap();
        seen.iter().filter(|one| *one == request).count()
    }

    pub async fn until_seen(&self, request: &str) {
        let deadline = Instant::now() + MAX_WAIT;
        while self.count(request) == 0 {
            assert!(Instant::now() < deadline, "{request} was not sent");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

async fn pass_on(shared: Data<Shared>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let path = request.uri().path_and_query().unwrap().to_string();
    let method = request.method().to_string();
    let rule = shared.rule(format!("{method} {path}"));
    let loses = matches!(rule, Rule::Lose);
    match rule {
        Rule::Pass | Rule::Lose => {}
        Rule::Refuse(status) => return refusal(status),
        Rule::Hold(gate) => gate.acquire().await.unwrap().forget(),
    }
    let kind = request.headers().get(header::CONTENT_TYPE);
    let kind = kind.map_or("", |kind| kind.to_str().unwrap()).to_owned();
    let shared = shared.into_inner();
    // If the command disconnects, the request still reaches the bridge.
    let job = shared.runtime.clone().spawn(async move {
        let url = format!("{}{path}", shared.bridge);
        let request = shared.client.request(method.parse().unwrap(), url);
        let request = request.header("content-type", kind).body(body);
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.bytes().await.unwrap())
    });
    let (status, bytes) = job.await.unwrap();
    if loses {
        return refusal(504);
    }
    HttpResponse::build(StatusCode::from_u16(status).unwrap())
        .content_type("application/json")
        .body(bytes)
}

fn refusal(status: u16) -> HttpResponse {
    let status = StatusCode::from_u16(status).unwrap();
    HttpResponse::build(status)
        .insert_header((header::RETRY_AFTER, "1"))
        .body("<h1>Later</h1>")
}

impl Shared {
    fn rule(&self, request: String) -> Rule {
        let mut seen = self.seen.lock().unwrap();
        let before = seen.iter().filter(|one| **one == request).count();
        let rule = (self.script)(&request, before);
        seen.push(request);
        rule
    }
}
