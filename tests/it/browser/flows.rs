//! The page of a run of a flow in a browser: followed without a reload, and its graph with only the keyboard.

use serde_json::json;

use super::keyboard_only::tab_to;
use super::tab::{ENGLISH, Key, Tab};
use crate::flow_api::plan;
use crate::support::story::{Base, Story};

const FLOW: &str = "id: two\nsteps: [{id: wait, pipeline: pipeline-4}, {id: load, pipeline: pipeline-1, after: wait}]\n";

/// A run whose first step is running.
async fn running() -> (Story, i64) {
    let story = plan(Base::Sqlite).local().begin().await;
    story.save_flow(FLOW).await;
    let run = story.run_flow("two", json!({})).await;
    story
        .until_flow_run(run, "its step", |run| {
            run["steps"][0]["attempts"][0]["status"] == "RUNNING"
        })
        .await;
    (story, run)
}

async fn open(story: &Story, run: i64) -> Tab {
    let tab = Tab::new(ENGLISH).await;
    tab.open(&format!("{}/dashboard/flow-runs/{run}/", story.base_url()))
        .await;
    tab
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_followed_without_a_reload() {
    let (story, run) = running().await;
    let tab = open(&story, run).await;
    tab.run("window.stays = true").await;
    tab.reads("#live-progress", "0 of 2 steps ended").await;
    let sent = story.runs().await[0]["id"].as_str().unwrap().to_owned();
    story.drive(&sent, &json!({"status": "success"})).await;
    story.until_flow_run_ends(run).await;
    tab.until("document.title.startsWith('Success')").await;
    tab.reads("#live-progress", "2 of 2 steps ended").await;
    tab.until("document.querySelector('#live-graph a[href=\"#step-load\"] title').textContent === 'load: Success'")
        .await;
    tab.until("!document.getElementById('live').dataset.stream")
        .await;
    tab.stayed().await;
    tab.end(&story.base_url()).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn steps_of_the_graph_are_reached_with_the_keyboard() {
    let (story, run) = running().await;
    let tab = open(&story, run).await;
    tab_to(&tab, "#live-graph a[href='#step-load']").await;
    tab.press(Key::Enter).await;
    tab.until("document.querySelector('tr:target').id === 'step-load'")
        .await;
    tab_to(&tab, "#step-wait .attempt a, #step-load a").await;
    tab.end(&story.base_url()).await;
    story.end().await;
}
