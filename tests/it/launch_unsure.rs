//! Launches whose outcome is not known: looked for, found or asked for again, and never guessed.

use serde_json::{Value, json};

use crate::support::catalogue::{id, injected, parameter, pipeline, quick};
use crate::support::story::{Base, Plan, Story, story};

const NEVER: &str = "OpenHEXA never confirmed the launch";

/// A pipeline that names its task, or does not.
fn plan(base: Base, names_task: bool, kind: &str) -> Plan {
    let mut parameters = if names_task { injected() } else { Vec::new() };
    parameters.push(parameter("country", "str", json!({})));
    Plan::on(base).pipelines(json!([pipeline(1, &parameters, quick(kind))]))
}

/// Launches, and finds the outcome unsure.
async fn unsure(story: &Story, config: Value) -> i64 {
    let task = story.launch(&id(1), config).await;
    let shown = story.task(task).await;
    assert_eq!(
        (&shown["status"], &shown["run"]),
        (&json!("QUEUED"), &json!(null))
    );
    assert!(
        story
            .events(task)
            .await
            .contains(&"launch unsure".to_owned())
    );
    task
}

/// Some minute of looks.
async fn look_for_a_minute(story: &Story) {
    for _ in 0..35 {
        story.look().await;
    }
}

/// The time until an unsure launch is polled again, and the poll.
async fn poll(story: &Story) {
    story.advance(chrono::TimeDelta::seconds(5));
    story.pass().await;
}

async fn is_never_confirmed(story: &Story, task: i64) {
    let ended = story.task(task).await;
    let shown = (
        &ended["status"],
        &ended["confirmed"],
        &ended["progress_message"],
    );
    assert_eq!(shown, (&json!("ERROR"), &json!(true), &json!(NEVER)));
    assert_eq!(ended["run"], json!(null));
}

/// Ways in which a run is made and its id is lost.
fn losses() -> [Value; 3] {
    [
        json!({"fault": "drop_after", "operation": "runPipeline", "count": 1}),
        json!({"fault": "null_run", "operation": "runPipeline", "count": 1}),
        json!({"fault": "latency", "operation": "runPipeline", "ms": 9000, "count": 1}),
    ]
}

story! {
    async fn a_run_whose_id_was_lost_is_found_and_followed(base) {
        for (loss, names_task) in losses().into_iter().flat_map(|loss| [(loss.clone(), true), (loss, false)]) {
            let plan = plan(base, names_task, "succeed").setting("openhexa.connect_timeout", "2s");
            let story = plan.setting("openhexa.request_timeout", "3s").begin().await;
            story.fault(&loss).await;
            let task = unsure(&story, json!({"country": "CMR"})).await;
            let ended = story.until_confirmed(task).await;
            look_for_a_minute(&story).await;
            let runs = story.runs().await;
            assert_eq!((&ended["status"], runs.len()), (&json!("SUCCESS"), 1), "{loss} {names_task}");
            assert_eq!(ended["run"]["id"], runs[0]["id"]);
            assert_eq!(story.asked("runPipeline").await, 1);
            story.end().await;
        }
    }
}

// Its run was dated before the request for it, and so was not taken for the launch's.
story! {
    async fn a_lost_run_is_found_although_the_clock_of_openhexa_is_behind(base) {
        let story = plan(base, false, "succeed").begin().await;
        story.advance(chrono::TimeDelta::seconds(50));
        story.fault(&json!({"fault": "drop_after", "operation": "runPipeline", "count": 1})).await;
        let task = unsure(&story, json!({"country": "CMR"})).await;
        let ended = story.until_confirmed(task).await;
        assert_eq!((&ended["status"], &ended["run"]["id"]), (&json!("SUCCESS"), &story.runs().await[0]["id"]));
        story.end().await;
    }
}

// The version declares `task_id` as a text, under which its lost run was not recognised, and so made twice.
story! {
    async fn a_lost_run_that_names_its_task_as_a_text_is_found(base) {
        let parameters = [parameter("task_id", "str", json!({}))];
        let story = Plan::on(base).pipelines(json!([pipeline(1, &parameters, quick("succeed"))])).begin().await;
        story.fault(&json!({"fault": "drop_after", "operation": "runPipeline", "count": 1})).await;
        let task = unsure(&story, json!({})).await;
        assert_eq!(story.until_confirmed(task).await["status"], "SUCCESS");
        assert_eq!((story.asked("runPipeline").await, story.runs().await.len()), (1, 1));
        story.end().await;
    }
}

