//! What a task takes of its pipeline's reports: before its end, after it, and once it was asked to stop.

use chrono::{DateTime, Utc};

use super::observation::{Conflict, KeptProgress, Progress, Report, ReportedWord};
use super::task::{Said, State, Task};
use super::verdict::{RunEnd, Status, Word};

impl Task {
    pub(super) fn report(mut self, report: &Report, now: DateTime<Utc>) -> Result<Self, Conflict> {
        self.called_back |= !self.is_never_sent();
        self.show();
        if self.said().is_some() || self.run_end().is_some() {
            return self.report_after_end(report);
        }
        match report.word {
            Some(ReportedWord::End(word)) => Ok(self.say(word, report, now)),
            // What a pipeline has found is taken although it should stop; RUNNING and bare progress are told.
            None if report.result.is_some() => Ok(self.take(report)),
            _ if self.cancel_asked_at.is_some() => Err(Conflict::CancelAsked(self.status())),
            Some(ReportedWord::Running) => Ok(self.start(now).take(report)),
            Some(ReportedWord::Queued) | None => Ok(self.take(report)),
        }
    }

    /// What the task shows of its pipeline's progress.
    pub fn progress(&self) -> Progress {
        Progress {
            message: self.message.clone(),
            value: self.progress_value,
            end: self.end_value,
        }
    }

    /// Progress that was accepted before: shown, after the run's end too, unless a newer report was written meanwhile or
    /// the pipeline has reported its end.
    pub(super) fn take_kept(mut self, kept: &KeptProgress) -> Self {
        self.called_back |= !self.is_never_sent();
        self.show();
        if self.said().is_none() && self.progress() == kept.before {
            return self.take(&kept.report);
        }
        self
    }

    /// A report on a task whose end was reported or seen: the first word, the same word again, or a first result.
    fn report_after_end(mut self, report: &Report) -> Result<Self, Conflict> {
        let shown = self.status();
        let first_result = self.data.is_none() && report.result.is_some();
        match report.word {
            Some(ReportedWord::End(word)) if self.takes_word() => {
                let ended_at = self.ended_at.unwrap_or(self.updated_at);
                return Ok(self.say(word, report, ended_at));
            }
            Some(ReportedWord::End(word)) if self.repeats(word, shown) => {}
            Some(ReportedWord::End(_)) => return Err(Conflict::Ended(shown)),
            _ if first_result => {}
            _ => return Err(Conflict::Ended(shown)),
        }
        if first_result {
            self.data_late = !matches!(report.word, Some(ReportedWord::End(_)));
            self.data.clone_from(&report.result);
        }
        Ok(self)
    }

    fn takes_word(&self) -> bool {
        let no_run = [Some(RunEnd::Refused), Some(RunEnd::NeverSent)];
        self.said().is_none() && !no_run.contains(&self.run_end())
    }

    fn repeats(&self, word: Word, shown: Status) -> bool {
        word.status() == shown || self.said().is_some_and(|said| said.word == word)
    }

    fn say(mut self, word: Word, report: &Report, now: DateTime<Utc>) -> Self {
        let said = Said {
            word,
            message: report.message.clone(),
            previous: self.message.clone(),
        };
        self.data_late = false;
        self.state = match self.state {
            State::Ended { run, .. } => State::Ended {
                run,
                said: Some(said),
            },
            State::Accepted
            | State::Launching
            | State::Submitted
            | State::Running
            | State::Reported(_) => State::Reported(said),
        };
        self.started_at.get_or_insert(now);
        self.ended_at.get_or_insert(now);
        self.take(report)
    }

    fn take(mut self, report: &Report) -> Self {
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
