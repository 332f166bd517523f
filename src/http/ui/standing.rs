//! Whether OpenHEXA answers, and whether the bridge looks at everything in time: each as a badge and what it means.

use chrono::{DateTime, TimeDelta, Utc};

use super::badge::Badge;
use super::numbers::count;
use super::problem::advice_for;
use super::shell::{Shell, span};
use crate::domain::sentence::Sentence;
use crate::service::monitoring::{Polling, UpstreamReport, UpstreamState, UpstreamStatus};

/// As far behind as looks are anyway, between two passes.
const IN_TIME: TimeDelta = TimeDelta::seconds(30);

/// How OpenHEXA answers.
pub struct Answering {
    pub badge: Badge,
    pub sentences: Vec<String>,
    /// Whether the reader can put it right in the settings.
    pub to_settings: bool,
    pub asked: Option<Asked>,
}

pub struct Asked {
    /// Where it is not well.
    pub since: Option<DateTime<Utc>>,
    /// What the moment behind `at` is.
    pub at_word: &'static str,
    pub at: DateTime<Utc>,
    pub until: Option<DateTime<Utc>>,
}

/// How the bridge looks at what is under way.
pub struct Following {
    pub badge: Badge,
    pub sentences: Vec<String>,
    /// Live tasks by state.
    pub waiting: Vec<(String, String)>,
}

pub fn openhexa(shell: &Shell, report: &UpstreamReport) -> Answering {
    match report {
        UpstreamReport::NotConfigured(why) => not_configured(shell, why),
        UpstreamReport::NoRequest => Answering {
            badge: Badge::new("waiting", shell.say("monitoring-not-asked")),
            sentences: vec![shell.say("monitoring-not-asked-yet")],
            to_settings: false,
            asked: None,
        },
        UpstreamReport::Known {
            state,
            paused_until,
        } => asked(shell, *state, *paused_until),
    }
}

/// The words of the pages that need an OpenHEXA.
fn not_configured(shell: &Shell, why: &Sentence) -> Answering {
    let (advice, to_settings) = advice_for(shell, why);
    Answering {
        badge: Badge::new("late", shell.say("monitoring-not-configured")),
        sentences: vec![
            shell.word(why),
            shell.say("monitoring-not-followed"),
            shell.say(advice),
        ],
        to_settings,
        asked: None,
    }
}

fn asked(shell: &Shell, state: UpstreamState, paused_until: Option<DateTime<Utc>>) -> Answering {
    let (kind, word, sentence) = match state.status {
        UpstreamStatus::Available => ("good", "monitoring-answers", "monitoring-answers-well"),
        UpstreamStatus::Unavailable => ("bad", "monitoring-away", "advice-upstream"),
        UpstreamStatus::TokenRefused => ("bad", "monitoring-refuses", "advice-configuration"),
        UpstreamStatus::AccessDenied => ("bad", "monitoring-denies", "monitoring-denies-how"),
        UpstreamStatus::UnexpectedResponse => ("bad", "monitoring-strange", "advice-configuration"),
        UpstreamStatus::Throttled => ("late", "monitoring-throttles", "advice-throttled"),
        UpstreamStatus::CertificateUntrusted => ("bad", "monitoring-untrusted", "advice-untrusted"),
        UpstreamStatus::Failing => ("bad", "monitoring-fails", "advice-upstream"),
    };
    let is_well = state.status == UpstreamStatus::Available;
    Answering {
        badge: Badge::new(kind, shell.say(word)),
        sentences: vec![shell.say(sentence)],
        to_settings: false,
        asked: Some(Asked {
            since: (!is_well).then_some(state.since),
            at_word: if is_well {
                "monitoring-last-answer"
            } else {
                "monitoring-last-try"
            },
            at: state.at,
            until: paused_until.filter(|_| !is_well),
        }),
    }
}

pub fn looks(shell: &Shell, looks: &Polling) -> Following {
    let is_late = looks.behind >= IN_TIME;
    let mut sentences = vec![if is_late {
        shell.with("monitoring-behind", "span", lasted(looks.behind))
    } else if looks.states.is_empty() {
        shell.say("monitoring-nothing-live")
    } else {
        shell.say("monitoring-in-time")
    }];
    sentences.extend(looks.oldest_unsent.map(|waited| {
        let waited = lasted(waited);
        shell.with("monitoring-oldest-unsent", "span", waited)
    }));
    if looks.unsure > 0 {
        let unsure = usize::try_from(looks.unsure).unwrap_or(usize::MAX);
        sentences.push(shell.count("monitoring-unsure", &unsure));
    }
    let (kind, word) = if is_late {
        ("late", "monitoring-late")
    } else {
        ("good", "monitoring-punctual")
    };
    Following {
        badge: Badge::new(kind, shell.say(word)),
        sentences,
        waiting: waiting(shell, looks),
    }
}

/// Live tasks by state, in the order in which they are gone through.
fn waiting(shell: &Shell, looks: &Polling) -> Vec<(String, String)> {
    let named = [
        ("accepted", "monitoring-accepted"),
        ("launching", "monitoring-launching"),
        ("submitted", "monitoring-submitted"),
        ("running", "monitoring-running"),
        ("reported", "monitoring-reported"),
    ];
    let known = |(state, key): (&str, &'static str)| {
        let (_, number) = looks.states.iter().find(|(own, _)| own == state)?;
        Some((shell.say(key), count(shell.language, *number)))
    };
    named.into_iter().filter_map(known).collect()
}

pub fn lasted(time: TimeDelta) -> String {
    if time < TimeDelta::seconds(1) {
        return "< 1 s".to_owned();
    }
    span(time.num_seconds())
}