story! {
    async fn a_launch_that_made_no_run_is_sent_again_once(base) {
        for fault in ["drop_before", "html_500"] {
            let story = plan(base, true, "succeed").begin().await;
            story.fault(&json!({"fault": fault, "operation": "runPipeline", "count": 1})).await;
            let task = unsure(&story, json!({})).await;
            for _ in 0..29 {
                story.look().await;
            }
            assert_eq!(story.asked("runPipeline").await, 1, "before the grace is over");
            look_for_a_minute(&story).await;
            let ended = story.until_confirmed(task).await;
            assert_eq!(ended["status"], "SUCCESS");
            assert_eq!((story.asked("runPipeline").await, story.runs().await.len()), (2, 1));
            assert_eq!(story.runs().await[0]["config"]["task_id"], json!(task));
            story.end().await;
        }
    }
}

story! {
    async fn without_a_task_id_it_is_never_sent_again(base) {
        let story = plan(base, false, "succeed").begin().await;
        story.fault(&json!({"fault": "drop_before", "count": 1})).await;
        let task = unsure(&story, json!({"country": "CMR"})).await;
        look_for_a_minute(&story).await;
        is_never_confirmed(&story, task).await;
        assert_eq!((story.asked("runPipeline").await, story.runs().await.len()), (1, 0));
        assert_eq!(story.kept(task).await, None);
        story.end().await;
    }
}

story! {
    async fn looks_that_fail_are_no_proof_that_there_is_no_run(base) {
        let story = plan(base, true, "hang").begin().await;
        story.fault(&json!({"fault": "drop_after", "count": 1})).await;
        let task = unsure(&story, json!({})).await;
        for fault in ["html_500", "refuse_token", "drop_before"] {
            story.fault(&json!({"fault": fault, "operation": "pipeline", "for_ms": 600_000})).await;
            look_for_a_minute(&story).await;
            look_for_a_minute(&story).await;
            assert_eq!(story.asked("runPipeline").await, 1, "{fault}");
            assert_eq!(story.task(task).await["status"], "QUEUED", "{fault}");
            story.no_faults().await;
        }
        let found = story.until(task, "its run", |task| !task["run"].is_null()).await;
        assert_eq!(found["run"]["id"], story.runs().await[0]["id"]);
        story.end().await;
    }
}

story! {
    async fn one_empty_poll_followed_by_failed_polls_keeps_the_grace_running(base) {
        for names_task in [true, false] {
            let story = plan(base, names_task, "succeed").begin().await;
            story.fault(&json!({"fault": "drop_before", "operation": "runPipeline", "count": 1})).await;
            let task = unsure(&story, json!({})).await;
            // The only response for a minute.
            let asked = story.asked("pipeline").await;
            poll(&story).await;
            assert_eq!(story.asked("pipeline").await, asked + 1);
            story.fault(&json!({"fault": "html_500", "operation": "pipeline", "for_ms": 600_000})).await;
            look_for_a_minute(&story).await;
            let asked = story.asked("runPipeline").await;
            assert_eq!(asked, 1, "a failed poll does not end the grace");
            assert_eq!(story.task(task).await["status"], "QUEUED");
            story.no_faults().await;
            poll(&story).await;
            if names_task {
                assert_eq!(story.asked("runPipeline").await, 2, "the grace began anew");
                assert_eq!(story.until_confirmed(task).await["status"], "SUCCESS");
                assert_eq!(story.runs().await.len(), 1);
            } else {
                is_never_confirmed(&story, task).await;
            }
            story.end().await;
        }
    }
}

story! {
    async fn a_run_that_shows_after_failed_polls_is_found_and_not_made_again(base) {
        let story = plan(base, true, "hang").begin().await;
        story.fault(&json!({"fault": "drop_after", "operation": "runPipeline", "count": 1})).await;
        // The run exists, and the first poll does not show it yet.
        story.fault(&json!({"fault": "null_run", "operation": "pipeline", "count": 1})).await;
        let task = unsure(&story, json!({})).await;
        poll(&story).await;
        assert_eq!(story.task(task).await["run"], json!(null));
        story.fault(&json!({"fault": "html_500", "operation": "pipeline", "for_ms": 600_000})).await;
        look_for_a_minute(&story).await;
        story.no_faults().await;
        poll(&story).await;
        assert_eq!(story.task(task).await["run"]["id"], story.runs().await[0]["id"]);
        assert_eq!(story.asked("runPipeline").await, 1);
        story.end().await;
    }
}

