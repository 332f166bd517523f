//! The composition root: creates all parts, passes them down, starts and stops them. It contains no logic.

pub mod check;
mod copy_database;
mod database;
mod database_url;
#[cfg(feature = "dev")]
pub mod dev;
#[cfg(feature = "dev")]
pub mod folder;
mod front;
mod identity;
pub mod keys;
mod outgoing;
mod periodic_jobs;
pub mod reencrypt;
pub mod remote;
mod rules;
pub mod signals;
mod summary;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::background::Job;
use crate::clock::Clock;
use crate::http;
use crate::openhexa::{BuildError, Client};
use crate::service::identity::AccessSettings;
use crate::service::{Bridge, Jobs, Parts, Seal, causes};
use crate::settings::Settings;
use crate::store::{OpenError, Store};

pub use copy_database::{Databases, copy_database};
pub use database::{open_existing_store, open_store, try_store};
pub use database_url::database_name;
pub use summary::Summary;

/// How long the last flush may take when the process stops.
const LAST_FLUSH: Duration = Duration::from_secs(2);

/// Why the bridge does not start.
#[derive(Debug, Error)]
pub enum StartError {
    #[error("{0}")]
    Setting(#[from] crate::settings::InvalidSetting),
    #[error("cannot listen on {0}: {cause}", cause = why_not_listening(.1))]
    Listen(String, #[source] std::io::Error),
    #[error("{0}")]
    Database(#[from] OpenError),
    #[error("{0}")]
    Client(#[from] BuildError),
    #[error("{0}")]
    Outgoing(#[from] crate::outgoing::OutgoingError),
    #[error("{0}")]
    Iaso(#[from] crate::iaso::IasoClientError),
    #[error("cannot start the server: {0}")]
    Server(#[source] std::io::Error),
    #[error("secrets.{key} (OPENHEXA_BRIDGE__SECRETS__{} in the environment) is empty; {how}", key.to_uppercase())]
    Secret {
        key: &'static str,
        how: &'static str,
    },
    #[error(
        "server.address is open to the network (listening on {0}), and there is no API key. Create one with \
         `openhexa-bridge keys create --role admin`"
    )]
    NoKey(SocketAddr),
    #[error(
        "secrets.encryption_key (OPENHEXA_BRIDGE__SECRETS__ENCRYPTION_KEY in the environment) does not decrypt the stored data. \
         Restore the previous key, or add it to secrets.previous_encryption_keys. If it is lost, \
         `openhexa-bridge reencrypt --discard` deletes the data that no key decrypts"
    )]
    OtherKey,
    #[error("{0}")]
    Other(String),
}

fn why_not_listening(error: &std::io::Error) -> String {
    if error.kind() == std::io::ErrorKind::AddrInUse {
        return "another program uses this port. Stop it, or choose another port with server.port (dev: --port, \
                --openhexa-port)"
            .to_owned();
    }
    error.to_string()
}

/// What a start needs.
pub struct Start {
    pub settings: Settings,
    pub listener: TcpListener,
    pub clock: Clock,
    /// `dev`: no sign-in, and only requests from this machine.
    pub local: bool,
    /// False in tests that run the polling cycles themselves.
    pub reconciles: bool,
}

/// The running bridge.
pub struct Running {
    pub bridge: Bridge,
    pub store: Store,
    pub address: SocketAddr,
    server: ServerHandle,
    serving: JoinHandle<std::io::Result<()>>,
    background: Vec<JoinHandle<()>>,
    stop: CancellationToken,
    /// Merged progress is written until the last request has its response.
    stop_flushing: CancellationToken,
    jobs: Jobs,
    within: Duration,
}

/// Binds the address of the settings.
pub fn listen(settings: &Settings) -> Result<TcpListener, StartError> {
    let host = settings.server.address.trim_matches(['[', ']']);
    TcpListener::bind((host, settings.server.port)).map_err(|error| {
        let shown = summary::address(settings);
        StartError::Listen(shown, error)
    })
}

pub async fn start(start: Start) -> Result<Running, StartError> {
    let settings = start.settings;
    let address = start.listener.local_addr().map_err(StartError::Server)?;
    let jobs = Jobs::new(Handle::current());
    let stop = CancellationToken::new();
    let store = checked_store(&settings, start.local).await?;
    let access = identity::access(&settings, start.local);
    refuse_without_keys(&store, &access, &settings, address).await?;
    let client = Client::with_clock(rules::openhexa_limits(&settings), start.clock.clone())?;
    let bridge = Bridge::new(Parts {
        store: store.clone(),
        instances: client.instances(),
        openhexa: Arc::new(client),
        outgoing: Arc::new(outgoing::outgoing(&settings)?),
        clock: start.clock.clone(),
        rules: rules::rules(&settings),
        launch_times: rules::launch_times(&settings),
        cache: rules::cache_limits(&settings),
        addresses: rules::address_rules(&settings),
        identity: identity::options(&settings, access, public_url(&settings, address))?,
        streams: rules::stream_limits(&settings),
        seal: Seal::new(&settings.secrets.callback_key),
        jobs: jobs.clone(),
        task_json: http::task_json,
        stop: stop.clone(),
    });
    let http_config = front::http_config(&settings, &start.clock, start.local)?;
    let metrics = http_config.metrics.handle().cloned();
    let (server, serving) = front::serve(&settings, start.listener, bridge.clone(), http_config)?;
    let stop_flushing = CancellationToken::new();
    let periodic = periodic_jobs::all(&settings, &bridge, metrics, start.reconciles);
    let background = start_jobs(periodic, &bridge, &stop, &stop_flushing);
    Ok(Running {
        bridge,
        store,
        address,
        server,
        serving,
        background,
        stop,
        stop_flushing,
        jobs,
        within: settings.server.stop_within.0,
    })
}

/// Starts the jobs. The one that writes merged progress runs longer than the others.
fn start_jobs(
    jobs: Vec<Job>,
    bridge: &Bridge,
    stop: &CancellationToken,
    stop_flushing: &CancellationToken,
) -> Vec<JoinHandle<()>> {
    let run = |job: Job| spawn(job.run_until(stop.clone()));
    let mut started: Vec<_> = jobs.into_iter().map(run).collect();
    let writer = periodic_jobs::report_writer(bridge);
    started.push(spawn(writer.run_until(stop_flushing.clone())));
    started
}

/// The database, if its content can be decrypted with the configured key.
async fn checked_store(settings: &Settings, is_local: bool) -> Result<Store, StartError> {
    let store = open_store(settings).await?;
    refuse_another_key(&store).await?;
    // In `dev` the emulator's runs are restored together with the database, so no task ids need to be skipped.
    if !is_local {
        store.skip_task_ids().await?;
    }
    Ok(store)
}

impl Running {
    /// Waits up to `stop_within` for running requests and jobs. The next start resumes those that are interrupted.
    pub async fn stop(self) {
        self.stop.cancel();
        let (within, bridge) = (self.within, self.bridge.clone());
        let stop_flushing = self.stop_flushing.clone();
        if tokio::time::timeout(within, self.stop_gracefully())
            .await
            .is_err()
        {
            tracing::warn!(
                ?within,
                "shutdown took longer than server.stop_within; the next start resumes unfinished work"
            );
            stop_flushing.cancel();
            flush_last(&bridge).await;
        }
    }

    async fn stop_gracefully(self) {
        self.server.stop(true).await;
        if let Err(error) = self.serving.await {
            tracing::error!(%error, "the HTTP server stopped with an error");
        }
        self.stop_flushing.cancel();
        flush_last(&self.bridge).await;
        self.jobs.finish().await;
        for background in self.background {
            if let Err(error) = background.await {
                tracing::error!(%error, "a background job stopped with an error");
            }
        }
    }
}

/// The progress that was merged since the last flush.
async fn flush_last(bridge: &Bridge) {
    let error = match tokio::time::timeout(LAST_FLUSH, bridge.runs.reports.flush()).await {
        Ok(Ok(())) => return,
        Ok(Err(error)) => causes(&error),
        Err(_) => format!("it took longer than {} s", LAST_FLUSH.as_secs()),
    };
    tracing::warn!(%error, "the last progress messages of running tasks could not be saved and are lost");
}

#[allow(
    clippy::disallowed_methods,
    reason = "background jobs are started here, and their handles are kept"
)]
fn spawn<F>(work: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    tokio::spawn(work)
}

fn encryption_key(settings: &Settings) -> Result<SecretString, StartError> {
    let key = &settings.secrets.encryption_key;
    if key.expose_secret().is_empty() {
        let how = "create one with: openssl rand -base64 32 | tr '+/' '-_'";
        let key = "encryption_key";
        return Err(StartError::Secret { key, how });
    }
    Ok(key.clone())
}

/// With another key the stored data cannot be read, and every request would only return an internal error.
async fn refuse_another_key(store: &Store) -> Result<(), StartError> {
    let cipher = store.cipher.clone();
    let readable = store.read(move |db| crate::store::can_decrypt_all(db, &cipher));
    if readable.await.map_err(|error| unreadable(&error))? {
        return Ok(());
    }
    Err(StartError::OtherKey)
}

fn unreadable(error: &crate::store::Error) -> StartError {
    StartError::Other(format!("database.url: {}", causes(error)))
}

/// On a network, a bridge to which no user can sign in is a configuration mistake. Opening it to all would be a worse one.
async fn refuse_without_keys(
    store: &Store,
    access: &AccessSettings,
    settings: &Settings,
    address: SocketAddr,
) -> Result<(), StartError> {
    if access.open || !access.keys.is_empty() || settings.iaso.has_users() {
        return Ok(());
    }
    let now = Clock::System.now();
    let stored = store.read(crate::store::keys).await;
    let stored = stored.map_err(|error| unreadable(&error))?;
    match (
        stored.iter().any(|key| key.is_active(now)),
        address.ip().is_loopback(),
    ) {
        (true, _) => Ok(()),
        (false, true) => {
            tracing::warn!(
                "there is no API key, so users cannot sign in: create one with `openhexa-bridge keys create`"
            );
            Ok(())
        }
        (false, false) => Err(StartError::NoKey(address)),
    }
}

fn public_url(settings: &Settings, address: SocketAddr) -> String {
    match settings.server.public_url.as_str() {
        "" => format!("http://{address}"),
        url => url.to_owned(),
    }
}
