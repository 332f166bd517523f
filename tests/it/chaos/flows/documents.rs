//! The flows. Their documents are written from these tables, which the checks also use.

use crate::chaos::pipelines::Kind;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunIf {
    Success,
    NoFailure,
    Always,
}

#[derive(Clone, Copy, Debug)]
pub struct Step {
    pub id: &'static str,
    pub kind: Kind,
    pub after: &'static [&'static str],
    pub run_if: RunIf,
    pub allow_failure: bool,
    /// How often a failed attempt is repeated.
    pub times: usize,
    /// The value of its parameter.
    pub mark: Option<&'static str>,
}

#[derive(Clone, Copy, Debug)]
pub struct Flow {
    pub slug: &'static str,
    /// In UTC.
    cron: Option<&'static str>,
    pub steps: &'static [Step],
}

const fn step(id: &'static str, kind: Kind, after: &'static [&'static str]) -> Step {
    Step {
        id,
        kind,
        after,
        run_if: RunIf::Success,
        allow_failure: false,
        times: 0,
        mark: None,
    }
}

/// Fires each minute. Two parallel branches, of which one is repeated and fails, meet again.
pub const BRANCHES: Flow = Flow {
    slug: "branches",
    cron: Some("* * * * *"),
    steps: &[
        Step {
            mark: Some("inputs.mark"),
            ..step("read", Kind::Well, &[])
        },
        step("slow", Kind::Slow, &[]),
        Step {
            allow_failure: true,
            times: 2,
            ..step("fails", Kind::Badly, &[])
        },
        Step {
            mark: Some("steps.read.result.rows"),
            ..step("join", Kind::Well, &["read", "slow"])
        },
        Step {
            run_if: RunIf::NoFailure,
            ..step("skipped", Kind::Well, &["join", "fails"])
        },
        Step {
            run_if: RunIf::Always,
            mark: Some("inputs.mark"),
            ..step("last", Kind::Unnamed, &["join", "fails"])
        },
    ],
};

/// Its first step reports a success, and then fails: the second one must not start.
pub const REVERTED: Flow = Flow {
    slug: "reverted",
    cron: None,
    steps: &[
        Step {
            allow_failure: true,
            mark: Some("inputs.mark"),
            ..step("reverted", Kind::Turns, &[])
        },
        step("not_started", Kind::Well, &["reverted"]),
        Step {
            run_if: RunIf::Always,
            ..step("last", Kind::Late, &["not_started"])
        },
    ],
};

/// For the backfill: each day at one o'clock.
pub const PAST: Flow = Flow {
    slug: "past",
    cron: Some("0 1 * * *"),
    steps: &[
        step("read", Kind::Well, &[]),
        Step {
            times: 1,
            allow_failure: true,
            ..step("silent", Kind::Silent, &["read"])
        },
        Step {
            run_if: RunIf::Always,
            ..step("last", Kind::Bare, &["silent"])
        },
    ],
};

pub const ALL: [Flow; 3] = [BRANCHES, REVERTED, PAST];

impl Flow {
    pub fn of(slug: &str) -> Self {
        let mut all = ALL.into_iter();
        all.find(|flow| flow.slug == slug).expect("a known flow")
    }

    pub fn document(&self) -> String {
        let schedules = self.cron.map(|cron| {
            format!(
                "schedules: [{{id: own, cron: '{cron}', timezone: UTC, overlap: parallel, catch_up: all}}]\n"
            )
        });
        let steps: String = self.steps.iter().map(Step::line).collect();
        format!(
            "id: {}\ninputs: {{mark: {{type: int, default: -1}}}}\n{}steps:\n{steps}",
            self.slug,
            schedules.unwrap_or_default()
        )
    }
}

impl Step {
    fn line(&self) -> String {
        let run_if = match self.run_if {
            RunIf::Success => "success",
            RunIf::NoFailure => "no_failure",
            RunIf::Always => "always",
        };
        let (id, pipeline, may_fail) = (self.id, self.kind.number(), self.allow_failure);
        let mut parts = vec![
            format!("id: {id}, pipeline: pipeline-{pipeline}"),
            format!("run_if: {run_if}, allow_failure: {may_fail}"),
        ];
        if !self.after.is_empty() {
            parts.push(format!("after: [{}]", self.after.join(", ")));
        }
        if self.times > 0 {
            parts.push(format!("retry: {{times: {}, wait: 1s}}", self.times));
        }
        if let Some(from) = self.mark {
            let kind = if from.starts_with("steps.") {
                ", type: int"
            } else {
                ""
            };
            parts.push(format!("parameters: {{mark: {{from: {from}{kind}}}}}"));
        }
        format!("  - {{{}}}\n", parts.join(", "))
    }
}
