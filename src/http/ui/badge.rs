//! A status as the user sees it: a sign, a word and a colour; each alone is sufficient.

use askama::Template;

use super::layout::Layout;
use crate::domain::flow::run::Outcome;
use crate::domain::flow::step_state::StepState;
use crate::domain::pipeline::RunStatus;
use crate::domain::task::Status;
use crate::service::identity::KeyState;

#[derive(Template)]
#[template(
    source = r#"<span class="badge {{ kind }}"><span aria-hidden="true">{{ sign }}</span> {{ word }}</span>"#,
    ext = "html"
)]
pub struct Badge {
    /// The CSS class: `good`, `bad`, `stopped`, `live`, `waiting`, `late` or `skipped`.
    pub kind: &'static str,
    pub sign: &'static str,
    pub word: String,
}

impl Badge {
    pub fn new(kind: &'static str, word: String) -> Self {
        let sign = match kind {
            "good" => "✓",
            "bad" => "✕",
            "stopped" => "■",
            "live" => "▶",
            "late" => "▲",
            "skipped" => "»",
            _ => "○",
        };
        Self { kind, sign, word }
    }

    pub fn of_task(layout: &Layout, status: Status) -> Self {
        let (kind, key) = match status {
            Status::Queued => ("waiting", "status-queued"),
            Status::Running => ("live", "status-running"),
            Status::Success => ("good", "status-success"),
            Status::Error => ("bad", "status-error"),
            Status::Cancelled => ("stopped", "status-cancelled"),
        };
        Self::new(kind, layout.say(key))
    }

    /// The state of a step of a flow.
    pub fn of_step(layout: &Layout, state: &StepState) -> Self {
        let (kind, key) = match state {
            StepState::Pending => ("waiting", "flow-step-pending"),
            StepState::Running { .. } => ("live", "status-running"),
            StepState::Retry { .. } => ("late", "flow-step-retry"),
            StepState::Success { .. } => ("good", "status-success"),
            StepState::Error(_) => ("bad", "status-error"),
            StepState::Skipped(_) => ("skipped", "status-skipped"),
            StepState::Cancelled(_) => ("stopped", "status-cancelled"),
        };
        Self::new(kind, layout.say(key))
    }

    /// What became of a tick.
    pub fn of_tick(layout: &Layout, outcome: Outcome) -> Self {
        let (kind, key) = match outcome {
            Outcome::Run => ("good", "flow-tick-run"),
            Outcome::Overlap => ("skipped", "flow-tick-skipped"),
            Outcome::Missed => ("late", "flow-tick-late"),
            Outcome::Refused => ("bad", "flow-tick-refused"),
        };
        Self::new(kind, layout.say(key))
    }

    /// The result of a test. None: unknown.
    pub fn of_check(layout: &Layout, ok: Option<bool>) -> Self {
        let (kind, key) = match ok {
            Some(true) => ("good", "settings-check-good"),
            Some(false) => ("bad", "settings-check-bad"),
            None => ("waiting", "settings-check-unknown"),
        };
        Self::new(kind, layout.say(key))
    }

    pub fn of_key(layout: &Layout, state: KeyState) -> Self {
        let (kind, key) = match state {
            KeyState::Active => ("good", "settings-key-good"),
            KeyState::Expired => ("stopped", "settings-key-expired"),
            KeyState::Revoked => ("stopped", "settings-key-revoked"),
        };
        Self::new(kind, layout.say(key))
    }

    pub fn of_run(layout: &Layout, status: &RunStatus) -> Self {
        let (kind, key) = match status {
            RunStatus::Queued => ("waiting", "status-queued"),
            RunStatus::Running => ("live", "status-running"),
            RunStatus::Terminating => ("live", "status-terminating"),
            RunStatus::Success => ("good", "status-success"),
            RunStatus::Failed => ("bad", "status-error"),
            RunStatus::Stopped => ("stopped", "status-cancelled"),
            RunStatus::Skipped => ("stopped", "status-skipped"),
            RunStatus::Other(word) => return Self::new("waiting", word.clone()),
        };
        Self::new(kind, layout.say(key))
    }
}
