//! The reasons for a task's status, in the reader's language.

use rstest::rstest;
use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use openhexa_bridge::domain::event::EventKind;
use openhexa_bridge::domain::note::NoteCode;
use reqwest::Method;
use serde_json::json;

use crate::message_catalogues::catalogue;
use crate::support::catalogue::{id, injected, pipeline, quick};
use crate::support::fixtures;
use crate::support::story::{As, Base, Postgres, Sqlite, StoryBuilder};

const LIST: &str = "/dashboard/tasks/";

fn path(task: i64) -> String {
    format!("{LIST}{task}/")
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_stop_is_shown_and_can_be_requested_again(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, task, _) = fixtures::running(base).await;
    story
        .fault(&json!({"fault": "deny_stop", "for_ms": 600_000}))
        .await;
    let form = story.page(As::Operator, &path(task)).await.form("/cancel/");
    story.send_on(As::Operator, &form).await;
    story.next_cycle().await;
    let shown = story.page(As::Operator, &path(task)).await;
    assert!(
        shown
            .at("live-head")
            .contains("OpenHEXA does not allow the bridge to stop this run. Ask an administrator"),
        "{}",
        shown.text()
    );
    assert!(shown.buttons().contains(&"Stop the task".to_owned()));
    let stops = story.request_count("stopPipeline").await;
    story.send_on(As::Operator, &shown.form("/cancel/")).await;
    assert!(
        story
            .page(As::Operator, &path(task))
            .await
            .has("Stop requested; the run has not stopped yet")
    );
    story.run_cycle().await;
    assert_eq!(
        story.request_count("stopPipeline").await,
        stops + 1,
        "requested again at once"
    );
    let french = story.french_page(As::Operator, &path(task)).await;
    assert!(
        french
            .at("live-head")
            .contains("Demandez à un administrateur de l’espace de travail"),
        "{}",
        french.text()
    );
    assert_eq!(
        story
            .events(task)
            .await
            .iter()
            .filter(|what| *what == "stop_denied")
            .count(),
        2
    );
    story.no_faults().await;
    story.send_on(As::Operator, &form).await;
    story.until_confirmed(task).await;
    assert!(story.page(As::Operator, &path(task)).await.has("Stopped"));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_launched_is_named(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &injected(), quick("manual"))]))
        .begin()
        .await;
    let key = As::Bearer(
        story
            .create_key(&["--role", "operator", "--name", "op"])
            .await,
    );
    let place = format!("/dashboard/pipelines/{}/", id(1));
    let form = story.page(key.clone(), &place).await.form(&place);
    let task = story.send_on(key.clone(), &form).await;
    let shown = story.page(key.clone(), &task).await;
    assert!(
        shown.at("live-about").contains("Launched by key 1 (op)")
            && shown.has("Operator · key 1 (op)"),
        "{}",
        shown.text()
    );
    let french = story.french_page(key.clone(), LIST).await;
    assert!(
        french.at("live-tasks").contains("la clé 1 (op)") && french.has("Opérateur · clé 1 (op)"),
        "{}",
        french.text()
    );
    let told = story.tasks().await;
    assert_eq!(
        (told[0]["launcher"].is_null(), told.len()),
        (true, 1),
        "the API has only persons as launchers"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_history_is_shown_in_french(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task, _) = fixtures::running(base).await;
    story.report(&id(1), &json!({"task_id": task, "status": "RUNNING", "progress_value": 25, "end_value": 90, "result": [1]})).await.expect(200);
    story
        .send_on(
            As::Operator,
            &story.page(As::Operator, &path(task)).await.form("/cancel/"),
        )
        .await;
    let shown = story.french_page(As::Operator, &path(task)).await;
    for text in [
        "Le pipeline signale : en cours d’exécution, 25 sur 90, avec un résultat",
        "Arrêt demandé par la clé d’opérateur du fichier de configuration",
    ] {
        assert!(
            shown.at("live-events").contains(text),
            "{text}: {}",
            shown.at("live-events")
        );
    }
    let events = story
        .get(&format!("/tasks/{task}/events/"))
        .await
        .expect(200);
    let told: Vec<_> = events["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| (&event["code"], &event["data"], &event["detail"]))
        .collect();
    let (reported, cancelled) = (json!("reported_running"), json!("cancel_requested"));
    let data = json!({"progress_value": 25, "end_value": 90, "with_result": true});
    assert!(
        told.contains(&(&reported, &data, &json!("25 of 90, with a result"))),
        "{events}"
    );
    let by = json!({"by": {"kind": "settings_key", "role": "operator"}});
    assert!(
        told.contains(&(
            &cancelled,
            &by,
            &json!("by the operator key of the settings file")
        )),
        "{events}"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_launch_shows_its_reason_in_french(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &injected(), quick("succeed"))]))
        .begin()
        .await;
    story
        .fault(&json!({"fault": "run_limit", "count": 1}))
        .await;
    let place = format!("/dashboard/pipelines/{}/", id(1));
    let form = story.page(As::Operator, &place).await.form(&place);
    drop(
        story
            .ask_at(As::Operator, Method::POST, &form.action)
            .header("sec-fetch-site", "same-origin")
            .body("application/x-www-form-urlencoded", form.body())
            .send()
            .await,
    );
    story.advance(TimeDelta::seconds(1));
    let task = story.tasks().await[0]["id"].as_i64().unwrap();
    let limit = "l’espace de travail a atteint sa limite d’exécutions";
    let shown = story.french_page(As::Operator, &path(task)).await;
    assert!(
        shown.at("live-progress").contains(limit)
            && shown
                .at("live-events")
                .contains("OpenHEXA a refusé le lancement"),
        "{}",
        shown.text()
    );
    assert!(story.french_page(As::Operator, LIST).await.has(limit));
    story.end().await;
}

#[test]
fn each_event_and_note_has_its_own_code_and_a_text_in_both_languages() {
    let catalogues = ["en", "fr"].map(catalogue);
    let events = EventKind::ALL.iter().map(|kind| (kind.code(), kind.key()));
    let notes = NoteCode::ALL.iter().map(|code| (code.code(), code.key()));
    for all in [events.collect::<Vec<_>>(), notes.collect()] {
        let codes: BTreeSet<&str> = all.iter().map(|(code, _)| *code).collect();
        assert_eq!(codes.len(), all.len());
        for (code, key) in all {
            let has_words = |catalogue: &BTreeMap<_, _>| catalogue.contains_key(key);
            assert!(catalogues.iter().all(has_words), "{code}");
        }
    }
}
