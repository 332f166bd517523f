//! How a run lives: what happens when something planned for it is due.

use std::cmp::Reverse;
use std::sync::Arc;

use uuid::Uuid;

use super::{Errand, Event, REAPED_AFTER, Word, World};
use crate::catalogue::{Kind, Pipeline};
use crate::clock::Millis;
use crate::container;
use crate::run::{Priority, Status};

/// How long the SDK takes to refuse a config.
const REFUSAL_TAKES: Millis = 100;

impl World {
    pub fn plan_for(&mut self, id: Uuid, turn: u32, event: Event, at: Millis) {
        if let Some(&place) = self.index.get(&id)
            && self.runs[place].turn == turn
        {
            self.plan(place, event, at);
        }
    }

    /// How long nothing is due; none when nothing is planned.
    pub fn quiet_for(&self, now: Millis) -> Option<Millis> {
        self.agenda.peek().map(|Reverse(due)| (due.at - now).max(0))
    }

    /// Lets everything happen that is due, and gives the errands that follow.
    pub fn advance(&mut self, now: Millis) -> Vec<Errand> {
        let mut errands = Vec::new();
        while let Some(Reverse(due)) = self.agenda.peek() {
            if due.at > now {
                break;
            }
            let Some(Reverse(due)) = self.agenda.pop() else {
                break;
            };
            if self.runs[due.run].turn == due.turn {
                errands.extend(self.happen(due.run, &due.event, now));
            }
        }
        errands
    }

    fn happen(&mut self, place: usize, event: &Event, now: Millis) -> Option<Errand> {
        let catalogue = Arc::clone(&self.catalogue);
        let pipeline = catalogue.pipeline(self.runs[place].pipeline)?;
        match event {
            Event::Begin => self.begin(place, pipeline, now),
            Event::Step => self.step(place, pipeline, now),
            Event::Finish => self.finish(place, pipeline, now),
            Event::Refuse => {
                self.refuse(place, pipeline, now);
                None
            }
            Event::End => {
                self.end_as_told(place, pipeline, now);
                None
            }
            Event::Stopped => {
                self.end(place, Status::Stopped, now, |run| {
                    run.log(&container::opening(pipeline, run.started.unwrap_or(now)));
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
                    run.log(&container::opening(pipeline, run.started.unwrap_or(now)));
                    run.log(&format!("Time limit of {} s reached", run.timeout));
                });
                None
            }
            Event::Silence => {
                self.listen(place, now);
                None
            }
        }
    }

    fn begin(&mut self, place: usize, pipeline: &Pipeline, now: Millis) -> Option<Errand> {
        let id = self.runs[place].id;
        if pipeline.folder.is_some() {
            return Some(Errand::Execute { run: id });
        }
        self.start(place, now);
        if self.complaint(place).is_some() {
            let takes = pipeline.behaviour.running_ms.min(REFUSAL_TAKES);
            self.plan(place, Event::Refuse, now + takes);
            return None;
        }
        let limit = self.runs[place].timeout * 1000;
        self.plan(place, Event::TimeLimit, now + limit);
        let next = (pipeline.behaviour.kind != Kind::Manual)
            .then(|| (Event::Step, now + step_takes(pipeline)));
        let word = Word::Running {
            progress: 0,
            message: "Started".to_owned(),
        };
        self.report_or_plan(place, pipeline, word, next)
    }

    fn step(&mut self, place: usize, pipeline: &Pipeline, now: Millis) -> Option<Errand> {
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
        let word = Word::Running { progress, message };
        self.report_or_plan(place, pipeline, word, Some(next))
    }

    fn finish(&mut self, place: usize, pipeline: &Pipeline, now: Millis) -> Option<Errand> {
        let word = if pipeline.behaviour.kind == Kind::Fail {
            Word::Error {
                message: failure(pipeline),
            }
        } else {
            Word::Success
        };
        self.report_or_plan(place, pipeline, word, Some((Event::End, now)))
    }

    /// A run reports only when its behaviour says so and its config names a task.
    fn report_or_plan(
        &mut self,
        place: usize,
        pipeline: &Pipeline,
        word: Word,
        then: Option<(Event, Millis)>,
    ) -> Option<Errand> {
        let run = &self.runs[place];
        if pipeline.behaviour.callback && run.config.contains_key("task_id") {
            return Some(Errand::Report {
                run: run.id,
                turn: run.turn,
                word,
                then,
            });
        }
        if let Some((event, at)) = then {
            self.plan(place, event, at);
        }
        None
    }

    fn refuse(&mut self, place: usize, pipeline: &Pipeline, now: Millis) {
        let sentence = self.complaint(place).unwrap_or_default();
        let error = "openhexa.sdk.pipelines.exceptions.ParameterValueError";
        self.end(place, Status::Failed, now, |run| {
            run.log(&container::opening(pipeline, run.started.unwrap_or(now)));
            run.log(&container::traceback(error, &sentence));
        });
    }

    fn end_as_told(&mut self, place: usize, pipeline: &Pipeline, now: Millis) {
        let opening = container::opening(pipeline, self.runs[place].started.unwrap_or(now));
        if pipeline.behaviour.kind == Kind::Fail {
            let sentence = failure(pipeline);
            self.end(place, Status::Failed, now, |run| {
                run.say(Priority::Error, sentence.clone(), now);
                run.log(&opening);
                run.log(&container::traceback("RuntimeError", &sentence));
            });
        } else {
            self.end(place, Status::Success, now, |run| {
                run.progress = 100;
                run.log(&opening);
                run.log(&container::happy_end(pipeline, now));
            });
        }
    }

    /// Looks whether a real pipeline's process still gives signs of life.
    fn listen(&mut self, place: usize, now: Millis) {
        let next = self.runs[place].heartbeat + REAPED_AFTER;
        if next > now {
            self.plan(place, Event::Silence, next);
        } else {
            self.end(place, Status::Failed, now, |run| {
                run.log("Killed due to heartbeat timeout");
            });
        }
    }

    fn complaint(&self, place: usize) -> Option<String> {
        let run = &self.runs[place];
        let (_, version) = self.catalogue.version(run.version?)?;
        container::complaint(version, &run.config)
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
