//! The simulated OpenHEXA for one bridge: late, with lost responses and crashes, but never with a response that the HTTP
//! client could not return.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use diesel::RunQueryDsl;
use diesel::sql_types::BigInt;
use openhexa_bridge::domain::connection::{Access, Target};
use openhexa_bridge::domain::ids::{PipelineId, RunId, UserId, VersionId};
use openhexa_bridge::domain::pipeline::{
    Pipeline, PipelineSummary, RunCandidate, RunStatus, Version, VersionSummary,
};
use openhexa_bridge::domain::run::{
    Absence, Launch, Launched, PollResult, PolledRun, RecentRuns, RunDetails, RunLog, RunPage,
    Stop, Visible,
};
use openhexa_bridge::domain::workspace_resources::{ResourceKind, WorkspaceResources};
use openhexa_bridge::openhexa::{Error, LaunchError, OpenHexa, PollResults, Refusal};
use openhexa_bridge::store::{self, Db, Store};
use tokio::sync::mpsc::UnboundedSender;
use uuid::Uuid;

use super::catalogue::{pipeline, version, whose, whose_version};
use super::outcomes::{Fate, LaunchFate, fate, launch_fate};
use super::replica::Event;
use super::show::{candidates, debugged, listed, looked, there};
use super::world::{Release, Shared, Sight, SimRun, Standing, World};

/// One bridge's way to OpenHEXA.
pub struct Upstream {
    pub site: usize,
    pub world: Shared,
    pub events: UnboundedSender<Event>,
    /// Reads the bridge's database, to know which run a request is for.
    pub store: Store,
}

#[derive(diesel::QueryableByName)]
struct Asking {
    #[diesel(sql_type = BigInt)]
    task_id: i64,
}

impl Upstream {
    /// Says it and does it, while nobody else can.
    fn in_world<T>(&self, work: impl FnOnce(&mut World) -> T) -> T {
        work(&mut self.world.lock().unwrap())
    }

    fn say(&self, line: String) {
        let site = ["A", "B"][self.site];
        self.in_world(|world| world.say(format!("{site} {line}")));
    }

    async fn die(&self) -> std::convert::Infallible {
        let _ = self.events.send(Event::Died);
        std::future::pending().await
    }

    async fn hold(&self) -> Release {
        let released = self.in_world(|world| world.hold(self.site));
        let _ = self.events.send(Event::Held);
        released.await.unwrap_or(Release::TimedOut)
    }

