//! Errors of settings: each says which setting, where it was set and what is allowed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use openhexa_bridge::settings::{
    DatabaseTls, LogFormat, MetricsAccess, Settings, Sources, has_no_effect,
};
use regex::Regex;
use secrecy::ExposeSecret;

pub const DEFAULTS: &str = include_str!("../../config/default.toml");

fn from_environment(pairs: &[(&str, &str)]) -> Result<Settings, String> {
    let name = |key: &str| format!("OPENHEXA_BRIDGE__{key}");
    let environment = pairs
        .iter()
        .map(|(key, value)| (name(key), (*value).to_owned()));
    let sources = Sources {
        file: None,
        environment: environment.collect(),
    };
    sources.read().map_err(|bad| bad.to_string())
}

/// A folder with this settings file.
fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bridge.toml");
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

fn from_file(text: &str) -> Result<Settings, String> {
    let (_folder, path) = file(text);
    let sources = Sources {
        file: Some(&path),
        environment: Vec::new(),
    };
    let told = sources.read().map_err(|bad| bad.to_string());
    told.map_err(|bad| bad.replace(&path.display().to_string(), "FILE"))
}

#[track_caller]
fn refused(key: &str, value: &str, sentence: &str) {
    let name = key.replace('.', "__").to_uppercase();
    let told = from_environment(&[(&name, value)]).expect_err(&format!("{key} took {value}"));
    assert_eq!(
        told,
        format!("{key} (set by OPENHEXA_BRIDGE__{name} in the environment) must be {sentence}")
    );
}

const SPAN: &str = "a duration such as 500ms, 10s, 15m or 4h, and at most 3650days";

#[test]
fn a_value_of_the_wrong_type_is_an_error() {
    for (key, value, allowed) in [
        ("server.port", "http", "a whole number from 0 to 65535"),
        ("server.port", "65536", "a whole number from 0 to 65535"),
        ("server.port", "-1", "a whole number from 0 to 65535"),
        ("server.port", "80.5", "a whole number from 0 to 65535"),
        ("server.port", "", "a whole number from 0 to 65535"),
        ("server.workers", "many", "a whole number from 1 to 64"),
        ("server.workers", "-2", "a whole number from 1 to 64"),
        ("database.pool_size", "-2", "a whole number from 1 to 200"),
        (
            "openhexa.page_items",
            "some",
            "a whole number from 1 to 10000",
        ),
        ("server.stop_within", "10", SPAN),
        ("server.stop_within", "soon", SPAN),
        ("server.stop_within", "", SPAN),
        ("launch.grace", "-5s", SPAN),
        ("launch.grace", "3651days", SPAN),
        ("launch.grace", "999999999999999years", SPAN),
        ("database.tls", "on", "off or verified"),
        ("cache.fresh_for", "5", SPAN),
        ("cache.fresh_for", "-1s", SPAN),
        ("cache.most", "-1", "a whole number from 1 to 1000000"),
        ("cache.most", "many", "a whole number from 1 to 1000000"),
        ("metrics.access", "everybody", "off, key or open"),
        ("metrics.access", "", "off, key or open"),
        (
            "server.dangerously_let_everybody_administer",
            "maybe",
            "true or false",
        ),
        (
            "server.dangerously_let_everybody_administer",
            "",
            "true or false",
        ),
        ("openhexa.allow_private", "perhaps", "true or false"),
        ("log.format", "xml", "text or json"),
    ] {
        refused(key, value, allowed);
    }
}

