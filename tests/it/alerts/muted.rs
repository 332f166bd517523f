//! Muted alerts.

use rstest::rstest;
use serde_json::json;

use super::{FAILING, alerts, plan, run};
use crate::support::story::{Base, Postgres, Sqlite};

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alert_is_muted_for_a_day_or_until_a_time(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base, "2027-01-10T00:00:00Z").begin().await;
    run(&story, FAILING, "").await;
    let alert = alerts(&story).await[0].clone();
    let path = format!("/alerts/{}", alert["id"]);
    let muted = story
        .post(&format!("{path}/mute/"), &json!({}))
        .await
        .expect(200);
    let day = (story.now() + chrono::TimeDelta::hours(24)).timestamp();
    let until = muted["muted_until"].as_str().unwrap();
    assert_eq!(super::at(until).timestamp(), day);
    assert!(!muted["muted_by"].is_null(), "{muted}");

    let until = json!({"until": "2027-01-20T00:00:00+01:00"});
    let muted = story
        .post(&format!("{path}/mute/"), &until)
        .await
        .expect(200);
    assert_eq!(muted["muted_until"], "2027-01-19T23:00:00.000Z");

    let unmuted = story
        .post(&format!("{path}/unmute/"), &json!({}))
        .await
        .expect(200);
    assert_eq!(
        (&unmuted["muted_until"], &unmuted["muted_by"]),
        (&json!(null), &json!(null))
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mute_ends_within_thirty_days(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base, "2027-01-10T00:00:00Z").begin().await;
    run(&story, FAILING, "").await;
    let id = alerts(&story).await[0]["id"].clone();
    let path = format!("/alerts/{id}/mute/");
    for (until, sentence) in [
        (
            json!("2027-01-09T00:00:00Z"),
            "`until` must be in the future, at most 30 days from now",
        ),
        (
            json!("2027-02-15T00:00:00Z"),
            "`until` must be in the future, at most 30 days from now",
        ),
        (
            json!(7),
            "until must be a time with an offset, such as 2026-11-20T10:42:00Z",
        ),
    ] {
        let refused = story
            .post(&path, &json!({"until": until}))
            .await
            .expect(400);
        assert_eq!(refused["until"], json!([sentence]), "{refused}");
    }
    let unknown = story.post("/alerts/99/mute/", &json!({})).await;
    assert_eq!(unknown.error(404), "There is no such alert");
    story.end().await;
}
