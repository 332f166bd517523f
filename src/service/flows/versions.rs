//! Loaded versions of flows. A version never changes, so a parsed one can be kept.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use super::inputs;
use crate::domain::flow::advance::FlowPlan;
use crate::domain::flow::document::{Event, FlowDocument, Schedule, parse};
use crate::domain::flow::graph::Graph;
use crate::domain::flow::run::{Cause, Start};
use crate::domain::ids::{AccountId, FlowId, PipelineId};
use crate::service::Error;
use crate::store::Db;
use crate::store::flows::{self, FlowVersion};

/// How many parsed versions are kept.
const KEPT: usize = 500;

/// A version of a flow with its parsed document.
#[derive(Debug)]
pub struct Loaded {
    pub version: FlowVersion,
    pub flow: FlowDocument,
    pub graph: Graph,
    pub plan: FlowPlan,
}

impl Loaded {
    /// None: this version of the bridge cannot read the document.
    fn parse(version: FlowVersion) -> Option<Self> {
        let parsed = parse(&version.document).ok()?;
        Some(Self {
            plan: FlowPlan::of(&parsed.flow, parsed.graph.clone()),
            flow: parsed.flow,
            graph: parsed.graph,
            version,
        })
    }

    pub fn schedule(&self, code: &str) -> Option<&Schedule> {
        let mut schedules = self.flow.schedules.iter();
        schedules.find(|schedule| schedule.id.value == code)
    }

    /// The event of a trigger.
    pub fn event(&self, code: &str) -> Option<&Event> {
        let mut triggers = self.flow.triggers.iter();
        let declared = triggers.find(|trigger| trigger.id.value == code);
        declared.map(|trigger| &trigger.event)
    }

    /// A run that no user starts: launched as the caller who saved the version, with the defaults of the inputs.
    pub fn start(&self, cause: Cause) -> Start {
        let version = &self.version;
        Start {
            account: version.saved_by.account,
            flow: version.flow,
            version: version.number,
            cause,
            launcher: version.saved_by.clone(),
            schedule: None,
            scheduled_for: None,
            interval: None,
            inputs: inputs::defaults(&self.flow),
            file: None,
            ignored: Vec::new(),
            replay_of: None,
            backfill: None,
        }
    }

    pub fn pipelines(&self) -> &BTreeMap<String, PipelineId> {
        &self.version.pipelines
    }
}

#[derive(Default)]
pub struct Versions(Mutex<HashMap<(FlowId, i64), Arc<Loaded>>>);

impl Versions {
    /// Reads a version in this transaction, unless it is known.
    pub fn load(
        &self,
        db: &mut Db<'_>,
        account: AccountId,
        flow: FlowId,
        number: i64,
    ) -> Result<Arc<Loaded>, Error> {
        let known = self.lock().get(&(flow, number)).cloned();
        // The account is compared, although callers know it, because a version must not reach another account.
        if let Some(known) = known.filter(|known| known.version.saved_by.account == account) {
            return Ok(known);
        }
        let found = flows::flow_version(db, account, flow, number)?.ok_or_else(Error::no_flow)?;
        let unreadable = || crate::store::Error::Corrupt("flow document");
        let loaded = Arc::new(Loaded::parse(found).ok_or_else(unreadable)?);
        let mut all = self.lock();
        if all.len() >= KEPT {
            all.clear();
        }
        all.insert((flow, number), loaded.clone());
        Ok(loaded)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<(FlowId, i64), Arc<Loaded>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
