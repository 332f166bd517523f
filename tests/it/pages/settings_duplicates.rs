//! The settings' forms sent twice or concurrently, and duplicate entries in the record.

use futures_util::future::join_all;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use super::settings::{SETTINGS, begin, record};
use super::{Form, Page};
use crate::support::catalogue::{id, parameter, pipeline, quick};
use crate::support::story::{As, Base, Postgres, Sqlite, Story, StoryBuilder};

fn path() -> String {
    format!("{SETTINGS}pipelines/{}/", id(1))
}

async fn with_parameters(base: Base, kept: &Value) -> Story {
    let parameters = [
        parameter("years", "int", json!({})),
        parameter("country", "str", json!({})),
    ];
    StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &parameters, quick("succeed"))]))
        .content(&json!({"pipelines": kept}))
        .begin()
        .await
}

/// Sends the form several times at once, and returns the redirects.
async fn at_once(story: &Story, form: &Form) -> Vec<String> {
    join_all((0..6).map(|_| story.send_on(As::Admin, form))).await
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_is_sent_twice_is_saved_once(#[values(Sqlite, Postgres)] base: Base) {
    let mut story = begin(base).await;
    let token = "another-token-of-another-server".to_owned();
    story.secrets.more.push(token.clone());
    let form = story.page(As::Admin, SETTINGS).await.form("/settings/");
    let form = form
        .fill("openhexa_url", &[" HTTP://LOCALHOST:80/graphql "])
        .fill("openhexa_token", &[&token]);
    for _ in 0..2 {
        assert_eq!(
            story.send_on(As::Admin, &form).await,
            "/dashboard/settings/?saved=2"
        );
    }
    let kept = record(&story).await;
    assert_eq!(
        (&kept["version"], &kept["content"]["openhexa_url"]),
        (&json!(2), &json!("http://localhost/graphql/"))
    );
    let other = form
        .clone()
        .fill("openhexa_token", &["a-token-that-nobody-has-typed-yet"]);
    let page = story.refused(As::Admin, &other, 412).await;
    assert!(
        page.at("errors")
            .contains("changed the configuration in the meantime"),
        "a different token is a different change"
    );

    let again = story
        .page(As::Admin, SETTINGS)
        .await
        .form("/settings/")
        .fill("openhexa_token", &[&token])
        .fill("workspace_slug", &["other"]);
    let places = at_once(&story, &again).await;
    assert!(
        places.iter().all(|place| place.ends_with("?saved=3")),
        "{places:?}"
    );
    assert_eq!(record(&story).await["version"], 3);
    // Two versions later, another user may have changed something.
    let stale = form.fill("workspace_slug", &["other"]);
    story.refused(As::Admin, &stale, 412).await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_connection_that_is_sent_twice_is_saved_once(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = StoryBuilder::on(base).not_configured().begin().await;
    let form = story.page(As::Admin, SETTINGS).await.form("/settings/");
    let form = form
        .fill("openhexa_url", &[&story.openhexa])
        .fill("openhexa_token", &[&story.secrets.openhexa])
        .fill("workspace_slug", &["demo"]);
    let places = at_once(&story, &form).await;
    assert!(
        places.iter().all(|place| place.ends_with("?saved=1")),
        "{places:?}"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn defaults_that_are_sent_twice_at_once_are_saved_once(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = with_parameters(base, &json!([])).await;
    let form = story
        .page(As::Admin, &path())
        .await
        .form(&path())
        .fill("config.years", &["5"]);
    let places = at_once(&story, &form).await;
    assert!(
        places.iter().all(|place| place.ends_with("?saved=2")),
        "{places:?}"
    );
    assert_eq!(record(&story).await["version"], 2);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_administrators_who_set_defaults_at_once_one_gets_a_conflict(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = with_parameters(base, &json!([])).await;
    let form = story.page(As::Admin, &path()).await.form(&path());
    let forms: Vec<Form> = (0..6)
        .map(|years| form.clone().fill("config.years", &[&years.to_string()]))
        .collect();
    let answers = join_all(forms.iter().map(|form| story.send(As::Admin, form))).await;
    let saved: Vec<usize> = (0..6).filter(|own| answers[*own].status == 303).collect();
    let [winner] = saved[..] else {
        panic!("exactly one is saved: {saved:?}")
    };
    for (own, answer) in answers
        .into_iter()
        .enumerate()
        .filter(|(own, _)| *own != winner)
    {
        let page = Page::of(answer, 412);
        assert!(
            page.at("errors")
                .contains("changed the configuration in the meantime")
        );
        assert_eq!(
            page.form(&path()).value("config.years"),
            [own.to_string()],
            "typed values are kept"
        );
    }
    let after = record(&story).await;
    assert_eq!(
        (&after["version"], &after["content"]["pipelines"]),
        (
            &json!(2),
            &json!([{"id": id(1), "parameters": {"years": winner}}])
        )
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_entries_of_a_pipeline_the_first_is_used_everywhere(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = with_parameters(base, &json!([])).await;
    let first = json!({"id": id(1), "parameters": {"years": 5}});
    let second = json!({"id": id(1).to_uppercase(), "parameters": {"years": 6, "country": "Chad"}, "colour": "red"});
    let twice = json!({"content": {"pipelines": [first, second, {"id": id(2), "parameters": {"other": 1}}]}});
    story
        .ask(As::Admin, Method::PATCH, "/config/")
        .json(&twice)
        .send()
        .await
        .expect(200);

    let list = story
        .page(As::Admin, &format!("{SETTINGS}pipelines/"))
        .await;
    assert!(
        list.has("Pipeline 1 pipeline-1 1 default"),
        "{}",
        list.text()
    );
    let history = story
        .page(As::Admin, &format!("{SETTINGS}history/"))
        .await
        .at("version-2");
    assert!(
        history.contains("Default parameters of Pipeline 1: years set")
            && !history.contains("country"),
        "{history}"
    );
    let page = story.page(As::Admin, &path()).await;
    let form = page.form(&path());
    assert_eq!(
        (form.value("config.years"), form.value("config.country")),
        (vec!["5"], vec![""])
    );
    story
        .send_on(As::Admin, &form.fill("config.years", &[""]))
        .await;
    let kept = record(&story).await["content"]["pipelines"].clone();
    assert_eq!(
        kept,
        json!([{"id": id(1), "parameters": {}, "colour": "red"}, {"id": id(2), "parameters": {"other": 1}}])
    );
    let launch = format!("/dashboard/pipelines/{}/", id(1));
    let launch = story.page(As::Operator, &launch).await.form(&launch);
    assert_eq!(
        (launch.value("config.years"), launch.value("config.country")),
        (vec![""], vec![""]),
        "the other entry is not used either"
    );
    story.end().await;
}
