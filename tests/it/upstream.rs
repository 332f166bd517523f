//! The client of OpenHEXA against a wire that breaks in every way we know of.
//!
//! Above all: what a launch that brought no run id is taken for. The stories with an OpenHEXA that
//! behaves are told elsewhere, against the emulator.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use openhexa_bridge::domain::connection::Target;
use openhexa_bridge::domain::ids::{PipelineId, RunId, VersionId};
use openhexa_bridge::domain::parameters::Kind;
use openhexa_bridge::domain::pipeline::RunStatus;
use openhexa_bridge::domain::run::{Launch, Look, RunOutput, Stop};
use openhexa_bridge::openhexa::{BuildError, Client, Error, LaunchError, Limits, Refusal};
use serde_json::{Map, Value, json};
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::support::wire::{Heard, Reply, Wire, json as answer};

const TOKEN: &str = "a-token-never-shown";
const ID: Uuid = Uuid::from_u128(0xf529_8f99_df42_476c_b22b_ee56_92e8_93ed);
const NO_ONE: &str = r#"{"message":"Resolver requires an authenticated user","locations":[{"line":1,"column":3}],"path":["runPipeline"],"extensions":{"code":"UNAUTHENTICATED"}}"#;

fn limits() -> Limits {
    Limits {
        connect_timeout: Duration::from_secs(4),
        request_timeout: Duration::from_secs(5),
        idle_timeout: Duration::from_millis(1500),
        slot_timeout: Duration::from_secs(5),
        concurrency: 8,
        answer_bytes: 10_000,
        page_items: 2,
        recent_page_items: 2,
        list_pages: 3,
    }
}

fn hasty() -> Limits {
    Limits {
        connect_timeout: Duration::from_millis(200),
        request_timeout: Duration::from_millis(300),
        slot_timeout: Duration::from_millis(50),
        ..limits()
    }
}

fn client() -> Client {
    Client::new(limits()).unwrap()
}

fn target(url: &str) -> Target {
    Target {
        url: url.to_owned(),
        workspace: "demo".to_owned(),
        token: TOKEN.into(),
    }
}

fn launch() -> Launch {
    Launch {
        pipeline: PipelineId(ID),
        version: None,
        config: Map::from_iter([("country_id".to_owned(), json!(12))]),
        send_notifications: false,
        debug: false,
    }
}

/// What a launch comes to when the wire does this; it is said once, whatever happens.
async fn launched_against(reply: Reply) -> Result<RunId, LaunchError> {
    let wire = Wire::always(reply).await;
    let client = Client::new(hasty()).unwrap();
    let outcome = client.run(&target(&wire.url), &launch()).await;
    assert_eq!(wire.heard().len(), 1, "a launch is sent exactly once");
    outcome.map(|launched| launched.run)
}

async fn unsure(reply: Reply) -> Error {
    match launched_against(reply).await {
        Err(LaunchError::Unsure(error)) => shown(error),
        other => panic!("not unsure: {other:?}"),
    }
}