story! {
    async fn of_two_runs_that_could_be_it_none_is_taken(base) {
        let story = plan(base, false, "hang").begin().await;
        story.fault(&json!({"fault": "null_run", "count": 1})).await;
        let task = unsure(&story, json!({"country": "CMR"})).await;
        story.foreign_run(&id(1), json!({"country": "CMR"})).await;
        look_for_a_minute(&story).await;
        let shown = story.task(task).await;
        assert_eq!((&shown["status"], &shown["run"]), (&json!("QUEUED"), &json!(null)));
        let told = "several runs could be this launch's; none is taken".to_owned();
        assert_eq!(story.events(task).await.iter().filter(|event| **event == told).count(), 1);
        let ended = story.until_after(chrono::TimeDelta::minutes(15), task).await;
        assert_eq!((&ended["status"], &ended["confirmed"], &ended["run"]), (&json!("ERROR"), &json!(true), &json!(null)));
        assert!(ended["progress_message"].as_str().unwrap().contains("several runs"), "{ended}");
        assert_eq!(story.runs().await.len(), 2);
        story.end().await;
    }
}

// Its pipeline reported, so there is a run: the launch was given up all the same after a quarter of an hour.
story! {
    async fn of_two_runs_that_could_be_it_one_reports_and_the_launch_is_not_given_up_before_its_deadline(base) {
        let story = plan(base, false, "hang").begin().await;
        story.fault(&json!({"fault": "null_run", "count": 1})).await;
        let task = unsure(&story, json!({"country": "CMR"})).await;
        story.foreign_run(&id(1), json!({"country": "CMR"})).await;
        story.report(&id(1), &json!({"task_id": task, "status": "RUNNING"})).await.expect(200);
        story.advance(chrono::TimeDelta::minutes(50));
        look_for_a_minute(&story).await;
        let shown = story.task(task).await;
        assert_eq!((&shown["status"], &shown["confirmed"]), (&json!("RUNNING"), &json!(false)));
        let ended = story.until_after(chrono::TimeDelta::hours(1), task).await;
        assert_eq!((&ended["status"], &ended["run"]), (&json!("ERROR"), &json!(null)));
        story.end().await;
    }
}

story! {
    async fn a_run_of_somebody_else_is_not_taken(base) {
        let story = plan(base, false, "hang").begin().await;
        let foreign = story.foreign_run(&id(1), json!({"country": "CMR"})).await;
        story.drive(&foreign, &json!({"user": id(77)})).await;
        story.fault(&json!({"fault": "drop_before", "count": 1})).await;
        let task = unsure(&story, json!({"country": "CMR"})).await;
        look_for_a_minute(&story).await;
        is_never_confirmed(&story, task).await;
        story.end().await;
    }
}

story! {
    async fn a_run_of_before_the_launch_is_not_taken(base) {
        let story = plan(base, false, "hang").setting("launch.clock_skew", "1s").begin().await;
        story.foreign_run(&id(1), json!({"country": "CMR"})).await;
        story.advance(chrono::TimeDelta::seconds(30));
        story.fault(&json!({"fault": "drop_before", "count": 1})).await;
        let task = unsure(&story, json!({"country": "CMR"})).await;
        look_for_a_minute(&story).await;
        is_never_confirmed(&story, task).await;
        story.end().await;
    }
}

story! {
    async fn a_run_of_another_config_is_not_taken(base) {
        let story = plan(base, false, "hang").begin().await;
        story.foreign_run(&id(1), json!({"country": "BFA"})).await;
        story.foreign_run(&id(1), json!({})).await;
        story.fault(&json!({"fault": "drop_before", "count": 1})).await;
        let task = unsure(&story, json!({"country": "CMR"})).await;
        look_for_a_minute(&story).await;
        is_never_confirmed(&story, task).await;
        story.end().await;
    }
}

story! {
    async fn a_run_that_another_task_owns_is_not_taken(base) {
        let story = plan(base, false, "hang").begin().await;
        let first = story.launch(&id(1), json!({"country": "CMR"})).await;
        story.fault(&json!({"fault": "drop_before", "count": 1})).await;
        let task = unsure(&story, json!({"country": "CMR"})).await;
        look_for_a_minute(&story).await;
        is_never_confirmed(&story, task).await;
        assert_eq!(story.task(first).await["run"]["id"], story.runs().await[0]["id"]);
        story.end().await;
    }
}

story! {
    async fn a_run_that_names_another_task_is_not_taken(base) {
        let story = plan(base, true, "hang").begin().await;
        story.foreign_run(&id(1), json!({"task_id": 999_999})).await;
        story.foreign_run(&id(1), json!({})).await;
        story.fault(&json!({"fault": "drop_after", "count": 1})).await;
        let task = unsure(&story, json!({})).await;
        let found = story.until(task, "its run", |task| !task["run"].is_null()).await;
        let own = story.runs().await.into_iter().find(|run| run["config"]["task_id"] == json!(task));
        assert_eq!(found["run"]["id"], own.unwrap()["id"]);
        story.end().await;
    }
}

