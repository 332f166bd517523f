//! Events: the history of a task. An event is a code with data, translated where it is shown, and has a source.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::codes::codes;
use super::flow_step::FlowStep;
use super::ids::{RunId, TaskId};
use super::note::{Note, NoteCode};
use super::observation::ReportedStatus;
use super::pipeline::RunStatus;
use super::principal::Actor;
use super::status::FinalStatus;

/// Where the fact comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    User,
    Callback,
    OpenHexa,
    Bridge,
}

impl Source {
    const ALL: [Self; 4] = [Self::User, Self::Callback, Self::OpenHexa, Self::Bridge];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Callback => "callback",
            Self::OpenHexa => "openhexa",
            Self::Bridge => "bridge",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.as_str() == text)
    }
}

codes! {
    /// The code of an event.
    pub enum EventKind {
        LaunchAccepted = "launch_accepted", "event-launch-accepted";
        LaunchRequested = "launch_requested", "event-launch-requested";
        LaunchNotSent = "launch_not_sent", "event-launch-not-sent";
        LaunchUnsure = "launch_unsure", "event-launch-unsure";
        LaunchRefused = "launch_refused", "event-launch-refused";
        LaunchGivenUp = "launch_given_up", "event-launch-given-up";
        LaunchNeverConfirmed = "launch_never_confirmed", "event-launch-never-confirmed";
        /// It waits for another launch of the same pipeline.
        LaunchWaits = "launch_waits", "event-launch-waits";
        /// OpenHEXA created no run for the previous request.
        LaunchRepeated = "launch_repeated", "event-launch-repeated";
        RunCreated = "run_created", "event-run-created";
        RunFound = "run_found", "event-run-found";
        RunNotFoundYet = "run_not_found_yet", "event-run-not-found-yet";
        RunNotFound = "run_not_found", "event-run-not-found";
        /// Several runs match the launch.
        RunAmbiguous = "run_ambiguous", "event-run-ambiguous";
        RunGone = "run_gone", "event-run-gone";
        /// OpenHEXA shows neither the run nor its pipeline.
        RunHidden = "run_hidden", "event-run-hidden";
        RunQueued = "run_queued", "event-run-queued";
        RunRunning = "run_running", "event-run-running";
        RunTerminating = "run_terminating", "event-run-terminating";
        RunSuccess = "run_success", "event-run-success";
        RunFailed = "run_failed", "event-run-failed";
        RunStopped = "run_stopped", "event-run-stopped";
        RunSkipped = "run_skipped", "event-run-skipped";
        /// A status that this version does not know.
        RunOther = "run_other", "event-run-other";
        RunLogUnread = "run_log_unread", "event-run-log-unread";
        PollFailed = "poll_failed", "event-poll-failed";
        Overdue = "overdue", "event-overdue";
        ReportedProgress = "reported_progress", "event-reported-progress";
        ReportedQueued = "reported_queued", "event-reported-queued";
        ReportedRunning = "reported_running", "event-reported-running";
        ReportedSuccess = "reported_success", "event-reported-success";
        ReportedError = "reported_error", "event-reported-error";
        ReportedCancelled = "reported_cancelled", "event-reported-cancelled";
        ReportRefused = "report_refused", "event-report-refused";
        LogFull = "log_full", "event-log-full";
        CancelRequested = "cancel_requested", "event-cancel-requested";
        StopRequested = "stop_requested", "event-stop-requested";
        StopRepeated = "stop_repeated", "event-stop-repeated";
        StopNotAnswered = "stop_not_answered", "event-stop-not-answered";
        StopDenied = "stop_denied", "event-stop-denied";
        StopNotAccepted = "stop_not_accepted", "event-stop-not-accepted";
        /// An event of a newer version.
        Other = "other", "event-other";
        /// The task's row in Iaso was moved to another account.
        MirrorMoved = "mirror_moved", "event-mirror-moved";
    }
}

impl EventKind {
    pub fn of_run(status: &RunStatus) -> Self {
        match status {
            RunStatus::Queued => Self::RunQueued,
            RunStatus::Running => Self::RunRunning,
            RunStatus::Terminating => Self::RunTerminating,
            RunStatus::Success => Self::RunSuccess,
            RunStatus::Failed => Self::RunFailed,
            RunStatus::Stopped => Self::RunStopped,
            RunStatus::Skipped => Self::RunSkipped,
            RunStatus::Other(_) => Self::RunOther,
        }
    }

    pub fn of_report(status: Option<ReportedStatus>) -> Self {
        match status {
            None => Self::ReportedProgress,
            Some(ReportedStatus::Queued) => Self::ReportedQueued,
            Some(ReportedStatus::Running) => Self::ReportedRunning,
            Some(ReportedStatus::Final(FinalStatus::Success)) => Self::ReportedSuccess,
            Some(ReportedStatus::Final(FinalStatus::Error)) => Self::ReportedError,
            Some(ReportedStatus::Final(FinalStatus::Cancelled)) => Self::ReportedCancelled,
        }
    }
}

