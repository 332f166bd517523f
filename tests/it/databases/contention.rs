//! Transactions that PostgreSQL rolls back because of others.

use futures_util::future::join_all;
use serde_json::json;

use super::*;
use crate::support::postgres::{database, execute};

async fn serializable() -> String {
    let making = tokio::task::spawn_blocking(|| {
        let url = database();
        let name = url.rsplit('/').next().unwrap();
        let default = "SET default_transaction_isolation = 'serializable'";
        execute(&url, &format!("ALTER DATABASE {name} {default}"));
        url
    });
    making.await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_launches_at_once_in_a_database_that_is_serializable_by_default_are_thirty_runs() {
    let story = plan(Base::Postgres)
        .database(&serializable().await)
        .begin()
        .await;
    let answers = join_all((0..30).map(|_| launch(&story))).await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [201; 30]);
    let counted = story.get("/tasks/?limit=1").await.expect(200);
    assert_eq!(
        (&counted["count"], story.runs().await.len()),
        (&json!(30), 30)
    );
    story.end().await;
}

/// A launch of which the first transactions, so many, fail like this.
async fn launch_that_fails(times: u32, state: &str, message: &str) -> (Story, Answer) {
    let story = plan(Base::Postgres).begin().await;
    // What a sequence has counted is not rolled back.
    let failing = format!(
        "CREATE SEQUENCE failed; CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         IF nextval('failed') <= {times} THEN RAISE EXCEPTION '{message}' USING ERRCODE = '{state}'; END IF; \
         RETURN NEW; END $$; \
         CREATE TRIGGER fails BEFORE INSERT ON task FOR EACH ROW EXECUTE FUNCTION fails()"
    );
    administer(&story, "", &failing).await;
    let answer = launch(&story).await;
    (story, answer)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_a_concurrent_one_made_fail_is_run_again() {
    for (state, message) in [
        ("40001", "could not serialize access"),
        ("40P01", "deadlock detected"),
        ("40P01", "interblocage (deadlock) détecté"),
    ] {
        let (story, answer) = launch_that_fails(2, state, message).await;
        answer.expect(201);
        assert_eq!(
            (story.tasks().await.len(), story.runs().await.len()),
            (1, 1)
        );
        story.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_always_fails_is_503_and_no_task() {
    let (story, answer) = launch_that_fails(1000, "40P01", "deadlock detected").await;
    is_told_to_come_again(&answer, "a deadlock");
    assert_eq!(
        (story.tasks().await.len(), story.runs().await.len()),
        (0, 0)
    );
    story.end().await;
}
