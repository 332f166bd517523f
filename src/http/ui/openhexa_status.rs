//! The status of OpenHEXA and of polling, as badge and text, on the monitoring page.

use chrono::{DateTime, TimeDelta, Utc};

use super::badge::Badge;
use super::error_page::advice_for;
use super::layout::{Layout, duration};
use super::number_format::count;
use crate::domain::message::Message;
use crate::service::monitoring::{Polling, UpstreamReport, UpstreamState, UpstreamStatus};

/// The usual delay between two polling cycles.
const IN_TIME: TimeDelta = TimeDelta::seconds(30);

/// The result of the last request to OpenHEXA.
pub struct OpenHexaStatus {
    pub badge: Badge,
    pub sentences: Vec<String>,
    /// Whether to show a link to the settings.
    pub to_settings: bool,
    pub last_request: Option<LastRequest>,
}

pub struct LastRequest {
    /// Since when it fails.
    pub since: Option<DateTime<Utc>>,
    /// The key of the label of `at`.
    pub at_word: &'static str,
    pub at: DateTime<Utc>,
    pub until: Option<DateTime<Utc>>,
}

/// Whether running tasks are polled on time.
pub struct PollingStatus {
    pub badge: Badge,
    pub sentences: Vec<String>,
    /// Number of running tasks by state.
    pub waiting: Vec<(String, String)>,
}

pub fn openhexa_status(layout: &Layout, report: &UpstreamReport) -> OpenHexaStatus {
    match report {
        UpstreamReport::NotConfigured(why) => not_configured(layout, why),
        UpstreamReport::NoRequest => OpenHexaStatus {
            badge: Badge::new("waiting", layout.say("monitoring-not-asked")),
            sentences: vec![layout.say("monitoring-not-asked-yet")],
            to_settings: false,
            last_request: None,
        },
        UpstreamReport::Known {
            state,
            paused_until,
        } => known_status(layout, state, *paused_until),
    }
}

/// The same message and advice as pages that need OpenHEXA.
fn not_configured(layout: &Layout, why: &Message) -> OpenHexaStatus {
    let (advice, to_settings) = advice_for(layout, why);
    OpenHexaStatus {
        badge: Badge::new("late", layout.say("monitoring-not-configured")),
        sentences: vec![
            layout.word(why),
            layout.say("monitoring-not-followed"),
            layout.say(advice),
        ],
        to_settings,
        last_request: None,
    }
}

fn known_status(
    layout: &Layout,
    state: &UpstreamState,
    paused_until: Option<DateTime<Utc>>,
) -> OpenHexaStatus {
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
    OpenHexaStatus {
        badge: Badge::new(kind, layout.say(word)),
        sentences: vec![layout.say(sentence)],
        to_settings: false,
        last_request: Some(LastRequest {
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

pub fn polling_status(layout: &Layout, polling: &Polling) -> PollingStatus {
    let is_late = polling.behind >= IN_TIME;
    let mut sentences = vec![if is_late {
        layout.with("monitoring-behind", "span", duration(polling.behind))
    } else if polling.states.is_empty() {
        layout.say("monitoring-nothing-live")
    } else {
        layout.say("monitoring-in-time")
    }];
    sentences.extend(polling.oldest_unsent.map(|waited| {
        let waited = duration(waited);
        layout.with("monitoring-oldest-unsent", "span", waited)
    }));
    if polling.unsure > 0 {
        let unsure = usize::try_from(polling.unsure).unwrap_or(usize::MAX);
        sentences.push(layout.count("monitoring-unsure", &unsure));
    }
    let (kind, word) = if is_late {
        ("late", "monitoring-late")
    } else {
        ("good", "monitoring-punctual")
    };
    PollingStatus {
        badge: Badge::new(kind, layout.say(word)),
        sentences,
        waiting: waiting(layout, polling),
    }
}

/// Number of running tasks by state, in the order of the states.
fn waiting(layout: &Layout, polling: &Polling) -> Vec<(String, String)> {
    let named = [
        ("accepted", "monitoring-accepted"),
        ("launching", "monitoring-launching"),
        ("submitted", "monitoring-submitted"),
        ("running", "monitoring-running"),
        ("reported", "monitoring-reported"),
    ];
    let known = |(state, key): (&str, &'static str)| {
        let (_, number) = polling.states.iter().find(|(own, _)| own == state)?;
        Some((layout.say(key), count(layout.language, *number)))
    };
    named.into_iter().filter_map(known).collect()
}
