//! `check-config`: findings on standard output, and the exit status.

use openhexa_bridge::store::Cipher;
use secrecy::ExposeSecret as _;

use super::*;
use crate::support::process::Ended;

/// The beginning of the last line if the configuration is valid.
const FINE: &str = "Configuration OK. ";

/// All required settings of `serve`, in a new folder.
fn check(folder: &Path) -> Line {
    Line::of(&["check-config"])
        .inside(folder)
        .setting(
            "SECRETS__ENCRYPTION_KEY",
            Cipher::generate_key().expose_secret(),
        )
        .setting(
            "SECRETS__CALLBACK_KEY",
            "a-key-that-callback-tokens-are-signed-with",
        )
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).unwrap().next().is_none()
}

/// Each error is in a line of its own, and the command fails.
#[track_caller]
fn has_errors(ended: &Ended, sentences: &[&str]) {
    let lines = sentences
        .iter()
        .map(|sentence| format!("error: {sentence}"));
    assert_eq!(ended.out, lines.collect::<Vec<_>>());
    let end = "openhexa-bridge: the bridge cannot start with this configuration";
    assert_eq!(
        (ended.status.code(), &ended.err[..]),
        (Some(1), &[end.to_owned()][..])
    );
}

#[tokio::test]
async fn valid_settings_succeed() {
    let folder = tempfile::tempdir().unwrap();
    let ended = check(folder.path()).run().await;
    let fine = format!(
        "Configuration OK. Listening on 127.0.0.1:8080, database SQLite file {}/data/openhexa-bridge.db, public URL \
         http://127.0.0.1:8080, standalone (not attached to Iaso's database), no Iaso URL",
        folder.path().display()
    );
    assert_eq!((&ended.out[..], &ended.err[..]), (&[fine][..], &[][..]));
    assert_eq!(ended.status.code(), Some(0));
    assert!(is_empty(folder.path()), "nothing is started or created");
}

#[tokio::test]
async fn an_error_is_printed_and_fails() {
    let folder = tempfile::tempdir().unwrap();
    let check = || check(folder.path());
    let broken = "not-a-fernet-key-of-anybody";
    for (line, sentences) in [
        (
            check().setting("SECRETS__ENCRYPTION_KEY", ""),
            &[
                "secrets.encryption_key is empty; create one with: openssl rand -base64 32 | tr '+/' '-_'",
            ][..],
        ),
        (
            check().setting("SECRETS__CALLBACK_KEY", ""),
            &["secrets.callback_key is empty; create one with: openssl rand -base64 48"],
        ),
        (
            check().setting("SECRETS__ENCRYPTION_KEY", broken),
            &["secrets.encryption_key is not a Fernet key: 32 bytes in URL-safe base64"],
        ),
        (
            check()
                .setting("SECRETS__ENCRYPTION_KEY", "")
                .setting("SECRETS__CALLBACK_KEY", ""),
            &[
                "secrets.encryption_key is empty; create one with: openssl rand -base64 32 | tr '+/' '-_'",
                "secrets.callback_key is empty; create one with: openssl rand -base64 48",
            ],
        ),
    ] {
        has_errors(&line.run().await, sentences);
    }
    assert!(is_empty(folder.path()));
}

/// Each warning is in a line of its own without secrets, and the command succeeds.
async fn has_warnings(line: Line, doubts: &[&str], secret: &str) {
    let ended = line.run().await;
    let (last, told) = ended.out.split_last().unwrap();
    assert_eq!(told, doubts);
    assert!(last.starts_with(FINE), "{last}");
    assert_eq!((ended.status.code(), &ended.err[..]), (Some(0), &[][..]));
    let hidden = |line: &String| !line.contains(secret) && !line.contains("a-password");
    assert!(ended.out.iter().all(hidden));
}

