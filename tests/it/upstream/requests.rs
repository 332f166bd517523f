//! How a request is sent: headers, connections, concurrency.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use openhexa_bridge::domain::ids::VersionId;
use openhexa_bridge::domain::run::Launch;
use openhexa_bridge::openhexa::{BuildError, Client, OpenHexa, RequestLimits};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::{ID, TOKEN, a_run, answer, client, launch, limits, said, target};
use crate::support::scripted_server::{ReceivedRequest, Reply, ScriptedServer};

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().any(has_null),
        Value::Object(map) => map.values().any(has_null),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

#[tokio::test]
async fn a_request_has_its_headers_and_operation_and_no_null() {
    let wire = ScriptedServer::always(said(true, "[]", &a_run())).await;
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
    for heard in wire.received() {
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
    assert_eq!(wire.received()[0].variables(), &json!({ "input": input }));
    let input = json!({"id": ID, "config": {"country_id": 12}, "versionId": ID, "sendMailNotifications": true, "enableDebugLogs": true});
    assert_eq!(wire.received()[3].variables(), &json!({ "input": input }));
}

#[tokio::test]
async fn an_instance_gets_at_most_eight_concurrent_requests() {
    let gate = Arc::new(Semaphore::new(0));
    let behind = Arc::clone(&gate);
    let me = format!(r#"{{"data":{{"me":{{"user":{{"id":"{ID}"}}}}}}}}"#);
    let wire = ScriptedServer::serve(move |_| Reply::Gated(Arc::clone(&behind), me.clone())).await;
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
async fn a_launch_never_uses_an_existing_connection() {
    let wire = ScriptedServer::serve(|heard: &ReceivedRequest| match heard.operation() {
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
        let heard = wire.received();
        let of_it = heard.iter().filter(|heard| heard.operation() == operation);
        of_it.map(|heard| heard.connection).collect()
    };
    assert_eq!(way("Me").len(), 1, "other requests share a connection");
    assert_eq!(way("RunPipeline").len(), 2);
    assert!(way("Me").is_disjoint(&way("RunPipeline")));
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let too_long = Client::new(RequestLimits {
        idle_timeout: Duration::from_secs(2),
        ..limits()
    });
    assert_eq!(too_long.err(), Some(BuildError::IdleTooLong));
    let me = format!(r#"{{"data":{{"me":{{"user":{{"id":"{ID}"}}}}}}}}"#);
    let wire = ScriptedServer::always(answer(me)).await;
    let brief = RequestLimits {
        idle_timeout: Duration::from_millis(100),
        ..limits()
    };
    let (client, here) = (Client::new(brief).unwrap(), target(&wire.url));
    client.me(&here).await.unwrap();
    wire.until(|count| count.closed == 1).await;
    client.me(&here).await.unwrap();
    assert_eq!(wire.received()[1].connection, 1);
}

#[tokio::test]
async fn invalid_limits_are_refused() {
    let slow = Client::new(RequestLimits {
        connect_timeout: Duration::from_secs(30),
        ..limits()
    });
    assert_eq!(slow.err(), Some(BuildError::ConnectTooLong));
    let none = Client::new(RequestLimits {
        concurrency: 0,
        ..limits()
    });
    assert_eq!(none.err(), Some(BuildError::Zero("concurrency")));
}
