//! A callback token that sends reports without end.

use futures_util::{StreamExt as _, stream};

use super::*;
use crate::support::catalogue::id;

// One token wrote 93 MB in 1.6 s, even after its task's end; the log and the history returned all of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reports_without_end_store_a_limited_amount() {
    let mut site = Site::start(&[], &[]).await;
    let task = site.reported(&json!({"status": "RUNNING"})).await;
    let url = site.api(&format!("/pipelines/{}/", id(1)));
    let visitor = Visitor::new();
    let message = "é".repeat(9_990);
    let report = |number: usize| {
        let body = json!({"task_id": task, "progress_message": format!("{message}{number}"), "progress_value": number});
        let (url, visitor) = (&url, &visitor);
        async move { visitor.patch(url, &body).await.0 }
    };
    let flood = |from: usize| {
        stream::iter((from..from + 1500).map(report))
            .buffered(8)
            .collect::<Vec<u16>>()
    };
    let statuses = site.bears(200, flood(0)).await;
    assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
    let last = json!({"task_id": task, "status": "SUCCESS", "progress_message": "the last one"});
    assert_eq!(visitor.patch(&url, &last).await.0, 200);
    let after = site.bears(200, flood(1500)).await;
    assert!(after.iter().all(|status| *status == 409), "{after:?}");
    let shown = site.visitor.task(&site.bridge, task).await;
    assert_eq!(
        (&shown["status"], &shown["progress_message"]),
        (&json!("SUCCESS"), &json!("the last one"))
    );
    let mut bytes = 0;
    let mut part = String::new();
    for _ in 0..20 {
        let (_, events) = site
            .visitor
            .get(&site.api(&format!("/tasks/{task}/events/{part}")))
            .await;
        let size = events.to_string().len();
        assert!(size < 2_500_000, "{size} bytes in one response");
        bytes += size;
        match events["earlier"].as_i64() {
            Some(earlier) => part = format!("?before={earlier}"),
            None => break,
        }
    }
    assert!(bytes < 12_000_000, "{bytes} bytes are stored of 60 MB");
}
