//! A live page when the bridge is unavailable, when the reader is signed out, and with the keyboard focus in it.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::tab::{BrowserOptions, ENGLISH, FRENCH, Tab};
use crate::support::catalogue::id;
use crate::support::fixtures;
use crate::support::story::{Base, Story};

/// A running task, opened by an operator who signed in with the first key of the database.
async fn read_with_a_key(options: BrowserOptions) -> (Story, Tab, i64, String) {
    let (story, task, run) = fixtures::running(Base::Sqlite).await;
    let key = story.create_key(&["--role", "operator"]).await;
    let tab = Tab::new(options).await;
    tab.signs_in(&story, &key).await;
    (story, tab, task, run)
}

async fn offline(tab: &Tab, offline: bool) {
    let conditions =
        json!({"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1});
    tab.cdp("Network.emulateNetworkConditions", conditions)
        .await;
}

const SHOWN: &str = "!document.getElementById('contact-lost').hidden";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_connection_is_shown_until_it_is_back() {
    let (story, tab, task, _) = read_with_a_key(FRENCH).await;
    for path in [
        format!("tasks/{task}/"),
        "tasks/".to_owned(),
        "monitoring/".to_owned(),
    ] {
        tab.open(&format!("{}/dashboard/{path}", story.base_url()))
            .await;
        assert_eq!(tab.js(SHOWN).await, false, "{path}");
        offline(&tab, true).await;
        tab.until(SHOWN).await;
        let told = tab.text("[role=status] #contact-lost").await;
        assert!(
            told.starts_with("Connexion perdue. Dernière mise à jour\u{a0}: ")
                && told.ends_with(char::is_numeric),
            "{told}"
        );
        offline(&tab, false).await;
        tab.until(&format!("!({SHOWN})")).await;
    }
    tab.end_after_outage(&story.base_url()).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signed_out_reader_sees_it_and_can_sign_in_again() {
    let (story, tab, task, _) = read_with_a_key(ENGLISH).await;
    let here = format!("{}/dashboard/tasks/{task}/", story.base_url());
    tab.open(&here).await;
    assert!(story.keys(&["revoke", "1"]).await.status.success());
    story.advance(TimeDelta::seconds(5));
    tab.reads("[role=status]", "You are signed out. Sign in")
        .await;
    tab.click("#contact-over a").await;
    tab.fill("#key", &story.secrets.operator).await;
    tab.click("main form button.main").await;
    tab.until("document.getElementById('live')").await;
    assert_eq!(tab.address().await, here);
    tab.end(&story.base_url()).await;
    story.end().await;
}

/// Sets the focus on an element, and returns the focused element after the page has changed.
async fn focus_after(tab: &Tab, css: &str, change: impl Future<Output = ()>, seen: &str) -> Value {
    tab.run(&format!(
        "document.querySelector({}).focus(); document.activeElement.old = true",
        json!(css)
    ))
    .await;
    change.await;
    tab.until(seen).await;
    let same = format!("document.activeElement.matches({})", json!(css));
    tab.js(&format!("[{same}, !!document.activeElement.old]"))
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_focus_stays_while_lists_change() {
    let (story, tab, task, run) = read_with_a_key(ENGLISH).await;
    let report = |percent: i32| json!({"task_id": task, "status": "RUNNING", "progress_value": percent, "end_value": 100});
    tab.open(&format!("{}/dashboard/tasks/", story.base_url()))
        .await;
    let row = format!("#live a[href$='/tasks/{task}/']");
    let told = async { drop(story.report(&id(1), &report(37)).await.expect(200)) };
    let seen = "document.getElementById('live').innerText.includes('37\u{202f}%')";
    assert_eq!(
        focus_after(&tab, &row, told, seen).await,
        json!([true, false])
    );
    tab.open(&format!("{}/dashboard/monitoring/", story.base_url()))
        .await;
    let figure = "#live-figures a";
    let before = tab.text("#live-figures").await;
    let ended = async {
        story.drive(&run, &json!({"status": "success"})).await;
        story.until_confirmed(task).await;
        // The figures are updated less often.
        story.advance(TimeDelta::minutes(1));
    };
    let seen = format!(
        "document.getElementById('live-figures').innerText !== {}",
        json!(before)
    );
    let focus = focus_after(&tab, figure, ended, &seen).await;
    assert_eq!(focus, json!([true, false]));
    tab.end(&story.base_url()).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn typed_text_stays_while_the_final_status_is_not_confirmed() {
    let (story, tab, task, _) = read_with_a_key(ENGLISH).await;
    let report = json!({"task_id": task, "status": "SUCCESS"});
    story.report(&id(1), &report).await.expect(200);
    tab.open(&format!("{}/dashboard/tasks/{task}/", story.base_url()))
        .await;
    tab.run("document.querySelector('form.relaunch button').old = true; window.renewed = 0; new MutationObserver(() => { window.renewed += 1 }).observe(document.querySelector('title'), { childList: true })").await;
    tab.until("window.renewed > 0").await;
    assert_eq!(
        tab.js("document.querySelector('form.relaunch button').old")
            .await,
        true
    );
    tab.end(&story.base_url()).await;
    story.end().await;
}
