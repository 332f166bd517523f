//! `serve` and `migrate`.

use openhexa_bridge::store::Cipher;
use rstest::rstest;
use rustix::process::Signal;
use secrecy::ExposeSecret as _;

use super::*;
use crate::support::story::{Postgres, Sqlite};

pub const VIEWER: &str = "a-key-for-those-who-look";

/// `serve` with all required settings, on a free port.
pub fn serve(url: &str) -> Line {
    Line::of(&["serve"])
        .setting("SERVER__PORT", "0")
        .setting("DATABASE__URL", url)
        .setting(
            "SECRETS__ENCRYPTION_KEY",
            Cipher::generate_key().expose_secret(),
        )
        .setting(
            "SECRETS__CALLBACK_KEY",
            "a-key-that-callback-tokens-are-signed-with",
        )
        .setting("KEYS__VIEWER", VIEWER)
}

fn sqlite(folder: &Path) -> String {
    format!("sqlite:{}", folder.join("bridge.db").display())
}

async fn url(base: Base, folder: &Path) -> String {
    database(base).await.unwrap_or_else(|| sqlite(folder))
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_accepts_the_keys_of_the_settings(#[values(Sqlite, Postgres)] base: Base) {
    let data = tempfile::tempdir().unwrap();
    let mut bridge = serve(&url(base, data.path()).await)
        .setting("LOG__FORMAT", "json")
        .start();
    let lines = bridge.lines(1).await;
    let address = lines[0].strip_prefix("bridge: ").unwrap();
    assert!(is_loopback(address), "{address}");
    let (visitor, list) = (Visitor::new(), format!("{address}/api/openhexa/pipelines/"));
    assert_eq!(visitor.get(&format!("{address}/healthz")).await.0, 200);
    assert_eq!(
        visitor.get(&list).await.0,
        401,
        "local users must sign in too"
    );
    let (status, told) = visitor.get_as(VIEWER, &list).await;
    assert_eq!(
        (status, &told["error"]),
        (422, &json!("OpenHexa configuration not found"))
    );
    let ended = bridge.stop(Signal::TERM).await;
    assert_eq!((ended.status.code(), ended.out.len()), (Some(0), 1));
    assert!(ended.took.as_secs() < 5, "{:?}", ended.took);
    let started = ended
        .err
        .iter()
        .find(|line| line.contains("the bridge started"));
    let started: Value = serde_json::from_str(started.expect("a line about the start")).unwrap();
    assert_eq!(started["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(
        format!("http://{}", started["address"].as_str().unwrap()),
        address
    );
    let shown = started["database"].as_str().unwrap();
    assert!(
        shown.starts_with("SQLite file /") || shown.starts_with("PostgreSQL \"test_"),
        "{shown}"
    );
    for line in &ended.err {
        assert!(serde_json::from_str::<Value>(line).is_ok(), "{line}");
        assert!(
            !line.contains(VIEWER) && !line.contains("a-key-that"),
            "{line}"
        );
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn migrate_creates_the_tables_and_ends(#[values(Sqlite, Postgres)] base: Base) {
    let data = tempfile::tempdir().unwrap();
    let url = url(base, data.path()).await;
    for _ in 0..2 {
        let migrate = Line::of(&["migrate"])
            .setting("DATABASE__URL", &url)
            .setting(
                "SECRETS__ENCRYPTION_KEY",
                Cipher::generate_key().expose_secret(),
            );
        let ended = migrate.run().await;
        assert_eq!(ended.status.code(), Some(0), "{:#?}", ended.err);
        assert_eq!(ended.out, [""; 0]);
    }
    let folder = data.path().to_owned();
    let tables = tokio::task::spawn_blocking(move || {
        match url.strip_prefix("sqlite:") {
            Some(_) => folder.join("bridge.db").exists(),
            None => postgres::rows(&url, "SELECT table_name::text, '' FROM information_schema.tables WHERE table_schema = 'openhexa_bridge' AND table_name = 'task'").len() == 1,
        }
    });
    assert!(tables.await.unwrap());
}

#[tokio::test]
async fn an_invalid_setting_stops_the_start_with_one_message() {
    let data = tempfile::tempdir().unwrap();
    let url = sqlite(data.path());
    let config = data.path().join("bridge.toml");
    std::fs::write(&config, "[server]\nworkers = 0\n").unwrap();
    for (line, sentence) in [
        (serve(&url).setting("SERVER__PORT", "http"), "server.port (set by OPENHEXA_BRIDGE__SERVER__PORT in the environment) must be a whole number from 0 to 65535".to_owned()),
        (serve(&url).setting("SERVER__PROT", "80"), "server.prot (set by OPENHEXA_BRIDGE__SERVER__PROT in the environment) is not a setting; did you mean server.port?".to_owned()),
        (serve(&url).arg("--config").arg(&config), format!("server.workers (set in {}) must be a whole number from 1 to 64", config.display())),
        (serve(&url).arg("--config").arg("/nowhere/bridge.toml"), "cannot read the settings file /nowhere/bridge.toml: the file does not exist".to_owned()),
        (serve(&url).setting("SECRETS__ENCRYPTION_KEY", ""), "secrets.encryption_key (OPENHEXA_BRIDGE__SECRETS__ENCRYPTION_KEY in the environment) is empty; create one with: openssl rand -base64 32 | tr '+/' '-_'".to_owned()),
        (serve(&url).setting("SECRETS__ENCRYPTION_KEY", "not-a-fernet-key"), "secrets.encryption_key (OPENHEXA_BRIDGE__SECRETS__ENCRYPTION_KEY in the environment) is not a Fernet key: 32 bytes in URL-safe base64".to_owned()),
        (serve(&url).setting("SECRETS__CALLBACK_KEY", ""), "secrets.callback_key (OPENHEXA_BRIDGE__SECRETS__CALLBACK_KEY in the environment) is empty; create one with: openssl rand -base64 48".to_owned()),
        (serve(&url).setting("SECRETS__CALLBACK_KEY", "short"), "secrets.callback_key (set by OPENHEXA_BRIDGE__SECRETS__CALLBACK_KEY in the environment) must be at least 32 characters".to_owned()),
        (serve("postgres://somebody:a-password@127.0.0.1:1/nowhere"), "database.url: cannot connect to the database: error connecting to server: Connection refused (os error 111)".to_owned()),
        (serve("sqlite:/proc/nowhere/bridge.db"), "database.url: cannot create the folder of the file: No such file or directory (os error 2)".to_owned()),
    ] {
        assert_eq!(line.run().await.error_line(), sentence);
    }
}

#[tokio::test]
async fn a_variable_without_effect_is_logged_at_the_start() {
    let data = tempfile::tempdir().unwrap();
    let mut bridge = serve(&sqlite(data.path()))
        .env("OPENHEXA_BRIDGE_SERVER_PORT", "80")
        .start();
    bridge.lines(1).await;
    let ended = bridge.stop(Signal::TERM).await;
    let sentence =
        "OPENHEXA_BRIDGE_SERVER_PORT is not used: did you mean OPENHEXA_BRIDGE__SERVER__PORT?";
    assert!(
        ended
            .err
            .iter()
            .any(|line| line.contains("WARN") && line.contains(sentence)),
        "{:#?}",
        ended.err
    );
}

#[tokio::test]
async fn a_hangup_stops_it_like_sigterm() {
    let data = tempfile::tempdir().unwrap();
    let mut bridge = serve(&sqlite(data.path())).start();
    bridge.lines(1).await;
    let ended = bridge.stop(Signal::HUP).await;
    assert_eq!(ended.status.code(), Some(0), "{:#?}", ended.err);
}

/// As `nohup` starts a command.
#[tokio::test]
async fn a_hangup_that_is_ignored_at_the_start_stays_ignored() {
    let data = tempfile::tempdir().unwrap();
    let script = format!(
        "trap '' HUP; kill -HUP $$; exec {} serve",
        env!("CARGO_BIN_EXE_openhexa-bridge")
    );
    let mut bridge = serve(&sqlite(data.path()))
        .through("sh", &["-c", &script])
        .start();
    let address = bridge.lines(1).await[0]
        .strip_prefix("bridge: ")
        .unwrap()
        .to_owned();
    bridge.signal(Signal::HUP);
    let visitor = Visitor::new();
    for _ in 0..3 {
        assert_eq!(visitor.get(&format!("{address}/readyz")).await.0, 200);
    }
    let ended = bridge.stop(Signal::TERM).await;
    assert_eq!(ended.status.code(), Some(0), "{:#?}", ended.err);
}

#[tokio::test]
async fn a_port_in_use_gets_an_error_message() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let data = tempfile::tempdir().unwrap();
    let ended = serve(&sqlite(data.path()))
        .setting("SERVER__PORT", &address.port().to_string())
        .run()
        .await;
    let sentence = ended.error_line();
    assert_eq!(
        sentence,
        format!(
            "cannot listen on {address}: another program uses this port. Stop it, or choose another port with server.port \
             (dev: --port, --openhexa-port)"
        )
    );
}

#[tokio::test]
async fn an_unknown_command_gets_an_error_with_the_known_ones() {
    let ended = Line::of(&["sevre"]).run().await;
    assert_eq!(ended.status.code(), Some(2));
    assert!(
        ended.err.iter().any(|line| line.contains("serve")),
        "{:#?}",
        ended.err
    );
    assert_eq!(ended.out, [""; 0]);
}

/// As with `openhexa-bridge openapi | head`.
#[test]
fn a_reader_may_close_the_pipe_early() {
    for command in ["openapi", "settings"] {
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_openhexa-bridge"))
            .arg(command)
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let ended = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(
            (ended.status.code(), said.as_str()),
            (Some(0), ""),
            "{command}"
        );
    }
}
