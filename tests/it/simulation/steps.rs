//! The steps of a world and their rates.

use openhexa_bridge::domain::ids::{TaskId, VersionId};
use openhexa_bridge::domain::principal::Reporter;
use openhexa_bridge::domain::task::Task;
use openhexa_bridge::service::configuration::{ChangeMode, ConfigEdit};
use openhexa_bridge::service::identity::{Caller, Credential, ONLY_ACCOUNT};
use openhexa_bridge::service::launching::LaunchRequest;
use openhexa_bridge::service::runs::Callback;
use openhexa_bridge::service::{Bridge, Error};
use serde_json::json;

use super::catalogue::{PLACES, SORTS, pipeline_id, version};
use super::driver::{Driver, Operation, name, operator};
use super::replica::Outcome;
use super::reports::PendingReport;
use super::run_life::SECOND;
use super::world::{Release, TokenStatus};

/// How often each step is chosen, relative to the others.
const STEPS: [(&str, u64); 12] = [
    ("launch", 14),
    ("deliver", 26),
    ("pass", 12),
    ("time", 20),
    ("release", 14),
    ("configure", 1),
    ("token", 2),
    ("crash", 1),
    ("start", 6),
    ("outage", 1),
    ("cancel", 1),
    ("delete", 1),
];

impl Driver {
    /// Creates this many tasks, with random steps and faults.
    pub fn live(&mut self, tasks: u64) {
        self.world(|world| world.without_faults = true);
        self.configure(0, Some(0));
        self.world(|world| world.without_faults = false);
        let mut after = tasks * 3;
        for taken in 1..tasks * 100 {
            let many = self.world(|world| world.witness.tasks.len()) as u64;
            after -= u64::from(many >= tasks);
            if after == 0 {
                break;
            }
            let step = self.next_step();
            let by = self.world(|world| world.random.span("between steps", 0, 2 * SECOND));
            self.advance(by);
            match step {
                "launch" if many < tasks => self.launch(),
                "deliver" => self.deliver(),
                "pass" => self.pass(),
                "time" => self.wait(),
                "release" => self.answer(),
                "configure" => self.reconfigure(),
                "token" => self.break_token(),
                "crash" => self.kill(),
                "start" => self.restart(),
                "outage" => self.outage(),
                "cancel" => self.cancel(),
                "delete" => self.delete(),
                _ => {}
            }
            if taken.is_multiple_of(200) {
                self.scan();
            }
        }
    }

