//! Errors below `/dashboard/` are pages, and the maximum size of a page.

use rstest::rstest;
use std::io::{Read, Write};

use reqwest::Method;
use serde_json::json;

use super::Page;
use crate::support::catalogue::{id, parameter, pipeline, quick};
use crate::support::story::{As, Base, Postgres, Sqlite, Story, StoryBuilder};

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_page_has_an_error_page(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &[], quick("succeed"))]))
        .begin()
        .await;
    for (path, sentence) in [
        (
            "/dashboard/nothing/".to_owned(),
            "This address does not exist",
        ),
        (
            "/dashboard/static/none.css".to_owned(),
            "This address does not exist",
        ),
        (
            "/dashboard/pipelines/none/".to_owned(),
            "Pipeline not found",
        ),
        (
            format!("/dashboard/pipelines/{}/", id(9)),
            "Pipeline not found",
        ),
        ("/dashboard/tasks/9/".to_owned(), "Task not found"),
        (
            "/dashboard/tasks/none/".to_owned(),
            "“none” is not a task number.",
        ),
    ] {
        let page = story.page_with(As::Viewer, &path, 404).await;
        assert!(
            page.has(sentence) && page.has("404"),
            "{path}: {}",
            page.text()
        );
        assert_ne!(page.answer.header("x-request-id"), "");
    }
    let answer = story
        .ask_at(As::Viewer, Method::DELETE, "/dashboard/pipelines/")
        .send()
        .await;
    assert_eq!(answer.header("allow"), "GET, HEAD");
    assert!(Page::of(answer, 405).has("This HTTP method is not allowed here"));
    story.end().await;
}

/// The page of an unknown address links to the list that the address belongs to.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_address_links_to_its_list(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &[], quick("succeed"))]))
        .begin()
        .await;
    let (tasks, pipelines) = ("Go to the tasks", "Go to the pipelines");
    for (who, path, status, list, text) in [
        (As::Viewer, "tasks/9/", 404, "tasks/", tasks),
        (As::Viewer, "tasks/none/", 404, "tasks/", tasks),
        (As::Viewer, "tasks/9/nothing/", 404, "tasks/", tasks),
        (As::Viewer, "pipelines/none/", 404, "pipelines/", pipelines),
        (
            As::Viewer,
            "monitoring/nothing/",
            404,
            "monitoring/",
            "Go to Monitoring",
        ),
        (
            As::Viewer,
            "monitoring/?days=5",
            400,
            "monitoring/",
            "Go to Monitoring",
        ),
        (As::Viewer, "tasksome/", 404, "pipelines/", pipelines),
        (As::Viewer, "settings/", 403, "pipelines/", pipelines),
        (As::Admin, "settings/nothing/", 404, "settings/", "Settings"),
        (
            As::Admin,
            "settings/pipelines/none/",
            404,
            "settings/pipelines/",
            "Default parameters",
        ),
        (
            As::Admin,
            "settings/keys/nothing/",
            404,
            "settings/keys/",
            "API keys",
        ),
    ] {
        let page = story
            .page_with(who, &format!("/dashboard/{path}"), status)
            .await;
        let address = page.attribute("to-list", "href").unwrap();
        let shown = (address.as_str(), page.at("to-list"));
        assert_eq!(
            shown,
            (format!("/dashboard/{list}").as_str(), text.to_owned()),
            "{path}"
        );
    }
    for (path, sentence, french) in [
        (
            "tasks/9/",
            "No task of your account has this number.",
            "Aucune tâche de votre compte ne porte ce numéro.",
        ),
        (
            "pipelines/none/",
            "The pipeline was deleted",
            "Le pipeline a été supprimé",
        ),
    ] {
        let path = format!("/dashboard/{path}");
        let page = story.page_with(As::Viewer, &path, 404).await;
        assert!(page.has(sentence), "{}", page.text());
        let ask = story.ask_at(As::Viewer, Method::GET, &path);
        let page = Page::of(ask.header("accept-language", "fr").send().await, 404);
        assert!(page.has(french), "{}", page.text());
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_is_not_cached_and_its_style_is_cached_forever(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &[], quick("succeed"))]))
        .begin()
        .await;
    let page = story.page(As::Viewer, "/dashboard/pipelines/").await;
    assert_eq!(
        (
            page.answer.header("cache-control"),
            page.answer.header("referrer-policy")
        ),
        ("no-store", "same-origin")
    );
    let files: Vec<String> = files(&page)
        .into_iter()
        .filter(|address| address.starts_with("/dashboard/static/"))
        .collect();
    assert_eq!(files.len(), 3, "style, script, icon: {files:?}");
    for file in files {
        let answer = story.ask_at(As::Anonymous, Method::GET, &file).send().await;
        assert_eq!(answer.status, 200);
        assert_eq!(
            answer.header("cache-control"),
            "public, max-age=31536000, immutable"
        );
    }
    assert_eq!(unpacked(&story).await, page.answer.text);
    let home = story
        .ask_at(As::Anonymous, Method::GET, "/dashboard/")
        .send()
        .await;
    assert_eq!(
        (home.status, home.header("location")),
        (303, "/dashboard/pipelines/")
    );
    story.end().await;
}

