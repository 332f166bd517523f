//! Too few records, and too many with errors.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use super::{RESULTS, alerts, of, open, run, with_results};
use crate::support::story::{As, Base, Postgres, Sqlite};

const RECORDS: &str = "alerts: {records: {from: steps.load.result.rows, expected: 1000}}";
const AS_USUAL: &str = "alerts: {records: {from: steps.load.result.rows}}";
const ERRORS: &str =
    "alerts: {errors: {from: steps.load.result.rejected, of: steps.load.result.rows, most: 1%}}";

fn rows(all: &[u64]) -> Vec<Value> {
    all.iter().map(|rows| json!({"rows": rows})).collect()
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fewer_records_than_expected_open_an_alert(#[values(Sqlite, Postgres)] base: Base) {
    let results = rows(&[800, 799, 849, 850]);
    let story = with_results(base, "2027-01-10T00:00:00Z", &results)
        .begin()
        .await;
    let too_few = of(&[("records", "load")]);
    for (number, expected) in [
        (RESULTS, &of(&[])),
        (RESULTS + 1, &too_few),
        // Between both limits nothing changes.
        (RESULTS, &too_few),
        (RESULTS + 2, &too_few),
        (RESULTS + 3, &of(&[])),
    ] {
        run(&story, number, RECORDS).await;
        assert_eq!(open(&story).await, *expected, "{number}");
    }
    let alert = alerts(&story).await[0].clone();
    assert_eq!(
        (&alert["figure"], &alert["limit"]),
        (&json!(799.0), &json!(800.0))
    );
    assert_eq!(
        alert["title"],
        "night: step `load` has processed 799 records, fewer than 800"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_number_the_last_results_are_compared_with(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let results = rows(&[1000, 10]);
    let story = with_results(base, "2027-01-10T00:00:00Z", &results)
        .begin()
        .await;
    // One result to compare with is not enough.
    run(&story, RESULTS, AS_USUAL).await;
    run(&story, RESULTS + 1, AS_USUAL).await;
    assert_eq!(open(&story).await, of(&[]));
    for _ in 0..4 {
        run(&story, RESULTS, AS_USUAL).await;
    }
    run(&story, RESULTS + 1, AS_USUAL).await;
    assert_eq!(open(&story).await, of(&[("records", "load")]));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_many_errors_open_an_alert(#[values(Sqlite, Postgres)] base: Base) {
    let figures = [(99, 99), (1000, 10), (1000, 11), (1000, 8), (1000, 7)];
    let results = figures.map(|(rows, rejected)| json!({"rows": rows, "rejected": rejected}));
    let story = with_results(base, "2027-01-10T00:00:00Z", &results)
        .begin()
        .await;
    let too_many = of(&[("errors", "load")]);
    let expected = [&of(&[]), &of(&[]), &too_many, &too_many, &of(&[])];
    for (number, expected) in (RESULTS..).zip(expected) {
        run(&story, number, ERRORS).await;
        assert_eq!(open(&story).await, *expected, "{number}");
    }
    let french = story
        .ask(As::Operator, Method::GET, "/alerts/")
        .header("accept-language", "fr")
        .send()
        .await
        .expect(200);
    let title = french["results"][0]["title"].as_str().unwrap();
    assert_eq!(
        title.replace('\u{a0}', " "),
        "night : 1,1 % des enregistrements sont en erreur, plus de 1 %"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_result_without_the_number_opens_an_alert(#[values(Sqlite, Postgres)] base: Base) {
    let results = [json!({"lines": 5}), json!({"rows": 1000})];
    let story = with_results(base, "2027-01-10T00:00:00Z", &results)
        .begin()
        .await;
    run(&story, RESULTS, RECORDS).await;
    let alert = alerts(&story).await[0].clone();
    assert_eq!(
        alert["details"],
        json!(["steps.load.result.rows is not a number"])
    );
    run(&story, RESULTS + 1, RECORDS).await;
    assert_eq!(open(&story).await, of(&[]));
    story.end().await;
}
