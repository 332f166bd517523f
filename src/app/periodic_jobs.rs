//! The list of periodic jobs.

use std::convert::Infallible;
use std::future::ready;
use std::time::Duration;

use metrics_exporter_prometheus::PrometheusHandle;

use crate::background::Job;
use crate::service::Bridge;
use crate::settings::Settings;
use crate::telemetry::UPKEEP;

/// Concurrent polling cycles: an OpenHEXA that does not respond delays only the cycle that waits for it.
const CONCURRENT_CYCLES: usize = 4;

/// How often merged progress of reports is written.
const FLUSH: Duration = Duration::from_secs(1);

/// Polls runs, sends launches and corrects Iaso's rows. Replicas share the work through leases. Tests run the cycles
/// themselves.
pub fn reconciler(settings: &Settings, bridge: &Bridge) -> Job {
    let runs = bridge.runs.clone();
    let wake = runs.reconciler.wake_signal();
    let run = move || {
        let runs = runs.clone();
        async move { runs.reconciler.run().await }
    };
    Job::new("reconcile", settings.reconcile.period.0, run)
        .wake(wake)
        .concurrency(CONCURRENT_CYCLES)
}

/// Publishes changes of tasks to the live streams of this replica.
pub fn stream_publisher(settings: &Settings, bridge: &Bridge) -> Job {
    let live = bridge.live.clone();
    let wake = live.wake_signal();
    let run = move || {
        let live = live.clone();
        async move { live.publish_changes().await }
    };
    Job::new("streams", settings.stream.poll.0, run).wake(wake)
}

/// Writes the merged progress that this replica has received.
pub fn report_writer(bridge: &Bridge) -> Job {
    let runs = bridge.runs.clone();
    Job::new("reports", FLUSH, move || {
        let runs = runs.clone();
        async move { runs.reports.flush().await }
    })
}

/// Moves recorded durations into their buckets, also if nothing reads `/metrics`.
pub fn metrics_upkeep(handle: PrometheusHandle) -> Job {
    Job::new("metrics", UPKEEP, move || {
        handle.run_upkeep();
        ready(Ok::<(), Infallible>(()))
    })
}
