//! Runs a world step by step; the next step starts when everything is idle.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use openhexa_bridge::domain::ids::TaskId;
use openhexa_bridge::domain::principal::{Actor, Principal, Role};
use openhexa_bridge::domain::task::Task;
use openhexa_bridge::service::identity::ONLY_ACCOUNT;
use openhexa_bridge::service::{Bridge, Error};
use openhexa_bridge::store::{self, Db, SortColumn, Store, TaskFilter};
use secrecy::ExposeSecret;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

use super::catalogue::PLACES;
use super::flows::{FlowOperation, FlowWitness};
use super::replica::{Event, Outcome, Replica};
use super::reports::PendingReport;
use super::world::{OpenhexaBehaviour, Release, Shared, TokenStatus, World};

/// Longer than any step takes on a busy machine.
const STEP: Duration = Duration::from_mins(1);

/// An operation in progress at a bridge.
pub enum Operation {
    Launch,
    Pass,
    Report(PendingReport),
    Configure,
    Cancel,
    Flow(FlowOperation),
}

pub struct Driver {
    pub world: Shared,
    pub sites: [Replica; 2],
    pub store: Store,
    events: UnboundedReceiver<Event>,
    sender: UnboundedSender<Event>,
    /// For reads of the database outside of the bridges.
    own: Runtime,
    begun: u64,
    pub operation: BTreeMap<u64, (usize, Operation)>,
    pub flows: FlowWitness,
    /// The configuration of the bridges: a place and a token.
    pub configured: Option<(usize, String)>,
}

pub fn operator() -> Principal {
    Principal {
        account: ONLY_ACCOUNT,
        role: Role::Administrator,
        actor: Actor::User("operator".to_owned()),
        person: None,
        key: None,
    }
}

impl Driver {
    /// Each bridge has its own store on the same database, like two processes.
    pub fn new(seed: u64, behaviour: OpenhexaBehaviour, stores: [Store; 3]) -> Self {
        let (sender, events) = mpsc::unbounded_channel();
        let world = Arc::new(Mutex::new(World::new(seed, behaviour)));
        let [first, second, store] = stores;
        let site = |number, store| Replica {
            number,
            store,
            alive: None,
        };
        let own = Builder::new_current_thread().enable_time().build().unwrap();
        let mut driver = Self {
            world,
            sites: [site(0, first), site(1, second)],
            store,
            events,
            sender,
            own,
            begun: 0,
            operation: BTreeMap::new(),
            flows: FlowWitness::default(),
            configured: None,
        };
        driver.start(0);
        driver.start(1);
        driver
    }

    pub fn world<T>(&self, work: impl FnOnce(&mut World) -> T) -> T {
        work(&mut self.world.lock().unwrap())
    }

    pub fn log_line(&self, line: String) {
        self.world(|world| world.log_line(line));
    }

