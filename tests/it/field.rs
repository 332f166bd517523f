//! The clients of the field, replayed, and what once went wrong between them and Iaso.
//!
//! The basic template takes anything but 200 for a failure and swallows every error; the planning template raises on
//! anything that is not 2xx. None of them retries: a report that is refused is lost.

use reqwest::Method;
use serde_json::{Value, json};

use crate::callback::{fields, log, plan, report, taken};
use crate::support::catalogue::{id, parameter, pipeline};
use crate::support::hand;
use crate::support::story::{Answer, As, Base, Plan, Story, story};

/// As Python's `requests` sends.
async fn python(story: &Story, who: As, path: &str, body: &str) -> Answer {
    let ask = story
        .ask_at(who, Method::PATCH, path)
        .header("user-agent", "python-requests/2.34.2");
    let ask = ask
        .header("accept-encoding", "gzip, deflate")
        .header("accept", "*/*");
    ask.body("application/json", body.to_owned()).send().await
}

/// A pipeline that is reached through a static connection: it declares its task's id and nothing else.
fn template_a(base: Base) -> Plan {
    let parameters = [parameter("task_id", "str", json!({}))];
    Plan::on(base).pipelines(json!([pipeline(
        1,
        &parameters,
        json!({"kind": "manual", "queued_ms": 1})
    )]))
}

async fn run_of(story: &Story, task: i64) -> String {
    let task = story.task(task).await;
    task["run"]["id"].as_str().unwrap().to_owned()
}

async fn run_ends(story: &Story, task: i64, status: &str) -> Value {
    story
        .drive(&run_of(story, task).await, &json!({"status": status}))
        .await;
    story.until_confirmed(task).await
}

