//! The search of the task list, and its limits in a long list.

use rstest::rstest;
use serde_json::json;

use super::tasks::listed;
use crate::callback::accepted;
use crate::support::catalogue::{id, injected, pipeline, quick};
use crate::support::database;
use crate::support::story::statements::Log;
use crate::support::story::{As, Base, Postgres, Sqlite, Story, StoryBuilder};

const LIST: &str = "/dashboard/tasks/";

async fn begin(base: Base) -> Story {
    let manual = |number| pipeline(number, &injected(), quick("manual"));
    let plan = StoryBuilder::on(base).pipelines(json!([manual(1), manual(2)]));
    plan.begin().await
}

async fn found(story: &Story, text: &str) -> Vec<i64> {
    let text: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
    let page = story
        .page(As::Viewer, &format!("{LIST}?search={text}"))
        .await;
    let mut found = listed(&page);
    found.sort_unstable();
    let api = story
        .get(&format!("/tasks/?search={text}"))
        .await
        .expect(200);
    assert_eq!(api["count"], found.len(), "{text}: the API finds the same");
    found
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_is_found_by_its_number_its_message_and_its_launcher(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = begin(base).await;
    let mut tasks = Vec::new();
    for _ in 0..12 {
        tasks.push(story.launch(&id(1), json!({})).await);
    }
    let key = story
        .create_key(&["--role", "operator", "--name", "Nuit_1"])
        .await;
    let launch = format!("/pipelines/{}/launch/", id(2));
    let ask = story.ask(As::Bearer(key), reqwest::Method::POST, &launch);
    let made = ask.json(&json!({"config": {}})).send().await.expect(201);
    let by_key = made["task"]["id"].as_i64().unwrap();
    let (first, second) = (tasks[0], tasks[1]);
    let (message, long) = (
        "Échec du DISTRICT 100% : Ngaoundéré_Est",
        "x".repeat(5_000) + "fin",
    );
    accepted(
        &story,
        first,
        json!({"status": "RUNNING", "progress_message": "avant"}),
    )
    .await;
    accepted(
        &story,
        first,
        json!({"status": "ERROR", "progress_message": message}),
    )
    .await;
    accepted(
        &story,
        second,
        json!({"status": "RUNNING", "progress_message": long}),
    )
    .await;
    for (text, expected) in [
        ("échec du district", vec![first]),
        ("NGAOUNDÉRÉ_", vec![first]),
        ("100%", vec![first]),
        ("100_", vec![]),
        ("avant", vec![]),
        ("xxx", vec![second]),
        ("nuit_", vec![by_key]),
        ("nuit%", vec![]),
        ("kind", vec![]),
    ] {
        assert_eq!(found(&story, text).await, expected, "{text}");
    }
    for sign in ["", "#", "Task ", "tâche ", "# "] {
        for task in [first, tasks[10]] {
            let text = format!("{sign}{task}");
            assert!(found(&story, &text).await.contains(&task), "{text}");
        }
    }
    assert_eq!(found(&story, &format!("#{}", tasks[5])).await, [tasks[5]]);
    assert_eq!(found(&story, "#99999999999999999999").await, [0; 0]);
    story.end().await;
}

/// A reason that the bridge gives is found in the words that the reader sees.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reason_is_found_in_both_languages(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    story
        .fault(&json!({"fault": "run_limit", "count": 1}))
        .await;
    let launch = format!("/pipelines/{}/launch/", id(1));
    let refused = story.post(&launch, &json!({"config": {}})).await;
    let task = refused.expect(429)["task"]["id"].as_i64().unwrap();
    story.launch(&id(1), json!({})).await;
    for text in [
        "has reached its run limit",
        "a atteint sa limite d’exécutions",
    ] {
        assert_eq!(found(&story, text).await, [task], "{text}");
    }
    story.end().await;
}

