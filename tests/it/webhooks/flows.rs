//! A message starts a flow.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use super::{Hook, begin, create_as, hook_of};
use crate::support::story::{Answer, As, Base, Postgres, Sqlite, Story};

const STOCK: &str = "id: stock\ninputs: {country: {type: str}, year: {type: int, default: 2026}}\n\
    steps: [{id: load, pipeline: pipeline-1, parameters: {country: {from: inputs.country}, year: {from: inputs.year}}}]\n";

async fn hook(story: &Story, mapping: Value) -> Hook {
    story.save_flow(STOCK).await;
    let more =
        json!({"flow": "stock", "pipeline": null, "mapping": mapping, "authentication": "bearer"});
    hook_of(&create_as(story, As::Admin, more).await.expect(201))
}

/// The id of the run in the response to a message.
fn run_of(answer: &Answer) -> i64 {
    let answer = answer.expect(202);
    assert!(answer.get("task").is_none(), "{answer}");
    answer["run"].as_i64().unwrap()
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_starts_a_run_of_the_flow_with_its_values(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = begin(base).await;
    let hook = hook(&story, json!({"country": "/order/land"})).await;
    let body = json!({"order": {"land": "NE"}, "year": 2027, "colour": "red"});
    let run = run_of(&hook.bearer(body).send(&story).await);
    let shown = story.flow_run(run).await;
    assert_eq!(
        (&shown["trigger"], &shown["inputs"], &shown["ignored"]),
        (
            &json!("webhook"),
            &json!({"country": "NE", "year": 2027}),
            &json!(["colour"])
        )
    );
    story
        .until_flow_run(run, "the task", |run| {
            !run["steps"][0]["attempts"][0].is_null()
        })
        .await;
    story.until_runs("the run", |runs| runs.len() == 1).await;
    let wrong = hook.bearer(json!({"year": "x"})).send(&story).await;
    assert_eq!(
        wrong.expect(400)["inputs"],
        json!({"country": ["A value is needed"], "year": ["This must be of type int"]})
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_message_has_one_run_also_on_two_replicas(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = begin(base).await;
    let hook = hook(&story, json!({})).await;
    let replica = story.second_replica().await;
    let message = hook
        .bearer(json!({"country": "NE"}))
        .header("idempotency-key", "order-7");
    let url = replica.url();
    let (here, there) = tokio::join!(message.send(&story), message.send_to(&story, &url));
    let first = run_of(&here);
    assert_eq!(run_of(&there), first);
    assert_eq!(run_of(&message.send(&story).await), first);
    let runs = story.get("/flow-runs/").await.expect(200);
    assert_eq!(runs["results"].as_array().unwrap().len(), 1);
    replica.stop().await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_webhook_of_a_deleted_flow_does_not_start_a_new_one_with_the_same_id(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = begin(base).await;
    let hook = hook(&story, json!({})).await;
    let delete = story.ask(As::Operator, Method::DELETE, "/flows/stock/");
    assert_eq!(delete.send().await.status, 204);
    story.save_flow(STOCK).await;
    let refused = hook.bearer(json!({"country": "NE"})).send(&story).await;
    assert_eq!(refused.status, 401, "{}", refused.text);
    let hooks = story.ask(As::Admin, Method::GET, "/hooks/").send().await;
    assert_eq!(hooks.expect(200)["results"], json!([]));
    story.end().await;
}
