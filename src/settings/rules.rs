//! The allowed values of settings, checked after their types.

use std::time::Duration;

use secrecy::ExposeSecret;

use super::checks::{
    is_burst, is_database, is_empty, is_fernet, is_key, is_origin, is_positive, is_proxy, is_rate,
};
use super::{DatabaseTls, Settings};

pub struct Rule {
    pub key: &'static str,
    pub demand: Demand,
    pub holds: fn(&Settings) -> bool,
}

/// The end of the error message, after the key and where it was set.
pub enum Demand {
    /// The allowed values.
    MustBe(&'static str),
    /// What is wrong with the combination with other settings, and what to do.
    Problem(&'static str),
}

pub const fn combination(
    key: &'static str,
    problem: &'static str,
    holds: fn(&Settings) -> bool,
) -> Rule {
    let demand = Demand::Problem(problem);
    Rule { key, demand, holds }
}

pub const fn rule(key: &'static str, allowed: &'static str, holds: fn(&Settings) -> bool) -> Rule {
    let demand = Demand::MustBe(allowed);
    Rule { key, demand, holds }
}

const RATE: &str = "a whole number from 0 to 1000000";
const BURST: &str = "a whole number from 1 to 1000000";

pub const RULES: &[Rule] = &[
    rule(
        "server.address",
        "an IP address such as 127.0.0.1 or [::1]",
        |s| {
            let address = s.server.address.trim_matches(['[', ']']);
            address.parse::<std::net::IpAddr>().is_ok()
        },
    ),
    rule(
        "server.public_url",
        "empty or an origin such as https://iaso.example.org",
        |s| is_origin(&s.server.public_url),
    ),
    // The type already ensures this; the rule provides the error message.
    rule("server.port", "a whole number from 0 to 65535", |_| true),
    rule("server.workers", "a whole number from 1 to 64", |s| {
        (1..=64).contains(&s.server.workers)
    }),
    rule(
        "server.body_limit",
        "a whole number from 1024 to 104857600 bytes",
        |s| (1024..=104_857_600).contains(&s.server.body_limit),
    ),
    rule("server.stop_within", "longer than 0", |s| {
        is_positive(s.server.stop_within)
    }),
    rule("server.header_timeout", "longer than 0", |s| {
        is_positive(s.server.header_timeout)
    }),
    rule("server.body_timeout", "longer than 0", |s| {
        is_positive(s.server.body_timeout)
    }),
    rule("server.write_timeout", "longer than 0", |s| {
        is_positive(s.server.write_timeout)
    }),
    rule(
        "server.connections",
        "a whole number from 1 to 1000000",
        |s| (1..=1_000_000).contains(&s.server.connections),
    ),
    rule(
        "server.trusted_proxies",
        "addresses or networks such as 10.0.0.0/8, separated by commas",
        |s| s.server.proxies().is_some(),
    ),
    rule("limits.signed_in_per_second", RATE, |s| {
        is_rate(s.limits.signed_in_per_second)
    }),
    rule("limits.signed_in_burst", BURST, |s| {
        is_burst(s.limits.signed_in_burst)
    }),
    rule("limits.address_per_second", RATE, |s| {
        is_rate(s.limits.address_per_second)
    }),
    rule("limits.address_burst", BURST, |s| {
        is_burst(s.limits.address_burst)
    }),
    rule("limits.launches_per_minute", RATE, |s| {
        is_rate(s.limits.launches_per_minute)
    }),
    rule(
        "database.url",
        "sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/NAME",
        |s| is_database(s.database.url.expose_secret()),
    ),
    rule(
        "database.url",
        "a file; sqlite::memory: is not supported, because each connection would have its own database",
        |s| !s.database.url.expose_secret().contains(":memory:"),
    ),
    rule(
        "database.url",
        "without sslmode or with sslmode=require, because database.tls is verified",
        |s| !s.database.url_permits_no_tls(),
    ),
    rule(
        "database.url",
        "without sslmode=require, verify-ca or verify-full, because database.tls is off; set it to verified to use TLS",
        |s| !s.database.url_requires_tls(),
    ),
    combination(
        "database.ca_file",
        "has no effect with database.tls = \"off\": set tls to \"verified\", or remove ca_file",
        |s| s.database.ca_file.as_os_str().is_empty() || s.database.tls == DatabaseTls::Verified,
    ),
    rule("database.pool_size", "a whole number from 1 to 200", |s| {
        (1..=200).contains(&s.database.pool_size)
    }),
    rule("database.wait", "longer than 0", |s| {
        is_positive(s.database.wait)
    }),
    rule(
        "secrets.previous_encryption_keys",
        "Fernet keys (32 bytes in URL-safe base64), separated by commas",
        |s| {
            let keys = s.secrets.previous_encryption_keys();
            keys.iter().all(|key| is_fernet(key.expose_secret()))
        },
    ),
    combination(
        "iaso.attached",
        "is true, but database.url is an SQLite file: set it to Iaso’s PostgreSQL database",
        |s| !s.iaso.attached || !s.database.url.expose_secret().starts_with("sqlite:"),
    ),
    rule(
        "iaso.encrypted_text_field_key",
        "Iaso's ENCRYPTED_TEXT_FIELD_KEY (a Fernet key), which is required when iaso.attached is true",
        |s| match s.iaso.encrypted_text_field_key.expose_secret() {
            "" => !s.iaso.attached,
            key => is_fernet(key),
        },
    ),
    rule(
        "iaso.config_account",
        "0 or the id of an Iaso account, at most 2147483647",
        |s| (0..=i64::from(i32::MAX)).contains(&s.iaso.config_account),
    ),
    rule(
        "iaso.config_account",
        "the id of the Iaso account that owns the keys of the settings, because iaso.attached is true and keys.* are set",
        |s| {
            let keys = [&s.keys.viewer, &s.keys.operator, &s.keys.admin];
            let is_missing = s.iaso.attached && s.iaso.config_account == 0;
            !is_missing || keys.into_iter().all(is_empty)
        },
    ),
    rule(
        "iaso.config_account",
        "the id of the Iaso account that everyone administers, because iaso.attached and server.dangerously_let_everybody_administer are true",
        |s| {
            let is_missing = s.iaso.attached && s.iaso.config_account == 0;
            !is_missing || !s.server.dangerously_let_everybody_administer
        },
    ),
    rule("iaso.watched_for", "at least 1h", |s| {
        s.iaso.watched_for.0 >= Duration::from_hours(1)
    }),
    rule("secrets.callback_key", "at least 32 characters", |s| {
        is_key(&s.secrets.callback_key, 32)
    }),
    rule(
        "secrets.previous_callback_keys",
        "keys of at least 32 characters, separated by commas",
        |s| {
            let keys = s.secrets.previous_callback_keys();
            keys.iter().all(|key| is_key(key, 32))
        },
    ),
    rule("keys.viewer", "at least 16 characters", |s| {
        is_key(&s.keys.viewer, 16)
    }),
    rule("keys.operator", "at least 16 characters", |s| {
        is_key(&s.keys.operator, 16)
    }),
    rule("keys.admin", "at least 16 characters", |s| {
        is_key(&s.keys.admin, 16)
    }),
    rule(
        "openhexa.connect_timeout",
        "longer than 0 and shorter than openhexa.request_timeout",
        |s| {
            is_positive(s.openhexa.connect_timeout)
                && s.openhexa.connect_timeout < s.openhexa.request_timeout
        },
    ),
    rule(
        "openhexa.idle_timeout",
        "longer than 0 and shorter than 2s, after which OpenHEXA closes idle connections",
        |s| {
            is_positive(s.openhexa.idle_timeout)
                && s.openhexa.idle_timeout.0 < Duration::from_secs(2)
        },
    ),
    rule("openhexa.slot_timeout", "longer than 0", |s| {
        is_positive(s.openhexa.slot_timeout)
    }),
    rule("openhexa.concurrency", "a whole number from 1 to 64", |s| {
        (1..=64).contains(&s.openhexa.concurrency)
    }),
    rule(
        "openhexa.answer_limit",
        "a whole number of at least 65536 bytes",
        |s| s.openhexa.answer_limit >= 65_536,
    ),
    rule(
        "openhexa.page_items",
        "a whole number from 1 to 10000",
        |s| (1..=10_000).contains(&s.openhexa.page_items),
    ),
    rule(
        "openhexa.recent_page_items",
        "a whole number from 1 to 10000",
        |s| (1..=10_000).contains(&s.openhexa.recent_page_items),
    ),
    rule(
        "openhexa.list_pages",
        "a whole number from 1 to 10000",
        |s| (1..=10_000).contains(&s.openhexa.list_pages),
    ),
    rule(
        "openhexa.proxy",
        "the URL of an HTTP proxy, such as http://proxy.example.org:3128",
        |s| is_proxy(&s.openhexa.proxy),
    ),
    rule("cache.fresh_for", "at most 10m", |s| {
        s.cache.fresh_for.0 <= Duration::from_mins(10)
    }),
    rule("cache.most", "a whole number from 1 to 1000000", |s| {
        (1..=1_000_000).contains(&s.cache.most)
    }),
    rule("launch.answer_within", "longer than 0", |s| {
        is_positive(s.launch.answer_within)
    }),
    rule("launch.clock_skew", "at most 1h", |s| {
        s.launch.clock_skew.0 <= Duration::from_hours(1)
    }),
    rule("launch.idempotency_kept", "longer than 0", |s| {
        is_positive(s.launch.idempotency_kept)
    }),
    rule("reconcile.period", "longer than 0", |s| {
        is_positive(s.reconcile.period)
    }),
    rule("reconcile.early", "longer than 0", |s| {
        is_positive(s.reconcile.early)
    }),
    rule("reconcile.unsure", "longer than 0", |s| {
        is_positive(s.reconcile.unsure)
    }),
    rule("reconcile.usual", "longer than 0", |s| {
        is_positive(s.reconcile.usual)
    }),
    rule("reconcile.late", "longer than 0", |s| {
        is_positive(s.reconcile.late)
    }),
    rule(
        "reconcile.lease",
        "longer than openhexa.request_timeout and openhexa.slot_timeout together",
        |s| s.reconcile.lease.0 > s.openhexa.request_timeout.0 + s.openhexa.slot_timeout.0,
    ),
    rule(
        "reconcile.cycle_limit",
        "a whole number from 1 to 10000",
        |s| (1..=10_000).contains(&s.reconcile.cycle_limit),
    ),
    rule(
        "reconcile.runs_per_request",
        "a whole number from 1 to 1000",
        |s| (1..=1000).contains(&s.reconcile.runs_per_request),
    ),
    rule("reconcile.pause", "longer than 0 and at most 5s", |s| {
        is_positive(s.reconcile.pause) && s.reconcile.pause.0 <= Duration::from_secs(5)
    }),
    rule(
        "reconcile.longest_pause",
        "at least reconcile.pause and at most 10m",
        |s| {
            let most = s.reconcile.longest_pause.0;
            s.reconcile.pause.0 <= most && most <= Duration::from_mins(10)
        },
    ),
    rule(
        "reconcile.absent_polls",
        "a whole number from 2 to 100",
        |s| (2..=100).contains(&s.reconcile.absent_polls),
    ),
    rule("reconcile.stop_again", "longer than 0", |s| {
        is_positive(s.reconcile.stop_again)
    }),
    rule(
        "reconcile.deadline_grace",
        "at least 15m, the time after which OpenHEXA itself ends a lost run",
        |s| s.reconcile.deadline_grace.0 >= Duration::from_mins(15),
    ),
    rule("reconcile.overdue", "longer than 0", |s| {
        is_positive(s.reconcile.overdue)
    }),
    rule("reconcile.hidden_for", "at least 10m", |s| {
        s.reconcile.hidden_for.0 >= Duration::from_mins(10)
    }),
    rule(
        "iaso.url",
        "empty or an origin such as https://iaso.example.org",
        |s| is_origin(&s.iaso.url),
    ),
    rule("iaso.profile_kept", "at most 10m", |s| {
        s.iaso.profile_kept.0 <= Duration::from_mins(10)
    }),
    rule("iaso.request_timeout", "longer than 0", |s| {
        is_positive(s.iaso.request_timeout)
    }),
    rule(
        "iaso.answer_limit",
        "a whole number from 65536 to 104857600 bytes",
        |s| (65_536..=104_857_600).contains(&s.iaso.answer_limit),
    ),
    rule(
        "iaso.previous_signing_keys",
        "empty when iaso.signing_key is empty",
        |s| is_empty(&s.iaso.previous_signing_keys) || !is_empty(&s.iaso.signing_key),
    ),
    rule(
        "limits.reports_per_second",
        "a whole number from 0 to 1000000",
        |s| is_rate(s.limits.reports_per_second),
    ),
    rule(
        "limits.reports_burst",
        "a whole number from 1 to 1000000",
        |s| is_burst(s.limits.reports_burst),
    ),
    rule(
        "limits.task_events",
        "a whole number from 100 to 1000000",
        |s| (100..=1_000_000).contains(&s.limits.task_events),
    ),
    rule(
        "limits.task_bytes",
        "a whole number from 65536 to 1073741824 bytes",
        |s| (65_536..=1_073_741_824).contains(&s.limits.task_bytes),
    ),
    rule("stream.poll", "longer than 0", |s| {
        is_positive(s.stream.poll)
    }),
    rule("stream.comment_every", "longer than 0", |s| {
        is_positive(s.stream.comment_every)
    }),
    rule("stream.most", "a whole number from 1 to 100000", |s| {
        (1..=100_000).contains(&s.stream.most)
    }),
    rule(
        "stream.most_per_account",
        "a whole number from 1 to 100000",
        |s| (1..=100_000).contains(&s.stream.most_per_account),
    ),
    rule(
        "stream.most_per_caller",
        "a whole number from 1 to 100000",
        |s| (1..=100_000).contains(&s.stream.most_per_caller),
    ),
    rule(
        "stream.memory",
        "a whole number from 65536 to 1073741824 bytes",
        |s| (65_536..=1_073_741_824).contains(&s.stream.memory),
    ),
    rule(
        "log.filter",
        "levels such as info or info,openhexa_bridge=debug",
        |s| {
            s.log
                .filter
                .parse::<tracing_subscriber::EnvFilter>()
                .is_ok()
        },
    ),
];
