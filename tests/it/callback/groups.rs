//! Reports that are written in one transaction: each has the same effect as alone, also if others fail.

use rstest::rstest;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use super::{accepted, log, plan, report};
use crate::support::catalogue::id;
use crate::support::postgres;
use crate::support::story::{Answer, As, Base, MAX_WAIT, Postgres, Sqlite, Story};

async fn begin(base: Base, tasks: usize) -> (Story, Vec<i64>) {
    // A busy machine may need longer than usual until all reports have arrived.
    let story = plan(base).setting("database.wait", "30s").begin().await;
    let pipeline = id(1);
    let mut launched = Vec::new();
    for _ in 0..tasks {
        launched.push(story.launch(&pipeline, json!({})).await);
    }
    (story, launched)
}

/// Runs statements on the story's database and then closes the connection.
async fn run(story: &Story, sqlite: &'static str, postgres: &'static str) {
    let database = story.database.clone();
    let running = move || match database.strip_prefix("sqlite:") {
        Some(file) => {
            let mut conn = SqliteConnection::establish(file).unwrap();
            let sql = format!("PRAGMA busy_timeout = 60000; {sqlite}");
            conn.batch_execute(&sql).unwrap();
        }
        None => postgres::execute(&database, postgres),
    };
    tokio::task::spawn_blocking(running).await.unwrap();
}

/// A database in which only the test can write.
enum Held {
    Sqlite(SqliteConnection),
    Postgres(tokio_postgres::Client),
}

async fn hold(story: &Story) -> Held {
    if let Some(file) = story.database.strip_prefix("sqlite:") {
        let mut conn = SqliteConnection::establish(file).unwrap();
        conn.batch_execute("PRAGMA busy_timeout = 60000; BEGIN IMMEDIATE")
            .unwrap();
        return Held::Sqlite(conn);
    }
    let connected = tokio_postgres::connect(&story.database, tokio_postgres::NoTls).await;
    let (client, connection) = connected.unwrap();
    tokio::spawn(connection);
    let lock = "BEGIN; LOCK TABLE openhexa_bridge.event IN EXCLUSIVE MODE";
    client.batch_execute(lock).await.unwrap();
    Held::Postgres(client)
}

impl Held {
    /// Releases the database once this many reports wait: the first group for the database, the others for
    /// that group.
    async fn until_wait(self, story: &Story, reports: usize) {
        story
            .until_true("reports that wait", async || {
                story.bridge().runs.reports.unanswered() >= reports
            })
            .await;
        match self {
            Self::Sqlite(mut conn) => conn.batch_execute("COMMIT").unwrap(),
            Self::Postgres(client) => client.batch_execute("COMMIT").await.unwrap(),
        }
    }
}

/// Sends reports at the same time and returns their responses.
async fn send_concurrently(story: &Story, reports: Vec<(i64, Value)>) -> Vec<Answer> {
    let held = hold(story).await;
    let send = |(task, said): &(i64, Value)| report(story, *task, said.clone());
    let all = join_all(reports.iter().map(send));
    let ((), answers) = tokio::join!(held.until_wait(story, reports.len()), all);
    answers
}

/// PostgreSQL's count of deadlocks; a connection adds its own at the latest when it is closed.
async fn deadlocks(database: String) -> usize {
    let query =
        "SELECT deadlocks::text, '' FROM pg_stat_database WHERE datname = current_database()";
    let counted = tokio::task::spawn_blocking(move || postgres::rows(&database, query));
    counted.await.unwrap()[0].0.parse().unwrap()
}

