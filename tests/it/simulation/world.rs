//! The facts, independent of what the bridges know.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use openhexa_bridge::domain::connection::Target;
use openhexa_bridge::domain::ids::{PipelineId, RunId, UserId};
use openhexa_bridge::domain::pipeline::RunStatus;
use openhexa_bridge::domain::run::Launch;
use secrecy::ExposeSecret;
use serde_json::{Map, Value};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::catalogue::{PLACES, SORTS, version, whose, whose_version};
use super::dice::Dice;
use super::fault_rates::Mood;
use super::life::{Life, SECOND};
use super::reports::Letter;
use super::witness::Witness;

/// The time at which a world begins; the value does not matter.
pub const BEGINNING: i64 = 1_800_000_000_000;
/// How long a client waits for a response before it times out.
pub const PATIENCE: i64 = 8 * SECOND;
/// The time after which every run that was created without a response is visible.
pub const GRACE: i64 = 60 * SECOND;

pub type Shared = Arc<Mutex<World>>;

/// The status of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Good,
    /// Revoked.
    Refused,
    /// Its user has no access to the workspace any more.
    Blind,
    /// Its user can only read.
    Viewer,
}

#[derive(Clone, Copy, Debug)]
pub struct Token {
    pub user: UserId,
    pub standing: Standing,
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
    pub end_told: bool,
}

pub struct Held {
    pub site: usize,
    pub until: i64,
    pub release: oneshot::Sender<Release>,
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
pub enum Law {
    Kept,
    /// A run that was created without a response appears long after the grace: no bridge could handle that
    /// correctly.
    RunsShowTooLate,
}

pub struct World {
    pub dice: Dice,
    pub mood: Mood,
    pub law: Law,
    pub clock: Arc<AtomicI64>,
    /// There are no more faults.
    pub calm: bool,
    pub outage: [bool; 2],
    /// Places whose workspace is archived.
    pub hidden: [bool; PLACES.len()],
    pub deleted: BTreeSet<PipelineId>,
    pub tokens: HashMap<String, Token>,
    pub runs: Vec<SimRun>,
    pub held: BTreeMap<u64, Held>,
    calls: u64,
    /// Reports that have not arrived, by the time of their arrival.
    pub mail: BTreeMap<(i64, u64), Letter>,
    pub letters: u64,
    pub witness: Witness,
    pub counts: Counts,
    pub trace: Vec<String>,
}

/// What a token can see of a place.
#[derive(Clone, Copy, Debug)]
pub struct Sight {
    pub user: UserId,
    pub standing: Standing,
    /// An index into the places.
    pub place: usize,
}

impl Sight {
    /// Whether it has access to the workspace that a pipeline is or was in.
    pub fn is_in(&self, pipeline: PipelineId) -> bool {
        self.standing != Standing::Blind && whose(pipeline).0 == self.place
    }
}

impl World {
    pub fn new(seed: u64, law: Law) -> Self {
        let mut dice = Dice::new(seed);
        let mood = Mood::draw(&mut dice);
        let mut world = Self {
            dice,
            mood,
            law,
            clock: Arc::new(AtomicI64::new(BEGINNING)),
            calm: false,
            outage: [false; 2],
            hidden: [false; PLACES.len()],
            deleted: BTreeSet::new(),
            tokens: HashMap::new(),
            runs: Vec::new(),
            held: BTreeMap::new(),
            calls: 0,
            mail: BTreeMap::new(),
            letters: 0,
            witness: Witness::default(),
            counts: Counts::default(),
            trace: Vec::new(),
        };
        world.say(format!("seed {seed}: {mood:?}"));
        world
    }

    pub fn now(&self) -> i64 {
        self.clock.load(Ordering::SeqCst)
    }

    pub fn say(&mut self, line: String) {
        let at = self.now() - BEGINNING;
        self.trace
            .push(format!("{}.{:03} {line}", at / 1000, at % 1000));
    }

    /// A random fault; there is none after the end of the faults.
    pub fn trouble(&mut self, what: &'static str, whom: u64, per_mille: u64) -> bool {
        !self.calm && self.dice.chance(what, whom, per_mille)
    }

    /// A token for one of the two users of a place.
    pub fn mint(&mut self, place: usize) -> String {
        let number = self.tokens.len() as u64;
        let user = self.dice.below("user of token", number, 3).min(1);
        let user = UserId(Uuid::from_u64_pair(
            7,
            PLACES[place].instance as u64 * 10 + user,
        ));
        let name = format!("token-{place}-{number}");
        let standing = Standing::Good;
        self.tokens.insert(name.clone(), Token { user, standing });
        name
    }

    pub fn sees(&self, sight: &Sight, pipeline: PipelineId) -> bool {
        sight.is_in(pipeline) && !self.deleted.contains(&pipeline)
    }

    /// Deletes a pipeline, like OpenHEXA: not while one of its runs is queued or running, but while one is
    /// terminating. A pipeline with a run that no bridge has requested is not deleted, because then no bridge
    /// could find out that the run existed.
    pub fn delete(&mut self, pipeline: PipelineId) -> bool {
        let now = self.now();
        let mut runs = self.runs.iter().filter(|made| made.pipeline == pipeline);
        let stays = |made: &SimRun| {
            let status = made.life.status(now);
            matches!(status, RunStatus::Queued | RunStatus::Running) || !made.life.asked_for
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
    pub fn sight(&self, target: &Target) -> Option<Sight> {
        let token = self.tokens.get(target.token.expose_secret())?;
        let here = |place: &super::catalogue::Place| {
            place.url == target.url && place.workspace == target.workspace
        };
        let place = PLACES.iter().position(here)?;
        let standing = match token.standing {
            Standing::Good | Standing::Viewer if self.hidden[place] => Standing::Blind,
            standing => standing,
        };
        (standing != Standing::Refused).then_some(Sight {
            user: token.user,
            standing,
            place,
        })
    }

    pub fn hold(&mut self, site: usize) -> oneshot::Receiver<Release> {
        let (release, released) = oneshot::channel();
        self.calls += 1;
        let until = self.now() + PATIENCE;
        let held = Held {
            site,
            until,
            release,
        };
        self.held.insert(self.calls, held);
        released
    }

    /// A run whose id was in a response is visible from then on.
    pub fn show(&mut self, run: RunId) {
        let now = self.now();
        if self.law == Law::Kept
            && let Some(made) = self.runs.iter_mut().find(|made| made.id == run)
        {
            made.shown_from = made.shown_from.min(now);
        }
    }

    /// How long a run without a response is invisible.
    pub fn lag(&mut self, task: i64) -> i64 {
        let lag = self
            .dice
            .span("shows after", task.cast_unsigned(), GRACE - 5 * SECOND);
        match self.law {
            Law::Kept => lag,
            Law::RunsShowTooLate => lag + 5 * GRACE,
        }
    }

    /// Creates the run of a launch, which is visible after `lag`.
    pub fn make(&mut self, launch: &Launch, user: UserId, by: Option<i64>, lag: i64) -> RunId {
        let number = self.runs.len() as u64;
        let id = RunId(Uuid::from_u64_pair(
            self.dice.roll("run id", number),
            number,
        ));
        let (place, sort) = whose(launch.pipeline);
        let number_of = |id| whose_version(id).2;
        let version = version(place, sort, launch.version.map_or(2, number_of));
        let limit = version.as_ref().and_then(|version| version.timeout_seconds);
        let now = self.now();
        let vanishing = self.mood.vanishing;
        let life = Life::script(
            &mut self.dice,
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
            dated: now + self.mood.skew,
            shown_from: now + lag,
            life,
            made_by: by,
            end_told: false,
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
