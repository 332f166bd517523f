//! `GET /tasks/?cursor=`: all pages together contain each task once, in every order, while new tasks are created.

use chrono::TimeDelta;
use rstest::rstest;
use serde_json::{Value, json};

use crate::callback::{fields, plan};
use crate::identity::with_session;
use crate::support::catalogue::id;
use crate::support::database;
use crate::support::iaso::{self, Iaso, MAY};
use crate::support::story::{Base, Postgres, Sqlite, Story};

const ORDERS: [&str; 14] = [
    "created_at",
    "-created_at",
    "id",
    "-id",
    "updated_at",
    "-updated_at",
    "started_at",
    "-started_at",
    "ended_at",
    "-ended_at",
    "status",
    "-status",
    "name",
    "-name",
];

fn numbers(answer: &Value) -> Vec<i64> {
    let results = answer["results"].as_array().unwrap();
    results
        .iter()
        .map(|task| task["id"].as_i64().unwrap())
        .collect()
}

async fn page(story: &Story, query: &str, cursor: &str) -> Value {
    let answer = story
        .get(&format!("/tasks/?{query}&cursor={cursor}"))
        .await
        .expect(200);
    assert_eq!(answer.as_object().unwrap().len(), 2, "{answer}");
    answer
}

/// All pages of this size, one after another.
async fn all_pages(story: &Story, query: &str, limit: usize) -> Vec<i64> {
    let query = format!("{query}&limit={limit}");
    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let answer = page(story, &query, &cursor).await;
        let some = numbers(&answer);
        assert!(some.len() <= limit, "{query}");
        found.extend(&some);
        match answer["next"].as_str() {
            Some(next) => {
                assert_eq!(some.len(), limit, "{query}");
                assert!(
                    next.bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)),
                    "{next}"
                );
                next.clone_into(&mut cursor);
            }
            None => return found,
        }
        assert!(found.len() < 100, "{query} does not end");
    }
}