/// The list as it is sent to a reader that can decompress it.
async fn unpacked(story: &Story) -> String {
    let plain = crate::support::client::builder();
    let client = plain.no_gzip().build().unwrap();
    let request = client.get(format!("{}/dashboard/pipelines/", story.base_url()));
    let request = request
        .bearer_auth(&story.secrets.viewer)
        .header("accept-encoding", "gzip");
    let answer = request.send().await.unwrap();
    assert_eq!(answer.headers()["content-encoding"], "gzip");
    let packed = answer.bytes().await.unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(&packed[..])
        .read_to_string(&mut text)
        .unwrap();
    text
}

fn files(page: &Page) -> Vec<String> {
    let document = page.parse();
    let named = document
        .descendants()
        .filter_map(|node| match node.tag_name().name() {
            "link" => node.attribute("href"),
            "script" => node.attribute("src"),
            _ => None,
        });
    named.map(str::to_owned).collect()
}

/// The size after compression by the server or a proxy.
fn compressed(text: &str) -> usize {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(text.as_bytes()).unwrap();
    packed.finish().unwrap().len()
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_with_all_it_needs_is_less_than_100_kb(#[values(Sqlite, Postgres)] base: Base) {
    let many: Vec<_> = (0..60).map(|number| parameter(&format!("value_{number}"), "str", json!({"choices": (0..40).map(|one| format!("Choice {one} of {number}")).collect::<Vec<_>>()}))).collect();
    let all: Vec<_> = (2..302)
        .map(|number| pipeline(number, &[], quick("succeed")))
        .chain([pipeline(1, &many, quick("succeed"))])
        .collect();
    let story = StoryBuilder::on(base).pipelines(json!(all)).begin().await;
    let task = story.launch(&id(1), json!({})).await;
    story.until_confirmed(task).await;
    let rows: Vec<_> = (0..5_000)
        .map(|row| json!({"row": row, "text": format!("district {}", row * 7_919 % 10_007)}))
        .collect();
    story
        .report(
            &id(1),
            &json!({"task_id": task, "status": "SUCCESS", "result": rows}),
        )
        .await
        .expect(200);
    for path in [
        "/dashboard/pipelines/".to_owned(),
        format!("/dashboard/pipelines/{}/", id(1)),
        format!("/dashboard/tasks/{task}/"),
    ] {
        let page = story.page(As::Admin, &path).await;
        let mut weight = compressed(&page.answer.text);
        for file in files(&page) {
            weight += compressed(
                &story
                    .ask_at(As::Anonymous, Method::GET, &file)
                    .send()
                    .await
                    .text,
            );
        }
        assert!(weight < 100_000, "{path} weighs {weight}");
    }
    story.end().await;
}
