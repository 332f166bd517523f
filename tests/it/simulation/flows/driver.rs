//! The steps of a world with flows, and its end.

use openhexa_bridge::store;

use super::super::driver::{Driver, Operation, name};
use super::super::replica::Outcome;
use super::super::run_life::{MINUTE, SECOND};
use super::super::world::TokenStatus;
use super::{Cycle, FlowOperation, FlowOutcome};

const HOUR: i64 = 60 * MINUTE;
/// How far the clock of the bridges is set back in a world, at most.
const SET_BACK: i64 = 2 * HOUR;
/// A flow with more active runs than this is deleted at the end of a world.
const MOST_ACTIVE: usize = 8;
/// When worlds begin: shortly before clock changes in Paris, Cairo and on Lord Howe, and in summer.
const BEGINNINGS: [i64; 5] = [
    1_806_193_800_000, // 2027-03-28T00:30Z
    1_824_941_400_000, // 2027-10-31T00:10Z
    1_809_035_400_000, // 2027-04-29T21:50Z
    1_806_763_200_000, // 2027-04-03T14:40Z
    1_815_000_000_000,
];

/// How often each step is chosen, relative to the others.
const STEPS: [(&str, u64); 15] = [
    ("client", 16),
    ("cycle", 30),
    ("send", 14),
    ("deliver", 20),
    ("pass", 14),
    ("time", 20),
    ("release", 16),
    ("token", 1),
    ("crash", 2),
    ("start", 6),
    ("outage", 1),
    ("delete", 1),
    ("jump", 1),
    ("both down", 1),
    ("configure", 1),
];

impl Driver {
    /// Random steps and faults, until there are this many runs of flows.
    pub fn live_with_flows(&mut self, runs: usize) {
        self.flows.on = true;
        let sets_back = self.world(|world| {
            world.with_flows = true;
            let beginning = world.random.pick("beginning", 0, &BEGINNINGS);
            world.set_time(beginning);
            world.without_faults = true;
            world.random.chance("sets back", 0, 400)
        });
        self.configure(0, Some(0));
        for _ in 0..4 {
            self.save();
        }
        self.world(|world| world.without_faults = false);
        let mut after = runs * 6;
        for taken in 1..runs * 80 {
            after -= usize::from(self.flows.runs.len() >= runs);
            if after == 0 {
                break;
            }
            let by = self.world(|world| world.random.span("between steps", 0, 2 * SECOND));
            self.advance(by);
            self.flow_step(sets_back);
            if taken.is_multiple_of(300) {
                self.scan();
            }
        }
    }

    fn flow_step(&mut self, sets_back: bool) {
        match self.next_flow_step() {
            "client" => self.client(),
            "cycle" => self.cycle(),
            "send" => self.send_one(),
            "deliver" => self.deliver(),
            "pass" => self.pass(),
            "time" => self.wait(),
            "release" => self.answer(),
            "token" => self.break_token(),
            "crash" => self.kill_any(),
            "start" => {
                self.show_workspaces();
                self.restart();
                if self
                    .configured
                    .as_ref()
                    .is_some_and(|(place, _)| *place != 0)
                {
                    self.configure_again();
                }
            }
            "outage" => self.outage(),
            "delete" => self.delete_sometimes(),
            "jump" => self.jump(sets_back),
            "both down" => self.both_down(),
            _ => self.configure_again(),
        }
    }

    fn next_flow_step(&self) -> &'static str {
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

    fn cycle(&mut self) {
        let kinds = [
            Cycle::Fire,
            Cycle::Fire,
            Cycle::Advance,
            Cycle::Advance,
            Cycle::Advance,
            Cycle::Backfills,
            Cycle::Check,
        ];
        let kind = self.world(|world| world.random.pick("cycle", 0, &kinds));
        if let Some(site) = self.site("cycle at") {
            self.cycle_at(site, kind);
        }
    }

    fn cycle_at(&mut self, site: usize, kind: Cycle) {
        let Some(alive) = &mut self.sites[site].alive else {
            return;
        };
        if std::mem::replace(&mut alive.cycling, true) {
            return;
        }
        let operation = Operation::Flow(FlowOperation::Cycle(kind));
        self.begin(site, operation, move |bridge| async move {
            Outcome::Flow(FlowOutcome::Cycled(match kind {
                Cycle::Fire => bridge.flows.runner.fire_due().await,
                Cycle::Advance => Box::pin(bridge.flows.runner.advance_due()).await,
                Cycle::Backfills => bridge.flows.runner.run_backfills().await,
                Cycle::Check => bridge.flows.runner.check_alerts().await,
            }))
        });
    }

    /// Starts one of the jobs that nothing waits for.
    fn send_one(&mut self) {
        if let Some(site) = self.site("send at") {
            let first = self.world(|world| world.random.chance("oldest job", 0, 700));
            self.send_at(site, first);
        }
    }

    /// Whether there was a job.
    fn send_at(&mut self, site: usize, oldest: bool) -> bool {
        let Some(alive) = &self.sites[site].alive else {
            return false;
        };
        let job = {
            let mut jobs = alive.jobs.lock().unwrap();
            if oldest {
                jobs.pop_front()
            } else {
                jobs.pop_back()
            }
        };
        let Some(job) = job else { return false };
        self.log_line(format!("{} starts a job", name(site)));
        self.begin(
            site,
            Operation::Flow(FlowOperation::Send),
            move |_| async move {
                job.await;
                Outcome::Flow(FlowOutcome::Sent)
            },
        );
        true
    }

