//! The page of alerts, and the open alerts on the monitoring page.

use rstest::rstest;

use crate::alerts::{FAILING, GOOD, alerts, plan, run};
use crate::support::story::{As, Base, Postgres, Sqlite};

const PAGE: &str = "/dashboard/alerts/";
const MONITORING: &str = "/dashboard/monitoring/";

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_alert_links_to_its_run_and_is_first_on_the_monitoring_page(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base, "2027-01-10T00:00:00Z").begin().await;
    assert!(story.page(As::Viewer, PAGE).await.has("No open alerts"));
    let failed = run(&story, FAILING, "").await;
    let link = format!("href=\"/dashboard/flow-runs/{}/\"", failed["id"]);
    for path in [PAGE, MONITORING] {
        let page = story.page(As::Viewer, path).await;
        assert!(page.has("night: step `load` has failed"), "{}", page.text());
        assert!(page.answer.text.contains(&link), "{}", page.answer.text);
    }
    run(&story, GOOD, "").await;
    assert!(story.page(As::Viewer, PAGE).await.has("No open alerts"));
    let monitoring = story.page(As::Viewer, MONITORING).await;
    assert!(monitoring.has("No open alerts"), "{}", monitoring.text());
    let past = story
        .page(As::Viewer, "/dashboard/alerts/?open=false")
        .await;
    assert!(past.has("night: step `load` has failed"), "{}", past.text());
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_mutes_an_alert_and_a_viewer_cannot(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base, "2027-01-10T00:00:00Z").begin().await;
    run(&story, FAILING, "").await;
    assert!(!story.page(As::Viewer, PAGE).await.has("Mute for 24 hours"));
    let page = story.page(As::Operator, PAGE).await;
    let mute = page.form("/mute/");
    assert_eq!(story.send_on(As::Operator, &mute).await, PAGE);
    assert!(!alerts(&story).await[0]["muted_until"].is_null());
    let page = story.page(As::Operator, PAGE).await;
    assert!(page.has("Muted until"), "{}", page.text());
    let unmute = page.form("/unmute/");
    story.send_on(As::Operator, &unmute).await;
    assert!(alerts(&story).await[0]["muted_until"].is_null());
    story.end().await;
}
