//! Defects that mixed the tasks and pipelines of several accounts: each test is named after one.

use chrono::TimeDelta;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use super::{MARK, OTHER_TOKEN, TwoAccounts};
use crate::identity::{WithSession, plan, with_session};
use crate::support::catalogue::id;
use crate::support::dump;
use crate::support::iaso::{self, Iaso, MAY};
use crate::support::story::{As, Base, Postgres, Sqlite};

fn report_path() -> String {
    format!("/pipelines/{}/", id(1))
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_ended_another_accounts_task_with_a_forged_result(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let accounts = TwoAccounts::begin(base).await;
    let before = accounts.story.task(accounts.task).await;
    let forged = json!({"task_id": accounts.task, "status": "SUCCESS", "result": {"rows": 0}});
    let strangers = [iaso::profile(6, 2, MAY), iaso::superuser(7, 2)]
        .map(|profile| accounts.iaso.token(profile));
    for path in [
        report_path(),
        format!("/pipelines/{}/", id(2)),
        "/pipelines/anything/".to_owned(),
    ] {
        for token in strangers
            .clone()
            .into_iter()
            .chain([accounts.other_callback.clone()])
        {
            let ask = accounts.story.ask(As::Bearer(token), Method::PATCH, &path);
            let answer = ask.json(&forged).send().await.expect(400);
            assert_eq!(
                answer["task_id"].as_array().unwrap().len(),
                1,
                "{path}: {answer}"
            );
        }
        let ask = accounts
            .story
            .ask(As::Anonymous, Method::PATCH, &path)
            .in_iaso(&accounts.other_session);
        ask.json(&forged).send().await.error(400);
    }
    assert_eq!(accounts.story.task(accounts.task).await, before);
    // The token of the second task had no effect on its own task either.
    assert_eq!(
        accounts.story.task(accounts.other_task).await["status"],
        "QUEUED"
    );
    accounts.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_with_another_workspace_read_and_launched_our_pipeline(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let accounts = TwoAccounts::begin(base).await;
    let listed = with_session(&accounts.story, &accounts.other_session, "/pipelines/")
        .await
        .expect(200);
    let ids: Vec<&Value> = listed["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["id"])
        .collect();
    assert_eq!(ids, [&json!(id(2))]);
    let runs = accounts.story.runs().await.len();
    for path in ["", "versions/", "runs/", "parameters/district/choices/"] {
        let path = format!("/pipelines/{}/{path}", id(1));
        assert_eq!(
            with_session(&accounts.story, &accounts.other_session, &path)
                .await
                .error(404),
            "Pipeline not found"
        );
    }
    for what in ["validate", "launch"] {
        let ask = accounts.story.ask(
            As::Anonymous,
            Method::POST,
            &format!("/pipelines/{}/{what}/", id(1)),
        );
        ask.in_iaso(&accounts.other_session)
            .json(&json!({"config": {}}))
            .send()
            .await
            .error(404);
    }
    // A version of the other account cannot be used with our pipeline, and the reverse.
    let ask = accounts.story.ask(
        As::Anonymous,
        Method::POST,
        &format!("/pipelines/{}/launch/", id(2)),
    );
    let answer = ask
        .in_iaso(&accounts.other_session)
        .json(&json!({"version": id(1001), "config": {}}))
        .send()
        .await
        .expect(400);
    assert!(answer["version"].is_array(), "{answer}");
    assert_eq!(accounts.story.runs().await.len(), runs);
    accounts.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openhexas_token_and_a_ten_year_token_of_the_launcher_were_in_the_task(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let accounts = TwoAccounts::begin(base).await;
    let stored = dump::everything(&accounts.story.database).await;
    for secret in [
        &accounts.callback,
        &accounts.other_callback,
        &accounts.story.secrets.openhexa,
        OTHER_TOKEN,
    ] {
        assert!(!stored.contains(secret), "stored in the clear");
    }
    // The token in the run's config, which all members of the workspace can read, is valid for one task and
    // one day.
    let run = accounts.story.runs().await[0].clone();
    assert_eq!(run["config"]["connection_token"], accounts.callback);
    assert!(!run.to_string().contains(&accounts.story.secrets.openhexa));
    let shown = accounts
        .story
        .ask(
            As::Bearer(accounts.callback.clone()),
            Method::GET,
            "/tasks/",
        )
        .send()
        .await;
    shown.error(403);
    accounts.story.advance(TimeDelta::hours(26));
    let late = accounts.story.ask(
        As::Bearer(accounts.callback.clone()),
        Method::PATCH,
        &report_path(),
    );
    late.json(&json!({"task_id": accounts.task, "status": "SUCCESS"}))
        .send()
        .await
        .error(401);
    accounts.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_address_that_runs_report_to_followed_a_header(#[values(Sqlite, Postgres)] base: Base) {
    let iaso = Iaso::start();
    let story = plan(base, &iaso)
        .setting("server.public_url", "https://iaso.example.org")
        .begin()
        .await;
    let session = iaso.session(iaso::profile(4, 1, MAY));
    for (name, value) in [
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("forwarded", "host=evil.example"),
        ("x-forwarded-proto", "http"),
        ("x-original-host", "evil.example"),
    ] {
        let ask = story.ask(
            As::Anonymous,
            Method::POST,
            &format!("/pipelines/{}/launch/", id(1)),
        );
        ask.in_iaso(&session)
            .header(name, value)
            .json(&json!({"config": {}}))
            .send()
            .await
            .expect(201);
        let run = story.runs().await.last().unwrap().clone();
        assert_eq!(
            run["config"]["connection_host"], "https://iaso.example.org",
            "{name}"
        );
        assert!(!run.to_string().contains("evil"), "{run}");
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pipelines_id_became_part_of_a_query(#[values(Sqlite, Postgres)] base: Base) {
    let accounts = TwoAccounts::begin(base).await;
    let asked = accounts.story.requests().await;
    let bad = "x%22)%7Bid%7Dy:pipelines(name:%22";
    for path in [
        format!("/pipelines/{bad}/"),
        format!("/pipelines/{bad}/versions/"),
        format!("/pipelines/{bad}/runs/"),
        format!("/pipelines/{bad}/parameters/{bad}/choices/"),
    ] {
        assert_eq!(
            accounts.story.get(&path).await.error(404),
            "Pipeline not found"
        );
    }
    for what in ["validate", "launch"] {
        accounts
            .story
            .post(&format!("/pipelines/{bad}/{what}/"), &json!({"config": {}}))
            .await
            .error(404);
    }
    accounts
        .story
        .report(bad, &json!({"task_id": accounts.task, "status": "SUCCESS"}))
        .await
        .error(400);
    assert_eq!(accounts.story.requests().await, asked);
    accounts.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_another_site_launched_and_reported_with_the_users_cookie(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let accounts = TwoAccounts::begin(base).await;
    let session = accounts.iaso.session(iaso::superuser(4, 1));
    let runs = accounts.story.runs().await.len();
    let before = accounts.story.task(accounts.task).await;
    let content = json!({"content": {"openhexa_url": "https://evil.example/graphql/", "openhexa_token": "x", "workspace_slug": "x"}});
    for (method, path, body) in [
        (
            Method::POST,
            format!("/pipelines/{}/launch/", id(1)),
            json!({"config": {}}),
        ),
        (
            Method::PATCH,
            report_path(),
            json!({"task_id": accounts.task, "status": "SUCCESS"}),
        ),
        (
            Method::POST,
            format!("/tasks/{}/cancel/", accounts.task),
            json!({}),
        ),
        (Method::PUT, "/config/".to_owned(), content),
        (Method::DELETE, "/config/".to_owned(), json!({})),
    ] {
        for (name, value) in [
            ("origin", "https://evil.example"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("referer", "https://evil.example/"),
        ] {
            let ask = accounts
                .story
                .ask(As::Anonymous, method.clone(), &path)
                .cookie(&session)
                .header(name, value);
            ask.json(&body).send().await.error(403);
            // As a form is sent, for which browsers make no preflight request.
            let ask = accounts
                .story
                .ask(As::Anonymous, method.clone(), &path)
                .cookie(&session)
                .header(name, value);
            ask.body(
                "application/x-www-form-urlencoded",
                format!("task_id={}&status=SUCCESS", accounts.task),
            )
            .send()
            .await
            .error(403);
        }
    }
    assert_eq!(
        (
            accounts.story.runs().await.len(),
            accounts.story.task(accounts.task).await
        ),
        (runs, before)
    );
    accounts.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_logs_and_names_of_all_accounts_tasks_were_readable(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let accounts = TwoAccounts::begin(base).await;
    for path in ["", "logs/", "events/", "stream/"] {
        let path = format!("/tasks/{}/{path}", accounts.task);
        assert_eq!(
            with_session(&accounts.story, &accounts.other_session, &path)
                .await
                .error(404),
            "Task not found"
        );
    }
    for query in [
        "",
        "?limit=200",
        "?search=Pipeline",
        "?launcher=4",
        "?status=RUNNING,QUEUED",
        &format!("?pipeline={}", id(1)),
        "?order=name",
    ] {
        let listed = with_session(
            &accounts.story,
            &accounts.other_session,
            &format!("/tasks/{query}"),
        )
        .await
        .expect(200);
        assert_eq!(
            (&listed["count"], &listed["results"], &listed["pages"]),
            (&json!(0), &json!([]), &json!(1)),
            "{query}"
        );
    }
    // A cursor of the first account's list is refused for the second account.
    let first = accounts
        .story
        .get("/tasks/?cursor=&limit=1")
        .await
        .expect(200);
    let next = first["next"].as_str().unwrap();
    let told = with_session(
        &accounts.story,
        &accounts.other_session,
        &format!("/tasks/?cursor={next}&limit=1"),
    )
    .await;
    assert!(
        !told.text.contains(MARK)
            && (told.status == 400 || told.expect(200)["results"] == json!([])),
        "{}",
        told.text
    );
    accounts.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_config_of_twenty_megabytes_was_stored_and_sent_on(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let accounts = TwoAccounts::begin(base).await;
    let runs = accounts.story.runs().await.len();
    let large = json!({"config": {"district": "x".repeat(20 << 20)}}).to_string();
    for path in [
        format!("/pipelines/{}/launch/", id(1)),
        format!("/pipelines/{}/validate/", id(1)),
    ] {
        let ask = accounts
            .story
            .ask(As::Operator, Method::POST, &path)
            .body("application/json", large.clone());
        ask.send().await.error(413);
    }
    assert_eq!(accounts.story.runs().await.len(), runs);
    assert_eq!(accounts.story.tasks().await.len(), 2);
    accounts.end().await;
}
