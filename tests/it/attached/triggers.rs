//! Triggers that Iaso's administrators have added to its tables.

use serde_json::json;

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trigger_of_iaso_that_names_tables_without_a_schema_does_not_fail_a_launch() {
    let stage = Stage::begin(manual()).await;
    stage
        .sql(
            "CREATE TABLE task_count (tasks bigint NOT NULL); INSERT INTO task_count VALUES (0); \
             GRANT SELECT, UPDATE ON task_count TO PUBLIC; \
             CREATE FUNCTION count_task() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
             UPDATE task_count SET tasks = tasks + 1; RETURN NEW; END $$; \
             CREATE TRIGGER counted AFTER INSERT ON iaso_task FOR EACH ROW EXECUTE FUNCTION count_task()",
        )
        .await;
    started(&stage).await;
    let counted = stage.rows("SELECT tasks FROM task_count").await;
    assert_eq!(counted, [json!({"tasks": 1})]);
    stage.end().await;
}
