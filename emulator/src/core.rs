//! What all parts of the emulator share: one value, made at the start, behind one pointer.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{Notify, Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::Iaso;
use super::catalogue::{Catalogue, id_from};
use super::clock::{Millis, now};
use super::faults::Faults;
use super::run::Status;
use super::world::World;

/// Reports under way at one time, so that thousands of runs do not use up all sockets.
const REPORTS_AT_ONCE: usize = 64;
/// Real pipelines running at one time: each is a Python with helpers of its own.
const PROCESSES_AT_ONCE: usize = 4;

pub struct Core {
    pub token: SecretString,
    pub python: PathBuf,
    /// The files of the workspace, as its runs see them.
    pub files: PathBuf,
    pub scratch: PathBuf,
    pub catalogue: Arc<Catalogue>,
    pub client: reqwest::Client,
    world: Mutex<World>,
    faults: Mutex<Faults>,
    /// Faults were removed: delayed responses are sent.
    pub cleared: watch::Sender<()>,
    counts: Mutex<Counts>,
    /// Where time was made to stand still.
    stands: Mutex<Option<Millis>>,
    iaso: Mutex<Option<Iaso>>,
    pub processes: Mutex<HashMap<Uuid, CancellationToken>>,
    /// Something new is planned: the driver should look again.
    pub wake: Notify,
    pub address: OnceLock<String>,
    pub ending: CancellationToken,
    pub tasks: TaskTracker,
    pub reports: Semaphore,
    pub places: Semaphore,
}

/// How often what was asked: stories count what the bridge costs its OpenHEXA.
#[derive(Debug, Default, serde::Serialize)]
pub struct Counts {
    pub total: u64,
    pub by_operation: BTreeMap<String, u64>,
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Nobody,
    /// The owner of the token that the emulator was started with.
    User,
    /// A run that is exactly `running`.
    Run(Uuid),
}

/// What a token turned out to be.
pub struct Bearer {
    pub who: Who,
    /// Whether it is the token of a run, good or not.
    pub is_run: bool,
}

pub struct Parts {
    pub token: SecretString,
    pub python: PathBuf,
    pub files: PathBuf,
    pub scratch: PathBuf,
    pub catalogue: Arc<Catalogue>,
    pub client: reqwest::Client,
    pub world: World,
    pub iaso: Option<Iaso>,
}

impl Core {
    pub fn new(parts: Parts) -> Self {
        Self {
            token: parts.token,
            python: parts.python,
            files: parts.files,
            scratch: parts.scratch,
            catalogue: parts.catalogue,
            client: parts.client,
            world: Mutex::new(parts.world),
            faults: Mutex::default(),
            cleared: watch::Sender::new(()),
            counts: Mutex::default(),
            stands: Mutex::default(),
            iaso: Mutex::new(parts.iaso),
            processes: Mutex::default(),
            wake: Notify::new(),
            address: OnceLock::new(),
            ending: CancellationToken::new(),
            tasks: TaskTracker::new(),
            reports: Semaphore::new(REPORTS_AT_ONCE),
            places: Semaphore::new(PROCESSES_AT_ONCE),
        }
    }

    pub fn now(&self) -> Millis {
        hold(&self.stands).unwrap_or_else(now)
    }

    /// For a run. Where time stands still, what happens again is the same again.
    pub fn fresh_id(&self) -> Uuid {
        let stands = *hold(&self.stands);
        stands.map_or_else(Uuid::new_v4, |at| {
            id_from(&format!("run {at} {}", self.world().all_runs().len()))
        })
    }

    pub fn stand_still(&self, at: Millis) {
        *hold(&self.stands) = Some(at);
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        hold(&self.world)
    }

    pub fn faults(&self) -> MutexGuard<'_, Faults> {
        hold(&self.faults)
    }

    pub fn counts(&self) -> MutexGuard<'_, Counts> {
        hold(&self.counts)
    }

    pub fn processes(&self) -> MutexGuard<'_, HashMap<Uuid, CancellationToken>> {
        hold(&self.processes)
    }

    /// What the connection `iaso-pipeline` holds: address and token.
    pub fn iaso(&self) -> Option<(String, String)> {
        hold(&self.iaso)
            .as_ref()
            .map(|iaso| (iaso.url.clone(), iaso.token.expose_secret().to_owned()))
    }

    pub fn fill_iaso(&self, iaso: Iaso) {
        *hold(&self.iaso) = Some(iaso);
    }

    /// `http://127.0.0.1:PORT`
    pub fn base(&self) -> &str {
        self.address.get().map_or("", String::as_str)
    }

    pub fn recognise(&self, header: Option<&str>) -> Bearer {
        let nobody = Bearer {
            who: Who::Nobody,
            is_run: false,
        };
        let Some(token) = header.and_then(bearer) else {
            return nobody;
        };
        if token == self.token.expose_secret() {
            return Bearer {
                who: Who::User,
                is_run: false,
            };
        }
        match self.world().owner_of(token) {
            Some(run) if run.status == Status::Running => Bearer {
                who: Who::Run(run.id),
                is_run: true,
            },
            Some(_) => Bearer {
                who: Who::Nobody,
                is_run: true,
            },
            None => nobody,
        }
    }

    /// Kills the process of a real run, if it has one.
    pub fn kill(&self, run: Uuid) {
        if let Some(process) = self.processes().get(&run) {
            process.cancel();
        }
    }
}

/// `Bearer <token>`, in exactly two words, the first in any case.
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

/// A panic elsewhere does not make the state worse than it is.
fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
