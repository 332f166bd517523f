//! The messages, the log, the history and the result of a task's page: filtered, separated, and as a tree.

use chrono::TimeDelta;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::catalogue::{id, injected, pipeline, quick};
use crate::support::fixtures;
use crate::support::story::{As, Base, Postgres, Sqlite, Story, StoryBuilder};

fn path(task: i64) -> String {
    format!("/dashboard/tasks/{task}/")
}

async fn report(story: &Story, task: i64, more: Value) {
    let mut report = json!({"task_id": task});
    report
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    story.report(&id(1), &report).await.expect(200);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_and_log_are_filtered_by_level_and_text(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task, run) = fixtures::running(base).await;
    report(
        &story,
        task,
        json!({"status": "RUNNING", "progress_message": "Reading Mora"}),
    )
    .await;
    story
        .drive(&run, &json!({"message": "Reading Kousséri"}))
        .await;
    story
        .drive(
            &run,
            &json!({"status": "failed", "message": "No such column"}),
        )
        .await;
    story.until_confirmed(task).await;
    let at = |query: &str| format!("{}?{query}", path(task));
    let all = story
        .page(As::Viewer, &path(task))
        .await
        .at("live-messages");
    assert!(
        all.contains("Reading Mora") && all.contains("Reading Kousséri"),
        "{all}"
    );
    let errors = story.page(As::Viewer, &at("level=ERROR")).await;
    let told = errors.at("live-messages");
    assert!(
        !told.contains("Reading Mora") && told.contains("ERROR"),
        "{told}"
    );
    assert_eq!(errors.attribute("find", "value").as_deref(), Some(""));
    let found = story.page(As::Viewer, &at("find=KOUSS%C3%89RI")).await;
    let told = found.at("live-messages");
    assert!(
        told.contains("Reading Kousséri") && !told.contains("Reading Mora"),
        "{told}"
    );
    assert!(
        told.contains("No line of the run log matches the filter."),
        "{told}"
    );
    let logged = story.page(As::Viewer, &at("find=no+such")).await;
    assert!(logged.attribute("live-logs", "open").is_some());
    assert!(
        logged.at("live-logs").contains("No such column"),
        "{}",
        logged.text()
    );
    assert_eq!(
        found.attribute("find", "value").as_deref(),
        Some("KOUSSÉRI")
    );
    assert!(found.links().contains(&path(task)), "back to everything");
    let nothing = story
        .french_page(As::Viewer, &at("find=zzz"))
        .await
        .at("live-messages");
    assert!(
        nothing.contains("Aucun message ne correspond au filtre."),
        "{nothing}"
    );
    assert!(nothing.contains("Aucune ligne du journal"), "{nothing}");
    story.page_with(As::Viewer, &at("level=LOUD"), 400).await;
    story
        .page_with(As::Viewer, &at(&format!("find={}", "x".repeat(201))), 400)
        .await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_page_reloads_with_its_filter(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task, _) = fixtures::running(base).await;
    let place = format!("{}?level=WARNING&find=a+b", path(task));
    let shown = story.page(As::Viewer, &place).await;
    assert!(shown.links().contains(&place), "{:?}", shown.links());
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_history_is_apart_from_reports_of_progress(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task, _) = fixtures::running(base).await;
    for step in 1..=3 {
        let progress = json!({"status": "RUNNING", "progress_value": step, "end_value": 10});
        report(&story, task, progress).await;
        story.advance(TimeDelta::seconds(2));
    }
    let shown = story.page(As::Viewer, &path(task)).await;
    let history = shown.at("live-events");
    assert!(history.contains("Launch requested"), "{history}");
    assert_eq!(
        history.matches("The pipeline reports: running").count(),
        1,
        "{history}"
    );
    let ticks = shown.at("ticks");
    assert!(ticks.starts_with("2 progress reports"), "{ticks}");
    assert!(ticks.contains("3 of 10"), "{ticks}");
    let french = story.french_page(As::Viewer, &path(task)).await;
    assert!(french.at("ticks").starts_with("2 messages d’avancement"));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_nested_result_is_a_tree_of_limited_size(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task, run) = fixtures::running(base).await;
    let mut deep = json!("bottom");
    for level in 0..20 {
        deep = json!({ format!("level{level}"): deep });
    }
    let many: Vec<Value> = (0..150).map(|item| json!([item])).collect();
    let result = json!({"districts": {"Mora": {"cases": 12345, "link": "https://example.org/a"}}, "none": {}, "deep": deep, "many": many});
    report(&story, task, json!({"status": "SUCCESS", "result": result})).await;
    story.drive(&run, &json!({"status": "success"})).await;
    story.until_confirmed(task).await;
    let shown = story.page(As::Viewer, &path(task)).await;
    let told = shown.at("live-result");
    for text in [
        "districts 1 value",
        "Mora 2 values",
        "cases 12,345",
        "many 150 items",
        "none {}",
        "Only part of the result is shown.",
    ] {
        assert!(told.contains(text), "{text}: {told}");
    }
    assert!(shown.links().contains(&"https://example.org/a".to_owned()));
    assert!(
        told.contains("level19 1 value") && !told.contains("level0 bottom"),
        "{told}"
    );
    assert!(shown.attribute("result-1", "id").is_some());
    let french = story
        .french_page(As::Viewer, &path(task))
        .await
        .at("live-result");
    assert!(french.contains("many 150 éléments"), "{french}");
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_has_one_duration_on_all_pages(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task, run) = fixtures::running(base).await;
    story.advance(TimeDelta::seconds(75));
    report(&story, task, json!({"status": "SUCCESS"})).await;
    story.drive(&run, &json!({"status": "success"})).await;
    story.until_confirmed(task).await;
    let took = "1 min 15 s";
    let shown = story.page(As::Viewer, &path(task)).await;
    assert!(
        shown.at("live-about").contains(&format!("Duration {took}")),
        "{}",
        shown.text()
    );
    let pipeline = format!("/dashboard/pipelines/{}/", id(1));
    for place in [
        "/dashboard/tasks/",
        "/dashboard/pipelines/",
        pipeline.as_str(),
    ] {
        let page = story.page(As::Viewer, place).await;
        assert!(page.has(took), "{place}: {}", page.text());
    }
    story.advance(TimeDelta::seconds(10));
    let monitoring = story.page(As::Viewer, "/dashboard/monitoring/").await;
    assert!(
        monitoring.at("live-durations").contains(took),
        "{}",
        monitoring.text()
    );
    story.end().await;
}

