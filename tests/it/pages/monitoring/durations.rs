//! How long tasks take, and which take more than twice the mean.

use chrono::TimeDelta;
use rstest::rstest;
use serde_json::json;

use super::{LATER, PAGE, begin, ended};
use crate::support::catalogue::id;
use crate::support::story::{As, Base, Postgres, Sqlite};

fn minutes(number: i64) -> TimeDelta {
    TimeDelta::minutes(number)
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn durations_are_those_of_successful_tasks_by_pipeline(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = begin(base).await;
    for long in [1, 2, 3, 4] {
        ended(&story, 1, "SUCCESS", minutes(long)).await;
    }
    ended(&story, 2, "SUCCESS", TimeDelta::milliseconds(400)).await;
    // Its duration is not typical of such a task.
    ended(&story, 1, "ERROR", TimeDelta::seconds(1)).await;
    ended(&story, 1, "CANCELLED", TimeDelta::seconds(1)).await;
    let page = story.page(As::Viewer, PAGE).await;
    let told = page.at("live-durations");
    assert!(
        told.contains(
            "Pipeline 1 4 (show these tasks) 2 min 30 s 4 min 00 s 2 min 30 s 4 min 00 s 2 min 30 s Pipeline 2"
        ),
        "{told}"
    );
    assert!(
        told.contains("Pipeline 2 1 (show these tasks) < 1 s < 1 s < 1 s < 1 s –"),
        "{told}"
    );
    assert!(
        told.contains("Successful tasks only") && page.at("live-long").is_empty(),
        "{}",
        page.text()
    );
    let successes = format!("status=SUCCESS&pipeline={}&from=", id(1));
    let links = page.links();
    let link = links.iter().find(|link| link.contains(&successes)).unwrap();
    assert_eq!(story.page(As::Viewer, link).await.at("count"), "4 tasks.");
    let french = story.french_page(As::Viewer, PAGE).await;
    assert!(
        french.at("live-durations").contains("Médiane"),
        "{}",
        french.text()
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_over_twice_the_mean_of_their_pipeline_are_marked(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = begin(base).await;
    ended(&story, 1, "SUCCESS", minutes(1)).await;
    // Two tasks are too few to know a usual duration.
    let first = ended(&story, 1, "SUCCESS", minutes(60)).await;
    let page = story.page(As::Viewer, PAGE).await;
    assert!(
        page.at("live-long").is_empty() && !page.at("live-durations").contains("▲ "),
        "{}",
        page.text()
    );
    for _ in 0..3 {
        ended(&story, 1, "SUCCESS", minutes(1)).await;
        ended(&story, 2, "SUCCESS", minutes(90)).await;
    }
    // Usual for its own pipeline; the other pipeline's mean does not matter.
    let page = story.page(As::Viewer, PAGE).await;
    let told = page.at("live-long");
    assert!(
        told.contains(&format!("Task {first}")) && told.matches(" ×").count() == 1,
        "{told}"
    );
    assert!(
        told.contains("Unusually long tasks")
            && told.contains("▲ 4.6 ×")
            && told.contains("1 h 00 min"),
        "{told}"
    );
    assert!(page.links().contains(&format!("/dashboard/tasks/{first}/")));
    assert!(
        page.at("live-durations")
            .contains("▲ More than twice the usual mean: 1 h 00 min"),
        "{}",
        page.text()
    );
    let failed = ended(&story, 1, "ERROR", minutes(40)).await;
    story.advance(LATER);
    let told = story.page(As::Viewer, PAGE).await.at("live-long");
    assert!(told.contains(&format!("Task {failed}")), "{told}");
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_task_over_twice_the_mean_is_marked(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    for _ in 0..3 {
        ended(&story, 1, "SUCCESS", minutes(10)).await;
    }
    let task = story.launch(&id(1), json!({})).await;
    story
        .report(&id(1), &json!({"task_id": task, "status": "RUNNING"}))
        .await
        .expect(200);
    story.advance(minutes(20));
    assert!(
        story
            .page(As::Viewer, PAGE)
            .await
            .at("live-long")
            .is_empty()
    );
    story.advance(minutes(1));
    let page = story.page(As::Viewer, PAGE).await;
    let told = page.at("live-long");
    assert!(
        told.contains(&format!("Task {task}"))
            && told.contains("Running")
            && told.contains("21 min 00 s"),
        "{told}"
    );
    assert!(page.links().contains(&format!("/dashboard/tasks/{task}/")));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_nightly_task_is_compared_with_the_previous_nights(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = begin(base).await;
    for _ in 0..3 {
        ended(&story, 1, "SUCCESS", minutes(10)).await;
        story.advance(TimeDelta::days(1));
    }
    let slow = ended(&story, 1, "SUCCESS", minutes(60)).await;
    let page = story.page(As::Viewer, PAGE).await;
    assert!(
        page.at("live-long").contains(&format!("Task {slow}")),
        "{}",
        page.text()
    );
    assert!(
        page.at("live-durations")
            .contains("Pipeline 1 1 (show these tasks) 1 h 00 min")
            && page.at("live-durations").contains("▲"),
        "{}",
        page.text()
    );
    story.advance(TimeDelta::days(31));
    let later = ended(&story, 1, "SUCCESS", minutes(60)).await;
    let page = story.page(As::Viewer, PAGE).await;
    assert!(
        page.at("live-long").is_empty(),
        "tasks of a month ago do not count: task {later}, {}",
        page.text()
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stuck_tasks_are_listed_before_slow_ones(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    for _ in 0..3 {
        ended(&story, 1, "SUCCESS", minutes(10)).await;
    }
    let run = async || {
        let task = story.launch(&id(1), json!({})).await;
        story
            .report(&id(1), &json!({"task_id": task, "status": "RUNNING"}))
            .await
            .expect(200);
        task
    };
    let stuck = run().await;
    story.advance(TimeDelta::days(3));
    for _ in 0..20 {
        run().await;
    }
    story.advance(minutes(21));
    let page = story.page(As::Viewer, PAGE).await;
    let told = page.at("live-long");
    let first = format!("Compared with the usual mean Pipeline 1 Task {stuck} ");
    assert!(
        told.contains(&first) && told.contains("1 more task is not shown."),
        "{stuck}: {told}"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_usual_mean_is_shown_with_the_periods_and_cached_for_a_minute(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = begin(base).await;
    for _ in 0..3 {
        ended(&story, 1, "SUCCESS", minutes(10)).await;
    }
    story.advance(TimeDelta::days(1));
    ended(&story, 1, "SUCCESS", minutes(20)).await;
    let row = async || story.page(As::Viewer, PAGE).await.at("live-durations");
    let told = row().await;
    assert!(
        told.contains("20 min 00 s 20 min 00 s 12 min 30 s") && !told.contains("▲ "),
        "{told}"
    );
    ended(&story, 1, "SUCCESS", TimeDelta::seconds(20)).await;
    let told = row().await;
    assert!(
        told.contains("Pipeline 1 2 ") && told.contains("12 min 30 s"),
        "usual as a minute ago: {told}"
    );
    story.advance(TimeDelta::minutes(1));
    let told = row().await;
    assert!(told.contains("20 min 00 s 10 min 04 s"), "{told}");
    story.end().await;
}
