//! A run from start to end: success, failure, stop, manual control.

use serde_json::json;

use super::*;

#[actix_web::test]
async fn a_run_goes_from_queued_over_running_to_success() {
    let behaviour = json!({"queued_ms": 300, "running_ms": 600, "steps": 3});
    let story = Story::of(json!([pipeline(json!([]), behaviour)])).await;
    let run = story.run(ONE, json!({})).await;
    assert_eq!(story.get_run(&run).await["status"], "queued");
    let running = story.until(&run, "running").await;
    assert_eq!(
        (&running["duration"], &running["logs"]),
        (&json!(0), &json!(null))
    );
    let mut last = 0;
    eventually("it has made its last step", async || {
        let progress = story.get_run(&run).await["progress"].as_i64().unwrap();
        assert!(progress >= last);
        last = progress;
        (progress == 100).then_some(())
    })
    .await;
    let done = story.until(&run, "success").await;
    assert!(
        done["logs"]
            .as_str()
            .unwrap()
            .contains("Successfully completed")
    );
    assert_eq!(done["messages"].as_array().unwrap().len(), 3);
}

#[actix_web::test]
async fn duration_is_set_at_the_end() {
    let behaviour = json!({"queued_ms": 0, "running_ms": 1100, "steps": 1});
    let story = Story::of(json!([pipeline(json!([]), behaviour)])).await;
    let run = story.run(ONE, json!({})).await;
    assert_eq!(story.until(&run, "running").await["duration"], 0);
    assert!(
        story.until(&run, "success").await["duration"]
            .as_i64()
            .unwrap()
            >= 1
    );
}

#[actix_web::test]
async fn the_log_of_a_failed_run_ends_with_its_cause() {
    let behaviour =
        json!({"kind": "fail", "queued_ms": 0, "running_ms": 100, "message": "No data for Niger"});
    let story = Story::of(json!([pipeline(json!([]), behaviour)])).await;
    let run = story.run(ONE, json!({})).await;
    let failed = story.until(&run, "failed").await;
    let logs = failed["logs"].as_str().unwrap().trim_end();
    assert!(logs.ends_with("No data for Niger"), "{logs}");
    assert_eq!(failed["hasErrorMessages"], true);
}

#[actix_web::test]
async fn values_that_openhexa_accepted_fail_in_the_run_with_the_reason_only_in_its_log() {
    let parameters = json!([
        {"code": "must", "type": "str", "required": true}, {"code": "choice", "type": "str", "choices": ["a"]},
        {"code": "many", "type": "int", "multiple": true}, {"code": "off", "type": "bool", "disables": ["must"]}
    ]);
    let story = Story::of(json!([pipeline(parameters, quick())])).await;
    for (config, sentence) in [
        (
            json!({"must": "x", "nope": 1, "more": 2}),
            "The provided config contains invalid key(s): nope, more",
        ),
        (json!({}), "must is required"),
        (json!({"must": "  "}), "must is required"),
        (
            json!({"must": "x", "choice": "b"}),
            "The provided value for choice is not included in the provided choices.",
        ),
        (
            json!({"must": "x", "many": 5}),
            "If provided, value should be a list when parameter is multiple.",
        ),
    ] {
        let run = story.run(ONE, config).await;
        let failed = story.until(&run, "failed").await;
        assert!(
            failed["logs"].as_str().unwrap().contains(sentence),
            "{sentence}: {}",
            failed["logs"]
        );
        assert_eq!(
            (&failed["messages"], &failed["progress"]),
            (&json!([]), &json!(0))
        );
        assert_eq!(failed["hasErrorMessages"], false);
    }
    for config in [
        json!({"must": "x"}),
        json!({"off": true}),
        json!({"must": "x", "choice": " a "}),
    ] {
        let run = story.run(ONE, config).await;
        story.until(&run, "success").await;
    }
}