#[test]
fn a_value_out_of_range_is_an_error() {
    #[rustfmt::skip]
    let cases = [
        ("server.address", "localhost", "an IP address such as 127.0.0.1 or [::1]"),
        ("server.public_url", "iaso.example.org", "empty or an origin such as https://iaso.example.org"),
        ("server.public_url", "https://iaso.example.org/", "empty or an origin such as https://iaso.example.org"),
        ("server.public_url", "ftp://iaso.example.org", "empty or an origin such as https://iaso.example.org"),
        ("server.public_url", "https://", "empty or an origin such as https://iaso.example.org"),
        ("server.workers", "0", "a whole number from 1 to 64"),
        ("server.workers", "65", "a whole number from 1 to 64"),
        ("server.body_limit", "1023", "a whole number from 1024 to 104857600 bytes"),
        ("server.stop_within", "0s", "longer than 0"),
        ("server.header_timeout", "0s", "longer than 0"),
        ("server.body_timeout", "0s", "longer than 0"),
        ("server.connections", "0", "a whole number from 1 to 1000000"),
        ("server.trusted_proxies", "10.0.0.0/33", "addresses or networks such as 10.0.0.0/8, separated by commas"),
        ("server.trusted_proxies", "10.0.0.1, nginx", "addresses or networks such as 10.0.0.0/8, separated by commas"),
        ("limits.signed_in_per_second", "1000001", "a whole number from 0 to 1000000"),
        ("limits.signed_in_burst", "0", "a whole number from 1 to 1000000"),
        ("limits.address_per_second", "1000001", "a whole number from 0 to 1000000"),
        ("limits.address_burst", "0", "a whole number from 1 to 1000000"),
        ("limits.launches_per_minute", "1000001", "a whole number from 0 to 1000000"),
        ("launch.clock_skew", "61m", "at most 1h"),
        ("database.url", "mysql://here", "sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/NAME"),
        ("database.url", "sqlite:", "sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/NAME"),
        ("database.url", "sqlite://", "sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/NAME"),
        ("database.url", "", "sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/NAME"),
        ("database.pool_size", "0", "a whole number from 1 to 200"),
        ("database.wait", "0s", "longer than 0"),
        ("secrets.callback_key", "short", "at least 32 characters"),
        ("secrets.previous_callback_keys", "short", "keys of at least 32 characters, separated by commas"),
        ("secrets.previous_callback_keys", "a-key-that-is-long-enough-for-a-callback-token, short", "keys of at least 32 characters, separated by commas"),
        ("iaso.url", "iaso.example.org", "empty or an origin such as https://iaso.example.org"),
        ("iaso.url", "https://iaso.example.org/api", "empty or an origin such as https://iaso.example.org"),
        ("iaso.url", "https://user:password@iaso.example.org", "empty or an origin such as https://iaso.example.org"),
        ("iaso.profile_kept", "11m", "at most 10m"),
        ("iaso.request_timeout", "0s", "longer than 0"),
        ("iaso.answer_limit", "65535", "a whole number from 65536 to 104857600 bytes"),
        ("iaso.previous_signing_keys", "a-key-of-before", "empty when iaso.signing_key is empty"),
        ("keys.viewer", "short", "at least 16 characters"),
        ("keys.operator", "short", "at least 16 characters"),
        ("keys.admin", "short", "at least 16 characters"),
        ("openhexa.connect_timeout", "9s", "longer than 0 and shorter than openhexa.request_timeout"),
        ("openhexa.idle_timeout", "2s", "longer than 0 and shorter than 2s, after which OpenHEXA closes idle connections"),
        ("openhexa.slot_timeout", "0s", "longer than 0"),
        ("openhexa.concurrency", "65", "a whole number from 1 to 64"),
        ("openhexa.answer_limit", "5", "a whole number of at least 65536 bytes"),
        ("openhexa.page_items", "0", "a whole number from 1 to 10000"),
        ("openhexa.recent_page_items", "10001", "a whole number from 1 to 10000"),
        ("openhexa.list_pages", "0", "a whole number from 1 to 10000"),
        ("cache.fresh_for", "601s", "at most 10m"),
        ("cache.most", "0", "a whole number from 1 to 1000000"),
        ("cache.most", "1000001", "a whole number from 1 to 1000000"),
        ("launch.answer_within", "0s", "longer than 0"),
        ("reconcile.period", "0s", "longer than 0"),
        ("reconcile.early", "0s", "longer than 0"),
        ("reconcile.unsure", "0s", "longer than 0"),
        ("reconcile.usual", "0s", "longer than 0"),
        ("reconcile.late", "0s", "longer than 0"),
        ("reconcile.lease", "13s", "longer than openhexa.request_timeout and openhexa.slot_timeout together"),
        ("reconcile.cycle_limit", "0", "a whole number from 1 to 10000"),
        ("reconcile.runs_per_request", "0", "a whole number from 1 to 1000"),
        ("reconcile.pause", "6s", "longer than 0 and at most 5s"),
        ("reconcile.longest_pause", "1s", "at least reconcile.pause and at most 10m"),
        ("reconcile.absent_polls", "1", "a whole number from 2 to 100"),
        ("reconcile.stop_again", "0s", "longer than 0"),
        ("reconcile.deadline_grace", "14m", "at least 15m, the time after which OpenHEXA itself ends a lost run"),
        ("reconcile.overdue", "0s", "longer than 0"),
        ("reconcile.hidden_for", "9m", "at least 10m"),
        ("log.filter", "loud=very=much", "levels such as info or info,openhexa_bridge=debug"),
    ];
    for (key, value, allowed) in cases {
        refused(key, value, allowed);
    }
}

