//! A simulated replica: the service's code on its own runtime, which can be stopped at any await point.
//!
//! A crash happens at a request to OpenHEXA, or between two transactions: before each transaction (diesel announces its
//! start) the process can end.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Condvar, Mutex, Once};
use std::time::Duration;

use chrono::TimeDelta;
use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};
use openhexa_bridge::clock::Clock;
use openhexa_bridge::domain::ids::TaskId;
use openhexa_bridge::domain::task::Task;
use openhexa_bridge::openhexa::{Instances, Pauses};
use openhexa_bridge::outgoing::{Outgoing, WebhookClient, WebhookOptions};
use openhexa_bridge::service::catalog::CacheLimits;
use openhexa_bridge::service::configuration::AddressRules;
use openhexa_bridge::service::identity::{
    self, AccessSettings, CallbackKeys, IasoSource, TokenLifetime,
};
use openhexa_bridge::service::launching::LaunchTimes;
use openhexa_bridge::service::live::StreamLimits;
use openhexa_bridge::service::runs::{CycleReport, PollTimes, ReportLimits, Rules};
use openhexa_bridge::service::{Bridge, Error, Jobs, Parts, Seal, UnawaitedJob};
use openhexa_bridge::store::Store;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;

use super::flows::FlowOutcome;
use super::upstream::Upstream;
use super::world::{GRACE, Shared};

/// The result of a step.
pub enum Event {
    Done(u64, Box<Outcome>),
    /// A request to OpenHEXA is delayed.
    Held,
    /// The process has crashed.
    Died,
}

pub enum Outcome {
    Launched(Result<Task, Error>),
    Passed(Result<CycleReport, Error>),
    Reported(Result<Task, Error>),
    Configured(Result<(), Error>),
    Cancelled(TaskId, Result<Task, Error>),
    Flow(FlowOutcome),
}

pub struct Replica {
    pub number: usize,
    pub store: Store,
    pub alive: Option<Alive>,
}

pub struct Alive {
    pub runtime: Runtime,
    pub bridge: Bridge,
    pub gate: Arc<Gate>,
    /// One polling cycle at a time, as in the background loop.
    pub passing: bool,
    /// The same for the cycles of flows.
    pub cycling: bool,
    /// Jobs that nothing waits for and that have not started.
    pub jobs: Arc<Mutex<VecDeque<UnawaitedJob>>>,
}

impl Replica {
    pub fn start(&mut self, world: &Shared, events: &UnboundedSender<Event>) {
        let gate = Arc::new(Gate::new(events.clone()));
        let runtime = runtime(&gate);
        let upstream = Upstream {
            site: self.number,
            world: world.clone(),
            events: events.clone(),
            store: self.store.clone(),
        };
        let jobs: Arc<Mutex<VecDeque<UnawaitedJob>>> = Arc::default();
        let queue = jobs.clone();
        let later = Arc::new(move |job| queue.lock().unwrap().push_back(job));
        let clock = Clock::Moved(world.lock().unwrap().clock.clone());
        let bridge = Bridge::new(Parts {
            store: self.store.clone(),
            openhexa: Arc::new(upstream),
            instances: Arc::new(Instances::new(clock.clone(), 8)),
            outgoing: Arc::new(outgoing()),
            clock,
            rules: rules(),
            launch_times: LaunchTimes {
                // Measured with the machine's clock, not the simulated one.
                answer_within: Duration::from_hours(1),
                idempotency_kept: TimeDelta::hours(24),
            },
            cache: CacheLimits {
                fresh_for: TimeDelta::seconds(5),
                max_entries: 100,
                definition_max_age: TimeDelta::minutes(10),
            },
            addresses: AddressRules {
                allow_private: true,
                hosts: Vec::new(),
            },
            identity: identity(),
            streams: StreamLimits {
                comment_interval: Duration::from_secs(15),
                max_streams: 1,
                max_per_account: 10,
                max_per_caller: 10,
                max_bytes: 1024,
            },
            seal: Seal::new(&"the same for both bridges, always".into()),
            task_json: |_| String::new(),
            jobs: Jobs::new(runtime.handle().clone()).with_unawaited(later),
            stop: CancellationToken::new(),
        });
        self.alive = Some(Alive {
            runtime,
            bridge,
            gate,
            passing: false,
            cycling: false,
            jobs,
        });
    }

    /// Crashes without a clean shutdown.
    pub fn crash(&mut self) {
        let alive = self.alive.take().unwrap();
        alive.gate.close();
        alive.runtime.shutdown_background();
        alive.gate.let_go();
    }
}