#[tokio::test]
async fn warnings_about_iaso_are_printed() {
    let folder = tempfile::tempdir().unwrap();
    let key = "one-key-for-everybody";
    let check = || check(folder.path());
    let iaso = crate::support::iaso::Iaso::start();
    for (line, doubts) in [
        (
            check()
                .setting("IASO__URL", "http://0.0.0.0:1")
                .setting("CALLBACK__IASO_SIGNING_KEY", key),
            &[
                "warning: Iaso's SECRET_KEY is shorter than 32 characters: if it is guessed, an attacker can sign in as any user",
                "warning: iaso.url is not https: users' sessions and tokens are sent unencrypted",
                "warning: server.public_url is empty: browsers that do not send Sec-Fetch-Site cannot make changes with an Iaso session",
                "warning: iaso.url (http://0.0.0.0:1) gives no usable response: Iaso is unreachable. Iaso's users cannot sign in until it does",
            ][..],
        ),
        (
            check()
                .setting("SERVER__PUBLIC_URL", "https://iaso.ministry.test")
                .setting("IASO__URL", &iaso.url)
                .setting("IASO__SIGNING_KEY", "the-secret-key-of-a-running-iaso-one")
                .setting(
                    "CALLBACK__IASO_SIGNING_KEY",
                    "the-secret-key-of-a-running-iaso-two",
                ),
            &[
                "warning: iaso.signing_key is not used because iaso.attached is false: the bridge cannot read accounts and permissions",
                "warning: iaso.signing_key and callback.iaso_signing_key differ: both must be Iaso's SECRET_KEY",
            ],
        ),
        (
            check().setting(
                "CALLBACK__IASO_SIGNING_KEY",
                "a-key-that-callback-tokens-are-signed-with",
            ),
            &[
                "warning: callback.iaso_signing_key is not used because Iaso's users cannot sign in: set iaso.url or iaso.signing_key",
                "warning: secrets.callback_key is Iaso's SECRET_KEY: use a different key",
            ],
        ),
    ] {
        has_warnings(line, doubts, key).await;
    }
}

#[tokio::test]
#[allow(clippy::too_many_lines, reason = "a table")]
async fn a_warning_is_printed_and_does_not_fail() {
    let folder = tempfile::tempdir().unwrap();
    let key = "one-key-for-everybody";
    let network = [
        "warning: server.public_url is empty: running pipelines report to the listening address, which they may not be able to reach",
        "warning: metrics.access is open: every client that can reach the bridge can read the metrics",
        "warning: log.format is text: set it to json if a log collector reads it",
    ];
    let check = || check(folder.path());
    for (line, doubts) in [
        (
            check()
                .setting("SERVER__ADDRESS", "0.0.0.0")
                .setting("METRICS__ACCESS", "open")
                .setting("KEYS__ADMIN", key),
            &network[..],
        ),
        (
            check().setting("SERVER__DANGEROUSLY_LET_EVERYBODY_ADMINISTER", "true"),
            &[
                "warning: server.dangerously_let_everybody_administer is true: every client that can reach the bridge is an administrator",
            ],
        ),
        (
            check()
                .setting("KEYS__VIEWER", key)
                .setting("KEYS__ADMIN", key),
            &["warning: two of keys.* are the same key: it has the higher role"],
        ),
        (
            check().setting("OPENHEXA__ALLOW_PRIVATE", "true"),
            &[
                "warning: openhexa.allow_private is true and openhexa.allowed_hosts is empty: an administrator can make the bridge send requests to any machine in the network",
            ],
        ),
        (
            check()
                .setting("OPENHEXA__ALLOW_PRIVATE", "true")
                .setting("OPENHEXA__ALLOWED_HOSTS", "10.0.0.7"),
            &[],
        ),
        (
            check().setting("OPENHEXA__PROXY", "http://proxy.ministry.test:3128"),
            &[
                "warning: with openhexa.proxy, the bridge cannot refuse host names of private networks: configure the proxy to refuse them",
            ],
        ),
        (
            check()
                .setting("OPENHEXA__PROXY", "http://proxy.ministry.test:3128")
                .setting("OPENHEXA__ALLOW_PRIVATE", "true")
                .setting("OPENHEXA__ALLOWED_HOSTS", "openhexa.ministry.test"),
            &[],
        ),
        (
            check().setting(
                "DATABASE__URL",
                "postgres://somebody:a-password@10.0.0.7/name",
            ),
            &[
                "warning: database.tls is off and PostgreSQL is on another machine: the password and all data are sent unencrypted",
            ],
        ),
        (
            check().setting("LAUNCH__ANSWER_WITHIN", "7s"),
            &[
                "warning: launch.answer_within is shorter than openhexa.request_timeout: the response to a launch may be sent before OpenHEXA has confirmed it",
            ],
        ),
        (
            check().setting(
                "SECRETS__PREVIOUS_ENCRYPTION_KEYS",
                Cipher::generate_key().expose_secret(),
            ),
            &[
                "warning: secrets.previous_encryption_keys is set: run `openhexa-bridge reencrypt`, then remove the keys",
            ],
        ),
        (
            check().setting("LAUNCH__GRACE", "7s"),
            &[
                "warning: launch.grace is shorter than openhexa.request_timeout: a slow launch may be sent twice",
            ],
        ),
    ] {
        has_warnings(line, doubts, key).await;
    }
}

