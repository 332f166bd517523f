//! Results in lists: small ones are included, large ones only in the task itself.

use rstest::rstest;
use serde_json::{Value, json};

use crate::callback::{accepted, launched};
use crate::support::story::{Base, Postgres, Sqlite};

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_result_is_left_out_of_lists_and_streams(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task) = launched(base).await;
    let mut stream = story.all_tasks().await;
    let large: Vec<Value> = vec![json!({"district": "Tshopo"}); 1000];
    accepted(&story, task, json!({"status": "RUNNING", "result": large})).await;
    let size = json!(large).to_string().len();
    for path in [
        "/tasks/",
        "/tasks/?cursor=",
        "/tasks/?cursor=&order=-started_at",
        "/tasks/?status=RUNNING,SUCCESS&cursor=",
    ] {
        let listed = story.get(path).await.expect(200)["results"][0].clone();
        assert_eq!(
            (&listed["result"], &listed["result_size"]),
            (&Value::Null, &json!(size)),
            "{path}"
        );
    }
    let told = stream.task().await;
    assert_eq!(
        (&told["result"], &told["result_size"]),
        (&Value::Null, &json!(size))
    );
    let whole = story.task(task).await;
    assert_eq!(
        (&whole["result"], whole.get("result_size")),
        (&json!(large), None)
    );
    // Polls save a task that was read without its result; the result must be kept.
    accepted(&story, task, json!({"status": "SUCCESS"})).await;
    let done = story.task(task).await;
    assert_eq!(done["result"], json!({"result": "SUCCESS", "data": large}));
    accepted(
        &story,
        story
            .launch(&crate::support::catalogue::id(1), json!({}))
            .await,
        json!({"status": "SUCCESS", "result": {"rows": 3}}),
    )
    .await;
    let small = story.get("/tasks/").await.expect(200)["results"][0].clone();
    assert_eq!(
        (&small["result"], small.get("result_size")),
        (&json!({"result": "SUCCESS", "data": {"rows": 3}}), None)
    );
    story.end().await;
}
