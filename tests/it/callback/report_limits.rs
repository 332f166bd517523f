//! How much the reports of one task may write.

use chrono::TimeDelta;
use rstest::rstest;
use serde_json::json;

use super::{accepted, launched, log, plan, report};
use crate::support::catalogue::id;
use crate::support::story::{Base, Postgres, Sqlite, Story};

fn progress(number: i64) -> serde_json::Value {
    json!({"progress_message": format!("message {number}"), "progress_value": number})
}

async fn details(story: &Story, task: i64) -> Vec<String> {
    let answer = story
        .get(&format!("/tasks/{task}/events/"))
        .await
        .expect(200);
    let events = answer["results"].as_array().unwrap().iter();
    events
        .map(|event| format!("{}: {}", event["code"], event["detail"]))
        .collect()
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn progress_above_the_rate_is_merged_and_its_last_message_shown(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base)
        .setting("limits.reports_per_second", "1")
        .setting("limits.reports_burst", "3")
        .begin()
        .await;
    let task = story.launch(&id(1), json!({})).await;
    accepted(&story, task, json!({"status": "RUNNING", "end_value": 40})).await;
    for number in 1..=40 {
        let shown = accepted(&story, task, progress(number)).await;
        assert_eq!(
            (
                &shown["status"],
                &shown["progress_value"],
                &shown["end_value"]
            ),
            (&json!("RUNNING"), &json!(number), &json!(40))
        );
        assert_eq!(
            shown["progress_message"],
            format!("message {number}"),
            "each gets the same response as one that was written"
        );
    }
    story
        .until_true("the last progress", async || {
            story.task(task).await["progress_value"] == 40
        })
        .await;
    let lines = log(&story, task).await;
    assert_eq!(
        (lines[0].as_str(), lines.last().map(String::as_str)),
        ("message 1", Some("message 40"))
    );
    assert!(lines.len() < 20, "{lines:?}");
    let told = details(&story, task).await;
    assert!(
        told.iter().any(|one| one.contains("reports merged")),
        "{told:?}"
    );
    story.advance(TimeDelta::seconds(2));
    accepted(&story, task, progress(41)).await;
    assert_eq!(
        story.task(task).await["progress_value"],
        41,
        "reports are accepted again"
    );
    story.end().await;
}

/// A task with merged progress: the last message is the twentieth.
async fn merged(base: Base) -> (Story, i64) {
    let story = plan(base)
        .setting("limits.reports_per_second", "1")
        .setting("limits.reports_burst", "2")
        .begin()
        .await;
    let task = story.launch(&id(1), json!({})).await;
    accepted(&story, task, json!({"status": "RUNNING"})).await;
    for number in 1..=20 {
        let mut said = progress(number);
        if number == 7 {
            said["end_value"] = json!(60);
        }
        accepted(&story, task, said).await;
    }
    (story, task)
}

