//! Launches that wait for OpenHEXA say so, and until when they are retried.

use rstest::rstest;
use serde_json::json;

use crate::support::catalogue::{id, injected, pipeline, quick};
use crate::support::story::{As, Base, Postgres, Sqlite, StoryBuilder};

const LIST: &str = "/dashboard/tasks/";

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_launch_that_could_not_be_sent_says_why_and_until_when(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let mut story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &injected(), quick("succeed"))]))
        .begin()
        .await;
    let place = format!("/dashboard/pipelines/{}/", id(1));
    let form = story.page(As::Operator, &place).await.form(&place);
    let until = story.now() + chrono::TimeDelta::minutes(15);
    story.stop_openhexa().await;
    let path = story.send_on(As::Operator, &form).await;
    let shown = story.page(As::Operator, &path).await;
    let told = shown.at("live-progress");
    assert!(
        told.contains("This launch has not been sent yet: OpenHEXA"),
        "{told}"
    );
    assert!(told.contains("do not launch it again"), "{told}");
    let shown_time = until.format("%Y-%m-%d %H:%M UTC").to_string();
    assert!(
        told.contains(&format!("Retried until {shown_time}")),
        "{told} {shown_time}"
    );
    let list = story.page(As::Operator, LIST).await.at("live-tasks");
    assert!(
        list.contains("Not sent to OpenHEXA yet; the bridge keeps trying"),
        "{list}"
    );
    let french = story.french_page(As::Operator, &path).await;
    assert!(
        french
            .at("live-progress")
            .contains("Ce lancement n’a pas encore été envoyé")
    );
    assert!(
        french
            .at("live-progress")
            .contains("Nouveaux essais jusqu’à")
    );
    assert!(
        french
            .at("live-progress")
            .contains("Ne lancez pas le pipeline une seconde fois.")
    );
    let list = story.french_page(As::Operator, LIST).await.at("live-tasks");
    assert!(list.contains("Pas encore envoyée à OpenHEXA"), "{list}");
    story
        .reopen_openhexa(&json!([pipeline(1, &injected(), quick("succeed"))]))
        .await;
    let task = story.tasks().await[0]["id"].as_i64().unwrap();
    story.until_confirmed(task).await;
    let told = story.page(As::Operator, &path).await.at("live-progress");
    assert!(!told.contains("not been sent"), "{told}");
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_launch_without_a_response_says_that_its_run_is_searched_for(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &injected(), quick("succeed"))]))
        .begin()
        .await;
    story
        .fault(&json!({"fault": "drop_before", "operation": "runPipeline", "count": 1}))
        .await;
    let task = story.launch(&id(1), json!({})).await;
    let shown = story.page(As::Operator, &format!("{LIST}{task}/")).await;
    let told = shown.at("live-progress");
    assert!(told.contains("is searching OpenHEXA for the run"), "{told}");
    let french = story
        .french_page(As::Operator, &format!("{LIST}{task}/"))
        .await;
    let told = french.at("live-progress");
    assert!(
        told.contains("Ne lancez pas le pipeline une seconde fois."),
        "{told}"
    );
    let list = story.french_page(As::Operator, LIST).await.at("live-tasks");
    assert!(
        list.contains("la passerelle recherche l’exécution"),
        "{list}"
    );
    story.end().await;
}
