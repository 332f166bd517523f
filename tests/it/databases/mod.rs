//! Databases with other defaults, read-only, full, changed, or behind a connection pooler.

mod after_commit;
mod contention;
mod lost_commit;
mod pooler;
mod unusable;

use diesel::connection::SimpleConnection as _;
use diesel::sqlite::SqliteConnection;
use diesel::{Connection as _, RunQueryDsl as _};
use reqwest::Method;
use serde_json::json;

use crate::support::catalogue::{id, injected, pipeline, quick};
use crate::support::postgres;
use crate::support::story::{Answer, As, Base, Story, StoryBuilder};

fn plan(base: Base) -> StoryBuilder {
    StoryBuilder::on(base).pipelines(json!([pipeline(1, &injected(), quick("succeed"))]))
}

async fn launch(story: &Story) -> Answer {
    let path = format!("/pipelines/{}/launch/", id(1));
    story.post(&path, &json!({"config": {}})).await
}

/// Runs a statement as an administrator of the story's database, in the SQL of each database.
async fn administer(story: &Story, sqlite: &str, postgres: &str) {
    let url = story.database.clone();
    let statements = match story.base {
        Base::Sqlite => sqlite.to_owned(),
        Base::Postgres => format!("SET search_path TO openhexa_bridge; {postgres}"),
    };
    let done = tokio::task::spawn_blocking(move || match url.strip_prefix("sqlite:") {
        Some(file) => {
            let mut conn = SqliteConnection::establish(file).unwrap();
            let busy = diesel::sql_query("PRAGMA busy_timeout = 20000");
            busy.execute(&mut conn).unwrap();
            conn.batch_execute(&statements).unwrap();
        }
        None => postgres::execute(&url, &statements),
    });
    done.await.unwrap();
}

/// Creates a trigger `fails` that makes a write to a table fail with this SQLSTATE and message, if the new
/// row fulfils `when`.
async fn fails_on(story: &Story, write: &str, when: &str, state: &str, message: &str) {
    let sqlite = format!(
        "CREATE TRIGGER fails BEFORE {write} WHEN {when} BEGIN SELECT RAISE(ABORT, '{message}'); END"
    );
    let postgres = format!(
        "CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         RAISE EXCEPTION '{message}' USING ERRCODE = '{state}'; END $$; \
         CREATE TRIGGER fails BEFORE {write} FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION fails()"
    );
    administer(story, &sqlite, &postgres).await;
}

async fn remove_failure(story: &Story) {
    administer(story, "DROP TRIGGER fails", "DROP FUNCTION fails() CASCADE").await;
}

/// The response is 503 with `Retry-After`.
#[track_caller]
fn is_503_with_retry_after(answer: &Answer, what: &str) {
    assert_eq!(answer.status, 503, "{what}: {}", answer.text);
    assert_ne!(answer.header("retry-after"), "", "{what}");
}

async fn ready(story: &Story) -> Answer {
    // After the cache of the last check has expired.
    story.advance(chrono::TimeDelta::seconds(2));
    story
        .ask_at(As::Anonymous, Method::GET, "/readyz")
        .send()
        .await
}
