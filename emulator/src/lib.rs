//! An OpenHEXA emulator for `dev` and for tests: its GraphQL API, its runs and its known quirks.
//!
//! It is a server and communicates with the bridge over HTTP only. It shares no code with the bridge: an error in
//! shared code would be the same on both sides, and no test could find it.
//!
//! `http.rs` has the HTTP routes, `schema/` the GraphQL schema, `world/` the runs, `driver.rs` moves runs as time
//! passes, `runner.rs` and `describe.rs` run and read real `pipeline.py` files, `faults.rs` and `admin.rs` simulate
//! failures on request.

#![allow(
    clippy::disallowed_methods,
    reason = "a server of its own has a clock and tasks of its own"
)]

mod admin;
mod callback;
mod catalogue;
mod choices;
mod clock;
mod code;
mod container;
mod core;
mod describe;
mod driver;
mod faults;
mod guard;
mod http;
mod journal;
mod judge;
mod nulls;
mod run;
mod runner;
mod schema;
mod variables;
mod workspace;
mod world;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpServer, middleware, web};
use secrecy::SecretString;
use tokio::task::JoinHandle;

use self::catalogue::Catalogue;
use self::clock::now;
use self::core::{Core, Parts};
use self::journal::Journal;
use self::world::World;

/// OpenHEXA gives an idle connection up after this time.
const IDLE: Duration = Duration::from_secs(2);
const WORKERS: usize = 2;

/// How to run it.
pub struct Options {
    /// On 127.0.0.1; 0 picks a free one.
    pub port: u16,
    /// The only bearer accepted, beside those of its own runs.
    pub token: SecretString,
    /// State lives in the sub-folder `openhexa` of this one; made when missing.
    pub data: PathBuf,
    /// Replaces the built-in samples.
    pub catalogue: Option<PathBuf>,
    /// A folder of folders with a `pipeline.py`; replaces the built-in samples.
    pub pipelines: Option<PathBuf>,
    /// The interpreter that reads and runs those.
    pub python: PathBuf,
    /// What the workspace connection `iaso-pipeline` holds.
    pub iaso: Option<Iaso>,
}

/// Where pipelines without a host of their own report to.
pub struct Iaso {
    pub url: String,
    pub token: SecretString,
}

/// Why it did not start, in one sentence.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("cannot read {path}: {source}")]
    Unreadable {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{path} is not a valid catalogue: {source}")]
    Catalogue {
        path: PathBuf,
        source: serde_json::Error,
    },
    #[error("the pipelines {first} and {second} have the same id, {id}")]
    Twice {
        id: uuid::Uuid,
        first: String,
        second: String,
    },
    #[error("cannot use the data folder {path}: {source}")]
    Data {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("cannot listen on 127.0.0.1:{port}: {source}")]
    Port { port: u16, source: std::io::Error },
    #[error("cannot create an HTTP client: {0}")]
    Client(#[from] reqwest::Error),
}

/// A running emulator.
pub struct Emulator {
    core: Arc<Core>,
    server: ServerHandle,
    serving: JoinHandle<std::io::Result<()>>,
}

impl Emulator {
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let folder = options.data.join("openhexa");
        prepare(&folder).map_err(|source| StartError::Data {
            path: folder.clone(),
            source,
        })?;
        let port = options.port;
        let core = Arc::new(assemble(options, &folder).await?);
        let (server, address) =
            listen(&core, port).map_err(|source| StartError::Port { port, source })?;
        let _ = core.address.set(format!("http://{address}"));
        let handle = server.handle();
        let serving = tokio::spawn(server);
        core.tasks.spawn(driver::drive(Arc::clone(&core)));
        Ok(Self {
            core,
            server: handle,
            serving,
        })
    }

    /// `http://127.0.0.1:PORT/graphql/`
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}/graphql/", self.core.base())
    }

    /// The slug of the workspace that the catalogue is about.
    #[must_use]
    pub fn workspace(&self) -> &str {
        self.core.catalogue.home()
    }

    /// Fills the connection `iaso-pipeline` once its address is known.
    pub fn fill_iaso(&self, iaso: Iaso) {
        self.core.fill_iaso(iaso);
    }

    /// Ends the server, its tasks and the processes of its runs.
    pub async fn stop(self) {
        self.core.ending.cancel();
        self.server.stop(false).await;
        if let Ok(Err(error)) = self.serving.await {
            tracing::error!(%error, "the emulator's HTTP server stopped with an error");
        }
        self.core.tasks.close();
        self.core.tasks.wait().await;
    }
}