#[test]
fn the_smallest_and_largest_allowed_values_are_accepted() {
    let taken = |pairs: &[(&str, &str)]| from_environment(pairs).unwrap();
    for (written, seconds) in [("0s", 0), ("10m", 600), ("600s", 600)] {
        let settings = taken(&[("CACHE__FRESH_FOR", written)]);
        assert_eq!(settings.cache.fresh_for.0.as_secs(), seconds);
    }
    for most in [1, 1_000_000] {
        let settings = taken(&[("CACHE__MOST", &most.to_string())]);
        assert_eq!(settings.cache.most, most);
    }
    for (word, access) in [
        ("off", MetricsAccess::Off),
        ("key", MetricsAccess::Key),
        ("open", MetricsAccess::Open),
    ] {
        let settings = taken(&[("METRICS__ACCESS", word)]);
        assert_eq!(settings.metrics.access, access);
    }
    let open = "SERVER__DANGEROUSLY_LET_EVERYBODY_ADMINISTER";
    for (word, on) in [("true", true), ("false", false)] {
        let settings = taken(&[(open, word), ("OPENHEXA__ALLOW_PRIVATE", word)]);
        assert_eq!(settings.server.dangerously_let_everybody_administer, on);
        assert_eq!(settings.openhexa.allow_private, on);
    }
}

#[test]
fn the_defaults_are_restrictive() {
    let settings = from_environment(&[]).unwrap();
    assert!(!settings.server.dangerously_let_everybody_administer);
    assert!(!settings.openhexa.allow_private);
    assert_eq!(settings.metrics.access, MetricsAccess::Key);
    assert_eq!(settings.openhexa.hosts(), [""; 0]);
}

#[test]
fn allowed_hosts_are_separated_by_commas() {
    let name = "OPENHEXA__ALLOWED_HOSTS";
    for (written, hosts) in [
        (
            " OpenHEXA.example.org ,10.0.0.7,",
            &["openhexa.example.org", "10.0.0.7"][..],
        ),
        (" , ", &[]),
    ] {
        let settings = from_environment(&[(name, written)]).unwrap();
        assert_eq!(settings.openhexa.hosts(), hosts);
    }
}

#[test]
fn the_error_says_where_a_value_was_set() {
    let told = from_file("[server]\nport = 70000\n").unwrap_err();
    assert_eq!(
        told,
        "server.port (set in FILE) must be a whole number from 0 to 65535"
    );
    let told = from_file("[keys]\nadmin = \"short\"\n").unwrap_err();
    assert_eq!(
        told,
        "keys.admin (set in FILE) must be at least 16 characters"
    );
    let told = from_environment(&[("OPENHEXA__REQUEST_TIMEOUT", "20s")]).unwrap_err();
    assert_eq!(
        told,
        "reconcile.lease (default value) must be longer than openhexa.request_timeout and openhexa.slot_timeout together"
    );
}

