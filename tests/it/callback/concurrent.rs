//! Many reports at the same time. None may be refused because of others, because their senders do not retry.

use futures_util::future::join_all;
use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use super::{accepted, launched, log, plan, report};
use crate::support::catalogue::id;
use crate::support::story::{As, Base, Postgres, Sqlite};

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_reports_at_once_lose_no_message(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task) = launched(base).await;
    let said = |number: i64| json!({"status": "RUNNING", "progress_message": format!("message {number}"), "progress_value": number});
    let answers = join_all((1..=64).map(|number| report(&story, task, said(number)))).await;
    for answer in &answers {
        answer.expect(200);
    }
    let mut lines = log(&story, task).await;
    let last: i64 = lines
        .last()
        .unwrap()
        .strip_prefix("message ")
        .unwrap()
        .parse()
        .unwrap();
    let after = story.task(task).await;
    assert_eq!(
        (&after["progress_value"], &after["progress_message"]),
        (&json!(last), &json!(lines.last()))
    );
    lines.sort();
    let mut all: Vec<_> = (1..=64).map(|number| format!("message {number}")).collect();
    all.sort();
    assert_eq!(lines, all);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_success_among_progress_reports_is_kept(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    for round in 0..4 {
        let task = story.launch(&id(1), json!({})).await;
        let said = |number: i64| match number {
            20 => {
                json!({"status": "SUCCESS", "progress_message": "message 20", "progress_value": 100, "result": {"rows": round}})
            }
            number if number % 2 == 0 => {
                json!({"status": "RUNNING", "progress_message": format!("message {number}"), "progress_value": number})
            }
            number => {
                json!({"progress_message": format!("message {number}"), "progress_value": number})
            }
        };
        let answers = join_all((1..=40).map(|number| report(&story, task, said(number)))).await;
        for (number, answer) in (1..).zip(&answers) {
            match answer.status {
                200 => {}
                409 => assert_eq!(answer.json()["status"], "SUCCESS"),
                _ => panic!("{number}: {}", answer.text),
            }
        }
        answers[19].expect(200);
        let after = story.task(task).await;
        assert_eq!(
            (
                &after["status"],
                &after["progress_value"],
                &after["progress_message"]
            ),
            (&json!("SUCCESS"), &json!(100), &json!("message 20"))
        );
        assert_eq!(
            after["result"],
            json!({"result": "SUCCESS", "data": {"rows": round}})
        );
        assert_eq!(log(&story, task).await.len(), 40);
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_concurrent_final_reports_exactly_one_is_accepted(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    for _ in 0..8 {
        let task = story.launch(&id(1), json!({})).await;
        let words = ["SUCCESS", "ERROR", "CANCELLED"];
        let answers = join_all(
            words.map(|word| report(&story, task, json!({"status": word, "result": word}))),
        )
        .await;
        let first: Vec<_> = answers
            .iter()
            .filter(|answer| answer.status == 200)
            .collect();
        assert_eq!(first.len(), 1);
        let shown = first[0].json()["task"]["status"].clone();
        for answer in answers.iter().filter(|answer| answer.status != 200) {
            assert_eq!(answer.expect(409)["status"], shown);
        }
        assert_eq!(story.task(task).await["status"], shown);
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_reports_and_polls_keep_the_reported_values(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, task) = launched(base).await;
    let run = story.task(task).await["run"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let reports = async {
        for number in 1..=30 {
            accepted(
                &story,
                task,
                json!({"progress_message": format!("message {number}"), "progress_value": number}),
            )
            .await;
        }
    };
    let looks = async {
        for progress in 1..=15 {
            story.drive(&run, &json!({"progress": progress})).await;
            story.next_cycle().await;
        }
    };
    tokio::join!(reports, looks);
    let after = story.task(task).await;
    assert_eq!(
        (&after["progress_value"], &after["progress_message"]),
        (&json!(30), &json!("message 30"))
    );
    assert_eq!(
        log(&story, task).await,
        (1..=30)
            .map(|number| format!("message {number}"))
            .collect::<Vec<_>>()
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reports_on_many_tasks_do_not_get_mixed_up(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    let mut tasks = Vec::new();
    for _ in 0..8 {
        let task = story.launch(&id(1), json!({})).await;
        tasks.push((task, story.callback_token().await));
    }
    let path = format!("/pipelines/{}/", id(1));
    let sent = tasks
        .iter()
        .flat_map(|(task, token)| (1..=8).map(move |step| (*task, token.clone(), step)));
    let answers = join_all(sent.map(|(task, token, step)| {
        let body =
            json!({"progress_message": format!("task {task} step {step}"), "progress_value": task});
        let ask = story
            .ask(As::Bearer(token), Method::PATCH, &path)
            .json(&body);
        async move { (task, ask.send().await) }
    }))
    .await;
    for (task, answer) in answers {
        assert_eq!(answer.expect(200)["task"]["id"], task);
    }
    for (task, _) in tasks {
        let lines = log(&story, task).await;
        assert_eq!(lines.len(), 8);
        assert!(
            lines
                .iter()
                .all(|line| line.starts_with(&format!("task {task} "))),
            "{lines:?}"
        );
    }
    story.end().await;
}