/// A task whose first report of RUNNING was a message about Mora. 210 reports followed, one of them with a result.
async fn with_many_reports(base: Base) -> (Story, i64) {
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &injected(), quick("manual"))]))
        .setting("limits.reports_per_second", "0")
        .begin()
        .await;
    let task = story.launch(&id(1), json!({})).await;
    story
        .until(task, "the run", |task| task["status"] == "RUNNING")
        .await;
    let mut first = json!({"status": "RUNNING", "progress_value": 1, "end_value": 500});
    first["progress_message"] = json!("Reading Mora, 100% of École_A");
    report(&story, task, first).await;
    story.advance(TimeDelta::seconds(1));
    report(&story, task, json!({"result": {"rows": 7}})).await;
    for step in 2..=210 {
        let message = format!("Reading 100 rows of ECOLE-A, step {step}");
        let mut progress = json!({"status": "RUNNING", "progress_value": step, "end_value": 500});
        progress["progress_message"] = json!(message);
        report(&story, task, progress).await;
    }
    (story, task)
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_history_contains_the_first_of_many_reports(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task) = with_many_reports(base).await;
    let shown = story.page(As::Viewer, &path(task)).await;
    let history = shown.at("live-events");
    let reports = history.matches("The pipeline reports: running").count();
    assert_eq!(reports, 1, "{history}");
    assert!(history.contains("1 of 500"), "{history}");
    assert!(history.contains("with a result"), "{history}");
    let ticks = shown.at("ticks");
    assert!(
        ticks.starts_with("The newest 200 progress reports"),
        "{ticks}"
    );
    assert!(
        ticks.contains("210 of 500") && !ticks.contains(", 1 of 500"),
        "{ticks}"
    );
    let french = story.french_page(As::Viewer, &path(task)).await.at("ticks");
    assert!(
        french.starts_with("Les 200 derniers messages d’avancement"),
        "{french}"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_finds_messages_that_are_no_longer_shown(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task) = with_many_reports(base).await;
    let found = async |query: &str| {
        let place = format!("{}?{query}", path(task));
        let shown = story.page(As::Viewer, &place).await;
        let history = shown.at("live-events");
        assert!(history.contains("Launch requested"), "{history}");
        shown.at("live-messages")
    };
    let first = "Reading Mora, 100% of École_A";
    let newest = found("").await;
    assert!(
        newest.contains("step 210") && !newest.contains(first),
        "{newest}"
    );
    for text in ["mora", "100%25", "%C3%89COLE_", "cole_a"] {
        let messages = found(&format!("find={text}")).await;
        assert!(messages.contains(first), "{text}: {messages}");
        assert!(!messages.contains("step"), "{text}: {messages}");
    }
    let others = found("find=STEP+2").await;
    for step in ["step 2 ", "step 29 ", "step 210"] {
        assert!(format!("{others} ").contains(step), "{step}: {others}");
    }
    assert!(!others.contains("step 30"), "{others}");
    let nothing = found("find=kouss%C3%A9ri").await;
    assert!(
        nothing.contains("No message matches the filter."),
        "{nothing}"
    );
    story.end().await;
}
