//! The reports of simulated runs.

use std::sync::{Arc, Mutex};

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;

use super::*;
use crate::support::server;

/// The received requests: path, bearer token, body.
type ReceivedRequest = Arc<Mutex<Vec<(String, String, Value)>>>;

/// A server in place of Iaso that responds to every request with this status.
pub struct Listener {
    pub url: String,
    heard: ReceivedRequest,
}

async fn receive(
    request: HttpRequest,
    body: web::Json<Value>,
    heard: web::Data<Mutex<Vec<(String, String, Value)>>>,
    status: web::Data<u16>,
) -> HttpResponse {
    let bearer = request
        .headers()
        .get("authorization")
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned();
    let place = format!("{} {}", request.method(), request.path());
    heard
        .lock()
        .unwrap()
        .push((place, bearer, body.into_inner()));
    let status = actix_web::http::StatusCode::from_u16(**status).unwrap();
    HttpResponse::build(status).json(json!({}))
}

impl Listener {
    pub fn start(status: u16) -> Self {
        let heard = ReceivedRequest::default();
        let shared = web::Data::from(Arc::clone(&heard));
        let (url, _) = server::open(move |config| {
            config
                .app_data(shared.clone())
                .app_data(web::Data::new(status))
                .default_service(web::to(receive));
        });
        Self { url, heard }
    }

    pub fn received(&self) -> Vec<(String, String, Value)> {
        self.heard.lock().unwrap().clone()
    }

    pub fn words(&self) -> Vec<(String, i64)> {
        let word = |body: &Value| {
            (
                body["status"].as_str().unwrap().to_owned(),
                body["progress_value"].as_i64().unwrap(),
            )
        };
        self.received()
            .iter()
            .map(|(_, _, body)| word(body))
            .collect()
    }
}

fn reporting(behaviour: Value) -> Value {
    let text = |code: &str| json!({"code": code, "type": "str"});
    pipeline(
        json!([{"code": "task_id", "type": "int"}, text("connection_host"), text("connection_token")]),
        behaviour,
    )
}

fn behaviour() -> Value {
    json!({"queued_ms": 0, "running_ms": 200, "steps": 2, "callback": true, "result": {"rows": 3}})
}

#[actix_web::test]
async fn a_run_reports_its_start_its_steps_and_its_end_before_it_ends() {
    let iaso = Listener::start(200);
    let story = Story::of(json!([reporting(behaviour())])).await;
    let config = json!({"task_id": 7, "connection_host": iaso.url, "connection_token": "key"});
    let run = story.run(ONE, config).await;
    story.until(&run, "success").await;
    let heard = iaso.received();
    let words: Vec<_> = iaso.words();
    let expected = [
        ("RUNNING", 0),
        ("RUNNING", 50),
        ("RUNNING", 100),
        ("SUCCESS", 100),
    ];
    assert_eq!(
        words,
        expected.map(|(word, progress)| (word.to_owned(), progress))
    );
    for (place, bearer, body) in &heard {
        assert_eq!(place, &format!("PATCH /api/openhexa/pipelines/{ONE}/"));
        assert_eq!(bearer, "Bearer key");
        assert_eq!(
            (&body["task_id"], &body["end_value"]),
            (&json!(7), &json!(100))
        );
    }
    assert_eq!(heard[0].2["result"], json!(null));
    assert_eq!(heard[3].2["result"], json!({"rows": 3}));
}

#[actix_web::test]
async fn without_a_host_in_its_config_a_run_reports_to_the_connection() {
    let iaso = Listener::start(200);
    let story = Story::of(json!([reporting(behaviour())])).await;
    story.emulator.fill_iaso(Iaso {
        url: iaso.url.clone(),
        token: "static".to_owned().into(),
    });
    let run = story.run(ONE, json!({"task_id": 7})).await;
    story.until(&run, "success").await;
    assert_eq!(iaso.received().len(), 4);
    assert_eq!(iaso.received()[0].1, "Bearer static");
}

