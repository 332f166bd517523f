//! A failed run's log shows the error, but no secret that a traceback contains.

use rstest::rstest;
use serde_json::json;

use crate::support::catalogue::{id, parameter, pipeline};
use crate::support::story::{Base, Postgres, Sqlite, StoryBuilder};

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_cause_is_shown_without_the_secrets_that_it_contains(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let parameters = [
        parameter("pw", "secret", json!({})),
        parameter("connection_token", "str", json!({})),
    ];
    let secret = "a-word-in-the-message";
    let message = format!(
        "ValueError: no such table; Authorization: Bearer {secret} and eyJhbGciOi.eyJ0YXNr.c2lnbmVk."
    );
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(
            1,
            &parameters,
            json!({"kind": "fail", "queued_ms": 5, "running_ms": 5, "message": message})
        )]))
        .begin()
        .await;
    let task = story.launch(&id(1), json!({"pw": "ValueError"})).await;
    let ended = story.until_confirmed(task).await;
    let told = ended["progress_message"].as_str().unwrap();
    assert!(told.contains("no such table"), "{told}");
    for hidden in [secret, "eyJ", "ValueError"] {
        assert!(!told.contains(hidden), "{hidden}: {told}");
    }
    assert_eq!(told.matches("••••").count(), 3, "{told}");
    story.end().await;
}
