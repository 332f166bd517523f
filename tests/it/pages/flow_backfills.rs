//! Backfills: chosen, looked at before they start, followed and stopped.

use rstest::rstest;
use serde_json::json;

use super::Page;
use crate::flow_api::plan;
use crate::support::story::{As, Base, Postgres, Sqlite, Story};

const FORM: &str = "/dashboard/flows/daily/backfill/";
const FLOW: &str = "id: daily\nname: Daily load\nschedules: [{id: night, cron: \"0 2 * * *\", timezone: Africa/Kinshasa}]\nsteps: [{id: wait, pipeline: pipeline-4}]\n";

#[track_caller]
fn shows(page: &Page, texts: &[&str]) {
    for text in texts {
        assert!(page.has(text), "{text}: {}", page.text());
    }
}

async fn begin(base: Base) -> Story {
    let story = plan(base).begin().await;
    story.save_flow(FLOW).await;
    story
}

fn days(from: &str, to: &str) -> String {
    format!("{FORM}?preview=yes&schedule=night&from={from}&to={to}&mode=missing&parallel=2")
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backfill_is_previewed_started_and_stopped(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let page = story.page(As::Operator, FORM).await;
    shows(&page, &["Days in Africa/Kinshasa", "Show the times"]);
    story.page_with(As::Viewer, FORM, 403).await;
    let page = story
        .page(As::Operator, &days("2026-01-01", "2026-01-03"))
        .await;
    shows(
        &page,
        &[
            "3 runs",
            "2026-01-01 02:00, No run",
            "2026-01-03 02:00, No run",
            "Start 3 runs",
        ],
    );
    assert_eq!(
        story.get("/flows/daily/backfills/").await.expect(200)["results"],
        json!([])
    );
    let form = page.form(FORM);
    assert_eq!(story.send(As::Viewer, &form).await.status, 403);
    let place = story.send_on(As::Operator, &form).await;
    assert!(place.starts_with("/dashboard/backfills/"), "{place}");
    let twice = story.refused(As::Operator, &form, 409).await;
    shows(
        &twice,
        &[
            "There is nothing to run",
            &place
                .replace("/dashboard/backfills/", "Backfill ")
                .replace('/', ""),
        ],
    );

    let page = story.page(As::Viewer, &place).await;
    shows(
        &page,
        &[
            "0 of 3 runs ended",
            "2026-01-01 02:00, Queued",
            "2026-01-03 02:00, Waiting",
            "Those without a run",
        ],
    );
    assert!(page.buttons().is_empty());
    assert!(
        page.attribute("live", "data-stream")
            .unwrap()
            .ends_with("/tasks/stream/")
    );
    let runs = page
        .links()
        .into_iter()
        .filter(|link| link.contains("/flow-runs/"));
    assert_eq!(runs.count(), 2);
    let flow = story.page(As::Viewer, "/dashboard/flows/daily/").await;
    assert!(flow.links().contains(&place), "{:?}", flow.links());

    let page = story.page(As::Operator, &place).await;
    assert_eq!(page.buttons(), ["Stop the backfill"]);
    let cancel = page.form("cancel/");
    assert_eq!(story.send(As::Viewer, &cancel).await.status, 403);
    assert_eq!(story.send_on(As::Operator, &cancel).await, place);
    let all = story.get("/flow-runs/").await.expect(200);
    for run in all["results"].as_array().unwrap() {
        story.until_flow_run_ends(run["id"].as_i64().unwrap()).await;
    }
    story.bridge().flows.runner.run_backfills().await.unwrap();
    let page = story.page(As::Operator, &place).await;
    shows(&page, &["2 of 3 runs ended", "2026-01-01 02:00, Stopped"]);
    assert!(page.at("live-head").contains("Stopped"));
    assert!(page.attribute("live", "data-stream").is_none() && page.buttons().is_empty());
    let late = story.refused(As::Operator, &cancel, 409).await;
    assert_eq!(late.at("errors"), "The backfill has already ended");
    let french = story.french_page(As::Viewer, &place).await;
    shows(&french, &["Rattrapage", "2 exécutions terminées sur 3"]);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_days_are_marked_at_their_field(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    for (from, to, field, error) in [
        (
            "",
            "2026-01-03",
            "from-error",
            "Enter a day, such as 2026-11-30",
        ),
        (
            "2026-01-04",
            "2026-01-03",
            "to-error",
            "The end must be after the start",
        ),
        (
            "2026-01-01",
            "2999-01-01",
            "to-error",
            "The end must not be in the future",
        ),
        (
            "2020-01-01",
            "2026-01-01",
            "to-error",
            "This would be more than 366 runs",
        ),
    ] {
        let page = story.page_with(As::Operator, &days(from, to), 400).await;
        assert!(page.at(field).starts_with(error), "{}", page.at(field));
        assert_eq!(page.attribute("to", "value").unwrap(), to);
        shows(&page, &["The form has errors:"]);
    }
    story
        .save_flow("id: other\nsteps: [{id: wait, pipeline: pipeline-4}]\n")
        .await;
    let none = story
        .page(As::Operator, "/dashboard/flows/other/backfill/")
        .await;
    shows(&none, &["This flow has no schedule"]);
    for path in ["/dashboard/backfills/99/", "/dashboard/backfills/zzz/"] {
        let page = story.page_with(As::Viewer, path, 404).await;
        shows(&page, &["There is no such backfill", "Go to the flows"]);
    }
    story.end().await;
}