#[test]
fn an_unknown_setting_is_an_error_with_the_known_ones() {
    let told = from_environment(&[("SERVER__PROT", "80")]).unwrap_err();
    assert_eq!(
        told,
        "server.prot (set by OPENHEXA_BRIDGE__SERVER__PROT in the environment) is not a setting; did you mean server.port?"
    );
    let told = from_environment(&[("SERVER__BACKGROUND", "blue")]).unwrap_err();
    assert_eq!(
        told,
        format!(
            "server.background (set by OPENHEXA_BRIDGE__SERVER__BACKGROUND in the environment) is not a setting; known settings: {}",
            known_in("server")
        )
    );
    let told = from_environment(&[("SERVICES__PORT", "80")]).unwrap_err();
    assert!(
        told.ends_with("is not a setting; known settings: cache.…, callback.…, database.…, iaso.…, keys.…, launch.…, limits.…, log.…, mail.…, metrics.…, openhexa.…, reconcile.…, secrets.…, server.…, stream.…"),
        "{told}"
    );
    let told = from_file("[log]\nlevel = \"info\"\n").unwrap_err();
    assert_eq!(
        told,
        "log.level (set in FILE) is not a setting; known settings: log.filter, log.format"
    );
    let told = from_file("[server]\nprot = 80\nadress = \"::1\"\n").unwrap_err();
    assert_eq!(
        told,
        "server.adress (set in FILE) is not a setting; did you mean server.address?\n\
         server.prot (set in FILE) is not a setting; did you mean server.port?"
    );
    for text in ["port = 80\n", "[other]\nport = 80\n"] {
        let told = from_file(text).unwrap_err();
        assert!(told.contains("(set in FILE) is not a setting"), "{told}");
    }
    let told = from_environment(&[("PORT", "80")]).unwrap_err();
    assert!(
        told.starts_with("port (set by OPENHEXA_BRIDGE__PORT in the environment) is not a setting"),
        "{told}"
    );
}

#[test]
fn a_setting_with_one_underscore_is_reported_with_the_right_name() {
    let told = from_environment(&[("SERVER_PORT", "80")]).unwrap_err();
    assert_eq!(
        told,
        "server_port (set by OPENHEXA_BRIDGE__SERVER_PORT in the environment) is not a setting; did you mean server.port, as \
         OPENHEXA_BRIDGE__SERVER__PORT in the environment?"
    );
}

#[test]
fn a_variable_that_is_not_a_setting_is_reported_with_the_right_name() {
    for name in [
        "OPENHEXA_BRIDGE_SERVER__PUBLIC_URL",
        "OPENHEXA_BRIDGE_SERVER_PUBLIC_URL",
        "OPENHEXABRIDGE__SERVER__PUBLIC_URL",
        "OPENHEXA_BRIGDE__SERVER__PUBLIC_URL",
        "openhexa_bridge__server__public_url",
    ] {
        let told = has_no_effect(name).unwrap_or_default();
        assert_eq!(
            told,
            format!(
                "the environment variable {name} is not used: did you mean OPENHEXA_BRIDGE__SERVER__PUBLIC_URL?"
            )
        );
    }
    let unknown = has_no_effect("OPENHEXA_BRIDGE_PORT").unwrap_or_default();
    assert!(unknown.contains("is not a setting"), "{unknown}");
    for other in [
        "OPENHEXA_URL",
        "OPENHEXA_BRIDGE__SERVER__PORT",
        "PATH",
        "BRIDGE__SERVER__PORT",
    ] {
        assert_eq!(has_no_effect(other), None);
    }
}

#[test]
fn a_section_as_a_value_or_a_value_as_a_section_is_an_error() {
    for text in [
        "server = 5\n",
        "[server.port]\nvalue = 5\n",
        "[server]\nport = [80]\n",
    ] {
        let told = from_file(text).unwrap_err();
        assert!(told.starts_with("server"), "{told}");
        assert!(told.contains("(set in FILE)"), "{told}");
    }
}

#[test]
fn an_unreadable_file_is_an_error_without_its_content() {
    let told =
        from_file("[secrets]\nencryption_key = \"a-secret-that-nobody-closes\n").unwrap_err();
    assert_eq!(
        told,
        "cannot read the settings file FILE: it is not valid TOML at line 2, column 46"
    );
    let nowhere = Sources {
        file: Some(Path::new("/nowhere/bridge.toml")),
        environment: Vec::new(),
    };
    let told = nowhere.read().unwrap_err().to_string();
    assert_eq!(
        told,
        "cannot read the settings file /nowhere/bridge.toml: the file does not exist"
    );
}

