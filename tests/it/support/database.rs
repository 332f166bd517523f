//! SQL on the bridge's database, for what no request can do.

use diesel::Connection as _;
use diesel::connection::SimpleConnection as _;
use diesel::sqlite::SqliteConnection;

use super::postgres;
use super::story::Story;

/// Runs a statement that both databases support.
pub async fn sql(story: &Story, statement: &str) {
    let (url, statement) = (story.database.clone(), statement.to_owned());
    let done = tokio::task::spawn_blocking(move || match url.strip_prefix("sqlite:") {
        Some(file) => {
            let mut conn = SqliteConnection::establish(file).unwrap();
            conn.batch_execute(&format!("PRAGMA busy_timeout = 60000; {statement}"))
                .unwrap();
        }
        None => postgres::execute(
            &url,
            &format!("SET search_path TO openhexa_bridge; {statement}"),
        ),
    });
    done.await.unwrap();
}

/// Records a cancel of the task.
pub async fn ask_to_cancel(story: &Story, task: i64) {
    let at = story.now().format("%Y-%m-%dT%H:%M:%S%.3fZ");
    let statement = format!("UPDATE task SET cancel_asked_at = '{at}' WHERE id = {task}");
    sql(story, &statement).await;
}

/// The column `text` of a query that both databases support.
pub async fn texts(story: &Story, query: &str) -> Vec<String> {
    use diesel::prelude::*;
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::Text)]
        text: String,
    }
    let (url, query) = (story.database.clone(), query.to_owned());
    let reading = move || {
        if let Some(file) = url.strip_prefix("sqlite:") {
            let mut conn = SqliteConnection::establish(file).unwrap();
            let rows: Vec<Row> = diesel::sql_query(query).load(&mut conn).unwrap();
            return rows.into_iter().map(|row| row.text).collect();
        }
        let query = query.replace(" FROM ", " FROM openhexa_bridge.");
        let query = format!("SELECT text, '' FROM ({query}) AS rows");
        let rows = postgres::rows(&url, &query).into_iter();
        rows.map(|row| row.0).collect()
    };
    tokio::task::spawn_blocking(reading).await.unwrap()
}

/// How the database executes a statement with parameters, one line each. Limits are as small as those of a page.
pub async fn plan(story: &Story, statement: &str) -> Vec<String> {
    use diesel::prelude::*;
    #[derive(QueryableByName)]
    struct Step {
        #[diesel(sql_type = diesel::sql_types::Text)]
        detail: String,
    }
    let (url, statement) = (story.database.clone(), statement.to_owned());
    let planning = move || {
        if let Some(file) = url.strip_prefix("sqlite:") {
            let mut conn = SqliteConnection::establish(file).unwrap();
            let query = format!("EXPLAIN QUERY PLAN {statement}");
            let steps: Vec<Step> = diesel::sql_query(query).load(&mut conn).unwrap();
            return steps.into_iter().map(|step| step.detail).collect();
        }
        let limit = regex::Regex::new(r"(LIMIT|OFFSET) +\$\d+").unwrap();
        let statement = limit.replace_all(&statement, "$1 30");
        let number = regex::Regex::new(r"\$(\d+)").unwrap();
        let numbers = number.captures_iter(&statement);
        let most = numbers.map(|found| found[1].parse().unwrap()).max();
        let values = vec!["NULL"; most.unwrap_or(0)].join(", ");
        let execute = if values.is_empty() {
            "p".to_owned()
        } else {
            format!("p({values})")
        };
        postgres::told(
            &url,
            &format!(
                "SET search_path TO openhexa_bridge; ANALYZE task; SET plan_cache_mode = force_generic_plan; \
                 PREPARE p AS {statement}; EXPLAIN EXECUTE {execute}"
            ),
        )
    };
    tokio::task::spawn_blocking(planning).await.unwrap()
}
