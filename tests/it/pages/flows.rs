//! The list of flows and the page of a flow, with the form that starts a run.

use chrono::{DateTime, Utc};
use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use super::{Form, Page};
use crate::flow_api::{DAILY, MANUAL, plan};
use crate::support::iaso;
use crate::support::story::{As, Base, Postgres, Sqlite, Story};

const LIST: &str = "/dashboard/flows/";
const PAGE: &str = "/dashboard/flows/daily/";

async fn begin(base: Base) -> Story {
    let story = plan(base).begin().await;
    story.save_flow(DAILY).await;
    story
}

/// Sends the form that starts a run; returns the id of the run.
async fn start(story: &Story, form: &Form) -> i64 {
    let place = story.send_on(As::Operator, form).await;
    let id = place.strip_prefix("/dashboard/flow-runs/").unwrap();
    id.trim_end_matches('/').parse().unwrap()
}

#[track_caller]
fn shows(page: &Page, texts: &[&str]) {
    for text in texts {
        assert!(page.has(text), "{text}: {}", page.text());
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_list_shows_the_last_runs_and_the_next_time(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    let empty = story.page(As::Viewer, LIST).await;
    shows(&empty, &["No flows yet", "docs/flows.md", "API reference"]);
    story.save_flow(DAILY).await;
    story.save_flow(MANUAL).await;
    let run = story.run_flow("daily", json!({})).await;
    story.until_flow_run_ends(run).await;
    let page = story.page(As::Viewer, LIST).await;
    let run_text = format!("Run {run}, Success");
    shows(
        &page,
        &["Daily load", "daily", "manual", "Never run", &run_text],
    );
    let links = page.links();
    for link in [PAGE, &format!("/dashboard/flow-runs/{run}/")] {
        assert!(links.iter().any(|one| one == link), "{link}: {links:?}");
    }
    let next = story.get("/flows/daily/next/?count=1").await.expect(200);
    let at = next["results"][0]["at"].as_str().unwrap();
    assert!(page.answer.text.contains(at), "{at}");
    let found = story.page(As::Viewer, &format!("{LIST}?search=load")).await;
    assert!(found.has("Daily load") && !found.has("Never run"));
    let none = story.page(As::Viewer, &format!("{LIST}?search=zzz")).await;
    shows(&none, &["No flow matches your search"]);
    let french = story.french_page(As::Viewer, LIST).await;
    shows(
        &french,
        &["Flux", "Chargement quotidien", "Prochaine exécution"],
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_list_has_pages(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    for number in 10..41 {
        let document = format!("id: f{number}\nsteps: [{{id: wait, pipeline: pipeline-4}}]\n");
        story.save_flow(&document).await;
    }
    let first = story.page(As::Viewer, LIST).await;
    assert!(first.has("f39") && !first.has("f40"));
    let more = first
        .links()
        .into_iter()
        .find(|link| link.contains("cursor="));
    let second = story.page(As::Viewer, &more.unwrap()).await;
    assert!(second.has("f40") && !second.has("f39") && second.has("First flows"));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flow_shows_its_graph_and_what_starts_it(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let page = story.page(As::Viewer, PAGE).await;
    for text in [
        "Daily load",
        "Version 1",
        "Graph of the steps",
        "extract: pipeline-1",
        "0 2 * * *",
        "(Africa/Kinshasa)",
        "If the previous run is still active: the next one is skipped",
        "Next times",
        "02:00 (Africa/Kinshasa)",
        "Never run",
        "id: daily",
        "by the operator key of the settings file",
    ] {
        assert!(page.has(text), "{text}: {}", page.text());
    }
    assert_eq!(page.at("step-load"), "load pipeline-2 extract");
    assert!(page.links().contains(&"#step-load".to_owned()));
    assert!(page.answer.text.contains("marker-end"));
    assert!(page.buttons().is_empty(), "{:?}", page.buttons());
    let french = story.french_page(As::Viewer, PAGE).await;
    shows(
        &french,
        &["Chargement quotidien", "Étapes", "Prochaines échéances"],
    );
    story
        .page_with(As::Viewer, "/dashboard/flows/none/", 404)
        .await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clock_changes_are_marked(#[values(Sqlite, Postgres)] base: Base) {
    let before: DateTime<Utc> = "2027-03-27T12:00:00Z".parse().unwrap();
    let story = plan(base).starting_at(before).begin().await;
    story
        .save_flow("id: other\nsteps: [{id: wait, pipeline: pipeline-4}]\n")
        .await;
    let document = "id: daily\nschedules: [{id: night, cron: \"30 2 * * *\", timezone: Europe/Brussels}]\ntriggers: [{id: after, flow: other, when: any}]\nsteps: [{id: wait, pipeline: pipeline-4}]\n";
    story.save_flow(document).await;
    let page = story.page(As::Viewer, PAGE).await;
    for text in [
        "2027-03-28 03:00 (Europe/Brussels)",
        "clock change",
        "The clock skips the planned time on that day.",
        "After each run of other",
    ] {
        assert!(page.has(text), "{text}: {}", page.text());
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_started_with_the_form(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let page = story.page(As::Operator, PAGE).await;
    assert_eq!(page.attribute("field-country", "value").unwrap(), "NE");
    assert_eq!(page.attribute("field-year", "value").unwrap(), "2026");
    assert_eq!(
        page.at("field-year-hint"),
        "A whole number. Default: 2026 (used if the field is empty)."
    );
    let form = page.form(PAGE);
    let id = start(&story, &form.clone().fill("config.country", &["CMR"])).await;
    let run = story.flow_run(id).await;
    assert_eq!(run["inputs"], json!({"country": "CMR", "year": 2026}));
    let again = start(&story, &form.clone().fill("config.country", &["CMR"])).await;
    assert_eq!(again, id, "the same form starts one run");
    let other = story.refused(As::Operator, &form, 409).await;
    shows(&other, &["A run has already been started from this form"]);
    let empty = other.form(PAGE).fill("config.year", &[" "]);
    let id = start(&story, &empty).await;
    let run = story.flow_run(id).await;
    assert_eq!(run["inputs"], json!({"country": "NE", "year": 2026}));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_input_is_marked_at_its_field(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let form = story.page(As::Operator, PAGE).await.form(PAGE);
    let form = form
        .fill("config.year", &["many"])
        .fill("config.country", &["CMR"]);
    let page = story.refused(As::Operator, &form, 400).await;
    shows(&page, &["No run was started:"]);
    assert_eq!(page.at("field-year-error"), "This must be of type int");
    assert_eq!(page.attribute("field-year", "value").unwrap(), "many");
    assert_eq!(page.attribute("field-country", "value").unwrap(), "CMR");
    // The pipeline has a list of countries.
    let form = page.form(PAGE).fill("config.year", &["2025"]);
    let page = story
        .refused(As::Operator, &form.fill("config.country", &["XX"]), 400)
        .await;
    let errors = page.at("errors");
    assert!(errors.contains("extract: "), "{errors}");
    assert_eq!(
        story.get("/flow-runs/").await.expect(200)["results"],
        json!([])
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn inputs_of_each_type_have_a_field(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    let document = "id: daily\ninputs: {flag: {type: bool}, share: {type: float, default: 0.5}, list: {type: list, default: [1]}, more: {type: dict, required: false}, name: {type: str}}\nsteps: [{id: wait, pipeline: pipeline-4}]\n";
    story.save_flow(document).await;
    let page = story.page(As::Operator, PAGE).await;
    shows(
        &page,
        &[
            "A JSON list",
            "If the field is empty: no value.",
            "(required)",
        ],
    );
    let form = page.form(PAGE);
    let refused = story.refused(As::Operator, &form, 400).await;
    assert_eq!(refused.at("field-name-error"), "A value is needed");
    let form = form
        .fill("config.flag", &["false", "true"])
        .fill("config.share", &["0.25"])
        .fill("config.more", &["{\"a\": 1}"])
        .fill("config.name", &["north"]);
    let id = start(&story, &form).await;
    let run = story.flow_run(id).await;
    assert_eq!(
        run["inputs"],
        json!({"flag": true, "share": 0.25, "list": [1], "more": {"a": 1}, "name": "north"})
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flow_is_paused_and_resumed(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let page = story.page(As::Operator, PAGE).await;
    assert_eq!(
        page.buttons(),
        ["Pause", "Run", "Pause this schedule (night)"]
    );
    assert_eq!(
        story.send_on(As::Operator, &page.form("pause/")).await,
        PAGE
    );
    let paused = story.page(As::Operator, PAGE).await;
    assert_eq!(paused.at("paused"), "paused");
    shows(&paused, &["None while the flow is paused."]);
    assert_eq!(
        paused.buttons(),
        ["Resume", "Run", "Pause this schedule (night)"]
    );
    shows(&story.page(As::Viewer, LIST).await, &["paused"]);
    story.send_on(As::Operator, &paused.form("resume/")).await;
    let resumed = story.page(As::Operator, PAGE).await;
    shows(&resumed, &["02:00 (Africa/Kinshasa)"]);
    let by_viewer = story.send(As::Viewer, &page.form("pause/")).await;
    assert_eq!(by_viewer.status, 403);
    let elsewhere = story.ask_at(As::Operator, Method::POST, &format!("{PAGE}pause/"));
    let elsewhere = elsewhere
        .header("sec-fetch-site", "cross-site")
        .send()
        .await;
    assert_eq!(elsewhere.status, 403, "{}", elsewhere.text);
    assert_eq!(
        story.get("/flows/daily/").await.expect(200)["paused"],
        false
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flows_of_another_account_do_not_exist(#[values(Sqlite, Postgres)] base: Base) {
    let (story, iaso) = crate::identity::begin(base).await;
    let document = "id: daily\nsteps: [{id: wait, pipeline: pipeline-1}]\n";
    story.save_flow(document).await;
    let run = story.run_flow("daily", json!({})).await;
    let run = format!("/dashboard/flow-runs/{run}/");
    let session = |user, account| {
        let profile = iaso::profile(user, account, iaso::MAY);
        format!("sessionid={}", iaso.session(profile))
    };
    let (own, other) = (session(4, 1), session(6, 2));
    for path in [PAGE, &run] {
        let seen = super::sign_in::get(&story, &own, path).await;
        assert_eq!(seen.status, 200, "{}", seen.text);
        let hidden = super::sign_in::get(&story, &other, path).await;
        let page = Page::of(hidden, 404);
        shows(&page, &["Go to the flows"]);
    }
    let list = Page::of(super::sign_in::get(&story, &other, LIST).await, 200);
    shows(&list, &["No flows yet"]);
    story.end().await;
}
