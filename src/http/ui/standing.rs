//! Whether OpenHEXA answers, and whether the bridge looks at everything in time: each as a badge and what it means.

use chrono::{DateTime, TimeDelta, Utc};

use super::badge::Badge;
use super::numbers::count;
use super::shell::{Shell, span};
use crate::service::monitoring::{Looks, Standing, Upstanding};

/// As far behind as looks are anyway, between two passes.
const IN_TIME: TimeDelta = TimeDelta::seconds(30);

/// How something is: a badge, a sentence, and since when.
pub struct State {
    pub badge: Badge,
    pub sentences: Vec<String>,
    pub since: Option<DateTime<Utc>>,
    /// What the moment behind `at` is.
    pub at_word: &'static str,
    pub at: Option<DateTime<Utc>>,
    pub until: Option<DateTime<Utc>>,
}

pub fn openhexa(shell: &Shell, upstanding: Upstanding) -> State {
    let Some(health) = upstanding.health else {
        return State {
            badge: Badge::new("waiting", shell.say("monitoring-not-asked")),
            sentences: vec![shell.say("monitoring-not-asked-yet")],
            since: None,
            at_word: "monitoring-last-answer",
            at: None,
            until: None,
        };
    };
    let (kind, word, sentence) = match health.standing {
        Standing::Answers => ("good", "monitoring-answers", "monitoring-answers-well"),
        Standing::Away => ("bad", "monitoring-away", "advice-upstream"),
        Standing::RefusesToken => ("bad", "monitoring-refuses", "advice-configuration"),
        Standing::Strange => ("bad", "monitoring-strange", "advice-configuration"),
        Standing::Fails => ("bad", "monitoring-fails", "advice-upstream"),
    };
    let is_well = health.standing == Standing::Answers;
    State {
        badge: Badge::new(kind, shell.say(word)),
        sentences: vec![shell.say(sentence)],
        since: (!is_well).then_some(health.since),
        at_word: if is_well {
            "monitoring-last-answer"
        } else {
            "monitoring-last-try"
        },
        at: Some(health.at),
        until: upstanding.paused_until.filter(|_| !is_well),
    }
}

pub fn looks(shell: &Shell, looks: &Looks) -> State {
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
    State {
        badge: Badge::new(kind, shell.say(word)),
        sentences,
        since: None,
        at_word: "monitoring-last-answer",
        at: None,
        until: None,
    }
}

/// Live tasks by state, in the order in which they are gone through.
pub fn waiting(shell: &Shell, looks: &Looks) -> Vec<(String, String)> {
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
