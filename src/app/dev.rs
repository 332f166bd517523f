//! `dev`: the bridge for one user on one machine, with the built-in emulator unless another OpenHEXA is given.
//!
//! All its data is in one folder, so that a restart with the same folder continues.

use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};
use uuid::Uuid;

use super::folder::{self, Lock};
use super::{Running, Start, StartError, start};
use crate::clock::Clock;
use crate::domain::address::{Address, BadAddress};
use crate::domain::connection::Target;
use crate::domain::ids::PipelineId;
use crate::domain::pipeline::PipelineSummary;
use crate::domain::principal::{Actor, Principal, Role};
use crate::service::catalog::MaybeStale;
use crate::service::identity::ONLY_ACCOUNT;
use crate::service::launching::LaunchRequest;
use crate::service::{Bridge, Error, UpstreamError};
use crate::settings::{Settings, Sources};
use crate::store::{Cipher, NewConfig};
use openhexa_emulator::{self as emulator, Emulator, Iaso};

/// The emulator stays the same instance if its port changes.
const BUILT_IN: &str = "built-in";
/// The emulator is on the same machine, so a changed `pipeline.py` is shown soon.
const FRESH_FOR: Duration = Duration::from_secs(1);
/// The number of pipelines that are validated to find an example for the printed commands.
const MAX_VALIDATED: usize = 20;

pub struct DevOptions {
    pub settings: Settings,
    pub port: u16,
    pub data: PathBuf,
    pub openhexa: OpenHexaSource,
}

/// The OpenHEXA to use.
pub enum OpenHexaSource {
    BuiltIn {
        port: u16,
        catalogue: Option<PathBuf>,
        pipelines: Option<PathBuf>,
        python: PathBuf,
    },
    Own {
        url: String,
        token: SecretString,
        workspace: String,
    },
}

/// The running bridge and emulator.
pub struct Dev {
    pub running: Running,
    pub emulator: Option<Emulator>,
    /// The URL of OpenHEXA.
    pub openhexa: String,
    /// Held until everything has stopped, so that the next process finds no running writer.
    _folder: Lock,
}

/// Stored in the data folder, readable by its owner only.
#[derive(Serialize, Deserialize)]
struct DevKeys {
    encryption_key: String,
    callback_key: String,
    operator_key: String,
    openhexa_token: String,
}

pub async fn run(options: DevOptions) -> Result<Dev, StartError> {
    let folder = folder::lock(&options.data)?;
    let keys = keys(&options.data)?;
    let settings = settings(&options, &keys)?;
    let listener = listen(options.port)?;
    let address = listener.local_addr().map_err(StartError::Server)?;
    let iaso = Iaso {
        url: format!("http://{address}"),
        token: keys.operator_key.clone().into(),
    };
    let (emulator, config) = openhexa(options.openhexa, &options.data, &keys, iaso).await?;
    let running = start(Start {
        settings,
        listener,
        clock: Clock::System,
        local: true,
        reconciles: true,
    })
    .await?;
    let openhexa = config.target.url.clone();
    let configured = running
        .bridge
        .configuration
        .point_to(ONLY_ACCOUNT, config)
        .await;
    configured
        .map_err(|error| StartError::Other(format!("cannot store the configuration: {error}")))?;
    Ok(Dev {
        running,
        emulator,
        openhexa,
        _folder: folder,
    })
}

impl Dev {
    pub async fn stop(self) {
        self.running.stop().await;
        if let Some(emulator) = self.emulator {
            emulator.stop().await;
        }
    }

    /// Three example commands, after the reason why OpenHEXA cannot be used, if there is one.
    pub async fn example_commands(&self) -> Vec<String> {
        let base = format!("http://{}/api/openhexa", self.running.address);
        let listed = self.running.bridge.catalog.pipelines(ONLY_ACCOUNT).await;
        let mut lines: Vec<String> = unavailable(&self.openhexa, &listed).into_iter().collect();
        lines.push("Try it:".to_owned());
        lines.push(format!("  curl -s {base}/pipelines/"));
        let ids = listed.map(|listed| listed.answer.iter().map(|row| row.id).collect());
        if let Some(pipeline) = launchable(&self.running.bridge, ids.unwrap_or_default()).await {
            lines.push(format!(
                "  curl -s -X POST {base}/pipelines/{pipeline}/launch/ -H 'Content-Type: application/json' -d '{{\"config\":{{}}}}'"
            ));
        }
        lines.push(format!("  curl -s '{base}/tasks/?limit=1'"));
        lines
    }
}

/// Why OpenHEXA cannot be used. It is only printed: the bridge is useful also while OpenHEXA is unavailable.
fn unavailable(
    openhexa: &str,
    listed: &Result<MaybeStale<Vec<PipelineSummary>>, Error>,
) -> Option<String> {
    let why = match listed {
        Ok(shown) if shown.stale_as_of.is_none() => return None,
        Ok(_) => UpstreamError::Unreachable.to_string(),
        Err(error) => error.to_string(),
    };
    Some(format!("Cannot list the pipelines of {openhexa}: {why}."))
}