#[test]
fn an_invalid_secret_is_not_shown() {
    for (key, value) in [
        ("DATABASE__URL", "mysql://somebody:a-password@host/name"),
        ("SECRETS__CALLBACK_KEY", "a-password"),
        ("SECRETS__PREVIOUS_CALLBACK_KEYS", "a-password"),
        ("IASO__PREVIOUS_SIGNING_KEYS", "a-password"),
        ("KEYS__ADMIN", "a-password"),
    ] {
        let told = from_environment(&[(key, value)]).unwrap_err();
        assert!(!told.contains("a-password"), "{told}");
    }
    for text in [
        "[keys]\nadmin = [\"a-password\"]\n",
        "[secrets]\nencryption_key = { a = \"a-password\" }\n",
    ] {
        let told = from_file(text).unwrap_err();
        assert!(!told.contains("a-password"), "{told}");
    }
}

#[test]
fn the_environment_overrides_the_file_which_overrides_the_defaults() {
    let (_folder, path) = file("[server]\nport = 1234\nworkers = 3\n[log]\nformat = \"json\"\n");
    let own = |key: &str, value: &str| (format!("OPENHEXA_BRIDGE__{key}"), value.to_owned());
    let sources = Sources {
        file: Some(&path),
        environment: vec![
            own("SERVER__PORT", "4321"),
            own("DATABASE__TLS", "verified"),
        ],
    };
    let settings = sources.read().unwrap();
    assert_eq!(settings.server.port, 4321);
    assert_eq!(settings.server.workers, 3);
    assert_eq!(settings.log.format, LogFormat::Json);
    assert_eq!(settings.database.tls, DatabaseTls::Verified);
    assert_eq!(settings.server.body_limit, 1_048_576);
}

#[test]
fn a_value_from_the_environment_is_used_as_written() {
    let key = "0x1e5, true #\"quoted\" = [1]";
    let settings = from_environment(&[("KEYS__ADMIN", key), ("LAUNCH__GRACE", " 90s ")]).unwrap();
    assert_eq!(settings.keys.admin.expose_secret(), key);
    assert_eq!(settings.launch.grace.0, std::time::Duration::from_secs(90));
    let number = "12345678901234567890";
    let settings = from_environment(&[("KEYS__ADMIN", number)]).unwrap();
    assert_eq!(settings.keys.admin.expose_secret(), number);
}

#[test]
fn settings_are_printed_without_their_secrets() {
    let settings = from_environment(&[
        ("KEYS__ADMIN", "a-password-of-many-letters"),
        ("SECRETS__ENCRYPTION_KEY", "a-password-of-many-letters"),
        ("IASO__SIGNING_KEY", "a-password-of-many-letters"),
        ("IASO__PREVIOUS_SIGNING_KEYS", "a-password-of-before"),
        ("CALLBACK__IASO_SIGNING_KEY", "a-password-of-many-letters"),
        (
            "SECRETS__PREVIOUS_CALLBACK_KEYS",
            "a-password-of-enough-letters-for-it",
        ),
        ("DATABASE__URL", "postgres://somebody:a-password@host/name"),
    ]);
    assert!(!format!("{:?}", settings.unwrap()).contains("a-password"));
}

#[test]
fn every_default_has_a_description_above() {
    let setting = Regex::new(r"^[a-z_]+ = ").unwrap();
    let mut before = "";
    for line in DEFAULTS.lines() {
        if setting.is_match(line) {
            let told = before.starts_with("# ") || setting.is_match(before);
            assert!(told, "{line} has no description");
        }
        before = line;
    }
}

/// `section.key` for each line of a file that sets a value, in comments too.
pub fn keys_in(text: &str) -> BTreeSet<String> {
    let (section, setting) = (
        Regex::new(r"^\[(\w+)\]$").unwrap(),
        Regex::new(r"^(?:# )?([a-z_]+) = \S").unwrap(),
    );
    let mut current = String::new();
    let mut found = BTreeSet::new();
    for line in text.lines() {
        if let Some(named) = section.captures(line) {
            named[1].clone_into(&mut current);
        } else if let Some(named) = setting.captures(line) {
            found.insert(format!("{current}.{}", &named[1]));
        }
    }
    found
}

/// The settings of a section as an error lists them: `log.filter, log.format`.
fn known_in(section: &str) -> String {
    let start = format!("{section}.");
    let keys = keys_in(DEFAULTS).into_iter();
    let keys: Vec<String> = keys.filter(|key| key.starts_with(&start)).collect();
    keys.join(", ")
}

