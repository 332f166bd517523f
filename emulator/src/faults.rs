//! Faults that a test or a developer adds, to simulate failures of OpenHEXA.
//!
//! Each request gets the first fault, in the order in which they were added, that can affect it. Requests of runs and
//! requests to `/emulator/*` get none. `late_end` affects runs instead of requests: `run_store/late_ends.rs`.

use serde::Deserialize;

use super::clock::{MINUTE, Millis};

/// The longest delay of `late_end`: one day.
const LONGEST: Millis = 24 * 60 * MINUTE;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The request is executed at once, and its response is delayed.
    Latency,
    /// HTTP 500 with a page of HTML; the request is not executed.
    #[serde(rename = "html_500")]
    Html500,
    RefuseToken,
    /// The connection is closed; the request is not executed.
    DropBefore,
    /// The request is executed, and the connection is closed without a response.
    DropAfter,
    LoseStop,
    /// A stop is refused, as for a user with the role viewer.
    DenyStop,
    RunLimit,
    NullRun,
    /// The files of the workspace cannot be listed.
    FailListing,
    /// The token belongs to another user, who can see no workspace, pipeline or run.
    Stranger,
    /// A run that has ended stays `running` for some time.
    LateEnd,
}

#[derive(Debug, Deserialize)]
pub struct FaultOrder {
    pub fault: Fault,
    #[serde(default)]
    pub operation: Option<String>,
    #[serde(default)]
    pub count: Option<u64>,
    #[serde(default)]
    pub for_ms: Option<Millis>,
    /// The delay, for `latency` and `late_end`.
    #[serde(default)]
    pub ms: Option<u64>,
}

/// The parts of a request that decide which fault it gets.
#[derive(Debug, Default)]
pub struct RequestFields {
    /// Its root fields.
    pub operations: Vec<String>,
    /// Whether its response can contain runs.
    pub shows_runs: bool,
    /// Whether it lists files.
    pub lists_files: bool,
}

/// The fault that a request gets, and the delay of its response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActiveFault {
    pub fault: Fault,
    pub late_ms: u64,
}

#[derive(Debug)]
struct AddedFault {
    fault: Fault,
    operation: Option<String>,
    left: Option<u64>,
    until: Option<Millis>,
    late_ms: u64,
}

#[derive(Debug, Default)]
pub struct Faults(Vec<AddedFault>);

impl Faults {
    /// A fault that has neither a count nor a duration affects one request.
    pub fn add(&mut self, order: FaultOrder, now: Millis) {
        let left = match (order.count, order.for_ms) {
            (None, None) => Some(1),
            (count, _) => count,
        };
        self.0.push(AddedFault {
            fault: order.fault,
            operation: order.operation,
            left,
            until: order.for_ms.map(|for_ms| now + for_ms),
            late_ms: order.ms.unwrap_or(1000),
        });
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The first fault that can affect this request; reduces its count by one.
    pub fn take(&mut self, fields: &RequestFields, now: Millis) -> Option<ActiveFault> {
        self.take_first(now, |added| added.fits(fields))
    }

    /// How long a run that ends now stays `running`: the delay of the first `late_end`, whose count is reduced by one.
    pub fn take_late_end(&mut self, now: Millis) -> Millis {
        let taken = self.take_first(now, |added| added.fault == Fault::LateEnd);
        taken.map_or(0, |taken| {
            Millis::try_from(taken.late_ms).map_or(LONGEST, |late| late.min(LONGEST))
        })
    }

    fn take_first(
        &mut self,
        now: Millis,
        fits: impl Fn(&AddedFault) -> bool,
    ) -> Option<ActiveFault> {
        self.0.retain(|added| added.is_live(now));
        let added = self.0.iter_mut().find(|added| fits(added))?;
        if let Some(left) = &mut added.left {
            *left = left.saturating_sub(1);
        }
        Some(ActiveFault {
            fault: added.fault,
            late_ms: added.late_ms,
        })
    }
}

impl AddedFault {
    fn is_live(&self, now: Millis) -> bool {
        self.left != Some(0) && self.until.is_none_or(|until| now < until)
    }

    fn fits(&self, fields: &RequestFields) -> bool {
        let contains = |name: &str| fields.operations.iter().any(|operation| operation == name);
        if let Some(operation) = &self.operation
            && !contains(operation)
        {
            return false;
        }
        match self.fault {
            Fault::Latency | Fault::Html500 | Fault::RefuseToken | Fault::Stranger => true,
            Fault::DropBefore | Fault::DropAfter => {
                self.operation.is_some() || contains("runPipeline")
            }
            Fault::RunLimit => contains("runPipeline"),
            Fault::LoseStop | Fault::DenyStop => contains("stopPipeline"),
            Fault::NullRun => fields.shows_runs,
            Fault::LateEnd => false,
            Fault::FailListing => fields.lists_files,
        }
    }
}