    pub fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Db<'_>) -> Result<T, store::Error> + Send + 'static,
    ) -> T {
        self.own.block_on(self.store.read(work)).unwrap()
    }

    pub fn is_alive(&self, site: usize) -> bool {
        self.sites[site].alive.is_some()
    }

    /// Whether something can begin at a bridge.
    pub fn is_free(&self, site: usize) -> bool {
        let is_busy = |world: &mut World| {
            let mut held = world.held.values();
            held.any(|held| held.site == site && held.exclusive)
        };
        self.is_alive(site) && !self.world(is_busy)
    }

    pub fn start(&mut self, site: usize) {
        self.log_line(format!("{} starts", name(site)));
        self.sites[site].start(&self.world, &self.sender);
    }

    pub fn crash(&mut self, site: usize) {
        self.log_line(format!("{} crashes", name(site)));
        self.sites[site].crash();
        self.operation.retain(|_, (at, operation)| {
            match operation {
                Operation::Launch if *at == site => {
                    self.world.lock().unwrap().witness.unanswered += 1;
                }
                Operation::Flow(lost) if *at == site => self.flows.lost(lost),
                _ => {}
            }
            *at != site
        });
        self.world(|world| {
            world.counts.add("crashes");
            world.held.retain(|_, held| held.site != site);
        });
        self.read_config();
    }

    /// Starts an operation at a bridge, and waits until it is finished, or waits for OpenHEXA, or the bridge
    /// has crashed.
    pub fn begin<F>(&mut self, site: usize, operation: Operation, work: impl FnOnce(Bridge) -> F)
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        self.begun += 1;
        let number = self.begun;
        self.operation.insert(number, (site, operation));
        let fatal = self.world(|world| {
            let rate = world.rates.crash_between_writes;
            let fatal = world.has_fault("dies between writes", 0, rate);
            fatal.then(|| world.random.below("after writes", 0, 5).cast_signed())
        });
        let alive = self.sites[site].alive.as_ref().unwrap();
        let gate = alive.gate.clone();
        gate.open_for(fatal.unwrap_or(i64::MAX));
        let (sender, work) = (self.sender.clone(), work(alive.bridge.clone()));
        alive.runtime.spawn(async move {
            let _ = sender.send(Event::Done(number, Box::new(work.await)));
        });
        self.settle(site);
        gate.open_for(i64::MAX);
    }

    fn settle(&mut self, site: usize) {
        let at_work = self.flow_operations(site);
        let runtime = &self.sites[site].alive.as_ref().unwrap().runtime;
        let next = runtime.block_on(async { tokio::time::timeout(STEP, self.events.recv()).await });
        match next
            .expect("a step comes to an end")
            .expect("a sender exists")
        {
            Event::Done(number, outcome) => self.done(number, *outcome),
            Event::Held => {}
            Event::Died => self.crash(site),
        }
        self.observe(&at_work);
    }

    /// A delayed response arrives, or the client times out.
    pub fn release(&mut self, call: u64, how: Release) {
        let held = self.world(|world| world.held.remove(&call));
        let Some(held) = held else { return };
        self.log_line(format!("{} hears of call {call}: {how:?}", name(held.site)));
        held.release.send(how).expect("its bridge lives");
        self.settle(held.site);
    }

    /// Advances the time; a request times out after its patience.
    pub fn advance(&mut self, by: i64) {
        let to = self.world(|world| world.now()) + by;
        loop {
            let due = self.world(|world| {
                let calls = world.held.iter().map(|(call, held)| (held.until, *call));
                calls.min().filter(|(until, _)| *until <= to)
            });
            let Some((until, call)) = due else { break };
            self.set_clock(until);
            self.release(call, Release::TimedOut);
        }
        self.set_clock(to);
    }

    fn set_clock(&self, at: i64) {
        self.world(|world| {
            let at = at.max(world.now());
            world.set_time(at);
        });
    }

    fn done(&mut self, number: u64, outcome: Outcome) {
        let (site, operation) = self.operation.remove(&number).expect("it was started");
        let site_name = name(site);
        match outcome {
            Outcome::Launched(launched) => self.launched(site_name, launched),
            Outcome::Passed(passed) => {
                if let Some(alive) = &mut self.sites[site].alive {
                    alive.passing = false;
                }
                self.log_line(format!("{site_name} passed: {passed:?}"));
                let failed = passed
                    .err()
                    .map(|error| format!("a polling cycle failed: {error:?}"));
                self.world(|world| world.witness.problems.extend(failed));
            }
            Outcome::Reported(reported) => {
                let Operation::Report(sent_report) = operation else {
                    return;
                };
                self.reported(site_name, &sent_report, reported);
            }
            Outcome::Cancelled(task, cancelled) => self.cancelled(site_name, task, cancelled),
            Outcome::Flow(outcome) => {
                if let Operation::Flow(operation) = operation {
                    self.flow_done(site, operation, outcome);
                }
            }
            Outcome::Configured(done) => {
                self.log_line(format!("{site_name} configured: {done:?}"));
                self.read_config();
            }
        }
    }

    fn launched(&self, site: &str, launched: Result<Task, Error>) {
        let mut world = self.world.lock().unwrap();
        let task = match launched {
            Ok(task) => task,
            Err(Error::Refused { why, task }) => {
                world.log_line(format!("{site} launch refused: {why:?}"));
                *task
            }
            Err(Error::Internal(error)) => {
                let problem = format!("a launch failed: {error:?}");
                world.witness.problems.push(problem);
                return;
            }
            Err(error) => return world.log_line(format!("{site} launch failed: {error}")),
        };
        world.log_line(format!("{site} launched: {}", line(&task)));
        world.witness.saw(&task);
        world.witness.of(task.id.0).answered = true;
        world.counts.add("launches answered");
    }

    fn cancelled(&self, site: &str, id: TaskId, cancelled: Result<Task, Error>) {
        let mut world = self.world.lock().unwrap();
        match cancelled {
            Ok(task) => {
                world.log_line(format!("{site} cancels: {}", line(&task)));
                world.witness.saw(&task);
                world.witness.of(id.0).cancelled = true;
                world.counts.add("cancels");
            }
            Err(Error::Conflict { status, .. }) => {
                world.log_line(format!("{site} does not cancel task {id}: {status:?}"));
            }
            Err(error) => {
                let problem = format!("task {id}: a cancel failed: {error:?}");
                world.witness.problems.push(problem);
            }
        }
    }

    fn reported(&self, site: &str, sent_report: &PendingReport, reported: Result<Task, Error>) {
        let mut world = self.world.lock().unwrap();
        let told = format!(
            "{site} report {} of run {}",
            sent_report.number, sent_report.run
        );
        match reported {
            Ok(task) => {
                world.log_line(format!("{told} taken: {}", line(&task)));
                world.counts.add("reports taken");
                world.witness.took(&task, &sent_report.report);
            }
            Err(Error::Conflict { status, .. }) => {
                world.log_line(format!("{told} refused: {status:?}"));
                world.counts.add("reports refused");
                world
                    .witness
                    .refused(sent_report.task.0, &sent_report.report);
            }
            Err(error) => {
                let problem = format!("task {}: {told} failed: {error:?}", sent_report.task);
                world.witness.problems.push(problem);
            }
        }
    }

    /// Reads the current configuration of the bridges from the database.
    fn read_config(&mut self) {
        let cipher = self.store.cipher.clone();
        let found = self.read(move |db| {
            let Some(config) = store::config_of(db, &cipher, ONLY_ACCOUNT)? else {
                return Ok(None);
            };
            store::connection(db, &cipher, config.connection).map(Some)
        });
        self.configured = found.map(|connection| {
            let target = connection.target;
            let here = PLACES
                .iter()
                .position(|place| place.url == target.url && place.workspace == target.workspace);
            (here.unwrap(), target.token.expose_secret().to_owned())
        });
    }

    /// The current state of every task.
    pub fn scan(&self) -> Vec<Task> {
        let filter = TaskFilter {
            account: ONLY_ACCOUNT,
            statuses: Vec::new(),
            pipeline: None,
            launcher: None,
            from: None,
            to: None,
            search: None,
            order: SortColumn::CreatedAt,
            descending: false,
            limit: 100_000,
        };
        let tasks = self.read(move |db| Ok(store::task_page(db, &filter, 1)?.tasks));
        let mut world = self.world.lock().unwrap();
        for task in &tasks {
            world.witness.saw(task);
        }
        tasks
    }

    pub fn events_of(&self, task: TaskId) -> Vec<openhexa_bridge::domain::event::Event> {
        let part = store::EventsQuery {
            before: None,
            limit: 10_000,
            selection: store::EventSelection::All,
            find: None,
        };
        let page = self.read(move |db| store::events_page(db, ONLY_ACCOUNT, task, &part));
        assert_eq!(page.earlier, None, "the whole history");
        page.events
    }

    /// Whether the current token has all permissions.
    pub fn has_valid_token(&self) -> bool {
        let token = self.configured.as_ref().map(|(_, token)| token.clone());
        let token_status =
            self.world(|world| world.tokens.get(&token?).map(|token| token.token_status));
        token_status == Some(TokenStatus::Good)
    }
}

pub fn name(site: usize) -> &'static str {
    ["A", "B"][site]
}

pub fn line(task: &Task) -> String {
    let state = format!("{:?}", task.state);
    let state = state
        .split([' ', '('])
        .next()
        .unwrap_or_default()
        .to_owned();
    let run = task.run.id.map(|id| id.to_string()[..8].to_owned());
    format!(
        "task {} {state} {} r{} run {run:?}",
        task.id,
        task.status().as_str(),
        task.revision
    )
}