/// A pipeline that can be launched without parameters. Only the first ones are validated, because each needs its definition.
async fn launchable(bridge: &Bridge, pipelines: Vec<PipelineId>) -> Option<PipelineId> {
    let who = Principal {
        actor: Actor::CommandLine,
        account: ONLY_ACCOUNT,
        role: Role::Administrator,
        person: None,
        key: None,
    };
    for pipeline in pipelines.into_iter().take(MAX_VALIDATED) {
        let request = LaunchRequest {
            pipeline,
            version: None,
            config: Map::new(),
            send_notifications: false,
            debug: false,
            relaunch_of: None,
            step: None,
            idempotency: None,
        };
        if bridge.launching.validate(&who, &request).await.is_ok() {
            return Some(pipeline);
        }
    }
    None
}

async fn openhexa(
    which: OpenHexaSource,
    data: &Path,
    keys: &DevKeys,
    iaso: Iaso,
) -> Result<(Option<Emulator>, NewConfig), StartError> {
    match which {
        OpenHexaSource::Own {
            url,
            token,
            workspace,
        } => {
            let address = address(&url)?;
            let target = Target {
                url: address.url,
                workspace,
                token,
            };
            Ok((None, content(&address.origin, target)))
        }
        OpenHexaSource::BuiltIn {
            port,
            catalogue,
            pipelines,
            python,
        } => {
            let options = emulator::Options {
                port,
                token: keys.openhexa_token.clone().into(),
                data: data.to_owned(),
                catalogue,
                pipelines,
                python,
                iaso: Some(iaso),
            };
            let (emulator, config) = start_emulator(options).await?;
            Ok((Some(emulator), config))
        }
    }
}

async fn start_emulator(options: emulator::Options) -> Result<(Emulator, NewConfig), StartError> {
    let token = options.token.clone();
    let started = Emulator::start(options).await;
    let emulator = started.map_err(|error| StartError::Other(error.to_string()))?;
    let target = Target {
        url: emulator.url(),
        workspace: emulator.workspace().to_owned(),
        token,
    };
    Ok((emulator, content(BUILT_IN, target)))
}

/// The error does not repeat the URL, which could contain a password.
fn address(url: &str) -> Result<Address, StartError> {
    let address = Address::parse(url).map_err(|wrong| match wrong {
        BadAddress::NotUrl => "an http or https URL without user, query and fragment",
        BadAddress::NotGraphql => "OpenHEXA's GraphQL URL, which ends in /graphql/",
    });
    address.map_err(|wanted| StartError::Other(format!("--openhexa-url must be {wanted}")))
}

fn content(instance: &str, target: Target) -> NewConfig {
    NewConfig {
        instance: instance.to_owned(),
        target,
        content: Map::new(),
        by: Some("dev".to_owned()),
    }
}

/// The settings of `dev`: the database in the data folder unless another is set, its own keys, and not attached to Iaso.
fn settings(options: &DevOptions, keys: &DevKeys) -> Result<Settings, StartError> {
    let mut settings = options.settings.clone();
    let default = Sources::default().read()?.database.url;
    if settings.database.url.expose_secret() == default.expose_secret() {
        let file = options.data.join("openhexa-bridge.db");
        settings.database.url = format!("sqlite:{}", file.display()).into();
    }
    if matches!(options.openhexa, OpenHexaSource::BuiltIn { .. }) {
        settings.cache.fresh_for.0 = settings.cache.fresh_for.0.min(FRESH_FOR);
    }
    settings.secrets.encryption_key = keys.encryption_key.clone().into();
    settings.secrets.callback_key = keys.callback_key.clone().into();
    settings.openhexa.allow_private = true;
    settings.iaso.attached = false;
    settings.iaso.config_account = 0;
    settings.keys.operator = keys.operator_key.clone().into();
    Ok(settings)
}

fn listen(port: u16) -> Result<TcpListener, StartError> {
    TcpListener::bind(("127.0.0.1", port))
        .map_err(|error| StartError::Listen(format!("127.0.0.1:{port}"), error))
}

fn keys(data: &Path) -> Result<DevKeys, StartError> {
    let file = data.join("keys.json");
    match std::fs::read_to_string(&file) {
        Ok(text) => serde_json::from_str(&text).map_err(|_| {
            StartError::Other(format!(
                "{} is not a key file of `dev`. Restore it, or delete the data folder to start over",
                file.display()
            ))
        }),
        Err(_) => create_keys(&file).map_err(|error| no_folder(&file, &error)),
    }
}

fn create_keys(file: &Path) -> std::io::Result<DevKeys> {
    let random = || format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
    let keys = DevKeys {
        encryption_key: Cipher::generate_key().expose_secret().to_owned(),
        callback_key: random(),
        operator_key: random(),
        openhexa_token: random(),
    };
    let mut out = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)?;
    out.write_all(json!(keys).to_string().as_bytes())?;
    Ok(keys)
}

fn no_folder(path: &Path, error: &std::io::Error) -> StartError {
    StartError::Other(format!("cannot create {}: {error}", path.display()))
}
