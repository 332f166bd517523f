//! PostgreSQL with `database.tls = "verified"`: a server without TLS gets no password.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

use openhexa_bridge::settings::Sources;
use openhexa_bridge::store::{Cipher, DatabaseAddress, OpenError, Options, Store, TlsMode};

const PASSWORD: &str = "a-password-that-nobody-may-see";
/// The length and the code of an `SSLRequest`.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];
/// `AuthenticationCleartextPassword`.
const ASK_FOR_PASSWORD: [u8; 9] = [b'R', 0, 0, 0, 8, 0, 0, 0, 3];

/// A server without TLS that asks for the password in clear text; it returns what it received on its first
/// connection.
fn server_without_tls() -> (u16, JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = std::thread::spawn(move || received(listener.accept().unwrap().0));
    (port, serving)
}

fn received(mut client: TcpStream) -> Vec<u8> {
    client
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    let (mut all, mut part) = (Vec::new(), [0; 1024]);
    while let Ok(length @ 1..) = client.read(&mut part) {
        all.extend_from_slice(&part[..length]);
        let answer = if all == SSL_REQUEST {
            &b"N"[..]
        } else {
            &ASK_FOR_PASSWORD
        };
        // The bytes of a client that has disconnected are read completely.
        let _ = client.write_all(answer);
        if String::from_utf8_lossy(&all).contains(PASSWORD) {
            break;
        }
    }
    all
}

fn open(url: String, tls: TlsMode) -> Result<(), OpenError> {
    Store::open(Options {
        address: DatabaseAddress::Postgres {
            url: url.into(),
            tls,
        },
        encryption_key: Cipher::generate_key(),
        pool_size: 1,
        wait: Duration::from_secs(5),
    })?
    .migrate()
}

fn verified() -> TlsMode {
    TlsMode::Verified { ca_file: None }
}

#[test]
fn a_server_without_tls_does_not_receive_the_password() {
    for options in [
        "",
        "?sslmode=disable",
        "?sslmode=prefer",
        "?sslmode=require",
    ] {
        let (port, serving) = server_without_tls();
        let url = format!("postgres://bridge:{PASSWORD}@localhost:{port}/bridge{options}");
        let told = open(url.replace("localhost", "127.0.0.1"), verified()).unwrap_err();
        assert!(
            told.to_string().contains("server does not support TLS"),
            "{options}: {told}"
        );
        let received = serving.join().unwrap();
        assert_eq!(received, SSL_REQUEST, "{options}: more was sent");
    }
}

#[test]
fn the_server_of_these_tests_receives_a_password_if_one_is_sent() {
    let (port, serving) = server_without_tls();
    let url = format!("postgres://bridge:{PASSWORD}@127.0.0.1:{port}/bridge");
    open(url, TlsMode::Off).unwrap_err();
    let received = serving.join().unwrap();
    assert!(String::from_utf8_lossy(&received).contains(PASSWORD));
}

#[test]
fn a_socket_has_no_tls() {
    let folder = tempfile::tempdir().unwrap();
    let host = folder.path().display().to_string().replace('/', "%2F");
    let told = open(format!("postgres://bridge@{host}/bridge"), verified()).unwrap_err();
    assert!(
        told.to_string().ends_with("set database.tls to off"),
        "{told}"
    );
}

fn refused(pairs: &[(&str, &str)]) -> String {
    let name = |key: &str| format!("OPENHEXA_BRIDGE__{key}");
    let environment = pairs
        .iter()
        .map(|(key, value)| (name(key), (*value).to_owned()));
    let sources = Sources {
        file: None,
        environment: environment.collect(),
    };
    match sources.read() {
        Ok(_) => String::new(),
        Err(bad) => bad.to_string(),
    }
}

fn url_refused(tls: &str, options: &str) -> String {
    let url = format!("postgres://bridge:{PASSWORD}@db.example.org/bridge{options}");
    refused(&[("DATABASE__URL", &url), ("DATABASE__TLS", tls)])
}

#[test]
fn a_url_that_contradicts_the_setting_is_refused() {
    let set = "database.url (set by OPENHEXA_BRIDGE__DATABASE__URL in the environment) must be";
    let without = "without sslmode or with sslmode=require, because database.tls is verified";
    for options in [
        "?sslmode=disable",
        "?sslmode=prefer",
        "?sslmode=allow",
        "?application_name=a&sslmode=disable",
        "?ssl%6Dode=disable",
        "?sslmode=require&sslmode=prefer",
    ] {
        assert_eq!(url_refused("verified", options), format!("{set} {without}"));
    }
    let off = "without sslmode=require, verify-ca or verify-full, because database.tls is off; set it to verified to use TLS";
    for options in ["?sslmode=require", "?sslmode=verify-full"] {
        assert_eq!(url_refused("off", options), format!("{set} {off}"));
    }
    for (tls, options) in [
        ("verified", ""),
        ("verified", "?sslmode=require"),
        ("verified", "?application_name=sslmode"),
        ("off", ""),
        ("off", "?sslmode=disable"),
    ] {
        assert_eq!(url_refused(tls, options), "", "{tls} {options}");
    }
}

#[test]
fn certificates_are_refused_if_tls_is_not_verified() {
    let told = refused(&[("DATABASE__CA_FILE", "/etc/ssl/ca.pem")]);
    assert_eq!(
        told,
        "database.ca_file (set by OPENHEXA_BRIDGE__DATABASE__CA_FILE in the environment) has no effect with \
         database.tls = \"off\": set tls to \"verified\", or remove ca_file"
    );
}