/// Adds this many ended tasks, like this one but launched later, each a second after the one before.
async fn add_many(story: &Story, base: Base, task: i64, many: usize) {
    let names = "account_id, connection_id, name, pipeline_id, pipeline_code, pipeline_name, state, status, reported, \
                 run_end, message, progress_value, end_value, data_late, called_back, updated_at, revision";
    let text = "'2026-01-' || (10 + i / 35000) || 'T' || (10 + i / 2500 % 14) || ':' || (10 + i / 50 % 50) || ':' || \
                (10 + i % 50) || '.000Z'";
    let at = match base {
        Sqlite => text.to_owned(),
        Postgres => format!("CAST({text} AS TIMESTAMPTZ)"),
    };
    let statement = format!(
        "INSERT INTO task (id, {names}, search, created_at) \
         WITH RECURSIVE numbers (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM numbers WHERE i + 1 < {many}) \
         SELECT id + 1000 + i, {names}, 'hay', {at} FROM task CROSS JOIN numbers WHERE id = {task}"
    );
    database::sql(story, &statement).await;
}

/// Neither the count nor a search reads a list of any length, and an index serves each query.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counts_and_searches_have_a_limit(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let task = story.launch(&id(1), json!({})).await;
    accepted(&story, task, json!({"status": "ERROR"})).await;
    let run = story.runs().await[0]["id"].as_str().unwrap().to_owned();
    story.drive(&run, &json!({"status": "failed"})).await;
    story.until_confirmed(task).await;
    let old = "search = 'needle', created_at = '2025-12-01T00:00:00.000Z'";
    database::sql(&story, &format!("UPDATE task SET {old} WHERE id = {task}")).await;
    add_many(&story, base, task, 50_000).await;
    let log = Log::of(&story);
    let page = story.page(As::Viewer, LIST).await;
    assert_eq!(page.at("count"), "More than 10,000 tasks.");
    let french = story
        .french_page(As::Viewer, &format!("{LIST}?status=ERROR&status=RUNNING"))
        .await;
    assert_eq!(french.at("count"), "Plus de 10 000 tâches.");
    let page = story
        .page(As::Viewer, &format!("{LIST}?search=needle"))
        .await;
    assert!(page.has("No task matches these filters"), "{}", page.text());
    assert!(
        page.at("cut")
            .starts_with("Only the newest 50,000 tasks of these dates"),
        "{}",
        page.at("cut")
    );
    let page = story
        .page(As::Viewer, &format!("{LIST}?search=needle&to=2026-01-09"))
        .await;
    assert_eq!(
        (listed(&page), page.attribute("cut", "id")),
        (vec![task], None)
    );
    let both = format!(
        "status=ERROR&status=SUCCESS&pipeline={}&launcher=settings-key-operator",
        id(1)
    );
    for query in [
        both.as_str(),
        "launcher=7",
        "search=hay&from=2026-01-10&to=2026-01-10",
        "search=12",
    ] {
        story.page(As::Viewer, &format!("{LIST}?{query}")).await;
    }
    served_by_indexes(&story, base, log.take().0).await;
    story.end().await;
}

async fn served_by_indexes(story: &Story, base: Base, mut statements: Vec<String>) {
    statements.sort();
    statements.dedup();
    let of_tasks = |text: &String| {
        text.starts_with("SELECT") && text.contains("FROM") && text.contains("task")
    };
    // PostgreSQL reads a table that it counts half of; a page of a list is always read in order.
    let is_page = |text: &String| base == Sqlite || text.contains("ORDER BY");
    statements.retain(|text| of_tasks(text) && is_page(text));
    assert!(statements.len() > 5, "{statements:#?}");
    for statement in statements {
        let steps = database::plan(story, &statement).await;
        let reads_all = |step: &&String| {
            step.contains("Seq Scan on task") || (step.starts_with("SCAN") && step.contains("task"))
        };
        let all: Vec<_> = steps.iter().filter(reads_all).collect();
        assert!(all.is_empty(), "{statement}\n{steps:#?}");
    }
}
