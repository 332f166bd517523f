//! The launch form in a browser: every type, errors at their fields, and one task for each launch.

use serde_json::{Value, json};

use super::tab::{BrowserOptions, ENGLISH, FRENCH, Tab};
use crate::support::catalogue::{id, parameter, pipeline, quick};
use crate::support::story::{Base, Story, StoryBuilder};

pub fn form(story: &Story) -> String {
    format!("{}/dashboard/pipelines/{}/", story.base_url(), id(1))
}

pub async fn begin(parameters: &[Value]) -> Story {
    let pipelines = json!([pipeline(1, parameters, quick("manual"))]);
    let plan = StoryBuilder::on(Base::Sqlite).pipelines(pipelines).local();
    plan.begin().await
}

/// Opens the form.
async fn at_form(options: BrowserOptions, parameters: &[Value]) -> (Story, Tab) {
    let story = begin(parameters).await;
    let tab = Tab::new(options).await;
    tab.open(&form(&story)).await;
    (story, tab)
}

/// Sends the form and waits for the task's page.
async fn launches(tab: &Tab) {
    tab.click("form.launch button.main").await;
    tab.until("/tasks\\/\\d+\\/$/.test(location.pathname)")
        .await;
}

async fn only_config(story: &Story) -> Value {
    let runs = story.until_runs("a run", |runs| !runs.is_empty()).await;
    assert_eq!(runs.len(), 1, "{runs:?}");
    runs[0]["config"].clone()
}

/// What is typed into a field, and the value that the run must get.
fn typed() -> Vec<(Value, &'static str, Value)> {
    let one = |code: &str, kind: &str, typed: &'static str, value: Value| {
        (parameter(code, kind, json!({})), typed, value)
    };
    let several = |code: &str, kind: &str, typed: &'static str, value: Value| {
        (
            parameter(code, kind, json!({"multiple": true})),
            typed,
            value,
        )
    };
    vec![
        one(
            "text",
            "str",
            "Ngaoundéré “Urbain” & <b>",
            json!("Ngaoundéré “Urbain” & <b>"),
        ),
        one("whole", "int", "0", json!(0)),
        one("part", "float", "-2.5", json!(-2.5)),
        one("items", "list", "[1, \"b\", null]", json!([1, "b", null])),
        one(
            "object",
            "dict",
            "{\"a\": {\n\"b\": 0}}",
            json!({"a": {"b": 0}}),
        ),
        one(
            "data",
            "dataset",
            "population-2026",
            json!("population-2026"),
        ),
        one("dhis2", "dhis2", "dhis2-play", json!("dhis2-play")),
        one("warehouse", "postgresql", "warehouse", json!("warehouse")),
        one("archive", "s3", "archive", json!("archive")),
        one("maps", "gcs", "maps", json!("maps")),
        one("iaso", "iaso", "iaso-account", json!("iaso-account")),
        one("sms", "custom", "sms", json!("sms")),
        one(
            "stock",
            "file",
            "reference/districts.csv",
            json!("reference/districts.csv"),
        ),
        one("hush", "secret", "hush-hush", json!("hush-hush")),
        one("later", "hologram", "not known yet", json!("not known yet")),
        several("texts", "str", "one\ntwo\n", json!(["one", "two"])),
        several("numbers", "int", "0\n3", json!([0, 3])),
    ]
}

/// What is ticked and selected.
fn chosen() -> Vec<Value> {
    let file = json!({"path": "reference/districts.csv", "format": "csv", "column": "name"});
    vec![
        parameter("yes", "bool", json!({"default": false})),
        parameter("no", "bool", json!({"default": true})),
        parameter(
            "country",
            "str",
            json!({"choices": ["Cameroon", "Côte d’Ivoire"]}),
        ),
        parameter("level", "float", json!({"choices": [0.9, 0.95]})),
        parameter(
            "rounds",
            "int",
            json!({"multiple": true, "choices": [1, 2, 3]}),
        ),
        parameter("district", "str", json!({"choicesFromFile": file})),
        parameter(
            "districts",
            "str",
            json!({"choicesFromFile": file, "multiple": true}),
        ),
        parameter(
            "everywhere",
            "bool",
            json!({"default": false, "disables": ["where"]}),
        ),
        parameter("where", "str", json!({"default": "here"})),
    ]
}

