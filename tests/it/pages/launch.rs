//! The launch form: every type of parameter, errors at their fields, and one task for each form.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use super::Page;
use crate::support::catalogue::{id, parameter, pipeline, quick};
use crate::support::story::{As, Base, Postgres, Sqlite, Story, StoryBuilder};

fn path() -> String {
    format!("/dashboard/pipelines/{}/", id(1))
}

async fn begin(base: Base, parameters: &[Value]) -> (Story, Page) {
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, parameters, quick("succeed"))]))
        .begin()
        .await;
    let page = story.page(As::Operator, &path()).await;
    (story, page)
}

async fn only_config(story: &Story) -> Value {
    let runs = story.runs().await;
    assert_eq!(runs.len(), 1, "{runs:?}");
    runs[0]["config"].clone()
}

/// A parameter of each type, the typed value, and the value that the run must get.
fn every_type() -> Vec<(Value, Vec<&'static str>, Value)> {
    let one = |kind: &str, typed: &'static str, value: Value| {
        (
            parameter(&format!("a_{kind}"), kind, json!({})),
            vec![typed],
            value,
        )
    };
    let more = |code: &str, kind: &str, more: Value, typed: &[&'static str], value: Value| {
        (parameter(code, kind, more), typed.to_vec(), value)
    };
    vec![
        one("str", " Tchad ", json!("Tchad")),
        one("int", "0", json!(0)),
        one("float", "2,5", json!(2.5)),
        more("a_bool", "bool", json!({}), &["false", "true"], json!(true)),
        more(
            "a_no",
            "bool",
            json!({"default": true}),
            &["false"],
            json!(false),
        ),
        one("list", "[1, \"b\", null]", json!([1, "b", null])),
        one("dict", "{\"a\": {\"b\": 0}}", json!({"a": {"b": 0}})),
        one("dataset", "population-2026", json!("population-2026")),
        one("postgresql", "warehouse", json!("warehouse")),
        one("s3", "archive", json!("archive")),
        one("gcs", "maps", json!("maps")),
        one("dhis2", "dhis2-play", json!("dhis2-play")),
        one("iaso", "iaso-account", json!("iaso-account")),
        one("custom", "sms", json!("sms")),
        one(
            "file",
            "reference/districts.csv",
            json!("reference/districts.csv"),
        ),
        one("secret", "hush-hush", json!("hush-hush")),
        one("hologram", "later", json!("later")),
        more(
            "texts",
            "str",
            json!({"multiple": true}),
            &["one\r\ntwo\r\n"],
            json!(["one", "two"]),
        ),
        more(
            "numbers",
            "int",
            json!({"multiple": true}),
            &["0\n3"],
            json!([0, 3]),
        ),
        more(
            "chosen",
            "str",
            json!({"choices": ["a & b", "c"]}),
            &["a & b"],
            json!("a & b"),
        ),
        more(
            "level",
            "float",
            json!({"choices": [0.9, 0.95]}),
            &["0.95"],
            json!(0.95),
        ),
        more(
            "rounds",
            "int",
            json!({"multiple": true, "choices": [1, 2, 3]}),
            &["", "1", "3"],
            json!([1, 3]),
        ),
    ]
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_type_reaches_the_run_as_it_was_typed(#[values(Sqlite, Postgres)] base: Base) {
    let all = every_type();
    let parameters: Vec<Value> = all
        .iter()
        .map(|(parameter, ..)| parameter.clone())
        .collect();
    let (story, page) = begin(base, &parameters).await;
    let mut form = page.form(&path());
    for (parameter, typed, _) in &all {
        form = form.fill(
            &format!("config.{}", parameter["code"].as_str().unwrap()),
            typed,
        );
    }
    let task = story.launch_anyway(As::Operator, &form).await;
    let config = only_config(&story).await;
    for (parameter, _, value) in &all {
        assert_eq!(
            &config[parameter["code"].as_str().unwrap()],
            value,
            "{parameter}"
        );
    }
    assert_eq!(config.as_object().unwrap().len(), all.len());
    let page = story.page(As::Operator, &task).await;
    assert!(
        page.has("a & b") && page.has("••••") && !page.answer.text.contains("hush-hush"),
        "{}",
        page.text()
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unchanged_fields_are_not_sent(#[values(Sqlite, Postgres)] base: Base) {
    let parameters: Vec<Value> = every_type()
        .into_iter()
        .map(|(parameter, ..)| parameter)
        .collect();
    let (story, page) = begin(base, &parameters).await;
    story.send_on(As::Operator, &page.form(&path())).await;
    assert_eq!(only_config(&story).await, json!({}));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn errors_are_shown_at_their_fields_and_typed_values_are_kept(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let parameters = [
        parameter(
            "country",
            "str",
            json!({"name": "Country", "required": true, "choices": ["Chad", "Niger"]}),
        ),
        parameter("years", "int", json!({"name": "Years"})),
        parameter("growth", "float", json!({"name": "Growth"})),
        parameter("rules", "dict", json!({"name": "Rules"})),
        parameter("rounds", "int", json!({"name": "Rounds", "multiple": true})),
        parameter("sms_key", "secret", json!({"name": "SMS key"})),
        parameter("note", "str", json!({"name": "Note"})),
    ];
    let (story, page) = begin(base, &parameters).await;
    let form = page
        .form(&path())
        .fill("config.years", &["many"])
        .fill("config.growth", &["1,250"])
        .fill("config.rules", &["{\r\n  \"a\": }"]);
    let form = form
        .fill("config.rounds", &["1\nx"])
        .fill("config.sms_key", &["hush-hush"])
        .fill("config.note", &["<b>\"kept\"</b>"])
        .fill("debug", &["false", "true"]);
    let page = story.refused(As::Operator, &form, 400).await;
    for (code, sentence) in [
        ("country", "Country is required"),
        ("years", "Years must be a whole number"),
        (
            "growth",
            "Growth: “1,250” can mean 1250 or 1.250. Write one of the two",
        ),
        ("rules", "Rules is not valid JSON: line 2, column 8"),
        ("rounds", "Each value of Rounds must be a whole number"),
    ] {
        let field = format!("field-{code}");
        assert_eq!(page.at(&format!("{field}-error")), sentence);
        assert_eq!(
            page.attribute(&field, "aria-invalid").as_deref(),
            Some("true")
        );
        assert!(
            page.attribute(&field, "aria-describedby")
                .unwrap()
                .starts_with(&format!("{field}-error"))
        );
        assert!(
            page.at("errors").contains(sentence) && page.links().contains(&format!("#{field}"))
        );
    }
    let again = page.form(&path());
    for (name, value) in [
        ("config.years", "many"),
        ("config.growth", "1,250"),
        ("config.rules", "{\n  \"a\": }"),
        ("config.rounds", "1\nx"),
        ("config.note", "<b>\"kept\"</b>"),
        ("config.sms_key", ""),
    ] {
        assert_eq!(again.value(name), [value], "{name}");
    }
    assert_eq!(again.value("debug"), ["false", "true"]);
    assert!(!page.answer.text.contains("hush-hush"));
    assert_eq!(story.runs().await.len(), 0);
    let ask = story
        .ask_at(As::Operator, Method::POST, &form.action)
        .header("sec-fetch-site", "same-origin")
        .header("accept-language", "fr");
    let french = Page::of(
        ask.body("application/x-www-form-urlencoded", form.body())
            .send()
            .await,
        400,
    );
    assert_eq!(
        french.at("field-years-error"),
        "« Years » doit être un nombre entier"
    );
    assert_eq!(
        french.at("field-rules-error"),
        "« Rules » n’est pas du JSON valide (ligne 2, colonne 8)"
    );
    let fixed = again
        .fill("config.country", &["Chad"])
        .fill("config.years", &["0"])
        .fill("config.growth", &[""])
        .fill("config.rules", &["{}"])
        .fill("config.rounds", &["1"]);
    let page = story.refused(As::Operator, &fixed, 400).await;
    assert!(page.at("field-sms_key-error").contains("Type it again"));
    let fixed = fixed.fill("config.sms_key", &["typed-again"]);
    story.send_on(As::Operator, &fixed).await;
    let config = only_config(&story).await;
    assert_eq!(
        config,
        json!({"country": "Chad", "years": 0, "rules": {}, "rounds": [1], "note": "<b>\"kept\"</b>", "sms_key": "typed-again"})
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_that_is_sent_twice_creates_one_task(#[values(Sqlite, Postgres)] base: Base) {
    let (story, page) = begin(base, &[parameter("years", "int", json!({}))]).await;
    let form = page.form(&path()).fill("config.years", &["3"]);
    let (one, two) = tokio::join!(
        story.send_on(As::Operator, &form),
        story.send_on(As::Operator, &form)
    );
    assert_eq!(one, two);
    assert_eq!(
        story.send_on(As::Operator, &form).await,
        one,
        "and once more, later"
    );
    assert_eq!(story.runs().await.len(), 1);
    let changed = form.fill("config.years", &["4"]);
    let page = story.refused(As::Operator, &changed, 409).await;
    assert!(
        page.at("errors")
            .contains("A task has already been launched from this form with other values.")
    );
    let other = story.send_on(As::Operator, &page.form(&path())).await;
    assert_ne!(other, one);
    assert_eq!(story.runs().await[1]["config"]["years"], 4);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_switches_reach_openhexa(#[values(Sqlite, Postgres)] base: Base) {
    let (story, page) = begin(base, &[]).await;
    let form = page.form(&path());
    assert_eq!(
        (form.value("send_notifications"), form.value("debug")),
        (vec!["false", "true"], vec!["false"])
    );
    let form = form
        .fill("send_notifications", &["false"])
        .fill("debug", &["false", "true"]);
    let task = story.send_on(As::Operator, &form).await;
    let again = task
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap()
        .to_owned();
    let form = story
        .page(As::Operator, &format!("{}?again={again}", path()))
        .await
        .form(&path());
    assert_eq!(
        (form.value("send_notifications"), form.value("debug")),
        (vec!["false"], vec!["false", "true"])
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_launch_that_openhexa_refuses_is_shown_with_the_form(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, page) = begin(base, &[parameter("note", "str", json!({}))]).await;
    story
        .fault(&json!({"fault": "run_limit", "count": 1}))
        .await;
    let form = page.form(&path()).fill("config.note", &["kept"]);
    let page = story.refused(As::Operator, &form, 429).await;
    assert!(
        page.at("errors").contains("reached its limit") || page.at("errors").contains("run limit"),
        "{}",
        page.at("errors")
    );
    assert!(
        page.links()
            .iter()
            .any(|link| link.starts_with("/dashboard/tasks/"))
    );
    assert_eq!(page.form(&path()).value("config.note"), ["kept"]);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_content_type_is_refused_with_a_page(#[values(Sqlite, Postgres)] base: Base) {
    let (story, _) = begin(base, &[]).await;
    for (kind, body, status) in [
        ("application/json", "{}".to_owned(), 415),
        (
            "application/x-www-form-urlencoded",
            format!("config.a={}", "x".repeat(1_100_000)),
            413,
        ),
    ] {
        let ask = story
            .ask_at(As::Operator, Method::POST, &path())
            .header("sec-fetch-site", "same-origin");
        Page::of(ask.body(kind, body).send().await, status);
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn decimal_numbers_are_shown_as_the_language_writes_them(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let parameters = [
        parameter("growth", "float", json!({"default": 2.5})),
        parameter(
            "shares",
            "float",
            json!({"multiple": true, "default": [0.5, 3]}),
        ),
        parameter("factor", "float", json!({"choices": [1.5, 2.5]})),
        parameter(
            "limit",
            "float",
            json!({"choices": [1.5, 2.5], "multiple": true}),
        ),
        parameter("typed", "float", json!({})),
    ];
    let (story, page) = begin(base, &parameters).await;
    assert_eq!(
        page.attribute("field-growth", "value").as_deref(),
        Some("2.5")
    );
    let french = story.french_page(As::Operator, &path()).await;
    assert_eq!(
        french.attribute("field-growth", "value").as_deref(),
        Some("2,5")
    );
    assert!(
        french.at("field-shares-box").contains("0,5 3"),
        "{}",
        french.text()
    );
    assert!(
        french.at("field-factor-box").contains("1,5 2,5"),
        "{}",
        french.text()
    );
    let form = french.form(&path()).fill("config.factor", &["2.5"]);
    assert_eq!(form.value("config.growth"), ["2,5"]);
    let wrong = form.clone().fill("config.factor", &["9"]);
    let ask = story
        .ask_at(As::Operator, Method::POST, &wrong.action)
        .header("sec-fetch-site", "same-origin")
        .header("accept-language", "fr");
    let ask = ask.body("application/x-www-form-urlencoded", wrong.body());
    let wrong = Page::of(ask.send().await, 400);
    assert!(
        wrong
            .at("field-factor-error")
            .ends_with("valeurs suivantes : 1,5; 2,5"),
        "{}",
        wrong.at("field-factor-error")
    );
    for typed in ["1.25", "1,25"] {
        let form = form.clone().fill("config.typed", &[typed]);
        let ask = story
            .ask_at(As::Operator, Method::POST, &form.action)
            .header("sec-fetch-site", "same-origin")
            .header("accept-language", "fr");
        let form = form.fill("idempotency_key", &[typed]);
        let ask = ask.body("application/x-www-form-urlencoded", form.body());
        assert_eq!(ask.send().await.status, 303);
    }
    for run in story.runs().await {
        let config = &run["config"];
        assert_eq!(
            (config.get("growth"), config.get("shares")),
            (None, None),
            "unchanged defaults are not sent: {config}"
        );
        assert_eq!(
            (&config["factor"], &config["typed"]),
            (&json!(2.5), &json!(1.25))
        );
    }
    story.end().await;
}
