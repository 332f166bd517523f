//! The simulated OpenHEXA for one bridge: late, with lost responses and crashes, but never with a response that the HTTP
//! client could not return.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use diesel::RunQueryDsl;
use diesel::sql_types::BigInt;
use openhexa_bridge::domain::connection::{Access, Target};
use openhexa_bridge::domain::flow::reference::FileFound;
use openhexa_bridge::domain::ids::{PipelineId, RunId, UserId, VersionId};
use openhexa_bridge::domain::pipeline::{
    Pipeline, PipelineSummary, RunCandidate, RunStatus, Version, VersionSummary,
};
use openhexa_bridge::domain::run::{
    Launch, Launched, PolledRun, RecentRuns, RunDetails, RunLog, RunPage, Stop,
};
use openhexa_bridge::domain::workspace_resources::{ResourceKind, WorkspaceResources};
use openhexa_bridge::openhexa::{Error, LaunchError, OpenHexa, PollResults};
use openhexa_bridge::store::{self, Db, Store};
use tokio::sync::mpsc::UnboundedSender;
use uuid::Uuid;

use super::catalogue::{pipeline, place_and_sort, place_sort_and_number, summaries, version};
use super::log_format::{candidates, debugged, listed, looked, there};
use super::outcomes::{LaunchOutcome, RequestOutcome, launch_outcome, request_outcome};
use super::replica::Event;
use super::upstream_view::{absence, look, may_launch, shown};
use super::world::{Release, Shared, SimRun, TokenStatus, View, World};

/// A bridge's connection to OpenHEXA.
pub struct Upstream {
    pub site: usize,
    pub world: Shared,
    pub events: UnboundedSender<Event>,
    /// Reads the bridge's database to find the run of a request.
    pub store: Store,
}

#[derive(diesel::QueryableByName)]
struct Asking {
    #[diesel(sql_type = BigInt)]
    task_id: i64,
}

impl Upstream {
    /// Logs it and changes the world in one step.
    fn in_world<T>(&self, work: impl FnOnce(&mut World) -> T) -> T {
        work(&mut self.world.lock().unwrap())
    }

    fn log_line(&self, line: String) {
        let site = ["A", "B"][self.site];
        self.in_world(|world| world.log_line(format!("{site} {line}")));
    }

    async fn die(&self) -> std::convert::Infallible {
        let _ = self.events.send(Event::Died);
        std::future::pending().await
    }

    async fn hold(&self, of_catalogue: bool) -> Release {
        let released = self.in_world(|world| world.hold(self.site, of_catalogue));
        let _ = self.events.send(Event::Held);
        released.await.unwrap_or(Release::TimedOut)
    }

    /// A request that changes nothing.
    async fn ask<T: Send>(
        &self,
        (what, whom): (&'static str, Uuid),
        target: &Target,
        show: fn(&T) -> String,
        answer: impl Fn(&mut World, &View) -> Result<T, Error> + Send + Sync,
    ) -> Result<T, Error> {
        let answer = |world: &mut World| match world.view(target) {
            Some(view) => answer(world, &view),
            None => Err(Error::TokenRefused),
        };
        let whom = whom.as_u64_pair();
        let of_catalogue = ["pipelines", "pipeline", "version"].contains(&what);
        let request_outcome = self.in_world(|world| {
            let outcome = request_outcome(world, what, whom.0 ^ whom.1, target);
            let is_held = matches!(outcome, RequestOutcome::Held { .. });
            if is_held && !world.can_hold(self.site, of_catalogue) {
                return RequestOutcome::Answered;
            }
            outcome
        });
        let answered = match request_outcome {
            RequestOutcome::Fails(error) => Err(error),
            RequestOutcome::NeverReturns => {
                self.log_line(format!("{what}: dies"));
                match self.die().await {}
            }
            RequestOutcome::Answered => self.in_world(answer),
            RequestOutcome::Held { as_asked } => {
                let early = as_asked.then(|| self.in_world(answer));
                self.log_line(format!("{what}: delayed"));
                match self.hold(of_catalogue).await {
                    Release::TimedOut => Err(Error::TimedOut),
                    Release::Answered => early.unwrap_or_else(|| self.in_world(answer)),
                }
            }
        };
        self.log_line(match &answered {
            Ok(answer) => format!("{what}: {}", show(answer)),
            Err(error) => format!("{what}: {error:?}"),
        });
        answered
    }

    /// The task whose launch request was recorded last.
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
        request_outcome: LaunchOutcome,
    ) -> Result<Launched, LaunchError> {
        let make = |shown_late: bool| {
            self.in_world(|world| {
                let lag = if shown_late { world.lag(task) } else { 0 };
                may_launch(world, target, launch)
                    .map(|view| world.make(launch, view.user, Some(task), lag))
            })
        };
        match request_outcome {
            LaunchOutcome::NotSent(error) => Err(LaunchError::NotSent(error)),
            LaunchOutcome::Refused(refusal) => Err(LaunchError::Refused(refusal)),
            LaunchOutcome::Lost(error) => Err(LaunchError::UnknownOutcome(error)),
            LaunchOutcome::DiesBefore => match self.die().await {},
            LaunchOutcome::DiesAfter => {
                let _ = make(true);
                match self.die().await {}
            }
            LaunchOutcome::Unheard(error) => {
                make(true).map_err(LaunchError::Refused)?;
                Err(LaunchError::UnknownOutcome(error))
            }
            LaunchOutcome::Made { held } => {
                let run = make(held).map_err(LaunchError::Refused)?;
                if held && self.hold(false).await == Release::TimedOut {
                    return Err(LaunchError::UnknownOutcome(Error::TimedOut));
                }
                self.in_world(|world| world.show(run));
                Ok(Launched { run })
            }
        }
    }
}