async fn has_message(story: &Story, task: i64, message: &str) -> bool {
    log(story, task).await.iter().any(|line| line == message)
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn progress_that_was_accepted_is_kept_when_the_task_is_cancelled_or_ends(
    #[values(Sqlite, Postgres)] base: Base,
) {
    for ends in [false, true] {
        let (story, task) = merged(base).await;
        if ends {
            story.drive_only(&json!({"status": "success"})).await;
            story.until_confirmed(task).await;
        } else {
            story
                .post(&format!("/tasks/{task}/cancel/"), &json!({}))
                .await
                .expect(202);
        }
        let (before, refused) = (
            story.task(task).await,
            report(&story, task, progress(21)).await,
        );
        refused.error(409);
        story
            .until_true("the accepted progress", async || {
                has_message(&story, task, "message 20").await
            })
            .await;
        let shown = story.task(task).await;
        assert_eq!(
            (
                &shown["progress_value"],
                &shown["end_value"],
                &shown["progress_message"]
            ),
            (&json!(20), &json!(60), &json!("message 20")),
            "{ends}"
        );
        assert_eq!(
            (&shown["status"], &shown["ended_at"]),
            (&before["status"], &before["ended_at"])
        );
        story.end().await;
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn merged_progress_does_not_replace_a_later_report_at_another_replica(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, task) = merged(base).await;
    let other = story.second_replica().await;
    story.advance(TimeDelta::milliseconds(10));
    story
        .report_at(
            &other.url(),
            &id(1),
            &json!({"task_id": task, "progress_message": "message 21", "progress_value": 21}),
        )
        .await;
    let newest = story.task(task).await["updated_at"].clone();
    story
        .until_true("the merged progress", async || {
            has_message(&story, task, "message 20").await
        })
        .await;
    let shown = story.task(task).await;
    assert_eq!(
        (&shown["progress_value"], &shown["progress_message"]),
        (&json!(21), &json!("message 21"))
    );
    assert_eq!(shown["updated_at"], newest);
    other.stop().await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn merged_progress_is_written_before_the_process_ends(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (mut story, task) = merged(base).await;
    story.restart().await;
    assert_eq!(story.task(task).await["progress_value"], 20);
    assert!(has_message(&story, task, "message 20").await);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_final_status_is_written_at_once_after_any_reports(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base)
        .setting("limits.reports_per_second", "1")
        .setting("limits.reports_burst", "1")
        .begin()
        .await;
    let task = story.launch(&id(1), json!({})).await;
    for number in 1..=20 {
        accepted(&story, task, progress(number)).await;
    }
    let said = json!({"status": "SUCCESS", "progress_message": "all done", "progress_value": 20, "result": {"rows": 3}});
    let shown = accepted(&story, task, said).await;
    assert_eq!(
        (&shown["status"], &shown["result"]),
        (
            &json!("SUCCESS"),
            &json!({"result": "SUCCESS", "data": {"rows": 3}})
        )
    );
    let after = story.task(task).await;
    assert_eq!(
        (&after["status"], &after["progress_message"]),
        (&json!("SUCCESS"), &json!("all done"))
    );
    let lines = log(&story, task).await;
    assert_eq!(lines[lines.len() - 2..], ["message 20", "all done"]);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_of_a_task_has_a_maximum_size(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base)
        .setting("limits.reports_per_second", "0")
        .setting("limits.task_events", "100")
        .begin()
        .await;
    let task = story.launch(&id(1), json!({})).await;
    for number in 1..=120 {
        accepted(&story, task, progress(number)).await;
    }
    assert_eq!(
        story.task(task).await["progress_message"],
        "message 120",
        "the last message is shown"
    );
    let lines = log(&story, task).await;
    assert_eq!(lines.len(), 101);
    assert!(
        lines[100].starts_with("The log of this task is full"),
        "{}",
        lines[100]
    );
    accepted(
        &story,
        task,
        json!({"status": "ERROR", "progress_message": "it broke"}),
    )
    .await;
    assert_eq!(log(&story, task).await[101], "it broke");
    let long = plan(base)
        .setting("limits.reports_per_second", "0")
        .setting("limits.task_bytes", "65536")
        .begin()
        .await;
    let task = long.launch(&id(1), json!({})).await;
    for _ in 0..10 {
        accepted(&long, task, json!({"progress_message": "é".repeat(10_000)})).await;
    }
    assert_eq!(
        log(&long, task).await.len(),
        5,
        "20 kB each, and the last line"
    );
    long.end().await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_reports_are_counted(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base)
        .setting("limits.reports_per_second", "1")
        .setting("limits.reports_burst", "2")
        .begin()
        .await;
    let task = story.launch(&id(1), json!({})).await;
    accepted(&story, task, json!({"status": "SUCCESS"})).await;
    for number in 0..20 {
        report(&story, task, progress(number)).await.error(409);
    }
    let refused = |told: Vec<String>| {
        told.into_iter()
            .filter(|one| one.contains("report_refused"))
            .collect::<Vec<_>>()
    };
    assert_eq!(refused(details(&story, task).await).len(), 2);
    story.advance(TimeDelta::seconds(10));
    report(&story, task, progress(20)).await.error(409);
    let told = refused(details(&story, task).await);
    assert!(
        told.len() == 3 && told[2].contains("18 more reports rejected"),
        "{told:?}"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_task_may_report_a_limited_number_of_results(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, task) = launched(base).await;
    let result = "x".repeat(900_000);
    let mut statuses = Vec::new();
    for number in 0..12 {
        statuses.push(
            report(&story, task, json!({"result": format!("{number}{result}")}))
                .await
                .status,
        );
    }
    assert_eq!(statuses, [[200_u16; 9].as_slice(), &[429_u16; 3]].concat());
    let said = json!({"result": result, "progress_message": "message 13", "progress_value": 13});
    let refused = report(&story, task, said).await;
    assert!(
        !refused.header("retry-after").is_empty(),
        "{}",
        refused.text
    );
    let shown = story.task(task).await;
    assert_eq!(
        (&shown["progress_message"], &shown["progress_value"]),
        (&json!("message 13"), &json!(13)),
        "only the result is refused"
    );
    accepted(
        &story,
        task,
        json!({"status": "SUCCESS", "result": "the last one"}),
    )
    .await;
    assert_eq!(story.task(task).await["result"]["data"], "the last one");
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_history_is_read_in_pages(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task) = launched(base).await;
    for number in 1..=25 {
        accepted(&story, task, progress(number)).await;
    }
    let all = log(&story, task).await;
    assert_eq!(all.len(), 25);
    let (mut found, mut before) = (Vec::new(), String::new());
    for expected in [10, 10, 5] {
        let part = story
            .get(&format!("/tasks/{task}/logs/?limit=10{before}"))
            .await
            .expect(200);
        let lines = part["logs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|line| line["message"].as_str().unwrap().to_owned());
        let lines: Vec<String> = lines.collect();
        assert_eq!(lines.len(), expected);
        found.splice(0..0, lines);
        before = format!("&before={}", part["earlier"]);
    }
    assert_eq!((found, before.as_str()), (all, "&before=null"));
    let events = story
        .get(&format!("/tasks/{task}/events/?limit=3"))
        .await
        .expect(200);
    assert_eq!(events["results"].as_array().unwrap().len(), 3);
    assert!(
        events["results"][2]["detail"]
            .as_str()
            .unwrap()
            .contains("message 25"),
        "{events}"
    );
    let earlier = events["earlier"].as_i64().unwrap();
    let next = story
        .get(&format!("/tasks/{task}/events/?limit=1&before={earlier}"))
        .await
        .expect(200);
    assert!(
        next["results"][0]["detail"]
            .as_str()
            .unwrap()
            .contains("message 22"),
        "{next}"
    );
    for wrong in ["limit=0", "limit=1001", "before=x"] {
        story
            .get(&format!("/tasks/{task}/events/?{wrong}"))
            .await
            .error(400);
    }
    story.end().await;
}
