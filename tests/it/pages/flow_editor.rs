//! The editor of documents: checked, corrected, saved, and edited by two users at once.

use rstest::rstest;
use serde_json::json;

use super::Page;
use crate::flow_api::{DAILY, plan};
use crate::support::story::{As, Base, Postgres, Sqlite, Story};

const NEW: &str = "/dashboard/flows/new/";
const EDIT: &str = "/dashboard/flows/daily/edit/";
const FLOW: &str = "/dashboard/flows/daily/";

#[track_caller]
fn shows(page: &Page, texts: &[&str]) {
    for text in texts {
        assert!(page.has(text), "{text}: {}", page.text());
    }
}

/// The text in the editor.
fn text(page: &Page, end: &str) -> String {
    page.form(end).value("document").concat()
}

async fn version(story: &Story) -> serde_json::Value {
    story.get("/flows/daily/").await.expect(200)["version"].clone()
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_flow_starts_from_an_example(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    let list = story.page(As::Operator, "/dashboard/flows/").await;
    assert!(list.links().contains(&NEW.to_owned()));
    let list = story.page(As::Viewer, "/dashboard/flows/").await;
    assert!(!list.links().contains(&NEW.to_owned()));
    story.page_with(As::Viewer, NEW, 403).await;
    let page = story.page(As::Operator, NEW).await;
    let example = text(&page, NEW);
    for part in [
        "pipeline: pipeline-1",
        "#   country:  # str",
        "#   - {id: night",
    ] {
        assert!(example.contains(part), "{part}: {example}");
    }
    let mut form = page.form(NEW);
    form.action = format!("{NEW}check/");
    let checked = Page::of(story.send(As::Operator, &form).await, 200);
    shows(
        &checked,
        &["The document has no errors. It is not saved yet."],
    );
    assert_eq!(text(&checked, NEW), example, "nothing is lost");
    story
        .page_with(As::Viewer, "/dashboard/flows/my_flow/", 404)
        .await;
    let form = checked.form(NEW);
    let place = story.send_on(As::Operator, &form).await;
    assert_eq!(place, "/dashboard/flows/my_flow/");
    assert_eq!(
        story.send_on(As::Operator, &form).await,
        place,
        "sent twice"
    );
    let french = story.french_page(As::Operator, NEW).await;
    let example = text(&french, NEW);
    assert!(
        example.contains("# Un flux exécute des pipelines"),
        "{example}"
    );
    let other = form.clone().fill(
        "document",
        &["id: my_flow\nsteps: [{id: a, pipeline: pipeline-4}]\n"],
    );
    let taken = story.refused(As::Operator, &other, 409).await;
    shows(&taken, &["There is already a flow `my_flow`"]);
    let reserved = form.fill(
        "document",
        &["id: new\nsteps: [{id: a, pipeline: pipeline-4}]\n"],
    );
    let refused = story.refused(As::Operator, &reserved, 400).await;
    shows(&refused, &["cannot be the id of a flow"]);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn errors_are_shown_at_their_lines(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    story.save_flow(DAILY).await;
    let page = story.page(As::Operator, EDIT).await;
    assert_eq!(text(&page, EDIT), DAILY);
    let broken = DAILY
        .replace("pipeline: pipeline-2", "pipline: pipeline-2")
        .replace("0 2 * * *", "0 25 * * *");
    // As a browser sends it.
    let typed = broken.replace('\n', "\r\n");
    let form = page.form(EDIT).fill("document", &[&typed]);
    for (end, status) in [("check/", 400), ("", 400)] {
        let mut form = form.clone();
        form.action = format!("{EDIT}{end}");
        let page = story.refused(As::Operator, &form, status).await;
        let errors = page.at("errors");
        for part in [
            "line 4, column",
            "`25` is not valid as an hour",
            "did you mean `pipeline`?",
            "4 schedules: [{id: night",
        ] {
            assert!(errors.contains(part), "{part}: {errors}");
        }
        assert!(page.links().contains(&"#line-4".to_owned()));
        assert_eq!(page.at("line-4"), "✕ 4");
        assert_eq!(text(&page, EDIT), broken);
    }
    assert_eq!(version(&story).await, 1);
    let fixed = DAILY.replace("0 2 * * *", "0 3 * * MON");
    let form = form.fill("document", &[&fixed]);
    let mut check = form.clone();
    check.action = format!("{EDIT}check/");
    let page = Page::of(story.send(As::Operator, &check).await, 200);
    shows(&page, &["03:00 (Africa/Kinshasa)"]);
    assert_eq!(story.send_on(As::Operator, &form).await, FLOW);
    assert_eq!(version(&story).await, 2);
    assert_eq!(story.send_on(As::Operator, &form).await, FLOW, "sent twice");
    assert_eq!(version(&story).await, 2);
    let flow = story.page(As::Viewer, FLOW).await;
    shows(&flow, &["every Monday at 03:00", "Version 2"]);
    assert!(!flow.links().contains(&EDIT.to_owned()));
    let flow = story.page(As::Operator, FLOW).await;
    assert!(flow.links().contains(&EDIT.to_owned()));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_users_edit_at_once(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    story.save_flow(DAILY).await;
    let form = story.page(As::Operator, EDIT).await.form(EDIT);
    let theirs = DAILY.replace("default: NE", "default: CMR");
    story.put_flow("daily", &theirs).await.expect(200);
    let ours = DAILY.replace("0 2 * * *", "30 4 * * *");
    let form = form.fill("document", &[&ours]);
    let page = story.refused(As::Operator, &form, 409).await;
    shows(
        &page,
        &[
            "Another user saved a newer version",
            "Version 2",
            "Lines added: 2, removed: 2",
            "− removed",
            "+ added",
        ],
    );
    assert_eq!(text(&page, EDIT), ours);
    assert_eq!(version(&story).await, 2);
    let again = page.form(EDIT);
    assert_eq!(again.value("version"), ["2"]);
    story.send_on(As::Operator, &again).await;
    let saved = story.get("/flows/daily/").await.expect(200);
    assert_eq!(saved["document"], json!(ours));
    assert_eq!(saved["version"], 3);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_text_is_kept_when_it_cannot_be_checked(#[values(Sqlite, Postgres)] base: Base) {
    let mut story = plan(base).begin().await;
    story.save_flow(DAILY).await;
    let form = story.page(As::Operator, EDIT).await.form(EDIT);
    let typed = DAILY.replace("0 2 * * *", "30 4 * * *");
    let form = form.fill("document", &[&typed]);
    let other = form.clone().fill(
        "document",
        &["id: other\nsteps: [{id: a, pipeline: pipeline-4}]\n"],
    );
    let page = story.refused(As::Operator, &other, 400).await;
    shows(&page, &["The `id` of a flow cannot change"]);
    story.stop_openhexa().await;
    story.advance(chrono::TimeDelta::hours(1));
    let deleted = form.clone();
    let answer = story.send(As::Operator, &form).await;
    if answer.status != 303 {
        let status = answer.status;
        let page = Page::of(answer, status);
        assert_eq!(text(&page, EDIT), typed);
    }
    let gone = story.ask(As::Operator, reqwest::Method::DELETE, "/flows/daily/");
    assert_eq!(gone.send().await.status, 204);
    let page = story.refused(As::Operator, &deleted, 404).await;
    shows(&page, &["There is no such flow"]);
    assert_eq!(text(&page, EDIT), typed);
    story.end().await;
}
