//! Handles the events of runs that are due.

use std::cmp::Reverse;

use uuid::Uuid;

use super::late_ends::End;
use super::{Event, Job, REAPED_AFTER, Report, RunStore};
use crate::catalogue::{Kind, Pipeline};
use crate::clock::Millis;
use crate::run::{Priority, Status};
use crate::sdk;

/// How long the SDK takes to refuse a config.
const REFUSAL_TAKES: Millis = 100;

impl RunStore {
    pub fn plan_for(&mut self, id: Uuid, turn: u32, event: Event, at: Millis) {
        if let Some(&place) = self.index.get(&id)
            && self.runs[place].turn == turn
        {
            self.plan(place, event, at);
        }
    }

    /// The time until the next event is due; none if there is no event.
    pub fn time_to_next(&self, now: Millis) -> Option<Millis> {
        self.schedule
            .peek()
            .map(|Reverse(due)| (due.at - now).max(0))
    }

    /// Handles all events that are due, and returns the jobs to do.
    pub fn advance(&mut self, now: Millis) -> Vec<Job> {
        let mut jobs = Vec::new();
        while let Some(Reverse(due)) = self.schedule.peek() {
            if due.at > now {
                break;
            }
            let Some(Reverse(due)) = self.schedule.pop() else {
                break;
            };
            if self.runs[due.run].turn == due.turn {
                jobs.extend(self.handle(due.run, &due.event, now));
            }
        }
        jobs
    }

    fn handle(&mut self, place: usize, event: &Event, now: Millis) -> Option<Job> {
        let catalogue = self.catalogue.current();
        let pipeline = catalogue.pipeline(self.runs[place].pipeline)?;
        match event {
            Event::Begin => self.begin(place, pipeline, now),
            Event::Step => self.step(place, pipeline, now),
            Event::Finish => self.finish(place, pipeline, now),
            Event::Refuse => {
                self.process_ended(place, End::Refused, now);
                None
            }
            Event::End => {
                self.process_ended(place, End::Simulated, now);
                None
            }
            Event::ShowEnd(end) => {
                self.show_end(place, end, now);
                None
            }
            Event::Stopped => {
                self.end(place, Status::Stopped, now, |run| {
                    run.log(&sdk::start_log(pipeline, run.started.unwrap_or(now)));
                });
                None
            }
            Event::Reap => {
                self.end(place, Status::Stopped, now, |run| {
                    run.log("Stopped due to heartbeat timeout");
                });
                None
            }
            Event::TimeLimit => {
                self.end(place, Status::Failed, now, |run| {
                    run.log(&sdk::start_log(pipeline, run.started.unwrap_or(now)));
                    run.log(&format!("Time limit of {} s reached", run.timeout));
                });
                None
            }
            Event::Silence => {
                self.check_heartbeat(place, now);
                None
            }
        }
    }

    fn begin(&mut self, place: usize, pipeline: &Pipeline, now: Millis) -> Option<Job> {
        let id = self.runs[place].id;
        if pipeline.folder.is_some() {
            return Some(Job::Execute { run: id });
        }
        self.start(place, now);
        if self.config_error(place).is_some() {
            let takes = pipeline.behaviour.running_ms.min(REFUSAL_TAKES);
            self.plan(place, Event::Refuse, now + takes);
            return None;
        }
        let limit = self.runs[place].timeout * 1000;
        self.plan(place, Event::TimeLimit, now + limit);
        let next = (pipeline.behaviour.kind != Kind::Manual)
            .then(|| (Event::Step, now + step_takes(pipeline)));
        let report = Report::Running {
            progress: 0,
            message: "Started".to_owned(),
        };
        self.report_or_plan(place, pipeline, report, next)
    }