async fn refused(reply: Reply) -> Refusal {
    match launched_against(reply).await {
        Err(LaunchError::Refused(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

async fn not_sent(client: &Client, url: &str) -> Error {
    match client.run(&target(url), &launch()).await {
        Err(LaunchError::NotSent(error)) => shown(error),
        other => panic!("perhaps sent: {other:?}"),
    }
}

/// However an error is written down, neither the token nor the inner text is in it.
fn shown(error: Error) -> Error {
    let written = format!("{error} {error:?} {}", error.kind());
    assert!(
        !written.contains(TOKEN) && !written.contains("inner text"),
        "{written}"
    );
    error
}

fn said(success: bool, errors: &str, run: &str) -> Reply {
    answer(format!(
        r#"{{"data":{{"runPipeline":{{"success":{success},"errors":{errors},"run":{run}}}}}}}"#
    ))
}

fn a_run() -> String {
    format!(r#"{{"id":"{ID}"}}"#)
}

#[tokio::test]
async fn a_readable_run_id_is_a_run() {
    assert_eq!(
        launched_against(said(true, "[]", &a_run())).await,
        Ok(RunId(ID))
    );
    // Whatever else went wrong beside it.
    let odd = format!(
        r#"{{"data":{{"runPipeline":{{"run":{}}}}},"errors":[{{"message":"x","path":["runPipeline","success"]}}]}}"#,
        a_run()
    );
    assert_eq!(launched_against(answer(odd)).await, Ok(RunId(ID)));
}

#[tokio::test]
async fn a_launch_that_never_left_is_not_sent() {
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    assert_eq!(not_sent(&client(), &nobody).await, Error::Unreachable);
    assert_eq!(
        not_sent(&client(), "ftp://openhexa.test").await,
        Error::Address
    );
    assert_eq!(not_sent(&client(), "openhexa.test").await, Error::Address);
}

#[tokio::test]
async fn a_failed_tls_handshake_is_not_sent() {
    let wire = Wire::always(Reply::Drop).await;
    let url = wire.url.replace("http:", "https:");
    let error = not_sent(&Client::new(hasty()).unwrap(), &url).await;
    assert!(
        matches!(error, Error::Unreachable | Error::TimedOut),
        "{error:?}"
    );
    assert!(wire.heard().is_empty());
}

#[tokio::test]
async fn a_launch_without_a_free_place_is_not_sent() {
    let wire = Wire::always(Reply::Never).await;
    let client = Client::new(Limits {
        concurrency: 1,
        request_timeout: Duration::from_secs(60),
        ..hasty()
    });
    let client = client.unwrap();
    let here = target(&wire.url);
    let (asker, asked) = (client.clone(), here.clone());
    let first = tokio::spawn(async move { asker.me(&asked).await });
    wire.until(|count| count.heard == 1).await;
    assert_eq!(not_sent(&client, &here.url).await, Error::Busy);
    assert_eq!(wire.heard().len(), 1);
    first.abort();
}

#[tokio::test]
async fn what_openhexa_refuses_clearly_is_refused() {
    let no_run = |word: &str| said(false, &format!(r#"["{word}"]"#), "null");
    assert_eq!(
        refused(no_run("INVALID_CONFIG")).await,
        Refusal::InvalidConfig
    );
    assert_eq!(
        refused(no_run("PIPELINE_NOT_FOUND")).await,
        Refusal::PipelineNotFound
    );
    assert_eq!(
        refused(no_run("PIPELINE_VERSION_NOT_FOUND")).await,
        Refusal::VersionNotFound
    );
    assert_eq!(
        refused(no_run("PIPELINE_RUNS_LIMIT_REACHED")).await,
        Refusal::RunsLimit
    );
    assert_eq!(refused(no_run("PERMISSION_DENIED")).await, Refusal::Denied);
    assert_eq!(
        refused(no_run("NEW_WORD")).await,
        Refusal::Other("NEW_WORD".to_owned())
    );
    assert_eq!(
        refused(no_run("inner text")).await,
        Refusal::Other(String::new())
    );
    assert_eq!(
        refused(said(false, "[]", "null")).await,
        Refusal::Other(String::new())
    );
    let too_large = Reply::Json(413, r#"{"error":"REQUEST_TOO_LARGE"}"#.to_owned());
    assert_eq!(refused(too_large).await, Refusal::TooLarge);
}

#[tokio::test]
async fn a_refused_token_is_refused() {
    let whole = format!(r#"{{"data":null,"errors":[{NO_ONE}]}}"#);
    assert_eq!(refused(answer(whole)).await, Refusal::Token);
    let partial = format!(r#"{{"data":{{"runPipeline":null}},"errors":[{NO_ONE}]}}"#);
    assert_eq!(refused(answer(partial)).await, Refusal::Token);
    let unwritable = Target {
        token: "two\nlines".into(),
        ..target("http://127.0.0.1:9")
    };
    let outcome = client().run(&unwritable, &launch()).await;
    assert_eq!(outcome, Err(LaunchError::Refused(Refusal::Token)));
}

#[tokio::test]
async fn a_question_rejected_before_execution_is_refused() {
    let error = r#"{"message":"Variable '$input' got invalid value: inner text","locations":[{"line":1,"column":12}]}"#;
    let variable = answer(format!(r#"{{"data":null,"errors":[{error}]}}"#));
    assert_eq!(refused(variable).await, Refusal::BadRequest);
    let validation = Reply::Json(400, format!(r#"{{"errors":[{error}]}}"#));
    assert_eq!(refused(validation).await, Refusal::BadRequest);
}

#[tokio::test]
async fn a_connection_lost_after_sending_is_unsure() {
    assert_eq!(unsure(Reply::Drop).await, Error::Broken);
    assert_eq!(
        unsure(Reply::Half(r#"{"data":"#.to_owned())).await,
        Error::Broken
    );
    assert_eq!(unsure(Reply::Never).await, Error::TimedOut);
    assert_eq!(
        unsure(Reply::Stall(r#"{"data":"#.to_owned())).await,
        Error::TimedOut
    );
}

#[tokio::test]
async fn an_answer_of_something_in_front_of_openhexa_is_unsure() {
    let page = || "<h1>inner text</h1>".to_owned();
    assert_eq!(unsure(Reply::Html(500, page())).await, Error::Status(500));
    assert_eq!(unsure(Reply::Html(502, page())).await, Error::Status(502));
    assert_eq!(unsure(Reply::Html(404, page())).await, Error::Status(404));
    assert_eq!(
        unsure(Reply::Html(200, page())).await,
        Error::NotJson { status: 200 }
    );
    assert_eq!(
        unsure(Reply::Html(400, page())).await,
        Error::NotJson { status: 400 }
    );
    assert_eq!(
        unsure(Reply::Json(401, "{}".to_owned())).await,
        Error::Status(401)
    );
    let gateway = r#"{"errors":[{"message":"inner text: upstream timed out"}]}"#;
    assert_eq!(unsure(answer(gateway)).await, Error::GraphQl { code: None });
    let gateway = Reply::Json(400, r#"{"message":"inner text"}"#.to_owned());
    assert_eq!(unsure(gateway).await, Error::Unreadable);
}

#[tokio::test]
async fn an_answer_that_does_not_settle_it_is_unsure() {
    assert_eq!(unsure(said(true, "[]", "null")).await, Error::Unreadable);
    assert_eq!(
        unsure(said(true, "[]", r#"{"id":"not-a-uuid"}"#)).await,
        Error::Unreadable
    );
    assert_eq!(unsure(answer("{}")).await, Error::Unreadable);
    assert_eq!(unsure(answer("[]")).await, Error::Unreadable);
    assert_eq!(
        unsure(answer(r#"{"data":{"runPi"#)).await,
        Error::Unreadable
    );
    let resolver = r#"{"data":null,"errors":[{"message":"inner text","locations":[{"line":1,"column":38}],"path":["runPipeline"]}]}"#;
    assert_eq!(
        unsure(answer(resolver)).await,
        Error::GraphQl { code: None }
    );
    let after = r#"{"data":{"runPipeline":{"success":true,"errors":[],"run":null}},"errors":[{"message":"inner text","path":["runPipeline","run","x"],"extensions":{"code":"inner text"}}]}"#;
    assert_eq!(unsure(answer(after)).await, Error::GraphQl { code: None });
}

#[tokio::test]
async fn an_answer_over_the_limit_is_not_read() {
    let long = format!(r#"{{"data":null,"x":"{}"}}"#, "x".repeat(20_000));
    assert_eq!(unsure(answer(long)).await, Error::TooLarge);
    // 20 kB of spaces behind an answer, in 109 bytes: the limit is on what comes out.
    let gzip: &[u8] = &GZIPPED;
    assert_eq!(unsure(Reply::Gzip(gzip.to_vec())).await, Error::TooLarge);
    let wire = Wire::always(Reply::Gzip(gzip.to_vec())).await;
    let roomy = Client::new(Limits {
        answer_bytes: 30_000,
        ..limits()
    })
    .unwrap();
    assert_eq!(roomy.me(&target(&wire.url)).await.unwrap().0, ID);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Wire::always(said(true, "[]", &a_run())).await;
    for status in [301, 302, 303, 307, 308] {
        let reply = Reply::Elsewhere(status, format!("{}/graphql/", elsewhere.url));
        assert_eq!(unsure(reply).await, Error::Redirected);
    }
    assert!(elsewhere.heard().is_empty());
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().any(has_null),
        Value::Object(map) => map.values().any(has_null),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

#[tokio::test]
async fn a_request_says_who_and_what_and_no_null() {
    let wire = Wire::always(said(true, "[]", &a_run())).await;
    let bare = launch();
    let full = Launch {
        version: Some(VersionId(ID)),
        send_notifications: true,
        debug: true,
        ..launch()
    };
    for (url, launch) in [
        ("", &bare),
        ("/", &bare),
        ("/graphql", &bare),
        ("/graphql/", &full),
    ] {
        client()
            .run(&target(&format!("{}{url}", wire.url)), launch)
            .await
            .unwrap();
    }
    for heard in wire.heard() {
        assert!(
            heard.head.starts_with("post /graphql/ http/1.1"),
            "{}",
            heard.head
        );
        assert!(
            heard
                .head
                .contains(&format!("authorization: bearer {TOKEN}"))
        );
        assert!(heard.head.contains("user-agent: openhexa-bridge/"));
        assert!(heard.head.contains("accept-encoding: gzip"));
        assert!(!has_null(heard.variables()), "{}", heard.variables());
        assert!(
            !heard.body["query"]
                .as_str()
                .unwrap()
                .contains("enableDebugLogs")
        );
    }
    let input = json!({"id": ID, "config": {"country_id": 12}});
    assert_eq!(wire.heard()[0].variables(), &json!({ "input": input }));
    let input = json!({"id": ID, "config": {"country_id": 12}, "versionId": ID, "sendMailNotifications": true, "enableDebugLogs": true});
    assert_eq!(wire.heard()[3].variables(), &json!({ "input": input }));
}

#[tokio::test]
async fn an_instance_is_asked_eight_at_a_time() {
    let gate = Arc::new(Semaphore::new(0));
    let behind = Arc::clone(&gate);
    let me = format!(r#"{{"data":{{"me":{{"user":{{"id":"{ID}"}}}}}}}}"#);
    let wire = Wire::serve(move |_| Reply::Gated(Arc::clone(&behind), me.clone())).await;
    let (client, here) = (client(), target(&wire.url));
    let askers = join_all((0..30).map(|_| client.me(&here)));
    let opener = async {
        wire.until(|count| count.held == 8).await;
        gate.add_permits(30);
    };
    let (answers, ()) = tokio::join!(askers, opener);
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(wire.count().most_held, 8);
}

#[tokio::test]
async fn a_launch_never_travels_on_a_used_connection() {
    let wire = Wire::serve(|heard: &Heard| match heard.operation() {
        "RunPipeline" => said(true, "[]", &a_run()),
        _ => answer(format!(r#"{{"data":{{"me":{{"user":{{"id":"{ID}"}}}}}}}}"#)),
    })
    .await;
    let (client, here) = (client(), target(&wire.url));
    for _ in 0..2 {
        client.me(&here).await.unwrap();
        client.run(&here, &launch()).await.unwrap();
    }
    let way = |operation: &str| -> BTreeSet<usize> {
        let heard = wire.heard();
        let of_it = heard.iter().filter(|heard| heard.operation() == operation);
        of_it.map(|heard| heard.connection).collect()
    };
    assert_eq!(way("Me").len(), 1, "questions share a connection");
    assert_eq!(way("RunPipeline").len(), 2);
    assert!(way("Me").is_disjoint(&way("RunPipeline")));
}

#[tokio::test]
async fn an_idle_connection_is_given_up() {
    let too_long = Client::new(Limits {
        idle_timeout: Duration::from_secs(2),
        ..limits()
    });
    assert_eq!(too_long.err(), Some(BuildError::IdleTooLong));
    let me = format!(r#"{{"data":{{"me":{{"user":{{"id":"{ID}"}}}}}}}}"#);
    let wire = Wire::always(answer(me)).await;
    let brief = Limits {
        idle_timeout: Duration::from_millis(100),
        ..limits()
    };
    let (client, here) = (Client::new(brief).unwrap(), target(&wire.url));
    client.me(&here).await.unwrap();
    wire.until(|count| count.closed == 1).await;
    client.me(&here).await.unwrap();
    assert_eq!(wire.heard()[1].connection, 1);
}

#[tokio::test]
async fn limits_that_cannot_work_are_refused() {
    let slow = Client::new(Limits {
        connect_timeout: Duration::from_secs(5),
        ..limits()
    });
    assert_eq!(slow.err(), Some(BuildError::ConnectTooLong));
    let none = Client::new(Limits {
        concurrency: 0,
        ..limits()
    });
    assert_eq!(none.err(), Some(BuildError::Zero("concurrency")));
}

#[tokio::test]
async fn a_token_that_stands_for_nobody_is_refused() {
    let nobody = r#"{"data":{"me":{"user":null}}}"#;
    let a_runs_own = r#"{"data":{"me":{"user":null}},"errors":[{"message":"inner text","path":["me","user","id"]}]}"#;
    for said in [nobody, a_runs_own] {
        let wire = Wire::always(answer(said)).await;
        assert_eq!(
            client().me(&target(&wire.url)).await,
            Err(Error::TokenRefused)
        );
    }
}

async fn looked_at(said: &str) -> Result<Look, Error> {
    let wire = Wire::always(answer(said)).await;
    client()
        .look(&target(&wire.url), PipelineId(ID), RunId(ID))
        .await
}

#[tokio::test]
async fn an_absent_run_proves_something_only_beside_its_pipeline() {
    let absent = |pipeline_visible| Ok(Look::Absent { pipeline_visible });
    let beside = r#"{"data":{"pipelineRun":null,"pipeline":{"workspace":{"slug":"demo"}}}}"#;
    assert_eq!(looked_at(beside).await, absent(true));
    let elsewhere = r#"{"data":{"pipelineRun":null,"pipeline":{"workspace":{"slug":"other"}}}}"#;
    assert_eq!(looked_at(elsewhere).await, absent(false));
    assert_eq!(
        looked_at(r#"{"data":{"pipelineRun":null,"pipeline":null}}"#).await,
        absent(false)
    );
    let failed = r#"{"data":{"pipelineRun":null,"pipeline":{"workspace":{"slug":"demo"}}},"errors":[{"message":"inner text","path":["pipelineRun","status"]}]}"#;
    assert_eq!(looked_at(failed).await, Err(Error::GraphQl { code: None }));
    let nobody =
        format!(r#"{{"data":{{"pipelineRun":null,"pipeline":null}},"errors":[{NO_ONE}]}}"#);
    assert_eq!(looked_at(&nobody).await, Err(Error::TokenRefused));
}

#[tokio::test]
async fn a_run_is_seen_in_whatever_words() {
    let running = r#"{"data":{"pipelineRun":{"status":"running","progress":250,"executionDate":"2026-11-21T00:25:28.694Z","duration":0},"pipeline":null}}"#;
    let Ok(Look::Seen {
        status,
        progress,
        execution_date,
        ..
    }) = looked_at(running).await
    else {
        panic!("not seen");
    };
    assert_eq!((status, progress), (RunStatus::Running, 100));
    assert_eq!(execution_date, Some(at("2026-11-21T00:25:28.694Z")));
    let odd = r#"{"data":{"pipelineRun":{"status":"paused","progress":-1,"executionDate":"yesterday","duration":null},"pipeline":null}}"#;
    let Ok(Look::Seen {
        status,
        progress,
        execution_date,
        ..
    }) = looked_at(odd).await
    else {
        panic!("not seen");
    };
    assert_eq!(
        (status, progress, execution_date),
        (RunStatus::Other("paused".to_owned()), 0, None)
    );
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn pipeline(slug: &str, version: &Value) -> Value {
    json!({
        "id": ID, "name": " ", "code": "lqas", "type": "zipFile", "description": null,
        "createdAt": "2026-11-21T00:17:22.732Z", "workspace": {"slug": slug},
        "permissions": {"run": true, "stopPipeline": false}, "currentVersion": version,
    })
}

fn version() -> Value {
    json!({
        "id": ID, "versionNumber": 5, "versionName": "v5", "timeout": null, "config": {"a": 1},
        "parameters": [{
            "code": "x", "name": "", "type": "hologram", "multiple": false, "required": true,
            "default": null, "help": null, "widget": null, "connection": null, "choices": null,
            "choicesFromFile": null, "directory": null, "disables": [], "disableWhen": true,
        }],
    })
}

#[tokio::test]
async fn a_pipeline_is_read_in_its_own_workspace() {
    for (slug, seen) in [("demo", true), ("other", false)] {
        let wire = Wire::always(answer(
            json!({"data": {"pipeline": pipeline(slug, &version())}}).to_string(),
        ))
        .await;
        let found = client()
            .pipeline(&target(&wire.url), PipelineId(ID))
            .await
            .unwrap();
        assert_eq!(found.is_some(), seen);
        let Some(found) = found else { continue };
        assert_eq!(
            (found.title(), found.may_run, found.may_stop),
            ("lqas", true, false)
        );
        assert!(!found.unreadable_version);
        let parameter = &found.current_version.unwrap().parameters[0];
        assert_eq!(parameter.name, "x");
        assert_eq!(parameter.kind, Kind::Other("hologram".to_owned()));
    }
}

#[tokio::test]
async fn a_definition_that_openhexa_cannot_read_is_no_notebook() {
    let error = |path: Value| json!([{"message": "inner text", "path": path}]);
    let stored = json!({
        "data": {"pipeline": pipeline("demo", &Value::Null)},
        "errors": error(json!(["pipeline", "currentVersion", "parameters", 1, "type"])),
    });
    let wire = Wire::always(answer(stored.to_string())).await;
    let found = client()
        .pipeline(&target(&wire.url), PipelineId(ID))
        .await
        .unwrap()
        .unwrap();
    assert!(found.unreadable_version && found.current_version.is_none());

    let stored = json!({
        "data": {"pipelineVersion": null},
        "errors": error(json!(["pipelineVersion", "parameters", 1, "type"])),
    });
    let wire = Wire::always(answer(stored.to_string())).await;
    let outcome = client().version(&target(&wire.url), VersionId(ID)).await;
    assert_eq!(outcome, Err(Error::BadDefinition));

    let failed = json!({"data": {"pipeline": null}, "errors": error(json!(["pipeline"]))});
    let wire = Wire::always(answer(failed.to_string())).await;
    let outcome = client().pipeline(&target(&wire.url), PipelineId(ID)).await;
    assert_eq!(
        outcome,
        Err(Error::GraphQl { code: None }),
        "an error is no absence"
    );
}

#[tokio::test]
async fn a_version_comes_with_its_pipeline() {
    let mut found = version();
    found["pipeline"] = json!({"id": ID, "workspace": {"slug": "demo"}});
    let wire = Wire::always(answer(
        json!({"data": {"pipelineVersion": found}}).to_string(),
    ))
    .await;
    let (pipeline, version) = client()
        .version(&target(&wire.url), VersionId(ID))
        .await
        .unwrap()
        .unwrap();
    assert_eq!((pipeline, version.label.number), (PipelineId(ID), 5));
}

/// The page that was asked for, of runs queued one hour apart, two to a page.
fn page_of_runs(heard: &Heard, pages: u64) -> Reply {
    let page = heard.variables()["page"].as_u64().unwrap();
    let run = |nth: u64| {
        let (id, hour) = (Uuid::from_u128(u128::from(nth)), 20 - nth);
        json!({"id": id, "status": "queued", "progress": 0, "config": {"nth": nth},
            "executionDate": format!("2026-11-21T{hour:02}:00:00Z"), "user": null})
    };
    let runs = json!({"totalPages": pages, "items": [run(2 * page), run(2 * page + 1)]});
    answer(json!({"data": {"pipeline": {"workspace": {"slug": "demo"}, "runs": runs}}}).to_string())
}

#[tokio::test]
async fn a_lost_run_is_looked_for_until_the_runs_are_too_old() {
    let wire = Wire::serve(|heard: &Heard| page_of_runs(heard, 9)).await;
    let since = at("2026-11-21T16:00:00Z");
    let found = client()
        .recent_runs(&target(&wire.url), PipelineId(ID), since)
        .await;
    assert_eq!(found.unwrap().unwrap().len(), 3);
    assert_eq!(wire.heard().len(), 2, "no page is asked for nothing");
}

#[tokio::test]
async fn no_page_past_the_end_is_asked_for() {
    let wire = Wire::serve(|heard: &Heard| page_of_runs(heard, 2)).await;
    let found = client()
        .recent_runs(&target(&wire.url), PipelineId(ID), DateTime::UNIX_EPOCH)
        .await;
    assert_eq!(found.unwrap().unwrap().len(), 4);
    assert_eq!(wire.heard().len(), 2);
}

#[tokio::test]
async fn a_list_too_long_is_an_error_and_never_cut() {
    let wire = Wire::serve(|heard: &Heard| page_of_runs(heard, 9)).await;
    let found = client()
        .recent_runs(&target(&wire.url), PipelineId(ID), DateTime::UNIX_EPOCH)
        .await;
    assert_eq!(found, Err(Error::TooLarge));
}

#[tokio::test]
async fn all_pages_of_pipelines_are_read_once_each() {
    let wire = Wire::serve(|heard: &Heard| {
        let page = heard.variables()["page"].as_u64().unwrap();
        let item = |nth: u64| {
            json!({"id": Uuid::from_u128(u128::from(nth)), "name": null, "code": "c", "type": "notebook",
                "functionalType": "loading", "createdAt": "2026-11-21T00:17:22.732Z", "tags": [{"name": "iaso"}],
                "currentVersion": {"id": ID, "versionNumber": 1, "versionName": "v1"},
                "runs": {"items": [{"id": ID, "status": "success", "progress": 100, "executionDate": null,
                    "duration": 7, "triggerMode": "manual"}]}})
        };
        // The second page repeats the last item of the first.
        let items = [item(page), item(page + 1)];
        answer(json!({"data": {"pipelines": {"totalPages": 2, "items": items}}}).to_string())
    })
    .await;
    let found = client().pipelines(&target(&wire.url)).await.unwrap();
    assert_eq!(found.len(), 3);
    assert_eq!(
        found[0].last_run.as_ref().unwrap().trigger.as_deref(),
        Some("manual")
    );
    let asked = json!({"workspaceSlug": "demo", "page": 2, "perPage": 2});
    assert_eq!(wire.heard()[1].variables(), &asked);
}

#[tokio::test]
async fn a_stop_is_told_in_words() {
    let told = |success: bool, errors: Value| {
        answer(
            json!({"data": {"stopPipeline": {"success": success, "errors": errors}}}).to_string(),
        )
    };
    let cases = [
        (told(true, json!([])), Stop::Accepted),
        (
            told(false, json!(["PIPELINE_ALREADY_COMPLETED"])),
            Stop::AlreadyCompleted,
        ),
        (
            told(false, json!(["PIPELINE_ALREADY_STOPPED"])),
            Stop::AlreadyStopped,
        ),
        (told(false, json!(["PERMISSION_DENIED"])), Stop::Denied),
        (told(false, json!(["PIPELINE_NOT_FOUND"])), Stop::NotFound),
        (told(false, json!(["NEW"])), Stop::Other("NEW".to_owned())),
    ];
    for (reply, expected) in cases {
        let wire = Wire::always(reply).await;
        assert_eq!(
            client().stop(&target(&wire.url), RunId(ID)).await,
            Ok(expected)
        );
    }
}

#[tokio::test]
async fn details_keep_outputs_of_kinds_not_known_yet() {
    let run = json!({
        "pipeline": {"workspace": {"slug": "demo"}}, "logs": "started",
        "messages": [{"message": "tick", "priority": "INFO", "timestamp": "2026-11-21T00:25:56.503726+00:00"}],
        "outputs": [
            {"__typename": "BucketObject", "name": "a.csv", "path": "out/a.csv", "size": 12},
            {"__typename": "DatabaseTable", "tableName": "t"},
            {"__typename": "GenericOutput", "genericName": null, "type": "link", "uri": "https://x.test"},
            {"__typename": "Hologram"},
        ],
    });
    let wire = Wire::always(answer(json!({"data": {"pipelineRun": run}}).to_string())).await;
    let found = client()
        .details(&target(&wire.url), RunId(ID))
        .await
        .unwrap()
        .unwrap();
    let file = RunOutput::File {
        name: "a.csv".to_owned(),
        path: "out/a.csv".to_owned(),
        size: Some(12),
    };
    assert_eq!(found.outputs[0], file);
    assert_eq!(found.outputs[3], RunOutput::Unknown);
    assert!(found.messages[0].at.is_some());
}

#[tokio::test]
async fn choices_of_another_workspace_are_denied() {
    let said = |slug: &str| {
        let version = json!({"pipeline": {"workspace": {"slug": slug}}});
        answer(
            json!({"data": {"pipelineVersion": version, "pipelineParameterChoices": ["D1", "D2"]}})
                .to_string(),
        )
    };
    let wire = Wire::always(said("demo")).await;
    let found = client()
        .choices(&target(&wire.url), VersionId(ID), "district")
        .await;
    assert_eq!(found, Ok(vec!["D1".to_owned(), "D2".to_owned()]));
    let wire = Wire::always(said("other")).await;
    let found = client()
        .choices(&target(&wire.url), VersionId(ID), "district")
        .await;
    assert_eq!(found, Err(Error::Denied));
}

const GZIPPED: [u8; 118] = [
    31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 237, 197, 59, 18, 130, 48, 20, 64, 209, 173, 56, 233, 211, 68,
    64, 194, 110, 192, 188, 204, 88, 216, 248, 169, 24, 247, 174, 236, 194, 226, 156, 226, 222, 61,
    181, 245, 181, 166, 101, 79, 247, 56, 250, 126, 198, 227, 248, 173, 165, 37, 245, 177, 212,
    185, 215, 154, 91, 31, 74, 30, 46, 211, 53, 111, 165, 108, 57, 98, 156, 106, 137, 185, 158,
    163, 165, 207, 207, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 128, 191, 240, 5,
    99, 228, 212, 156, 102, 78, 0, 0,
];
