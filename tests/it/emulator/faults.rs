//! The faults, one by one.

use std::pin::pin;

use futures_util::future::{Either, select};
use serde_json::json;

use super::*;

async fn story() -> Story {
    Story::of(json!([pipeline(json!([]), manual())])).await
}

const ME: &str = "{ me { user { id } } }";

async fn set_fault(story: &Story, fault: Value) {
    story.admin("faults", fault).await;
}

async fn remove_faults(story: &Story) {
    let url = format!("{}/emulator/faults", story.base());
    let answer = story.client.delete(url).send().await.unwrap();
    assert!(answer.status().is_success());
}

#[actix_web::test]
async fn html_500_does_nothing_and_is_a_page() {
    let story = story().await;
    set_fault(
        &story,
        json!({"fault": "html_500", "operation": "runPipeline", "count": 1}),
    )
    .await;
    story.ask(ME, json!({})).await.data();
    let answer = story.launch(ONE, json!({})).await;
    assert_eq!(answer.status, 500);
    assert!(answer.body.as_str().unwrap().starts_with("<!DOCTYPE html>"));
    assert!(story.all_runs().await.is_empty());
    story.run(ONE, json!({})).await;
}

#[actix_web::test]
async fn a_refused_token_looks_like_no_token() {
    let story = story().await;
    set_fault(&story, json!({"fault": "refuse_token", "count": 2})).await;
    for _ in 0..2 {
        let answer = story.ask("{ pipelines { totalItems } }", json!({})).await;
        answer.assert_failed_softly();
        assert_eq!(
            answer.body["errors"][0]["extensions"]["code"],
            "UNAUTHENTICATED"
        );
    }
    story
        .ask("{ pipelines { totalItems } }", json!({}))
        .await
        .data();
}

#[actix_web::test]
async fn dropped_before_nothing_is_done_and_the_connection_breaks() {
    let story = story().await;
    set_fault(&story, json!({"fault": "drop_before", "count": 1})).await;
    story.ask(ME, json!({})).await.data();
    let input = json!({"input": {"id": ONE, "config": {}}});
    let broken = story.try_ask(Some(TOKEN), LAUNCH, input).await;
    assert!(broken.is_err(), "an answer came");
    assert!(story.all_runs().await.is_empty());
    story.run(ONE, json!({})).await;
}

#[actix_web::test]
async fn dropped_after_it_is_done_and_the_answer_is_lost() {
    let story = story().await;
    set_fault(&story, json!({"fault": "drop_after", "count": 1})).await;
    let input = json!({"input": {"id": ONE, "config": {}}});
    let broken = story.try_ask(Some(TOKEN), LAUNCH, input).await;
    assert!(broken.is_err(), "an answer came");
    assert_eq!(story.all_runs().await.len(), 1);
}

