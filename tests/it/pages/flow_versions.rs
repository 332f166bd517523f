//! Earlier versions of a flow: what they changed, and how one is restored.

use rstest::rstest;
use serde_json::json;

use super::Page;
use crate::flow_api::{DAILY, plan};
use crate::support::story::{As, Base, Postgres, Sqlite};

const LIST: &str = "/dashboard/flows/daily/versions/";

#[track_caller]
fn shows(page: &Page, texts: &[&str]) {
    for text in texts {
        assert!(page.has(text), "{text}: {}", page.text());
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_shows_what_it_changed_and_is_restored(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    story.save_flow(DAILY).await;
    let second = DAILY.replace("default: NE", "default: CMR");
    story.put_flow("daily", &second).await.expect(200);
    let third = second.replace("0 2 * * *", "0 5 * * *");
    story.put_flow("daily", &third).await.expect(200);
    let list = story.page(As::Viewer, LIST).await;
    shows(
        &list,
        &["Version 3", "current", "Version 1", "the operator key"],
    );
    let link = format!("{LIST}2/");
    assert!(list.links().contains(&link));
    let flow = story.page(As::Viewer, "/dashboard/flows/daily/").await;
    assert!(flow.links().contains(&link) && flow.links().contains(&LIST.to_owned()));

    let page = story.page(As::Viewer, &link).await;
    shows(
        &page,
        &[
            "Changes since version 1",
            "Lines added: 1, removed: 1",
            "default: CMR",
        ],
    );
    assert!(
        page.buttons()
            .iter()
            .all(|button| button != "Restore this version")
    );
    let far = story.page(As::Viewer, &format!("{LIST}1/?with=3")).await;
    shows(
        &far,
        &["Changes since version 3", "Lines added: 2, removed: 2"],
    );
    let first = story.page(As::Operator, &format!("{LIST}1/")).await;
    shows(&first, &["This is the first version.", "after version 3"]);

    let edit = first
        .links()
        .into_iter()
        .find(|link| link.contains("edit/"));
    let editor = story.page(As::Operator, &edit.unwrap()).await;
    let editor = editor.form("/edit/");
    assert_eq!(
        (editor.value("document"), editor.value("version")),
        (vec![DAILY], vec!["3"])
    );

    let form = first.form("restore/");
    assert_eq!(story.send(As::Viewer, &form).await.status, 403);
    let place = story.send_on(As::Operator, &form).await;
    assert_eq!(place, "/dashboard/flows/daily/");
    let saved = story.get("/flows/daily/").await.expect(200);
    assert_eq!(
        (&saved["version"], &saved["document"]),
        (&json!(4), &json!(DAILY))
    );
    let current = story.page(As::Operator, &format!("{LIST}4/")).await;
    assert!(
        !current
            .buttons()
            .contains(&"Restore this version".to_owned())
    );
    let french = story.french_page(As::Viewer, &link).await;
    shows(
        &french,
        &["Changements depuis la version 1", "Lignes ajoutées"],
    );
    for wrong in ["9/", "zzz/", "1/?with=9"] {
        story
            .page_with(As::Viewer, &format!("{LIST}{wrong}"), 404)
            .await;
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_that_is_not_valid_any_more_is_not_restored(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    let with =
        |pipeline: i32| format!("id: daily\nsteps: [{{id: a, pipeline: pipeline-{pipeline}}}]\n");
    story.save_flow(&with(4)).await;
    story.put_flow("daily", &with(3)).await.expect(200);
    let form = story
        .page(As::Operator, &format!("{LIST}1/"))
        .await
        .form("restore/");
    story
        .delete_pipeline(&crate::support::catalogue::id(4))
        .await;
    story.advance(chrono::TimeDelta::minutes(10));
    let page = story.refused(As::Operator, &form, 400).await;
    let errors = page.at("errors");
    assert!(
        errors.contains("The version was not restored: line 2, column"),
        "{errors}"
    );
    assert_eq!(story.get("/flows/daily/").await.expect(200)["version"], 2);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_versions_have_pages(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    story.save_flow(DAILY).await;
    for hour in 0..51 {
        let document = DAILY.replace("0 2 * * *", &format!("{hour} 3 * * *"));
        story.put_flow("daily", &document).await.expect(200);
    }
    let first = story.page(As::Viewer, LIST).await;
    shows(&first, &["Version 52", "Version 3"]);
    let older = first
        .links()
        .into_iter()
        .find(|link| link.contains("before="));
    let second = story.page(As::Viewer, &older.unwrap()).await;
    shows(&second, &["Version 2", "Version 1"]);
    assert!(!second.has("Version 3") && !second.has("Older versions"));
    story.end().await;
}
