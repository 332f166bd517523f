//! The facts, independent of what the bridges know.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use openhexa_bridge::domain::connection::Target;
use openhexa_bridge::domain::flow::reference::FileFound;
use openhexa_bridge::domain::ids::{PipelineId, RunId, UserId};
use openhexa_bridge::domain::pipeline::RunStatus;
use openhexa_bridge::domain::run::Launch;
use secrecy::ExposeSecret;
use serde_json::{Map, Value};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::catalogue::{PLACES, SORTS, place_and_sort, place_sort_and_number, version};
use super::client_view::Witness;
use super::fault_rates::FaultRates;
use super::random::Random;
use super::reports::PendingReport;
use super::run_life::{Life, SECOND};

/// The time at which a world begins; the value does not matter.
pub const BEGINNING: i64 = 1_800_000_000_000;
/// How long a client waits for a response before it times out.
pub const MAX_WAIT: i64 = 8 * SECOND;
/// The time after which every run that was created without a response is visible.
pub const GRACE: i64 = 60 * SECOND;

pub type Shared = Arc<Mutex<World>>;

/// The status of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenStatus {
    Good,
    /// Revoked.
    Refused,
    /// Its user has no access to the workspace any more.
    NoAccess,
    /// Its user can only read.
    Viewer,
}

#[derive(Clone, Copy, Debug)]
pub struct Token {
    pub user: UserId,
    pub token_status: TokenStatus,
}

/// A run in OpenHEXA.
pub struct SimRun {
    pub id: RunId,
    pub pipeline: PipelineId,
    pub user: UserId,
    pub config: Map<String, Value>,
    /// By OpenHEXA's own clock.
    pub dated: i64,
    pub shown_from: i64,
    pub life: Life,
    /// None: created by another user.
    pub made_by: Option<i64>,
    /// Whether a bridge received a response with its final status.
    pub end_received: bool,
}

pub struct Held {
    pub site: usize,
    pub until: i64,
    pub release: oneshot::Sender<Release>,
    /// Nothing else may happen at the bridge meanwhile, because it could wait for the same response.
    pub exclusive: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    Answered,
    TimedOut,
}

#[derive(Clone, Debug, Default)]
pub struct Counts(pub BTreeMap<&'static str, u64>);

impl Counts {
    pub fn add(&mut self, what: &'static str) {
        *self.0.entry(what).or_default() += 1;
    }

    pub fn merge(&mut self, other: &Self) {
        for (what, many) in &other.0 {
            *self.0.entry(what).or_default() += many;
        }
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (what, many) in &self.0 {
            writeln!(f, "{many:>9} {what}")?;
        }
        Ok(())
    }
}

/// Whether OpenHEXA behaves as the bridge expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenhexaBehaviour {
    AsExpected,
    /// A run that was created without a response appears long after the grace: no bridge could handle that
    /// correctly.
    RunsAppearTooLate,
}

pub struct World {
    pub random: Random,
    pub rates: FaultRates,
    pub behaviour: OpenhexaBehaviour,
    /// The clock of the bridges.
    pub clock: Arc<AtomicI64>,
    /// How far the clock of the bridges was set back, in milliseconds.
    pub set_back: i64,
    /// Whether the bridges run flows.
    pub with_flows: bool,
    /// Grows with each fact whose order matters.
    pub order: u64,
    /// There are no more faults.
    pub without_faults: bool,
    pub outage: [bool; 2],
    /// Places whose workspace is archived.
    pub hidden: [bool; PLACES.len()],
    pub deleted: BTreeSet<PipelineId>,
    pub tokens: HashMap<String, Token>,
    pub runs: Vec<SimRun>,
    /// The files of every workspace.
    pub files: Vec<FileFound>,
    pub held: BTreeMap<u64, Held>,
    calls: u64,
    /// Reports that have not arrived, by the time of their arrival.
    pub pending_reports: BTreeMap<(i64, u64), PendingReport>,
    pub report_count: u64,
    pub witness: Witness,
    pub counts: Counts,
    pub trace: Vec<String>,
}