#[tokio::test]
async fn an_invalid_setting_gets_the_same_error_as_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let ended = check(folder.path())
        .setting("CACHE__FRESH_FOR", "11m")
        .run()
        .await;
    let sentence = "cache.fresh_for (set by OPENHEXA_BRIDGE__CACHE__FRESH_FOR in the environment) must be at most 10m";
    assert_eq!(ended.error_line(), sentence);
}

/// With the database of the settings, which is opened too.
fn check_database(folder: &Path, url: &str) -> Line {
    let line = Line::of(&["check-config", "--database"]).inside(folder);
    let line = line.setting("DATABASE__URL", url);
    let key = Cipher::generate_key();
    line.setting("SECRETS__ENCRYPTION_KEY", key.expose_secret())
        .setting(
            "SECRETS__CALLBACK_KEY",
            "a-key-that-callback-tokens-are-signed-with",
        )
}

#[tokio::test]
async fn a_database_without_tables_is_valid() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("fresh.db");
    std::fs::write(&file, "").unwrap();
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let postgres = tokio::task::spawn_blocking(crate::support::postgres::database)
        .await
        .unwrap();
    for url in [format!("sqlite:{}", file.display()), postgres] {
        let ended = check_database(folder.path(), &url).run().await;
        assert_eq!((ended.out.len(), &ended.err[..]), (1, &[][..]), "{url}");
        assert!(ended.out[0].starts_with(FINE), "{url}");
    }
}

// `serve` fails on each of them.
#[tokio::test]
async fn a_database_that_cannot_be_opened_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let directory = folder.path().display();
    for (url, sentence) in [
        (
            format!("sqlite:{directory}"),
            format!("database.url: {directory} is a directory, not a database file"),
        ),
        (
            format!("postgres://somebody:a-password@127.0.0.1:{port}/name"),
            "database.url: cannot connect to the database: error connecting to server: Connection refused (os error 111)".to_owned(),
        ),
    ] {
        has_errors(&check_database(folder.path(), &url).run().await, &[&sentence]);
    }
}