#[actix_web::test]
async fn stopping_a_queued_run_leaves_it_in_terminating() {
    let story = Story::of(json!([pipeline(
        json!([]),
        json!({"queued_ms": 200, "running_ms": 0})
    )]))
    .await;
    let stranded = story.run(ONE, json!({})).await;
    assert_eq!(
        story.stop_run(&stranded).await,
        json!({"success": true, "errors": []})
    );
    // Another run, launched later, starts and ends while the first does not change.
    let other = story.run(ONE, json!({})).await;
    story.until(&other, "success").await;
    let seen = story.get_run(&stranded).await;
    assert_eq!(seen["status"], "terminating");
    assert!(seen["stoppedBy"]["email"].is_string());
    let again = story.stop_run(&stranded).await;
    assert_eq!(again["errors"], json!(["PIPELINE_ALREADY_STOPPED"]));
}

#[actix_web::test]
async fn stopping_a_running_run_is_terminating_first_and_stopped_shortly_after() {
    let story = Story::of(json!([pipeline(json!([]), manual())])).await;
    let run = story.run(ONE, json!({})).await;
    story.until(&run, "running").await;
    assert_eq!(story.stop_run(&run).await["success"], true);
    assert_eq!(story.get_run(&run).await["status"], "terminating");
    story.until(&run, "stopped").await;
    assert_eq!(
        story.stop_run(&run).await["errors"],
        json!(["PIPELINE_ALREADY_STOPPED"])
    );
}

#[actix_web::test]
async fn stopping_a_finished_run_is_an_error_and_a_skipped_run_becomes_terminating() {
    let story = Story::of(json!([pipeline(json!([]), manual())])).await;
    for (status, errors) in [
        ("success", json!(["PIPELINE_ALREADY_COMPLETED"])),
        ("failed", json!(["PIPELINE_ALREADY_COMPLETED"])),
        ("stopped", json!(["PIPELINE_ALREADY_STOPPED"])),
        ("terminating", json!(["PIPELINE_ALREADY_STOPPED"])),
        ("skipped", json!([])),
    ] {
        let run = story.run(ONE, json!({})).await;
        story.until(&run, "running").await;
        story.drive(&run, json!({"status": status})).await;
        assert_eq!(story.get_run(&run).await["status"], status);
        assert_eq!(story.stop_run(&run).await["errors"], errors, "{status}");
        if status == "skipped" {
            assert_eq!(story.get_run(&run).await["status"], "terminating");
        }
    }
    assert_eq!(
        story.stop_run(UNKNOWN_ID).await["errors"],
        json!(["PIPELINE_NOT_FOUND"])
    );
}

#[actix_web::test]
async fn a_manual_run_waits_to_be_driven_and_a_hanging_one_stays_queued() {
    let mut hanging = pipeline(json!([]), json!({"kind": "hang", "queued_ms": 0}));
    hanging["id"] = json!(TWO);
    hanging["code"] = json!("two");
    hanging["versions"] = json!([]);
    let story = Story::of(json!([pipeline(json!([]), manual()), hanging])).await;
    let hangs = story.run(TWO, json!({})).await;
    let run = story.run(ONE, json!({})).await;
    story.until(&run, "running").await;
    story
        .drive(&run, json!({"progress": 40, "message": "half way"}))
        .await;
    let seen = story.get_run(&run).await;
    assert_eq!(
        (&seen["progress"], &seen["messages"][0]["message"]),
        (&json!(40), &json!("half way"))
    );
    story
        .drive(&run, json!({"status": "failed", "message": "broken"}))
        .await;
    let seen = story.get_run(&run).await;
    assert_eq!(seen["status"], "failed");
    assert!(seen["logs"].as_str().unwrap().contains("broken"));
    assert_eq!(story.get_run(&hangs).await["status"], "queued");
    let all = story.all_runs().await;
    assert_eq!(all.len(), 2);
    assert_eq!(all[1]["id"], json!(run));
    assert_eq!(all[1]["pipeline_id"], ONE);
}

