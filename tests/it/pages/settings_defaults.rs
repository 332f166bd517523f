//! The default parameters of an account: every type is stored, validated and used.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use super::settings::{SETTINGS, audit_line, record};
use super::{Form, Page};
use crate::support::catalogue::{id, injected, parameter, pipeline, quick};
use crate::support::story::{As, Base, Postgres, Sqlite, Story, StoryBuilder};

fn path() -> String {
    format!("{SETTINGS}pipelines/{}/", id(1))
}

async fn begin(base: Base, parameters: &[Value], kept: &Value) -> Story {
    let parameters = [injected(), parameters.to_vec()].concat();
    StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &parameters, quick("succeed"))]))
        .content(&json!({"note": "n", "pipelines": kept}))
        .begin()
        .await
}

async fn defaults_form(story: &Story) -> Form {
    story.page(As::Admin, &path()).await.form(&path())
}

async fn kept(story: &Story) -> Value {
    record(story).await["content"]["pipelines"].clone()
}

/// The fields of the launch form.
async fn launch_form(story: &Story) -> Form {
    let path = format!("/dashboard/pipelines/{}/", id(1));
    story.page(As::Operator, &path).await.form(&path)
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn defaults_of_every_type_are_stored_and_shown_in_the_launch_form(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let parameters = [
        parameter("country", "str", json!({"required": true})),
        parameter("region", "str", json!({"choices": ["north", "south"]})),
        parameter("years", "int", json!({"default": 5})),
        parameter("growth", "float", json!({})),
        parameter("whole", "bool", json!({"default": true})),
        parameter("other", "bool", json!({"default": true})),
        parameter(
            "rounds",
            "int",
            json!({"choices": [1, 2, 3], "multiple": true}),
        ),
        parameter("districts", "str", json!({"multiple": true})),
        parameter("options", "dict", json!({})),
        parameter("weights", "list", json!({})),
        parameter("data", "dataset", json!({})),
        parameter("map", "file", json!({})),
        parameter("dhis2", "dhis2", json!({})),
        parameter("later", "unheard_of", json!({})),
        parameter("key", "secret", json!({})),
        parameter("untouched", "str", json!({})),
    ];
    let story = begin(base, &parameters, &json!([])).await;
    let key = "a-key-of-a-gateway".to_owned();
    let form = defaults_form(&story).await;
    assert!(
        form.pairs
            .iter()
            .all(|(name, value)| !name.starts_with("config.") || value.is_empty()),
        "no default is set: {form:?}"
    );
    let page = story.page(As::Admin, &path()).await;
    assert!(
        page.at("field-whole-box")
            .contains("The pipeline’s own yes no")
            && page
                .at("field-years-hint")
                .contains("Default of the pipeline: 5."),
        "{}",
        page.text()
    );
    assert!(
        !page.at("field-country-box").contains("(required)")
            && page.attribute("field-task_id", "id").is_none()
    );
    let typed = [
        ("country", vec!["Chad"]),
        ("region", vec!["south"]),
        ("years", vec!["7"]),
        ("growth", vec!["2,5"]),
        ("whole", vec!["false"]),
        ("rounds", vec!["", "1", "3"]),
        ("districts", vec!["Abéché\r\n\r\nBiltine"]),
        ("options", vec!["{\"a\": [1]}"]),
        ("weights", vec!["[1, \"x\"]"]),
        ("data", vec!["population"]),
        ("map", vec!["maps/a.csv"]),
        ("dhis2", vec!["play"]),
        ("later", vec!["whatever"]),
        ("key", vec![key.as_str()]),
    ];
    let filled = typed.iter().fold(form, |form, (code, values)| {
        form.fill(&format!("config.{code}"), values)
    });
    let answer = story.send(As::Admin, &filled).await;
    assert_eq!(
        (
            answer.status,
            &audit_line(&answer)["action"],
            &audit_line(&answer)["object"]
        ),
        (303, &json!("config.amend"), &json!("version 2"))
    );
    let expected = json!({"country": "Chad", "region": "south", "years": 7, "growth": 2.5, "whole": false, "rounds": [1, 3], "districts": ["Abéché", "Biltine"],
            "options": {"a": [1]}, "weights": [1, "x"], "data": "population", "map": "maps/a.csv", "dhis2": "play", "later": "whatever", "key": key});
    assert_eq!(
        kept(&story).await,
        json!([{"id": id(1), "parameters": expected}])
    );
    let page = story.page(As::Admin, answer.header("location")).await;
    assert_eq!(
        page.at("saved"),
        "Saved. These values apply from the next launch."
    );
    assert!(
        story
            .page(As::Admin, &format!("{SETTINGS}pipelines/"))
            .await
            .has("Pipeline 1 pipeline-1 14 defaults")
    );

    let launch = launch_form(&story).await;
    for (code, value) in [
        ("country", vec!["Chad"]),
        ("years", vec!["7"]),
        ("growth", vec!["2.5"]),
        ("whole", vec!["false"]),
        ("other", vec!["false", "true"]),
        ("districts", vec!["Abéché\nBiltine"]),
    ] {
        assert_eq!(launch.value(&format!("config.{code}")), value, "{code}");
    }
    story.launch_anyway(As::Operator, &launch).await;
    let run = &story.runs().await[0]["config"];
    for code in ["country", "whole", "rounds", "options", "key"] {
        assert_eq!(run[code], expected[code], "{code}");
    }
    // Saving the form unchanged changes nothing.
    story.send_on(As::Admin, &page.form(&path())).await;
    assert_eq!(
        kept(&story).await,
        json!([{"id": id(1), "parameters": expected}])
    );
    let empty = typed.iter().fold(page.form(&path()), |form, (code, _)| {
        form.fill(&format!("config.{code}"), &[""])
    });
    let empty = Form {
        pairs: [
            empty.pairs,
            vec![
                ("clear".to_owned(), "key".to_owned()),
                ("record".to_owned(), "3".to_owned()),
            ],
        ]
        .concat(),
        ..empty
    };
    story.send_on(As::Admin, &empty).await;
    assert_eq!(kept(&story).await, json!([]));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_is_stored_replaced_and_deleted_but_never_shown(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let values = json!({"key": "the-first-secret", "token": "the-kept-secret"});
    let parameters = [
        parameter("key", "secret", json!({})),
        parameter("token", "secret", json!({})),
        parameter("years", "int", json!({})),
    ];
    let story = begin(
        base,
        &parameters,
        &json!([{"id": id(1), "parameters": values}]),
    )
    .await;
    let page = story.page(As::Admin, &path()).await;
    assert!(page.at("field-key-box").contains("A value is stored"));
    let wrong = page
        .form(&path())
        .fill("config.key", &["the-second-secret"])
        .fill("config.years", &["x"]);
    let refused = story.refused(As::Admin, &wrong, 400).await;
    let hint = "The secret you typed is not kept on this page: type it again. This value will not be shown again.";
    assert_eq!(
        (refused.at("field-key-hint"), refused.at("field-token-hint")),
        (
            hint.to_owned(),
            "This value will not be shown again.".to_owned()
        )
    );
    for secret in ["the-first-secret", "the-second-secret", "the-kept-secret"] {
        assert!(
            !page.answer.text.contains(secret) && !refused.answer.text.contains(secret),
            "{secret}"
        );
    }
    story
        .send_on(
            As::Admin,
            &page
                .form(&path())
                .fill("config.key", &["the-second-secret"]),
        )
        .await;
    assert_eq!(
        kept(&story).await[0]["parameters"],
        json!({"key": "the-second-secret", "token": "the-kept-secret"})
    );
    let mut form = defaults_form(&story).await;
    form.pairs.push(("clear".to_owned(), "token".to_owned()));
    let sent = Form {
        pairs: [
            form.pairs.clone(),
            vec![("config.years".to_owned(), "x".to_owned())],
        ]
        .concat(),
        ..form.clone()
    };
    let refused = story.refused(As::Admin, &sent, 400).await;
    assert_eq!(
        refused.form(&path()).value("clear"),
        ["token"],
        "ticked values stay ticked"
    );
    story.send_on(As::Admin, &form).await;
    assert_eq!(
        kept(&story).await[0]["parameters"],
        json!({"key": "the-second-secret"})
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_is_validated_like_at_a_launch_but_not_required(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let parameters = [
        parameter(
            "country",
            "str",
            json!({"required": true, "name": "Country"}),
        ),
        parameter("years", "int", json!({"name": "Years"})),
        parameter("round", "int", json!({"choices": [1, 2], "name": "Round"})),
        parameter("options", "dict", json!({"name": "Options"})),
        parameter(
            "rates",
            "float",
            json!({"multiple": true, "required": true, "name": "Rates"}),
        ),
        parameter("whole", "bool", json!({"name": "Whole"})),
    ];
    let story = begin(
        base,
        &parameters,
        &json!([{"id": id(1), "parameters": {"round": 9}}]),
    )
    .await;
    let page = story.page(As::Admin, &path()).await;
    assert_eq!(
        page.form(&path()).value("config.round"),
        ["9"],
        "the stored value is shown, even if it is invalid"
    );
    let typed = [
        ("years", "many"),
        ("options", "{"),
        ("rates", "1\nx"),
        ("whole", "perhaps"),
    ];
    let form = typed
        .iter()
        .fold(page.form(&path()), |form, (code, value)| {
            form.fill(&format!("config.{code}"), &[value])
        });
    let refused = story.refused(As::Admin, &form, 400).await;
    for (code, sentence) in [
        ("years", "Years must be a whole number"),
        ("round", "Round must be one of: 1, 2"),
        ("options", "Options is not valid JSON: line 1, column 1"),
        ("rates", "Each value of Rates must be a number"),
        ("whole", "Whole must be true or false"),
    ] {
        assert_eq!(refused.at(&format!("field-{code}-error")), sentence);
        assert!(refused.at("errors").contains(sentence));
    }
    assert!(
        refused.attribute("field-country-error", "id").is_none(),
        "no default is required"
    );
    for (code, value) in typed {
        assert_eq!(
            refused.form(&path()).value(&format!("config.{code}")),
            [value]
        );
    }
    assert_eq!(kept(&story).await[0]["parameters"], json!({"round": 9}));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn defaults_of_removed_parameters_are_shown_and_can_be_deleted(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let gone =
        json!({"id": id(9), "parameters": {"a": 1, "password": "of-a-pipeline-that-is-gone"}});
    let ours = json!({"id": id(1), "parameters": {"years": 5, "old": "x", "pin": "of-long-ago", "task_id": 3}, "colour": "red"});
    let story = begin(
        base,
        &[parameter("years", "int", json!({}))],
        &json!([gone, ours]),
    )
    .await;
    let page = story.page(As::Admin, &path()).await;
    assert!(
        page.at("unknown-parameters").contains("Remove old")
            && page.at("unknown-parameters").contains("Remove task_id")
    );
    assert!(!page.answer.text.contains("of-long-ago"));
    let mut form = page.form(&path());
    form.pairs
        .extend(["old", "task_id"].map(|code| ("remove_unknown".to_owned(), code.to_owned())));
    story.send_on(As::Admin, &form).await;
    assert_eq!(
        kept(&story).await,
        json!([gone, {"id": id(1), "parameters": {"years": 5, "pin": "of-long-ago"}, "colour": "red"}])
    );

    let list = story
        .page(As::Admin, &format!("{SETTINGS}pipelines/"))
        .await;
    assert!(
        list.has(&format!("{} not in this workspace 2 defaults", id(9))),
        "{}",
        list.text()
    );
    let path = format!("{SETTINGS}pipelines/{}/", id(9));
    let page = story.page(As::Admin, &path).await;
    assert!(
        page.attribute("gone", "id").is_some()
            && !page.answer.text.contains("of-a-pipeline-that-is-gone")
    );
    let mut form = page.form(&path);
    form.pairs
        .extend(["a", "password"].map(|code| ("remove_unknown".to_owned(), code.to_owned())));
    let on = story.send_on(As::Admin, &form).await;
    assert!(
        story
            .page(As::Admin, &on)
            .await
            .attribute("saved", "id")
            .is_some()
    );
    assert_eq!(kept(&story).await.as_array().unwrap().len(), 1);
    story.page_with(As::Admin, &path, 404).await;
    assert_eq!(record(&story).await["content"]["note"], "n");
    story.end().await;
}

// If a pipeline had several entries, a later one replaced the first, which is the active one.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_entries_of_one_pipeline_become_one_and_the_first_is_used(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let first = json!({"id": id(1), "parameters": {"years": 5}, "colour": "red"});
    let second =
        json!({"id": id(1), "parameters": {"years": 7}, "colour": "blue", "size": "large"});
    let story = begin(
        base,
        &[parameter("years", "int", json!({}))],
        &json!([first, second]),
    )
    .await;
    let form = defaults_form(&story).await;
    assert_eq!(form.value("config.years"), ["5"]);
    story
        .send_on(As::Admin, &form.fill("config.years", &["6"]))
        .await;
    assert_eq!(
        kept(&story).await,
        json!([{"id": id(1), "parameters": {"years": 6}, "colour": "red", "size": "large"}])
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_administrators_do_not_overwrite_each_other(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(
        base,
        &[
            parameter("years", "int", json!({})),
            parameter("country", "str", json!({})),
        ],
        &json!([]),
    )
    .await;
    let (first, second) = (defaults_form(&story).await, defaults_form(&story).await);
    let first = first.fill("config.years", &["5"]);
    story.send_on(As::Admin, &first).await;
    let again = story.send_on(As::Admin, &first).await;
    assert!(
        again.ends_with("?saved=2"),
        "a form that was sent twice contains the active values: {again}"
    );
    let page = story
        .refused(As::Admin, &second.fill("config.country", &["Chad"]), 412)
        .await;
    assert!(page.at("errors").contains(
        "the administrator key of the settings file changed the configuration in the meantime"
    ));
    assert_eq!(page.form(&path()).value("config.country"), ["Chad"]);
    assert_eq!(kept(&story).await[0]["parameters"], json!({"years": 5}));
    story.send_on(As::Admin, &page.form(&path())).await;
    assert_eq!(
        kept(&story).await[0]["parameters"],
        json!({"country": "Chad"})
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn choices_of_a_file_can_be_shown(#[values(Sqlite, Postgres)] base: Base) {
    let file = json!({"path": "reference/districts.csv", "format": "csv", "column": "name"});
    let story = begin(
        base,
        &[
            parameter("district", "str", json!({"choicesFromFile": file})),
            parameter("years", "int", json!({})),
        ],
        &json!([]),
    )
    .await;
    let page = story.page(As::Admin, &path()).await;
    let mut load = page.form(&path()).fill("config.years", &["5"]);
    load.action = page
        .parse()
        .descendants()
        .find_map(|node| node.attribute("formaction"))
        .unwrap()
        .split('#')
        .next()
        .unwrap()
        .to_owned();
    load.pairs.push(("load".to_owned(), "district".to_owned()));
    let page = Page::of(story.send(As::Admin, &load).await, 200);
    let form = page.form(&path());
    assert_eq!(
        (
            form.value("config.years"),
            form.value("config.district"),
            form.value("loaded")
        ),
        (vec!["5"], vec![""], vec!["district"])
    );
    assert_eq!(kept(&story).await, json!([]), "nothing is saved");
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_openhexa_stored_defaults_are_still_listed(#[values(Sqlite, Postgres)] base: Base) {
    let mut story = begin(
        base,
        &[],
        &json!([{"id": id(1), "parameters": {"years": 5}}]),
    )
    .await;
    story.stop_openhexa().await;
    let page = story
        .page(As::Admin, &format!("{SETTINGS}pipelines/"))
        .await;
    assert!(
        page.has("OpenHEXA is unreachable") && page.has("1 default"),
        "{}",
        page.text()
    );
    assert!(!page.has("not in this workspace"), "it is unknown");
    story.page_with(As::Admin, &path(), 502).await;
    let answer = story
        .ask_at(
            As::Admin,
            Method::GET,
            &format!("{SETTINGS}pipelines/none/"),
        )
        .send()
        .await;
    assert_eq!(answer.status, 404);
    story.end().await;
}
