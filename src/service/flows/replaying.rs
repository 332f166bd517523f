//! Replays: a new run that reuses the successful results of an earlier one and runs the rest.

use std::sync::Arc;

use serde_json::Map;

use super::Flows;
use super::starting::StartIdempotency;
use super::versions::Loaded;
use crate::domain::flow::replay::{ReplayVersion, first_states, reused, reused_in};
use crate::domain::flow::run::{Cause, FlowRun, Start, StepRun};
use crate::domain::flow::step_state::StepState;
use crate::domain::ids::FlowRunId;
use crate::domain::message::say;
use crate::domain::principal::Principal;
use crate::service::Error;
use crate::store::flows;

/// The earlier run with its steps, and the versions of both runs.
struct Earlier {
    run: FlowRun,
    steps: Vec<StepRun>,
    loaded: Arc<Loaded>,
    latest: Arc<Loaded>,
}

impl Flows {
    /// The key of a request for a replay.
    pub fn replay_key(
        &self,
        key: String,
        id: FlowRunId,
        version: ReplayVersion,
    ) -> StartIdempotency {
        let body = Map::from_iter([("version".to_owned(), version.as_str().into())]);
        self.idempotency(key, ["replay", &id.to_string()], &body)
    }

    /// An error while the run is active, or if nothing of it failed.
    pub async fn replay(
        &self,
        who: &Principal,
        id: FlowRunId,
        version: ReplayVersion,
        idempotency: Option<StartIdempotency>,
    ) -> Result<FlowRun, Error> {
        if let Some(run) = self.existing(who.account, idempotency.as_ref()).await? {
            return Ok(run);
        }
        let earlier = self.earlier(who, id).await?;
        let states: Vec<StepState> = earlier
            .steps
            .iter()
            .map(|step| step.state.clone())
            .collect();
        let kept = reused(&earlier.loaded.plan, &states);
        if earlier.run.ended_at.is_none() || kept.iter().all(|kept| *kept) {
            return Err(cannot_replay(&earlier.run));
        }
        let (loaded, kept) = match version {
            ReplayVersion::Same => (earlier.loaded.clone(), kept),
            ReplayVersion::Latest => {
                let kept = reused_in(&earlier.loaded.flow, &kept, &earlier.latest.flow);
                (earlier.latest.clone(), kept.map_err(|ids| changed(&ids))?)
            }
        };
        let start = Start {
            version: loaded.version.number,
            cause: Cause::Replay,
            launcher: who.clone(),
            replay_of: Some(id),
            backfill: None,
            ..earlier.run.start.clone()
        };
        let pinned = self.preparation.pins(&loaded, &start).await?;
        let mut prepared = self.prepared(loaded, start, pinned, idempotency);
        prepared.steps = Some(steps(&earlier, &prepared, &kept));
        self.store_run(prepared).await
    }

    async fn earlier(&self, who: &Principal, id: FlowRunId) -> Result<Earlier, Error> {
        let (account, versions) = (who.account, self.versions.clone());
        self.store
            .read(move |db| {
                let run = flows::flow_run_of_account(db, account, id)?;
                let run = run.ok_or_else(Error::no_flow_run)?;
                let start = &run.start;
                let flow = flows::flow_by_id(db, start.flow)?;
                let flow = flow.filter(|flow| flow.deleted_at.is_none());
                let flow = flow.ok_or_else(Error::no_flow)?;
                Ok(Earlier {
                    steps: flows::steps_of_run(db, id)?,
                    loaded: versions.load(db, account, start.flow, start.version)?,
                    latest: versions.load(db, account, flow.id, flow.version)?,
                    run,
                })
            })
            .await
    }
}

fn cannot_replay(run: &FlowRun) -> Error {
    let status = run.status;
    let key = if run.ended_at.is_none() {
        "flow-replay-active"
    } else {
        "flow-replay-nothing"
    };
    Error::Conflict {
        sentence: say(key).with("status", status.as_str()),
        status,
    }
}

fn changed(ids: &[String]) -> Error {
    let ids = ids.join(", ");
    Error::field("version", say("flow-replay-changed").with("steps", ids))
}

/// The steps of the replay: a reused one keeps its task, its pipeline and the run that it comes from.
fn steps(earlier: &Earlier, prepared: &super::starting::Prepared, kept: &[bool]) -> Vec<StepRun> {
    let states = first_states(kept);
    let declared = prepared.loaded.flow.steps.iter();
    let all = declared.zip(&prepared.pinned).zip(states);
    all.map(|((step, pinned), state)| {
        let new = StepRun {
            pipeline: Some(pinned.clone()),
            ..StepRun::new(&step.id.value)
        };
        let old = earlier.steps.iter().find(|old| old.code == new.code);
        match old.filter(|_| state.is_success()) {
            Some(old) => StepRun {
                state,
                reused_from: old.reused_from.or(Some(earlier.run.id)),
                ..old.clone()
            },
            None => new,
        }
    })
    .collect()
}
