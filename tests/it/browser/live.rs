//! A task's page while its run progresses, without reloading.

use serde_json::json;

use super::launch::{begin, form};
use super::tab::{ENGLISH, Tab};
use crate::sdk_pipelines::{examples, python};
use crate::support::catalogue::{id, injected};
use crate::support::process::Line;
use crate::support::story::Story;

/// Records that this page is not reloaded, and the positions of its progress bar.
const WATCH: &str = "window.stays = true; window.seen = [];
    const note = () => {
        const bar = document.querySelector('#live progress[value]');
        if (bar && seen.at(-1) !== bar.value) seen.push(bar.value);
    };
    new MutationObserver(note).observe(document.getElementById('live'), { subtree: true, childList: true });
    note();";

/// A running task, with its page open.
async fn open_running_task() -> (Story, Tab, i64, String) {
    let story = begin(&injected()).await;
    let task = story.launch(&id(1), json!({})).await;
    let running = story
        .until(task, "the run", |task| task["status"] == "RUNNING")
        .await;
    let tab = Tab::new(ENGLISH).await;
    tab.open(&format!("{}/dashboard/tasks/{task}/", story.base_url()))
        .await;
    tab.run(WATCH).await;
    let run = running["run"]["id"].as_str().unwrap().to_owned();
    (story, tab, task, run)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_follows_a_real_pipeline_to_its_result() {
    let data = tempfile::tempdir().unwrap();
    let line = Line::of(&["dev", "--port", "0", "--openhexa-port", "0"]).data(data.path());
    let line = line
        .arg("--pipelines")
        .arg(examples())
        .arg("--python")
        .arg(python());
    let mut process = line.start();
    let (bridge, _) = process.addresses().await;
    let tab = Tab::new(ENGLISH).await;
    tab.open(&format!("{bridge}/dashboard/")).await;
    tab.until("location.pathname === '/dashboard/pipelines/'")
        .await;
    tab.run("[...document.querySelectorAll('a.name')].find((one) => one.textContent === 'Plain pipeline').click()").await;
    tab.fill("#field-steps", "8").await;
    tab.fill("#field-pause", "0.25").await;
    tab.click("form.launch button.main").await;
    tab.until("document.getElementById('live')").await;
    tab.run(WATCH).await;
    tab.until("document.title.startsWith('Running')").await;
    tab.reads("#live-messages", "Step 2 of 8").await;
    tab.until("document.title.startsWith('Success')").await;
    tab.reads(".state", "Final status").await;
    tab.reads("#live-messages", "Step 8 of 8").await;
    tab.reads("#live-result", "steps").await;
    tab.reads("#live-result", "8").await;
    tab.stayed().await;
    let seen: Vec<f64> = serde_json::from_value(tab.js("window.seen").await).unwrap();
    assert!(seen.len() >= 3 && seen.is_sorted(), "{seen:?}");
    tab.until("!document.getElementById('live').dataset.stream")
        .await;
    tab.end(&bridge).await;
    let ended = process.stop(rustix::process::Signal::TERM).await;
    assert_eq!(ended.status.code(), Some(0), "{:#?}", ended.err);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_survives_the_end_of_its_stream() {
    let (mut story, tab, task, run) = open_running_task().await;
    let report = |percent: i32, message: &str| json!({"task_id": task, "status": "RUNNING", "progress_value": percent, "end_value": 100, "progress_message": message});
    story
        .report(&id(1), &report(20, "Before"))
        .await
        .expect(200);
    tab.reads("#live-progress", "Before").await;
    story.restart().await;
    story.report(&id(1), &report(60, "After")).await.expect(200);
    tab.reads("#live-progress", "After").await;
    story.drive(&run, &json!({"status": "success"})).await;
    story.until_confirmed(task).await;
    tab.reads(".state", "Success").await;
    tab.reads(".state", "Final status").await;
    tab.stayed().await;
    tab.end_after_outage(&story.base_url()).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_is_confirmed_and_its_progress_is_shown() {
    let (story, tab, task, run) = open_running_task().await;
    story.fault(&json!({"fault": "lose_stop"})).await;
    tab.click("summary.danger").await;
    tab.reads(".ask", &format!("Stop task {task}?")).await;
    let report = json!({"task_id": task, "status": "RUNNING", "progress_value": 40, "end_value": 100, "progress_message": "Meanwhile"});
    story.report(&id(1), &report).await.expect(200);
    tab.reads("#live-progress", "Meanwhile").await;
    assert_eq!(
        tab.js("document.querySelector('.ask').open").await,
        true,
        "the confirmation disappeared"
    );
    assert_eq!(
        story.task(task).await["status"],
        "RUNNING",
        "nothing was requested yet"
    );
    tab.click(".ask form button").await;
    tab.reads(".state", "Stop requested; the run has not stopped yet")
        .await;
    tab.reads(".state", "Running").await;
    assert_eq!(
        tab.js("document.querySelectorAll('#live-actions button').length")
            .await,
        0
    );
    tab.run(WATCH).await;
    story.drive(&run, &json!({"status": "stopped"})).await;
    story.until_confirmed(task).await;
    tab.reads(".state", "Stopped").await;
    tab.until("document.title.startsWith('Stopped')").await;
    tab.stayed().await;
    tab.end(&story.base_url()).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_filter_and_opened_parts_are_kept_when_the_page_is_updated() {
    let (story, tab, task, _) = open_running_task().await;
    let report = async |step: i32, text: &str| {
        let report = json!({"task_id": task, "status": "RUNNING", "progress_value": step, "end_value": 9, "progress_message": text});
        story.report(&id(1), &report).await.expect(200);
        story.advance(chrono::TimeDelta::seconds(2));
    };
    report(1, "Reading Mora").await;
    report(2, "Reading Nylon").await;
    tab.reads("#ticks", "1 progress report").await;
    tab.click("#ticks summary").await;
    report(3, "Reading Kolofata").await;
    tab.reads("#ticks", "2 progress reports").await;
    assert_eq!(tab.js("document.getElementById('ticks').open").await, true);
    tab.click("#ticks summary").await;
    report(4, "Reading Mokolo").await;
    tab.reads("#ticks", "3 progress reports").await;
    assert_eq!(tab.js("document.getElementById('ticks').open").await, false);
    tab.fill("#find", "mo").await;
    report(5, "Reading Moulvoudaye").await;
    tab.reads("#live-messages", "Moulvoudaye").await;
    assert_eq!(
        tab.js("document.getElementById('find').value").await,
        "mo",
        "the typed text is kept"
    );
    tab.click("form[role=search] button").await;
    tab.until("location.search.includes('find=mo')").await;
    tab.run(WATCH).await;
    report(6, "Reading Nyong").await;
    report(7, "Reading Mora again").await;
    tab.reads("#live-messages", "Reading Mora again").await;
    assert!(!tab.text("#live-messages").await.contains("Nyong"));
    tab.stayed().await;
    tab.end(&story.base_url()).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_list_of_tasks_is_updated() {
    let story = begin(&injected()).await;
    let tab = Tab::new(ENGLISH).await;
    tab.open(&format!("{}/dashboard/tasks/", story.base_url()))
        .await;
    tab.reads("main", "No task has been launched yet").await;
    tab.run("window.stays = true").await;
    let task = story.launch(&id(1), json!({})).await;
    tab.until("document.querySelectorAll('.list tbody tr').length === 1")
        .await;
    let running = story
        .until(task, "the run", |task| task["status"] == "RUNNING")
        .await;
    tab.reads(".list .badge", "Running").await;
    let run = running["run"]["id"].as_str().unwrap();
    story
        .drive(run, &json!({"status": "failed", "message": "No rain"}))
        .await;
    story.until_confirmed(task).await;
    tab.reads(".list .badge", "Error").await;
    tab.stayed().await;
    tab.end(&story.base_url()).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reduced_motion_removes_all_movement() {
    let (story, tab, ..) = open_running_task().await;
    // The active rules that move something.
    let moves = "(() => {
        const inForce = (rules) => [...rules].flatMap((rule) => rule.media
            ? (matchMedia(rule.media.mediaText).matches ? inForce(rule.cssRules) : []) : [rule]);
        const names = ['transition-duration', 'animation-name', 'scroll-behavior'];
        const still = ['', '0s', 'none', 'auto'];
        return inForce(document.styleSheets[0].cssRules).filter((rule) => rule.style
            && names.some((name) => !still.includes(rule.style.getPropertyValue(name)))).map((rule) => rule.cssText);
    })()";
    let moving = tab.js(moves).await;
    assert!(
        !moving.as_array().unwrap().is_empty(),
        "no rule moves anything"
    );
    tab.prefers("reduced-motion", "reduce").await;
    assert_eq!(tab.js(moves).await, json!([]));
    tab.open(&form(&story)).await;
    tab.end(&story.base_url()).await;
    story.end().await;
}
