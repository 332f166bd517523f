//! The state that all parts of the emulator share, created at the start.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{Notify, Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::Iaso;
use super::catalogue::{Pipeline, id_from};
use super::clock::{Millis, now};
use super::faults::Faults;
use super::file_list::SetFile;
use super::notices::Notices;
use super::run::Status;
use super::run_store::RunStore;
use super::shared_catalogue::SharedCatalogue;

/// Maximum number of reports sent at the same time, so that thousands of runs do not use all sockets.
const REPORTS_AT_ONCE: usize = 64;
/// Maximum number of real pipelines that run at the same time; each starts several Python processes.
const PROCESSES_AT_ONCE: usize = 4;

pub struct State {
    pub token: SecretString,
    pub python: PathBuf,
    /// The files of the workspace, as its runs see them.
    pub files: PathBuf,
    set_files: Mutex<Vec<SetFile>>,
    pub scratch: PathBuf,
    pub catalogue: SharedCatalogue,
    pub client: reqwest::Client,
    run_store: Mutex<RunStore>,
    faults: Mutex<Faults>,
    /// Notified when the faults are removed, so that delayed responses are sent.
    pub cleared: watch::Sender<()>,
    counts: Mutex<Counts>,
    /// The schedules set through `/emulator/pipelines/`, which replace those of the catalogue.
    schedules: Mutex<HashMap<Uuid, Option<String>>>,
    /// The time at which the clock is stopped, if it is.
    frozen_at: Mutex<Option<Millis>>,
    iaso: Mutex<Option<Iaso>>,
    pub notices: Notices,
    pub processes: Mutex<HashMap<Uuid, CancellationToken>>,
    /// Notified when an event was scheduled, so that the driver checks which events are due.
    pub wake: Notify,
    pub address: OnceLock<String>,
    pub ending: CancellationToken,
    pub tasks: TaskTracker,
    pub reports: Semaphore,
    pub process_slots: Semaphore,
}

/// The number of requests received. Tests use it to check how many requests the bridge sends.
#[derive(Debug, Default, serde::Serialize)]
pub struct Counts {
    pub total: u64,
    pub by_operation: BTreeMap<String, u64>,
}

/// The sender of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    Anonymous,
    /// The owner of the token that the emulator was started with.
    User,
    /// A run whose status is `running`.
    Run(Uuid),
}

/// The sender of a request, found from its token.
pub struct Credentials {
    pub identity: Identity,
    /// Whether it is the token of a run, valid or not.
    pub is_run: bool,
}

pub struct Parts {
    pub token: SecretString,
    pub python: PathBuf,
    pub files: PathBuf,
    pub scratch: PathBuf,
    pub catalogue: SharedCatalogue,
    pub client: reqwest::Client,
    pub run_store: RunStore,
    pub iaso: Option<Iaso>,
    pub notices: Notices,
}

impl State {
    pub fn new(parts: Parts) -> Self {
        Self {
            token: parts.token,
            python: parts.python,
            files: parts.files,
            set_files: Mutex::default(),
            scratch: parts.scratch,
            catalogue: parts.catalogue,
            client: parts.client,
            run_store: Mutex::new(parts.run_store),
            faults: Mutex::default(),
            cleared: watch::Sender::new(()),
            counts: Mutex::default(),
            schedules: Mutex::default(),
            frozen_at: Mutex::default(),
            iaso: Mutex::new(parts.iaso),
            notices: parts.notices,
            processes: Mutex::default(),
            wake: Notify::new(),
            address: OnceLock::new(),
            ending: CancellationToken::new(),
            tasks: TaskTracker::new(),
            reports: Semaphore::new(REPORTS_AT_ONCE),
            process_slots: Semaphore::new(PROCESSES_AT_ONCE),
        }
    }

    pub fn now(&self) -> Millis {
        lock(&self.frozen_at).unwrap_or_else(now)
    }

    /// The id of a new run. While the clock is stopped, ids are the same at every repetition.
    pub fn fresh_id(&self) -> Uuid {
        let frozen_at = *lock(&self.frozen_at);
        frozen_at.map_or_else(Uuid::new_v4, |at| {
            id_from(&format!("run {at} {}", self.run_store().all_runs().len()))
        })
    }

    pub fn freeze_clock(&self, at: Millis) {
        *lock(&self.frozen_at) = Some(at);
    }

    pub fn run_store(&self) -> MutexGuard<'_, RunStore> {
        lock(&self.run_store)
    }

    pub fn set_schedule(&self, pipeline: Uuid, schedule: Option<String>) {
        lock(&self.schedules).insert(pipeline, schedule);
    }

    pub fn schedule_of(&self, pipeline: &Pipeline) -> Option<String> {
        let changed = lock(&self.schedules).get(&pipeline.id).cloned();
        changed.unwrap_or_else(|| pipeline.schedule.clone())
    }

    pub fn faults(&self) -> MutexGuard<'_, Faults> {
        lock(&self.faults)
    }

    /// The files without content, in addition to those in the folder.
    pub fn set_files(&self) -> MutexGuard<'_, Vec<SetFile>> {
        lock(&self.set_files)
    }

    pub fn counts(&self) -> MutexGuard<'_, Counts> {
        lock(&self.counts)
    }

    pub fn processes(&self) -> MutexGuard<'_, HashMap<Uuid, CancellationToken>> {
        lock(&self.processes)
    }

    /// Address and token of the connection `iaso-pipeline`.
    pub fn iaso(&self) -> Option<(String, String)> {
        lock(&self.iaso)
            .as_ref()
            .map(|iaso| (iaso.url.clone(), iaso.token.expose_secret().to_owned()))
    }

    pub fn fill_iaso(&self, iaso: Iaso) {
        *lock(&self.iaso) = Some(iaso);
    }

    /// `http://127.0.0.1:PORT`
    pub fn base(&self) -> &str {
        self.address.get().map_or("", String::as_str)
    }

    pub fn authenticate(&self, header: Option<&str>) -> Credentials {
        let anonymous = Credentials {
            identity: Identity::Anonymous,
            is_run: false,
        };
        let Some(token) = header.and_then(bearer) else {
            return anonymous;
        };
        if token == self.token.expose_secret() {
            return Credentials {
                identity: Identity::User,
                is_run: false,
            };
        }
        match self.run_store().owner_of(token) {
            Some(run) if run.status == Status::Running => Credentials {
                identity: Identity::Run(run.id),
                is_run: true,
            },
            Some(_) => Credentials {
                identity: Identity::Anonymous,
                is_run: true,
            },
            None => anonymous,
        }
    }

    /// Kills the run's process, if it has one.
    pub fn kill(&self, run: Uuid) {
        if let Some(process) = self.processes().get(&run) {
            process.cancel();
        }
    }
}

/// The token of `Bearer <token>`. The first word can have any case.
fn bearer(header: &str) -> Option<&str> {
    let mut words = header.split(' ');
    match (words.next(), words.next(), words.next()) {
        (Some(scheme), Some(token), None)
            if scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() =>
        {
            Some(token)
        }
        _ => None,
    }
}

/// Locks a mutex, also after a panic in another thread.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
