//! The list of alerts.

use rstest::rstest;
use serde_json::json;

use super::{FAILING, alerts, plan};
use crate::support::catalogue::id;
use crate::support::story::{Base, Postgres, Sqlite};

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn alerts_are_filtered_and_come_page_by_page(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base, "2027-01-10T00:00:00Z").begin().await;
    for slug in ["one", "two", "three"] {
        let document = format!("id: {slug}\nsteps: [{{id: load, pipeline: pipeline-{FAILING}}}]\n");
        story.save_flow(&document).await;
        let run = story.run_flow(slug, json!({})).await;
        story.until_flow_run_ends(run).await;
    }
    let flows = |listed: &serde_json::Value| -> Vec<String> {
        let all = listed["results"].as_array().unwrap().iter();
        all.map(|alert| alert["flow"].as_str().unwrap().to_owned())
            .collect()
    };
    let first = story.get("/alerts/?limit=2").await.expect(200);
    assert_eq!(flows(&first), ["three", "two"]);
    let cursor = first["next"].as_str().unwrap();
    let second = story
        .get(&format!("/alerts/?limit=2&cursor={cursor}"))
        .await
        .expect(200);
    assert_eq!(
        (flows(&second), &second["next"]),
        (vec!["one".to_owned()], &json!(null))
    );
    for (query, count) in [
        ("flow=two", 1),
        ("flow=none", 0),
        ("cause=failed", 3),
        ("cause=late", 0),
        ("open=true", 3),
        ("open=false", 0),
        (&*format!("pipeline={}", id(FAILING)), 0),
    ] {
        let listed = story.get(&format!("/alerts/?{query}")).await.expect(200);
        assert_eq!(
            listed["results"].as_array().unwrap().len(),
            count,
            "{query}"
        );
    }
    let one = alerts(&story).await[0].clone();
    let read = story
        .get(&format!("/alerts/{}/", one["id"]))
        .await
        .expect(200);
    assert_eq!(read, one);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invalid_filter_is_refused_with_its_name(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base, "2027-01-10T00:00:00Z").begin().await;
    for query in [
        "open=maybe",
        "cause=bad",
        "pipeline=1",
        "limit=0",
        "cursor=x",
        "flows=a",
    ] {
        let name = query.split('=').next().unwrap();
        let refused = story.get(&format!("/alerts/?{query}")).await.expect(400);
        assert!(refused[name][0].is_string(), "{refused}");
    }
    story.end().await;
}
