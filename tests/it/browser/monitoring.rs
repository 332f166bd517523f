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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_card_opens_the_tasks_behind_it() {
    let story = begin(&injected()).await;
    let task = story.launch(&id(1), json!({})).await;
    story
        .until(task, "the run", |task| task["status"] == "RUNNING")
        .await;
    let tab = Tab::new(ENGLISH).await;
    tab.open(&page(&story)).await;
    // The middle of the second card, beside its number.
    tab.click(".figures > div:nth-child(2)").await;
    tab.until("location.pathname === '/dashboard/tasks/'").await;
    assert_eq!(
        tab.js("location.search").await,
        json!("?status=QUEUED%2CRUNNING")
    );
    tab.reads("#count", "1 task.").await;
    tab.end(&story.base_url()).await;
    story.end().await;
}

/// The list of tasks takes the reader's days at the first visit too, and follows only the tasks that were chosen.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_list_has_the_readers_days_and_keeps_its_filters() {
    let story = begin(&injected()).await;
    let tab = Tab::new(ENGLISH).await;
    let zone = json!({"timezoneId": "Asia/Kolkata"});
    tab.cdp("Emulation.setTimezoneOverride", zone).await;
    let list = format!("{}/dashboard/tasks/", story.base_url());
    tab.open(&format!("{list}?status=RUNNING&status=ERROR"))
        .await;
    tab.reads("#live-count", "midnight, UTC+05:30.").await;
    tab.reads("#count", "0 tasks.").await;
    tab.run("window.stays = true").await;
    let task = story.launch(&id(1), json!({})).await;
    let running = story
        .until(task, "the run", |task| task["status"] == "RUNNING")
        .await;
    tab.reads("#count", "1 task.").await;
    tab.reads("#live-tasks", "Running").await;
    let run = running["run"]["id"].as_str().unwrap();
    story.drive(run, &json!({"status": "success"})).await;
    story.until_confirmed(task).await;
    tab.reads("#count", "0 tasks.").await;
    tab.stayed().await;
    // What is ticked goes into the address, and the page shows it again.
    tab.click("input[value=SUCCESS]").await;
    tab.click("form.filters button").await;
    tab.until("location.search.includes('status=SUCCESS')")
        .await;
    tab.reads("#count", "1 task.").await;
    let ticked = tab
        .js("[...document.querySelectorAll('input[name=status]:checked')].map((one) => one.value)")
        .await;
    assert_eq!(ticked, json!(["RUNNING", "SUCCESS", "ERROR"]));
    tab.end(&story.base_url()).await;
    story.end().await;
}
