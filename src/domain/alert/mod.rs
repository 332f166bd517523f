//! Alerts: what is wrong with a flow or a pipeline. At most one alert is open per flow or pipeline, cause and part.
//!
//! ```text
//! rules.rs   when figures raise or resolve an alert
//! state.rs   open, muted, resolved, and when subscribers are notified
//! ```

mod rules;
mod state;

use chrono::{DateTime, Utc};

pub use rules::{ENOUGH_DURATIONS, ENOUGH_RECORDS, Verdict, errors, records, slow_after, usual};
pub use state::{AlertState, LONGEST_MUTE, Told};

use super::flow::Problem;
use super::ids::{AccountId, AlertId, FlowId, FlowRunId, PipelineId, TaskId};
use super::principal::Actor;
use super::words::words;

words! {
    /// Why an alert is raised.
    pub enum AlertCause {
        /// A step or a task ended as ERROR after its last retry.
        Failed = "failed";
        /// A run takes longer than usual.
        Duration = "duration";
        /// A step has processed fewer records than expected.
        Records = "records";
        /// Too many records had errors.
        Errors = "errors";
        /// A scheduled run has not ended by the time of its schedule's `finish_by`.
        Late = "late";
        /// A tick was missed, or two in a row overlapped.
        Missed = "missed";
    }
}

/// What an alert is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AlertSubject {
    Flow(FlowId),
    /// A pipeline that was launched by itself.
    Pipeline(PipelineId),
}

/// At most one alert is open per key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertKey {
    pub account: AccountId,
    pub subject: AlertSubject,
    pub cause: AlertCause,
    /// The id of the step; for late and missed ticks that of the schedule or trigger. Empty: the flow or pipeline as a whole.
    pub part: String,
}

/// What is known of the cause, as it was seen last.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlertFacts {
    /// Seconds, records, or a share from 0 to 1.
    pub figure: Option<f64>,
    /// The limit that the figure is beyond, in the same unit.
    pub limit: Option<f64>,
    /// Messages that say more, such as the error of a task.
    pub sample: Vec<Problem>,
    pub flow_run: Option<FlowRunId>,
    pub task: Option<TaskId>,
    /// The tick that was late or missed.
    pub scheduled_for: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    pub id: AlertId,
    pub key: AlertKey,
    /// The slug of the flow, or the name of the pipeline.
    pub name: String,
    pub facts: AlertFacts,
    pub state: AlertState,
    /// How often it was raised, with the first time.
    pub occurrences: i64,
    pub updated_at: DateTime<Utc>,
    pub muted_by: Option<Actor>,
}
