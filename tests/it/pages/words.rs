//! The words of the pages: numbers in the reader's format, and errors with a readable name.

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
async fn numbers_beside_a_box_are_the_readers_and_those_in_it_are_as_they_are_sent(
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
    for (page, told) in [(&page, "12,371.5"), (&french, "12\u{202f}371,5")] {
        assert!(
            page.at("field-target-box")
                .contains(&told.replace('\u{202f}', " "))
                || page.at("field-target-box").contains(told),
            "{}",
            page.text()
        );
        assert_eq!(page.attribute("field-target", "value").unwrap(), "12371.5");
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
        "as the page said"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_page_says_so_in_its_title(#[values(Sqlite, Postgres)] base: Base) {
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
async fn a_test_of_an_unknown_workspace_says_what_cannot_be_told_and_why(
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
async fn levels_and_reports_are_told_in_french(#[values(Sqlite, Postgres)] base: Base) {
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
        shown.at("live-told")
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