async fn choose(tab: &Tab) {
    tab.click("#field-yes").await;
    tab.click("#field-no").await;
    tab.click("#field-country option[value='Côte d’Ivoire']")
        .await;
    tab.click("#field-level option[value='0.95']").await;
    tab.click("#field-rounds input[value='1']").await;
    tab.click("#field-rounds input[value='3']").await;
    tab.click("#field-district-box button[name=load]").await;
    tab.click("#field-district option[value='Nylon']").await;
    tab.click("#field-districts-box button[name=load]").await;
    tab.click("#field-districts input[value='Deïdo']").await;
    tab.click("#field-districts input[value='Maroua Urbain']")
        .await;
    assert_eq!(
        tab.js("document.getElementById('field-where').disabled")
            .await,
        false
    );
    tab.click("#field-everywhere").await;
    tab.until("document.getElementById('field-where').disabled")
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_type_reaches_the_run_as_it_was_typed() {
    let mut parameters: Vec<Value> = typed().into_iter().map(|(one, ..)| one).collect();
    parameters.extend(chosen());
    let (story, tab) = at_form(ENGLISH, &parameters).await;
    for (parameter, text, _) in typed() {
        let code = parameter["code"].as_str().unwrap();
        tab.fill(&format!("#field-{code}"), text).await;
    }
    choose(&tab).await;
    tab.click("form.launch button.main").await;
    tab.reads("#errors", "no connection “maps” of this type found")
        .await;
    tab.fill("#field-hush", "hush-hush").await;
    launches(&tab).await;
    let config = only_config(&story).await;
    let mut wanted = json!({
        "yes": true, "no": false, "country": "Côte d’Ivoire", "level": 0.95, "rounds": [1, 3], "district": "Nylon",
        "districts": ["Deïdo", "Maroua Urbain"], "everywhere": true,
    });
    for (parameter, _, value) in typed() {
        wanted[parameter["code"].as_str().unwrap()] = value;
    }
    for (code, value) in wanted.as_object().unwrap() {
        assert_eq!(&config[code], value, "{code}");
    }
    tab.reads("main", "Ngaoundéré “Urbain” & <b>").await;
    assert!(!tab.text("main").await.contains("hush-hush"));
    tab.end(&story.base_url()).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn errors_are_shown_at_their_fields_and_typed_values_are_kept() {
    let parameters = [
        parameter("country", "str", json!({"required": true})),
        parameter("lots", "int", json!({"name": "Lots per district"})),
        parameter("note", "str", json!({})),
    ];
    let (story, tab) = at_form(ENGLISH, &parameters).await;
    tab.fill("#field-lots", "many").await;
    tab.fill("#field-note", "kept").await;
    tab.click("form.launch button.main").await;
    tab.until("document.activeElement.id === 'errors'").await;
    tab.reads("#errors", "The pipeline was not launched:").await;
    for (code, value) in [("country", ""), ("lots", "many")] {
        let field = format!("document.getElementById('field-{code}')");
        assert_eq!(tab.js(&format!("{field}.value")).await, value);
        assert_eq!(
            tab.js(&format!("{field}.getAttribute('aria-invalid')"))
                .await,
            "true"
        );
        let told = tab.text(&format!("#field-{code}-error")).await;
        assert!(tab.text("#errors").await.contains(told.trim()), "{told}");
        tab.click(&format!("#errors a[href='#field-{code}']")).await;
        tab.until(&format!("document.activeElement.id === 'field-{code}'"))
            .await;
    }
    assert_eq!(
        tab.js("document.getElementById('field-note').value").await,
        "kept"
    );
    assert_eq!(
        tab.js("document.getElementById('field-note').getAttribute('aria-invalid')")
            .await,
        Value::Null
    );
    tab.fill("#field-country", "Cameroon").await;
    tab.fill("#field-lots", "5").await;
    launches(&tab).await;
    let config = only_config(&story).await;
    assert_eq!(
        config,
        json!({"country": "Cameroon", "lots": 5, "note": "kept"})
    );
    tab.end(&story.base_url()).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doubtful_values_are_shown_and_launched_anyway() {
    let parameters = [
        parameter("population", "dataset", json!({})),
        parameter("note", "str", json!({})),
    ];
    let (story, tab) = at_form(ENGLISH, &parameters).await;
    tab.fill("#field-population", "popullation").await;
    tab.fill("#field-note", "kept").await;
    tab.click("form.launch button.main").await;
    tab.until("document.activeElement.id === 'errors'").await;
    tab.reads("#errors", "Nothing has been launched yet.").await;
    assert_eq!(story.tasks().await.len(), 0);
    tab.click("#errors a[href='#field-population']").await;
    tab.until("document.activeElement.id === 'field-population'")
        .await;
    assert_eq!(tab.text("form.launch button.main").await, "Launch anyway");
    launches(&tab).await;
    let config = only_config(&story).await;
    assert_eq!(config, json!({"population": "popullation", "note": "kept"}));
    tab.end(&story.base_url()).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_clicks_and_a_reload_make_one_task() {
    let (story, tab) = at_form(ENGLISH, &[parameter("note", "str", json!({}))]).await;
    tab.double_click("form.launch button.main").await;
    tab.until("/tasks\\/\\d+\\/$/.test(location.pathname)")
        .await;
    let there = tab.address().await;
    tab.reload().await;
    assert_eq!(tab.address().await, there);
    assert_eq!(story.tasks().await.len(), 1);
    only_config(&story).await;
    tab.back().await;
    tab.until(
        "document.querySelector('form.launch button.main').getAttribute('aria-disabled') === null",
    )
    .await;
    assert_eq!(tab.text("form.launch button.main").await, "Launch");
    tab.end(&story.base_url()).await;
    story.end().await;
}

/// After going back to a form that was loaded again, the same values are the same launch; other values are
/// another one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_values_sent_again_after_going_back_lead_to_the_same_task() {
    let (story, tab) = at_form(ENGLISH, &[parameter("note", "str", json!({}))]).await;
    let mut tasks = Vec::new();
    for note in ["one", "one", "two"] {
        tab.fill("#field-note", note).await;
        launches(&tab).await;
        tasks.push(tab.address().await);
        tab.back().await;
        tab.until("document.querySelector('form.launch') && document.readyState === 'complete'")
            .await;
        let visit = "performance.getEntriesByType('navigation')[0].type";
        assert_eq!(tab.js(visit).await, "back_forward");
    }
    assert_eq!(tasks[0], tasks[1]);
    assert_ne!(tasks[1], tasks[2]);
    assert_eq!(story.tasks().await.len(), 2);
    tab.end(&story.base_url()).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_french_browser_shows_french_texts_and_dates() {
    let parameters = [parameter("growth", "float", json!({"name": "Croissance"}))];
    let (story, tab) = at_form(FRENCH, &parameters).await;
    assert_eq!(tab.js("document.documentElement.lang").await, "fr");
    assert_eq!(tab.text("form.launch button.main").await, "Lancer");
    tab.fill("#field-growth", "beaucoup").await;
    tab.click("form.launch button.main").await;
    tab.reads("#errors", "Le pipeline n’a pas été lancé").await;
    tab.fill("#field-growth", "2,5").await;
    launches(&tab).await;
    assert_eq!(only_config(&story).await, json!({"growth": 2.5}));
    let options = "new Intl.DateTimeFormat('fr', { dateStyle: 'medium', timeStyle: 'short' })";
    let shown = "document.querySelector('#live-about time')";
    tab.until(&format!(
        "{shown}.textContent === {options}.format(new Date({shown}.dateTime))"
    ))
    .await;
    let months = [
        "janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.",
        "déc.",
    ];
    let moment = tab.text("#live-about time").await;
    assert!(
        months.iter().any(|month| moment.contains(month)),
        "{moment}"
    );
    assert!(tab.title().await.contains("Tâche"), "{}", tab.title().await);
    tab.end(&story.base_url()).await;
    story.end().await;
}
