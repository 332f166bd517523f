//! `GET /pipelines/`.

use rstest::rstest;
use serde_json::{Value, json};

use super::keys;
use crate::support::catalogue::{id, pipeline, quick, with};
use crate::support::story::{Answer, Base, Postgres, Sqlite, StoryBuilder};

fn many(count: u64) -> Value {
    (1..=count)
        .map(|number| pipeline(number, &[], quick("succeed")))
        .collect()
}

/// The numbers of the pipelines in a response, in its order.
fn numbers(answer: &Answer) -> Vec<u64> {
    let results = answer.expect(200)["results"].clone();
    let number = |row: &Value| row["id"].as_str().unwrap()[24..].parse().unwrap();
    results.as_array().unwrap().iter().map(number).collect()
}

/// Three pipelines that differ in the fields that are searched.
fn three() -> Value {
    json!([
        with(
            pipeline(1, &[], quick("succeed")),
            json!({"name": "LQAS sampling", "code": "lqas", "tags": ["lqas", "planning"], "functionalType": "computation"})
        ),
        with(
            pipeline(2, &[], quick("succeed")),
            json!({"name": "Extraction de l’Éthiopie", "code": "extract", "tags": ["planning"], "functionalType": "extraction"})
        ),
        with(
            pipeline(3, &[], quick("succeed")),
            json!({"name": null, "code": "nameless-lqas"})
        ),
    ])
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_pipelines_are_listed_with_any_page_size_of_openhexa(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let plan = StoryBuilder::on(base)
        .pipelines(many(25))
        .setting("openhexa.page_items", "4");
    let story = plan.begin().await;
    assert_eq!(
        numbers(&story.get("/pipelines/").await),
        (1..=25).collect::<Vec<_>>()
    );
    let answer = story.get("/pipelines").await.expect(200);
    assert_eq!(keys(&answer), ["results"], "no page was requested");
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_pages_than_the_limit_are_an_error_and_not_cut(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let plan = StoryBuilder::on(base)
        .pipelines(many(7))
        .setting("openhexa.page_items", "2")
        .setting("openhexa.list_pages", "3");
    let story = plan.begin().await;
    story.get("/pipelines/").await.error(502);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_has_exactly_its_keys(#[values(Sqlite, Postgres)] base: Base) {
    let labelled = with(
        pipeline(1, &[], quick("succeed")),
        json!({
            "tags": ["lqas"], "functionalType": "computation", "createdAt": "2026-01-02T03:04:05.678Z"}),
    );
    let story = StoryBuilder::on(base)
        .pipelines(json!([labelled]))
        .begin()
        .await;
    let rows = story.get("/pipelines/").await.expect(200);
    assert_eq!(
        rows,
        json!({"results": [{
            "id": id(1), "name": "Pipeline 1", "code": "pipeline-1", "type": "zipFile", "functionalType": "computation",
            "tags": ["lqas"], "createdAt": "2026-01-02T03:04:05.678Z",
            "currentVersion": {"id": id(1001), "versionNumber": 1, "versionName": "v1"},
            "lastRun": null,
        }]})
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notebook_and_a_pipeline_without_versions_have_no_current_one(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let notebook = with(
        pipeline(1, &[], quick("succeed")),
        json!({"type": "notebook", "versions": []}),
    );
    let empty = with(pipeline(2, &[], quick("succeed")), json!({"versions": []}));
    let story = StoryBuilder::on(base)
        .pipelines(json!([notebook, empty]))
        .begin()
        .await;
    let rows = story.get("/pipelines/").await.expect(200);
    for (row, kind) in [(0, "notebook"), (1, "zipFile")] {
        assert_eq!(rows["results"][row]["type"], kind);
        assert_eq!(rows["results"][row]["currentVersion"], json!(null));
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_archived_workspace_is_an_error_and_not_an_empty_list(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &[], quick("succeed"))]))
        .begin()
        .await;
    story.get("/pipelines/").await.expect(200);
    story.archive(true).await;
    // Longer than a list is cached.
    story.advance(chrono::TimeDelta::minutes(1));
    let told = story.get("/pipelines/").await.error(502);
    assert!(
        told.contains("OpenHEXA workspace was not found") && told.contains("archived"),
        "{told}"
    );
    let checks = story
        .ask(
            crate::support::story::As::Admin,
            reqwest::Method::POST,
            "/config/check/",
        )
        .json(&json!({}))
        .send()
        .await
        .expect(200);
    assert_eq!(checks["ok"], json!(false));
    for check in checks["checks"].as_array().unwrap() {
        let works = ["reachable", "authenticated"].contains(&check["name"].as_str().unwrap());
        assert_eq!(check["ok"], json!(works), "{check}");
    }
    story.archive(false).await;
    assert_eq!(
        story.get("/pipelines/").await.expect(200)["results"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workspace_without_pipelines_has_an_empty_list(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base).begin().await;
    assert_eq!(
        story.get("/pipelines/").await.expect(200)["results"],
        json!([])
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_run_is_shown_once_there_is_one(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &[], quick("succeed"))]))
        .begin()
        .await;
    let task = story.launch(&id(1), json!({})).await;
    let ended = story.until_confirmed(task).await;
    let rows = story.get("/pipelines/").await.expect(200);
    let last = &rows["results"][0]["lastRun"];
    assert_eq!(keys(last), ["duration", "executionDate", "id", "status"]);
    assert_eq!(
        (&last["id"], &last["status"]),
        (&ended["run"]["id"], &json!("success"))
    );
    let date = last["executionDate"].as_str().unwrap();
    assert!(
        date.ends_with('Z') && date.len() == "2026-11-20T10:42:00.123Z".len(),
        "{date}"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_are_searched_by_name_and_code(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base).pipelines(three()).begin().await;
    for (search, found) in [
        ("lqas", vec![1, 3]),
        ("SAMPL", vec![1]),
        ("%C3%A9thiopie", vec![2]),
        ("extract", vec![2]),
        ("nowhere", vec![]),
        ("", vec![1, 2, 3]),
        ("%25", vec![]),
        ("LQAS+sampling", vec![1]),
    ] {
        assert_eq!(
            numbers(&story.get(&format!("/pipelines/?search={search}")).await),
            found,
            "{search}"
        );
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_are_filtered_by_tag_and_functional_type(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base).pipelines(three()).begin().await;
    for (query, found) in [
        ("tag=planning", vec![1, 2]),
        ("tag=lqas", vec![1]),
        ("tag=plan", vec![]),
        ("functional_type=extraction", vec![2]),
        ("functional_type=computation&tag=planning", vec![1]),
        ("functional_type=other", vec![]),
        ("tag=planning&search=lqas", vec![1]),
    ] {
        assert_eq!(
            numbers(&story.get(&format!("/pipelines/?{query}")).await),
            found,
            "{query}"
        );
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_limit_the_response_is_a_page_with_counts(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base).pipelines(many(7)).begin().await;
    for (query, rows, page, next, previous) in [
        ("limit=3", vec![1, 2, 3], 1, true, false),
        ("limit=3&page=2", vec![4, 5, 6], 2, true, true),
        ("limit=3&page=3", vec![7], 3, false, true),
        ("limit=3&page=9", vec![], 9, false, true),
    ] {
        let answer = story.get(&format!("/pipelines/?{query}")).await;
        assert_eq!(numbers(&answer), rows, "{query}");
        let answer = answer.json();
        assert_eq!(
            keys(&answer),
            [
                "count",
                "has_next",
                "has_previous",
                "page",
                "pages",
                "results"
            ]
        );
        let told = json!([
            answer["count"],
            answer["pages"],
            answer["page"],
            answer["has_next"],
            answer["has_previous"]
        ]);
        assert_eq!(told, json!([7, 3, page, next, previous]), "{query}");
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_counts_are_those_of_the_search(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base).pipelines(three()).begin().await;
    let found = story
        .get("/pipelines/?tag=planning&limit=1&page=2")
        .await
        .expect(200);
    assert_eq!((&found["count"], &found["pages"]), (&json!(2), &json!(2)));
    let none = story
        .get("/pipelines/?search=nowhere&limit=200")
        .await
        .expect(200);
    assert_eq!(
        (&none["count"], &none["has_next"], &none["has_previous"]),
        (&json!(0), &json!(false), &json!(false))
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invalid_limit_or_page_is_refused_with_its_name(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base).pipelines(many(1)).begin().await;
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=-1", "limit"),
        ("limit=ten", "limit"),
        ("limit=1.5", "limit"),
        ("limit=99999999999999999999", "limit"),
        ("limit=5&page=0", "page"),
        ("limit=5&page=-1", "page"),
        ("limit=5&page=two", "page"),
    ] {
        let answer = story.get(&format!("/pipelines/?{query}")).await;
        let wrong = answer.expect(400);
        assert_eq!(keys(&wrong), ["error", field], "{query}");
        assert_eq!(wrong[field], json!([wrong["error"]]), "{query}");
    }
    story.end().await;
}