    fn next_step(&self) -> &'static str {
        let total = STEPS.iter().map(|(_, weight)| weight).sum();
        let mut at = self.world(|world| world.random.below("step", 0, total));
        for (step, weight) in STEPS {
            if at < weight {
                return step;
            }
            at -= weight;
        }
        unreachable!("the weights cover all")
    }

    /// One of the bridges that are running and can begin something.
    pub fn site(&self, what: &'static str) -> Option<usize> {
        let first = self.world(|world| world.random.below(what, 1, 2)) == 1;
        [usize::from(first), usize::from(!first)]
            .into_iter()
            .find(|site| self.is_free(*site))
    }

    fn launch(&mut self) {
        let (Some(site), Some((place, _))) = (self.site("launch at"), self.configured.clone())
        else {
            return;
        };
        let (sort, old, which) = self.world(|world| {
            let sort = world.random.below("sort", 0, SORTS.len() as u64);
            let old = world.random.chance("old version", 0, 100);
            (sort, old, world.random.below("which config", 0, 3))
        });
        let sort = usize::try_from(sort).unwrap();
        let version: Option<VersionId> = old
            .then(|| version(place, sort, 1))
            .flatten()
            .map(|version| version.label.id);
        let request = LaunchRequest {
            pipeline: pipeline_id(place, sort),
            version,
            config: SORTS[sort].given(which),
            send_notifications: false,
            debug: false,
            relaunch_of: None,
            step: None,
            idempotency: None,
        };
        self.log_line(format!("{} launches {place}/{:?}", name(site), SORTS[sort]));
        self.world(|world| world.counts.add("launches"));
        self.begin(site, Operation::Launch, |bridge| async move {
            Outcome::Launched(bridge.launching.launch(&operator(), request).await)
        });
    }

    /// Delivers one of the reports that are due, not always the first.
    pub fn deliver(&mut self) {
        let Some(site) = self.site("deliver at") else {
            return;
        };
        let sent_report = self.world(|world| {
            let due = (i64::MIN, 0)..=(world.now(), u64::MAX);
            let due: Vec<_> = world
                .pending_reports
                .range(due)
                .map(|(key, _)| *key)
                .take(4)
                .collect();
            let which = world.random.below("which letter", 0, due.len() as u64);
            let key = due.get(usize::try_from(which).unwrap())?;
            let sent_report = world.pending_reports.remove(key)?;
            // If the container had stopped by then, the report was never sent.
            let sent = world.runs[sent_report.run]
                .life
                .can_report(sent_report.sent);
            sent.then_some(sent_report)
        });
        if let Some(sent_report) = sent_report {
            self.hand_over(site, sent_report);
        }
    }

    fn hand_over(&mut self, site: usize, sent_report: PendingReport) {
        let callback = Callback {
            pipeline: Some(sent_report.pipeline),
            task: Some(sent_report.task),
            report: sent_report.report.clone(),
        };
        let token = sent_report.token.clone();
        self.world(|world| world.counts.add("reports delivered"));
        self.begin(site, Operation::Report(sent_report), |bridge| async move {
            Outcome::Reported(report(bridge, token, callback).await)
        });
    }

    pub fn pass_at(&mut self, site: usize) {
        let Some(alive) = &mut self.sites[site].alive else {
            return;
        };
        if std::mem::replace(&mut alive.passing, true) {
            return;
        }
        self.begin(site, Operation::Pass, |bridge| async move {
            Outcome::Passed(bridge.runs.reconciler.run().await)
        });
    }

    pub fn pass(&mut self) {
        if let Some(site) = self.site("pass at") {
            self.pass_at(site);
        }
    }

    pub fn wait(&mut self) {
        let by = self.world(|world| {
            let spans = [1, 3, 5, 10, 10, 20, 60].map(|span| span * SECOND);
            world.random.pick("time", 0, &spans)
        });
        self.advance(by);
    }

    pub fn answer(&mut self) {
        let call = self.world(|world| {
            let calls: Vec<u64> = world.held.keys().copied().collect();
            let which = world.random.below("which call", 0, calls.len() as u64);
            let call = calls.get(usize::try_from(which).unwrap()).copied()?;
            let late = world.random.chance("too late", 0, 150);
            let how = if late {
                Release::TimedOut
            } else {
                Release::Answered
            };
            Some((call, how))
        });
        if let Some((call, how)) = call {
            self.release(call, how);
        }
    }

    pub fn reconfigure(&mut self) {
        let Some(site) = self.site("configure at") else {
            return;
        };
        let place = self.world(|world| {
            let elsewhere = world.random.chance("elsewhere", 0, 400);
            elsewhere.then(|| world.random.below("place", 0, PLACES.len() as u64))
        });
        self.configure(site, place.map(|place| usize::try_from(place).unwrap()));
    }

    /// Configures a place for the bridges, or a new token for the current place.
    pub fn configure(&mut self, site: usize, place: Option<usize>) {
        let here = self.configured.as_ref().map(|(here, _)| *here);
        let Some(at) = place.or(here) else { return };
        let token = self.world(|world| world.new_token(at));
        let content = json!({
            "openhexa_url": PLACES[at].url, "workspace_slug": PLACES[at].workspace, "openhexa_token": token,
        });
        let change = ConfigEdit {
            mode: ChangeMode::Replace,
            content: content.as_object().unwrap().clone(),
            expected: None,
            by_form: false,
            by: None,
        };
        self.log_line(format!("{} configures place {at}, {token}", name(site)));
        self.world(|world| world.counts.add("configurations"));
        self.begin(site, Operation::Configure, |bridge| async move {
            let changed = bridge.defaults.change_record(ONLY_ACCOUNT, change).await;
            Outcome::Configured(changed.map(|_| ()))
        });
    }

    pub fn break_token(&mut self) {
        let Some((_, token)) = self.configured.clone() else {
            return;
        };
        let standings = [
            TokenStatus::Refused,
            TokenStatus::NoAccess,
            TokenStatus::Viewer,
            TokenStatus::Good,
            TokenStatus::Good,
            TokenStatus::Good,
        ];
        let token_status = self.world(|world| {
            let token_status = world.random.pick("standing", 0, &standings);
            world.counts.add("tokens changed");
            token_status
        });
        self.log_line(format!("{token} becomes {token_status:?}"));
        self.world(|world| {
            if let Some(token) = world.tokens.get_mut(&token) {
                token.token_status = token_status;
            }
        });
        // An administrator notices it after some time.
        if token_status == TokenStatus::Refused
            && self.world(|world| world.random.chance("noticed", 0, 500))
        {
            self.reconfigure();
        }
    }

    /// One of the tasks that had not ended when they were last shown.
    fn cancel(&mut self) {
        let Some(site) = self.site("cancel at") else {
            return;
        };
        let task = self.world(|world| {
            let live = world.witness.tasks.iter().filter(|(_, known)| {
                let ended = known.last.as_ref().is_some_and(|task| !task.is_live());
                known.answered && !ended
            });
            let live: Vec<i64> = live.map(|(task, _)| *task).collect();
            let which = world.random.below("which task", 0, live.len() as u64);
            live.get(usize::try_from(which).unwrap()).copied()
        });
        let Some(task) = task.map(TaskId) else { return };
        self.log_line(format!("{} is asked to cancel task {task}", name(site)));
        self.begin(site, Operation::Cancel, |bridge| async move {
            let cancelled = bridge.runs.stopper.cancel(&operator(), task).await;
            Outcome::Cancelled(
                task,
                match cancelled {
                    Ok(()) => bridge.tasks.get(ONLY_ACCOUNT, task).await,
                    Err(error) => Err(error),
                },
            )
        });
    }

    /// Archives or restores a workspace, which hides or shows its pipelines and runs for all users; or
    /// deletes a pipeline.
    pub fn delete(&mut self) {
        self.world(|world| {
            let sort = usize::try_from(world.random.below("deletes", 0, 5)).unwrap();
            let place = usize::try_from(world.random.below("deletes in", 0, 3)).unwrap();
            let deleted =
                world.random.chance("deletes", 1, 300) && world.delete(pipeline_id(place, sort));
            world.log_line(format!(
                "pipeline {sort} of place {place} deleted: {deleted}"
            ));
            if deleted {
                world.counts.add("pipelines deleted");
            }
            let which =
                usize::try_from(world.random.below("hidden", 0, PLACES.len() as u64)).unwrap();
            let now = !world.hidden[which] && world.random.chance("hides", 0, 150);
            world.hidden[which] = now;
            world.log_line(format!("place {which} hidden: {now}"));
        });
    }

    fn kill(&mut self) {
        if let Some(site) = self.site("kill") {
            self.crash(site);
        }
    }

    pub fn restart(&mut self) {
        for site in [0, 1] {
            if !self.is_alive(site) {
                return self.start(site);
            }
        }
        self.world(|world| {
            let over = world.random.chance("outage over", 0, 300);
            world.outage = world.outage.map(|out| out && !over);
        });
        if !self.has_valid_token() {
            self.reconfigure();
        }
    }

    pub fn outage(&mut self) {
        self.world(|world| {
            let which = usize::try_from(world.random.below("outage at", 0, 2)).unwrap();
            let now = !world.outage[which] && world.random.chance("outage begins", 0, 400);
            world.outage[which] = now;
            world.log_line(format!("instance {which} out: {now}"));
            world.counts.add("outages");
        });
    }
}

/// Like the HTTP interface: the token identifies the caller.
async fn report(bridge: Bridge, token: Option<String>, callback: Callback) -> Result<Task, Error> {
    let who = match token {
        None => Reporter::Account(ONLY_ACCOUNT),
        Some(token) => match bridge
            .identity
            .authenticate(&Credential::Bearer(token.into()))
            .await
        {
            Ok(Caller::Pipeline(claim)) => Reporter::Pipeline(claim),
            Ok(Caller::Person(_)) | Err(Error::Unauthenticated(_)) => {
                return Err(Error::NotFound(openhexa_bridge::domain::message::say(
                    "task-not-found",
                )));
            }
            Err(other) => return Err(other),
        },
    };
    bridge.runs.reports.report(who, callback).await
}
