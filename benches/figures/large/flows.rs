//! What the scenarios of flows use: documents, saved flows and copies of them, and their runs.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::sql::{numbers, run};
use super::{POSTGRES, Place, SQLITE};
use crate::site;

/// A usual number of pipelines in a workspace.
pub const PIPELINES: u64 = 20;
/// The id of the flow that is copied. Its document contains the word only there.
pub const MODEL: &str = "model";
const STARTS: usize = 8;

/// Steps in rows: each step starts after the end of all steps of the row before it, and uses the result of the first of them.
#[derive(Clone, Copy)]
pub struct Shape {
    pub rows: u64,
    pub steps_per_row: u64,
}

impl Shape {
    pub fn steps(self) -> u64 {
        self.rows * self.steps_per_row
    }

    /// A document in YAML.
    pub fn document(self, id: &str, name: &str) -> String {
        let mut text = format!("id: {id}\nname: {name}\nsteps:\n");
        for row in 0..self.rows {
            for place in 0..self.steps_per_row {
                self.add_step(&mut text, row, place);
            }
        }
        text
    }

    fn add_step(self, text: &mut String, row: u64, place: u64) {
        let pipeline = (row * self.steps_per_row + place) % PIPELINES + 1;
        let written = writeln!(
            text,
            "  - id: s{row}_{place}\n    pipeline: pipeline-{pipeline}\n    parameters:\n      table: t{row}_{place}"
        );
        written.expect("a text");
        let Some(before) = row.checked_sub(1) else {
            return;
        };
        let parents: Vec<String> = (0..self.steps_per_row)
            .map(|place| format!("s{before}_{place}"))
            .collect();
        let (first, parents) = (&parents[0], parents.join(", "));
        let written = writeln!(
            text,
            "      rows: {{from: steps.{first}.result.rows, type: int}}\n    after: [{parents}]"
        );
        written.expect("a text");
    }
}

pub fn url(place: &Place, path: &str) -> String {
    format!("{}/api/openhexa/{path}", place.bridge.url)
}

/// Saves a new flow.
pub async fn save(place: &Place, document: &str) {
    let body = json!({"document": document});
    let request = site::client().post(url(place, "flows/")).json(&body);
    site::ask(request).await;
}

/// Copies the flow [`MODEL`] with its version and schedules as `copy-1` and so on, with SQL.
pub async fn copy(place: &Place, many: usize) {
    let numbers = numbers(place.base == SQLITE, 1, many as u64);
    let copies =
        format!("FROM flow JOIN flow model ON model.slug = '{MODEL}' AND flow.slug LIKE 'copy-%'");
    let flow = "account_id, version, search, paused, created_at, updated_at, updated_by";
    let sql = format!(
        "BEGIN; INSERT INTO flow (slug, {flow}) {numbers} \
         SELECT 'copy-' || n, {flow} FROM numbers, flow WHERE slug = '{MODEL}' ORDER BY n; \
         INSERT INTO flow_version (flow_id, number, document, pipelines, saved_at, saved_by) \
         SELECT flow.id, one.number, replace(one.document, '{MODEL}', flow.slug), one.pipelines, one.saved_at, one.saved_by \
         {copies} JOIN flow_version one ON one.flow_id = model.id; \
         INSERT INTO schedule (account_id, flow_id, code, paused, active) \
         SELECT one.account_id, flow.id, one.code, one.paused, one.active \
         {copies} JOIN schedule one ON one.flow_id = model.id ORDER BY flow.id; COMMIT;"
    );
    execute(place, sql).await;
    if place.base == POSTGRES {
        // PostgreSQL's autovacuum would do this later.
        execute(place, "VACUUM ANALYZE".to_owned()).await;
    }
}

/// Runs a statement in the bridge's database.
pub async fn execute(place: &Place, sql: String) {
    let database = place.database.clone();
    let done = tokio::task::spawn_blocking(move || run(&database, &sql)).await;
    done.expect("the statement is run");
}

/// Starts runs of a flow, a few at the same time.
pub async fn start(place: &Place, slug: &str, many: usize) {
    let (client, url) = (site::client(), url(place, &format!("flows/{slug}/run/")));
    let starts = stream::iter(0..many).map(|_| site::ask(client.post(&url).json(&json!({}))));
    starts.buffer_unordered(STARTS).for_each(|_| async {}).await;
}

/// Waits until all runs have ended, and checks that all have succeeded.
pub async fn all_succeeded(place: &Place, many: usize) {
    let patience = Instant::now() + Duration::from_mins(20);
    let first = async |status: &str| {
        let path = format!("flow-runs/?status={status}&limit=1");
        let page = site::ask(site::client().get(url(place, &path))).await;
        page["results"]
            .as_array()
            .is_some_and(|all| !all.is_empty())
    };
    while first("RUNNING").await || first("QUEUED").await {
        assert!(Instant::now() < patience, "not all runs have ended");
        sleep(Duration::from_millis(250)).await;
    }
    let succeeded = all(place, "flow-runs/?status=SUCCESS").await.len();
    assert_eq!(succeeded, many, "some runs did not succeed");
}

/// All rows of a list, page by page. The path has a query.
pub async fn all(place: &Place, path: &str) -> Vec<Value> {
    let (client, mut rows, mut cursor) = (site::client(), Vec::new(), String::new());
    loop {
        let page = url(place, &format!("{path}&limit=200&cursor={cursor}"));
        let page = site::ask(client.get(page)).await;
        rows.extend(page["results"].as_array().expect("rows").iter().cloned());
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => return rows,
        }
    }
}

/// The time of a field, such as `created_at`.
pub fn time(row: &Value, field: &str) -> DateTime<Utc> {
    let text = row[field].as_str().expect("a time");
    text.parse().expect("a time as in RFC 3339")
}

/// The seconds between two times; 0 if `to` is earlier.
pub fn seconds(from: DateTime<Utc>, to: DateTime<Utc>) -> f64 {
    (to - from).num_milliseconds().max(0) as f64 / 1000.0
}
