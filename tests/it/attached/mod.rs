//! The bridge attached to Iaso's PostgreSQL: what Iaso's tables show of a task, what Iaso changes in them, and which OpenHEXA
//! each account uses. `stage.rs` creates the environment.

mod configuration;
mod crashes;
mod flows;
mod kill;
mod mirror_rows;
mod settings;
mod shared;
pub mod stage;
mod start;
mod statements;
mod task_list;
mod triggers;

use openhexa_bridge::domain::principal::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::catalogue::{id, injected, pipeline, quick};
use crate::support::story::As;
use stage::Stage;

/// A pipeline whose runs continue until a test ends them.
fn manual() -> Value {
    json!([pipeline(1, &injected(), quick("manual"))])
}

/// A task of account 1 whose run continues until a test ends it.
async fn running() -> (Stage, i64) {
    let stage = Stage::begin(manual()).await;
    let task = started(&stage).await;
    (stage, task)
}

async fn started(stage: &Stage) -> i64 {
    let task = stage.story.launch(&id(1), json!({})).await;
    stage
        .story
        .until(task, "the run", |task| task["status"] == "RUNNING")
        .await;
    task
}

async fn launch_as(stage: &Stage, who: &As, pipeline: &str) -> crate::support::story::Answer {
    let path = format!("/pipelines/{pipeline}/launch/");
    let ask = stage.story.ask(who.clone(), Method::POST, &path);
    ask.json(&json!({"config": {}})).send().await
}

/// An operator of this Iaso account.
async fn operator(stage: &Stage, account: i64) -> As {
    stage.key(account, Role::Operator).await
}
