//! Polls of runs: which are requested together, and what one response means for each.

use openhexa_bridge::domain::ids::{PipelineId, RunId, UserId};
use openhexa_bridge::domain::pipeline::RunStatus;
use openhexa_bridge::domain::run::{Absence, PollResult, PolledRun, Visible};
use openhexa_bridge::openhexa::{Error, OpenHexa};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{ID, NOT_AUTHENTICATED, answer, client, target};
use crate::support::scripted_server::ScriptedServer;

fn one() -> PolledRun {
    run(0, 0)
}

/// The run with this number of the pipeline with this number.
fn run(pipeline: u128, run: u128) -> PolledRun {
    PolledRun {
        pipeline: PipelineId(Uuid::from_u128(ID.as_u128() + pipeline)),
        run: RunId(Uuid::from_u128(0x1000 * (pipeline + 1) + run)),
    }
}

async fn polled(said: &str) -> Result<PollResult, Error> {
    let wire = ScriptedServer::always(answer(said)).await;
    let looks = client().poll_runs(&target(&wire.url), &[one()]).await;
    looks.and_then(|mut looks| looks.remove(&one().run).unwrap())
}

fn seen(status: RunStatus, progress: i64) -> PollResult {
    PollResult::Seen { status, progress }
}

fn absent(visible: Visible) -> PollResult {
    PollResult::Absent(Absence::of(visible))
}

/// The same, with the user of the response.
fn absent_to(user: u128, visible: Visible) -> PollResult {
    let user = Some(UserId(Uuid::from_u128(user)));
    PollResult::Absent(Absence { visible, user })
}

fn said(run: PolledRun, status: &str, progress: i64) -> Value {
    json!({"id": run.run.0, "status": status, "progress": progress})
}

#[tokio::test]
async fn a_missing_run_is_proof_only_if_its_pipeline_is_visible() {
    let around = |pipeline: Value, workspace: Value| {
        let me = json!({"user": {"id": Uuid::from_u128(7)}});
        json!({"data": {"r0": null, "s0": pipeline, "workspace": workspace, "me": me}}).to_string()
    };
    let of = |slug: &str| json!({"workspace": {"slug": slug}});
    let demo = json!({"slug": "demo"});
    assert_eq!(
        polled(&around(of("demo"), demo.clone())).await,
        Ok(absent(Visible::Pipeline))
    );
    let nothing = Ok(absent_to(7, Visible::Nothing));
    assert_eq!(polled(&around(of("other"), demo.clone())).await, nothing);
    assert_eq!(polled(&around(Value::Null, Value::Null)).await, nothing);
    assert_eq!(
        polled(&around(Value::Null, json!({"slug": "other"}))).await,
        nothing
    );
    assert_eq!(
        polled(&around(Value::Null, demo)).await,
        Ok(absent_to(7, Visible::Workspace)),
        "a visible workspace without the pipeline"
    );
}

#[tokio::test]
async fn a_missing_pipeline_is_proof_only_with_the_same_response() {
    let wire = ScriptedServer::always(answer(
        r#"{"data":{"r0":null,"s0":null,"workspace":null,"me":null}}"#,
    ))
    .await;
    client()
        .poll_runs(&target(&wire.url), &[one()])
        .await
        .unwrap();
    let asked = &wire.received()[0];
    assert_eq!(asked.variables()["workspace"], "demo");
    let query = asked.query();
    assert!(
        query.contains("me {") && query.contains("workspace(slug: $workspace)"),
        "{query}"
    );

    let unread = r#"{"data":{"r0":null,"s0":null,"workspace":null,"me":{"user":null}},"errors":[{"message":"inner text","path":["workspace"]}]}"#;
    assert_eq!(polled(unread).await, Err(Error::GraphQl { code: None }));
    let partial = r#"{"data":{"r0":null,"s0":null}}"#;
    assert_eq!(polled(partial).await, Err(Error::Unreadable));
}