/// The folders of the state, and the file that a sample takes its choices from. Runs, files and what running pipelines
/// write there may hold secrets: the folder is closed to other users of the machine.
fn prepare(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::create_dir_all(folder)?;
    let mut rights = std::fs::metadata(folder)?.permissions();
    if rights.mode() & 0o077 != 0 {
        rights.set_mode(0o700);
        std::fs::set_permissions(folder, rights)?;
    }
    let reference = folder.join("files/reference");
    std::fs::create_dir_all(&reference)?;
    // What runs left that died with an emulator which was killed.
    let left = folder.join("tmp");
    if left.exists() {
        std::fs::remove_dir_all(&left)?;
    }
    std::fs::create_dir_all(left)?;
    let districts = reference.join("districts.csv");
    if !districts.exists() {
        std::fs::write(districts, include_str!("districts.csv"))?;
    }
    Ok(())
}

async fn assemble(options: Options, folder: &Path) -> Result<Core, StartError> {
    let catalogue = Arc::new(gather(&options).await?);
    let (journal, runs) = Journal::open(folder).map_err(|source| StartError::Data {
        path: folder.to_owned(),
        source,
    })?;
    let mut world = World::new(Arc::clone(&catalogue), journal);
    world.recall(runs, now());
    let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    Ok(Core::new(Parts {
        token: options.token,
        python: settled(options.python),
        files: absolute.join("files"),
        scratch: absolute.join("tmp"),
        catalogue,
        client: client()?,
        world,
        iaso: options.iaso,
    }))
}

/// A path to an interpreter must hold in other folders too; a bare name is looked up in PATH.
fn settled(python: PathBuf) -> PathBuf {
    if python.components().count() < 2 {
        return python;
    }
    std::path::absolute(&python).unwrap_or(python)
}

async fn gather(options: &Options) -> Result<Catalogue, StartError> {
    let catalogue = match (&options.catalogue, &options.pipelines) {
        (Some(path), _) => Catalogue::read(path)?,
        (None, Some(_)) => Catalogue::empty()?,
        (None, None) => Catalogue::samples()?,
    };
    match &options.pipelines {
        Some(folder) => catalogue.with(describe::read(&options.python, folder).await?),
        None => Ok(catalogue),
    }
}

fn client() -> Result<reqwest::Client, StartError> {
    // Somebody else in this process may have installed one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Ok(reqwest::Client::builder()
        .no_proxy()
        // A connection each, as `requests.patch` makes: one from a pool can be closed under a report's feet.
        .pool_max_idle_per_host(0)
        .redirect(reqwest::redirect::Policy::none())
        .build()?)
}

fn listen(
    core: &Arc<Core>,
    port: u16,
) -> std::io::Result<(actix_web::dev::Server, std::net::SocketAddr)> {
    let core = web::Data::from(Arc::clone(core));
    let engine = web::Data::new(http::Engine::new());
    let open = core.tasks.clone();
    let server = HttpServer::new(move || {
        App::new()
            .app_data(core.clone())
            .app_data(engine.clone())
            .wrap(middleware::from_fn(guard::local_only))
            .wrap(middleware::Compress::default())
            .configure(admin::routes)
            .configure(http::routes)
    })
    // The server's own end does not wait for its connections: one that a client keeps could be answered on after it.
    .on_connect(move |_, connection| drop(connection.insert(open.token())))
    .workers(WORKERS)
    .keep_alive(IDLE)
    .disable_signals()
    .shutdown_timeout(1)
    .bind(("127.0.0.1", port))?;
    let address = server
        .addrs()
        .first()
        .copied()
        .ok_or_else(|| std::io::Error::from(std::io::ErrorKind::AddrNotAvailable))?;
    Ok((server.run(), address))
}
