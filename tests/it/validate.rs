//! `POST /pipelines/{id}/validate/`: the validation of a launch, without a launch.

mod bodies;
mod warnings;
mod workspace_resources;

use reqwest::Method;
use rstest::rstest;
use serde_json::{Map, Value, json};

use crate::support::catalogue::{id, injected, parameter, pipeline, quick, with};
use crate::support::story::{Answer, As, Base, Postgres, Sqlite, Story, StoryBuilder};

fn path(number: u64) -> String {
    format!("/pipelines/{}/validate/", id(number))
}

async fn validate(story: &Story, number: u64, config: &Value) -> Answer {
    story.post(&path(number), &json!({"config": config})).await
}

/// A bridge whose OpenHEXA has one pipeline for each case, numbered from 1.
async fn of_cases(base: Base, cases: &[Value]) -> Story {
    let of_case = |(case, number)| {
        with(
            pipeline(number, &[], quick("succeed")),
            json!({"versions": [{
            "id": id(10_000 + number), "versionNumber": 1, "config": case_of(case, "version_config"), "parameters": case_of(case, "parameters")}]}),
        )
    };
    let pipelines = cases.iter().zip(1..).map(of_case).collect();
    StoryBuilder::on(base).pipelines(pipelines).begin().await
}

fn case_of(case: &Value, key: &str) -> Value {
    case[key].clone()
}

/// The fields of a response's `config`, each with at least one message.
fn wrong_fields(answer: &Answer) -> Vec<String> {
    let wrong = answer.expect(400)["config"].clone();
    let fields = wrong
        .as_object()
        .unwrap_or_else(|| panic!("no fields: {}", answer.text));
    let told = |sentences: &Value| {
        sentences
            .as_array()
            .is_some_and(|list| !list.is_empty() && list.iter().all(Value::is_string))
    };
    assert!(fields.values().all(told), "{}", answer.text);
    let mut names: Vec<String> = fields.keys().cloned().collect();
    names.sort();
    names
}