/// What a token can see of a place.
#[derive(Clone, Copy, Debug)]
pub struct View {
    pub user: UserId,
    pub token_status: TokenStatus,
    /// An index into the places.
    pub place: usize,
}

impl View {
    /// Whether it has access to the workspace that a pipeline is or was in.
    pub fn is_in(&self, pipeline: PipelineId) -> bool {
        self.token_status != TokenStatus::NoAccess && place_and_sort(pipeline).0 == self.place
    }
}

impl World {
    pub fn new(seed: u64, behaviour: OpenhexaBehaviour) -> Self {
        let mut random = Random::new(seed);
        let rates = FaultRates::draw(&mut random);
        let mut world = Self {
            random,
            rates,
            behaviour,
            clock: Arc::new(AtomicI64::new(BEGINNING)),
            set_back: 0,
            with_flows: false,
            order: 0,
            without_faults: false,
            outage: [false; 2],
            hidden: [false; PLACES.len()],
            deleted: BTreeSet::new(),
            tokens: HashMap::new(),
            runs: Vec::new(),
            files: Vec::new(),
            held: BTreeMap::new(),
            calls: 0,
            pending_reports: BTreeMap::new(),
            report_count: 0,
            witness: Witness::default(),
            counts: Counts::default(),
            trace: Vec::new(),
        };
        world.log_line(format!("seed {seed}: {rates:?}"));
        world
    }

    /// The files directly in a folder, which is empty or ends with a slash.
    pub fn files_in(&self, folder: &str) -> Vec<FileFound> {
        let is_inside = |path: &str| {
            path.strip_prefix(folder)
                .is_some_and(|name| !name.contains('/'))
        };
        let inside = self.files.iter().filter(|file| is_inside(&file.path));
        inside.cloned().collect()
    }

    /// The true time.
    pub fn now(&self) -> i64 {
        self.clock.load(Ordering::SeqCst) + self.set_back
    }

    pub fn set_time(&self, to: i64) {
        self.clock.store(to - self.set_back, Ordering::SeqCst);
    }

    pub fn next_in_order(&mut self) -> u64 {
        self.order += 1;
        self.order
    }

    pub fn log_line(&mut self, line: String) {
        let at = self.now() - BEGINNING;
        self.trace
            .push(format!("{}.{:03} {line}", at / 1000, at % 1000));
    }

    /// A random fault; there is none after the end of the faults.
    pub fn has_fault(&mut self, what: &'static str, whom: u64, per_mille: u64) -> bool {
        !self.without_faults && self.random.chance(what, whom, per_mille)
    }

    /// A token for one of the two users of a place.
    pub fn new_token(&mut self, place: usize) -> String {
        let number = self.tokens.len() as u64;
        let user = self.random.below("user of token", number, 3).min(1);
        let user = UserId(Uuid::from_u64_pair(
            7,
            PLACES[place].instance as u64 * 10 + user,
        ));
        let name = format!("token-{place}-{number}");
        let token_status = TokenStatus::Good;
        self.tokens
            .insert(name.clone(), Token { user, token_status });
        name
    }

    pub fn sees(&self, view: &View, pipeline: PipelineId) -> bool {
        view.is_in(pipeline) && !self.deleted.contains(&pipeline)
    }

    /// Deletes a pipeline, like OpenHEXA: not while one of its runs is queued or running, but while one is
    /// terminating. A pipeline with a run that no bridge has requested is not deleted, because then no bridge
    /// could find out that the run existed.
    pub fn delete(&mut self, pipeline: PipelineId) -> bool {
        let now = self.now();
        let mut runs = self.runs.iter().filter(|made| made.pipeline == pipeline);
        let stays = |made: &SimRun| {
            let status = made.life.status(now);
            matches!(status, RunStatus::Queued | RunStatus::Running) || !made.life.requested
        };
        if self.deleted.contains(&pipeline) || runs.any(stays) {
            return false;
        }
        for made in self
            .runs
            .iter_mut()
            .filter(|made| made.pipeline == pipeline)
        {
            let already = made.life.vanishes.filter(|at| *at <= now);
            if made.life.end_by(now).is_none() {
                self.counts.add("runs deleted while they terminate");
            }
            made.life.vanishes = already.or(Some(now));
        }
        self.deleted.insert(pipeline)
    }

