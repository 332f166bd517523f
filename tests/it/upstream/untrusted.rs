//! A server with an untrusted TLS certificate: the error names the cause.

use rstest::rstest;
use std::net::TcpListener;
use std::sync::Arc;

use openhexa_bridge::openhexa::{Error, LaunchError, OpenHexa};
use reqwest::Method;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Map, json};

use super::{client, launch, target};
use crate::support::log;
use crate::support::story::{As, Base, Postgres, Sqlite, StoryBuilder};

const CERTIFICATE: &[u8] = include_bytes!("certificates/certificate.pem");
const KEY: &[u8] = include_bytes!("certificates/key.pem");

/// The URL of a server, which ends with the process.
fn server() -> String {
    let certificate = CertificateDer::from_pem_slice(CERTIFICATE).unwrap();
    let key = PrivateKeyDer::from_pem_slice(KEY).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for socket in listener.incoming() {
            let mut connection = rustls::ServerConnection::new(config.clone()).unwrap();
            // The client closes the connection during the handshake.
            let _ = connection.complete_io(&mut socket.unwrap());
        }
    });
    format!("https://{address}")
}

#[tokio::test]
async fn an_untrusted_certificate_is_an_error_with_its_cause_and_nothing_is_sent() {
    let target = target(&server());
    let error = client().me(&target).await.unwrap_err();
    assert_eq!(
        error,
        Error::Untrusted("invalid peer certificate: UnknownIssuer".to_owned())
    );
    assert_eq!(
        client().run(&target, &launch()).await,
        Err(LaunchError::NotSent(error))
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_check_the_list_and_the_log_show_that_a_certificate_is_not_trusted(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = StoryBuilder::on(base).not_configured().begin().await;
    let address = server();
    story
        .configure_with(
            Map::new(),
            &format!("{address}/graphql/"),
            "a-token",
            "demo",
        )
        .await;
    let list = story.get("/pipelines/").await.error(502);
    assert_eq!(
        list,
        "OpenHEXA's TLS certificate is not trusted: invalid peer certificate: UnknownIssuer"
    );
    let check = story
        .ask(As::Admin, Method::POST, "/config/check/")
        .json(&json!({}))
        .send()
        .await
        .expect(200);
    let detail = check["checks"][0]["detail"].as_str().unwrap();
    assert!(
        detail.contains("invalid peer certificate: UnknownIssuer")
            && detail.contains("SSL_CERT_FILE"),
        "{check}"
    );
    let log = log::text();
    let told = log
        .lines()
        .find(|line| line.contains("SSL_CERT_FILE") && line.contains("UnknownIssuer"));
    assert!(
        told.is_some_and(|line| line.contains("WARN") && line.contains("127.0.0.1")),
        "{told:?}"
    );
    story.end().await;
}
