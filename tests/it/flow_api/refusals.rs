//! Requests and documents that are refused, with the place, in both languages.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use super::{DAILY, faults, plan, post_in_french};
use crate::support::story::{As, Base, Postgres, Sqlite};

const WRONG: &str = "id: daily\nsteps:\n  - {id: a, pipline: pipeline-1, pipeline: pipeline-1}\n  - {id: a, pipeline: pipeline-2, after: [x]}\n";

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_faults_of_a_document_are_listed_with_their_places(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    for path in ["/flows/validate/", "/flows/"] {
        let body = json!({"document": WRONG});
        let told = story.post(path, &body).await.expect(400);
        assert_eq!(
            told["error"],
            "There is no `pipline`; did you mean `pipeline`?"
        );
        let document = json!([
            "line 3, column 13: There is no `pipline`; did you mean `pipeline`?",
            "line 4, column 10: The id `a` is used twice",
            "line 4, column 43: There is no step `x`",
        ]);
        assert_eq!(told["document"], document, "{told}");
        let first = json!({"line": 3, "column": 13, "message": "There is no `pipline`; did you mean `pipeline`?"});
        assert_eq!(told["places"][0], first);
        assert_eq!(told["places"].as_array().unwrap().len(), 3);
        let french = post_in_french(&story, path, &body).await.expect(400);
        assert_eq!(
            french["document"][0],
            "ligne 3, colonne 13\u{a0}: `pipline` n’existe pas\u{a0}; vouliez-vous dire `pipeline`\u{a0}?"
        );
    }
    let unknown = DAILY.replace("pipeline-2", "pipeline-22");
    let told = faults(&story, &json!(unknown)).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].contains("There is no pipeline `pipeline-22`"),
        "{told:?}"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_keys_are_named(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    story.save_flow(DAILY).await;
    let run = story.run_flow("daily", json!({})).await;
    let bodies = [
        (
            "/flows/".to_owned(),
            json!({"document": DAILY, "name": "x"}),
            "name",
        ),
        (
            "/flows/validate/".to_owned(),
            json!({"document": DAILY, "nextFrom": 1}),
            "nextFrom",
        ),
        (
            "/flows/daily/run/".to_owned(),
            json!({"input": {}}),
            "input",
        ),
        (
            "/flows/daily/pause/".to_owned(),
            json!({"schedule": "night"}),
            "schedule",
        ),
        (
            format!("/flow-runs/{run}/cancel/"),
            json!({"now": true}),
            "now",
        ),
        (
            format!("/flow-runs/{run}/replay/"),
            json!({"step": 1}),
            "step",
        ),
        (
            "/flows/daily/backfills/".to_owned(),
            json!({"start": 1}),
            "start",
        ),
    ];
    for (path, body, key) in bodies {
        let told = story.post(&path, &body).await.expect(400);
        assert!(told[key].is_array(), "{path}: {told}");
        assert!(
            told["error"]
                .as_str()
                .unwrap()
                .starts_with(&format!("`{key}` is not allowed here"))
        );
    }
    for path in [
        "/flows/?serach=x",
        "/flows/daily/?serach=x",
        "/flows/daily/next/?serach=x",
        "/flows/daily/ticks/?serach=x",
        "/flow-runs/?serach=x",
        "/flows/daily/versions/?serach=x",
        "/flows/daily/backfills/?serach=x",
        "/flow-runs/1/?serach=x",
        "/flow-runs/1/events/?serach=x",
        "/flow-runs/1/stream/?serach=x",
    ] {
        let told = story.get(path).await.expect(400);
        assert!(told["serach"].is_array(), "{path}: {told}");
    }
    // A key of the error response itself is named in its sentence.
    let told = story.get("/flows/?error=1").await.error(400);
    assert!(
        told.starts_with("`error` is not allowed here. Allowed: search"),
        "{told}"
    );
    let french = super::in_french(&story, "/flows/?x=1").await.error(400);
    assert!(
        french.starts_with("`x` n’est pas admis ici. Valeurs possibles\u{a0}: search"),
        "{french}"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_inputs_and_parameters_are_named(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    story.save_flow(DAILY).await;
    let run = async |body: Value| story.post("/flows/daily/run/", &body).await.expect(400);
    let told = run(json!({"inputs": {"country": 7, "contry": "NE"}})).await;
    assert_eq!(
        told["inputs"],
        json!({"contry": ["The flow has no input `contry`"], "country": ["This must be of type str"]})
    );
    let told = run(json!({"inputs": {"country": "XX"}})).await;
    assert_eq!(
        told["steps"]["extract"]["country"]
            .as_array()
            .unwrap()
            .len(),
        1,
        "{told}"
    );
    assert!(told["error"].is_string());
    for inputs in [json!([]), json!("x"), json!(1)] {
        let told = run(json!({"inputs": inputs})).await;
        assert_eq!(told["inputs"], json!(["inputs must be an object"]));
    }
    for interval in [
        json!({}),
        json!({"start": "2026-01-01T00:00:00Z"}),
        json!("2026"),
        json!({"start": "2026-01-02T00:00:00Z", "end": "2026-01-01T00:00:00Z"}),
        json!({"start": "2026-01-01T00:00:00", "end": "2026-01-02T00:00:00"}),
        json!({"start": "2026-01-01T00:00:00Z", "end": "2026-01-02T00:00:00Z", "more": 1}),
    ] {
        let told = run(json!({"interval": interval})).await;
        assert!(told["interval"].is_array(), "{interval}: {told}");
    }
    let listed = story.get("/flow-runs/").await.expect(200);
    assert_eq!(listed["results"], json!([]));
    for (path, key) in [
        ("/flow-runs/?status=DONE", "status"),
        ("/flow-runs/?trigger=hand", "trigger"),
        ("/flow-runs/?from=yesterday", "from"),
        ("/flow-runs/?limit=0", "limit"),
        ("/flow-runs/?flow=%00", "flow"),
        ("/flows/daily/next/?count=101", "count"),
        ("/flows/?cursor=x", "cursor"),
    ] {
        let told = story.get(path).await.expect(400);
        assert!(told[key].is_array(), "{path}: {told}");
    }
    let headers = story.ask(As::Operator, Method::POST, "/flows/daily/run/");
    let told = headers
        .header("idempotency-key", "")
        .json(&json!({}))
        .send()
        .await;
    assert!(told.expect(400)["Idempotency-Key"].is_array());
    story.end().await;
}