#[tokio::test]
async fn a_network_address_without_a_key_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let encryption_key = Cipher::generate_key();
    let line = |args: &[&str], address: &str| {
        Line::of(args)
            .inside(folder.path())
            .setting("DATABASE__URL", "sqlite:bridge.db")
            .setting("SERVER__ADDRESS", address)
            .setting("SERVER__PUBLIC_URL", "https://iaso.ministry.test")
            .setting("SECRETS__ENCRYPTION_KEY", encryption_key.expose_secret())
            .setting(
                "SECRETS__CALLBACK_KEY",
                "a-key-that-callback-tokens-are-signed-with",
            )
    };
    let code = async |address| {
        let ended = line(&["check-config", "--database"], address).run().await;
        let told = ended.out.join("\n");
        let told = told
            .contains("error: server.address is open to the network (listening on 0.0.0.0:8080)");
        (ended.status.code(), told)
    };
    for made in ["", "migrate"] {
        if !made.is_empty() {
            assert_eq!(
                line(&[made], "127.0.0.1").run().await.status.code(),
                Some(0)
            );
        }
        assert_eq!(code("0.0.0.0").await, (Some(1), true), "{made}");
        assert_eq!(code("127.0.0.1").await, (Some(0), false), "{made}");
    }
    let keys = ["keys", "create", "--role", "viewer", "--name", "me"];
    let made = line(&keys, "127.0.0.1").run().await;
    assert_eq!(made.status.code(), Some(0), "{:?}", made.err);
    assert_eq!(code("0.0.0.0").await, (Some(0), false));
}

#[tokio::test]
async fn a_database_that_cannot_be_connected_to_is_an_error_with_its_cause() {
    let folder = tempfile::tempdir().unwrap();
    let url = "postgres://somebody:a-password@127.0.0.1:1/nowhere";
    let ended = check_database(folder.path(), url).run().await;
    let cause = "database.url: cannot connect to the database: error connecting to server: Connection refused (os error 111)";
    has_errors(&ended, &[cause]);
}

#[tokio::test]
async fn the_password_of_the_database_is_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let line = check(folder.path()).setting(
        "DATABASE__URL",
        "postgres://somebody:a-password@127.0.0.1:5432/bridge",
    );
    let ended = line.run().await;
    let fine = "Configuration OK. Listening on 127.0.0.1:8080, database PostgreSQL \"bridge\" on 127.0.0.1, public URL \
        http://127.0.0.1:8080, standalone (not attached to Iaso's database), no Iaso URL";
    assert_eq!(ended.out, [fine]);
}

#[tokio::test]
async fn every_name_of_this_machine_is_recognised() {
    let folder = tempfile::tempdir().unwrap();
    let check = || check(folder.path());
    for line in [
        check()
            .setting("SERVER__ADDRESS", "[::1]")
            .setting("SERVER__PUBLIC_URL", "http://[::1]:8080"),
        check().setting("SERVER__ADDRESS", "::1"),
        check().setting("SERVER__PUBLIC_URL", "http://localhost:8080"),
        check().setting("DATABASE__URL", "postgres://bridge@[::1]:5432/name"),
        check().setting(
            "DATABASE__URL",
            "postgres://bridge@%2Frun%2Fpostgresql/name",
        ),
        check().setting(
            "DATABASE__URL",
            "postgres://bridge@/name?host=/run/postgresql",
        ),
        check().setting(
            "DATABASE__URL",
            "postgres:///name?host=/run/postgresql&user=bridge",
        ),
        check().setting("DATABASE__URL", "postgresql://bridge@LOCALHOST/name"),
    ] {
        has_warnings(line, &[], "a-password").await;
    }
    let away = "warning: database.tls is off and PostgreSQL is on another machine: the password and all data are sent unencrypted";
    for url in [
        "postgres://bridge@127.0.0.1.ministry.test/name",
        "postgres://bridge@localhost.ministry.test/name",
        "postgres://bridge:x@10.0.0.7/name?application_name=@localhost",
        "postgres://bridge@localhost,10.0.0.7/name",
        "postgres://bridge@localhost/name?hostaddr=10.0.0.7",
    ] {
        has_warnings(check().setting("DATABASE__URL", url), &[away], "a-password").await;
    }
    let in_clear = "warning: server.public_url is not https: callback tokens are sent unencrypted";
    let line = check().setting("SERVER__PUBLIC_URL", "http://127.0.0.1.ministry.test");
    has_warnings(line, &[in_clear], "a-password").await;
}

