//! The files of the workspace, as OpenHEXA lists them for a bucket on a disk.

use serde_json::json;

use super::*;

const FILES: &str = "query F($folder: String, $page: Int, $perPage: Int, $hidden: Boolean) { workspace(slug: \"demo\") {
    bucket { objects(prefix: $folder, page: $page, perPage: $perPage, ignoreHiddenFiles: $hidden) {
    pageNumber hasNextPage hasPreviousPage items { key name path type size updatedAt } } } } }";

async fn story() -> Story {
    Story::of(json!([pipeline(json!([]), manual())])).await
}

async fn objects(story: &Story, variables: Value) -> Value {
    story.ask(FILES, variables).await.data()["workspace"]["bucket"]["objects"].clone()
}

fn keys(page: &Value) -> Vec<&str> {
    let items = page["items"].as_array().unwrap().iter();
    items.map(|item| item["key"].as_str().unwrap()).collect()
}

fn set(key: &str, size: u64, at: &str) -> Value {
    json!({"key": key, "size": size, "updatedAt": at})
}

#[actix_web::test]
async fn files_on_the_disk_have_a_size_and_a_time_without_a_zone() {
    let story = story().await;
    let folder = story.emulator.files().join("incoming");
    std::fs::create_dir_all(folder.join("old")).unwrap();
    std::fs::write(folder.join("a.csv"), "abc").unwrap();
    std::fs::write(folder.join(".hidden"), "").unwrap();
    let written = std::fs::File::open(folder.join("a.csv")).unwrap();
    let at = std::time::UNIX_EPOCH + Duration::from_micros(1_795_220_728_028_123);
    written.set_modified(at).unwrap();
    let page = objects(&story, json!({"folder": "incoming/"})).await;
    assert_eq!(
        page["items"][0],
        json!({"key": "incoming/a.csv", "name": "a.csv", "path": "demo/incoming/a.csv", "type": "FILE", "size": 3,
            "updatedAt": "2026-11-21T00:25:28.028123"})
    );
    let old = &page["items"][1];
    assert_eq!(
        (&old["key"], &old["type"], &old["size"]),
        (&json!("incoming/old"), &json!("DIRECTORY"), &json!(0))
    );
    assert_eq!(page["items"].as_array().unwrap().len(), 2);
    let page = objects(&story, json!({"folder": "incoming", "hidden": false})).await;
    assert_eq!(
        keys(&page),
        ["incoming/.hidden", "incoming/a.csv", "incoming/old"]
    );
}

#[actix_web::test]
async fn files_can_be_set_without_content_and_are_listed_page_by_page() {
    let story = story().await;
    let files = json!([
        set("incoming/a.csv", 12, "2026-03-12T08:00:00Z"),
        set("incoming/b.csv", 5_000_000_000, "2026-03-12T08:00:00.5Z"),
        set("incoming/deep/c.csv", 1, "2026-03-12T08:00:00Z"),
    ]);
    story.admin("files", json!({ "files": files })).await;
    let page = |number: i64| json!({"folder": "incoming/", "page": number, "perPage": 2});
    let first = objects(&story, page(1)).await;
    assert_eq!(keys(&first), ["incoming/a.csv", "incoming/b.csv"]);
    assert_eq!(first["items"][0]["updatedAt"], "2026-03-12T08:00:00");
    assert_eq!(first["items"][1]["updatedAt"], "2026-03-12T08:00:00.500000");
    assert_eq!(first["items"][1]["size"], 5_000_000_000_u64);
    assert_eq!(
        (&first["hasNextPage"], &first["hasPreviousPage"]),
        (&json!(true), &json!(false))
    );
    let second = objects(&story, page(2)).await;
    assert_eq!(keys(&second), ["incoming/deep"]);
    assert_eq!(second["hasNextPage"], false);
    // A page past the end is empty, unlike that of a list of pipelines.
    assert_eq!(keys(&objects(&story, page(3)).await), [""; 0]);
    story.admin("files", json!({"files": []})).await;
    let answer = story.ask(FILES, json!({"folder": "incoming/"})).await;
    assert_eq!(answer.message(), "Bucket demo not found");
    assert!(answer.body["data"]["workspace"].is_null());
}

#[actix_web::test]
async fn a_listing_can_fail() {
    let story = story().await;
    story
        .admin("faults", json!({"fault": "fail_listing", "count": 1}))
        .await;
    story.ask("{ me { user { id } } }", json!({})).await.data();
    let answer = story.ask(FILES, json!({})).await;
    assert_eq!(answer.message(), "The storage is unavailable");
    assert_eq!(
        answer.body["errors"][0]["path"],
        json!(["workspace", "bucket", "objects"])
    );
    objects(&story, json!({})).await;
}
