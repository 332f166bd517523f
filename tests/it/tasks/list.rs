//! `GET /tasks/`: pages, filters and orders, the same on both databases.

use chrono::TimeDelta;
use rstest::rstest;
use serde_json::{Value, json};

use crate::callback::{accepted, fields, plan};
use crate::support::catalogue::{id, pipeline, with};
use crate::support::database;
use crate::support::story::{As, Base, Postgres, Sqlite, Story, StoryBuilder};

fn escaped(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

async fn listed(story: &Story, query: &str) -> Value {
    story.get(&format!("/tasks/?{query}")).await.expect(200)
}

async fn ids(story: &Story, query: &str) -> Vec<i64> {
    let answer = listed(story, query).await;
    let tasks = answer["results"].as_array().unwrap();
    assert_eq!(answer["count"], tasks.len(), "{query}");
    tasks
        .iter()
        .map(|task| task["id"].as_i64().unwrap())
        .collect()
}

/// Launches tasks, one second apart.
async fn launches(story: &Story, count: usize) -> Vec<i64> {
    let mut tasks = Vec::new();
    for _ in 0..count {
        tasks.push(story.launch(&id(1), json!({})).await);
        story.advance(TimeDelta::seconds(1));
    }
    tasks
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_newest_task_comes_first_and_pages_follow(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    let none = listed(&story, "").await;
    assert_eq!(
        none,
        json!({"count": 0, "results": [], "page": 1, "pages": 1, "limit": 20, "has_next": false, "has_previous": false})
    );
    let tasks = launches(&story, 23).await;
    let pages = [
        ("", 23, 4, 1, 2, 20, true, false),
        ("page=2", 3, 1, 2, 2, 20, false, true),
        ("limit=5", 23, 19, 1, 5, 5, true, false),
        ("limit=5&page=3", 13, 9, 3, 5, 5, true, true),
        ("limit=5&page=5", 3, 1, 5, 5, 5, false, true),
        ("limit=200", 23, 1, 1, 1, 200, false, false),
        ("limit=23", 23, 1, 1, 1, 23, false, false),
        ("limit=&page=", 23, 4, 1, 2, 20, true, false),
    ];
    for (query, first, last, page, of, limit, next, previous) in pages {
        let answer = listed(&story, query).await;
        let found: Vec<_> = answer["results"]
            .as_array()
            .unwrap()
            .iter()
            .map(|task| task["id"].as_i64().unwrap())
            .collect();
        let expected: Vec<_> = (last..=first)
            .rev()
            .map(|number: usize| tasks[number - 1])
            .collect();
        assert_eq!(found, expected, "{query}");
        let mut rest = answer.clone();
        rest.as_object_mut().unwrap().remove("results");
        assert_eq!(
            rest,
            json!({"count": 23, "page": page, "pages": of, "limit": limit, "has_next": next, "has_previous": previous}),
            "{query}"
        );
    }
    for past in ["page=3", "page=1000000000", "limit=200&page=2"] {
        let answer = listed(&story, past).await;
        assert_eq!(
            (
                &answer["results"],
                &answer["count"],
                &answer["has_next"],
                &answer["has_previous"]
            ),
            (&json!([]), &json!(23), &json!(false), &json!(true)),
            "{past}"
        );
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_is_the_task_without_its_config(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    let task = launches(&story, 1).await[0];
    let row = listed(&story, "").await["results"][0].clone();
    let mut whole = story.task(task).await;
    assert!(whole.as_object_mut().unwrap().remove("config").is_some());
    assert_eq!(row, whole);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_are_filtered_by_status_pipeline_and_launcher(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    let tasks = launches(&story, 5).await;
    let other = story.launch(&id(2), json!({})).await;
    for (task, word) in tasks
        .iter()
        .zip(["RUNNING", "SUCCESS", "ERROR", "CANCELLED"])
    {
        accepted(&story, *task, json!({"status": word})).await;
    }
    let [running, success, error, cancelled, queued] = tasks[..] else {
        panic!("five tasks")
    };
    database::sql(&story, &format!("UPDATE task SET launcher_id = 7, launcher_username = 'awa', launcher_name = 'Awa Diop' WHERE id = {success}")).await;
    let found = [
        ("status=RUNNING".to_owned(), vec![running]),
        ("status=SUCCESS".to_owned(), vec![success]),
        ("status=error".to_owned(), vec![error]),
        (
            "status=CANCELLED,%20SUCCESS".to_owned(),
            vec![cancelled, success],
        ),
        ("status=QUEUED".to_owned(), vec![other, queued]),
        (
            "status=".to_owned(),
            vec![other, queued, cancelled, error, success, running],
        ),
        (format!("pipeline={}", id(2)), vec![other]),
        (format!("pipeline={}&status=SUCCESS", id(2)), vec![]),
        (format!("pipeline={}&status=SUCCESS", id(1)), vec![success]),
        (format!("pipeline={}", id(3)), vec![]),
        ("launcher=7".to_owned(), vec![success]),
        ("launcher=8".to_owned(), vec![]),
        ("launcher=-1".to_owned(), vec![]),
    ];
    for (query, expected) in found {
        assert_eq!(ids(&story, &query).await, expected, "{query}");
    }
    let awa = listed(&story, "launcher=7").await["results"][0]["launcher"].clone();
    assert_eq!(
        awa,
        json!({"id": 7, "username": "awa", "full_name": "Awa Diop"})
    );
    assert_eq!(listed(&story, "launcher=7&foo=bar").await["count"], 1);
    database::sql(
        &story,
        &format!("UPDATE task SET account_id = 2 WHERE id = {success}"),
    )
    .await;
    assert_eq!(ids(&story, "launcher=7").await, [0; 0]);
    assert!(!ids(&story, "").await.contains(&success));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_are_filtered_by_their_launch_time(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    let tasks = launches(&story, 3).await;
    for (task, at) in tasks.iter().zip([
        "2026-03-01T10:00:00.500Z",
        "2026-03-01T23:59:59.999Z",
        "2026-03-02T00:00:00.000Z",
    ]) {
        database::sql(
            &story,
            &format!("UPDATE task SET created_at = '{at}' WHERE id = {task}"),
        )
        .await;
    }
    let [morning, evening, next] = tasks[..] else {
        panic!("three tasks")
    };
    let found = [
        ("from=2026-03-01", vec![next, evening, morning]),
        ("to=2026-03-01", vec![evening, morning]),
        ("from=2026-03-02", vec![next]),
        ("to=2026-02-28", vec![]),
        ("from=2026-03-01&to=2026-03-01", vec![evening, morning]),
        ("from=2026-03-02&to=2026-03-01", vec![]),
        (
            "from=2026-03-01T10:00:00.500Z",
            vec![next, evening, morning],
        ),
        ("from=2026-03-01T10:00:00.501Z", vec![next, evening]),
        ("to=2026-03-01T10:00:00.500Z", vec![morning]),
        ("to=2026-03-01T10:00:00Z", vec![]),
        (
            "from=2026-03-01T12:00:00%2B02:00&to=2026-03-01T12:00:01%2B02:00",
            vec![morning],
        ),
        (
            "from=2026-03-01T12:00:00+02:00&to=2026-03-01T12:00:01+02:00",
            vec![morning],
        ),
        (
            "from=0001-01-01&to=9999-12-31",
            vec![next, evening, morning],
        ),
    ];
    for (query, expected) in found {
        assert_eq!(ids(&story, query).await, expected, "{query}");
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_finds_names_codes_and_launchers_in_any_case(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let names = [
        "Échantillon LQAS",
        "100% coverage",
        "snake_case",
        "snakeXcase",
        "back\\slash",
    ];
    let pipelines: Vec<Value> = (1..)
        .zip(names)
        .map(|(number, name)| {
            with(
                pipeline(number, &[], json!({"kind": "manual", "queued_ms": 1})),
                json!({"name": name}),
            )
        })
        .collect();
    let story = StoryBuilder::on(base)
        .pipelines(json!(pipelines))
        .begin()
        .await;
    for number in 1..=5 {
        story.launch(&id(number), json!({})).await;
    }
    let [lqas, percent, snake, other, slash] = [1, 2, 3, 4, 5];
    let all = vec![slash, other, snake, percent, lqas];
    let found = [
        ("échantillon", vec![lqas]),
        ("ÉCHANTILLON", vec![lqas]),
        ("É", vec![lqas]),
        ("é", vec![lqas]),
        ("lqas", vec![lqas]),
        ("Lqas", vec![lqas]),
        ("100%", vec![percent]),
        ("%", vec![percent]),
        ("%%", vec![]),
        ("_", vec![snake]),
        ("snake_", vec![snake]),
        ("SNAKE", vec![other, snake]),
        ("\\", vec![slash]),
        ("\\%", vec![]),
        ("'", vec![]),
        ("\"", vec![]),
        ("*", vec![]),
        ("pipeline-2", vec![percent]),
        ("openhexa pipeline", all.clone()),
        (" LQAS ", vec![lqas]),
        ("   ", all),
        ("nothing", vec![]),
        ("e", vec![slash, other, snake, percent, lqas]),
    ];
    for (text, expected) in found {
        assert_eq!(
            ids(&story, &format!("search={}", escaped(text))).await,
            expected,
            "{text}"
        );
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_for_unusual_characters_finds_nothing_and_does_not_fail(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    launches(&story, 1).await;
    for text in ["🚀", "\u{feff}", "\u{202e}"] {
        assert_eq!(
            ids(&story, &format!("search={}", escaped(text))).await,
            [0; 0],
            "{text:?}"
        );
    }
    let bytes = listed(&story, "search=%FF%FE").await;
    assert_eq!(bytes["count"], 0);
    for wrong in [
        "%00".to_owned(),
        "Pipeline%00".to_owned(),
        "x".repeat(201),
        "x".repeat(6_000),
    ] {
        let answer = story.get(&format!("/tasks/?search={wrong}")).await;
        assert_eq!(fields(&answer), ["search"], "{}", wrong.len());
    }
    story
        .get(&format!("/tasks/?search={}", "x".repeat(60_000)))
        .await
        .error(414);
    assert_eq!(
        ids(&story, &format!("search={}", escaped(&"é".repeat(200)))).await,
        [0; 0]
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_can_be_ordered_by_each_field(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    let tasks = launches(&story, 4).await;
    let other = story.launch(&id(2), json!({})).await;
    let [first, second, third, fourth] = tasks[..] else {
        panic!("four tasks")
    };
    for (task, word) in [
        (third, "RUNNING"),
        (first, "SUCCESS"),
        (second, "ERROR"),
        (third, "CANCELLED"),
    ] {
        story.advance(TimeDelta::seconds(1));
        accepted(&story, task, json!({"status": word, "result": task})).await;
    }
    let orders = [
        ("created_at", vec![first, second, third, fourth, other]),
        ("id", vec![first, second, third, fourth, other]),
        ("ended_at", vec![first, second, third, fourth, other]),
        ("started_at", vec![third, first, second, fourth, other]),
        ("status", vec![third, second, fourth, other, first]),
        ("name", vec![first, second, third, fourth, other]),
        ("updated_at", vec![fourth, other, first, second, third]),
    ];
    for (order, expected) in orders {
        assert_eq!(
            ids(&story, &format!("order={order}")).await,
            expected,
            "{order}"
        );
        let backwards: Vec<_> = expected.into_iter().rev().collect();
        assert_eq!(
            ids(&story, &format!("order=-{order}")).await,
            backwards,
            "-{order}"
        );
    }
    assert_eq!(
        ids(&story, "order=").await,
        ids(&story, "order=-created_at").await
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_task_is_on_exactly_one_page_even_with_equal_values(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    let mut tasks = Vec::new();
    for _ in 0..9 {
        tasks.push(story.launch(&id(1), json!({})).await);
    }
    database::sql(
        &story,
        "UPDATE task SET created_at = '2026-03-01T10:00:00.000Z'",
    )
    .await;
    for order in ["name", "-status", "started_at", "-created_at"] {
        let mut found = Vec::new();
        for page in 1..=5 {
            let answer = listed(&story, &format!("order={order}&limit=2&page={page}")).await;
            found.extend(
                answer["results"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|task| task["id"].as_i64().unwrap()),
            );
        }
        found.sort_unstable();
        assert_eq!(found, tasks, "{order}");
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invalid_query_is_refused_with_its_name(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    let bad = [
        (
            "limit",
            vec![
                "0",
                "201",
                "-1",
                "abc",
                "1.5",
                "1e2",
                "99999999999999999999",
                "%00",
            ],
        ),
        (
            "page",
            vec!["0", "-1", "abc", "1.5", "99999999999999999999"],
        ),
        (
            "order",
            vec![
                "bogus",
                "--created_at",
                "-",
                "created_at,id",
                "account_id",
                "created_at;",
                "config",
            ],
        ),
        (
            "status",
            vec!["DONE", "SUCCESS,DONE", "ERRORED", "1", "%00"],
        ),
        (
            "pipeline",
            vec!["abc", "1", "%00", "00000000-0000-4000-8000-00000000000"],
        ),
        (
            "launcher",
            vec!["awa", "1.5", "99999999999999999999", "%00"],
        ),
        (
            "from",
            vec![
                "yesterday",
                "2026-13-01",
                "2026-02-30",
                "2026-03-01T25:00:00Z",
                "2026-03-01T10:00:00",
                "1",
                "%2B262000-01-01",
                "-1000-01-01",
                "%00",
            ],
        ),
        (
            "to",
            vec![
                "tomorrow",
                "2026-3",
                "20260301T",
                "%2B10000-01-01",
                "-262143-01-01",
            ],
        ),
    ];
    for (key, values) in bad {
        for value in values {
            let answer = story.get(&format!("/tasks/?{key}={value}")).await;
            assert_eq!(fields(&answer), [key], "{key}={value}");
        }
    }
    let answer = story
        .ask(As::Viewer, reqwest::Method::GET, "/tasks/?limit=0")
        .header("accept-language", "fr")
        .send()
        .await;
    assert_eq!(
        answer.error(400),
        "«\u{a0}limit\u{a0}» doit être un nombre entier de 1 à 200"
    );
    story.end().await;
}
