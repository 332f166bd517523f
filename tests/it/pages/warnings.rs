//! Warnings on the launch form: shown before anything is launched, and confirmed with "Launch anyway".

use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use super::{Form, Page};
use crate::support::catalogue::{id, parameter, pipeline, quick};
use crate::support::story::{As, Base, Postgres, Sqlite, Story, StoryBuilder};

fn path() -> String {
    format!("/dashboard/pipelines/{}/", id(1))
}

async fn begin(base: Base) -> (Story, Page) {
    let districts = json!({"path": "reference/districts.csv", "format": "csv", "column": "name"});
    let parameters = [
        parameter("population", "dataset", json!({"name": "Population"})),
        parameter("source", "dhis2", json!({"name": "Source"})),
        parameter("table", "file", json!({"name": "Table"})),
        parameter(
            "district",
            "str",
            json!({"name": "District", "choicesFromFile": districts}),
        ),
        parameter("note", "str", json!({"name": "Note"})),
        parameter("sms_key", "secret", json!({"name": "SMS key"})),
    ];
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &parameters, quick("succeed"))]))
        .begin()
        .await;
    let page = story.page(As::Operator, &path()).await;
    (story, page)
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doubtful_values_are_shown_first_and_launched_anyway(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, page) = begin(base).await;
    assert!(page.buttons().contains(&"Launch".to_owned()));
    let form = page
        .form(&path())
        .fill("config.population", &["popullation"])
        .fill("config.source", &["nowhere"])
        .fill("config.table", &["in/none.xlsx"])
        .fill("config.district", &["Atlantis"])
        .fill("config.note", &["kept"])
        .fill("debug", &["false", "true"]);
    let warned = story.refused(As::Operator, &form, 422).await;
    assert_eq!(story.tasks().await.len(), 0, "nothing is launched yet");
    for (code, sentence) in [
        (
            "population",
            "Population: no dataset “popullation” found in this workspace",
        ),
        (
            "source",
            "Source: no connection “nowhere” of this type found in this workspace",
        ),
        (
            "table",
            "Table: no file “in/none.xlsx” found in this workspace",
        ),
        (
            "district",
            "District: “Atlantis” is not one of the choices in reference/districts.csv",
        ),
    ] {
        let field = format!("field-{code}");
        assert_eq!(warned.at(&format!("{field}-warning")), sentence);
        assert!(warned.at("errors").contains(sentence), "{}", warned.text());
        assert!(warned.links().contains(&format!("#{field}")));
        let described = warned.attribute(&field, "aria-describedby").unwrap();
        assert!(
            described.contains(&format!("{field}-warning")),
            "{described}"
        );
        assert_eq!(warned.attribute(&field, "aria-invalid"), None, "{code}");
    }
    let told = warned.at("errors");
    assert!(
        told.starts_with("Check these values before you launch:"),
        "{told}"
    );
    assert!(told.contains("Nothing has been launched yet."), "{told}");
    assert!(warned.answer.text.contains("<title>Check: Pipeline 1"));
    assert!(warned.buttons().contains(&"Launch anyway".to_owned()));
    let again = warned.form(&path());
    assert_eq!(again.value("config.note"), ["kept"]);
    assert_eq!(again.value("debug"), ["false", "true"]);
    assert_eq!(again.value("confirmed").len(), 4);
    let (one, two) = tokio::join!(
        story.send_on(As::Operator, &again),
        story.send_on(As::Operator, &again)
    );
    assert_eq!(one, two, "one task");
    let runs = story.runs().await;
    assert_eq!(
        (runs.len(), &runs[0]["config"]["population"]),
        (1, &json!("popullation"))
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_was_shown_is_confirmed(#[values(Sqlite, Postgres)] base: Base) {
    let (story, page) = begin(base).await;
    let form = page
        .form(&path())
        .fill("config.population", &["one"])
        .fill("config.district", &["Atlantis"]);
    let warned = story.refused(As::Operator, &form, 422).await;
    // The same sentence about another value is another warning.
    let other = warned.form(&path()).fill("config.district", &["Utopia"]);
    let warned_again = story.refused(As::Operator, &other, 422).await;
    assert!(
        warned_again
            .at("field-district-warning")
            .contains("reference/districts.csv")
    );
    assert_eq!(story.tasks().await.len(), 0);
    // One of two that were shown needs no further question.
    let fixed = warned_again
        .form(&path())
        .fill("config.population", &["population-2026"]);
    story.send_on(As::Operator, &fixed).await;
    assert_eq!(story.runs().await[0]["config"]["district"], "Utopia");
    // A made-up confirmation confirms nothing.
    let fresh = story.page(As::Operator, &path()).await.form(&path());
    let mut forged = fresh.fill("config.population", &["one"]);
    forged.pairs.push(("confirmed".to_owned(), "x".repeat(24)));
    story.refused(As::Operator, &forged, 422).await;
    assert_eq!(story.tasks().await.len(), 1);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_doubts_and_in_the_api_nothing_is_asked(#[values(Sqlite, Postgres)] base: Base) {
    let (story, page) = begin(base).await;
    let form = page
        .form(&path())
        .fill("config.population", &["population-2026"]);
    story.send_on(As::Operator, &form).await;
    story
        .launch(&id(1), json!({"population": "popullation"}))
        .await;
    // A form that is opened again has confirmed no warning.
    let page = story.page(As::Operator, &path()).await;
    assert!(page.form(&path()).value("confirmed").is_empty());
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_saved_value_that_is_missing_in_the_workspace_is_shown_too(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let parameters = [parameter(
        "population",
        "dataset",
        json!({"name": "Population"}),
    )];
    let mut own = pipeline(1, &parameters, quick("succeed"));
    own["versions"][0]["config"] = json!({"population": "population-2019"});
    let story = StoryBuilder::on(base).pipelines(json!([own])).begin().await;
    let form = story.page(As::Operator, &path()).await.form(&path());
    let ask = story
        .ask_at(As::Operator, Method::POST, &form.action)
        .header("sec-fetch-site", "same-origin")
        .header("accept-language", "fr");
    let french = ask
        .body("application/x-www-form-urlencoded", form.body())
        .send()
        .await;
    let french = Page::of(french, 422);
    assert!(
        french
            .at("field-population-warning")
            .contains("population-2019")
    );
    assert!(
        french
            .at("errors")
            .starts_with("Vérifiez ces valeurs avant de lancer")
    );
    assert!(french.buttons().contains(&"Lancer quand même".to_owned()));
    story.send_on(As::Operator, &french.form(&path())).await;
    assert_eq!(story.runs().await.len(), 1);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_is_not_forgotten_between_warning_and_launch(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, page) = begin(base).await;
    let secret = story.secrets.parameter.clone();
    let form = page
        .form(&path())
        .fill("config.population", &["one"])
        .fill("config.sms_key", &[&secret]);
    let warned = story.refused(As::Operator, &form, 422).await;
    assert!(!warned.answer.text.contains(&secret));
    let above = "SMS key: type this secret again, because it is not kept on this page";
    assert!(warned.at("errors").contains(above), "{}", warned.text());
    assert!(warned.links().contains(&"#field-sms_key".to_owned()));
    let refused = story
        .refused(As::Operator, &warned.form(&path()), 400)
        .await;
    assert!(
        refused.at("field-sms_key-error").contains("Type it again"),
        "{}",
        refused.text()
    );
    assert_eq!(story.tasks().await.len(), 0);
    let form = refused.form(&path()).fill("config.sms_key", &[&secret]);
    story.send_on(As::Operator, &form).await;
    assert_eq!(story.runs().await[0]["config"]["sms_key"], json!(secret));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_openhexa_no_warnings_are_shown(#[values(Sqlite, Postgres)] base: Base) {
    let (mut story, page) = begin(base).await;
    story.stop_openhexa().await;
    // What the form has loaded is not known any more.
    story.advance(chrono::TimeDelta::minutes(1));
    let form = page
        .form(&path())
        .fill("config.population", &["popullation"]);
    let task = story.send_on(As::Operator, &form).await;
    assert!(task.starts_with("/dashboard/tasks/"));
    story.end().await;
}

async fn begin_with_number(base: Base) -> (Story, Page) {
    let districts = json!({"path": "reference/districts.csv", "format": "csv", "column": "name"});
    let parameters = [
        parameter("years", "int", json!({"name": "Years"})),
        parameter("district", "str", json!({"choicesFromFile": districts})),
        parameter("sms_key", "secret", json!({"name": "SMS key"})),
    ];
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &parameters, quick("succeed"))]))
        .begin()
        .await;
    let page = story.page(As::Operator, &path()).await;
    (story, page)
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_is_not_forgotten_between_error_and_launch(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, page) = begin_with_number(base).await;
    let secret = story.secrets.parameter.clone();
    let form = page
        .form(&path())
        .fill("config.years", &["five"])
        .fill("config.sms_key", &[&secret]);
    let wrong = story.refused(As::Operator, &form, 400).await;
    let form = wrong.form(&path()).fill("config.years", &["5"]);
    let refused = story.refused(As::Operator, &form, 400).await;
    assert_eq!(
        refused.at("field-sms_key-error"),
        "SMS key is a secret, so the form did not keep it. Type it again. To launch without typing it, press the button \
        again: the saved or default value is then used, if there is one"
    );
    let ask = story
        .ask_at(As::Operator, Method::POST, &form.action)
        .header("sec-fetch-site", "same-origin")
        .header("accept-language", "fr");
    let french = ask
        .body("application/x-www-form-urlencoded", form.body())
        .send()
        .await;
    let french = Page::of(french, 400).at("field-sms_key-error");
    assert!(
        french.contains(
            "est un secret : le formulaire ne l’a pas conservé. Saisissez-le de nouveau."
        ),
        "{french}"
    );
    assert_eq!(story.tasks().await.len(), 0);
    story.send_on(As::Operator, &refused.form(&path())).await;
    let runs = story.runs().await;
    assert_eq!(runs[0]["config"]["years"], 5);
    assert!(runs[0]["config"].get("sms_key").is_none(), "{runs:?}");
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_is_not_forgotten_while_choices_are_loaded(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, page) = begin_with_number(base).await;
    let secret = story.secrets.parameter.clone();
    let choices = |form: Form| Form {
        action: format!("{}choices/", path()),
        ..form
    };
    let form = page.form(&path()).fill("config.sms_key", &[&secret]);
    let mut form = choices(form);
    for _ in 0..2 {
        let loaded = story.refused(As::Operator, &form, 200).await;
        form = choices(loaded.form(&path()));
        assert_eq!(form.value("retype"), ["sms_key"]);
    }
    let form = Form {
        action: path(),
        ..form
    };
    let refused = story.refused(As::Operator, &form, 400).await;
    assert!(
        refused.at("field-sms_key-error").contains("Type it again"),
        "{}",
        refused.text()
    );
    let form = refused.form(&path()).fill("config.sms_key", &[&secret]);
    story.send_on(As::Operator, &form).await;
    assert_eq!(story.runs().await[0]["config"]["sms_key"], json!(secret));
    story.end().await;
}
