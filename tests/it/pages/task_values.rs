//! The values of a task: all that its run uses, by name, with their origin; and the values of two tasks compared.

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::catalogue::{id, injected, parameter, pipeline, quick};
use crate::support::story::{As, Base, Postgres, Sqlite, Story, StoryBuilder};

fn path(task: i64) -> String {
    format!("/dashboard/tasks/{task}/")
}

fn pipelines() -> Value {
    let parameters = [
        parameter(
            "country",
            "str",
            json!({"name": "Country", "default": "Chad"}),
        ),
        parameter(
            "years",
            "int",
            json!({"name": "Number of years", "default": 5}),
        ),
        parameter("month", "str", json!({"name": "Month"})),
        parameter("level", "float", json!({"name": "Level"})),
        parameter("note", "str", json!({"name": "Note"})),
        parameter(
            "quick",
            "bool",
            json!({"name": "Quick", "disables": ["area"]}),
        ),
        parameter("area", "str", json!({"name": "Area", "default": "all"})),
        parameter("sms_key", "secret", json!({"name": "SMS key"})),
    ];
    let mut own = pipeline(
        1,
        &[&injected()[..], &parameters].concat(),
        quick("succeed"),
    );
    own["versions"][0]["config"] = json!({"years": 7});
    json!([own, pipeline(2, &injected(), quick("succeed"))])
}

async fn begin(base: Base) -> Story {
    let defaults = json!({"pipelines": [{"id": id(1), "parameters": {"month": "2026-02", "sms_key": "default-secret"}}]});
    let plan = StoryBuilder::on(base).pipelines(pipelines());
    plan.content(&defaults).begin().await
}