    /// None: the token is refused.
    pub fn view(&self, target: &Target) -> Option<View> {
        let token = self.tokens.get(target.token.expose_secret())?;
        let here = |place: &super::catalogue::Place| {
            place.url == target.url && place.workspace == target.workspace
        };
        let place = PLACES.iter().position(here)?;
        let token_status = match token.token_status {
            TokenStatus::Good | TokenStatus::Viewer if self.hidden[place] => TokenStatus::NoAccess,
            token_status => token_status,
        };
        (token_status != TokenStatus::Refused).then_some(View {
            user: token.user,
            token_status,
            place,
        })
    }

    /// Whether a response to this bridge can be delayed while other things happen.
    pub fn can_hold(&self, site: usize, of_catalogue: bool) -> bool {
        let alone = || self.held.values().all(|held| held.site != site);
        !self.with_flows || !of_catalogue || alone()
    }

    pub fn hold(&mut self, site: usize, of_catalogue: bool) -> oneshot::Receiver<Release> {
        let (release, released) = oneshot::channel();
        self.calls += 1;
        let until = self.now() + MAX_WAIT;
        let held = Held {
            site,
            until,
            release,
            exclusive: self.with_flows && of_catalogue,
        };
        self.held.insert(self.calls, held);
        released
    }

    /// A run whose id was in a response is visible from then on.
    pub fn show(&mut self, run: RunId) {
        let now = self.now();
        if self.behaviour == OpenhexaBehaviour::AsExpected
            && let Some(made) = self.runs.iter_mut().find(|made| made.id == run)
        {
            made.shown_from = made.shown_from.min(now);
        }
    }

    /// How long a run without a response is invisible.
    pub fn lag(&mut self, task: i64) -> i64 {
        let lag = self
            .random
            .span("shows after", task.cast_unsigned(), GRACE - 5 * SECOND);
        match self.behaviour {
            OpenhexaBehaviour::AsExpected => lag,
            OpenhexaBehaviour::RunsAppearTooLate => lag + 5 * GRACE,
        }
    }

    /// Creates the run of a launch, which is visible after `lag`.
    pub fn make(&mut self, launch: &Launch, user: UserId, by: Option<i64>, lag: i64) -> RunId {
        let number = self.runs.len() as u64;
        let id = RunId(Uuid::from_u64_pair(
            self.random.roll("run id", number),
            number,
        ));
        let (place, sort) = place_and_sort(launch.pipeline);
        let number_of = |id| place_sort_and_number(id).2;
        let version = version(place, sort, launch.version.map_or(2, number_of));
        let limit = version.as_ref().and_then(|version| version.timeout_seconds);
        let now = self.now();
        let vanishing = self.rates.vanishing;
        let life = Life::script(
            &mut self.random,
            number,
            now,
            limit.unwrap_or(4 * 3600) * SECOND,
            vanishing,
        );
        let config = match (SORTS[sort].drops_config(), version) {
            (false, Some(version)) => overlaid(version.config, &launch.config),
            _ => Map::new(),
        };
        self.runs.push(SimRun {
            id,
            pipeline: launch.pipeline,
            user,
            config,
            dated: now + self.rates.skew,
            shown_from: now + lag,
            life,
            made_by: by,
            end_received: false,
        });
        self.counts.add("runs");
        self.post(self.runs.len() - 1);
        id
    }
}

/// A null value uses the value of the version.
fn overlaid(mut saved: Map<String, Value>, given: &Map<String, Value>) -> Map<String, Value> {
    for (key, value) in given.iter().filter(|(_, value)| !value.is_null()) {
        saved.insert(key.clone(), value.clone());
    }
    saved
}
