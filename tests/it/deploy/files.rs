//! The other files of `deploy/`: image, systemd unit and compose file agree with the bridge and its settings.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::Path;

use regex::Regex;

use super::deploy;

/// The settings that a text contains as environment variables.
fn settings_in(text: &str) -> BTreeSet<String> {
    let name = Regex::new(r"OPENHEXA_BRIDGE__([A-Z_]+?)__([A-Z_]+)").unwrap();
    let named = name.captures_iter(text);
    named
        .map(|found| format!("{}.{}", &found[1], &found[2]).to_lowercase())
        .collect()
}

#[test]
fn variables_in_deploy_are_existing_settings() {
    let known = crate::settings::keys_in(crate::settings::DEFAULTS);
    let mut seen = 0;
    for name in ["Dockerfile", "compose.yaml", "nginx-standalone.conf"] {
        for key in settings_in(&deploy(name)) {
            assert!(known.contains(&key), "{name} sets {key}");
            seen += 1;
        }
    }
    assert!(seen >= 9, "only {seen}");
    for key in [
        "server.public_url",
        "server.trusted_proxies",
        "server.body_limit",
        "launch.answer_within",
        "stream.comment_every",
    ] {
        assert!(
            known.contains(key) && deploy("nginx.conf").contains(key),
            "{key}"
        );
    }
}

