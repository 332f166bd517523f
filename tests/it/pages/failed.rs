//! A failed task: the line that says what went wrong comes first, everywhere, and its text is not repeated.

use rstest::rstest;
use serde_json::json;

use crate::support::catalogue::id;
use crate::support::fixtures;
use crate::support::story::{As, Base, Postgres, Sqlite, Story};

const LIST: &str = "/dashboard/tasks/";
const LINE: &str = "ValueError: no column 'district'";

fn path(task: i64) -> String {
    format!("{LIST}{task}/")
}

/// Longer than what lists show of a message.
fn traceback() -> String {
    let frame = "  File \"/home/jovyan/pipeline.py\", line 12, in read\n    rows = table[name]\n";
    let first = format!("Traceback (most recent call last):\n{frame}KeyError: 'district'\n");
    let link = "\nDuring handling of the above exception, another exception occurred:\n\n";
    let second = format!(
        "Traceback (most recent call last):\n{}{LINE}",
        frame.repeat(20)
    );
    first + link + &second
}

async fn reported(story: &Story, task: i64, text: &str) {
    let report = json!({"task_id": task, "status": "ERROR", "progress_message": text});
    story.report(&id(1), &report).await.expect(200);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_exception_comes_first_and_the_traceback_is_folded(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, task, run) = fixtures::running(base).await;
    reported(&story, task, &traceback()).await;
    story
        .drive(&run, &json!({"status": "failed", "message": traceback()}))
        .await;
    story.until_confirmed(task).await;
    let shown = story.page(As::Viewer, &path(task)).await;
    assert_eq!(shown.at("failure"), LINE);
    assert!(
        shown.at("live-status").ends_with(LINE),
        "{}",
        shown.at("live-status")
    );
    let folded = shown.at("failure-whole");
    assert!(folded.contains("Show the whole text") && folded.contains("KeyError: 'district'"));
    let messages = shown.at("live-messages");
    assert_eq!(
        messages.matches("Shown at the top of this page").count(),
        1,
        "{messages}"
    );
    assert!(shown.links().contains(&"#failure".to_owned()));
    // The log of the run is shown as it is.
    assert_eq!(
        shown.text().matches("During handling").count(),
        2,
        "{}",
        shown.text()
    );
    let list = story.page(As::Viewer, LIST).await;
    assert!(list.at("live-tasks").contains(LINE), "{}", list.text());
    assert!(!list.has("Traceback"), "{}", list.text());
    story.advance(chrono::TimeDelta::seconds(10));
    let monitoring = story.page(As::Viewer, "/dashboard/monitoring/").await;
    let failures = monitoring.at("live-failures");
    assert!(
        failures.contains(LINE) && !failures.contains("Traceback"),
        "{failures}"
    );
    let french = story.french_page(As::Viewer, &path(task)).await;
    assert!(
        french
            .at("failure-whole")
            .contains("Afficher le texte complet")
    );
    assert!(
        french
            .at("live-messages")
            .contains("Affiché en haut de cette page")
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_of_a_run_that_says_nothing_to_the_bridge_is_read_the_same_way(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, task, run) = fixtures::running(base).await;
    story
        .drive(&run, &json!({"status": "failed", "message": traceback()}))
        .await;
    story.until_confirmed(task).await;
    let shown = story.page(As::Viewer, &path(task)).await;
    assert_eq!(shown.at("failure"), LINE);
    let messages = shown.at("live-messages");
    assert_eq!(
        messages.matches("Shown at the top of this page").count(),
        1,
        "{messages}"
    );
    let told = story.task(task).await;
    let message = told["progress_message"].as_str().unwrap();
    assert!(
        message.contains('\n') && message.ends_with(LINE),
        "the API is as it was"
    );
    assert!(
        story
            .page(As::Viewer, LIST)
            .await
            .at("live-tasks")
            .contains(LINE)
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_of_one_line_is_shown_once(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task, run) = fixtures::running(base).await;
    let text = "Sheet <Stock> has no column";
    reported(&story, task, text).await;
    story
        .drive(&run, &json!({"status": "failed", "message": text}))
        .await;
    story.until_confirmed(task).await;
    let shown = story.page(As::Viewer, &path(task)).await;
    assert_eq!(shown.at("failure"), text);
    let messages = shown.at("live-messages");
    assert!(
        messages.contains("ERROR Shown at the top") && !messages.contains("PROGRESS"),
        "{messages}"
    );
    let french = story.french_page(As::Viewer, &path(task)).await;
    assert!(!french.at("live-messages").contains("AVANCEMENT"));
    assert!(shown.attribute("failure-whole", "id").is_none());
    // Once to be seen, once to be heard, and once in the log of the run.
    assert_eq!(shown.text().matches(text).count(), 3, "{}", shown.text());
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_traceback_among_the_messages_is_folded_too(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task, run) = fixtures::running(base).await;
    let report = json!({"task_id": task, "progress_message": traceback()});
    story.report(&id(1), &report).await.expect(200);
    story.drive(&run, &json!({"status": "success"})).await;
    story.until_confirmed(task).await;
    let shown = story.page(As::Viewer, &path(task)).await;
    assert!(
        shown
            .at("live-messages")
            .contains(&format!("PROGRESS {LINE} Show the whole text")),
        "{}",
        shown.text()
    );
    assert!(shown.attribute("line-1", "id").is_some());
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_that_is_a_word_of_the_traceback_is_shown(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task, run) = fixtures::running(base).await;
    reported(&story, task, &traceback()).await;
    for text in ["district", "another exception occurred", &traceback()] {
        story
            .drive(&run, &json!({"status": "failed", "message": text}))
            .await;
    }
    story.until_confirmed(task).await;
    let shown = story.page(As::Viewer, &path(task)).await;
    let messages = shown.at("live-messages");
    for text in ["ERROR district", "ERROR another exception occurred"] {
        assert!(messages.contains(text), "{text}: {messages}");
    }
    let repeated = messages.matches("Shown at the top of this page").count();
    assert_eq!(repeated, 1, "{messages}");
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_that_contains_the_exception_is_not_repeated(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, task, run) = fixtures::running(base).await;
    reported(&story, task, &traceback()).await;
    for text in [
        LINE.to_owned(),
        format!("Traceback of another form\n{LINE}"),
    ] {
        story
            .drive(&run, &json!({"status": "failed", "message": text}))
            .await;
    }
    story.until_confirmed(task).await;
    let shown = story.page(As::Viewer, &path(task)).await;
    let messages = shown.at("live-messages");
    let repeated = messages.matches("Shown at the top of this page").count();
    assert_eq!(repeated, 1, "{messages}");
    assert!(!messages.contains("ERROR Traceback"), "{messages}");
    story.end().await;
}