/// The config as shown: secrets as dots.
fn shown(case: &Value) -> Value {
    let is_secret = |code: &str| {
        case["parameters"]
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["code"] == code && one["type"] == "secret")
    };
    let mask = |(code, value): (&String, &Value)| {
        let hidden = is_secret(code) && *value != json!("") && !value.is_null();
        (
            code.clone(),
            if hidden {
                json!("••••")
            } else {
                value.clone()
            },
        )
    };
    case["send"]
        .as_object()
        .unwrap()
        .iter()
        .map(mask)
        .collect::<Map<_, _>>()
        .into()
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_recorded_case_has_the_same_result_as_in_openhexa(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let file: Value = serde_json::from_str(include_str!("../data/parameter_vectors.json")).unwrap();
    let cases = file["cases"].as_array().unwrap();
    let story = of_cases(base, cases).await;
    for (case, number) in cases.iter().zip(1..) {
        let answer = validate(&story, number, &case["config"]).await;
        let good = case["bridge_ok"]
            .as_bool()
            .or(case["end_to_end_ok"].as_bool())
            .unwrap();
        if good {
            assert_eq!(answer.expect(200)["valid"], true, "{}", case["name"]);
        } else {
            assert_eq!(answer.status, 400, "{}: {}", case["name"], answer.text);
            assert!(!wrong_fields(&answer).is_empty(), "{}", case["name"]);
        }
    }
    nothing_happened(&story).await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_random_case_has_exactly_its_invalid_fields_or_its_config(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let cases: Vec<Value> =
        serde_json::from_str(include_str!("../data/parameter_random.json")).unwrap();
    let story = of_cases(base, &cases).await;
    for (case, number) in cases.iter().zip(1..) {
        let answer = validate(&story, number, &case["config"]).await;
        if case["send"].is_null() {
            assert_eq!(
                json!(wrong_fields(&answer)),
                case["errors"],
                "case {number}: {case}"
            );
        } else {
            let good = answer.expect(200);
            assert_eq!(
                good,
                json!({"valid": true, "config": shown(case), "warnings": {}}),
                "case {number}: {case}"
            );
        }
    }
    nothing_happened(&story).await;
    story.end().await;
}

/// Nothing was launched and nothing stored.
async fn nothing_happened(story: &Story) {
    assert_eq!(story.runs().await.len(), 0);
    assert_eq!(story.get("/tasks/").await.expect(200)["count"], 0);
}

fn country_and_year() -> Value {
    json!([pipeline(
        1,
        &[
            parameter(
                "country",
                "str",
                json!({"name": "Country", "required": true})
            ),
            parameter(
                "year",
                "int",
                json!({"name": "Year", "choices": [2025, 2026]})
            ),
        ],
        quick("succeed")
    )])
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_invalid_fields_are_in_one_response_in_the_users_language(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = StoryBuilder::on(base)
        .pipelines(country_and_year())
        .begin()
        .await;
    let (english, french) = (
        json!({"error": "Country is required", "config": {
                "country": ["Country is required"], "nope": ["`nope` is not a parameter of this pipeline",
                "The parameters are those of version v1, created 2026-01-05 08:00 UTC"], "year": ["Year must be one of: 2025, 2026"]}}),
        json!({"error": "«\u{a0}Country\u{a0}» est obligatoire", "config": {
                "country": ["«\u{a0}Country\u{a0}» est obligatoire"], "nope": ["«\u{a0}nope\u{a0}» n’est pas un paramètre de ce pipeline",
                "Les paramètres sont ceux de la version v1, créée le 2026-01-05 08:00 UTC"],
                "year": ["«\u{a0}Year\u{a0}» doit être l’une des valeurs suivantes\u{a0}: 2025, 2026"]}}),
    );
    for (wanted, code, told) in [
        ("en", "en", &english),
        ("fr", "fr", &french),
        ("fr-CM,fr;q=0.9,en;q=0.8", "fr", &french),
        ("pt, en;q=0.2, fr;q=0.5", "fr", &french),
        ("sw", "en", &english),
        ("", "en", &english),
        ("*", "en", &english),
        ("é;;q=x,,", "en", &english),
    ] {
        let ask = story
            .ask(As::Operator, Method::POST, &path(1))
            .header("accept-language", wanted);
        let answer = ask
            .json(&json!({"config": {"year": 2024, "nope": 1}}))
            .send()
            .await;
        assert_eq!(&answer.expect(400), told, "{wanted}");
        assert_eq!(answer.header("content-language"), code);
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_users_values_override_the_accounts_and_those_the_saved_ones(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let content =
        json!({"pipelines": [{"id": id(1), "parameters": {"country": "BFA", "year": 2026}}]});
    let story = StoryBuilder::on(base)
        .pipelines(country_and_year())
        .content(&content)
        .begin()
        .await;
    for (given, sent) in [
        (json!({}), json!({"country": "BFA", "year": 2026})),
        (
            json!({"country": "CMR"}),
            json!({"country": "CMR", "year": 2026}),
        ),
        (
            json!({"year": null, "country": " NER "}),
            json!({"country": "NER", "year": 2026}),
        ),
    ] {
        assert_eq!(
            validate(&story, 1, &given).await.expect(200)["config"],
            sent,
            "{given}"
        );
    }
    nothing_happened(&story).await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_of_the_bridge_are_left_out_and_secrets_are_masked(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let mut parameters = injected();
    parameters
        .extend(["password", "unset", "blank"].map(|code| parameter(code, "secret", json!({}))));
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &parameters, quick("succeed"))]))
        .begin()
        .await;
    let given = json!({
            "task_id": "mine", "pipeline_id": id(2), "connection_host": 5, "connection_token": "mine", "password": story.secrets.parameter, "unset": null, "blank": ""});
    let answer = validate(&story, 1, &given).await;
    assert_eq!(
        answer.expect(200),
        json!({"valid": true, "config": {"password": "••••"}, "warnings": {}})
    );
    nothing_happened(&story).await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_value_of_a_refused_secret_is_not_returned(#[values(Sqlite, Postgres)] base: Base) {
    let parameters = [
        parameter(
            "password",
            "secret",
            json!({"name": "Password", "choices": ["one-of-two"]}),
        ),
        parameter("deep", "secret", json!({})),
    ];
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &parameters, quick("succeed"))]))
        .begin()
        .await;
    let answer = validate(
        &story,
        1,
        &json!({"password": story.secrets.parameter, "deep": {"a": [story.secrets.parameter]}}),
    )
    .await;
    assert_eq!(wrong_fields(&answer), ["deep", "password"]);
    assert!(
        !answer.text.contains("one-of-two") && !answer.text.contains(&story.secrets.parameter),
        "{}",
        answer.text
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notebook_has_no_parameters_and_a_zip_pipeline_without_a_version_is_refused(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let notebook = with(
        pipeline(1, &[], quick("succeed")),
        json!({"type": "notebook", "versions": []}),
    );
    let versionless = with(pipeline(2, &[], quick("succeed")), json!({"versions": []}));
    let story = StoryBuilder::on(base)
        .pipelines(json!([notebook, versionless]))
        .begin()
        .await;
    let good = validate(
        &story,
        1,
        &json!({"unset": null, "pipeline_id": id(1), "planning_id": 7}),
    )
    .await;
    assert_eq!(
        good.expect(200),
        json!({"valid": true, "config": {}, "warnings": {}})
    );
    let wrong = validate(&story, 1, &json!({"a": 1, "b": ""})).await;
    assert_eq!(wrong_fields(&wrong), ["a", "b"]);
    // OpenHEXA would accept it, but its run would always fail.
    let sentence = "This pipeline has no version yet and cannot run: ask its author to upload a version to OpenHEXA";
    let refused = json!({"error": sentence, "version": [sentence]});
    assert_eq!(validate(&story, 2, &json!({})).await.expect(400), refused);
    let launch = story
        .post(
            &format!("/pipelines/{}/launch/", id(2)),
            &json!({"config": {}}),
        )
        .await;
    assert_eq!(launch.expect(400), refused);
    assert_eq!(
        (
            story.request_count("runPipeline").await,
            story.get("/tasks/").await.expect(200)["count"].clone()
        ),
        (0, json!(0))
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_is_validated_with_its_own_definition(#[values(Sqlite, Postgres)] base: Base) {
    let versions = json!([
        {"id": id(1001), "versionNumber": 1, "parameters": [parameter("year", "str", json!({}))]},
        {"id": id(1002), "versionNumber": 2, "parameters": [parameter("year", "int", json!({}))]},
    ]);
    let story = StoryBuilder::on(base)
        .pipelines(json!([
            with(
                pipeline(1, &[], quick("succeed")),
                json!({"versions": versions})
            ),
            pipeline(3, &[], quick("succeed")),
        ]))
        .begin()
        .await;
    for (version, year, status) in [
        (json!(null), json!(2026), 200),
        (json!(id(1002)), json!(2026), 200),
        (json!(id(1001)), json!("2026"), 200),
        (json!(null), json!("2026"), 400),
        (json!(id(1001)), json!(2026), 400),
    ] {
        let answer = story
            .post(
                &path(1),
                &json!({"version": version, "config": {"year": year}}),
            )
            .await;
        assert_eq!(answer.status, status, "{version} {year}: {}", answer.text);
    }
    for version in [
        json!(""),
        json!("2"),
        json!(2),
        json!([]),
        json!({}),
        json!(false),
        json!(id(1003)),
        json!(id(1009)),
    ] {
        let answer = story
            .post(&path(1), &json!({"version": version, "config": {}}))
            .await;
        let wrong = answer.expect(400);
        assert_eq!(wrong["version"], json!([wrong["error"]]), "{version}");
    }
    story.end().await;
}