#[tokio::test]
async fn a_null_with_an_error_does_not_mean_missing() {
    let failed = Err(Error::GraphQl { code: None });
    let run = r#"{"data":{"r0":null,"s0":{"workspace":{"slug":"demo"}}},"errors":[{"message":"inner text","path":["r0","status"]}]}"#;
    assert_eq!(polled(run).await, failed);
    let pipeline = r#"{"data":{"r0":null,"s0":null},"errors":[{"message":"inner text","path":["s0","workspace"]}]}"#;
    assert_eq!(polled(pipeline).await, failed);
    let nowhere = r#"{"data":{"r0":null,"s0":{"workspace":{"slug":"demo"}}},"errors":[{"message":"inner text"}]}"#;
    assert_eq!(polled(nowhere).await, failed);
    let unauthenticated =
        format!(r#"{{"data":{{"r0":null,"s0":null}},"errors":[{NOT_AUTHENTICATED}]}}"#);
    assert_eq!(polled(&unauthenticated).await, Err(Error::TokenRefused));
    let partial = r#"{"data":{"s0":{"workspace":{"slug":"demo"}}}}"#;
    assert_eq!(polled(partial).await, Err(Error::Unreadable));
}

#[tokio::test]
async fn a_run_is_recognised_with_any_status() {
    let answer = |run: Value| json!({"data": {"r0": run, "s0": null}}).to_string();
    let running = answer(said(one(), "running", 250));
    assert_eq!(polled(&running).await, Ok(seen(RunStatus::Running, 100)));
    let odd = answer(said(one(), "paused", -1));
    let paused = RunStatus::Other("paused".to_owned());
    assert_eq!(polled(&odd).await, Ok(seen(paused, 0)));
}

#[tokio::test]
async fn many_runs_of_a_pipeline_are_read_from_one_page_and_the_rest_by_their_ids() {
    let crowd: Vec<PolledRun> = (0..5).map(|n| run(0, n)).collect();
    let few = [run(1, 0), run(1, 1)];
    let items: Vec<Value> = crowd[..3].iter().map(|r| said(*r, "running", 5)).collect();
    let page = json!({"workspace": {"slug": "demo"}, "runs": {"items": items}});
    let shown = json!({"workspace": {"slug": "demo"}});
    let first =
        json!({"data": {"p0": page, "s0": shown, "r0": said(few[0], "success", 100), "r1": null}});
    let second = json!({"data": {"s0": shown, "r0": said(crowd[3], "failed", 9), "r1": null}});
    let wire = ScriptedServer::serve(move |heard| {
        let is_first = heard.variables().get("p0").is_some();
        answer(if is_first { &first } else { &second }.to_string())
    })
    .await;

    let all: Vec<PolledRun> = crowd.iter().chain(&few).copied().collect();
    let looks = client().poll_runs(&target(&wire.url), &all).await.unwrap();

    assert_eq!(looks.len(), 7);
    for run in &crowd[..3] {
        assert_eq!(looks[&run.run], Ok(seen(RunStatus::Running, 5)));
    }
    assert_eq!(looks[&crowd[3].run], Ok(seen(RunStatus::Failed, 9)));
    assert_eq!(looks[&crowd[4].run], Ok(absent(Visible::Pipeline)));
    assert_eq!(looks[&few[0].run], Ok(seen(RunStatus::Success, 100)));
    assert_eq!(looks[&few[1].run], Ok(absent(Visible::Pipeline)));
    let heard = wire.received();
    assert_eq!(heard.len(), 2, "two requests");
    assert_eq!(heard[0].operation(), "FollowRuns");
    assert_eq!(
        heard[0].variables()["n0"],
        11,
        "the five runs and some more"
    );
    assert_eq!(heard[1].variables()["r1"], json!(crowd[4].run.0));
}

#[tokio::test]
async fn a_run_that_cannot_be_read_fails_only_its_own_poll() {
    let said = json!({
        "data": {
            "r0": {"id": one().run.0, "status": null, "progress": 1}, "s0": null,
            "r1": null, "s1": null,
            "r2": said(run(2, 0), "queued", 0), "s2": null,
        },
        "errors": [{"message": "inner text", "path": ["r1"]}],
    });
    let wire = ScriptedServer::always(answer(said.to_string())).await;
    let all = [run(0, 0), run(1, 0), run(2, 0)];
    let looks = client().poll_runs(&target(&wire.url), &all).await.unwrap();
    assert_eq!(looks[&all[0].run], Err(Error::Unreadable));
    assert_eq!(looks[&all[1].run], Err(Error::GraphQl { code: None }));
    assert_eq!(looks[&all[2].run], Ok(seen(RunStatus::Queued, 0)));
}
