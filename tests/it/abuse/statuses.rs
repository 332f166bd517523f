//! A filter with many repetitions of a status.

use super::*;
use crate::support::catalogue::id;

/// A result of about this many bytes.
fn result(bytes: usize) -> Value {
    let row = json!({"district": "Tshopo", "cases": 12, "reported": true});
    let rows = bytes / row.to_string().len();
    Value::Array(vec![row; rows])
}

impl Site {
    /// A task whose pipeline runs and has sent this report.
    pub async fn reported(&self, report: &Value) -> i64 {
        let task = self.visitor.launch(&self.bridge, &id(1), &json!({})).await;
        let mut body = report.clone();
        body["task_id"] = task.into();
        let url = self.api(&format!("/pipelines/{}/", id(1)));
        let (status, answer) = self.visitor.patch(&url, &body).await;
        assert_eq!(status, 200, "{answer}");
        task
    }
}

// Each repetition read a page of its own from the database: a thousand used 13 GB.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_status_that_is_repeated_a_thousand_times_in_the_filter_counts_once() {
    let mut site = Site::start(&[], &[]).await;
    for _ in 0..12 {
        site.reported(&json!({"status": "RUNNING", "result": result(60_000)}))
            .await;
    }
    let once = site.api("/tasks/?cursor=&limit=200&status=RUNNING");
    let often = site.api(&format!(
        "/tasks/?cursor=&limit=200&status={}",
        "RUNNING,".repeat(1000).trim_end_matches(',')
    ));
    let visitor = Visitor::new();
    let (once, often) = site
        .bears(100, async {
            (visitor.get(&once).await, visitor.get(&often).await)
        })
        .await;
    assert_eq!(
        (once.0, once.1["results"].as_array().unwrap().len()),
        (200, 12)
    );
    assert_eq!(once, often);
    let endless = site.api(&format!(
        "/tasks/?cursor=&status={}",
        "RUNNING,".repeat(5000)
    ));
    let (status, refused) = site.visitor.get(&endless).await;
    assert_eq!(
        (status, &refused["error"]),
        (414, &json!("The address is too long: at most 8192 bytes"))
    );
    let unknown = site.api("/tasks/?status=RUNNING,RUN");
    assert_eq!(site.visitor.get(&unknown).await.0, 400);
}
