//! The monitoring page in a browser: days in the reader's time zone, and updates without a reload.

use chrono::TimeDelta;
use serde_json::json;

use super::launch::begin;
use super::tab::{ENGLISH, Tab};
use crate::support::catalogue::{id, injected};
use crate::support::story::Story;

fn page(story: &Story) -> String {
    format!("{}/dashboard/monitoring/", story.base_url())
}

/// The cookies that the script sets.
const COOKIES: &str = "document.cookie";
/// How often the document was loaded.
const LOADS: &str = "performance.getEntriesByType('navigation').map((one) => one.type)";

async fn counts_days_of(tab: &Tab, minutes: i32, name: &str) {
    tab.until(&format!(
        "document.getElementById('live').dataset.zone === '{minutes}'"
    ))
    .await;
    tab.reads("#live-verdict", &format!("midnight, {name}."))
        .await;
    let cookie = format!("openhexa_bridge_zone={minutes}");
    assert_eq!(tab.js(COOKIES).await, json!(cookie));
    assert_eq!(tab.js(LOADS).await, json!(["navigate"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn days_change_to_the_readers_time_zone_without_a_reload() {
    let story = begin(&injected()).await;
    let tab = Tab::new(ENGLISH).await;
    let zone = async |name: &str| {
        let zone = json!({"timezoneId": name});
        tab.cdp("Emulation.setTimezoneOverride", zone).await
    };
    // At first the reader's time zone is unknown, later it is known from before and has changed.
    zone("Africa/Douala").await;
    tab.open(&page(&story)).await;
    counts_days_of(&tab, 60, "UTC+01:00").await;
    zone("Asia/Kolkata").await;
    tab.open(&page(&story)).await;
    counts_days_of(&tab, 330, "UTC+05:30").await;
    tab.end(&story.base_url()).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_of_a_task_is_shown_without_a_reload() {
    let story = begin(&injected()).await;
    let task = story.launch(&id(1), json!({})).await;
    let running = story
        .until(task, "the run", |task| task["status"] == "RUNNING")
        .await;
    let tab = Tab::new(ENGLISH).await;
    tab.open(&page(&story)).await;
    tab.reads(".verdict", "No task has ended yet").await;
    tab.run("window.stays = true").await;
    let run = running["run"]["id"].as_str().unwrap();
    story.drive(run, &json!({"status": "success"})).await;
    story.until_confirmed(task).await;
    // Longer than the figures are cached.
    story.advance(TimeDelta::seconds(5));
    tab.reads(".verdict", "No failures").await;
    tab.reads("#live-durations", "Pipeline 1").await;
    tab.stayed().await;
    tab.end(&story.base_url()).await;
    story.end().await;
}
