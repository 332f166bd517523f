//! The client lists the files of a folder: from the emulator, and from answers that only other storage gives.

use chrono::{DateTime, Utc};
use openhexa_bridge::domain::connection::Target;
use openhexa_bridge::domain::flow::files::MOST_LISTED;
use openhexa_bridge::domain::flow::reference::FileFound;
use openhexa_bridge::openhexa::{Client, Error, OpenHexa, RequestLimits};
use serde_json::{Value, json};

use super::{answer, client, limits, target};
use crate::emulator::{self, Story};
use crate::support::scripted_server::ScriptedServer;

async fn story() -> Story {
    Story::of(json!([emulator::pipeline(json!([]), emulator::manual())])).await
}

async fn list(story: &Story, folder: &str) -> Result<Vec<FileFound>, Error> {
    list_in("demo", story, folder).await
}

async fn list_in(workspace: &str, story: &Story, folder: &str) -> Result<Vec<FileFound>, Error> {
    let target = Target {
        workspace: workspace.to_owned(),
        token: emulator::TOKEN.into(),
        ..target(&story.emulator.url())
    };
    let limits = RequestLimits {
        answer_bytes: 16 << 20,
        ..limits()
    };
    Client::new(limits).unwrap().files(&target, folder).await
}

fn at(time: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(time).unwrap().to_utc()
}

async fn set(story: &Story, count: usize) {
    let file = |n: usize| json!({"key": format!("many/{n:05}.csv"), "size": n, "updatedAt": "2026-03-12T08:00:00.123Z"});
    let files: Vec<Value> = (0..count).map(file).collect();
    story.admin("files", json!({ "files": files })).await;
}

async fn requests(story: &Story) -> u64 {
    story.read("requests").await["total"].as_u64().unwrap()
}

#[actix_web::test]
async fn files_have_path_size_and_time() {
    let story = story().await;
    let folder = story.emulator.files().join("incoming");
    std::fs::create_dir_all(folder.join("old")).unwrap();
    std::fs::write(folder.join("old/b.csv"), "").unwrap();
    std::fs::write(folder.join("a.csv"), "abc").unwrap();
    std::fs::write(folder.join(".hidden"), "").unwrap();
    let path = folder.join("a.csv");
    let modified = std::time::UNIX_EPOCH + std::time::Duration::from_micros(1_795_220_728_028_923);
    let written = std::fs::File::open(path).unwrap();
    written.set_modified(modified).unwrap();
    let found = list(&story, "incoming/").await.unwrap();
    assert_eq!(found.len(), 2, "{found:?}");
    let expected = FileFound {
        path: "incoming/a.csv".to_owned(),
        size: 3,
        modified: at("2026-11-21T00:25:28.028Z"),
    };
    assert!(found.contains(&expected), "{found:?}");
    assert!(found.iter().any(|file| file.path == "incoming/.hidden"));
    assert_eq!(list(&story, "").await.unwrap(), [], "folders are not files");
}

#[actix_web::test]
async fn all_pages_are_read() {
    let story = story().await;
    set(&story, 2500).await;
    let before = requests(&story).await;
    let found = list(&story, "many/").await.unwrap();
    assert_eq!(found.len(), 2500);
    assert_eq!(found[2499].size, 2499);
    assert_eq!(found[2499].modified, at("2026-03-12T08:00:00.123Z"));
    assert_eq!(requests(&story).await - before, 3);
}

#[actix_web::test]
async fn more_than_ten_thousand_files_are_too_many() {
    let story = story().await;
    set(&story, MOST_LISTED).await;
    assert_eq!(list(&story, "many/").await.unwrap().len(), MOST_LISTED);
    set(&story, MOST_LISTED + 1).await;
    let error = list(&story, "many/").await.unwrap_err();
    assert_eq!(error, Error::TooMany);
    assert_eq!(
        error.to_string(),
        "The folder contains more than 10,000 files and folders: move or delete some"
    );
}

#[actix_web::test]
async fn a_folder_that_does_not_exist_is_empty() {
    let story = story().await;
    for folder in [
        "missing/",
        "missing/inner/",
        "reference/2026/",
        "reference/districts.csv/",
    ] {
        assert_eq!(list(&story, folder).await, Ok(Vec::new()), "{folder}");
    }
    let files = list(&story, "reference/").await.unwrap();
    assert_eq!(files[0].path, "reference/districts.csv");
}

#[actix_web::test]
async fn a_listing_that_fails_is_an_error_and_not_an_empty_folder() {
    let story = story().await;
    let failed = Err(Error::GraphQl { code: None });
    for (folder, count) in [("reference/", 1), ("reference/", 2), ("", 1)] {
        let fault = json!({"fault": "fail_listing", "count": count});
        story.admin("faults", fault).await;
        assert_eq!(list(&story, folder).await, failed, "{folder} {count}");
    }
    assert_eq!(list(&story, "reference/").await.unwrap().len(), 1);
    let refused = json!({"fault": "refuse_token", "operation": "workspace"});
    story.admin("faults", refused).await;
    assert_eq!(list(&story, "reference/").await, Err(Error::TokenRefused));
    assert_eq!(
        list_in("another", &story, "reference/").await,
        Err(Error::Denied)
    );
}

#[tokio::test]
async fn the_time_and_size_of_object_storage_are_read_too() {
    let file = |key: &str, size: Value, at: Value| json!({"key": key, "type": "FILE", "size": size, "updatedAt": at});
    let items = json!([
        {"key": "incoming/old/", "type": "DIRECTORY", "size": 0, "updatedAt": null},
        file("incoming/a.csv", json!(7), json!("2026-03-12T10:00:00.123456+02:00")),
        file("incoming/b.csv", json!("9000000000"), json!("2026-03-12T08:00:00Z")),
        file("incoming/c.csv", json!(null), json!(null)),
        file("incoming/a.csv", json!(8), json!("2026-03-12T10:01:00+02:00")),
        file("incoming/d.csv", json!(18_446_744_073_709_551_615_u64), json!("yesterday")),
    ]);
    let objects = json!({"hasNextPage": false, "items": items});
    let said = json!({"data": {"workspace": {"bucket": {"objects": objects}}}});
    let wire = ScriptedServer::always(answer(said.to_string())).await;
    let found = client().files(&target(&wire.url), "incoming/").await;
    let found: Vec<(String, u64, DateTime<Utc>)> = found
        .unwrap()
        .into_iter()
        .map(|file| (file.path, file.size, file.modified))
        .collect();
    let unknown = DateTime::UNIX_EPOCH;
    let largest = i64::MAX.unsigned_abs();
    let expected = [
        ("incoming/a.csv", 7, at("2026-03-12T08:00:00.123Z")),
        ("incoming/b.csv", 9_000_000_000, at("2026-03-12T08:00:00Z")),
        ("incoming/c.csv", 0, unknown),
        ("incoming/d.csv", largest, unknown),
    ];
    let expected = expected.map(|(path, size, at)| (path.to_owned(), size, at));
    assert_eq!(found, expected);
    let asked = json!({"slug": "demo", "folder": "incoming/", "page": 1, "perPage": 1000});
    assert_eq!(wire.received()[0].variables(), &asked);
}

#[tokio::test]
async fn a_list_without_an_end_is_too_many() {
    let objects = json!({"hasNextPage": true, "items": []});
    let said = json!({"data": {"workspace": {"bucket": {"objects": objects}}}});
    let wire = ScriptedServer::always(answer(said.to_string())).await;
    let found = client().files(&target(&wire.url), "").await;
    assert_eq!(found, Err(Error::TooMany));
    assert_eq!(wire.received().len(), 10);
}