fn identity() -> identity::IdentityOptions {
    identity::IdentityOptions {
        // Flows are saved by the local user.
        access: AccessSettings {
            open: true,
            ..AccessSettings::default()
        },
        iaso: IasoSource::default(),
        callback_keys: CallbackKeys::new(&"the same for both bridges, always".into()),
        token_lifetime: TokenLifetime {
            // Reports can arrive after a long jump of the clock.
            queue_allowance: TimeDelta::days(30),
            grace: TimeDelta::days(30),
        },
        public_url: "https://bridge.example.org".to_owned(),
    }
}

/// Nothing is sent, because no world has a channel.
fn outgoing() -> Outgoing {
    let options = WebhookOptions {
        allow_private: false,
        proxy: None,
    };
    Outgoing {
        webhooks: WebhookClient::new(&options).unwrap(),
        mail: None,
    }
}

/// As in `config/default.toml`, but with longer poll intervals, because ten thousand tasks are polled here.
fn rules() -> Rules {
    let seconds = TimeDelta::seconds;
    Rules {
        give_up_after: TimeDelta::minutes(15),
        clock_skew: seconds(60),
        grace: TimeDelta::milliseconds(GRACE),
        polls: PollTimes {
            early: seconds(8),
            early_for: seconds(30),
            unsure: seconds(20),
            usual: TimeDelta::minutes(3),
            late: TimeDelta::minutes(30),
            late_after: TimeDelta::minutes(10),
            overdue: TimeDelta::minutes(10),
        },
        lease: seconds(15),
        cycle_limit: 12,
        // One request at a time, so that the order of the responses is not random.
        concurrent_polls: 1,
        runs_per_request: 1,
        pauses: Pauses {
            first: seconds(5),
            longest: seconds(60),
        },
        reports: ReportLimits {
            per_second: 0,
            burst: 1,
            most_events: i64::MAX,
            most_bytes: i64::MAX,
        },
        absent_polls: 3,
        deadline_grace: TimeDelta::minutes(30),
        hidden_for: TimeDelta::hours(1),
        stop_again: seconds(30),
        queue_allowance: TimeDelta::hours(1),
    }
}

/// One thread runs all its tasks, so that the outcome of each step depends only on that step.
fn runtime(gate: &Arc<Gate>) -> Runtime {
    static TOLD: Once = Once::new();
    TOLD.call_once(|| set_default_instrumentation(|| Some(Box::new(Watch))).unwrap());
    let gate = gate.clone();
    Builder::new_current_thread()
        .enable_time()
        .on_thread_start(move || GATE.set(Some(gate.clone())))
        .build()
        .unwrap()
}

thread_local! {
    /// The gate of the bridge whose queries this thread runs, if any.
    static GATE: RefCell<Option<Arc<Gate>>> = const { RefCell::new(None) };
}

struct Watch;

impl Instrumentation for Watch {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::BeginTransaction { depth, .. } = event
            && depth.get() == 1
        {
            let gate = GATE.with_borrow(Clone::clone);
            if let Some(gate) = gate {
                gate.pass();
            }
        }
    }
}

/// Allows this many transactions of a bridge, and then no more.
pub struct Gate {
    left: AtomicI64,
    closed: AtomicBool,
    events: UnboundedSender<Event>,
    gone: Mutex<bool>,
    told: Condvar,
}

impl Gate {
    fn new(events: UnboundedSender<Event>) -> Self {
        Self {
            left: AtomicI64::new(i64::MAX),
            closed: AtomicBool::new(false),
            events,
            gone: Mutex::new(false),
            told: Condvar::new(),
        }
    }

    /// The process crashes before the transaction after these.
    pub fn open_for(&self, transactions: i64) {
        self.left.store(transactions, Ordering::SeqCst);
    }

    fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
    }

    fn let_go(&self) {
        *self.gone.lock().unwrap() = true;
        self.told.notify_all();
    }

    fn pass(&self) {
        if !self.closed.load(Ordering::SeqCst) && self.left.fetch_sub(1, Ordering::SeqCst) > 0 {
            return;
        }
        if !self.closed.swap(true, Ordering::SeqCst) {
            let _ = self.events.send(Event::Died);
        }
        let mut gone = self.gone.lock().unwrap();
        while !*gone {
            gone = self.told.wait(gone).unwrap();
        }
        drop(gone);
        // No other thread waits for this one; nothing is printed.
        std::panic::resume_unwind(Box::new("the process has crashed"));
    }
}
