//! The list of pipelines in all its states.

use chrono::TimeDelta;
use rstest::rstest;
use serde_json::json;

use crate::support::catalogue::{id, pipeline, quick, with};
use crate::support::story::{As, Base, Postgres, Sqlite, Story, StoryBuilder};

const LIST: &str = "/dashboard/pipelines/";

async fn begin(base: Base) -> Story {
    let notebook = json!({"type": "notebook", "versions": [], "name": "Weekly bulletin"});
    StoryBuilder::on(base)
        .pipelines(json!([
            with(
                pipeline(1, &[], quick("succeed")),
                json!({"name": "LQAS sampling", "tags": ["lqas", "planning"]})
            ),
            with(
                pipeline(2, &[], quick("fail")),
                json!({"name": "Stock load", "tags": ["stock"]})
            ),
            with(pipeline(3, &[], quick("succeed")), notebook),
        ]))
        .begin()
        .await
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_pipeline_is_listed_with_its_last_run(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    for (number, word) in [(1, "Success"), (2, "Error")] {
        let task = story.launch(&id(number), json!({})).await;
        story.until_confirmed(task).await;
        story.advance(TimeDelta::minutes(1));
        let page = story.page(As::Viewer, LIST).await;
        assert!(page.has(word), "{}", page.text());
    }
    let page = story.page(As::Viewer, LIST).await;
    for text in [
        "3 pipelines",
        "LQAS sampling",
        "Stock load",
        "Weekly bulletin",
        "notebook",
        "Never run",
        "pipeline-1",
        "v1",
        "Viewer",
        "UTC",
    ] {
        assert!(page.has(text), "{text}: {}", page.text());
    }
    for number in 1..=3 {
        assert!(page.links().contains(&format!("{LIST}{}/", id(number))));
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_searched_by_name_code_and_tag(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    for (query, found, others) in [
        ("?search=lqas", "LQAS sampling", "Stock load"),
        ("?search=PIPELINE-2", "Stock load", "LQAS sampling"),
        ("?tag=stock", "Stock load", "LQAS sampling"),
        ("?search=St%C3%B4ck", "Stock load", "LQAS sampling"),
    ] {
        let page = story.page(As::Viewer, &format!("{LIST}{query}")).await;
        assert!(
            page.has(found) && !page.has(others) && page.has("1 pipeline found"),
            "{query}: {}",
            page.text()
        );
    }
    let page = story
        .page(As::Viewer, &format!("{LIST}?search=cholera"))
        .await;
    assert!(page.has("No pipeline matches your search") && page.links().contains(&LIST.to_owned()));
    assert_eq!(page.attribute("search", "value").unwrap(), "cholera");
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_workspace_says_what_to_do(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base).begin().await;
    let page = story.page(As::Viewer, LIST).await;
    assert!(
        page.has("This workspace has no pipelines yet")
            && page.has("Create a pipeline in OpenHEXA")
    );
    assert!(
        story
            .french_page(As::Viewer, LIST)
            .await
            .has("Cet espace de travail n’a pas encore de pipeline")
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_configuration_it_says_what_to_do(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base).not_configured().begin().await;
    let page = story.page_with(As::Viewer, LIST, 422).await;
    assert!(
        page.has("OpenHEXA is not configured yet")
            && page.has("Ask an administrator to enter the OpenHEXA address"),
        "{}",
        page.text()
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_openhexa_the_last_list_is_shown_with_its_age(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let mut story = begin(base).await;
    story.page(As::Viewer, LIST).await;
    let asked = story.now();
    story.stop_openhexa().await;
    story.advance(TimeDelta::minutes(5));
    let page = story.page(As::Viewer, LIST).await;
    let time = asked.format("%Y-%m-%d %H:%M UTC").to_string();
    assert!(
        page.has("OpenHEXA is not responding. Data from")
            && page.has(&time)
            && page.has("LQAS sampling"),
        "{}",
        page.text()
    );
    assert!(page.has("Try again"));
    assert!(
        story
            .french_page(As::Viewer, LIST)
            .await
            .has("OpenHEXA ne répond pas.")
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_any_response_it_shows_an_error(#[values(Sqlite, Postgres)] base: Base) {
    let mut story = begin(base).await;
    story.stop_openhexa().await;
    let page = story.page_with(As::Viewer, LIST, 502).await;
    assert!(
        page.has("OpenHEXA is unreachable") && page.has("Try again"),
        "{}",
        page.text()
    );
    assert!(page.links().contains(&LIST.to_owned()));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_in_french_for_french_readers(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let page = story.french_page(As::Operator, LIST).await;
    for text in [
        "Aller au contenu principal",
        "Dernière exécution",
        "Jamais exécuté",
        "Opérateur",
        "3 pipelines",
    ] {
        assert!(page.has(text), "{text}: {}", page.text());
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn html_in_a_name_is_escaped(#[values(Sqlite, Postgres)] base: Base) {
    let evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>";
    let odd = with(
        pipeline(1, &[], quick("succeed")),
        json!({"name": evil, "description": evil, "tags": ["<b>&tag"]}),
    );
    let story = StoryBuilder::on(base).pipelines(json!([odd])).begin().await;
    for path in [
        LIST.to_owned(),
        format!("{LIST}?search=%22%3E%3Cscript%3E"),
        format!("{LIST}{}/", id(1)),
    ] {
        let page = story.page(As::Admin, &path).await;
        assert!(
            !page.answer.text.contains("<script>") && !page.answer.text.contains("<img"),
            "{path}"
        );
        assert!(
            path.contains("search") || page.has("<script>alert(1)</script>"),
            "{path}: {}",
            page.text()
        );
    }
    story.end().await;
}