/// The data of an event, by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EventData(pub Map<String, Value>);

impl EventData {
    fn put(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.0.remove(name);
        self
    }

    #[must_use]
    pub fn run(self, run: RunId) -> Self {
        self.put("run", run.to_string())
    }

    /// A status of a run that this version does not know.
    #[must_use]
    pub fn status(self, text: &str) -> Self {
        self.put("status", text)
    }

    #[must_use]
    pub fn relaunch_of(self, task: TaskId) -> Self {
        self.put("relaunch_of", task.0)
    }

    /// The run of a flow that launched the task that is relaunched; the new task does not belong to it.
    #[must_use]
    pub fn outside_flow(self, step: &FlowStep) -> Self {
        self.put("flow", step.flow.as_str())
            .put("flow_run", step.run.0)
    }

    /// Parameters that were left out, because their value was 0 and is not among their choices.
    #[must_use]
    pub fn left_out(self, codes: &[String]) -> Self {
        self.put("left_out", codes)
    }

    /// Parameters that have the account's default.
    #[must_use]
    pub fn account_defaults(self, codes: &[String]) -> Self {
        self.put("account_defaults", codes)
    }

    /// The webhook that received the message of this launch, and the keys of the message that were not used.
    #[must_use]
    pub fn webhook(self, name: &str, ignored: &[String]) -> Self {
        let own = self.put("webhook", name);
        if ignored.is_empty() {
            return own;
        }
        own.put("ignored", ignored)
    }

    /// The texts of a list.
    pub fn texts(&self, name: &str) -> Vec<&str> {
        let list = self.0.get(name).and_then(Value::as_array);
        list.into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect()
    }

    #[must_use]
    pub fn by(self, actor: &Actor) -> Self {
        self.put("by", actor.json())
    }

    #[must_use]
    pub fn because(self, note: &Note) -> Self {
        let own = self.put("reason", note.code.code());
        match &note.value {
            Some(value) => own.put("value", value.as_str()),
            None => own.without("value"),
        }
    }

    #[must_use]
    pub fn progress(self, done: Option<i32>, end: Option<i32>) -> Self {
        let own = match done {
            Some(done) => self.put("progress_value", done),
            None => self,
        };
        match end {
            Some(end) => own.put("end_value", end),
            None => own,
        }
    }

    /// The report has a result, which is not repeated here.
    #[must_use]
    pub fn with_result(self) -> Self {
        self.put("with_result", true)
    }

    /// The number of reports that were merged into this one.
    #[must_use]
    pub fn merged(self, reports: u32) -> Self {
        self.put("merged", reports)
    }

    /// The kind of the refused report.
    #[must_use]
    pub fn report(self, kind: EventKind) -> Self {
        self.put("report", kind.code())
    }

    /// The number of refused reports since the last event of a refusal.
    #[must_use]
    pub fn more_refused(self, reports: u32) -> Self {
        self.put("more_refused", reports)
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    pub fn number(&self, name: &str) -> Option<i64> {
        self.0.get(name)?.as_i64()
    }

    pub fn note(&self) -> Option<Note> {
        Some(Note {
            code: NoteCode::parse(self.text("reason")?)?,
            value: self.text("value").map(str::to_owned),
        })
    }

    pub fn actor(&self) -> Option<Actor> {
        Actor::of(self.0.get("by")?)
    }

    /// The size in bytes, as it counts for the limits of a task's log.
    fn size(&self) -> usize {
        self.stored().map_or(0, |text| text.len())
    }

    /// The stored form. None if there is no data.
    pub fn stored(&self) -> Option<String> {
        (!self.0.is_empty()).then(|| json!(self.0).to_string())
    }
}

#[derive(Clone, Debug)]
pub struct Event {
    pub at: DateTime<Utc>,
    pub source: Source,
    pub kind: EventKind,
    pub data: EventData,
    /// A line of the task's log: the pipeline's message, or the bridge's in English.
    pub message: Option<String>,
}

impl Event {
    pub fn new(at: DateTime<Utc>, source: Source, kind: EventKind) -> Self {
        Self {
            at,
            source,
            kind,
            data: EventData::default(),
            message: None,
        }
    }

    #[must_use]
    pub fn data(mut self, data: EventData) -> Self {
        self.data = data;
        self
    }

    /// The size in bytes of its code, data and message.
    pub fn size(&self) -> usize {
        let message = self.message.as_ref().map_or(0, String::len);
        self.kind.code().len() + self.data.size() + message
    }

    #[must_use]
    pub fn message(mut self, message: Option<String>) -> Self {
        self.message = message;
        self
    }
}