async fn launched(story: &Story, config: Value) -> i64 {
    let task = story.launch(&id(1), config).await;
    story.until_confirmed(task).await;
    task
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_value_is_shown_by_name_with_its_origin(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let task = launched(&story, json!({"level": 0.95, "quick": true})).await;
    let shown = story.page(As::Viewer, &path(task)).await;
    for text in [
        "Country country Chad default of the pipeline",
        "Number of years years 7 saved with the version",
        "Month month 2026-02 default for your account",
        "Level level 0.95 entered at launch",
        "Note note – no value",
        "Quick quick yes entered at launch",
        "Area area – disabled by another parameter",
        "SMS key sms_key •••• default for your account",
    ] {
        assert!(shown.has(text), "{text}: {}", shown.text());
    }
    assert!(!shown.answer.text.contains("default-secret") && !shown.has("connection_token"));
    let french = story.french_page(As::Viewer, &path(task)).await;
    for text in [
        "valeur par défaut du pipeline",
        "enregistrée avec la version",
        "valeur par défaut de votre compte",
        "saisie au lancement",
        "aucune valeur",
        "désactivée par un autre paramètre",
    ] {
        assert!(french.has(text), "{text}: {}", french.text());
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relaunch_says_from_which_task(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let first = launched(&story, json!({"level": 0.5})).await;
    let form = story
        .page(As::Operator, &path(first))
        .await
        .form("/relaunch/");
    let again = story.send_on(As::Operator, &form).await;
    let shown = story.page(As::Viewer, &again).await;
    assert!(
        shown
            .at("live-about")
            .contains(&format!("Relaunch from task {first}"))
    );
    assert!(shown.links().contains(&path(first)));
    assert!(
        shown.has(&format!("Level level 0.5 from task {first}")),
        "{}",
        shown.text()
    );
    let french = story.french_page(As::Viewer, &again).await;
    assert!(
        french
            .at("live-about")
            .contains(&format!("Relance à partir de la tâche {first}"))
    );
    assert!(
        french.has(&format!("Level level 0,5 reprise de la tâche {first}")),
        "{}",
        french.text()
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_openhexa_the_values_that_were_sent_are_shown(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let mut story = begin(base).await;
    let task = launched(&story, json!({"level": 0.5})).await;
    story.restart().await;
    story.stop_openhexa().await;
    let shown = story.page(As::Viewer, &path(task)).await;
    assert!(
        shown.has("only the values that were sent are listed: OpenHEXA"),
        "{}",
        shown.text()
    );
    assert!(shown.has("level 0.5 entered at launch"), "{}", shown.text());
    assert!(
        shown.has("sms_key •••• default for your account"),
        "{}",
        shown.text()
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_tasks_of_a_pipeline_are_compared(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let first = launched(&story, json!({"level": 0.5, "country": "Niger"})).await;
    story.advance(chrono::TimeDelta::seconds(2));
    let second = launched(&story, json!({"level": 0.5, "month": "2026-03"})).await;
    story.advance(chrono::TimeDelta::seconds(2));
    let third = launched(&story, json!({"level": 0.5, "month": "2026-03"})).await;
    let page = story.page(As::Viewer, &path(second)).await;
    assert!(page.links().contains(&format!("{}compare/", path(second))));
    let shown = story
        .page(As::Viewer, &format!("{}compare/", path(second)))
        .await;
    for text in [
        "2 values differ.".to_owned(),
        "Country country Chad default of the pipeline Niger entered at launch ≠ different".to_owned(),
        "Month month 2026-03 entered at launch 2026-02 default for your account ≠ different".to_owned(),
        "Level level 0.5 entered at launch 0.5 entered at launch same".to_owned(),
        "SMS key sms_key •••• default for your account •••• default for your account secret, not compared".to_owned(),
        format!("Compare task {second} with"),
    ] {
        assert!(shown.has(&text), "{text}: {}", shown.text());
    }
    assert!(!shown.answer.text.contains("default-secret"));
    assert!(shown.links().contains(&path(first)));
    let same = story
        .page(
            As::Viewer,
            &format!("{}compare/?with={third}", path(second)),
        )
        .await;
    assert!(same.has("All values are the same."), "{}", same.text());
    let french = story
        .french_page(As::Viewer, &format!("{}compare/?with={first}", path(third)))
        .await;
    assert!(
        french.has("2 valeurs diffèrent.") && french.has("≠ différent"),
        "{}",
        french.text()
    );
    let alone = story
        .page(As::Viewer, &format!("{}compare/", path(first)))
        .await;
    assert!(alone.has("This is the first task of this pipeline."));
    let previous = |task: i64| format!("{}compare/", path(task));
    for (task, has_previous) in [(first, false), (second, true)] {
        let page = story.page(As::Viewer, &path(task)).await;
        assert_eq!(page.links().contains(&previous(task)), has_previous);
        assert_eq!(
            page.has("This is the first task of this pipeline."),
            !has_previous
        );
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_tasks_of_the_same_pipeline_are_compared(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let task = launched(&story, json!({})).await;
    let other = story.launch(&id(2), json!({})).await;
    let compare = |with: String| format!("{}compare/?with={with}", path(task));
    let wrong = story
        .page_with(As::Viewer, &compare(other.to_string()), 400)
        .await;
    assert!(
        wrong.has(&format!(
            "Task {other} belongs to another pipeline: only tasks of the same"
        )),
        "{}",
        wrong.text()
    );
    story
        .page_with(As::Viewer, &compare("99999".to_owned()), 404)
        .await;
    story
        .page_with(As::Viewer, &compare("zzz".to_owned()), 400)
        .await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_text_replaces_the_saved_value(#[values(Sqlite, Postgres)] base: Base) {
    let mut own = pipeline(
        1,
        &[parameter("note", "str", json!({"name": "Note"}))],
        quick("succeed"),
    );
    own["versions"][0]["config"] = json!({"note": "saved"});
    let story = StoryBuilder::on(base).pipelines(json!([own])).begin().await;
    let task = launched(&story, json!({"note": ""})).await;
    let french = story.french_page(As::Viewer, &path(task)).await;
    assert!(
        french.has("Note note – laissée vide au lancement"),
        "{}",
        french.text()
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn defaults_of_a_version_that_cannot_be_loaded_do_not_count_as_different(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let mut all = pipelines();
    let mut second = all[0]["versions"][0].clone();
    (second["id"], second["versionNumber"]) = (json!(id(1011)), json!(2));
    all[0]["versions"].as_array_mut().unwrap().push(second);
    let mut story = StoryBuilder::on(base).pipelines(all).begin().await;
    let config = json!({"level": 0.5});
    let body = json!({"version": id(1001), "config": config});
    let place = format!("/pipelines/{}/launch/", id(1));
    let answer = story.post(&place, &body).await.expect(201);
    let first = answer["task"]["id"].as_i64().unwrap();
    story.until_confirmed(first).await;
    let second = launched(&story, config).await;
    let third = launched(&story, json!({"level": 0.7})).await;
    story.restart().await;
    let fault = json!({"fault": "html_500", "operation": "pipelineVersion", "count": 100});
    story.fault(&fault).await;
    let compare = |task: i64| format!("{}compare/?with={first}", path(task));
    let shown = story.page(As::Viewer, &compare(second)).await;
    for text in [
        "only the values that were sent are listed",
        "All values that are known are the same.",
        "Country country Chad default of the pipeline – value not known not known",
        "Level level 0.5 entered at launch 0.5 entered at launch same",
    ] {
        assert!(shown.has(text), "{text}: {}", shown.text());
    }
    assert!(!shown.has("different"), "{}", shown.text());
    let shown = story.page(As::Viewer, &compare(third)).await;
    assert!(shown.has("1 value differs."), "{}", shown.text());
    let french = story.french_page(As::Viewer, &compare(second)).await;
    for text in [
        "Toutes les valeurs connues sont identiques.",
        "– valeur inconnue inconnu",
    ] {
        assert!(french.has(text), "{text}: {}", french.text());
    }
    story.end().await;
}
