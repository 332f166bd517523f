//! Flows are saved, read, replaced and deleted.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use super::{DAILY, MANUAL, in_french, plan};
use crate::support::story::{As, Base, Postgres, Sqlite, StoryBuilder};

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flow_is_saved_and_read(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    let body = json!({"document": DAILY});
    let answer = story.post("/flows/", &body).await;
    assert_eq!(answer.header("etag"), "\"1\"");
    let flow = answer.expect(201)["flow"].clone();
    assert_eq!(
        (&flow["slug"], &flow["name"], &flow["version"]),
        (&json!("daily"), &json!("Daily load"), &json!(1))
    );
    let schedule = &flow["schedules"][0];
    assert_eq!(
        (&schedule["id"], &schedule["overlap"], &schedule["catch_up"]),
        (&json!("night"), &json!("skip"), &json!("last"))
    );
    assert!(
        schedule["next_at"]
            .as_str()
            .unwrap()
            .ends_with("T01:00:00.000Z")
    );
    assert_eq!(flow["last_runs"], json!([]));

    let answer = story.get("/flows/daily/").await;
    assert_eq!(answer.header("etag"), "\"1\"");
    let detail = answer.expect(200);
    assert_eq!(detail["document"], DAILY);
    let graph = json!({"steps": [
        {"id": "extract", "after": []},
        {"id": "load", "after": ["extract"]},
    ]});
    assert_eq!(detail["graph"], graph);
    let french = in_french(&story, "/flows/daily/").await.expect(200);
    assert_eq!(french["name"], "Chargement quotidien");
    let again = story.post("/flows/", &body).await;
    assert!(
        again
            .error(409)
            .starts_with("There is already a flow `daily`")
    );
    assert_eq!(
        story.get("/flows/other/").await.error(404),
        "There is no such flow"
    );
    assert_eq!(story.get("/flows/%00/").await.status, 404);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_version_is_saved_unless_the_flow_was_changed_meanwhile(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    story.save_flow(DAILY).await;
    let same = story.put_flow("daily", DAILY).await;
    assert_eq!(same.header("etag"), "\"1\"");
    assert_eq!(same.expect(200)["flow"]["version"], 1);

    let changed = DAILY.replace("default: NE", "default: CMR");
    let put = |language: &str, version: &str| {
        story
            .ask(As::Operator, Method::PUT, "/flows/daily/")
            .header("if-match", version)
            .header("accept-language", language)
            .json(&json!({"document": changed}))
            .send()
    };
    assert_eq!(put("en", "\"1\"").await.expect(200)["flow"]["version"], 2);
    assert_eq!(
        put("en", "\"1\"").await.error(412),
        "The flow was changed in the meantime: read it again and repeat your change"
    );
    let french = put("fr", "\"1\"").await.error(412);
    assert!(
        french.starts_with("Le flux a été modifié entre-temps\u{a0}:"),
        "{french}"
    );

    let versions = story.get("/flows/daily/versions/").await.expect(200);
    assert_eq!(super::each(&versions, "version"), [2, 1]);
    assert!(versions["results"][0].get("document").is_none());
    let first = story.get("/flows/daily/versions/1/").await.expect(200);
    assert_eq!(first["document"], DAILY);
    assert_eq!(first["saved_by"], "the operator key of the settings file");
    for unknown in ["3", "x", "9999999999999999999999"] {
        let path = format!("/flows/daily/versions/{unknown}/");
        assert_eq!(
            story.get(&path).await.error(404),
            "The flow has no such version"
        );
    }
    let renamed = story
        .put_flow("daily", &DAILY.replace("id: daily", "id: other"))
        .await;
    assert_eq!(
        renamed.expect(400)["document"],
        json!(["The `id` of a flow cannot change: it must stay `daily`"])
    );
    assert_eq!(story.put_flow("other", DAILY).await.status, 404);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deleting_a_flow_stops_its_runs_and_keeps_its_history(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    story.save_flow(MANUAL).await;
    let run = story.run_flow("manual", json!({})).await;
    story
        .until_flow_run(run, "its step", |run| {
            run["steps"][0]["status"] == "RUNNING"
        })
        .await;
    let delete = || {
        story
            .ask(As::Operator, Method::DELETE, "/flows/manual/")
            .send()
    };
    assert_eq!(delete().await.status, 204);
    assert_eq!(delete().await.status, 404);
    let ended = story.until_flow_run_ends(run).await;
    assert_eq!(ended["status"], "CANCELLED");
    assert_eq!(ended["steps"][0]["reason"], "The flow was stopped");
    assert_eq!(story.get("/flows/").await.expect(200)["results"], json!([]));
    let listed = story.get("/flow-runs/?flow=manual").await.expect(200);
    assert_eq!(super::each(&listed, "id"), [run]);
    assert!(!story.flow_run_events(run).await.is_empty());
    let replay = format!("/flow-runs/{run}/replay/");
    assert_eq!(story.post(&replay, &json!({})).await.status, 404);
    assert_eq!(story.save_flow(MANUAL).await["version"], 1);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flow_can_be_called_like_an_address(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    story
        .save_flow(&MANUAL.replace("id: manual", "id: validate"))
        .await;
    let url = format!("{}/api/openhexa/flows/validate/", story.base_url());
    let client = reqwest::Client::new();
    let answer = client
        .get(url)
        .bearer_auth(&story.secrets.viewer)
        .send()
        .await;
    let flow: serde_json::Value = answer.unwrap().json().await.unwrap();
    assert_eq!(flow["slug"], "validate");
    assert_eq!(story.run_flow("validate", json!({})).await, 1);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn viewers_read_and_operators_edit(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    story.save_flow(DAILY).await;
    let body = json!({"document": DAILY});
    let ask = |who, method, path: &str| story.ask(who, method, path).json(&body).send();
    assert_eq!(ask(As::Viewer, Method::POST, "/flows/").await.status, 403);
    assert_eq!(
        ask(As::Viewer, Method::PUT, "/flows/daily/").await.status,
        403
    );
    assert_eq!(
        ask(As::Viewer, Method::DELETE, "/flows/daily/")
            .await
            .status,
        403
    );
    assert_eq!(
        ask(As::Viewer, Method::POST, "/flows/daily/run/")
            .await
            .status,
        403
    );
    assert_eq!(
        ask(As::Viewer, Method::POST, "/flows/validate/")
            .await
            .status,
        200
    );
    assert_eq!(
        ask(As::Anonymous, Method::POST, "/flows/validate/")
            .await
            .status,
        401
    );
    assert_eq!(
        ask(As::Admin, Method::PUT, "/flows/daily/").await.status,
        200
    );
    story.end().await;
}

/// Each document of `examples/flows` can be used with the sample pipelines of `dev`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_examples_run_with_the_sample_pipelines() {
    let samples = include_str!("../../../emulator/src/samples.json");
    let samples: Value = serde_json::from_str(samples).unwrap();
    let story = StoryBuilder::on(Base::Sqlite)
        .pipelines(samples["pipelines"].clone())
        .begin()
        .await;
    let folder = std::fs::read_dir("examples/flows").unwrap();
    let mut slugs = Vec::new();
    for file in folder {
        let document = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let body = json!({"document": document});
        let checked = story.post("/flows/validate/", &body).await.expect(200);
        assert_eq!(checked["warnings"], json!([]), "{checked}");
        let slug = story.save_flow(&document).await["slug"].clone();
        let slug = slug.as_str().unwrap().to_owned();
        story.run_flow(&slug, json!({})).await;
        slugs.push(slug);
    }
    assert_eq!(slugs, ["immunisation"]);
    story.end().await;
}