#[test]
fn the_image_uses_the_pinned_rust_and_runs_as_an_unprivileged_user() {
    let text = deploy("Dockerfile");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let toolchain = std::fs::read_to_string(root.join("rust-toolchain.toml")).unwrap();
    let channel = Regex::new(r#"channel = "([^"]+)""#).unwrap();
    let rust = channel.captures(&toolchain).unwrap()[1].to_owned();
    assert!(text.contains(&format!("ARG RUST_IMAGE=rust:{rust}-slim-bookworm\n")));
    assert!(
        text.contains("FROM ${RUST_IMAGE} AS build\n") && text.contains("FROM ${RUNTIME_IMAGE}\n")
    );
    assert!(text.contains(&format!("ENV RUSTUP_TOOLCHAIN={rust}\n")));
    assert!(
        text.contains("cargo build --locked --release --no-default-features"),
        "without `dev`"
    );
    assert!(text.contains("/target/release/openhexa-bridge /usr/local/bin/openhexa-bridge\n"));
    assert!(text.contains("ENTRYPOINT [\"/usr/local/bin/openhexa-bridge\"]\nCMD [\"serve\"]"));
    let last = text.rfind("\nFROM ").unwrap();
    assert!(text[last..].contains("\nUSER 65532:65532\n"));
    let ignored = std::fs::read_to_string(root.join(".dockerignore")).unwrap();
    for name in ["/target", "/data", "/.git", "/deploy/*.env"] {
        assert!(ignored.lines().any(|line| line == name), "{name}");
    }
}

#[test]
fn the_unit_starts_the_program_with_valid_arguments() {
    let unit = deploy("openhexa-bridge.service");
    let line = |key: &str| {
        let start = format!("{key}=");
        unit.lines()
            .find_map(|line| line.strip_prefix(&start))
            .unwrap_or_else(|| panic!("no {key}"))
            .to_owned()
    };
    let (program, file) = (
        "/usr/local/bin/openhexa-bridge",
        "/etc/openhexa-bridge/production.toml",
    );
    assert_eq!(
        line("ExecStartPre"),
        format!("{program} check-config --config {file}")
    );
    assert_eq!(
        line("ExecStart"),
        format!("{program} serve --config {file}")
    );
    for (key, value) in [
        ("DynamicUser", "yes"),
        ("NoNewPrivileges", "yes"),
        ("ProtectSystem", "strict"),
        ("UMask", "0077"),
        ("CapabilityBoundingSet", ""),
        ("LimitCORE", "0"),
        ("MemoryMax", "2G"),
        ("PrivateUsers", "yes"),
    ] {
        assert_eq!(line(key), value, "{key}");
    }
    let within: u64 = line("TimeoutStopSec")
        .trim_end_matches('s')
        .parse()
        .unwrap();
    assert!(within > 10, "server.stop_within is 10s");
}

#[test]
fn the_compose_file_publishes_the_bridge_on_this_machine_only() {
    let text = deploy("compose.yaml");
    assert!(
        text.contains("ports: [\"127.0.0.1:8080:8080\"]") && text.matches("ports:").count() == 1
    );
    assert!(text.contains("dockerfile: deploy/Dockerfile"));
    for line in [
        "read_only: true",
        "cap_drop: [ALL]",
        "security_opt: [\"no-new-privileges:true\"]",
    ] {
        assert!(text.contains(line), "{line}");
    }
    // Only one address of the bridge's own network is trusted: no container and no other network.
    let trusted = Regex::new(r"TRUSTED_PROXIES: (\S+)\n").unwrap();
    let gateway = Regex::new(r"gateway: (\S+)\n").unwrap();
    let trusted = &trusted.captures(&text).unwrap()[1];
    assert_eq!(trusted, &gateway.captures(&text).unwrap()[1]);
    assert!(trusted.parse::<IpAddr>().is_ok(), "{trusted}");
    let secret = Regex::new(r"(?m)^[^#\n]*(KEY|PASSWORD|TOKEN)\S*[:=]").unwrap();
    assert!(
        secret.find(&text).is_none(),
        "secrets are in separate files"
    );
}

/// The image names agree in all files, and `digests.sh` prints the digest of each.
#[test]
fn every_image_can_be_pinned_by_its_digest() {
    let tag = Regex::new(r"(?m)(\w+_IMAGE)(?:=|: \$\{\w+:-|:-)([a-z0-9./-]+:[a-z0-9.-]+)").unwrap();
    let named = |name: &str| -> BTreeSet<(String, String)> {
        let text = deploy(name);
        let text: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        let text = text.join("\n");
        let found = tag
            .captures_iter(&text)
            .map(|found| (found[1].to_owned(), found[2].to_owned()));
        found.collect()
    };
    let pinned: BTreeSet<(String, String)> = deploy("digests.sh")
        .lines()
        .filter_map(|line| {
            let (setting, image) = line.strip_prefix("pinned ")?.split_once(' ')?;
            Some((setting.to_owned(), image.to_owned()))
        })
        .collect();
    let used: BTreeSet<_> = named("Dockerfile")
        .union(&named("compose.yaml"))
        .cloned()
        .collect();
    assert_eq!(used, pinned);
    assert_eq!(pinned.len(), 3);
    let ignored = deploy("Dockerfile") + &deploy("compose.yaml");
    let bare = Regex::new(r"(?m)^(FROM|\s+image:) (\S+)").unwrap();
    for found in bare.captures_iter(&ignored) {
        assert!(found[2].starts_with("${"), "{}", &found[0]);
    }
}

/// With a docker that returns a digest for each image, and with one that cannot reach its registry.
#[test]
fn digests_come_from_the_registry_or_the_script_fails() {
    use std::os::unix::fs::PermissionsExt as _;
    let run = |docker: &str| {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("docker");
        std::fs::write(&program, format!("#!/bin/sh\n{docker}\n")).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let path = format!(
            "{}:{}",
            folder.path().display(),
            std::env::var("PATH").unwrap()
        );
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/digests.sh");
        let ended = std::process::Command::new("sh")
            .arg(script)
            .env("PATH", path)
            .output();
        let ended = ended.unwrap();
        (
            ended.status.success(),
            String::from_utf8(ended.stdout).unwrap(),
        )
    };
    let digest = format!("sha256:{}", "a".repeat(64));
    let (succeeded, told) = run(&format!("echo {digest}"));
    assert!(succeeded && told.lines().count() == 3, "{told}");
    assert!(
        told.lines()
            .all(|line| line.ends_with(&format!("@{digest}"))),
        "{told}"
    );
    for away in ["exit 1", "echo '<no value>'", "true"] {
        assert_eq!(run(away), (false, String::new()), "{away}");
    }
}

/// Each path that the unit and `bridge-command` need is installed by a command of the document.
#[test]
fn what_the_unit_needs_is_installed_by_the_document() {
    let (unit, command) = (deploy("openhexa-bridge.service"), deploy("bridge-command"));
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = std::fs::read_to_string(root.join("docs/installation.md")).unwrap();
    let papers = unit.lines().filter_map(|line| {
        line.strip_prefix("Documentation=file:///usr/local/share/doc/openhexa-bridge/")
    });
    let papers: Vec<&str> = papers.collect();
    assert!(papers.contains(&"installation.md"), "{papers:?}");
    assert!(
        papers
            .iter()
            .all(|name| root.join("docs").join(name).is_file())
    );
    assert!(document.contains("-t /usr/local/share/doc/openhexa-bridge docs/*.md"));
    for path in [
        "/usr/local/bin/openhexa-bridge",
        "/etc/openhexa-bridge/production.toml",
        "/etc/openhexa-bridge/secrets.env",
    ] {
        for text in [&unit, &command, &document] {
            assert!(text.contains(path), "{path}");
        }
    }
    for property in [
        "DynamicUser=yes",
        "StateDirectory=openhexa-bridge",
        "StateDirectoryMode=0700",
        "WorkingDirectory=/var/lib/openhexa-bridge",
        "UMask=0077",
        "EnvironmentFile=/etc/openhexa-bridge/secrets.env",
    ] {
        assert!(unit.lines().any(|line| line == property), "{property}");
        assert!(
            command.contains(&format!("--property={property}")),
            "{property}"
        );
    }
    let checked = std::process::Command::new("sh")
        .arg("-n")
        .arg(root.join("deploy/bridge-command"))
        .status();
    assert!(checked.unwrap().success());
    for name in [
        "nginx.conf",
        "nginx-standalone.conf",
        "openhexa-bridge.service",
        "bridge-command",
    ] {
        assert!(document.contains(&format!("deploy/{name} ")), "{name}");
    }
}

/// The role of the document can do everything that the bridge does, and reads nothing else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_role_of_the_document_is_enough() {
    use crate::support::postgres::{database, execute, rows};
    let document = include_str!("../../../docs/installation.md");
    let (_, rest) = document
        .split_once("```sql\nCREATE ROLE openhexa_bridge ")
        .unwrap();
    let (told, _) = rest.split_once("```").unwrap();
    let told = format!("CREATE ROLE openhexa_bridge {told}");
    let preparing = tokio::task::spawn_blocking(move || {
        let administrator = database();
        let name = format!("installed_{}", administrator.rsplit('_').next().unwrap());
        let told = told
            .replace("openhexa_bridge", &name)
            .replace("PASSWORD '", "PASSWORD 'a-");
        let told = told.replace(
            &format!("CREATE SCHEMA {name}"),
            "CREATE SCHEMA openhexa_bridge",
        );
        let (first, second) = told.split_once(&format!("\\connect {name}")).unwrap();
        for statement in first
            .split(';')
            .filter(|statement| !statement.trim().is_empty())
        {
            execute(&administrator, statement);
        }
        let (server, _) = administrator.rsplit_once('/').unwrap();
        execute(&format!("{server}/{name}"), second);
        let url = format!("{server}/{name}").replace("postgres@", &format!("{name}:a-PASSWORD@"));
        let may = "SELECT has_database_privilege(current_database(), 'CREATE')::text, has_schema_privilege('public', 'CREATE')::text";
        assert_eq!(rows(&url, may), [("false".to_owned(), "false".to_owned())]);
        url
    });
    let url = preparing.await.unwrap();
    let story = crate::support::story::StoryBuilder::on(crate::support::story::Base::Postgres)
        .database(&url)
        .pipelines(serde_json::json!([crate::support::catalogue::pipeline(
            1,
            &[],
            crate::support::catalogue::quick("succeed")
        )]))
        .begin()
        .await;
    let task = story
        .launch(&crate::support::catalogue::id(1), serde_json::json!({}))
        .await;
    assert_eq!(story.until_confirmed(task).await["status"], "SUCCESS");
    story.end().await;
}