#[async_trait]
impl OpenHexa for Upstream {
    async fn me(&self, target: &Target) -> Result<UserId, Error> {
        let whom = Uuid::from_u128(1);
        self.ask(("me", whom), target, debugged, |_, view| Ok(view.user))
            .await
    }

    async fn access(&self, target: &Target) -> Result<Access, Error> {
        let access = |_: &mut World, view: &View| {
            Ok(Access {
                workspace: view.token_status != TokenStatus::NoAccess,
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
        let all = |world: &mut World, view: &View| Ok(summaries(world, view));
        self.ask(("pipelines", whom), target, listed, all).await
    }

    async fn pipeline(&self, target: &Target, id: PipelineId) -> Result<Option<Pipeline>, Error> {
        let (place, sort) = place_and_sort(id);
        let found = |world: &mut World, view: &View| {
            Ok(world.sees(view, id).then(|| pipeline(place, sort)))
        };
        self.ask(("pipeline", id.0), target, there, found).await
    }

    async fn version(
        &self,
        target: &Target,
        id: VersionId,
    ) -> Result<Option<(PipelineId, Version)>, Error> {
        let (place, sort, number) = place_sort_and_number(id);
        let pipeline = super::catalogue::pipeline_id(place, sort);
        let found = |world: &mut World, view: &View| {
            let known = world
                .sees(view, pipeline)
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

    async fn files(&self, target: &Target, folder: &str) -> Result<Vec<FileFound>, Error> {
        let files = |world: &mut World, view: &View| match view.token_status {
            TokenStatus::NoAccess => Err(Error::Denied),
            TokenStatus::Good | TokenStatus::Viewer | TokenStatus::Refused => {
                Ok(world.files_in(folder))
            }
        };
        self.ask(("files", Uuid::from_u128(4)), target, listed, files)
            .await
    }

    async fn run(&self, target: &Target, launch: &Launch) -> Result<Launched, LaunchError> {
        let task = self.asking().await;
        let request_outcome = self.in_world(|world| {
            let order = world.next_in_order();
            world.witness.of(task).sent.push(order);
            world.witness.of(task).attempts += 1;
            match world.witness.of(task).attempts {
                1 => world.counts.add("launches asked for"),
                _ => world.counts.add("launches repeated"),
            }
            let request_outcome = launch_outcome(world, task.cast_unsigned(), target);
            if matches!(
                request_outcome,
                LaunchOutcome::Lost(_) | LaunchOutcome::Unheard(_)
            ) {
                world.counts.add("launches unsure");
            }
            request_outcome
        });
        self.log_line(format!("run for task {task}: {request_outcome:?}"));
        let launched = self.launched(target, launch, task, request_outcome).await;
        self.log_line(format!("run for task {task}: {launched:?}"));
        launched
    }

    async fn stop(&self, target: &Target, run: RunId) -> Result<Stop, Error> {
        let stop = |world: &mut World, view: &View| {
            let whom = run.0.as_u64_pair().1;
            let lost = world.rates.stop_lost;
            let lost = world.has_fault("stop lost", whom, lost);
            let now = world.now();
            let Some(made) = shown(world, view, run) else {
                return Ok(Stop::NotFound);
            };
            if view.token_status == TokenStatus::Viewer {
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
        let looks = |world: &mut World, view: &View| {
            let look = |followed: &PolledRun| (followed.run, Ok(look(world, view, *followed)));
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
        let recent = |world: &mut World, view: &View| {
            if !world.sees(view, id) {
                return Ok(RecentRuns::NoPipeline(absence(world, view, id)));
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
        let log = |world: &mut World, view: &View| {
            Ok(shown(world, view, run).map(|made| RunLog {
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
