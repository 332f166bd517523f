//! An OpenHEXA emulator for `dev` and for tests: its GraphQL API, its runs and its known quirks.
//!
//! It is a server that the bridge uses over HTTP only. The two share no code: an error in shared code would be the same
//! on both sides, so no test could find it.
//!
//! `http.rs` has the HTTP routes, `schema/` the GraphQL schema, `run_store/` the runs. `driver.rs` executes the events
//! of runs when they are due. `pipeline_files.rs` and `runner.rs` read and run real `pipeline.py` files;
//! `pipeline_watch.rs` reads them again when they change. `run_page.rs` shows a run to people. `faults.rs` and `admin.rs`
//! simulate failures on request.

#![allow(
    clippy::disallowed_methods,
    reason = "the emulator is a separate server with its own clock and tasks"
)]

mod admin;
mod callback;
mod catalogue;
mod choices;
mod clock;
mod driver;
mod failed_run;
mod faults;
mod file_list;
mod html;
mod http;
mod journal;
mod local_only;
mod notices;
mod null_propagation;
mod pipeline_file;
mod pipeline_files;
mod pipeline_reader;
mod pipeline_watch;
mod request;
mod run;
mod run_config;
mod run_page;
mod run_store;
mod runner;
mod schema;
mod sdk;
mod secrets;
mod shared_catalogue;
mod slug;
mod state;
mod variables;
mod workspace;
mod workspace_files;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpServer, middleware, web};
use secrecy::SecretString;
use tokio::task::JoinHandle;

use self::catalogue::Catalogue;
use self::clock::now;
use self::journal::Journal;
use self::notices::Notices;
pub use self::secrets::DEFAULT_TOKEN;

use self::pipeline_files::PipelineFiles;
use self::run_store::RunStore;
use self::shared_catalogue::SharedCatalogue;
use self::state::{Parts, State};

/// OpenHEXA closes an idle connection after this time.
const IDLE: Duration = Duration::from_secs(2);
const WORKERS: usize = 2;

/// How to run the emulator.
pub struct Options {
    /// The port on 127.0.0.1; 0 for any free one.
    pub port: u16,
    /// The only token that it accepts, apart from the tokens of its runs.
    pub token: SecretString,
    /// The folder for all data. The emulator stores its state in `openhexa` in this folder, and creates both if missing.
    pub data: PathBuf,
    /// Replaces the built-in samples.
    pub catalogue: Option<PathBuf>,
    /// A folder whose folders each contain a `pipeline.py`, or the folder of one `pipeline.py`; replaces the built-in samples.
    pub pipelines: Option<PathBuf>,
    /// The Python that reads and runs them.
    pub python: PathBuf,
    /// The content of the workspace connection `iaso-pipeline`.
    pub iaso: Option<Iaso>,
}

/// The address and token with which pipelines report if their config contains none.
pub struct Iaso {
    pub url: String,
    pub token: SecretString,
}

/// Why the emulator did not start.
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
    #[error("cannot listen on 127.0.0.1:{port}: {cause}", cause = why_not_listening(.source))]
    Port { port: u16, source: std::io::Error },
    #[error("cannot create an HTTP client: {0}")]
    Client(#[from] reqwest::Error),
}

/// A running emulator.
pub struct Emulator {
    state: Arc<State>,
    home: String,
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
        let (base, mut files, notices) = read_pipelines(&options).await?;
        let catalogue = match &mut files {
            Some(files) => base.clone().with(files.pipelines())?,
            None => base.clone(),
        };
        let home = catalogue.home().to_owned();
        let state = Arc::new(assemble(options, &folder, catalogue, notices)?);
        let (server, address) =
            listen(&state, port).map_err(|source| StartError::Port { port, source })?;
        let _ = state.address.set(format!("http://{address}"));
        let handle = server.handle();
        let serving = tokio::spawn(server);
        state.tasks.spawn(driver::drive(Arc::clone(&state)));
        if let Some(files) = files {
            state
                .tasks
                .spawn(pipeline_watch::watch(Arc::clone(&state), base, files));
        }
        Ok(Self {
            state,
            home,
            server: handle,
            serving,
        })
    }

    /// `http://127.0.0.1:PORT/graphql/`
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}/graphql/", self.state.base())
    }

    /// The slug of the catalogue's first workspace.
    #[must_use]
    pub fn workspace(&self) -> &str {
        &self.home
    }

    /// The folder with the files of the workspace, to which its runs write.
    #[must_use]
    pub fn files(&self) -> &Path {
        &self.state.files
    }

    /// Prints the messages for the user so far, and from now on each one at once. Until then they are kept, so that the caller
    /// can print the addresses first.
    pub fn print_notices(&self) {
        self.state.notices.print();
    }

    /// The messages that are not printed yet.
    #[must_use]
    pub fn notices(&self) -> Vec<String> {
        self.state.notices.kept()
    }

    /// Sets the content of the connection `iaso-pipeline`, when the address of the bridge is known.
    pub fn fill_iaso(&self, iaso: Iaso) {
        self.state.fill_iaso(iaso);
    }

    /// Stops the server, its tasks and the processes of its runs.
    pub async fn stop(self) {
        self.state.ending.cancel();
        self.server.stop(false).await;
        if let Ok(Err(error)) = self.serving.await {
            tracing::error!(%error, "the emulator's HTTP server stopped with an error");
        }
        self.state.tasks.close();
        self.state.tasks.wait().await;
    }
}