#[test]
fn the_example_for_production_is_valid_and_contains_no_secret() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/production.example.toml");
    let sources = Sources {
        file: Some(&path),
        environment: Vec::new(),
    };
    let settings = sources.read().unwrap();
    assert_eq!(settings.log.format, LogFormat::Json);
    assert_eq!(settings.database.tls, DatabaseTls::Verified);
    assert!(settings.server.public_url.starts_with("https://"));
    let text = std::fs::read_to_string(&path).unwrap();
    let keys = keys_in(&text);
    assert!(keys.iter().all(|key| !key.starts_with("keys.")
        && !key.starts_with("secrets.")
        && key != "database.url"));
    assert!(keys.is_subset(&keys_in(DEFAULTS)), "{keys:?}");
    for secret in [
        "DATABASE__URL",
        "SECRETS__ENCRYPTION_KEY",
        "SECRETS__CALLBACK_KEY",
        "KEYS__ADMIN",
    ] {
        assert!(
            text.contains(&format!("OPENHEXA_BRIDGE__{secret}")),
            "{secret}"
        );
    }
}

#[test]
fn a_proxy_must_be_the_url_of_an_http_proxy() {
    for url in [
        "",
        "http://proxy.test",
        "http://proxy.test:3128",
        "http://10.0.0.1:3128/",
        "https://user:password@proxy.test:3128",
    ] {
        from_environment(&[("OPENHEXA__PROXY", url)]).unwrap();
    }
    for url in [
        "proxy.test:3128",
        "proxy.test",
        "socks5://proxy.test:1080",
        "http://",
        "http://proxy.test:port",
        "http://proxy.test/path",
        "http:proxy.test",
        "::no proxy::",
    ] {
        let told = from_environment(&[("OPENHEXA__PROXY", url)]).unwrap_err();
        assert_eq!(
            told,
            "openhexa.proxy (set by OPENHEXA_BRIDGE__OPENHEXA__PROXY in the environment) must be the URL of an HTTP proxy, \
             such as http://proxy.example.org:3128",
            "{url}"
        );
    }
}

#[test]
fn a_mail_server_needs_a_sender_and_a_complete_sign_in() {
    let host = ("MAIL__HOST", "mail.test");
    for more in [
        &[][..],
        &[("MAIL__USERNAME", "u"), ("MAIL__PASSWORD", "p")],
        &[("MAIL__ENCRYPTION", "tls"), ("MAIL__PORT", "465")],
    ] {
        let from = ("MAIL__FROM", "Bridge <bridge@example.test>");
        from_environment(&[&[host, from], more].concat()).unwrap();
    }
    let from = ("MAIL__FROM", "bridge@example.test");
    for (more, part) in [
        (
            &[][..],
            "mail.from (default value) must be an e-mail address such as",
        ),
        (&[("MAIL__FROM", "bridge")], "mail.from (set by"),
        (
            &[from, ("MAIL__PORT", "0")],
            "must be a whole number from 1 to 65535",
        ),
        (
            &[from, ("MAIL__PORT", "smtp")],
            "must be a whole number from 1 to 65535",
        ),
        (
            &[from, ("MAIL__ENCRYPTION", "ssl")],
            "must be starttls, tls or none",
        ),
        (
            &[from, ("MAIL__USERNAME", "u")],
            "must be set together with mail.password",
        ),
        (
            &[from, ("MAIL__PASSWORD", "p")],
            "must be set together with mail.password",
        ),
        (
            &[from, ("MAIL__TIMEOUT", "61s")],
            "must be longer than 0 and at most 1m",
        ),
        (
            &[from, ("MAIL__TIMEOUT", "0s")],
            "must be longer than 0 and at most 1m",
        ),
        (
            &[
                from,
                ("MAIL__ENCRYPTION", "none"),
                ("MAIL__CA_FILE", "ca.pem"),
            ],
            "has no effect with mail.encryption = \"none\"",
        ),
        (
            &[from, ("MAIL__HOST", "mail.test/x")],
            "must be empty or a host name or IP address",
        ),
    ] {
        let told = from_environment(&[&[host], more].concat()).unwrap_err();
        assert!(told.contains(part), "{told}");
    }
}
