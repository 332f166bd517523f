//! A pipeline that is scheduled from its launch form.

use rstest::rstest;
use serde_json::json;

use super::{Form, Page};
use crate::support::catalogue::{id, injected, parameter, pipeline, quick};
use crate::support::story::{As, Base, Postgres, Sqlite, Story, StoryBuilder};

#[track_caller]
fn shows(page: &Page, texts: &[&str]) {
    for text in texts {
        assert!(page.has(text), "{text}: {}", page.text());
    }
}

async fn begin(base: Base) -> Story {
    let mut own = injected();
    own.push(parameter("table", "str", json!({"required": true})));
    own.push(parameter(
        "years",
        "int",
        json!({"multiple": true, "required": false}),
    ));
    own.push(parameter("password", "secret", json!({"required": false})));
    let plan = StoryBuilder::on(base);
    let plan = plan.pipelines(json!([pipeline(1, &own, quick("succeed"))]));
    plan.begin().await
}

fn path() -> String {
    format!("/dashboard/pipelines/{}/", id(1))
}

/// The launch form, sent to the page of the schedule.
async fn launch_form(story: &Story) -> Form {
    let form = story.page(As::Operator, &path()).await.form(&path());
    let action = format!("{}schedule/", path());
    Form { action, ..form }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pipeline_is_scheduled(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let form = launch_form(&story).await;
    assert_eq!(story.send(As::Viewer, &form).await.status, 403);
    let form = form
        .fill("config.table", &["customers: all"])
        .fill("config.years", &["2025\n2026"]);
    let page = Page::of(story.send(As::Operator, &form).await, 200);
    shows(
        &page,
        &["When it runs", "Every month", "Own cron expression"],
    );
    assert_eq!(
        page.attribute("field-timezone", "data-guess").unwrap(),
        "zone"
    );
    let timing = page.form("schedule/");
    assert!(timing.value("values")[0].contains("config.table=customers%3A+all"));
    let timing = timing
        .fill("preset", &["weekly"])
        .fill("weekday", &["1"])
        .fill("time", &["06:30"])
        .fill("timezone", &["Africa/Kinshasa"])
        .fill("flow_id", &["customers"]);
    let editor = Page::of(story.send(As::Operator, &timing).await, 200);
    shows(
        &editor,
        &[
            "The document has no errors. It is not saved yet.",
            "06:30 (Africa/Kinshasa)",
        ],
    );
    let saving = editor.form("/flows/new/");
    let place = story.send_on(As::Operator, &saving).await;
    assert_eq!(place, "/dashboard/flows/customers/");
    let flow = story.page(As::Viewer, &place).await;
    shows(&flow, &["every Monday at 06:30"]);
    let saved = story.get("/flows/customers/").await.expect(200);
    let document = saved["document"].as_str().unwrap();
    for part in [
        "table: \"customers: all\"",
        "years: [2025,2026]",
        "cron: \"30 6 * * 1\"",
    ] {
        assert!(document.contains(part), "{part}: {document}");
    }
    let at = saved["schedules"][0]["next_at"].as_str().unwrap();
    for page in [path(), "/dashboard/pipelines/".to_owned()] {
        let page = story.page(As::Viewer, &page).await;
        shows(&page, &["Next scheduled run:"]);
        assert!(page.answer.text.contains(at), "{at}: {}", page.answer.text);
    }
    let page = story.page(As::Viewer, &path()).await;
    assert!(page.at("planned").contains("(customers)") || page.at("planned").contains("customers"));
    story
        .post("/flows/customers/pause/", &json!({}))
        .await
        .expect(200);
    let paused = story.page(As::Viewer, "/dashboard/pipelines/").await;
    assert!(!paused.has("Next scheduled run:"));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_is_said_before_a_flow_is_made(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let form = launch_form(&story).await;
    let page = story.refused(As::Operator, &form, 400).await;
    assert!(!page.at("field-table-error").is_empty());
    let form = form.fill("config.table", &["customers"]);
    let secret = form.clone().fill("config.password", &["hidden-word"]);
    let page = story.refused(As::Operator, &secret, 400).await;
    assert!(
        page.at("field-password-error")
            .starts_with("A schedule cannot contain secrets")
    );
    assert!(!page.answer.text.contains("hidden-word"));
    let page = Page::of(story.send(As::Operator, &form).await, 200);
    let timing = page.form("schedule/");
    for (name, value, error) in [
        ("time", "25:00", "`25:00` is not a time of day"),
        (
            "timezone",
            "Africa/Kinshassa",
            "did you mean `Africa/Kinshasa`?",
        ),
        ("flow_id", "No id", "is not valid as `id`"),
        ("flow_name", "", "Enter a name"),
    ] {
        let page = story
            .refused(As::Operator, &timing.clone().fill(name, &[value]), 400)
            .await;
        let told = page.at(&format!("field-{name}-error"));
        assert!(told.contains(error), "{told}");
        assert_eq!(
            page.attribute(&format!("field-{name}"), "value").unwrap(),
            value
        );
        assert_eq!(
            page.form("schedule/").value("values"),
            timing.value("values")
        );
    }
    let own = timing
        .clone()
        .fill("preset", &["cron"])
        .fill("cron", &["0 2 * *"]);
    let page = story.refused(As::Operator, &own, 400).await;
    assert!(page.at("field-cron-error").contains("this one has 4"));
    let monthly = timing.fill("preset", &["monthly"]).fill("day", &["l"]);
    let editor = Page::of(story.send(As::Operator, &monthly).await, 200);
    assert!(
        editor
            .form("/flows/new/")
            .value("document")
            .concat()
            .contains("0 2 L * *")
    );
    assert_eq!(story.get("/flows/").await.expect(200)["results"], json!([]));
    story.end().await;
}
