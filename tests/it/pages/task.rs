//! A task's page from launch to end, with cancel and relaunch.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use super::Page;
use crate::support::catalogue::{id, injected, parameter, pipeline, quick};
use crate::support::fixtures;
use crate::support::story::{As, Base, Postgres, Sqlite, Story, StoryBuilder};

fn path(task: i64) -> String {
    format!("/dashboard/tasks/{task}/")
}

async fn page(story: &Story, task: i64) -> Page {
    story.page(As::Operator, &path(task)).await
}

/// A task that ended with this result.
async fn with_result(base: Base, result: &Value) -> (Story, i64) {
    let (story, task, run) = fixtures::running(base).await;
    story
        .report(
            &id(1),
            &json!({"task_id": task, "status": "SUCCESS", "result": result}),
        )
        .await
        .expect(200);
    story.drive(&run, &json!({"status": "success"})).await;
    story.until_confirmed(task).await;
    (story, task)
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_shows_progress_and_messages_of_the_run(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task, run) = fixtures::running(base).await;
    story.report(&id(1), &json!({"task_id": task, "status": "RUNNING", "progress_value": 3, "end_value": 12, "progress_message": "Reading <districts>"})).await.expect(200);
    story
        .drive(&run, &json!({"message": "halfway there"}))
        .await;
    let shown = page(&story, task).await;
    for text in [
        "Running",
        "25 %",
        "(3 / 12)",
        "Reading <districts>",
        "halfway there",
        "Task",
        "Launch requested",
        "OpenHEXA created the run",
        "the operator key of the settings file",
    ] {
        assert!(shown.has(text), "{text}: {}", shown.text());
    }
    assert_eq!(
        shown.attribute("live", "data-stream").unwrap(),
        format!("{}stream/", path(task))
    );
    assert!(
        shown
            .answer
            .text
            .contains("<noscript><meta http-equiv=\"refresh\" content=\"10\" /></noscript>")
    );
    assert!(
        shown
            .at("live-status")
            .contains("Running, 25 %: Reading <districts>")
    );
    let french = story.french_page(As::Operator, &path(task)).await;
    for text in ["En cours", "Lancement demandé", "Historique de la tâche"] {
        assert!(french.has(text), "{text}: {}", french.text());
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unconfirmed_final_status_differs_from_a_confirmed_one(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, task, run) = fixtures::running(base).await;
    story
        .report(&id(1), &json!({"task_id": task, "status": "SUCCESS"}))
        .await
        .expect(200);
    let shown = page(&story, task).await;
    assert!(
        shown.has("Success")
            && shown.has("its run in OpenHEXA has not ended yet")
            && shown.attribute("live", "data-stream").is_some()
    );
    story.drive(&run, &json!({"status": "success"})).await;
    story.until_confirmed(task).await;
    let shown = page(&story, task).await;
    assert!(
        shown.has("Final status")
            && shown.attribute("live", "data-stream").is_none()
            && !shown.answer.text.contains("refresh")
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_result_is_readable(#[values(Sqlite, Postgres)] base: Base) {
    let rows = json!([{"district": "Mora", "cases": 12, "report": "https://example.org/mora.pdf"}, {"district": "<i>Kousséri</i>", "cases": 0}]);
    let (story, task) = with_result(base, &rows).await;
    let shown = page(&story, task).await;
    for text in ["district", "Mora", "12", "<i>Kousséri</i>"] {
        assert!(shown.has(text), "{text}: {}", shown.text());
    }
    assert!(
        shown
            .links()
            .contains(&"https://example.org/mora.pdf".to_owned())
    );
    let whole = story
        .ask_at(As::Viewer, Method::GET, &format!("{}result/", path(task)))
        .send()
        .await;
    assert_eq!(
        whole.expect(200),
        json!({"result": "SUCCESS", "data": rows})
    );
    assert_eq!(
        whole.header("content-disposition"),
        format!("attachment; filename=\"task-{task}.json\"")
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_result_of_any_type_is_readable(#[values(Sqlite, Postgres)] base: Base) {
    for (result, texts) in [
        (
            json!({"group_id": 12, "link": "javascript:alert(1)"}),
            vec!["group_id", "12", "javascript:alert(1)"],
        ),
        (json!({"a": {"b": [1]}}), vec!["a 1 value", "b 1 item"]),
        (json!(["x", 2]), vec!["x", "2"]),
        (json!("</pre><script>"), vec!["</pre><script>"]),
        (json!(0), vec!["0"]),
        (json!([[1], {"a": 1}]), vec!["1 1 item", "2 1 value", "a 1"]),
    ] {
        let (story, task) = with_result(base, &result).await;
        let shown = page(&story, task).await;
        for text in texts {
            assert!(
                shown.at("live-result").contains(text),
                "{result}: {}",
                shown.text()
            );
        }
        assert!(
            !shown
                .links()
                .iter()
                .any(|link| link.starts_with("javascript"))
        );
        story.end().await;
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_result_is_cut_and_can_be_downloaded(#[values(Sqlite, Postgres)] base: Base) {
    let rows: Vec<Value> = (0..150)
        .map(|row| json!({"row": format!("row-{row}")}))
        .collect();
    let (story, task) = with_result(base, &json!(rows)).await;
    let shown = page(&story, task).await;
    assert!(
        shown.has("row-99")
            && !shown.has("row-100")
            && shown.has("Only part of the result is shown.")
    );
    assert!(shown.links().contains(&format!("{}result/", path(task))));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_is_confirmed_and_its_progress_is_shown(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task, _) = fixtures::running(base).await;
    story
        .fault(&json!({"fault": "lose_stop", "count": 1}))
        .await;
    let form = page(&story, task).await.form("/cancel/");
    assert_eq!(
        story.page(As::Viewer, &path(task)).await.buttons(),
        ["Filter"],
        "not for viewers"
    );
    assert_eq!(story.send_on(As::Operator, &form).await, path(task));
    let shown = page(&story, task).await;
    assert!(
        shown.has("Running")
            && shown.has("Stop requested; the run has not stopped yet")
            && shown.has("Stop requested"),
        "{}",
        shown.text()
    );
    assert!(!shown.buttons().contains(&"Stop the task".to_owned()));
    story.until_confirmed(task).await;
    assert!(page(&story, task).await.has("Stopped"));
    let refused = story.refused(As::Operator, &form, 409).await;
    assert!(
        refused
            .at("errors")
            .contains("The task has already ended (Stopped)"),
        "{}",
        refused.text()
    );
    assert_eq!(
        story.refused(As::Viewer, &form, 403).await.answer.status,
        403
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_is_relaunched_once_and_its_secrets_must_be_entered_again(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let parameters = [
        injected(),
        vec![
            parameter("years", "int", json!({})),
            parameter("sms_key", "secret", json!({"name": "SMS key"})),
        ],
    ]
    .concat();
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &parameters, quick("succeed"))]))
        .begin()
        .await;
    let first = story
        .launch(
            &id(1),
            json!({"years": 3, "sms_key": story.secrets.parameter}),
        )
        .await;
    story.until_confirmed(first).await;
    let shown = page(&story, first).await;
    assert!(
        shown
            .links()
            .contains(&format!("/dashboard/pipelines/{}/?again={first}", id(1)))
    );
    let form = shown.form("/relaunch/");
    let refused = story.refused(As::Operator, &form, 400).await;
    assert!(
        !refused.at("secret-sms_key-error").is_empty() && refused.has("SMS key sms_key"),
        "{}",
        refused.text()
    );
    let form = refused
        .form("/relaunch/")
        .fill("config.sms_key", &[&story.secrets.parameter.clone()]);
    let (one, two) = tokio::join!(
        story.send_on(As::Operator, &form),
        story.send_on(As::Operator, &form)
    );
    assert_eq!(one, two);
    let runs = story.runs().await;
    assert_eq!(
        (
            runs.len(),
            &runs[1]["config"]["years"],
            &runs[1]["config"]["sms_key"]
        ),
        (2, &json!(3), &json!(story.secrets.parameter))
    );
    let again = story.page(As::Operator, &one).await;
    assert!(
        again.has(&format!("from task {first}"))
            && again.links().contains(&path(first))
            && again.has("••••")
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_openhexa_the_task_is_still_shown(#[values(Sqlite, Postgres)] base: Base) {
    let (mut story, task, _) = fixtures::running(base).await;
    story.stop_openhexa().await;
    let shown = page(&story, task).await;
    assert!(
        shown.has("Running")
            && shown.has("OpenHEXA messages and logs are unavailable: OpenHEXA is unreachable."),
        "{}",
        shown.text()
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_stream_opens_with_the_cookie_and_ends_with_the_task(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, task, run) = fixtures::running(base).await;
    let form = story
        .page_with(As::Anonymous, &path(task), 401)
        .await
        .form("/sign-in/")
        .fill("key", &[&story.secrets.viewer.clone()]);
    let kept = story.send(As::Anonymous, &form).await;
    let cookie = kept
        .header("set-cookie")
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    let ask = story
        .ask_at(
            As::Anonymous,
            Method::GET,
            &format!("{}stream/", path(task)),
        )
        .header("cookie", &cookie);
    let mut stream = ask.stream().await;
    assert_eq!(stream.task().await["status"], "RUNNING");
    story.drive(&run, &json!({"status": "success"})).await;
    story.until_confirmed(task).await;
    story.bridge().live.publish_changes().await.unwrap();
    assert_eq!(
        stream.until(|task| task["confirmed"] == true).await["status"],
        "SUCCESS"
    );
    let nobody = story
        .ask_at(
            As::Anonymous,
            Method::GET,
            &format!("{}stream/", path(task)),
        )
        .send()
        .await;
    assert_eq!(nobody.status, 401);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_of_another_pipelines_task_are_not_used(#[values(Sqlite, Postgres)] base: Base) {
    let pipelines = json!([
        pipeline(1, &[parameter("years", "int", json!({}))], quick("succeed")),
        pipeline(2, &[parameter("years", "int", json!({}))], quick("succeed"))
    ]);
    let story = StoryBuilder::on(base).pipelines(pipelines).begin().await;
    let task = story.launch(&id(2), json!({"years": 3})).await;
    let shown = story
        .page(
            As::Operator,
            &format!("/dashboard/pipelines/{}/?again={task}", id(1)),
        )
        .await;
    assert_eq!(shown.attribute("field-years", "value").as_deref(), Some(""));
    story.end().await;
}