#[tokio::test]
async fn an_iaso_without_a_usable_response_gets_a_warning() {
    use crate::support::iaso::{Iaso, ResponseMode};
    let folder = tempfile::tempdir().unwrap();
    let iaso = Iaso::start();
    let line = || {
        check(folder.path())
            .setting("IASO__URL", &iaso.url)
            .setting("SERVER__PUBLIC_URL", "https://iaso.ministry.test")
    };
    has_warnings(line(), &[], "a-password").await;
    for (mood, why) in [
        (ResponseMode::Page(404), "Iaso returned status 404"),
        (ResponseMode::Page(502), "Iaso returned status 502"),
        (ResponseMode::Redirects, "Iaso returned status 302"),
        (
            ResponseMode::Says("<html>".to_owned()),
            "Iaso's response is not a user profile",
        ),
    ] {
        iaso.respond_with(mood);
        let url = &iaso.url;
        let told = format!(
            "warning: iaso.url ({url}) gives no usable response: {why}. Iaso's users cannot sign in until it does"
        );
        has_warnings(line(), &[&told], "a-password").await;
    }
}

#[tokio::test]
async fn what_is_used_names_an_ipv6_address_and_iaso() {
    let folder = tempfile::tempdir().unwrap();
    let iaso = crate::support::iaso::Iaso::start();
    let line = check(folder.path())
        .setting("SERVER__ADDRESS", "::1")
        .setting("SERVER__PUBLIC_URL", "https://iaso.ministry.test")
        .setting("IASO__URL", &iaso.url);
    let fine = format!(
        "Configuration OK. Listening on [::1]:8080, database SQLite file {}/data/openhexa-bridge.db, public URL \
         https://iaso.ministry.test, standalone (not attached to Iaso's database), Iaso URL {}",
        folder.path().display(),
        iaso.url
    );
    assert_eq!(line.run().await.out, [fine]);
}

#[tokio::test]
async fn example_values_that_were_not_replaced_are_warnings() {
    let folder = tempfile::tempdir().unwrap();
    let check = || check(folder.path());
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (line, doubts) in [
        (
            check()
                .setting("SERVER__PUBLIC_URL", "https://iaso.example.org")
                .setting("KEYS__ADMIN", "…                openssl rand -hex 32"),
            &[
                "warning: server.public_url is https://iaso.example.org, an address of the examples: replace it with your own",
                "warning: keys.admin is a text of the examples, not a secret: replace it",
            ][..],
        ),
        (
            check().setting(
                "DATABASE__URL",
                "postgres://openhexa_bridge:PASSWORD@127.0.0.1:5432/openhexa_bridge",
            ),
            &[
                "warning: database.url contains the password of the examples: replace it with your own",
            ],
        ),
        (
            check().setting("DATABASE__URL", "postgres://USER:x@localhost:5432/NAME"),
            &[
                "warning: database.url contains the user and the name of the examples: replace it with your own",
            ],
        ),
        (
            check()
                .setting("OPENHEXA__ALLOWED_HOSTS", "openhexa.example.org")
                .setting("SERVER__PUBLIC_URL", "https://notexample.org"),
            &[
                "warning: openhexa.allowed_hosts is openhexa.example.org, an address of the examples: replace it with your own",
            ],
        ),
    ] {
        has_warnings(line, doubts, "x-x-x").await;
    }
    // The file as it is delivered: both addresses are named.
    let example = check()
        .arg("--config")
        .arg(root.join("config/production.example.toml"))
        .setting("KEYS__ADMIN", "a-key-of-an-administrator");
    let told = example.run().await.out.join("\n");
    for key in ["server.public_url", "iaso.url"] {
        let doubt =
            format!("warning: {key} is https://iaso.example.org, an address of the examples");
        assert!(told.contains(&doubt), "{told}");
    }
}

