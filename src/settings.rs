//! The settings: built-in defaults, overridden by a file, overridden by the environment.
//!
//! `main.rs` reads them once, and passes their values to all other code. An invalid setting stops the start with an error
//! that names the key, where it was set and the allowed values.

mod checks;
mod environment;
mod file;
mod iaso;
mod known;
mod lists;
mod mail;
mod markdown;
mod rules;
mod tls;
mod values;

use std::fmt;
use std::path::{Path, PathBuf};

use config::{Config, File, FileFormat};
use secrecy::SecretString;
use serde::Deserialize;

pub use checks::{is_database, is_empty};
pub use environment::{has_no_effect, misnamed_variables, remote_access};
pub use iaso::IasoSettings;
pub use mail::MailSettings;
pub use markdown::page;
pub use values::{DatabaseTls, LogFormat, MailEncryption, MetricsAccess, Span};

use known::{key_of, keys_of, variable, why_unknown};
use mail::MAIL_RULES;
use rules::{Demand, RULES, Rule};

const DEFAULTS: &str = include_str!("../config/default.toml");
const PREFIX: &str = "OPENHEXA_BRIDGE__";

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    pub server: ServerSettings,
    pub database: DatabaseSettings,
    pub secrets: SecretsSettings,
    pub iaso: IasoSettings,
    pub keys: KeysSettings,
    pub limits: LimitsSettings,
    pub openhexa: OpenHexaSettings,
    pub cache: CacheSettings,
    pub launch: LaunchSettings,
    pub reconcile: ReconcileSettings,
    pub callback: CallbackSettings,
    pub mail: MailSettings,
    pub stream: StreamSettings,
    pub metrics: MetricsSettings,
    pub log: LogSettings,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerSettings {
    pub address: String,
    pub port: u16,
    pub public_url: String,
    pub workers: usize,
    pub body_limit: usize,
    pub dangerously_let_everybody_administer: bool,
    pub stop_within: Span,
    pub header_timeout: Span,
    pub body_timeout: Span,
    pub write_timeout: Span,
    pub keep_alive: Span,
    pub disconnect_timeout: Span,
    pub connections: usize,
    pub trusted_proxies: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitsSettings {
    pub signed_in_per_second: u32,
    pub signed_in_burst: u32,
    pub address_per_second: u32,
    pub address_burst: u32,
    pub launches_per_minute: u32,
    pub reports_per_second: u32,
    pub reports_burst: u32,
    pub task_events: u32,
    pub task_bytes: u32,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseSettings {
    pub url: SecretString,
    pub pool_size: u32,
    pub wait: Span,
    pub tls: DatabaseTls,
    pub ca_file: PathBuf,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretsSettings {
    pub encryption_key: SecretString,
    pub previous_encryption_keys: SecretString,
    pub callback_key: SecretString,
    pub previous_callback_keys: SecretString,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeysSettings {
    pub viewer: SecretString,
    pub operator: SecretString,
    pub admin: SecretString,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenHexaSettings {
    pub connect_timeout: Span,
    pub request_timeout: Span,
    pub idle_timeout: Span,
    pub slot_timeout: Span,
    pub concurrency: usize,
    pub answer_limit: usize,
    pub page_items: i64,
    pub recent_page_items: i64,
    pub list_pages: i64,
    pub allow_private: bool,
    pub allowed_hosts: String,
    pub proxy: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CacheSettings {
    pub fresh_for: Span,
    pub most: u64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LaunchSettings {
    pub answer_within: Span,
    pub definition_max_age: Span,
    pub give_up_after: Span,
    pub idempotency_kept: Span,
    pub clock_skew: Span,
    pub grace: Span,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReconcileSettings {
    pub period: Span,
    pub early: Span,
    pub early_for: Span,
    pub unsure: Span,
    pub usual: Span,
    pub late: Span,
    pub late_after: Span,
    pub lease: Span,
    pub cycle_limit: i64,
    pub runs_per_request: i64,
    pub pause: Span,
    pub longest_pause: Span,
    pub absent_polls: i32,
    pub stop_again: Span,
    pub deadline_grace: Span,
    pub overdue: Span,
    pub hidden_for: Span,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallbackSettings {
    pub queue_allowance: Span,
    pub grace: Span,
    pub iaso_signing_key: SecretString,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamSettings {
    pub poll: Span,
    pub comment_every: Span,
    pub most: usize,
    pub most_per_account: usize,
    pub most_per_caller: usize,
    pub memory: usize,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricsSettings {
    pub access: MetricsAccess,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogSettings {
    pub format: LogFormat,
    pub filter: String,
}

/// The error message for an invalid setting.
#[derive(Debug, PartialEq, Eq)]
pub struct InvalidSetting(pub String);

impl fmt::Display for InvalidSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InvalidSetting {}

/// The sources of the settings: a file, and environment variables as pairs of name and value.
#[derive(Default)]
pub struct Sources<'a> {
    pub file: Option<&'a Path>,
    pub environment: Vec<(String, String)>,
}

impl Sources<'_> {
    /// The environment variables of this process that are settings of the bridge.
    pub fn environment() -> Vec<(String, String)> {
        environment::settings()
    }

    pub fn read(&self) -> Result<Settings, InvalidSetting> {
        let layers = self.layers()?;
        let settings = Settings::deserialize(layers).map_err(|error| self.explain(&error))?;
        self.check(&settings)?;
        Ok(settings)
    }

    fn layers(&self) -> Result<Config, InvalidSetting> {
        let mut builder = Config::builder().add_source(File::from_str(DEFAULTS, FileFormat::Toml));
        let mut unknown: Vec<String> = Vec::new();
        if let Some(file) = self.file {
            let own = file::read(file)?;
            for key in keys_of(&own) {
                unknown.extend(why_unknown(&key, &format!("set in {}", file.display())));
            }
            builder = builder.add_source(own);
        }
        for (name, value) in &self.environment {
            let key = key_of(name);
            let why = why_unknown(&key, &format!("set by {name} in the environment"));
            if why.is_some() {
                unknown.extend(why);
                continue;
            }
            builder = builder
                .set_override(key, value.as_str())
                .map_err(|error| InvalidSetting(format!("cannot use {name}: {error}")))?;
        }
        if !unknown.is_empty() {
            return Err(InvalidSetting(unknown.join("\n")));
        }
        builder
            .build()
            .map_err(|error| InvalidSetting(format!("cannot read the settings: {error}")))
    }

    /// The error for a value of the wrong type: the library returns the expected type, and we add where the value was set.
    fn explain(&self, error: &config::ConfigError) -> InvalidSetting {
        use config::ConfigError as E;
        #[allow(
            clippy::wildcard_enum_match_arm,
            reason = "the library's other kinds name no key"
        )]
        let (key, wanted) = match error {
            E::Type {
                key: Some(key),
                expected,
                ..
            } => (key.clone(), format!("must be {}", allowed(key, expected))),
            E::At {
                key: Some(key),
                error,
                ..
            } => (key.clone(), format!("must be {}", reason(error))),
            other => return InvalidSetting(format!("cannot use the settings: {}", reason(other))),
        };
        InvalidSetting(format!("{key} ({}) {wanted}", self.origin(&key)))
    }

    /// Where the current value was set.
    fn origin(&self, key: &str) -> String {
        let name = variable(key);
        if self
            .environment
            .iter()
            .any(|(own, _)| own.eq_ignore_ascii_case(&name))
        {
            return format!("set by {name} in the environment");
        }
        match self.file {
            Some(file) if file::has(file, key) => format!("set in {}", file.display()),
            Some(_) | None => "default value".to_owned(),
        }
    }

    fn check(&self, settings: &Settings) -> Result<(), InvalidSetting> {
        match rules().find(|rule| !(rule.holds)(settings)) {
            None => Ok(()),
            Some(Rule { key, demand, .. }) => {
                let origin = self.origin(key);
                Err(InvalidSetting(match demand {
                    Demand::MustBe(allowed) => format!("{key} ({origin}) must be {allowed}"),
                    Demand::Problem(problem) => format!("{key} ({origin}) {problem}"),
                }))
            }
        }
    }
}

fn rules() -> impl Iterator<Item = &'static Rule> {
    RULES.iter().chain(MAIL_RULES)
}

/// The allowed values. The library names a type of the programming language instead.
fn allowed<'a>(key: &str, expected: &'a str) -> &'a str {
    let mut own = rules().filter(|rule| rule.key == key);
    let allowed = own.find_map(|rule| match rule.demand {
        Demand::MustBe(allowed) => Some(allowed),
        Demand::Problem(_) => None,
    });
    match allowed {
        Some(allowed) => allowed,
        None if expected == "a boolean" => "true or false",
        None => expected,
    }
}

fn reason(error: &config::ConfigError) -> String {
    use config::ConfigError as E;
    if let E::At { error, .. } = error {
        return reason(error);
    }
    if let E::Message(text) = error {
        return text.clone();
    }
    error.to_string()
}
