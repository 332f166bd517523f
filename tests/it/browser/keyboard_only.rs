//! The pages with only the keyboard, and without JavaScript.

use serde_json::{Value, json};

use super::launch::{begin, form};
use super::tab::{BrowserOptions, ENGLISH, Key, Tab};
use crate::support::catalogue::{parameter, pipeline, quick};
use crate::support::story::{Base, Story, StoryBuilder};

const FOCUS: &str = "document.activeElement";
/// More Tab presses than any page needs to reach an element.
const STEPS: usize = 60;

/// Presses Tab until the element has the focus, and checks that the focus is always visible.
pub async fn tab_to(tab: &Tab, css: &str) {
    for _ in 0..STEPS {
        tab.press(Key::Tab).await;
        let outline = tab.js("(({ outlineStyle, outlineWidth }) => `${outlineStyle} ${outlineWidth}`)(getComputedStyle(document.activeElement))");
        let outline = outline.await.as_str().unwrap().to_owned();
        let at = tab
            .js("document.activeElement.outerHTML.slice(0, 120)")
            .await;
        assert!(
            outline.starts_with("solid ") && !outline.ends_with(" 0px"),
            "{at}: {outline}"
        );
        if tab.js(&format!("{FOCUS}.matches({})", json!(css))).await == true {
            return;
        }
    }
    panic!("{css} cannot be reached with Tab");
}

async fn launch_by_keyboard(story: &Story, tab: &Tab) {
    tab.open(&format!("{}/dashboard/pipelines/", story.base_url()))
        .await;
    tab_to(tab, "#key").await;
    tab.keys(&story.secrets.operator).await;
    tab.press(Key::Enter).await;
    tab.until("document.querySelector('a.name')").await;
    tab_to(tab, ".skip").await;
    tab.until("document.activeElement.getBoundingClientRect().top >= 0")
        .await;
    tab.press(Key::Enter).await;
    tab.until("document.activeElement.id === 'main'").await;
    tab_to(tab, "a.name").await;
    tab.press(Key::Enter).await;
    tab.until("document.querySelector('form.launch')").await;
    tab_to(tab, "#field-note").await;
    tab.keys("by hand").await;
    tab_to(tab, "#field-refresh").await;
    tab.press(Key::Space).await;
    tab_to(tab, "#field-country").await;
    tab.press(Key::Down).await;
    tab_to(tab, "button.main").await;
    tab.press(Key::Enter).await;
    tab.until("/tasks\\/\\d+\\/$/.test(location.pathname)")
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_actions_work_with_the_keyboard_only() {
    let parameters = [
        parameter("note", "str", json!({})),
        parameter("refresh", "bool", json!({"default": false})),
        parameter("country", "str", json!({"choices": ["Cameroon", "Niger"]})),
    ];
    let pipelines = json!([pipeline(1, &parameters, quick("manual"))]);
    let story = StoryBuilder::on(Base::Sqlite)
        .pipelines(pipelines)
        .begin()
        .await;
    let tab = Tab::new(ENGLISH).await;
    launch_by_keyboard(&story, &tab).await;
    let runs = story.until_runs("a run", |runs| !runs.is_empty()).await;
    assert_eq!(
        runs[0]["config"],
        json!({"note": "by hand", "refresh": true, "country": "Cameroon"})
    );
    tab_to(&tab, "summary.danger").await;
    tab.press(Key::Enter).await;
    tab_to(&tab, ".ask form button").await;
    tab.press(Key::Space).await;
    tab.reads(".state", "Stop requested").await;
    tab.end(&story.base_url()).await;
    story.end().await;
}

const PLAIN: BrowserOptions = BrowserOptions {
    script: false,
    ..ENGLISH
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_actions_work_without_javascript() {
    let file = json!({"path": "reference/districts.csv", "format": "csv", "column": "name"});
    let parameters = [
        parameter("lots", "int", json!({})),
        parameter("district", "str", json!({"choicesFromFile": file})),
    ];
    let story = begin(&parameters).await;
    let tab = Tab::new(PLAIN).await;
    tab.open(&form(&story)).await;
    tab.fill("#field-lots", "many").await;
    tab.click("#field-district-box button[name=load]").await;
    tab.click("#field-district option[value='Nylon']").await;
    assert_eq!(
        tab.js("document.getElementById('field-lots').value").await,
        "many"
    );
    tab.click("form.launch button.main").await;
    tab.reads("#errors", "The pipeline was not launched:").await;
    assert_eq!(
        tab.js("document.querySelectorAll('time[title]').length")
            .await,
        0,
        "a script ran"
    );
    tab.fill("#field-lots", "5").await;
    tab.double_click("form.launch button.main").await;
    tab.until("/tasks\\/\\d+\\/$/.test(location.pathname)")
        .await;
    follow(&story, &tab).await;
    tab.end(&story.base_url()).await;
    story.end().await;
}

/// Reloads the page, as the page itself does in intervals.
async fn follow(story: &Story, tab: &Tab) {
    assert_ne!(
        tab.js("document.querySelector('meta[http-equiv=refresh]')")
            .await,
        Value::Null
    );
    let tasks = story.tasks().await;
    assert_eq!(tasks.len(), 1, "{tasks:?}");
    let task = tasks[0]["id"].as_i64().unwrap();
    let running = story
        .until(task, "the run", |task| task["status"] == "RUNNING")
        .await;
    tab.click("noscript a").await;
    tab.reads(".state", "Running").await;
    let run = running["run"]["id"].as_str().unwrap();
    story.drive(run, &json!({"status": "success"})).await;
    story.until_confirmed(task).await;
    tab.reload().await;
    tab.reads(".state", "Success").await;
    assert_eq!(
        tab.js("document.querySelector('meta[http-equiv=refresh]')")
            .await,
        Value::Null
    );
    assert_eq!(
        story.runs().await[0]["config"],
        json!({"lots": 5, "district": "Nylon"})
    );
}