#[tokio::test]
async fn a_variable_that_looks_like_a_setting_is_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let told = [
        "warning: the environment variable OPENHEXA_BRIDGE_SERVER_PORT is not used: did you mean OPENHEXA_BRIDGE__SERVER__PORT?",
        "warning: the environment variable OPENHEXA_BRIDGE_SERVER_PROT is not used: it is not a setting. The name of a setting \
         starts with OPENHEXA_BRIDGE__ and has two underscores between its parts",
    ];
    let line = check(folder.path())
        .env("OPENHEXA_BRIDGE_SERVER_PORT", "80")
        .env("OPENHEXA_BRIDGE_SERVER_PROT", "80")
        .env("OPENHEXA_URL", "https://app.openhexa.org");
    has_warnings(line, &told, "a-password").await;
}

#[tokio::test]
async fn an_error_of_the_http_client_has_its_cause_and_does_not_name_the_proxy() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("none.pem");
    let line = check(folder.path()).env("SSL_CERT_FILE", &file);
    let ended = line.env("SSL_CERT_DIR", &file).run().await;
    assert_eq!(ended.status.code(), Some(1), "{:?}", ended.out);
    let told = ended.out.join("\n");
    assert!(
        told.starts_with("error: cannot create the HTTP client for OpenHEXA: ")
            && told.contains("SSL_CERT_FILE"),
        "{told}"
    );
    assert!(!told.contains("proxy"), "{told}");
}

#[tokio::test]
async fn an_error_of_the_database_certificates_has_its_cause() {
    let folder = tempfile::tempdir().unwrap();
    let named = |name: &str, text: &str| {
        let file = folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        file
    };
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for (file, cause) in [
        (folder.path().join("none.pem"), "No such file or directory"),
        (folder.path().to_owned(), "Is a directory"),
        (
            named("empty.pem", ""),
            "it contains no certificate in PEM format",
        ),
        (
            named("text.pem", "no certificate"),
            "it contains no certificate in PEM format",
        ),
        (named("broken.pem", broken), "certificate"),
    ] {
        let line = check(folder.path())
            .setting("DATABASE__URL", "postgres://bridge@127.0.0.1/bridge")
            .setting("DATABASE__TLS", "verified")
            .setting("DATABASE__CA_FILE", &file.display().to_string());
        let ended = line.run().await;
        let start = format!("error: database.ca_file ({}): ", file.display());
        let told = ended.out.join("\n");
        assert!(told.starts_with(&start) && told.contains(cause), "{told}");
        assert_eq!(ended.status.code(), Some(1));
    }
}

#[tokio::test]
async fn a_database_that_cannot_be_read_is_an_error_with_its_cause() {
    use crate::support::postgres::{database, execute};
    let folder = tempfile::tempdir().unwrap();
    let making = tokio::task::spawn_blocking(|| {
        let url = database();
        let role = format!("reader_{}", url.rsplit('_').next().unwrap());
        let sql = format!(
            "CREATE ROLE {role} LOGIN; CREATE SCHEMA openhexa_bridge; GRANT USAGE ON SCHEMA openhexa_bridge TO {role}; \
             CREATE TABLE openhexa_bridge.connection (id bigint, token text)"
        );
        execute(&url, &sql);
        url.replace("postgres@", &format!("{role}@"))
    });
    let url = making.await.unwrap();
    let ended = check_database(folder.path(), &url).run().await;
    let cause =
        "database.url: the database cannot run a query: permission denied for table connection";
    has_errors(&ended, &[cause]);
}