    /// A question that changes nothing.
    async fn ask<T: Send>(
        &self,
        (what, whom): (&'static str, Uuid),
        target: &Target,
        show: fn(&T) -> String,
        answer: impl Fn(&mut World, &Sight) -> Result<T, Error> + Send + Sync,
    ) -> Result<T, Error> {
        let answer = |world: &mut World| match world.sight(target) {
            Some(sight) => answer(world, &sight),
            None => Err(Error::TokenRefused),
        };
        let whom = whom.as_u64_pair();
        let fate = self.in_world(|world| fate(world, what, whom.0 ^ whom.1, target));
        let answered = match fate {
            Fate::Fails(error) => Err(error),
            Fate::NeverReturns => {
                self.say(format!("{what}: dies"));
                match self.die().await {}
            }
            Fate::Answered => self.in_world(answer),
            Fate::Held { as_asked } => {
                let early = as_asked.then(|| self.in_world(answer));
                self.say(format!("{what}: on its way"));
                match self.hold().await {
                    Release::TimedOut => Err(Error::TimedOut),
                    Release::Answered => early.unwrap_or_else(|| self.in_world(answer)),
                }
            }
        };
        self.say(match &answered {
            Ok(answer) => format!("{what}: {}", show(answer)),
            Err(error) => format!("{what}: {error:?}"),
        });
        answered
    }

    /// The task that has just been marked as asking.
    async fn asking(&self) -> i64 {
        const LAST: &str = "SELECT task_id FROM event WHERE code = 'launch_requested' \
                            ORDER BY id DESC LIMIT 1";
        let found: Result<Vec<Asking>, store::Error> = self
            .store
            .read(|db| {
                let query = diesel::sql_query(LAST);
                Ok(match db {
                    Db::Sqlite(conn, ..) => query.load(&mut **conn).unwrap(),
                    Db::Pg(conn, ..) => query.load(&mut **conn).unwrap(),
                })
            })
            .await;
        found.unwrap()[0].task_id
    }

    async fn launched(
        &self,
        target: &Target,
        launch: &Launch,
        task: i64,
        fate: LaunchFate,
    ) -> Result<Launched, LaunchError> {
        let make = |shown_late: bool| {
            self.in_world(|world| {
                let lag = if shown_late { world.lag(task) } else { 0 };
                may_launch(world, target, launch)
                    .map(|sight| world.make(launch, sight.user, Some(task), lag))
            })
        };
        match fate {
            LaunchFate::NotSent(error) => Err(LaunchError::NotSent(error)),
            LaunchFate::Refused(refusal) => Err(LaunchError::Refused(refusal)),
            LaunchFate::Lost(error) => Err(LaunchError::UnknownOutcome(error)),
            LaunchFate::DiesBefore => match self.die().await {},
            LaunchFate::DiesAfter => {
                let _ = make(true);
                match self.die().await {}
            }
            LaunchFate::Unheard(error) => {
                make(true).map_err(LaunchError::Refused)?;
                Err(LaunchError::UnknownOutcome(error))
            }
            LaunchFate::Made { held } => {
                let run = make(held).map_err(LaunchError::Refused)?;
                if held && self.hold().await == Release::TimedOut {
                    return Err(LaunchError::UnknownOutcome(Error::TimedOut));
                }
                self.in_world(|world| world.show(run));
                Ok(Launched { run })
            }
        }
    }
}

fn may_launch(world: &World, target: &Target, launch: &Launch) -> Result<Sight, Refusal> {
    let sight = world.sight(target).ok_or(Refusal::Token)?;
    if !world.sees(&sight, launch.pipeline) {
        return Err(Refusal::PipelineNotFound);
    }
    if sight.standing == Standing::Viewer {
        return Err(Refusal::Denied);
    }
    Ok(sight)
}

fn look(world: &mut World, sight: &Sight, followed: PolledRun) -> PollResult {
    let now = world.now();
    let Some(made) = shown(world, sight, followed.run) else {
        return PollResult::Absent(absence(world, sight, followed.pipeline));
    };
    made.life.asked_for = true;
    made.end_told |= made.life.end_by(now).is_some();
    PollResult::Seen {
        status: made.life.status(now),
        progress: 50,
    }
}

/// What is shown where a run is missing.
fn absence(world: &World, sight: &Sight, pipeline: PipelineId) -> Absence {
    let visible = if world.sees(sight, pipeline) {
        Visible::Pipeline
    } else if sight.is_in(pipeline) {
        Visible::Workspace
    } else {
        Visible::Nothing
    };
    let user = Some(sight.user);
    Absence { visible, user }
}

fn shown<'a>(world: &'a mut World, sight: &Sight, run: RunId) -> Option<&'a mut SimRun> {
    let now = world.now();
    let (sight, runs) = (*sight, world.runs.iter_mut());
    let mut ours = runs.filter(|made| made.id == run && sight.is_in(made.pipeline));
    ours.next()
        .filter(|made| now >= made.shown_from && !made.life.is_gone(now))
}

#[async_trait]
impl OpenHexa for Upstream {
    async fn me(&self, target: &Target) -> Result<UserId, Error> {
        let whom = Uuid::from_u128(1);
        self.ask(("me", whom), target, debugged, |_, sight| Ok(sight.user))
            .await
    }

    async fn access(&self, target: &Target) -> Result<Access, Error> {
        let access = |_: &mut World, sight: &Sight| {
            Ok(Access {
                workspace: sight.standing != Standing::Blind,
                pipelines: 5,
                may_run: None,
                may_stop: None,
            })
        };
        self.ask(("access", Uuid::from_u128(2)), target, debugged, access)
            .await
    }

    async fn pipelines(&self, target: &Target) -> Result<Vec<PipelineSummary>, Error> {
        let whom = Uuid::from_u128(3);
        self.ask(("pipelines", whom), target, listed, |_, _| Ok(Vec::new()))
            .await
    }

    async fn pipeline(&self, target: &Target, id: PipelineId) -> Result<Option<Pipeline>, Error> {
        let (place, sort) = whose(id);
        let found = |world: &mut World, sight: &Sight| {
            Ok(world.sees(sight, id).then(|| pipeline(place, sort)))
        };
        self.ask(("pipeline", id.0), target, there, found).await
    }

    async fn version(
        &self,
        target: &Target,
        id: VersionId,
    ) -> Result<Option<(PipelineId, Version)>, Error> {
        let (place, sort, number) = whose_version(id);
        let pipeline = super::catalogue::pipeline_id(place, sort);
        let found = |world: &mut World, sight: &Sight| {
            let known = world
                .sees(sight, pipeline)
                .then(|| version(place, sort, number));
            Ok(known.flatten().map(|version| (pipeline, version)))
        };
        self.ask(("version", id.0), target, there, found).await
    }

    async fn versions(
        &self,
        target: &Target,
        id: PipelineId,
    ) -> Result<Option<Vec<VersionSummary>>, Error> {
        self.ask(("versions", id.0), target, there, |_, _| Ok(None))
            .await
    }

    async fn version_labels(
        &self,
        target: &Target,
        id: PipelineId,
    ) -> Result<Option<Vec<VersionSummary>>, Error> {
        self.ask(("version labels", id.0), target, there, |_, _| Ok(None))
            .await
    }