/// How many transactions wrote a task's events with a message; only PostgreSQL records this.
async fn transactions(story: &Story) -> usize {
    let database = story.database.clone();
    let query =
        "SELECT DISTINCT xmin::text, '' FROM openhexa_bridge.event WHERE message IS NOT NULL";
    let counting = move || postgres::rows(&database, query).len();
    tokio::task::spawn_blocking(counting).await.unwrap()
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reports_on_different_tasks_each_get_their_own_response_and_event(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, tasks) = begin(base, 64).await;
    let said = |task: i64| json!({"status": "RUNNING", "progress_message": format!("of {task}"), "progress_value": task, "end_value": 1000});
    let answers = send_concurrently(
        &story,
        tasks
            .iter()
            .rev()
            .map(|task| (*task, said(*task)))
            .collect(),
    )
    .await;
    for (task, answer) in tasks.iter().rev().zip(&answers) {
        let shown = &answer.expect(200)["task"];
        let expected = (task.to_string(), "RUNNING", format!("of {task}"), *task);
        assert_eq!(
            (
                shown["id"].to_string(),
                &shown["status"],
                &shown["progress_message"],
                &shown["progress_value"]
            ),
            (
                expected.0,
                &json!(expected.1),
                &json!(expected.2),
                &json!(expected.3)
            )
        );
    }
    for task in &tasks {
        let now = story.task(*task).await;
        assert_eq!(
            (&now["status"], &now["progress_value"]),
            (&json!("RUNNING"), &json!(task))
        );
        assert_eq!(log(&story, *task).await, [format!("of {task}")]);
        let told = story.events(*task).await;
        assert_eq!(
            told.iter()
                .filter(|what| *what == "reported_running")
                .count(),
            1,
            "{told:?}"
        );
    }
    if base == Base::Postgres {
        let many = transactions(&story).await;
        // The first group contains the reports that had arrived when its transaction began; the second one
        // all others.
        assert!(many <= 2, "{many} transactions for 64 reports");
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reports_on_one_task_each_return_the_task_after_that_report(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, tasks) = begin(base, 1).await;
    let said = |number: i64| json!({"progress_message": format!("message {number}"), "progress_value": number});
    let answers = send_concurrently(
        &story,
        (1..=64).map(|number| (tasks[0], said(number))).collect(),
    )
    .await;
    for (number, answer) in (1..).zip(&answers) {
        let shown = &answer.expect(200)["task"];
        assert_eq!(
            (&shown["progress_value"], &shown["progress_message"]),
            (&json!(number), &json!(format!("message {number}")))
        );
    }
    let lines = log(&story, tasks[0]).await;
    let now = story.task(tasks[0]).await;
    assert_eq!(now["progress_message"], *lines.last().unwrap());
    let mut sorted = lines.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!((lines.len(), sorted.len()), (64, 64));
    story.end().await;
}

const SQLITE_POISON: &str = "CREATE TRIGGER poison BEFORE INSERT ON event WHEN NEW.message = 'poison' \
                             BEGIN SELECT RAISE(ABORT, 'poison'); END";
const POSTGRES_POISON: &str = "CREATE FUNCTION openhexa_bridge.refuse() RETURNS trigger LANGUAGE plpgsql AS \
                               $$ BEGIN RAISE EXCEPTION 'poison'; END $$; \
                               CREATE TRIGGER poison BEFORE INSERT ON openhexa_bridge.event FOR EACH ROW \
                               WHEN (NEW.message = 'poison') EXECUTE FUNCTION openhexa_bridge.refuse()";

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_that_fails_does_not_make_others_fail(#[values(Sqlite, Postgres)] base: Base) {
    let (story, tasks) = begin(base, 32).await;
    let (ended, poisoned, live) = (tasks[0], tasks[1], &tasks[2..]);
    accepted(&story, ended, json!({"status": "SUCCESS"})).await;
    let before = story.task(poisoned).await;
    run(&story, SQLITE_POISON, POSTGRES_POISON).await;
    let mut reports: Vec<_> = live
        .iter()
        .map(|task| {
            (
                *task,
                json!({"status": "RUNNING", "progress_message": "well"}),
            )
        })
        .collect();
    reports.insert(
        20,
        (
            poisoned,
            json!({"status": "ERROR", "progress_message": "poison"}),
        ),
    );
    reports.insert(10, (ended, json!({"status": "ERROR"})));
    reports.insert(5, (1_000_000, json!({"status": "RUNNING"})));
    let answers = send_concurrently(&story, reports.clone()).await;
    for ((task, said), answer) in reports.iter().zip(&answers) {
        match *task {
            1_000_000 => drop(answer.expect(400)),
            task if task == ended => assert_eq!(answer.expect(409)["status"], "SUCCESS"),
            task if task == poisoned => drop(answer.expect(503)),
            task => assert_eq!(answer.expect(200)["task"]["id"], task, "{said}"),
        }
    }
    assert_eq!(story.task(poisoned).await, before);
    for task in live {
        assert_eq!(
            (
                story.task(*task).await["status"].clone(),
                log(&story, *task).await
            ),
            (json!("RUNNING"), vec!["well".to_owned()])
        );
    }
    accepted(
        &story,
        poisoned,
        json!({"status": "RUNNING", "progress_message": "healthy"}),
    )
    .await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_disconnects_does_not_affect_others(#[values(Sqlite, Postgres)] base: Base) {
    let (story, tasks) = begin(base, 8).await;
    let gone = async {
        let hasty = crate::support::client::builder()
            .timeout(Duration::from_millis(50))
            .build()
            .unwrap();
        let url = format!("{}/api/openhexa/pipelines/{}/", story.base_url(), id(1));
        let body = json!({"task_id": tasks[0], "progress_message": "gone"});
        // The client may disconnect before or after its report is read.
        drop(
            hasty
                .patch(url)
                .bearer_auth(&story.secrets.operator)
                .json(&body)
                .send()
                .await,
        );
    };
    let others = tasks[1..]
        .iter()
        .map(|task| report(&story, *task, json!({"progress_message": "here"})));
    let held = hold(&story).await;
    let holding = async {
        gone.await;
        held.until_wait(&story, tasks.len() - 1).await;
    };
    let ((), answers) = tokio::join!(holding, join_all(others));
    for answer in answers {
        answer.expect(200);
    }
    accepted(&story, tasks[0], json!({"progress_message": "again"})).await;
    let mut lines = log(&story, tasks[0]).await;
    lines.sort();
    assert!(
        lines == ["again"] || lines == ["again", "gone"],
        "{lines:?}"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reports_that_got_a_response_survive_a_crash(#[values(Sqlite, Postgres)] base: Base) {
    let (story, tasks) = begin(base, 16).await;
    let process = story.process().await;
    let url = format!("{}/api/openhexa/pipelines/{}/", process.url, id(1));
    let answered = Arc::new(AtomicUsize::new(0));
    let client = crate::support::client::builder().build().unwrap();
    let report = client.patch(&url).bearer_auth(&story.secrets.operator);
    let crowd = tasks.iter().map(|task| {
        tokio::spawn(reports_until_the_end(
            report.try_clone().unwrap(),
            *task,
            answered.clone(),
        ))
    });
    let crowd: Vec<_> = crowd.collect();
    let deadline = Instant::now() + MAX_WAIT;
    while answered.load(Ordering::SeqCst) < 200 {
        assert!(Instant::now() < deadline, "too few answers");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    process.kill().await;
    for (task, taken) in tasks.iter().zip(join_all(crowd).await) {
        let (taken, lines) = (taken.unwrap(), log(&story, *task).await);
        // The last report may have been stored without a response.
        assert!(
            lines.starts_with(&taken) && lines.len() <= taken.len() + 1,
            "{task}: {taken:?} {lines:?}"
        );
        assert_eq!(
            story.task(*task).await["progress_message"].as_str(),
            lines.last().map(String::as_str)
        );
    }
    story.end().await;
}

/// Sends reports one after the other, and returns the messages that got 200.
async fn reports_until_the_end(
    report: reqwest::RequestBuilder,
    task: i64,
    answered: Arc<AtomicUsize>,
) -> Vec<String> {
    let mut taken = Vec::new();
    loop {
        let message = format!("message {}", taken.len());
        let body = json!({"task_id": task, "status": "RUNNING", "progress_message": message});
        match report.try_clone().unwrap().json(&body).send().await {
            Ok(answer) if answer.status() == 200 => taken.push(message),
            // The machine is so busy that a connection was not accepted in time.
            Ok(answer) => assert_eq!(answer.status(), 408),
            Err(_) => return taken,
        }
        answered.fetch_add(1, Ordering::SeqCst);
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_bridges_and_their_polls_do_not_cause_deadlocks(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, tasks) = begin(base, 12).await;
    let replica = story.second_replica().await;
    let client = crate::support::client::builder().build().unwrap();
    let path = format!("/api/openhexa/pipelines/{}/", id(1));
    let urls = [
        format!("{}{path}", replica.url()),
        format!("{}{path}", story.base_url()),
    ];
    for round in 0..6 {
        let forth = tasks.iter().map(|task| (&urls[0], task));
        let back = tasks.iter().rev().map(|task| (&urls[1], task));
        let answers = forth.chain(back).map(|(url, task)| {
                let body = json!({"task_id": task, "status": "RUNNING", "progress_message": format!("round {round}")});
                client.patch(url).bearer_auth(&story.secrets.operator).json(&body).send()
            });
        let looks = async {
            story.next_cycle().await;
            replica.run_cycle().await
        };
        let (answers, _) = tokio::join!(join_all(answers), looks);
        for answer in answers {
            assert_eq!(answer.unwrap().status(), 200);
        }
    }
    for task in &tasks {
        assert_eq!(log(&story, *task).await.len(), 12);
    }
    replica.stop().await;
    let database = story.database.clone();
    story.end().await;
    // A group that was rolled back because of a deadlock is written again report by report, so clients would
    // notice nothing.
    if base == Base::Postgres {
        assert_eq!(deadlocks(database).await, 0);
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_callback_token_gives_no_access_to_other_tasks_of_its_group(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, tasks) = begin(base, 1).await;
    let token = story.callback_token().await;
    let other = story.launch(&id(1), json!({})).await;
    let path = format!("/pipelines/{}/", id(1));
    let ask = |task: i64| {
        let body = json!({"task_id": task, "progress_message": "mine"});
        let ask = story
            .ask(As::Bearer(token.clone()), Method::PATCH, &path)
            .json(&body);
        async move { (task, ask.send().await) }
    };
    let asks = (0..32).map(|number| ask(if number % 2 == 0 { tasks[0] } else { other }));
    let held = hold(&story).await;
    let ((), answers) = tokio::join!(held.until_wait(&story, 16), join_all(asks));
    for (task, answer) in answers {
        answer.expect(if task == other { 400 } else { 200 });
    }
    assert_eq!(
        (
            log(&story, tasks[0]).await.len(),
            log(&story, other).await.len()
        ),
        (16, 0)
    );
    story.end().await;
}