    fn step(&mut self, place: usize, pipeline: &Pipeline, now: Millis) -> Option<Job> {
        let steps = pipeline.behaviour.steps.max(0);
        let done = self.runs[place].steps_done + 1;
        let fails = pipeline.behaviour.kind == Kind::Fail;
        if done > steps || (fails && done == steps) {
            return self.finish(place, pipeline, now);
        }
        let message = format!("Step {done} of {steps}");
        let progress = i32::try_from(i64::from(done) * 100 / i64::from(steps)).unwrap_or(100);
        self.alter(place, |run| {
            run.steps_done = done;
            run.progress = progress;
            run.heartbeat = now;
            run.say(Priority::Info, message.clone(), now);
        });
        let next = if done == steps {
            (Event::Finish, now)
        } else {
            (Event::Step, now + step_takes(pipeline))
        };
        let report = Report::Running { progress, message };
        self.report_or_plan(place, pipeline, report, Some(next))
    }

    fn finish(&mut self, place: usize, pipeline: &Pipeline, now: Millis) -> Option<Job> {
        let report = if pipeline.behaviour.kind == Kind::Fail {
            Report::Error {
                message: failure(pipeline),
            }
        } else {
            Report::Success
        };
        self.report_or_plan(place, pipeline, report, Some((Event::End, now)))
    }

    /// Sends a report if the behaviour includes reports and the config contains a task id; else only schedules the next event.
    fn report_or_plan(
        &mut self,
        place: usize,
        pipeline: &Pipeline,
        report: Report,
        then: Option<(Event, Millis)>,
    ) -> Option<Job> {
        let run = &self.runs[place];
        if pipeline.behaviour.callback && run.config.contains_key("task_id") {
            return Some(Job::Report {
                run: run.id,
                turn: run.turn,
                report,
                then,
            });
        }
        if let Some((event, at)) = then {
            self.plan(place, event, at);
        }
        None
    }

    pub(super) fn refuse(&mut self, place: usize, pipeline: &Pipeline, now: Millis) {
        let sentence = self.config_error(place).unwrap_or_default();
        let error = "openhexa.sdk.pipelines.exceptions.ParameterValueError";
        self.end(place, Status::Failed, now, |run| {
            run.log(&sdk::start_log(pipeline, run.started.unwrap_or(now)));
            run.log(&sdk::traceback(error, &sentence));
        });
    }

    pub(super) fn end_as_planned(&mut self, place: usize, pipeline: &Pipeline, now: Millis) {
        let start_log = sdk::start_log(pipeline, self.runs[place].started.unwrap_or(now));
        if pipeline.behaviour.kind == Kind::Fail {
            let sentence = failure(pipeline);
            self.end(place, Status::Failed, now, |run| {
                run.say(Priority::Error, sentence.clone(), now);
                run.log(&start_log);
                run.log(&sdk::traceback("RuntimeError", &sentence));
            });
        } else {
            self.end(place, Status::Success, now, |run| {
                run.progress = 100;
                run.log(&start_log);
                run.log(&sdk::success_log(pipeline, now));
            });
        }
    }

    /// Ends the run of a real pipeline whose process sends no heartbeat.
    fn check_heartbeat(&mut self, place: usize, now: Millis) {
        let next = self.runs[place].heartbeat + REAPED_AFTER;
        if next > now {
            self.plan(place, Event::Silence, next);
        } else {
            self.end(place, Status::Failed, now, |run| {
                run.log("Killed due to heartbeat timeout");
            });
        }
    }

    fn config_error(&self, place: usize) -> Option<String> {
        let run = &self.runs[place];
        let catalogue = self.catalogue.current();
        let (_, version) = catalogue.version(run.version?)?;
        sdk::config_error(version, &run.config)
    }
}

pub(super) fn step_takes(pipeline: &Pipeline) -> Millis {
    let behaviour = &pipeline.behaviour;
    behaviour.running_ms.max(0) / Millis::from(behaviour.steps.max(1))
}

fn failure(pipeline: &Pipeline) -> String {
    let message = pipeline.behaviour.message.clone();
    message.unwrap_or_else(|| "The pipeline failed".to_owned())
}