    async fn choices(
        &self,
        target: &Target,
        version: VersionId,
        _code: &str,
    ) -> Result<Vec<String>, Error> {
        self.ask(
            ("choices", version.0),
            target,
            listed,
            |_, _| Ok(Vec::new()),
        )
        .await
    }

    async fn workspace_resources(
        &self,
        target: &Target,
        _place: &ResourceKind,
    ) -> Result<WorkspaceResources, Error> {
        self.ask(
            ("workspace_resources", Uuid::nil()),
            target,
            |_: &WorkspaceResources| String::new(),
            |_, _| Ok(WorkspaceResources::default()),
        )
        .await
    }

    async fn run(&self, target: &Target, launch: &Launch) -> Result<Launched, LaunchError> {
        let task = self.asking().await;
        let fate = self.in_world(|world| {
            world.witness.of(task).attempts += 1;
            match world.witness.of(task).attempts {
                1 => world.counts.add("launches asked for"),
                _ => world.counts.add("launches repeated"),
            }
            let fate = launch_fate(world, task.cast_unsigned(), target);
            if matches!(fate, LaunchFate::Lost(_) | LaunchFate::Unheard(_)) {
                world.counts.add("launches unsure");
            }
            fate
        });
        self.say(format!("run for task {task}: {fate:?}"));
        let launched = self.launched(target, launch, task, fate).await;
        self.say(format!("run for task {task}: {launched:?}"));
        launched
    }

    async fn stop(&self, target: &Target, run: RunId) -> Result<Stop, Error> {
        let stop = |world: &mut World, sight: &Sight| {
            let whom = run.0.as_u64_pair().1;
            let lost = world.mood.stop_lost;
            let lost = world.trouble("stop lost", whom, lost);
            let now = world.now();
            let Some(made) = shown(world, sight, run) else {
                return Ok(Stop::NotFound);
            };
            if sight.standing == Standing::Viewer {
                return Ok(Stop::Denied);
            }
            Ok(match made.life.status(now) {
                RunStatus::Success | RunStatus::Failed => Stop::AlreadyCompleted,
                RunStatus::Terminating | RunStatus::Stopped => Stop::AlreadyStopped,
                RunStatus::Queued | RunStatus::Running if !lost => {
                    made.life.stop(now);
                    Stop::Accepted
                }
                _ => Stop::Accepted,
            })
        };
        self.in_world(|world| world.counts.add("stops"));
        self.ask(("stop", run.0), target, debugged, stop).await
    }

    async fn poll_runs(&self, target: &Target, wanted: &[PolledRun]) -> Result<PollResults, Error> {
        let looks = |world: &mut World, sight: &Sight| {
            let look = |followed: &PolledRun| (followed.run, Ok(look(world, sight, *followed)));
            Ok(wanted.iter().map(look).collect::<PollResults>())
        };
        let whom = wanted
            .iter()
            .fold(0, |whom, one| whom ^ one.run.0.as_u128());
        self.ask(("looks", Uuid::from_u128(whom)), target, looked, looks)
            .await
    }

    async fn runs(
        &self,
        target: &Target,
        id: PipelineId,
        _page: i64,
        _per_page: i64,
    ) -> Result<Option<RunPage>, Error> {
        self.ask(("runs", id.0), target, there, |_, _| Ok(None))
            .await
    }

    async fn recent_runs(
        &self,
        target: &Target,
        id: PipelineId,
        since: DateTime<Utc>,
    ) -> Result<RecentRuns, Error> {
        let recent = |world: &mut World, sight: &Sight| {
            if !world.sees(sight, id) {
                return Ok(RecentRuns::NoPipeline(absence(world, sight, id)));
            }
            let (now, since) = (world.now(), since.timestamp_millis());
            let ours = world.runs.iter().rev().filter(|made| {
                let shown = now >= made.shown_from && !made.life.is_gone(now);
                made.pipeline == id && shown && made.dated >= since
            });
            let candidate = |made: &SimRun| RunCandidate {
                id: made.id,
                status: made.life.status(now),
                progress: 0,
                config: made.config.clone(),
                user: Some(made.user),
                execution_date: DateTime::from_timestamp_millis(made.dated),
            };
            Ok(RecentRuns::Runs(ours.map(candidate).collect()))
        };
        self.ask(("recent runs", id.0), target, candidates, recent)
            .await
    }

    async fn log(&self, target: &Target, run: RunId) -> Result<Option<RunLog>, Error> {
        let log = |world: &mut World, sight: &Sight| {
            Ok(shown(world, sight, run).map(|made| RunLog {
                text: "it failed".to_owned(),
                config: made.config.clone(),
            }))
        };
        self.ask(("log", run.0), target, there, log).await
    }

    async fn details(&self, target: &Target, run: RunId) -> Result<Option<RunDetails>, Error> {
        self.ask(("details", run.0), target, there, |_, _| Ok(None))
            .await
    }
}
