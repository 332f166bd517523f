//! Flows that are written, backfilled and scheduled in a browser.

use serde_json::json;

use super::keyboard_only::tab_to;
use super::tab::{BrowserOptions, ENGLISH, Key, Tab};
use crate::flow_api::{DAILY, plan};
use crate::support::catalogue::{id, parameter, pipeline, quick};
use crate::support::story::{Base, Story, StoryBuilder};

async fn open(story: &Story, path: &str) -> Tab {
    let tab = Tab::new(ENGLISH).await;
    tab.open(&format!("{}{path}", story.base_url())).await;
    tab
}

/// Replaces a part of the text in the editor, as if it was typed.
async fn change(tab: &Tab, from: &str, to: &str) {
    let (from, to) = (json!(from), json!(to));
    tab.run(&format!(
        "const box = document.getElementById('document');
         box.value = box.value.replace({from}, {to});
         box.dispatchEvent(new Event('input', {{ bubbles: true }}));"
    ))
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_is_broken_and_fixed() {
    let story = plan(Base::Sqlite).local().begin().await;
    story.save_flow(DAILY).await;
    let tab = open(&story, "/dashboard/flows/daily/").await;
    tab.click("a[href$='/edit/']").await;
    tab.until("document.getElementById('document')").await;
    change(&tab, "pipeline: pipeline-2", "pipline: pipeline-2").await;
    tab.click("button.main").await;
    tab.reads("#errors", "did you mean `pipeline`?").await;
    let typed = tab.js("document.getElementById('document').value").await;
    assert!(typed.as_str().unwrap().contains("pipline: pipeline-2"));
    tab.click("#errors a[data-line='7']").await;
    let selected = "(({ value, selectionStart, selectionEnd }) => value.slice(selectionStart, selectionEnd))(document.getElementById('document'))";
    let line = tab.js(selected).await;
    assert!(
        line.as_str()
            .unwrap()
            .starts_with("  - {id: load, pipline:"),
        "{line}"
    );
    change(&tab, "pipline: pipeline-2", "pipeline: pipeline-2").await;
    change(&tab, "0 2 * * *", "45 4 * * *").await;
    tab.click("button[formaction]").await;
    tab.reads("#checked", "04:45 (Africa/Kinshasa)").await;
    tab.click("button.main").await;
    tab.until("location.pathname === '/dashboard/flows/daily/'")
        .await;
    tab.reads("main", "every day at 04:45").await;
    tab.click("a[href$='/versions/2/']").await;
    tab.reads(".diff .added", "45 4 * * *").await;
    tab.end(&story.base_url()).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tab_key_indents_and_does_not_catch_the_keyboard() {
    let story = plan(Base::Sqlite).local().begin().await;
    let tab = open(&story, "/dashboard/flows/new/").await;
    tab_to(&tab, "#document").await;
    tab.press(Key::Tab).await;
    let has_focus = "document.activeElement.id === 'document'";
    assert_eq!(tab.js(has_focus).await, true);
    assert_eq!(
        tab.js("document.getElementById('document').value.includes('  ')")
            .await,
        true
    );
    let before = tab
        .js("document.querySelector('.numbers').children.length")
        .await;
    tab.keys(&"\u{e007}".repeat(10)).await;
    tab.until(&format!(
        "document.querySelector('.numbers').children.length === {before} + 10"
    ))
    .await;
    // Escape, then Tab.
    tab.keys("\u{e00c}").await;
    tab.press(Key::Tab).await;
    assert_eq!(
        tab.js("document.activeElement.matches('button[formaction]')")
            .await,
        true
    );
    tab.end(&story.base_url()).await;
    story.end().await;
}

const NIGHTLY: &str = "id: nightly\nschedules: [{id: night, cron: \"0 2 * * *\", timezone: Africa/Kinshasa}]\nsteps: [{id: load, pipeline: pipeline-4}]\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_month_is_backfilled() {
    let story = plan(Base::Sqlite).local().begin().await;
    story.save_flow(NIGHTLY).await;
    let tab = open(&story, "/dashboard/flows/nightly/backfill/").await;
    tab.run("document.getElementById('from').value = '2026-01-01'; document.getElementById('to').value = '2026-01-31'; document.getElementById('parallel').value = '4';").await;
    tab.click("main form button.main").await;
    tab.reads("#preview", "31 runs").await;
    tab.click("#preview button.main").await;
    tab.until("/backfills\\/\\d+\\/$/.test(location.pathname)")
        .await;
    tab.run("window.stays = true").await;
    tab.until("document.querySelectorAll('#live-squares li').length === 31")
        .await;
    tab.until("document.querySelectorAll('#live-squares a').length === 4")
        .await;
    let runs = story.get("/flow-runs/").await.expect(200);
    let first = runs["results"].as_array().unwrap().last().unwrap()["id"]
        .as_i64()
        .unwrap();
    let run = story
        .until_flow_run(first, "its step", |run| {
            run["steps"][0]["attempts"][0]["status"] == "RUNNING"
        })
        .await;
    let task = run["steps"][0]["attempts"][0]["task_id"].as_i64().unwrap();
    let task = story.task(task).await;
    let sent = task["run"]["id"].as_str().unwrap().to_owned();
    story.drive(&sent, &json!({"status": "success"})).await;
    story.until_flow_run_ends(first).await;
    story.bridge().flows.runner.run_backfills().await.unwrap();
    tab.reads("#live-figures", "1 of 31 runs ended").await;
    tab.until("document.querySelectorAll('#live-squares a').length === 5")
        .await;
    tab.stayed().await;
    tab.click(".ask summary").await;
    tab.click(".ask[open] button").await;
    tab.reads("#live-head", "Stopp").await;
    tab.end(&story.base_url()).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pipeline_is_scheduled_from_its_page() {
    let parameters = [parameter("table", "str", json!({}))];
    let pipelines = json!([pipeline(1, &parameters, quick("manual"))]);
    let plan = StoryBuilder::on(Base::Sqlite).pipelines(pipelines).local();
    let story = plan.begin().await;
    let tab = open(&story, &format!("/dashboard/pipelines/{}/", id(1))).await;
    tab.fill("#field-table", "customers").await;
    tab.click("button[formaction$='schedule/']").await;
    tab.until("document.getElementById('preset')").await;
    let zone = tab
        .js("Intl.DateTimeFormat().resolvedOptions().timeZone")
        .await;
    assert_eq!(
        tab.js("document.getElementById('field-timezone').value")
            .await,
        zone
    );
    let shown = "[...document.querySelectorAll('[data-for]')].filter((one) => !one.hidden).map((one) => one.querySelector('label').htmlFor).join()";
    assert_eq!(tab.js(shown).await, "field-time");
    tab.run("const preset = document.getElementById('preset'); preset.value = 'weekly'; preset.dispatchEvent(new Event('change'));")
        .await;
    assert_eq!(tab.js(shown).await, "field-weekday,field-time");
    tab.run("const preset = document.getElementById('preset'); preset.value = 'daily'; preset.dispatchEvent(new Event('change'));")
        .await;
    tab.fill("#field-timezone", "Africa/Kinshasa").await;
    tab.fill("#field-flow_id", "customers").await;
    tab.click("main form button.main").await;
    tab.reads("#checked", "02:00 (Africa/Kinshasa)").await;
    tab.click("main form button.main").await;
    tab.until("location.pathname === '/dashboard/flows/customers/'")
        .await;
    tab.reads("main", "every day at 02:00").await;
    tab.end(&story.base_url()).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_is_written_without_a_script() {
    let story = plan(Base::Sqlite).local().begin().await;
    let tab = Tab::new(BrowserOptions {
        script: false,
        ..ENGLISH
    })
    .await;
    tab.open(&format!("{}/dashboard/flows/new/", story.base_url()))
        .await;
    tab.fill(
        "#document",
        "id: typed\nsteps:\n  - {id: a, pipeline: pipeline-9}\n",
    )
    .await;
    tab.click("button.main").await;
    tab.reads("#errors", "line 3, column").await;
    tab.click("#errors a[href='#line-3']").await;
    tab.fill(
        "#document",
        "id: typed\nsteps:\n  - {id: a, pipeline: pipeline-4}\n",
    )
    .await;
    tab.click("button.main").await;
    tab.until("location.pathname === '/dashboard/flows/typed/'")
        .await;
    tab.end(&story.base_url()).await;
    story.end().await;
}