/// Creates the folders for the state, and the file from which a sample pipeline reads its choices. The folders can
/// contain secrets, so other users of the machine have no access.
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
    // Removes files of runs that were active when the emulator was killed.
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

fn assemble(
    options: Options,
    folder: &Path,
    catalogue: Catalogue,
    notices: Notices,
) -> Result<State, StartError> {
    let catalogue = SharedCatalogue::new(catalogue);
    let (journal, runs) = Journal::open(folder).map_err(|source| StartError::Data {
        path: folder.to_owned(),
        source,
    })?;
    let mut run_store = RunStore::new(catalogue.clone(), journal);
    run_store.recall(runs, now());
    let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    Ok(State::new(Parts {
        token: options.token,
        python: absolute_python(options.python),
        files: absolute.join("files"),
        scratch: absolute.join("tmp"),
        catalogue,
        client: client()?,
        run_store,
        iaso: options.iaso,
        notices,
    }))
}

/// Makes a path to an interpreter absolute; a bare name is searched for in PATH.
fn absolute_python(python: PathBuf) -> PathBuf {
    if python.components().count() < 2 {
        return python;
    }
    std::path::absolute(&python).unwrap_or(python)
}

/// The catalogue without real pipelines, the files of the real ones, and messages for the user.
async fn read_pipelines(
    options: &Options,
) -> Result<(Catalogue, Option<PipelineFiles>, Notices), StartError> {
    let base = match (&options.catalogue, &options.pipelines) {
        (Some(path), _) => Catalogue::read(path)?,
        (None, Some(_)) => Catalogue::empty()?,
        (None, None) => Catalogue::samples()?,
    };
    let notices = Notices::default();
    let Some(folder) = &options.pipelines else {
        return Ok((base, None, notices));
    };
    let (files, lines) = PipelineFiles::open(options.python.clone(), folder).await?;
    for line in lines {
        notices.add(line);
    }
    Ok((base, Some(files), notices))
}

fn why_not_listening(error: &std::io::Error) -> String {
    if error.kind() == std::io::ErrorKind::AddrInUse {
        return "another program uses this port. Stop it, or choose another port with --port (dev: --openhexa-port)"
            .to_owned();
    }
    error.to_string()
}

fn client() -> Result<reqwest::Client, StartError> {
    // Fails if the process has installed a provider already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Ok(reqwest::Client::builder()
        .no_proxy()
        // One connection per report, as with `requests.patch`: the server could close a pooled connection at any time.
        .pool_max_idle_per_host(0)
        .redirect(reqwest::redirect::Policy::none())
        .build()?)
}

fn listen(
    state: &Arc<State>,
    port: u16,
) -> std::io::Result<(actix_web::dev::Server, std::net::SocketAddr)> {
    let state = web::Data::from(Arc::clone(state));
    let engine = web::Data::new(http::Engine::new());
    let open = state.tasks.clone();
    let server = HttpServer::new(move || {
        App::new()
            .app_data(state.clone())
            .app_data(engine.clone())
            .wrap(middleware::from_fn(local_only::middleware))
            .wrap(middleware::Compress::default())
            // Before the routes of `/emulator`, which answer all other requests there.
            .configure(run_page::routes)
            .configure(admin::routes)
            .configure(workspace_files::routes)
            .configure(http::routes)
    })
    // The server does not wait for its connections when it stops, so they are tracked like tasks.
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