story! {
    async fn the_basic_template_reports_to_its_end(base) {
        let story = template_a(base).begin().await;
        let task = story.launch(&id(1), json!({})).await;
        let given = story.runs().await[0]["config"]["task_id"].clone();
        assert_eq!(given, json!(task.to_string()), "the template declares text");
        let path = format!("/api/openhexa/pipelines/{}/", id(1));
        let say = async |rest: &str| {
            let body = format!(r#"{{"task_id": {given}, {rest}}}"#);
            let answer = python(&story, As::Operator, &path, &body).await;
            answer.expect(200)["task"].clone()
        };
        let running = say(r#""status": "RUNNING", "progress_message": "Processing data...", "progress_value": 25, "end_value": 100, "result": null"#).await;
        assert_eq!((&running["status"], &running["progress_value"], &running["end_value"], &running["result"]), (&json!("RUNNING"), &json!(25), &json!(100), &json!(null)));
        let done = say(r#""status": "SUCCESS", "progress_message": "Processing completed", "progress_value": 100, "end_value": 100, "result": {"country": "Burkina Faso", "records_processed": 1000, "confidence_score": 0.85, "demo_data_used": true, "status": "completed"}"#).await;
        let data = json!({"country": "Burkina Faso", "records_processed": 1000, "confidence_score": 0.85, "demo_data_used": true, "status": "completed"});
        assert_eq!(done["result"], json!({"result": "SUCCESS", "data": data}));
        let ended = run_ends(&story, task, "success").await;
        assert_eq!((&ended["status"], &ended["result"]["data"]), (&json!("SUCCESS"), &data));
        assert_eq!(log(&story, task).await, ["Processing data...", "Processing completed"]);
        story.end().await;
    }
}

story! {
    async fn the_basic_templates_error_is_an_error(base) {
        let story = template_a(base).begin().await;
        let task = story.launch(&id(1), json!({})).await;
        let path = format!("/api/openhexa/pipelines/{}/", id(1));
        let body = format!(r#"{{"task_id": "{task}", "status": "ERROR", "progress_message": "Error: division by zero", "progress_value": 100, "end_value": 100, "result": null}}"#);
        let answer = python(&story, As::Operator, &path, &body).await.expect(200)["task"].clone();
        assert_eq!((&answer["status"], &answer["progress_message"]), (&json!("ERROR"), &json!("Error: division by zero")));
        assert_eq!(answer["result"], json!({"result": "ERROR", "message": "Error: division by zero", "last_progress_message": null, "data": null}));
        // The template swallows its own error, so its run succeeds.
        let ended = run_ends(&story, task, "success").await;
        assert_eq!((&ended["status"], &ended["confirmed"]), (&json!("ERROR"), &json!(true)));
        story.end().await;
    }
}

story! {
    async fn the_planning_template_never_says_its_end_and_keeps_its_result(base) {
        let story = plan(base).begin().await;
        let task = story.launch(&id(1), json!({})).await;
        let config = story.runs().await[0]["config"].clone();
        assert_eq!((&config["task_id"], &config["pipeline_id"]), (&json!(task), &json!(id(1))));
        let host = config["connection_host"].as_str().unwrap();
        assert_eq!(host, story.base_url());
        let token = As::Bearer(config["connection_token"].as_str().unwrap().to_owned());
        // It joins the address without a slash at its end.
        let path = format!("/api/openhexa/pipelines/{}", id(1));
        let batches = [
            json!({"task_id": task, "progress_message": "Starting", "progress_value": 0, "end_value": 100}),
            json!({"task_id": task, "progress_message": "Fetched 5 %\nFetched 10 %", "progress_value": 10, "end_value": 100}),
            json!({"task_id": task, "progress_message": "WARNING: 3 org units without a location", "progress_value": 45, "end_value": 100}),
            json!({"task_id": task, "progress_message": "Processing complete", "progress_value": 100, "end_value": 100, "result": {"status": "SUCCESS", "group_id": 789, "org_units_ids": [1001, 1002]}}),
        ];
        for body in &batches {
            let answer = python(&story, token.clone(), &path, &body.to_string()).await.expect(200);
            assert_eq!(answer["task"]["progress_value"], body["progress_value"]);
            assert_eq!(answer["task"]["result"], body.get("result").cloned().unwrap_or_default());
        }
        assert_ne!(story.task(task).await["status"], "SUCCESS", "a word inside the result is no status");
        let ended = run_ends(&story, task, "success").await;
        assert_eq!((&ended["status"], &ended["result"]["group_id"]), (&json!("SUCCESS"), &json!(789)), "the drawer reads task.result.group_id");
        assert_eq!(log(&story, task).await.len(), 4);
        story.end().await;
    }
}

story! {
    async fn a_planning_run_that_nobody_launched_from_here_is_told_so(base) {
        let story = plan(base).begin().await;
        let path = format!("/api/openhexa/pipelines/{}", id(1));
        let answer = python(&story, As::Operator, &path, r#"{"task_id": null, "progress_message": "scheduled", "progress_value": 5}"#).await;
        assert_eq!(fields(&answer), ["task_id"]);
        story.end().await;
    }
}

story! {
    async fn the_older_words_still_end_a_task(base) {
        let story = plan(base).begin().await;
        let older = [("ERRORED", "failed", "ERROR"), ("KILLED", "stopped", "CANCELLED"), ("SKIPPED", "skipped", "CANCELLED"), ("EXPORTED", "success", "SUCCESS")];
        for (word, run, status) in older {
            let task = story.launch(&id(1), json!({})).await;
            let said = taken(&story, task, json!({"status": word, "progress_message": "the last words", "progress_value": 21, "result": {"rows": 3}})).await;
            assert_eq!((&said["status"], &said["progress_value"], &said["progress_message"]), (&json!(status), &json!(21), &json!("the last words")), "{word}");
            let ended = run_ends(&story, task, run).await;
            assert_eq!((&ended["status"], &ended["confirmed"]), (&json!(status), &json!(true)), "{word}");
            let data = ended["result"].get("data").unwrap_or(&ended["result"]);
            assert_eq!(data, &json!({"rows": 3}), "{word}");
        }
        story.end().await;
    }
}

story! {
    async fn a_slash_or_none_is_never_a_redirect(base) {
        let story = plan(base).begin().await;
        let task = story.launch(&id(1), json!({})).await;
        for (value, ending) in (1..).zip(["", "/", "?format=json", "/?format=json"]) {
            let path = format!("/api/openhexa/pipelines/{}{ending}", id(1));
            let answer = python(&story, As::Operator, &path, &json!({"task_id": task, "progress_value": value}).to_string()).await;
            assert_eq!(answer.expect(200)["task"]["progress_value"], value, "{ending}");
        }
        story.end().await;
    }
}

// What once went wrong, by its number in the list of defects.

story! {
    async fn one_failed_look_does_not_end_a_task(base) {
        let story = plan(base).begin().await;
        let task = story.launch(&id(1), json!({})).await;
        taken(&story, task, json!({"status": "RUNNING"})).await;
        story.fault(&json!({"fault": "html_500", "count": 3})).await;
        for _ in 0..4 {
            story.look().await;
        }
        let task = story.task(task).await;
        assert_eq!((&task["status"], &task["ended_at"], &task["result"]), (&json!("RUNNING"), &json!(null), &json!(null)));
        story.end().await;
    }
}

story! {
    async fn another_run_of_the_pipeline_says_nothing_about_this_task(base) {
        let story = plan(base).begin().await;
        let first = story.launch(&id(1), json!({})).await;
        let second = story.launch(&id(1), json!({})).await;
        let ended = run_ends(&story, second, "failed").await;
        assert_eq!(ended["status"], "ERROR");
        story.look().await;
        assert!(["QUEUED", "RUNNING"].contains(&story.task(first).await["status"].as_str().unwrap()));
        assert_eq!(run_ends(&story, first, "success").await["status"], "SUCCESS");
        story.end().await;
    }
}

story! {
    async fn a_stopped_run_ends_its_task_and_leaves_its_log_short(base) {
        let story = plan(base).begin().await;
        for status in ["stopped", "skipped"] {
            let task = story.launch(&id(1), json!({})).await;
            assert_eq!(run_ends(&story, task, status).await["status"], "CANCELLED");
            for _ in 0..3 {
                story.look().await;
            }
            assert_eq!(log(&story, task).await, [""; 0]);
        }
        story.end().await;
    }
}

story! {
    async fn a_look_does_not_overwrite_what_the_pipeline_reported(base) {
        let story = plan(base).begin().await;
        let task = story.launch(&id(1), json!({})).await;
        story.until_runs("the run", |runs| runs[0]["status"] == "running").await;
        taken(&story, task, json!({"status": "ERRORED", "progress_message": "bad data"})).await;
        story.look().await;
        let after = story.task(task).await;
        assert_eq!((&after["status"], &after["confirmed"]), (&json!("ERROR"), &json!(false)));
        let ended = run_ends(&story, task, "success").await;
        assert_eq!((&ended["status"], &ended["result"]["result"], &ended["result"]["message"]), (&json!("ERROR"), &json!("ERROR"), &json!("bad data")));
        story.end().await;
    }
}

story! {
    async fn an_ended_task_cannot_be_taken_back(base) {
        let story = plan(base).begin().await;
        for (end, late) in [("SUCCESS", "ERRORED"), ("KILLED", "SUCCESS"), ("SUCCESS", "QUEUED"), ("SUCCESS", "RUNNING")] {
            let task = story.launch(&id(1), json!({})).await;
            taken(&story, task, json!({"status": end, "progress_message": "the end", "progress_value": 100})).await;
            let before = story.task(task).await;
            report(&story, task, json!({"status": late, "progress_message": "later", "progress_value": 1})).await.error(409);
            assert_eq!(story.task(task).await, before, "{end} {late}");
        }
        story.end().await;
    }
}

story! {
    async fn running_is_shown_as_running_and_zero_and_its_result_are_kept(base) {
        let story = plan(base).begin().await;
        let task = story.launch(&id(1), json!({})).await;
        taken(&story, task, json!({"progress_value": 5, "end_value": 10})).await;
        let answer = taken(&story, task, json!({"status": "RUNNING", "progress_value": 0, "end_value": 0, "result": {"so": "far"}})).await;
        assert_eq!((&answer["status"], &answer["progress_value"], &answer["end_value"], &answer["result"]), (&json!("RUNNING"), &json!(0), &json!(0), &json!({"so": "far"})));
        let errored = taken(&story, task, json!({"status": "ERRORED", "progress_value": 7, "end_value": 8})).await;
        assert_eq!((&errored["progress_value"], &errored["end_value"]), (&json!(7), &json!(8)));
        story.end().await;
    }
}

story! {
    async fn one_report_is_one_line_of_the_log(base) {
        let story = plan(base).begin().await;
        let task = story.launch(&id(1), json!({})).await;
        taken(&story, task, json!({"status": "SUCCESS", "progress_message": "done", "progress_value": 100, "end_value": 100})).await;
        assert_eq!(log(&story, task).await, ["done"]);
        let silent = story.launch(&id(1), json!({})).await;
        taken(&story, silent, json!({"status": "SUCCESS"})).await;
        assert_eq!(log(&story, silent).await, [""; 0], "nothing is said in the pipeline's name");
        assert_eq!(story.task(silent).await["progress_message"], json!(null));
        story.end().await;
    }
}

story! {
    async fn a_result_with_a_null_character_is_stored_and_the_time_of_change_is_known(base) {
        let story = plan(base).begin().await;
        let task = story.launch(&id(1), json!({})).await;
        let answer = taken(&story, task, json!({"status": "SUCCESS", "progress_message": "a\u{0}b", "result": {"a\u{0}": "\u{0}"}})).await;
        assert_eq!((&answer["progress_message"], &answer["result"]["data"]), (&json!("ab"), &json!({"a\u{0}": "\u{0}"})));
        assert!(answer["updated_at"].is_string());
        story.end().await;
    }
}

story! {
    async fn a_task_can_be_reported_on_from_its_first_moment(base) {
        let story = plan(base).begin().await;
        story.fault(&json!({"fault": "drop_before", "count": 20})).await;
        let task = story.launch(&id(1), json!({})).await;
        assert_eq!(story.task(task).await["run"], json!(null), "its run is not known yet");
        assert_eq!(taken(&story, task, json!({"status": "RUNNING", "progress_value": 1})).await["status"], "RUNNING");
        story.end().await;
    }
}

story! {
    async fn a_hanging_openhexa_holds_up_no_report_and_no_list(base) {
        let story = plan(base).begin().await;
        let task = story.launch(&id(1), json!({})).await;
        story.fault(&json!({"fault": "latency", "ms": 6000, "count": 1000})).await;
        let hanging = async { futures_util::future::join_all((0..12).map(|_| story.get("/pipelines/"))).await };
        let working = async {
            for value in 1..=5 {
                taken(&story, task, json!({"progress_value": value})).await;
                story.get("/tasks/").await.expect(200);
                story.get("/pipelines/config/").await.expect(200);
            }
        };
        tokio::select! {
            biased;
            () = working => {}
            _ = hanging => panic!("the reports waited for OpenHEXA"),
        }
        assert_eq!(story.task(task).await["progress_value"], 5);
        story.end().await;
    }
}

story! {
    async fn a_wish_to_cancel_survives_concurrent_progress(base) {
        let story = plan(base).begin().await;
        for _ in 0..5 {
            let task = story.launch(&id(1), json!({})).await;
            let progress = async {
                futures_util::future::join_all((1..=16).map(|value| report(&story, task, json!({"status": "RUNNING", "progress_value": value})))).await
            };
            let (answers, ()) = tokio::join!(progress, hand::ask_to_cancel(&story, task));
            assert!(answers.iter().all(|answer| [200, 409].contains(&answer.status)));
            assert!(story.task(task).await["cancel_asked_at"].is_string());
            report(&story, task, json!({"progress_value": 99})).await.error(409);
        }
        story.end().await;
    }
}

story! {
    async fn a_bridge_that_comes_back_goes_on_where_it_was(base) {
        let mut story = plan(base).begin().await;
        let task = story.launch(&id(1), json!({})).await;
        let token = As::Bearer(story.callback_token().await);
        taken(&story, task, json!({"status": "RUNNING", "progress_value": 5})).await;
        story.restart().await;
        let path = format!("/api/openhexa/pipelines/{}/", id(1));
        python(&story, token, &path, r#"{"progress_value": 6}"#).await.expect(200);
        let after = story.task(task).await;
        assert_eq!((&after["status"], &after["progress_value"]), (&json!("RUNNING"), &json!(6)));
        assert_eq!(run_ends(&story, task, "success").await["status"], "SUCCESS");
        story.end().await;
    }
}