story! {
    async fn the_same_task_id_of_before_proves_nothing(base) {
        let story = plan(base, true, "hang").begin().await;
        // The first task of a fresh database has a number that others had before it.
        let old = story.foreign_run(&id(1), json!({"task_id": 1})).await;
        story.drive(&old, &json!({"user": id(77)})).await;
        story.fault(&json!({"fault": "drop_after", "count": 1})).await;
        let task = unsure(&story, json!({})).await;
        assert_eq!(task, 1);
        let found = story.until(task, "its run", |task| !task["run"].is_null()).await;
        assert_ne!(found["run"]["id"], json!(old));
        story.end().await;
    }
}

story! {
    async fn while_one_is_unsure_others_of_its_pipeline_wait(base) {
        let story = plan(base, false, "succeed").begin().await;
        story.fault(&json!({"fault": "drop_after", "count": 1})).await;
        let mut tasks = vec![unsure(&story, json!({"country": "CMR"})).await];
        for _ in 0..2 {
            let next = story.launch(&id(1), json!({"country": "CMR"})).await;
            assert_eq!(story.task(next).await["status"], "QUEUED");
            tasks.push(next);
        }
        assert_eq!(story.asked("runPipeline").await, 1, "one of them did not wait");
        let mut runs = Vec::new();
        for task in tasks {
            let ended = story.until_confirmed(task).await;
            assert_eq!(ended["status"], "SUCCESS");
            runs.push(ended["run"]["id"].clone());
        }
        runs.sort_by_key(ToString::to_string);
        runs.dedup();
        assert_eq!((runs.len(), story.runs().await.len()), (3, 3));
        story.end().await;
    }
}

story! {
    async fn a_lost_launch_delays_no_launch_with_another_config(base) {
        let story = plan(base, false, "hang").begin().await;
        story.fault(&json!({"fault": "drop_before", "count": 1})).await;
        let lost = unsure(&story, json!({"country": "CMR"})).await;
        for country in ["BFA", "NER"] {
            let other = story.launch(&id(1), json!({"country": country})).await;
            let run = story.task(other).await["run"]["id"].clone();
            let own = story.runs().await.into_iter().find(|run| run["config"]["country"] == country);
            assert_eq!(run, own.expect("it was not delayed")["id"]);
        }
        let same = story.launch(&id(1), json!({"country": "CMR"})).await;
        assert_eq!(story.task(same).await["run"], json!(null), "it could be mistaken for the lost one");
        look_for_a_minute(&story).await;
        is_never_confirmed(&story, lost).await;
        story.until(same, "its run", |task| !task["run"].is_null()).await;
        story.end().await;
    }
}

story! {
    async fn launches_that_could_be_mistaken_for_each_other_keep_their_order(base) {
        let story = plan(base, false, "hang").begin().await;
        story.fault(&json!({"fault": "drop_before", "count": 1})).await;
        let lost = unsure(&story, json!({"country": "CMR"})).await;
        let mut waiting = Vec::new();
        for _ in 0..3 {
            waiting.push(story.launch(&id(1), json!({"country": "CMR"})).await);
            story.advance(chrono::TimeDelta::seconds(7));
        }
        look_for_a_minute(&story).await;
        is_never_confirmed(&story, lost).await;
        // One that comes now waits for those that have waited longer.
        waiting.push(story.launch(&id(1), json!({"country": "CMR"})).await);
        let mut runs = Vec::new();
        for task in &waiting {
            let shown = story.until(*task, "its run", |task| !task["run"].is_null()).await;
            runs.push(shown["run"]["id"].clone());
        }
        let made: Vec<Value> = story.runs().await.into_iter().map(|run| run["id"].clone()).collect();
        assert_eq!(runs, made, "in the order of the launches");
        story.end().await;
    }
}

story! {
    async fn those_that_waited_are_sent_one_right_after_the_other(base) {
        let story = plan(base, false, "hang").begin().await;
        story.fault(&json!({"fault": "drop_before", "count": 1})).await;
        let lost = unsure(&story, json!({})).await;
        let mut waiting = Vec::new();
        for _ in 0..5 {
            waiting.push(story.launch(&id(1), json!({})).await);
        }
        look_for_a_minute(&story).await;
        is_never_confirmed(&story, lost).await;
        for _ in 0..5 {
            story.pass().await;
        }
        assert_eq!(story.runs().await.len(), 5, "each wakes the next one");
        story.end().await;
    }
}

