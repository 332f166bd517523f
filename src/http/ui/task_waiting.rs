//! Why a launch has no run yet: it could not be sent to OpenHEXA, or OpenHEXA did not respond to it. The page says so and
//! until when the bridge retries: users must not launch it again.

use chrono::{DateTime, Utc};

use super::layout::Layout;
use crate::domain::event::{Event, EventKind};
use crate::domain::task::Task;
use crate::service::monitoring::{UpstreamReport, UpstreamStatus};
use crate::service::{Bridge, Error};

pub struct Waiting {
    pub sentence: String,
    /// Until when the launch request is retried.
    pub until: Option<DateTime<Utc>>,
}

/// None unless the task waits for its run to be created.
pub async fn waiting(
    bridge: &Bridge,
    layout: &Layout,
    task: &Task,
    events: &[Event],
) -> Result<Option<Waiting>, Error> {
    if task.is_searched_for() {
        return Ok(Some(Waiting {
            sentence: layout.say("task-searched-for"),
            until: None,
        }));
    }
    let Some(until) = bridge.runs.retried_until(task) else {
        return Ok(None);
    };
    let attempts = [EventKind::LaunchWaits, EventKind::LaunchNotSent];
    let last = events.iter().rfind(|event| attempts.contains(&event.kind));
    let sentence = match last {
        Some(event) if event.kind == EventKind::LaunchWaits => layout.say("task-waits-for-other"),
        Some(_) | None => {
            let why = match last.and_then(|event| event.data.note()) {
                Some(note) => Some(layout.language.note(&note)),
                None => {
                    unavailable_reason(layout, &bridge.monitoring.upstream(task.account).await?)
                }
            };
            match why {
                Some(why) => layout.with("task-not-sent-why", "why", why),
                None => layout.say("task-not-sent"),
            }
        }
    };
    Ok(Some(Waiting {
        sentence,
        until: Some(until),
    }))
}

/// Why OpenHEXA cannot be used. None if its last response was good, or there was none.
fn unavailable_reason(layout: &Layout, report: &UpstreamReport) -> Option<String> {
    let UpstreamReport::Known { state, .. } = report else {
        return None;
    };
    let key = match state.status {
        UpstreamStatus::Available => return None,
        UpstreamStatus::Unavailable => "task-openhexa-away",
        UpstreamStatus::TokenRefused => "cause-token-refused",
        UpstreamStatus::AccessDenied => "cause-access-denied",
        UpstreamStatus::UnexpectedResponse => "cause-unreadable",
        UpstreamStatus::Throttled => "cause-throttled",
        UpstreamStatus::CertificateUntrusted => "monitoring-untrusted",
        UpstreamStatus::Failing => "cause-failed",
    };
    Some(layout.say(key))
}