#[tokio::test]
async fn a_file_that_does_not_exist_must_be_possible_to_create() {
    let folder = tempfile::tempdir().unwrap();
    let ended = check_database(folder.path(), "sqlite:new/bridge.db")
        .run()
        .await;
    let note = format!(
        "database SQLite file {}/new/bridge.db (does not exist yet; `serve` creates it), public URL",
        folder.path().display()
    );
    assert!(ended.out[0].contains(&note), "{:?}", ended.out);
    assert!(is_empty(folder.path()), "nothing is created");
    std::fs::write(folder.path().join("notes.txt"), "").unwrap();
    let place = folder.path().display();
    let refused = format!(
        "database.url: cannot create the file {place}/notes.txt/bridge.db in {place}/notes.txt: it is not a folder"
    );
    let ended = check_database(folder.path(), "sqlite:notes.txt/bridge.db")
        .run()
        .await;
    has_errors(&ended, &[&refused]);
}

#[tokio::test]
async fn the_example_of_a_database_url_is_one_error() {
    let folder = tempfile::tempdir().unwrap();
    let url = "postgres://USER:PASSWORD@HOST:PORT/NAME";
    let ended = check_database(folder.path(), url).run().await;
    let told = "database.url is the example: replace USER, PASSWORD, HOST, PORT and NAME";
    has_errors(&ended, &[told]);
}

#[tokio::test]
async fn tables_of_a_newer_version_are_an_error() {
    use crate::support::postgres::{database, execute};
    let folder = tempfile::tempdir().unwrap();
    let url = tokio::task::spawn_blocking(database).await.unwrap();
    let line = |args: &[&str]| {
        Line::of(args)
            .inside(folder.path())
            .setting("DATABASE__URL", &url)
            .setting(
                "SECRETS__ENCRYPTION_KEY",
                Cipher::generate_key().expose_secret(),
            )
            .setting(
                "SECRETS__CALLBACK_KEY",
                "a-key-that-callback-tokens-are-signed-with",
            )
    };
    assert_eq!(line(&["migrate"]).run().await.status.code(), Some(0));
    let own = url.clone();
    let newer = move || {
        let sql = "INSERT INTO openhexa_bridge.__diesel_schema_migrations (version) VALUES ('29991231000000')";
        execute(&own, sql);
    };
    tokio::task::spawn_blocking(newer).await.unwrap();
    let told = "database.url: the tables were upgraded by a newer version of the bridge: install that version, or restore the backup";
    has_errors(&line(&["check-config", "--database"]).run().await, &[told]);
    for command in [&["serve"][..], &["migrate"], &["keys", "list"]] {
        let ended = line(command).run().await;
        assert_eq!(
            ended.err.last().unwrap(),
            &format!("openhexa-bridge: {told}")
        );
    }
}

#[tokio::test]
async fn findings_about_the_mail_server_are_printed() {
    let folder = tempfile::tempdir().unwrap();
    let mail = || {
        check(folder.path())
            .setting("MAIL__HOST", "mail.ministry.test")
            .setting("MAIL__FROM", "bridge@ministry.test")
    };
    let links = "warning: server.public_url is empty: the links in e-mails lead to the listening address, which recipients may not be able to reach";
    has_warnings(mail(), &[links], "no secret").await;
    let mail = || mail().setting("SERVER__PUBLIC_URL", "https://bridge.ministry.test");
    has_warnings(mail(), &[], "no secret").await;
    let signed_in = mail()
        .setting("MAIL__USERNAME", "bridge")
        .setting("MAIL__PASSWORD", "password-of-the-bridge")
        .setting("MAIL__ENCRYPTION", "none");
    let in_clear = "warning: mail.encryption is none and mail.host is another machine: the password and all e-mails are sent unencrypted";
    has_warnings(signed_in, &[in_clear], "password-of-the-bridge").await;
    let here = mail()
        .setting("MAIL__HOST", "127.0.0.1")
        .setting("MAIL__ENCRYPTION", "none");
    has_warnings(here, &[], "no secret").await;
    let unreadable = mail().setting("MAIL__CA_FILE", "/no/authority.pem");
    has_errors(
        &unreadable.run().await,
        &["cannot read mail.ca_file (/no/authority.pem): No such file or directory (os error 2)"],
    );
}
