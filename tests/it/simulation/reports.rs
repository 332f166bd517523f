//! The reports of running pipelines: dropped, duplicated, delayed, reordered.

use openhexa_bridge::domain::ids::{PipelineId, TaskId};
use openhexa_bridge::domain::observation::{Report, ReportedStatus};
use openhexa_bridge::domain::task::FinalStatus;
use serde_json::{Value, json};

use super::catalogue::{SORTS, place_and_sort};
use super::run_life::{End, MINUTE, SECOND};
use super::world::World;

/// A report that was sent to a bridge and has not arrived.
#[derive(Clone, Debug)]
pub struct PendingReport {
    pub run: usize,
    pub number: usize,
    pub task: TaskId,
    pub pipeline: PipelineId,
    /// A token for this task, if the pipeline declares it.
    pub token: Option<String>,
    pub sent: i64,
    pub report: Report,
}

impl World {
    /// Plans the reports of a new run's pipeline. It can only report on the task in its config.
    pub fn post(&mut self, run: usize) {
        let made = &self.runs[run];
        let (pipeline, sort) = (made.pipeline, SORTS[place_and_sort(made.pipeline).1]);
        let named = made.config.get("task_id").and_then(task_named);
        let (Some(task), true) = (named, sort.names_task()) else {
            return;
        };
        let token = made.config.get("connection_token").and_then(Value::as_str);
        let token = token.map(str::to_owned);
        let life = made.life.clone();
        let reports = self.script(run as u64, life.end);
        let last = i64::try_from(reports.len()).unwrap().max(2) - 1;
        for ((number, report), place) in reports.into_iter().enumerate().zip(0_i64..) {
            let sent = life.starts + (life.ends - life.starts) * place / last;
            let sent_report = PendingReport {
                run,
                number,
                task,
                pipeline,
                token: token.clone(),
                sent,
                report,
            };
            self.send(&sent_report);
        }
    }

    fn send(&mut self, sent_report: &PendingReport) {
        let whom = sent_report.run as u64 * 16 + sent_report.number as u64;
        self.counts.add("reports sent");
        if self.random.chance("dropped", whom, self.rates.dropped) {
            self.counts.add("reports dropped");
            return;
        }
        let twice = self.random.chance("doubled", whom, self.rates.doubled);
        if twice {
            self.counts.add("reports doubled");
        }
        for _ in 0..=u8::from(twice) {
            let late = self.random.chance("delayed", whom, self.rates.delayed);
            let way = if late { 40 * MINUTE } else { 2 * SECOND };
            let arrives = sent_report.sent + self.random.span("on its way", whom, way);
            self.report_count += 1;
            self.pending_reports
                .insert((arrives, self.report_count), sent_report.clone());
        }
    }

    /// The reports in their order: they may be wrong or repeated.
    fn script(&mut self, run: u64, end: End) -> Vec<Report> {
        let mut said = Vec::new();
        if !self.random.chance("never says RUNNING", run, 150) {
            said.push(word(ReportedStatus::Running));
        }
        for step in 0..self.random.below("steps", run, 3) {
            let value = i32::try_from(step).unwrap() + 1;
            said.push(Report {
                message: Some(format!("step {value}")),
                progress_value: Some(value),
                end_value: Some(4),
                ..Report::default()
            });
        }
        if self.random.chance("early result", run, 200) {
            said.push(Report {
                result: Some(json!({"early": run})),
                ..Report::default()
            });
        }
        let honest = match end {
            End::Success => FinalStatus::Success,
            End::Failed => FinalStatus::Error,
            End::Stopped | End::Skipped => FinalStatus::Cancelled,
        };
        let other = [
            honest,
            honest,
            honest,
            FinalStatus::Success,
            FinalStatus::Error,
            FinalStatus::Cancelled,
        ];
        let told = self.random.pick("word", run, &other);
        match self.random.below("manner of ending", run, 10) {
            0 | 1 => {}
            2 => said.push(word(ReportedStatus::Final(told))),
            3 => {
                said.push(word(ReportedStatus::Final(told)));
                let result = Some(json!({"late": run}));
                said.push(Report {
                    result,
                    ..Report::default()
                });
            }
            // The pipeline reports two different final statuses: the first one counts.
            4 => {
                said.push(word(ReportedStatus::Final(told)));
                said.push(word(ReportedStatus::Final(honest)));
            }
            _ => said.push(Report {
                message: Some("done".to_owned()),
                result: Some(json!({"rows": run})),
                ..word(ReportedStatus::Final(told))
            }),
        }
        said
    }
}

fn word(word: ReportedStatus) -> Report {
    Report {
        status: Some(word),
        ..Report::default()
    }
}

fn task_named(value: &Value) -> Option<TaskId> {
    let number = value.as_i64();
    let number = number.or_else(|| value.as_str()?.trim().parse().ok());
    number.map(TaskId)
}
