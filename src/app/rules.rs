//! Converts the settings into the values with which `app.rs` creates the services and clients.
//!
//! The settings are not deserialised into these structs directly, because the services must not depend on the settings,
//! nor the settings on the services (`tests/it/architecture.rs`).

use crate::openhexa::{Pauses, RequestLimits};
use crate::service::catalog::CacheLimits;
use crate::service::configuration::AddressRules;
use crate::service::launching::LaunchTimes;
use crate::service::live::StreamLimits;
use crate::service::runs::{PollTimes, ReportLimits, Rules};
use crate::settings::Settings;

/// The rules of runs, from several sections. Polls leave two request slots free for launches.
pub fn rules(settings: &Settings) -> Rules {
    let (launch, reconcile) = (&settings.launch, &settings.reconcile);
    Rules {
        give_up_after: launch.give_up_after.delta(),
        clock_skew: launch.clock_skew.delta(),
        grace: launch.grace.delta(),
        polls: PollTimes {
            early: reconcile.early.delta(),
            early_for: reconcile.early_for.delta(),
            unsure: reconcile.unsure.delta(),
            usual: reconcile.usual.delta(),
            late: reconcile.late.delta(),
            late_after: reconcile.late_after.delta(),
            overdue: reconcile.overdue.delta(),
        },
        reports: ReportLimits {
            per_second: settings.limits.reports_per_second,
            burst: settings.limits.reports_burst,
            most_events: settings.limits.task_events.into(),
            most_bytes: settings.limits.task_bytes.into(),
        },
        lease: reconcile.lease.delta(),
        cycle_limit: usize::try_from(reconcile.cycle_limit).unwrap_or(usize::MAX),
        concurrent_polls: settings.openhexa.concurrency.saturating_sub(2).max(1),
        runs_per_request: usize::try_from(reconcile.runs_per_request).unwrap_or(1),
        pauses: Pauses {
            first: reconcile.pause.delta(),
            longest: reconcile.longest_pause.delta(),
        },
        absent_polls: reconcile.absent_polls,
        stop_again: reconcile.stop_again.delta(),
        deadline_grace: reconcile.deadline_grace.delta(),
        hidden_for: reconcile.hidden_for.delta(),
        queue_allowance: settings.callback.queue_allowance.delta(),
    }
}

/// The part of `[launch]` that launching uses; the rest is in [`rules`] and [`cache_limits`].
pub fn launch_times(settings: &Settings) -> LaunchTimes {
    LaunchTimes {
        answer_within: settings.launch.answer_within.0,
        idempotency_kept: settings.launch.idempotency_kept.delta(),
    }
}

/// `[openhexa]`, with its list of hosts parsed. An empty proxy means none.
pub fn openhexa_limits(settings: &Settings) -> RequestLimits {
    let openhexa = &settings.openhexa;
    RequestLimits {
        connect_timeout: openhexa.connect_timeout.0,
        request_timeout: openhexa.request_timeout.0,
        idle_timeout: openhexa.idle_timeout.0,
        slot_timeout: openhexa.slot_timeout.0,
        concurrency: openhexa.concurrency,
        answer_bytes: openhexa.answer_limit,
        page_items: openhexa.page_items,
        recent_page_items: openhexa.recent_page_items,
        list_pages: openhexa.list_pages,
        allow_private: openhexa.allow_private,
        allowed_hosts: openhexa.hosts(),
        proxy: Some(openhexa.proxy.clone()).filter(|proxy| !proxy.is_empty()),
    }
}

/// From `[cache]` and `[launch]`.
pub fn cache_limits(settings: &Settings) -> CacheLimits {
    CacheLimits {
        fresh_for: settings.cache.fresh_for.delta(),
        max_entries: settings.cache.most,
        definition_max_age: settings.launch.definition_max_age.delta(),
    }
}

/// The part of `[openhexa]` with which a configuration is validated, with its list of hosts parsed.
pub fn address_rules(settings: &Settings) -> AddressRules {
    AddressRules {
        allow_private: settings.openhexa.allow_private,
        hosts: settings.openhexa.hosts(),
    }
}

/// `[stream]` without `stream.poll`, which `periodic_jobs.rs` uses.
pub fn stream_limits(settings: &Settings) -> StreamLimits {
    StreamLimits {
        comment_interval: settings.stream.comment_every.0,
        max_streams: settings.stream.most,
        max_per_account: settings.stream.most_per_account,
        max_per_caller: settings.stream.most_per_caller,
        max_bytes: settings.stream.memory,
    }
}
