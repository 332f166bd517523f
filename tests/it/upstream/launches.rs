//! How a launch without a run id is classified: not sent, refused or unknown.

use std::time::Duration;

use openhexa_bridge::domain::connection::Target;
use openhexa_bridge::domain::ids::RunId;
use openhexa_bridge::openhexa::{Client, Error, LaunchError, OpenHexa, Refusal, RequestLimits};

use super::{
    ID, NOT_AUTHENTICATED, TOKEN, a_run, answer, client, launch, limits, said, short_timeouts,
    target,
};
use crate::support::scripted_server::{Reply, ScriptedServer};

/// The result of a launch with this response; the request must be sent exactly once.
async fn launched_against(reply: Reply) -> Result<RunId, LaunchError> {
    let is_silent = matches!(reply, Reply::Never | Reply::Stall(_));
    let wire = ScriptedServer::always(reply).await;
    let client = Client::new(if is_silent {
        short_timeouts()
    } else {
        limits()
    })
    .unwrap();
    let outcome = client.run(&target(&wire.url), &launch()).await;
    assert_eq!(wire.received().len(), 1, "a launch is sent exactly once");
    outcome.map(|launched| launched.run)
}

async fn unknown_outcome(reply: Reply) -> Error {
    match launched_against(reply).await {
        Err(LaunchError::UnknownOutcome(error)) => shown(error),
        other => panic!("not unknown: {other:?}"),
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

/// No form of an error contains the token or the inner text.
fn shown(error: Error) -> Error {
    let written = format!("{error} {error:?} {}", error.kind());
    assert!(
        !written.contains(TOKEN) && !written.contains("inner text"),
        "{written}"
    );
    error
}

#[tokio::test]
async fn a_readable_run_id_means_that_the_run_exists() {
    assert_eq!(
        launched_against(said(true, "[]", &a_run())).await,
        Ok(RunId(ID))
    );
    // Even if something else failed.
    let odd = format!(
        r#"{{"data":{{"runPipeline":{{"run":{}}}}},"errors":[{{"message":"x","path":["runPipeline","success"]}}]}}"#,
        a_run()
    );
    assert_eq!(launched_against(answer(odd)).await, Ok(RunId(ID)));
}

#[tokio::test]
async fn a_launch_without_a_connection_is_not_sent() {
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
async fn a_host_that_is_not_allowed_gets_no_request() {
    let wire = ScriptedServer::always(said(true, "[]", &a_run())).await;
    let allowing = |host: &str| {
        let allowed_hosts = vec![host.to_owned()];
        Client::new(RequestLimits {
            allowed_hosts,
            ..limits()
        })
        .unwrap()
    };
    let other = allowing("openhexa.test");
    assert_eq!(not_sent(&other, &wire.url).await, Error::Address);
    assert_eq!(wire.received().len(), 0);
    let listed = allowing("127.0.0.1")
        .run(&target(&wire.url), &launch())
        .await;
    assert!(listed.is_ok() && wire.received().len() == 1, "{listed:?}");
}

#[tokio::test]
async fn a_failed_tls_handshake_is_not_sent() {
    let wire = ScriptedServer::always(Reply::Drop).await;
    let url = wire.url.replace("http:", "https:");
    let error = not_sent(&Client::new(short_timeouts()).unwrap(), &url).await;
    assert!(
        matches!(error, Error::Unreachable | Error::TimedOut),
        "{error:?}"
    );
    assert!(wire.received().is_empty());
}

#[tokio::test]
async fn a_launch_without_a_free_slot_is_not_sent() {
    let wire = ScriptedServer::always(Reply::Never).await;
    let client = Client::new(RequestLimits {
        concurrency: 1,
        request_timeout: Duration::from_mins(1),
        ..short_timeouts()
    });
    let client = client.unwrap();
    let here = target(&wire.url);
    let (other, there) = (client.clone(), here.clone());
    let first = tokio::spawn(async move { other.me(&there).await });
    wire.until(|count| count.heard == 1).await;
    assert_eq!(not_sent(&client, &here.url).await, Error::Busy);
    assert_eq!(wire.received().len(), 1);
    first.abort();
}

#[tokio::test]
async fn a_clear_refusal_of_openhexa_is_refused() {
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
    let whole = format!(r#"{{"data":null,"errors":[{NOT_AUTHENTICATED}]}}"#);
    assert_eq!(refused(answer(whole)).await, Refusal::Token);
    let partial = format!(r#"{{"data":{{"runPipeline":null}},"errors":[{NOT_AUTHENTICATED}]}}"#);
    assert_eq!(refused(answer(partial)).await, Refusal::Token);
    let unwritable = Target {
        token: "two\nlines".into(),
        ..target("http://127.0.0.1:9")
    };
    let outcome = client().run(&unwritable, &launch()).await;
    assert_eq!(outcome, Err(LaunchError::Refused(Refusal::Token)));
}

#[tokio::test]
async fn a_request_rejected_before_execution_is_refused() {
    let error = r#"{"message":"Variable '$input' got invalid value: inner text","locations":[{"line":1,"column":12}]}"#;
    let variable = answer(format!(r#"{{"data":null,"errors":[{error}]}}"#));
    assert_eq!(refused(variable).await, Refusal::BadRequest);
    let validation = Reply::Json(400, format!(r#"{{"errors":[{error}]}}"#));
    assert_eq!(refused(validation).await, Refusal::BadRequest);
}

#[tokio::test]
async fn a_connection_lost_after_sending_has_an_unknown_outcome() {
    assert_eq!(unknown_outcome(Reply::Drop).await, Error::Broken);
    assert_eq!(
        unknown_outcome(Reply::Half(r#"{"data":"#.to_owned())).await,
        Error::Broken
    );
    assert_eq!(unknown_outcome(Reply::Never).await, Error::TimedOut);
    assert_eq!(
        unknown_outcome(Reply::Stall(r#"{"data":"#.to_owned())).await,
        Error::TimedOut
    );
}

#[tokio::test]
async fn a_response_of_a_proxy_has_an_unknown_outcome() {
    let page = || "<h1>inner text</h1>".to_owned();
    assert_eq!(
        unknown_outcome(Reply::Html(500, page())).await,
        Error::Status(500)
    );
    assert_eq!(
        unknown_outcome(Reply::Html(502, page())).await,
        Error::Status(502)
    );
    assert_eq!(
        unknown_outcome(Reply::Html(404, page())).await,
        Error::Status(404)
    );
    assert_eq!(
        unknown_outcome(Reply::Html(200, page())).await,
        Error::NotJson { status: 200 }
    );
    assert_eq!(
        unknown_outcome(Reply::Html(400, page())).await,
        Error::NotJson { status: 400 }
    );
    assert_eq!(
        unknown_outcome(Reply::Json(401, "{}".to_owned())).await,
        Error::Status(401)
    );
    let gateway = r#"{"errors":[{"message":"inner text: upstream timed out"}]}"#;
    assert_eq!(
        unknown_outcome(answer(gateway)).await,
        Error::GraphQl { code: None }
    );
    let gateway = Reply::Json(400, r#"{"message":"inner text"}"#.to_owned());
    assert_eq!(unknown_outcome(gateway).await, Error::Unreadable);
}

#[tokio::test]
async fn an_ambiguous_response_has_an_unknown_outcome() {
    assert_eq!(
        unknown_outcome(said(true, "[]", "null")).await,
        Error::Unreadable
    );
    assert_eq!(
        unknown_outcome(said(true, "[]", r#"{"id":"not-a-uuid"}"#)).await,
        Error::Unreadable
    );
    assert_eq!(unknown_outcome(answer("{}")).await, Error::Unreadable);
    assert_eq!(unknown_outcome(answer("[]")).await, Error::Unreadable);
    assert_eq!(
        unknown_outcome(answer(r#"{"data":{"runPi"#)).await,
        Error::Unreadable
    );
    let resolver = r#"{"data":null,"errors":[{"message":"inner text","locations":[{"line":1,"column":38}],"path":["runPipeline"]}]}"#;
    assert_eq!(
        unknown_outcome(answer(resolver)).await,
        Error::GraphQl { code: None }
    );
    let after = r#"{"data":{"runPipeline":{"success":true,"errors":[],"run":null}},"errors":[{"message":"inner text","path":["runPipeline","run","x"],"extensions":{"code":"inner text"}}]}"#;
    assert_eq!(
        unknown_outcome(answer(after)).await,
        Error::GraphQl { code: None }
    );
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = ScriptedServer::always(said(true, "[]", &a_run())).await;
    for status in [301, 302, 303, 307, 308] {
        let reply = Reply::Elsewhere(status, format!("{}/graphql/", elsewhere.url));
        assert_eq!(unknown_outcome(reply).await, Error::Redirected);
    }
    assert!(elsewhere.received().is_empty());
}

#[tokio::test]
async fn a_response_over_the_limit_is_not_read() {
    let long = format!(r#"{{"data":null,"x":"{}"}}"#, "x".repeat(20_000));
    assert_eq!(unknown_outcome(answer(long)).await, Error::TooLarge);
    // 20 kB of spaces after a response, compressed to 109 bytes: the limit applies to the decompressed size.
    let gzip: &[u8] = &GZIPPED;
    assert_eq!(
        unknown_outcome(Reply::Gzip(gzip.to_vec())).await,
        Error::TooLarge
    );
    let wire = ScriptedServer::always(Reply::Gzip(gzip.to_vec())).await;
    let roomy = Client::new(RequestLimits {
        answer_bytes: 30_000,
        ..limits()
    })
    .unwrap();
    assert_eq!(roomy.me(&target(&wire.url)).await.unwrap().0, ID);
}

const GZIPPED: [u8; 118] = [
    31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 237, 197, 59, 18, 130, 48, 20, 64, 209, 173, 56, 233, 211, 68,
    64, 194, 110, 192, 188, 204, 88, 216, 248, 169, 24, 247, 174, 236, 194, 226, 156, 226, 222, 61,
    181, 245, 181, 166, 101, 79, 247, 56, 250, 126, 198, 227, 248, 173, 165, 37, 245, 177, 212,
    185, 215, 154, 91, 31, 74, 30, 46, 211, 53, 111, 165, 108, 57, 98, 156, 106, 137, 185, 158,
    163, 165, 207, 207, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 128, 191, 240, 5,
    99, 228, 212, 156, 102, 78, 0, 0,
];
