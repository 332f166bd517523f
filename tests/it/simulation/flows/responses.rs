//! What clients do with the responses.

use openhexa_bridge::service::Error;

use super::super::driver::{Driver, name};
use super::super::world::World;
use super::facts::BackfillFact;
use super::{Cycle, FlowOperation, FlowOutcome};

impl Driver {
    pub fn flow_done(&mut self, site: usize, operation: FlowOperation, outcome: FlowOutcome) {
        match (operation, outcome) {
            (FlowOperation::Cycle(cycle), FlowOutcome::Cycled(cycled)) => {
                if let Some(alive) = &mut self.sites[site].alive {
                    alive.cycling = false;
                }
                let done = self.response(site, &format!("{cycle:?}"), cycled);
                if done.is_some() && cycle == Cycle::Fire {
                    self.flows.cycle_fired();
                }
            }
            (FlowOperation::Save, FlowOutcome::Saved(saved)) => {
                let saved = saved.map(|saved| (saved.flow.slug, saved.flow.version));
                self.response(site, "save", saved);
            }
            (FlowOperation::Start(request), FlowOutcome::Started(started)) => {
                let run = started.map(|run| (run.id.0, run.status));
                if let Some((run, _)) = self.response(site, "start", run) {
                    let clock = self.world(|world| world.now() - world.set_back);
                    self.flows.requests[request].answers.push((run, clock));
                }
            }
            (FlowOperation::Backfill(expected), FlowOutcome::Backfilled(started)) => {
                let id = started.map(|view| view.backfill.id.0);
                if let Some(id) = self.response(site, "backfill", id) {
                    self.flows.backfills.push(BackfillFact { id, expected });
                }
            }
            (_, outcome) => self.changed(site, outcome),
        }
    }

    fn changed(&mut self, site: usize, outcome: FlowOutcome) {
        let cancelled = match outcome {
            FlowOutcome::Deleted(deleted) => self.response(site, "delete", deleted).is_some(),
            FlowOutcome::Cancelled(run) => {
                let run = run.map(|run| (run.id.0, run.status));
                self.response(site, "cancel", run).is_some()
            }
            FlowOutcome::BackfillCancelled(view) => {
                let id = view.map(|view| view.backfill.id.0);
                self.response(site, "cancel backfill", id).is_some()
            }
            FlowOutcome::Paused(flow) => {
                let paused = flow.map(|flow| (flow.slug, flow.paused));
                self.response(site, "pause", paused);
                false
            }
            _ => false,
        };
        if cancelled {
            let order = self.world(World::next_in_order);
            self.flows.cancel_acknowledged = Some(order);
        }
    }

    /// None: an error. Errors that mean a fault of the bridge are problems.
    fn response<T: std::fmt::Debug>(
        &self,
        site: usize,
        what: &str,
        response: Result<T, Error>,
    ) -> Option<T> {
        let mut world = self.world.lock().unwrap();
        let shown = match &response {
            Ok(done) => format!("{done:?}"),
            Err(error) => format!("failed: {error}"),
        };
        world.log_line(format!("{} {what}: {shown}", name(site)));
        let internal = matches!(
            response,
            Err(Error::Internal(_) | Error::Database(_) | Error::Panicked(_) | Error::Busy)
        );
        if internal {
            world.witness.problems.push(format!("{what} {shown}"));
        }
        response.ok()
    }
}