#[actix_web::test]
async fn a_failing_run_reports_its_error() {
    let iaso = Listener::start(200);
    let mut fails = behaviour();
    fails["kind"] = json!("fail");
    fails["message"] = json!("No data");
    fails["result"] = json!(null);
    let story = Story::of(json!([reporting(fails)])).await;
    let config = json!({"task_id": 7, "connection_host": iaso.url, "connection_token": "key"});
    let run = story.run(ONE, config).await;
    story.until(&run, "failed").await;
    let last = iaso.received().pop().unwrap().2;
    assert_eq!(
        (&last["status"], &last["progress_message"]),
        (&json!("ERROR"), &json!("No data"))
    );
}

#[actix_web::test]
async fn a_refused_or_lost_report_is_not_sent_again_and_changes_nothing() {
    let iaso = Listener::start(500);
    let story = Story::of(json!([reporting(behaviour())])).await;
    let config = json!({"task_id": 7, "connection_host": iaso.url, "connection_token": "key"});
    let run = story.run(ONE, config).await;
    story.until(&run, "success").await;
    assert_eq!(iaso.received().len(), 4);
    let nobody =
        json!({"task_id": 7, "connection_host": "http://127.0.0.1:1", "connection_token": "key"});
    let run = story.run(ONE, nobody).await;
    story.until(&run, "success").await;
}

#[actix_web::test]
async fn a_run_without_a_task_or_without_reporting_behaviour_sends_no_report() {
    let iaso = Listener::start(200);
    let mut silent = reporting(json!({"queued_ms": 0, "running_ms": 0}));
    silent["id"] = json!(TWO);
    silent["code"] = json!("two");
    silent["versions"][0]["id"] = json!(V2);
    let story = Story::of(json!([reporting(behaviour()), silent])).await;
    story.emulator.fill_iaso(Iaso {
        url: iaso.url.clone(),
        token: "static".to_owned().into(),
    });
    let no_task = story.run(ONE, json!({})).await;
    let no_callback = story.run(TWO, json!({"task_id": 7})).await;
    story.until(&no_task, "success").await;
    story.until(&no_callback, "success").await;
    assert!(iaso.received().is_empty());
}

#[actix_web::test]
async fn a_run_that_is_stopped_or_refused_reports_no_end() {
    let iaso = Listener::start(200);
    let slow = json!({"queued_ms": 0, "running_ms": 600_000, "callback": true});
    let story = Story::of(json!([reporting(slow)])).await;
    story.emulator.fill_iaso(Iaso {
        url: iaso.url.clone(),
        token: "static".to_owned().into(),
    });
    let refused = story.run(ONE, json!({"task_id": 1, "nope": 1})).await;
    story.until(&refused, "failed").await;
    assert!(iaso.received().is_empty());
    let run = story.run(ONE, json!({"task_id": 7})).await;
    eventually("it has reported", async || {
        (iaso.received().len() == 1).then_some(())
    })
    .await;
    story.stop_run(&run).await;
    story.until(&run, "stopped").await;
    assert_eq!(iaso.words(), [("RUNNING".to_owned(), 0)]);
}

#[actix_web::test]
async fn a_manually_controlled_run_reports_each_change() {
    let iaso = Listener::start(200);
    let by_hand =
        json!({"kind": "manual", "queued_ms": 0, "callback": true, "result": {"rows": 3}});
    let story = Story::of(json!([reporting(by_hand)])).await;
    story.emulator.fill_iaso(Iaso {
        url: iaso.url.clone(),
        token: "static".to_owned().into(),
    });
    let run = story.run(ONE, json!({"task_id": 7})).await;
    eventually("it has reported", async || {
        (iaso.received().len() == 1).then_some(())
    })
    .await;
    story.drive(&run, json!({"progress": 40})).await;
    story.drive(&run, json!({"status": "success"})).await;
    let expected = [("RUNNING", 0), ("RUNNING", 40), ("SUCCESS", 100)];
    assert_eq!(
        iaso.words(),
        expected.map(|(word, progress)| (word.to_owned(), progress))
    );
}