    /// Every flow of a deleted pipeline is refused from then on, so few are deleted.
    fn delete_sometimes(&mut self) {
        if self.world(|world| world.random.chance("deletes at all", 0, 250)) {
            self.delete();
        }
    }

    /// Restores archived workspaces and the access of tokens: runs that cannot be seen for an hour count as deleted.
    fn show_workspaces(&self) {
        self.world(|world| {
            world.hidden = [false; 3];
            for token in world.tokens.values_mut() {
                if token.token_status == TokenStatus::NoAccess {
                    token.token_status = TokenStatus::Good;
                }
            }
        });
    }

    fn kill_any(&mut self) {
        let site = usize::from(self.world(|world| world.random.chance("kill which", 0, 500)));
        if self.is_alive(site) {
            self.crash(site);
        }
    }

    /// A new token for the place of the flows; another place would have none of their pipelines.
    fn configure_again(&mut self) {
        if let Some(site) = self.site("configure at") {
            self.configure(site, Some(0));
        }
    }

    /// Time passes while nothing is done, or the clock of the bridges is set back.
    fn jump(&mut self, sets_back: bool) {
        let back = sets_back && self.world(|world| world.random.chance("back", 0, 500));
        if back {
            return self.set_back();
        }
        let spans = [3, 5, 10, 20, 20, 40, 60, 60, 120, 240];
        let minutes = self.world(|world| {
            let is_long = world.random.chance("long jump", 0, 80);
            let spans = if is_long {
                &[1500, 2800][..]
            } else {
                &spans[..]
            };
            world.counts.add("clock jumps");
            world.random.pick("jump", 0, spans)
        });
        self.show_workspaces();
        self.log_line(format!("the clock jumps by {minutes} minutes"));
        self.advance(minutes * MINUTE);
    }

    fn set_back(&mut self) {
        let (before, by) = self.world(|world| {
            let (now, most) = (world.now(), SET_BACK - world.set_back);
            let before = now - world.set_back;
            let by = world.random.span("set back by", 0, most);
            world.set_back += by;
            world.set_time(now);
            world.counts.add("clock set back");
            (before, by)
        });
        self.flows.high = self.flows.high.max(before);
        self.log_line(format!("the clock is set back by {} s", by / SECOND));
    }

    fn both_down(&mut self) {
        for site in [0, 1] {
            if self.is_alive(site) {
                self.crash(site);
            }
        }
        self.show_workspaces();
        let minutes = self.world(|world| world.random.pick("down", 0, &[1, 4, 15, 60, 180]));
        self.advance(minutes * MINUTE);
        self.restart();
        self.restart();
    }

    /// All faults stop, and no schedule fires any more. Then everything must end without help.
    pub fn finish_flows(&mut self) {
        self.stop_faults();
        self.observe_after(0, false);
        let unanswered = |number: &usize| {
            let request = &self.flows.requests[*number];
            request.key.is_some() && request.answers.is_empty() && request.lost > 0
        };
        let unanswered: Vec<usize> = (0..self.flows.requests.len()).filter(unanswered).collect();
        for number in unanswered {
            self.send_request(0, number);
        }
        self.stop_schedules();
        for round in 0..4000 {
            let site = round % 2;
            while self.has_due_mail() {
                self.deliver();
            }
            self.pass_at(site);
            for kind in [Cycle::Advance, Cycle::Backfills, Cycle::Fire, Cycle::Check] {
                self.cycle_at(site, kind);
            }
            while self.send_at(0, true) || self.send_at(1, true) {}
            let Some(next) = self.next_event() else { break };
            let now = self.world(|world| world.now());
            self.advance((next - now).clamp(20 * SECOND, 5 * MINUTE));
        }
        self.observe_after(0, true);
    }

    fn stop_schedules(&mut self) {
        let live = self.flows.flows.iter().filter(|flow| !flow.deleted);
        let live: Vec<(i64, String)> = live.map(|flow| (flow.id, flow.slug.clone())).collect();
        for (id, slug) in live {
            let active = self.flows.runs.values();
            let active = active.filter(|run| run.flow_id == id && run.ended.is_none());
            if active.count() > MOST_ACTIVE {
                self.delete_slug(0, slug);
            } else {
                self.set_paused(0, slug, None, true);
            }
        }
    }

    /// When something happens next. None: everything has ended.
    fn next_event(&self) -> Option<i64> {
        let vitals = self.read(store::polling_state);
        let open = self.read(|db| store::flows::flows_with_backfills(db, 1));
        let (report, now, set_back) = self.world(|world| {
            let report = world.pending_reports.keys().next().map(|key| key.0);
            (report, world.now(), world.set_back)
        });
        let poll = vitals.next_poll.map(|at| at.timestamp_millis() + set_back);
        let active = self.flows.runs.values().any(|run| run.ended.is_none()) || !open.is_empty();
        let active = active.then_some(now + MINUTE);
        report.into_iter().chain(poll).chain(active).min()
    }
}