#[actix_web::test]
async fn a_dropped_connection_yields_not_one_byte() {
    let story = story().await;
    set_fault(
        &story,
        json!({"fault": "drop_before", "operation": "me", "count": 1}),
    )
    .await;
    let address = story.base().replace("http://", "");
    let heard = tokio::task::spawn_blocking(move || {
        use std::io::{Read, Write};
        let mut socket = std::net::TcpStream::connect(&address).unwrap();
        socket.set_read_timeout(Some(MAX_WAIT)).unwrap();
        let body = json!({"query": ME}).to_string();
        write!(socket, "POST /graphql/ HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        let mut heard = Vec::new();
        // A reset is as valid as a closed connection.
        let _ = socket.read_to_end(&mut heard);
        heard
    })
    .await
    .unwrap();
    assert!(heard.is_empty(), "{}", String::from_utf8_lossy(&heard));
}

#[actix_web::test]
async fn a_late_response_arrives_later_but_the_request_is_executed_at_once() {
    let story = story().await;
    let brief = json!({"fault": "latency", "operation": "me", "ms": 1000, "count": 1});
    set_fault(&story, brief).await;
    let asked = Instant::now();
    story.ask(ME, json!({})).await.data();
    assert!(asked.elapsed() >= Duration::from_secs(1));
    hold_launch(&story).await;
    let launch = pin!(story.launch(ONE, json!({})));
    let seen = pin!(one_run(&story));
    let Either::Right(((), launch)) = select(launch, seen).await else {
        panic!("the answer was not late");
    };
    remove_faults(&story).await;
    launch.await.data();
}

/// The response to the next launch waits until faults are removed.
async fn hold_launch(story: &Story) {
    let long = json!({"fault": "latency", "operation": "runPipeline", "ms": 600_000, "count": 1});
    set_fault(story, long).await;
}

async fn one_run(story: &Story) {
    eventually("the run is there", async || {
        (story.all_runs().await.len() == 1).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn a_launch_whose_client_disconnects_still_creates_its_run() {
    let story = story().await;
    hold_launch(&story).await;
    tokio::select! {
        _ = story.launch(ONE, json!({})) => panic!("the answer was not late"),
        () = one_run(&story) => {}
    }
    assert_eq!(story.all_runs().await.len(), 1);
}

#[actix_web::test]
async fn a_lost_stop_returns_success_and_the_run_continues() {
    let story = story().await;
    let run = story.run(ONE, json!({})).await;
    story.until(&run, "running").await;
    set_fault(&story, json!({"fault": "lose_stop", "count": 1})).await;
    assert_eq!(
        story.stop_run(&run).await,
        json!({"success": true, "errors": []})
    );
    assert_eq!(story.get_run(&run).await["status"], "running");
    assert_eq!(story.stop_run(&run).await["success"], true);
    story.until(&run, "stopped").await;
}

#[actix_web::test]
async fn the_run_limit_is_an_error_of_the_launch() {
    let story = story().await;
    set_fault(&story, json!({"fault": "run_limit", "count": 1})).await;
    story.ask(ME, json!({})).await.data();
    let answer = story.launch(ONE, json!({})).await;
    assert_eq!(
        answer.data()["runPipeline"],
        json!({"success": false, "errors": ["PIPELINE_RUNS_LIMIT_REACHED"], "run": null})
    );
    assert!(story.all_runs().await.is_empty());
    story.run(ONE, json!({})).await;
}

#[actix_web::test]
async fn a_null_run_is_absent_from_look_ups_and_lists() {
    let story = story().await;
    let run = story.run(ONE, json!({})).await;
    set_fault(&story, json!({"fault": "null_run", "count": 2})).await;
    assert_eq!(story.get_run(&run).await, json!(null));
    let query = format!("{{ pipeline(id: \"{ONE}\") {{ id runs {{ items {{ id }} }} }} }}");
    let answer = story.ask(&query, json!({})).await;
    assert_eq!(
        answer.data()["pipeline"],
        json!({"id": ONE, "runs": {"items": []}})
    );
    assert_eq!(story.get_run(&run).await["id"], json!(run));
}

#[actix_web::test]
async fn a_late_end_is_shown_after_its_time_or_without_faults() {
    for behaviour in [
        quick(),
        json!({"kind": "fail", "queued_ms": 0, "running_ms": 0}),
    ] {
        let end = if behaviour["kind"] == "fail" {
            "failed"
        } else {
            "success"
        };
        let story = Story::of(json!([pipeline(json!([]), behaviour)])).await;
        set_fault(&story, json!({"fault": "late_end", "ms": 600_000})).await;
        let late = story.run(ONE, json!({})).await;
        eventually("its last step is done", async || {
            let run = story.get_run(&late).await;
            (run["progress"] == 100 || end == "failed" && run["progress"] == 75).then_some(())
        })
        .await;
        // It has used up the fault.
        let other = story.run(ONE, json!({})).await;
        story.until(&other, end).await;
        let shown = story.get_run(&late).await;
        assert_eq!(
            (&shown["status"], &shown["logs"], &shown["duration"]),
            (&json!("running"), &json!(null), &json!(0))
        );
        remove_faults(&story).await;
        story.until(&late, end).await;
    }
}

#[actix_web::test]
async fn a_late_end_lasts_as_long_as_set() {
    let story = Story::of(json!([pipeline(json!([]), quick())])).await;
    set_fault(&story, json!({"fault": "late_end", "ms": 1100})).await;
    let run = story.run(ONE, json!({})).await;
    assert!(story.until(&run, "success").await["duration"].as_i64() >= Some(1));
}

#[actix_web::test]
async fn a_late_end_also_delays_an_end_set_by_hand_but_not_a_stop() {
    let story = story().await;
    let fault = json!({"fault": "late_end", "ms": 600_000, "count": 3});
    set_fault(&story, fault).await;
    for status in ["success", "failed"] {
        let run = story.run(ONE, json!({})).await;
        story.until(&run, "running").await;
        story.drive(&run, json!({"status": status})).await;
        assert_eq!(story.get_run(&run).await["status"], "running");
    }
    let run = story.run(ONE, json!({})).await;
    story.until(&run, "running").await;
    story.drive(&run, json!({"status": "success"})).await;
    // OpenHEXA still accepts a stop, and the run then ends as stopped.
    assert_eq!(story.stop_run(&run).await["success"], true);
    story.until(&run, "stopped").await;
    remove_faults(&story).await;
    let ended = eventually("the other two ended", async || {
        let all = story.all_runs().await;
        let status = |run: &Value| run["status"].as_str().unwrap().to_owned();
        let all: Vec<String> = all.iter().map(status).collect();
        (!all.contains(&"running".to_owned())).then_some(all)
    })
    .await;
    assert_eq!(ended, ["success", "failed", "stopped"]);
}

#[actix_web::test]
async fn the_fault_set_first_is_used_up_first() {
    let story = story().await;
    set_fault(&story, json!({"fault": "html_500", "count": 2})).await;
    set_fault(&story, json!({"fault": "refuse_token", "count": 1})).await;
    let query = "{ pipelines { totalItems } }";
    let mut answers = Vec::new();
    for _ in 0..4 {
        let answer = story.ask(query, json!({})).await;
        answers.push((answer.status, answer.body.get("errors").is_some()));
    }
    assert_eq!(
        answers,
        [(500, false), (500, false), (200, true), (200, false)]
    );
}

#[actix_web::test]
async fn a_fault_with_a_duration_ends_after_it() {
    let story = story().await;
    let query = "{ renamed: pipelines { totalItems } }";
    let fault = |ms: u64| json!({"fault": "html_500", "operation": "pipelines", "for_ms": ms});
    set_fault(&story, fault(600_000)).await;
    for _ in 0..3 {
        assert_eq!(story.ask(query, json!({})).await.status, 500);
    }
    remove_faults(&story).await;
    let set = Instant::now();
    set_fault(&story, fault(1000)).await;
    eventually("the fault is over", async || {
        let answer = story.ask(query, json!({})).await;
        (answer.status == 200).then_some(())
    })
    .await;
    assert!(set.elapsed() >= Duration::from_secs(1));
}

#[actix_web::test]
async fn faults_do_not_affect_the_emulators_own_routes_nor_invalid_faults() {
    let story = story().await;
    set_fault(&story, json!({"fault": "html_500", "count": 1})).await;
    assert!(story.all_runs().await.is_empty());
    let url = format!("{}/emulator/faults", story.base());
    let bad = story
        .client
        .post(url)
        .json(&json!({"fault": "flood"}))
        .send()
        .await
        .unwrap();
    assert_eq!(bad.status(), 400);
    assert_eq!(story.ask(ME, json!({})).await.status, 500);
}

#[actix_web::test]
async fn requests_are_counted_by_operation() {
    let story = story().await;
    story.run(ONE, json!({})).await;
    story
        .ask(
            &format!(
                "{{ a: pipeline(id: \"{ONE}\") {{ id }} b: pipeline(id: \"{ONE}\") {{ id }} }}"
            ),
            json!({}),
        )
        .await;
    assert_eq!(
        story.read("requests").await,
        json!({"total": 2, "by_operation": {"pipeline": 2, "runPipeline": 1}})
    );
}
