//! Reports of the pipeline: before the task's end, after it, and after a cancel.

use chrono::{DateTime, Utc};

use super::{FinalReport, FinalStatus, RunEnd, State, Status, Task};
use crate::domain::observation::{Conflict, MergedProgress, Progress, Report, ReportedStatus};

impl Task {
    pub(super) fn report(mut self, report: &Report, now: DateTime<Utc>) -> Result<Self, Conflict> {
        self.record_contact();
        if self.final_report().is_some() || self.run_end().is_some() {
            return self.report_after_end(report);
        }
        match report.status {
            Some(ReportedStatus::Final(status)) => Ok(self.report_final(status, report, now)),
            // After a cancel a result is still accepted; RUNNING and mere progress are refused, which tells the pipeline to stop.
            None if report.result.is_some() => Ok(self.store_report(report)),
            _ if self.cancel_asked_at.is_some() => Err(Conflict::CancelRequested(self.status())),
            Some(ReportedStatus::Running) => Ok(self.start(now).store_report(report)),
            Some(ReportedStatus::Queued) | None => Ok(self.store_report(report)),
        }
    }

    /// The progress that the pipeline last reported.
    pub fn progress(&self) -> Progress {
        Progress {
            message: self.message.clone(),
            value: self.progress_value,
            end: self.end_value,
        }
    }

    /// Progress that was accepted earlier: it is stored, also after the run's end, unless a newer report was stored meanwhile
    /// or the pipeline has reported its final status.
    pub(super) fn merge_progress(mut self, merged: &MergedProgress) -> Self {
        self.record_contact();
        if self.final_report().is_none() && self.progress() == merged.before {
            return self.store_report(&merged.report);
        }
        self
    }

    /// The task after a report that was refused: even such a report proves that there is a run.
    #[must_use]
    pub fn contacted(mut self) -> Self {
        let before = self.clone();
        self.record_contact();
        self.revision += i64::from(self != before);
        self
    }

    /// A report proves that there is a run, unless no launch request was ever sent.
    fn record_contact(&mut self) {
        self.called_back |= !self.is_never_sent();
        self.run.reset_hidden();
    }

    /// A report on a task that has ended: the first final status, the same one again, or a first result.
    fn report_after_end(mut self, report: &Report) -> Result<Self, Conflict> {
        let shown = self.status();
        let first_result = self.data.is_none() && report.result.is_some();
        match report.status {
            Some(ReportedStatus::Final(status)) if self.accepts_final_status() => {
                let ended_at = self.ended_at.unwrap_or(self.updated_at);
                return Ok(self.report_final(status, report, ended_at));
            }
            Some(ReportedStatus::Final(status)) if self.is_repetition(status, shown) => {}
            Some(ReportedStatus::Final(_)) => return Err(Conflict::Ended(shown)),
            _ if first_result => {}
            _ => return Err(Conflict::Ended(shown)),
        }
        if first_result {
            self.data_late = !matches!(report.status, Some(ReportedStatus::Final(_)));
            self.data.clone_from(&report.result);
        }
        Ok(self)
    }

    fn accepts_final_status(&self) -> bool {
        let no_run = [Some(RunEnd::Refused), Some(RunEnd::NeverSent)];
        self.final_report().is_none() && !no_run.contains(&self.run_end())
    }

    fn is_repetition(&self, status: FinalStatus, shown: Status) -> bool {
        let first = self.final_report().map(|report| report.status);
        status.status() == shown || first == Some(status)
    }

    fn report_final(mut self, status: FinalStatus, report: &Report, now: DateTime<Utc>) -> Self {
        let first = FinalReport {
            status,
            message: report.message.clone(),
            previous: self.message.clone(),
        };
        self.data_late = false;
        self.state = match self.state {
            State::Ended { run, .. } => State::Ended {
                run,
                report: Some(first),
            },
            State::Accepted
            | State::Launching
            | State::Submitted
            | State::Running
            | State::Reported(_) => State::Reported(first),
        };
        self.started_at.get_or_insert(now);
        self.ended_at.get_or_insert(now);
        self.store_report(report)
    }

    fn store_report(mut self, report: &Report) -> Self {
        if report.message.is_some() {
            self.message.clone_from(&report.message);
        }
        self.progress_value = report.progress_value.unwrap_or(self.progress_value);
        self.end_value = report.end_value.unwrap_or(self.end_value);
        if report.result.is_some() {
            self.data.clone_from(&report.result);
        }
        self
    }
}
