//! A pipeline's page: the initial values of its form, its versions and its past runs.

use chrono::TimeDelta;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::catalogue::{id, injected, parameter, pipeline, quick, with};
use crate::support::story::{As, Base, Postgres, Sqlite, Story, StoryBuilder};

fn path() -> String {
    format!("/dashboard/pipelines/{}/", id(1))
}

async fn with_parameters(base: Base, parameters: &[Value]) -> Story {
    StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, parameters, quick("succeed"))]))
        .begin()
        .await
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_field_has_the_value_that_would_be_used_and_its_source(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let parameters = [
        parameter(
            "country",
            "str",
            json!({"name": "Country", "help": "Where the survey is", "default": "Chad"}),
        ),
        parameter("years", "int", json!({"default": 5})),
        parameter("growth", "float", json!({"default": 2.5, "required": true})),
        parameter("whole", "bool", json!({"default": true})),
        parameter("lots", "int", json!({"required": true})),
        parameter("region", "str", json!({"default": "North"})),
    ];
    let mut own = pipeline(1, &parameters, quick("succeed"));
    own["versions"][0]["config"] = json!({"years": 7});
    let values = json!({"country": "Niger", "region": "North"});
    let defaults = json!({"pipelines": [{"id": id(1), "parameters": values}]});
    let story = StoryBuilder::on(base)
        .pipelines(json!([own]))
        .content(&defaults)
        .begin()
        .await;
    let page = story.page(As::Operator, &path()).await;
    for (code, value, hint) in [
        (
            "country",
            "Niger",
            "Default for your account: Niger. If the field is empty: Chad (default of the pipeline).",
        ),
        (
            "years",
            "7",
            "A whole number. Default: 7 (used if the field is empty).",
        ),
        (
            "growth",
            "2.5",
            "A number, such as 2.5. Default: 2.5 (used if the field is empty).",
        ),
        ("lots", "", "A whole number."),
        (
            "region",
            "North",
            "Default: North (used if the field is empty).",
        ),
    ] {
        let field = format!("field-{code}");
        assert_eq!(
            page.attribute(&field, "value").as_deref(),
            Some(value),
            "{code}"
        );
        assert_eq!(
            page.attribute(&field, "name").unwrap(),
            format!("config.{code}")
        );
        assert_eq!(page.at(&format!("{field}-hint")), hint);
    }
    assert_eq!(page.at("field-country-help"), "Where the survey is");
    assert_eq!(
        page.attribute("field-country", "aria-describedby").unwrap(),
        "field-country-help field-country-hint"
    );
    assert_eq!(
        page.attribute("field-whole", "checked").as_deref(),
        Some("checked")
    );
    assert!(
        page.at("field-lots-box").contains("(required)")
            && !page.at("field-growth-box").contains("(required)")
    );
    let french = story.french_page(As::Operator, &path()).await;
    assert_eq!(
        french.at("field-years-hint"),
        "Un nombre entier. Valeur par défaut : 7 (utilisée si le champ est vide)."
    );
    assert!(french.buttons().contains(&"Lancer".to_owned()));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_is_never_in_a_page(#[values(Sqlite, Postgres)] base: Base) {
    let parameters = [
        parameter("sms_key", "secret", json!({"default": "default-secret"})),
        parameter("db_key", "secret", json!({})),
        parameter("own_key", "secret", json!({})),
    ];
    let mut own = pipeline(1, &parameters, quick("succeed"));
    own["versions"][0]["config"] = json!({"db_key": "saved-secret"});
    let defaults =
        json!({"pipelines": [{"id": id(1), "parameters": {"own_key": "account-secret"}}]});
    let story = StoryBuilder::on(base)
        .pipelines(json!([own]))
        .content(&defaults)
        .begin()
        .await;
    let page = story.page(As::Admin, &path()).await;
    for secret in ["default-secret", "saved-secret", "account-secret"] {
        assert!(!page.answer.text.contains(secret), "{secret}");
    }
    assert_eq!(
        page.at("field-own_key-hint"),
        "This value will not be shown again. Default for your account: ••••."
    );
    let form = page.form(&path()).fill("config.own_key", &["typed-secret"]);
    let form = form.fill("config.sms_key", &["other-secret"]);
    story.send_on(As::Operator, &form).await;
    let run = &story.runs().await[0]["config"];
    assert_eq!(
        (&run["own_key"], &run["sms_key"], &run["db_key"]),
        (
            &json!("typed-secret"),
            &json!("other-secret"),
            &json!("saved-secret")
        )
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_viewer_sees_the_form_without_buttons(#[values(Sqlite, Postgres)] base: Base) {
    let story = with_parameters(base, &[parameter("years", "int", json!({"default": 5}))]).await;
    let page = story.page(As::Viewer, &path()).await;
    assert_eq!(page.buttons(), [""; 0]);
    assert_eq!(page.attribute("field-years", "value").as_deref(), Some("5"));
    let form = page.form(&path());
    assert_eq!(
        form.value("config.years"),
        [""; 0],
        "no field can be changed"
    );
    let refused = story.refused(As::Viewer, &form, 403).await;
    assert!(
        refused.has("You are not allowed to do this") || refused.has("permission"),
        "{}",
        refused.text()
    );
    assert_eq!(story.runs().await.len(), 0);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_version_has_its_own_form(#[values(Sqlite, Postgres)] base: Base) {
    let mut own = pipeline(1, &[parameter("old", "str", json!({}))], quick("succeed"));
    let new = with(
        own["versions"][0].clone(),
        json!({"id": id(2001), "versionNumber": 2, "name": "June", "parameters": [parameter("new", "str", json!({}))]}),
    );
    own["versions"].as_array_mut().unwrap().push(new);
    let story = StoryBuilder::on(base).pipelines(json!([own])).begin().await;
    let page = story.page(As::Operator, &path()).await;
    assert!(
        page.has("v2 · June (current)")
            && page.attribute("field-new", "name").is_some()
            && page.attribute("field-old", "name").is_none()
    );
    let page = story
        .page(As::Operator, &format!("{}?version={}", path(), id(1001)))
        .await;
    assert!(
        page.has("older version")
            && page.attribute("field-old", "name").is_some()
            && page.attribute("field-new", "name").is_none()
    );
    let without_dashes = format!("{}?version={}", path(), id(1001).replace('-', ""));
    assert!(
        story
            .page(As::Operator, &without_dashes)
            .await
            .has("older version")
    );
    let form = page.form(&path()).fill("config.old", &["yes"]);
    let task = story.send_on(As::Operator, &form).await;
    assert!(story.page(As::Operator, &task).await.has("v1"));
    assert_eq!(story.runs().await[0]["config"]["old"], "yes");
    for version in ["none", &id(9), &id(2002)] {
        story
            .page_with(As::Operator, &format!("{}?version={version}", path()), 400)
            .await;
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notebook_has_no_parameters_and_can_be_launched(#[values(Sqlite, Postgres)] base: Base) {
    let notebook = with(
        pipeline(1, &[], quick("succeed")),
        json!({"type": "notebook", "versions": []}),
    );
    let empty = with(pipeline(2, &[], quick("succeed")), json!({"versions": []}));
    let story = StoryBuilder::on(base)
        .pipelines(json!([notebook, empty]))
        .begin()
        .await;
    let page = story.page(As::Operator, &path()).await;
    assert!(page.has("This pipeline has no parameters."));
    story.send_on(As::Operator, &page.form(&path())).await;
    assert_eq!(story.runs().await.len(), 1);
    let page = story
        .page(As::Operator, &format!("/dashboard/pipelines/{}/", id(2)))
        .await;
    assert!(page.has("This pipeline has no version yet") && page.buttons().is_empty());
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn choices_are_read_from_their_file_on_request(#[values(Sqlite, Postgres)] base: Base) {
    let file = json!({"path": "reference/districts.csv", "format": "csv", "column": "name"});
    let parameters = [
        parameter("district", "str", json!({"choicesFromFile": file})),
        parameter("note", "str", json!({})),
    ];
    let story = with_parameters(base, &parameters).await;
    let page = story.page(As::Operator, &path()).await;
    assert!(page.buttons().contains(&"Show the list".to_owned()));
    assert_eq!(
        page.attribute("field-district", "type").as_deref(),
        Some("text")
    );
    assert_eq!(story.request_count("ParameterChoices").await, 0);
    let mut form = page.form(&path()).fill("config.note", &["typed before"]);
    form.pairs.push(("load".to_owned(), "district".to_owned()));
    form.action.push_str("choices/");
    let loaded = story.refused(As::Operator, &form, 200).await;
    assert_eq!(story.runs().await.len(), 0, "nothing was launched");
    assert_eq!(
        loaded.attribute("field-note", "value").as_deref(),
        Some("typed before")
    );
    let answer = story
        .get(&format!(
            "/pipelines/{}/parameters/district/choices/",
            id(1)
        ))
        .await
        .expect(200);
    let first = answer["results"][0].as_str().unwrap().to_owned();
    assert!(
        loaded.at("field-district").contains(&first),
        "{}",
        loaded.text()
    );
    let form = loaded.form(&path()).fill("config.district", &[&first]);
    assert_eq!(form.value("loaded"), ["district"]);
    story.send_on(As::Operator, &form).await;
    assert_eq!(story.runs().await[0]["config"]["district"], first);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn past_runs_are_listed_plotted_and_can_be_launched_again(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let parameters = [
        injected(),
        vec![
            parameter("years", "int", json!({"default": 5})),
            parameter("sms_key", "secret", json!({})),
        ],
    ]
    .concat();
    let story = with_parameters(base, &parameters).await;
    let page = story.page(As::Operator, &path()).await;
    assert!(page.has("Never run") && page.attribute("plot-title", "id").is_none());
    let launched = story
        .launch(
            &id(1),
            json!({"years": 0, "sms_key": story.secrets.parameter}),
        )
        .await;
    story.until_confirmed(launched).await;
    let other = story.launch(&id(1), json!({})).await;
    story.until_confirmed(other).await;
    story.foreign_run(&id(1), json!({})).await;
    story.advance(TimeDelta::minutes(1));
    let page = story.page(As::Operator, &path()).await;
    assert!(
        page.has("Duration of recent runs") && page.has("from OpenHEXA"),
        "{}",
        page.text()
    );
    let again = format!("{}?again={launched}", path());
    assert!(
        page.links().contains(&again)
            && page
                .links()
                .contains(&format!("/dashboard/tasks/{launched}/"))
    );
    assert!(
        !story
            .page(As::Viewer, &path())
            .await
            .links()
            .contains(&again)
    );
    let page = story.page(As::Operator, &again).await;
    assert_eq!(page.attribute("field-years", "value").as_deref(), Some("0"));
    assert_eq!(
        page.attribute("field-sms_key", "value").as_deref(),
        Some("")
    );
    let hint = format!("Task {launched} used a secret, which is not stored: type it again.");
    assert!(page.at("field-sms_key-hint").contains(&hint), "{hint}");
    let refused = story.refused(As::Operator, &page.form(&path()), 400).await;
    assert!(
        refused.at("field-sms_key-error").contains("Type it again"),
        "{}",
        refused.text()
    );
    let form = page.form(&path()).fill("config.sms_key", &["another"]);
    story.send_on(As::Operator, &form).await;
    let run = &story.runs().await[3]["config"];
    assert_eq!(
        (&run["years"], &run["sms_key"]),
        (&json!(0), &json!("another"))
    );
    story.send_on(As::Operator, &refused.form(&path())).await;
    assert_eq!(
        story.runs().await[4]["config"].get("sms_key"),
        None,
        "sent again without it, it is launched without it"
    );
    let french = story.french_page(As::Operator, &again).await;
    let hint = format!(
        "La tâche {launched} utilisait un secret, qui n’est pas conservé : saisissez-le de nouveau."
    );
    assert!(french.at("field-sms_key-hint").contains(&hint), "{hint}");
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_openhexa_the_form_is_shown_with_its_age(#[values(Sqlite, Postgres)] base: Base) {
    let mut story =
        with_parameters(base, &[parameter("years", "int", json!({"default": 5}))]).await;
    story.page(As::Operator, &path()).await;
    story.stop_openhexa().await;
    story.advance(TimeDelta::minutes(1));
    let page = story.page(As::Operator, &path()).await;
    assert!(
        page.has("OpenHEXA is not responding.") && page.has("OpenHEXA is unreachable"),
        "{}",
        page.text()
    );
    let task = story.send_on(As::Operator, &page.form(&path())).await;
    assert!(
        story.page(As::Operator, &task).await.has("Queued"),
        "launched as soon as OpenHEXA responds"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn disabled_parameters_are_not_validated(#[values(Sqlite, Postgres)] base: Base) {
    let parameters = [
        parameter(
            "whole",
            "bool",
            json!({"default": false, "disables": ["district"]}),
        ),
        parameter("district", "str", json!({"required": true})),
    ];
    let story = with_parameters(base, &parameters).await;
    let page = story.page(As::Operator, &path()).await;
    assert_eq!(
        page.attribute("field-whole-box", "data-disables")
            .as_deref(),
        Some("district")
    );
    assert_eq!(
        page.attribute("field-whole-box", "data-disable-when")
            .as_deref(),
        Some("true")
    );
    let form = page.form(&path());
    assert!(
        story
            .refused(As::Operator, &form, 400)
            .await
            .has("district is required")
    );
    // Without JavaScript the browser sends the field, with it it does not: both are the same launch.
    story
        .send_on(
            As::Operator,
            &form.clone().fill("config.whole", &["false", "true"]),
        )
        .await;
    let page = story.page(As::Operator, &path()).await;
    story
        .send_on(
            As::Operator,
            &page
                .form(&path())
                .fill("config.whole", &["false", "true"])
                .fill("config.district", &[]),
        )
        .await;
    for run in story.runs().await {
        assert_eq!(
            (&run["config"]["whole"], run["config"].get("district")),
            (&json!(true), None)
        );
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_request_gets_no_body(#[values(Sqlite, Postgres)] base: Base) {
    let story = with_parameters(base, &[]).await;
    let answer = story.ask_at(As::Viewer, Method::HEAD, &path()).send().await;
    assert_eq!((answer.status, answer.text.as_str()), (200, ""));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_shows_openhexas_own_schedule(#[values(Sqlite, Postgres)] base: Base) {
    let scheduled = with(
        pipeline(1, &[], quick("succeed")),
        json!({"schedule": "0 2 * * *"}),
    );
    let other = pipeline(2, &[], quick("succeed"));
    let story = StoryBuilder::on(base)
        .pipelines(json!([scheduled, other]))
        .begin()
        .await;
    let page = story.page(As::Viewer, &path()).await;
    assert_eq!(
        page.at("schedule"),
        "OpenHEXA itself runs this pipeline on a schedule: 0 2 * * * (UTC)"
    );
    let french = story.french_page(As::Viewer, &path()).await;
    assert_eq!(
        french.at("schedule"),
        "OpenHEXA exécute lui-même ce pipeline selon une planification : 0 2 * * * (UTC)"
    );
    let other = format!("/dashboard/pipelines/{}/", id(2));
    assert!(
        !story
            .page(As::Viewer, &other)
            .await
            .has("runs this pipeline on a schedule")
    );
    story.end().await;
}
