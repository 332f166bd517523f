//! Texts of the pages: numbers in the reader's format, and errors with a readable name.

use rstest::rstest;
use serde_json::{Value, json};

use super::{Form, Page};
use crate::support::catalogue::{id, injected, parameter, pipeline, quick};
use crate::support::fixtures;
use crate::support::story::{As, Base, Postgres, Sqlite, Story, StoryBuilder};

fn path() -> String {
    format!("/dashboard/pipelines/{}/", id(1))
}

#[track_caller]
fn title(page: &Page) -> String {
    let document = page.parse();
    let title = document
        .descendants()
        .find(|node| node.has_tag_name("title"));
    super::words(title.unwrap())
}

async fn with_defaults(plan: StoryBuilder, parameters: &[Value], values: Value) -> Story {
    let defaults = json!({"pipelines": [{"id": id(1), "parameters": values}]});
    let plan = plan.pipelines(json!([pipeline(1, parameters, quick("succeed"))]));
    plan.content(&defaults).begin().await
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_in_hints_are_grouped_and_those_in_fields_are_not(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let parameters = [
        parameter("target", "float", json!({})),
        parameter("org_unit_id", "int", json!({})),
        parameter("note", "str", json!({})),
    ];
    let values = json!({"target": 12371.5, "org_unit_id": 12371, "note": "mine"});
    let story = with_defaults(StoryBuilder::on(base), &parameters, values).await;
    let page = story.page(As::Operator, &path()).await;
    let french = story.french_page(As::Operator, &path()).await;
    for (page, told, typed) in [
        (&page, "12,371.5", "12371.5"),
        (&french, "12\u{202f}371,5", "12371,5"),
    ] {
        assert!(
            page.at("field-target-box")
                .contains(&told.replace('\u{202f}', " "))
                || page.at("field-target-box").contains(told),
            "{}",
            page.text()
        );
        assert_eq!(page.attribute("field-target", "value").unwrap(), typed);
        assert!(
            page.at("field-org_unit_id-box").contains(" 12371"),
            "{}",
            page.text()
        );
    }
    assert!(
        page.at("field-target-hint")
            .ends_with("Default for your account: 12,371.5 (used if the field is empty)."),
        "{}",
        page.text()
    );
    assert!(
        french
            .at("field-note-hint")
            .ends_with("Si le champ est vide : aucune valeur."),
        "{}",
        french.text()
    );
    let form = page.form(&path()).fill("config.note", &[""]);
    story.send_on(As::Operator, &form).await;
    let config = story.runs().await[0]["config"].clone();
    assert_eq!(
        (&config["note"], &config["target"]),
        (&Value::Null, &json!(12371.5)),
        "the value that the page showed"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_page_says_so_in_its_title(#[values(Sqlite, Postgres)] base: Base) {
    let story = with_defaults(
        StoryBuilder::on(base),
        &[parameter("lots", "int", json!({}))],
        json!({}),
    )
    .await;
    let page = story.page(As::Operator, &path()).await;
    assert!(title(&page).starts_with("Pipeline 1"), "{}", title(&page));
    let refused = story
        .refused(
            As::Operator,
            &page.form(&path()).fill("config.lots", &["many"]),
            400,
        )
        .await;
    assert!(
        title(&refused).starts_with("Error: Pipeline 1"),
        "{}",
        title(&refused)
    );
    assert!(!refused.answer.text.contains("aria-describedby=\"\""));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_of_choices_that_is_missing_is_named_at_its_field(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let file = json!({"path": "reference/none.csv", "format": "csv", "column": "name"});
    let parameters = [parameter(
        "district",
        "str",
        json!({"choicesFromFile": file}),
    )];
    let story = with_defaults(StoryBuilder::on(base), &parameters, json!({})).await;
    let mut form = story.page(As::Operator, &path()).await.form(&path());
    form.action = format!("{}choices/", form.action);
    form.pairs.push(("load".to_owned(), "district".to_owned()));
    let page = super::Page::of(story.send(As::Operator, &form).await, 200);
    assert!(
        page.at("field-district-hint")
            .contains("Choices file 'reference/none.csv' not found"),
        "{}",
        page.text()
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_of_an_unknown_workspace_says_which_steps_cannot_be_tested(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = with_defaults(StoryBuilder::on(base), &[], json!({})).await;
    let settings = "/dashboard/settings/";
    let form = story
        .page(As::Admin, settings)
        .await
        .form(settings)
        .fill("workspace_slug", &["nowhere"]);
    let form = Form {
        action: format!("{settings}check/"),
        ..form
    };
    let page = story.refused(As::Admin, &form, 200).await;
    let told = page.at("checks");
    for text in [
        "The OpenHEXA workspace was not found",
        "Listing pipelines cannot be tested",
        "Launching pipelines cannot be tested",
        "Stopping runs cannot be tested",
    ] {
        assert_eq!(told.matches(text).count(), 1, "{text}: {told}");
    }
    assert!(
        !told.contains("0 pipelines") && !told.contains("no pipeline to ask"),
        "{told}"
    );
    let form = Form {
        action: format!("{settings}check/"),
        ..story.page(As::Admin, settings).await.form(settings)
    };
    let page = story.refused(As::Admin, &form, 200).await;
    assert!(
        page.at("checks").contains("1 pipeline can be listed"),
        "{}",
        page.text()
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn levels_and_reports_are_shown_in_french(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task, run) = fixtures::running(base).await;
    story.report(&id(1), &json!({"task_id": task, "status": "RUNNING", "progress_value": 25, "end_value": 100, "progress_message": "Lecture"})).await.expect(200);
    story
        .drive(
            &run,
            &json!({"status": "failed", "message": "Colonne absente"}),
        )
        .await;
    story.until_confirmed(task).await;
    let path = format!("/dashboard/tasks/{task}/");
    let shown = story.french_page(As::Operator, &path).await;
    assert_eq!(shown.at("failure"), "Colonne absente");
    for text in ["AVANCEMENT Lecture", "ERREUR Affiché en haut de cette page"] {
        assert!(
            shown.at("live-messages").contains(text),
            "{text}: {}",
            shown.text()
        );
    }
    assert!(
        shown
            .at("live-events")
            .contains("Le pipeline signale : en cours d’exécution, 25 %"),
        "{}",
        shown.text()
    );
    assert!(
        shown.answer.text.contains("En erreur\u{a0}: "),
        "{}",
        shown.at("live-status")
    );
    let english = story.page(As::Operator, &path).await;
    assert!(
        english
            .at("live-messages")
            .contains("ERROR Shown at the top of this page"),
        "{}",
        english.text()
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_default_values_of_a_task_are_shown_without_secrets(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let parameters = [
        parameter("years", "int", json!({"default": 5})),
        parameter("country", "str", json!({"default": "Chad"})),
        parameter("key", "secret", json!({"default": "default-secret"})),
    ];
    let mut own = pipeline(
        1,
        &[&injected()[..], &parameters].concat(),
        quick("succeed"),
    );
    own["versions"][0]["config"] = json!({"years": 7});
    let story = StoryBuilder::on(base).pipelines(json!([own])).begin().await;
    let task = story.launch(&id(1), json!({})).await;
    story.until_confirmed(task).await;
    let path = format!("/dashboard/tasks/{task}/");
    let shown = story.page(As::Viewer, &path).await;
    for text in [
        "years 7 saved with the version",
        "country Chad default of the pipeline",
        "key •••• default of the pipeline",
    ] {
        assert!(shown.has(text), "{text}: {}", shown.text());
    }
    assert!(!shown.answer.text.contains("default-secret"));
    assert!(
        story
            .french_page(As::Viewer, &path)
            .await
            .has("country Chad valeur par défaut du pipeline")
    );
    let given = story.launch(&id(1), json!({"country": "Niger"})).await;
    let shown = story
        .page(As::Viewer, &format!("/dashboard/tasks/{given}/"))
        .await;
    assert!(
        shown.has("country Niger entered at launch") && shown.has("years 7 saved with the version"),
        "{}",
        shown.text()
    );
    story.end().await;
}

/// A comma in French, a point in English, and no line break before a percent sign.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn figures_have_one_decimal_mark_in_each_language(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task, _) = fixtures::running(base).await;
    let report =
        json!({"task_id": task, "status": "RUNNING", "progress_value": 25, "end_value": 100});
    story.report(&id(1), &report).await.expect(200);
    let path = format!("/dashboard/tasks/{task}/");
    for path in [path.as_str(), "/dashboard/tasks/"] {
        for page in [
            story.page(As::Viewer, path).await,
            story.french_page(As::Viewer, path).await,
        ] {
            let html = &page.answer.text;
            assert!(
                html.contains("25\u{202f}%") && !html.contains("25 %"),
                "{path}: {html}"
            );
        }
    }
    for (result, english, french) in [
        (
            json!([{"coverage": 92.5, "code": 1.5, "n": 12371}]),
            "92.5 1.5 12,371",
            "92,5 1,5 12 371",
        ),
        (
            json!({"coverage": 92.5, "code": 12371}),
            "coverage 92.5 code 12371",
            "coverage 92,5 code 12371",
        ),
        (
            json!([0.25, -1.5, 12371]),
            "0.25 -1.5 12371",
            "0,25 -1,5 12371",
        ),
        (json!(1234.5), "1234.5", "1234,5"),
    ] {
        let report = json!({"task_id": task, "status": "RUNNING", "result": result});
        story.report(&id(1), &report).await.expect(200);
        let page = story.page(As::Viewer, &path).await;
        assert!(
            page.at("live-result").contains(english),
            "{}",
            page.at("live-result")
        );
        let page = story.french_page(As::Viewer, &path).await;
        assert!(
            page.at("live-result").contains(french),
            "{}",
            page.at("live-result")
        );
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_is_confirmed_with_the_number_and_has_one_word(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, task, _) = fixtures::running(base).await;
    let path = format!("/dashboard/tasks/{task}/");
    let english = story.page(As::Operator, &path).await;
    assert!(
        english.has(&format!(
            "Stop task {task}? What it has already written is kept."
        )),
        "{}",
        english.text()
    );
    let french = story.french_page(As::Operator, &path).await;
    assert!(
        french.has(&format!(
            "Arrêter la tâche {task} ? Ce qu’elle a déjà écrit sera conservé."
        )),
        "{}",
        french.text()
    );
    assert!(french.buttons().contains(&"Arrêter la tâche".to_owned()));
    story.send_on(As::Operator, &english.form("/cancel/")).await;
    story.until_confirmed(task).await;
    for path in [path.as_str(), "/dashboard/tasks/", "/dashboard/monitoring/"] {
        let english = story.page(As::Operator, path).await.text();
        assert!(
            english.contains("Stopped") && !english.to_lowercase().contains("cancel"),
            "{english}"
        );
        let french = story.french_page(As::Operator, path).await.text();
        assert!(
            french.contains("Arrêtée") && !french.contains("nnul"),
            "{french}"
        );
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_has_its_article_in_a_french_history(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task, _) = fixtures::running(base).await;
    let key = As::Bearer(
        story
            .create_key(&["--role", "operator", "--name", "ops"])
            .await,
    );
    let path = format!("/dashboard/tasks/{task}/");
    let form = story.page(key.clone(), &path).await.form("/cancel/");
    story.send_on(key.clone(), &form).await;
    let french = story.french_page(key, &path).await;
    assert!(
        french
            .at("live-events")
            .contains("Arrêt demandé par la clé 1 (ops)"),
        "{}",
        french.at("live-events")
    );
    story.end().await;
}