/// Eleven tasks of two pipelines, in every status, some with the same time, some without times.
async fn eleven_tasks(base: Base) -> Story {
    let story = plan(base).begin().await;
    let mut tasks = Vec::new();
    for number in 0..11 {
        tasks.push(story.launch(&id(1 + number % 2), json!({})).await);
        if number % 3 == 0 {
            story.advance(TimeDelta::seconds(1));
        }
    }
    let words = [
        "RUNNING",
        "SUCCESS",
        "ERROR",
        "CANCELLED",
        "RUNNING",
        "SUCCESS",
        "SUCCESS",
    ];
    for ((number, task), word) in (0..).zip(&tasks).zip(words) {
        let report = json!({"task_id": task, "status": word});
        story.report(&id(1 + number % 2), &report).await.expect(200);
    }
    story
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_by_cursor_contain_the_list_in_every_order(#[values(Sqlite, Postgres)] base: Base) {
    let story = eleven_tasks(base).await;
    for order in ORDERS {
        let whole = story
            .get(&format!("/tasks/?order={order}&limit=200"))
            .await
            .expect(200);
        let expected = numbers(&whole);
        assert_eq!(expected.len(), 11);
        for limit in [1, 2, 3, 4, 10, 11, 12, 200] {
            assert_eq!(
                all_pages(&story, &format!("order={order}"), limit).await,
                expected,
                "{order} by {limit}"
            );
        }
        let first = page(&story, &format!("order={order}&limit=2"), "").await;
        assert_eq!(first["results"][0], whole["results"][0]);
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn filters_apply_on_every_page(#[values(Sqlite, Postgres)] base: Base) {
    let story = eleven_tasks(base).await;
    let pipeline = format!("pipeline={}", id(2));
    let filters = [
        "status=SUCCESS",
        "status=QUEUED,RUNNING",
        pipeline.as_str(),
        "launcher=7",
        "search=pipeline%202",
        "search=nothing",
        "from=2020-01-01",
        "to=2020-01-01",
    ];
    for filter in filters {
        for order in ORDERS {
            let query = format!("{filter}&order={order}");
            let expected = numbers(
                &story
                    .get(&format!("/tasks/?{query}&limit=200"))
                    .await
                    .expect(200),
            );
            assert_eq!(all_pages(&story, &query, 2).await, expected, "{query}");
        }
    }
    assert_eq!(
        page(&story, "launcher=7", "").await,
        json!({"results": [], "next": null})
    );
    database::sql(&story, "UPDATE task SET account_id = 2").await;
    assert_eq!(
        page(&story, "", "").await,
        json!({"results": [], "next": null})
    );
    story.end().await;
}

// Each repetition of a status was read as a separate list.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_status_lists_its_tasks_once(#[values(Sqlite, Postgres)] base: Base) {
    let story = eleven_tasks(base).await;
    for order in ["created_at", "-created_at"] {
        let whole = story
            .get(&format!(
                "/tasks/?status=ERROR,RUNNING&order={order}&limit=200"
            ))
            .await
            .expect(200);
        let expected = numbers(&whole);
        assert_eq!(expected.len(), 3, "{expected:?}");
        for statuses in [
            "ERROR,ERROR,RUNNING",
            "RUNNING,ERROR,RUNNING",
            "ERROR,RUNNING,ERROR,RUNNING,ERROR",
        ] {
            for limit in [1, 2, 3, 200] {
                let query = format!("status={statuses}&order={order}");
                assert_eq!(
                    all_pages(&story, &query, limit).await,
                    expected,
                    "{query} by {limit}"
                );
            }
            let numbered = story
                .get(&format!("/tasks/?status={statuses}&order={order}"))
                .await
                .expect(200);
            assert_eq!(
                (numbers(&numbered), &numbered["count"]),
                (expected.clone(), &json!(3)),
                "{statuses}"
            );
        }
    }
    story.end().await;
}

// A cursor contains a task's position, so it is valid only for its account.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cursor_of_another_account_is_refused(#[values(Sqlite, Postgres)] base: Base) {
    let iaso = Iaso::start();
    let story = plan(base).setting("iaso.url", &iaso.url).begin().await;
    for _ in 0..3 {
        story.launch(&id(1), json!({})).await;
    }
    let next = page(&story, "limit=2", "").await["next"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/tasks/?limit=2&cursor={next}");
    let ours = iaso.session(iaso::profile(4, 1, MAY));
    with_session(&story, &ours, &path).await.expect(200);
    let theirs = iaso.session(iaso::profile(5, 2, MAY));
    assert_eq!(
        fields(&with_session(&story, &theirs, &path).await),
        ["cursor"]
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_tasks_do_not_change_the_pages(#[values(Sqlite, Postgres)] base: Base) {
    let story = eleven_tasks(base).await;
    let before = all_pages(&story, "", 200).await;
    let first = page(&story, "limit=4", "").await;
    let mut found = numbers(&first);
    let mut next = first["next"].clone();
    while let Some(cursor) = next.as_str() {
        story.launch(&id(1), json!({})).await;
        story.advance(TimeDelta::seconds(1));
        let more = page(&story, "limit=4", cursor).await;
        found.extend(numbers(&more));
        next = more["next"].clone();
    }
    assert_eq!(found, before);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_with_equal_values_are_all_listed(#[values(Sqlite, Postgres)] base: Base) {
    let story = eleven_tasks(base).await;
    database::sql(&story, "UPDATE task SET created_at = '2026-03-01T10:00:00.000Z', started_at = NULL, ended_at = NULL").await;
    for order in [
        "created_at",
        "-created_at",
        "started_at",
        "-started_at",
        "-ended_at",
        "name",
        "-status",
    ] {
        let mut found = all_pages(&story, &format!("order={order}"), 3).await;
        found.sort_unstable();
        found.dedup();
        assert_eq!(found.len(), 11, "{order}");
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invalid_cursor_is_refused_with_its_name(#[values(Sqlite, Postgres)] base: Base) {
    let mut story = eleven_tasks(base).await;
    let next = page(&story, "limit=2", "").await["next"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut bad: Vec<String> = [
        "abc",
        "0",
        "null",
        "%00",
        "%F0%9F%9A%80",
        "AAAA",
        "é",
        "e30",
    ]
    .map(str::to_owned)
    .to_vec();
    bad.push(format!("{next}A"));
    bad.push("x".repeat(5000));
    for at in 0..next.len() {
        let mut letters: Vec<char> = next.chars().collect();
        letters[at] = if letters[at] == 'A' { 'B' } else { 'A' };
        bad.push(letters.into_iter().collect());
    }
    for cursor in bad {
        let answer = story.get(&format!("/tasks/?cursor={cursor}")).await;
        assert_eq!(fields(&answer), ["cursor"], "{cursor}");
    }
    for other in ["order=created_at", "order=-updated_at", "order=name"] {
        let answer = story.get(&format!("/tasks/?{other}&cursor={next}")).await;
        assert_eq!(fields(&answer), ["cursor"], "{other}");
    }
    for both in [format!("cursor={next}&page=1"), "cursor=&page=2".to_owned()] {
        let answer = story.get(&format!("/tasks/?{both}")).await;
        assert_eq!(
            answer.error(400),
            "cursor and page cannot be used together",
            "{both}"
        );
        assert_eq!(fields(&answer), ["cursor"]);
    }
    for (key, query) in [
        ("limit", "limit=0&cursor="),
        ("order", "order=x&cursor="),
        ("status", "status=x&cursor="),
    ] {
        assert_eq!(fields(&story.get(&format!("/tasks/?{query}")).await), [key]);
    }
    // It is valid after a restart, and the order may be written in another form.
    story.restart().await;
    page(&story, "order=-created_at&page=", &next).await;
    story.end().await;
}