#[actix_web::test]
async fn a_vanished_run_is_null_without_an_error_and_still_in_the_list_of_runs() {
    let story = Story::of(json!([pipeline(json!([]), manual())])).await;
    let run = story.run(ONE, json!({})).await;
    story.drive(&run, json!({"vanish": true})).await;
    assert_eq!(story.get_run(&run).await, json!(null));
    let query = format!("{{ pipeline(id: \"{ONE}\") {{ runs {{ totalItems }} }} }}");
    let answer = story.ask(&query, json!({})).await;
    assert_eq!(answer.data()["pipeline"]["runs"]["totalItems"], 0);
    assert_eq!(story.all_runs().await.len(), 1);
    assert_eq!(
        story.stop_run(&run).await["errors"],
        json!(["PIPELINE_NOT_FOUND"])
    );
}

#[actix_web::test]
async fn a_run_ends_at_its_time_limit() {
    let mut slow = pipeline(json!([]), json!({"queued_ms": 0, "running_ms": 600_000}));
    slow["versions"][0]["timeout"] = json!(1);
    let story = Story::of(json!([slow])).await;
    let run = story.run(ONE, json!({})).await;
    let failed = story.until(&run, "failed").await;
    assert!(
        failed["logs"]
            .as_str()
            .unwrap()
            .contains("Time limit of 1 s")
    );
}

#[actix_web::test]
async fn a_run_is_refused_by_name_when_it_is_driven_and_unknown() {
    let story = Story::of(json!([pipeline(json!([]), manual())])).await;
    let url = format!("{}/emulator/runs/{UNKNOWN_ID}", story.base());
    let answer = story
        .client
        .post(url)
        .json(&json!({"status": "success"}))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 404);
    let run = story.run(ONE, json!({})).await;
    let url = format!("{}/emulator/runs/{run}", story.base());
    let answer = story
        .client
        .post(url)
        .json(&json!({"status": "bogus"}))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 400);
}

#[actix_web::test]
async fn thousands_of_live_runs_are_cheap() {
    let behaviour = json!({"queued_ms": 0, "running_ms": 60_000, "steps": 10});
    let story = Story::of(json!([pipeline(json!([]), behaviour)])).await;
    let launch = format!("runPipeline(input: {{id: \"{ONE}\", config: {{}}}}) {{ success }}");
    for _ in 0..20 {
        let many: Vec<String> = (0..100).map(|n| format!("a{n}: {launch}")).collect();
        story
            .ask(&format!("mutation {{ {} }}", many.join(" ")), json!({}))
            .await
            .data();
    }
    let query = format!(
        "{{ pipeline(id: \"{ONE}\") {{ runs(perPage: 10000) {{ totalItems items {{ id status progress }} }} }} }}"
    );
    eventually("all of them are running", async || {
        let answer = story.ask(&query, json!({})).await;
        let runs = answer.data()["pipeline"]["runs"]["items"]
            .as_array()
            .unwrap()
            .clone();
        assert_eq!(runs.len(), 2000);
        runs.iter()
            .all(|run| run["status"] == "running")
            .then_some(())
    })
    .await;
    let asked = Instant::now();
    story.ask("{ me { user { id } } }", json!({})).await.data();
    assert!(asked.elapsed() < MAX_WAIT);
}

/// A run that was launched and ended 90 seconds later, as it is shown then.
async fn at_a_moment() -> Value {
    let story = Story::of(json!([pipeline(
        json!([]),
        json!({"kind": "manual", "queued_ms": 0})
    )]))
    .await;
    let clock = json!({"at": "2026-03-12T08:30:00Z"});
    story.admin("clock", clock).await;
    let run = story.run(ONE, json!({})).await;
    story.until(&run, "running").await;
    story
        .admin("clock", json!({"at": "2026-03-12T08:31:30Z"}))
        .await;
    story
        .drive(&run, json!({"message": "Done", "status": "success"}))
        .await;
    story.get_run(&run).await
}

#[actix_web::test]
async fn with_a_stopped_clock_the_same_requests_give_the_same_responses() {
    let seen = at_a_moment().await;
    assert_eq!(seen["executionDate"], "2026-03-12T08:30:00.000Z");
    assert_eq!(seen["duration"], 90);
    assert_eq!(seen["messages"][0]["timestamp"], "2026-03-12T08:31:30.000Z");
    assert_eq!(at_a_moment().await, seen);
}
