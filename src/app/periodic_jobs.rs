//! The list of periodic jobs. `app.rs` starts them, and stops them with the bridge.

use std::convert::Infallible;
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use metrics_exporter_prometheus::PrometheusHandle;

use crate::background::Job;
use crate::service::Bridge;
use crate::service::flows::Flows;
use crate::service::live::Live;
use crate::service::notifications::{Notifications, Sender};
use crate::service::runs::Runs;
use crate::settings::Settings;
use crate::telemetry::UPKEEP;

/// Concurrent cycles of jobs that send requests: an OpenHEXA that does not respond delays only the cycle that waits for it.
const CONCURRENT_CYCLES: usize = 4;

/// How often the schedules are read that are due.
const FIRE_EVERY: Duration = Duration::from_millis(500);

/// How often the runs of flows are read that are due, such as those of which a step has just ended.
const ADVANCE_EVERY: Duration = Duration::from_millis(200);

/// How often the triggers are read whose files are to be listed.
const LIST_EVERY: Duration = Duration::from_secs(1);

/// How often backfills are continued, besides at the end of each run.
const BACKFILL_EVERY: Duration = Duration::from_secs(5);

/// How often the runs and ticks are checked that may be slow or late.
const CHECK_EVERY: Duration = Duration::from_secs(1);

/// How often the messages to channels are read that are due, besides after each message.
const DELIVER_EVERY: Duration = Duration::from_secs(1);

/// How many channels get messages concurrently.
const CONCURRENT_CHANNELS: usize = 8;

/// How often old deliveries are deleted.
const CLEAN_EVERY: Duration = Duration::from_mins(1);

/// How often merged progress of reports is written.
const FLUSH: Duration = Duration::from_secs(1);

/// All jobs that stop when the bridge begins to stop. `reconciles` is false in tests that run the polling cycles themselves.
pub fn all(
    settings: &Settings,
    bridge: &Bridge,
    metrics: Option<PrometheusHandle>,
    reconciles: bool,
) -> Vec<Job> {
    let mut jobs = vec![stream_publisher(settings, bridge)];
    jobs.extend(metrics.map(metrics_upkeep));
    if reconciles {
        jobs.push(reconciler(settings, bridge));
        jobs.extend(flow_jobs(bridge));
        jobs.extend(delivery_jobs(&bridge.notifications));
    }
    jobs
}

/// Polls runs, sends launches and corrects Iaso's rows. Replicas share the work through leases. Tests run the cycles
/// themselves.
fn reconciler(settings: &Settings, bridge: &Bridge) -> Job {
    let period = settings.reconcile.period.0;
    let run = |runs: Arc<Runs>| async move { runs.reconciler.run().await };
    Job::new("reconcile", period, bridge.runs.clone(), run)
        .wake(bridge.runs.reconciler.wake_signal())
        .concurrency(CONCURRENT_CYCLES)
}

/// Fires schedules, advances runs of flows, continues backfills and raises alerts.
fn flow_jobs(bridge: &Bridge) -> [Job; 5] {
    let flows = || bridge.flows.clone();
    let fire = |flows: Arc<Flows>| async move { flows.runner.fire_due().await };
    let advance = |flows: Arc<Flows>| async move { flows.runner.advance_due().await };
    let list = |flows: Arc<Flows>| async move { flows.files.list_files().await };
    let check = |flows: Arc<Flows>| async move { flows.runner.check_alerts().await };
    let backfill = |flows: Arc<Flows>| async move { flows.runner.run_backfills().await };
    [
        Job::new("schedules", FIRE_EVERY, flows(), fire),
        Job::new("flow runs", ADVANCE_EVERY, flows(), advance)
            .wake(bridge.flows.wake_signal())
            .concurrency(CONCURRENT_CYCLES),
        Job::new("backfills", BACKFILL_EVERY, flows(), backfill),
        Job::new("alerts", CHECK_EVERY, flows(), check),
        Job::new("files", LIST_EVERY, flows(), list).concurrency(CONCURRENT_CYCLES),
    ]
}

/// Sends messages to channels, each run to one channel, and deletes old ones from the delivery log.
fn delivery_jobs(notifications: &Notifications) -> [Job; 2] {
    let sender = || notifications.sender.clone();
    let send = |sender: Arc<Sender>| async move { sender.send_due().await };
    let clean = |sender: Arc<Sender>| async move { sender.delete_old().await };
    [
        Job::new("deliveries", DELIVER_EVERY, sender(), send)
            .wake(notifications.wake_signal())
            .concurrency(CONCURRENT_CHANNELS),
        Job::new("old deliveries", CLEAN_EVERY, sender(), clean),
    ]
}

/// Publishes changes of tasks to the live streams of this replica.
fn stream_publisher(settings: &Settings, bridge: &Bridge) -> Job {
    let period = settings.stream.poll.0;
    let run = |live: Arc<Live>| async move { live.publish_changes().await };
    Job::new("streams", period, bridge.live.clone(), run).wake(bridge.live.wake_signal())
}

/// Writes the merged progress that this replica has received. It is not one of [`all`], because it stops later: the last
/// requests can still bring progress.
pub fn report_writer(bridge: &Bridge) -> Job {
    let run = |runs: Arc<Runs>| async move { runs.reports.flush().await };
    Job::new("reports", FLUSH, bridge.runs.clone(), run)
}

/// Moves recorded durations into their buckets, also if nothing reads `/metrics`.
fn metrics_upkeep(handle: PrometheusHandle) -> Job {
    Job::new("metrics", UPKEEP, handle, |handle| {
        handle.run_upkeep();
        ready(Ok::<(), Infallible>(()))
    })
}