story! {
    async fn secrets_alone_tell_launches_apart_too(base) {
        let parameters = [parameter("pin", "secret", json!({}))];
        let story = Plan::on(base).pipelines(json!([pipeline(1, &parameters, quick("hang"))])).begin().await;
        story.fault(&json!({"fault": "drop_before", "count": 1})).await;
        unsure(&story, json!({"pin": story.secrets.parameter})).await;
        let other = story.launch(&id(1), json!({"pin": "1234"})).await;
        assert!(!story.task(other).await["run"].is_null());
        let same = story.launch(&id(1), json!({"pin": story.secrets.parameter})).await;
        assert!(story.task(same).await["run"].is_null());
        story.end().await;
    }
}

story! {
    async fn an_unsure_launch_on_another_openhexa_with_the_same_pipeline_id_blocks_nobody(base) {
        let story = plan(base, false, "hang").begin().await;
        let other = story.openhexa.replace("127.0.0.1", "localhost");
        story.configure_with(serde_json::Map::new(), &other, &story.secrets.openhexa, "demo").await;
        story.fault(&json!({"fault": "drop_before", "count": 1})).await;
        unsure(&story, json!({})).await;
        story.configure(serde_json::Map::new()).await;
        let next = story.launch(&id(1), json!({})).await;
        assert!(!story.task(next).await["run"].is_null(), "it waits for a launch on another OpenHEXA");
        story.end().await;
    }
}

story! {
    async fn a_launch_that_is_never_sent_though_its_definition_is_readable_is_given_up(base) {
        let story = plan(base, true, "succeed").begin().await;
        // Without knowing as whom a run would be made, nothing is sent.
        story.fault(&json!({"fault": "html_500", "operation": "me", "for_ms": 600_000})).await;
        let task = story.launch(&id(1), json!({})).await;
        for _ in 0..14 {
            story.advance(chrono::TimeDelta::minutes(1));
            story.pass().await;
        }
        assert_eq!(story.task(task).await["status"], "QUEUED", "before launch.give_up_after");
        for _ in 0..3 {
            story.advance(chrono::TimeDelta::minutes(1));
            story.pass().await;
        }
        let ended = story.task(task).await;
        assert_eq!((&ended["status"], &ended["confirmed"]), (&json!("ERROR"), &json!(true)));
        assert_eq!(ended["progress_message"], "OpenHEXA could not be reached: the launch was never sent");
        assert!(story.asked("pipeline").await > 3, "the definition was read each time");
        assert_eq!(story.asked("runPipeline").await, 0);
        story.end().await;
    }
}

story! {
    async fn who_names_its_task_waits_for_nobody(base) {
        let story = plan(base, true, "hang").begin().await;
        story.fault(&json!({"fault": "drop_after", "count": 1})).await;
        unsure(&story, json!({})).await;
        let next = story.launch(&id(1), json!({})).await;
        assert!(!story.task(next).await["run"].is_null());
        story.end().await;
    }
}

story! {
    async fn a_launch_sent_later_is_found_by_what_was_sent(base) {
        let parameters = ["connection_host", "connection_token"].map(|code| parameter(code, "str", json!({})));
        let story = Plan::on(base).pipelines(json!([pipeline(1, &parameters, quick("succeed"))])).begin().await;
        story.get(&format!("/pipelines/{}/", id(1))).await.expect(200);
        story.fault(&json!({"fault": "html_500", "operation": "pipeline", "count": 1})).await;
        let task = story.launch(&id(1), json!({})).await;
        assert_eq!(story.asked("runPipeline").await, 0);
        story.fault(&json!({"fault": "drop_after", "count": 1})).await;
        let ended = story.until_confirmed(task).await;
        assert_eq!((&ended["status"], story.runs().await.len()), (&json!("SUCCESS"), 1));
        story.end().await;
    }
}

story! {
    async fn an_undecided_launch_does_not_block_its_pipeline_for_ever(base) {
        let story = plan(base, false, "hang").begin().await;
        story.fault(&json!({"fault": "null_run", "count": 1})).await;
        unsure(&story, json!({})).await;
        story.foreign_run(&id(1), json!({})).await;
        story.advance(chrono::TimeDelta::seconds(30));
        let next = story.launch(&id(1), json!({})).await;
        story.advance(chrono::TimeDelta::seconds(14 * 60 + 29));
        story.until(next, "its run", |task| !task["run"].is_null()).await;
        story.end().await;
    }
}
