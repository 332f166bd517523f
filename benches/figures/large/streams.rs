//! 1,000 open streams: what they cost while they are idle, and while 50 tasks report and every stream gets each report.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::task::LocalSet;
use tokio::time::{sleep, sleep_until};

use super::listen::{Listener, seconds};
use super::{Place, Sorted, core};
use crate::Line;
use crate::process::memory;
use crate::site;

const TASKS: usize = 50;
/// How long the streams are idle: two comments are sent on each.
const IDLE: Duration = Duration::from_secs(30);
const BUSY: Duration = Duration::from_secs(20);
/// How often each task reports.
const PACES: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(1)];

pub const HEAD: &str = "| open streams | database | | events sent, per second | bridge CPU | database CPU | bridge memory | report to event: p50 / p99 / max |\n\
     |---|---|---|---|---|---|---|---|\n";

pub async fn measured(line: &Line, base: &'static str) -> Vec<String> {
    let place = Place::set(line, base, 1, |settings| {
        let mut settings = site::without_polling(settings);
        // All streams belong to one account.
        settings.push(("STREAM__MOST_PER_ACCOUNT", line.streams.to_string()));
        settings
    })
    .await;
    let tasks = site::launch(&place.bridge, TASKS, 4, 1).await;
    let before = memory(place.bridge.pid()).now;
    let mut rows = vec![format!(
        "| 0 | {base} | before | – | – | – | {before} MiB | – |"
    )];
    enough_files(line.streams);
    let mut listeners = Vec::new();
    for _ in 0..line.streams {
        listeners.push(Listener::open(&place.bridge.url).await);
    }
    let (shares, ()) = place.meters().over(sleep(IDLE)).await;
    let of = |what: &str, rate: String, shares: &super::Shares, delays: String| {
        let (bridge, database) = (core(Some(shares.bridge)), core(shares.database));
        let memory = memory(place.bridge.pid()).now;
        format!(
            "| {} | {base} | {what} | {rate} | {bridge} | {database} | {memory} MiB | {delays} |",
            line.streams
        )
    };
    rows.push(of("idle", "0".to_owned(), &shares, "–".to_owned()));
    for pace in PACES {
        let work = report_and_read(&place, &tasks, pace, listeners);
        let (shares, (all, delays)) = place.meters().over(work).await;
        listeners = all;
        let expected = line.streams * (TASKS as u64 * BUSY.as_secs() / pace.as_secs()) as usize;
        assert_eq!(
            delays.len(),
            expected,
            "some streams did not receive some reports"
        );
        let per_second = format!("{:.0}", delays.len() as f64 / BUSY.as_secs_f64());
        let delays = Sorted::of(delays);
        let shown = |part: f64| format!("{:.1}", delays.at(part) * 1000.0);
        let what = format!("{TASKS} tasks report every {} s", pace.as_secs());
        let delays = format!("{} / {} / {} ms", shown(0.5), shown(0.99), shown(1.0));
        rows.push(of(&what, per_second, &shares, delays));
    }
    rows
}

/// Checks the limit of open files: each stream uses one in this process and one in the bridge.
fn enough_files(streams: usize) {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits
        .lines()
        .find(|line| line.starts_with("Max open files"));
    let soft = line.and_then(|line| line.split_whitespace().nth(3)?.parse().ok());
    let most: usize = soft.unwrap_or(usize::MAX);
    assert!(
        most > streams + 100,
        "only {most} open files are allowed: ulimit -n {}",
        streams + 200
    );
}

/// Sends reports and reads all streams. Returns the streams and the delay of each event.
async fn report_and_read(
    place: &Place,
    tasks: &[i64],
    pace: Duration,
    listeners: Vec<Listener>,
) -> (Vec<Listener>, Vec<f64>) {
    let sent: Arc<Mutex<Vec<Instant>>> = Arc::default();
    let end = Instant::now() + BUSY + Duration::from_secs(2);
    let local = LocalSet::new();
    let readers: Vec<_> = listeners
        .into_iter()
        .map(|listener| local.spawn_local(read_events(listener, end, sent.clone())))
        .collect();
    local
        .run_until(async {
            report(place, tasks, pace, &sent).await;
            let (mut listeners, mut delays) = (Vec::new(), Vec::new());
            for one in readers {
                let (listener, own) = one.await.expect("a stream that is read to its end");
                listeners.push(listener);
                delays.extend(own);
            }
            (listeners, delays)
        })
        .await
}

async fn read_events(
    mut listener: Listener,
    end: Instant,
    sent: Arc<Mutex<Vec<Instant>>>,
) -> (Listener, Vec<f64>) {
    let mut delays = Vec::new();
    let event = |text: &str, at: Instant| {
        if let Some(number) = number(text) {
            let sent = sent.lock().expect("one thread")[number];
            delays.push(seconds(sent, at));
        }
    };
    listener.until(end, event).await;
    (listener, delays)
}

/// The number of the report in this event: its message is "Step" and the number.
fn number(event: &str) -> Option<usize> {
    let (_, rest) = event.split_once("\"Step ")?;
    rest.split_once('"')?.0.parse().ok()
}

/// Sends reports at regular intervals, without waiting for the response to the previous one.
async fn report(place: &Place, tasks: &[i64], pace: Duration, sent: &Arc<Mutex<Vec<Instant>>>) {
    let client = site::client();
    let url = format!(
        "{}/api/openhexa/pipelines/{}/",
        place.bridge.url,
        site::pipeline(1)
    );
    let between = pace / tasks.len() as u32;
    let many = (BUSY.as_millis() / between.as_millis()) as u32;
    let began = Instant::now();
    let mut answers = Vec::new();
    for number in 0..many {
        sleep_until((began + between * number).into()).await;
        let task = tasks[number as usize % tasks.len()];
        let body = serde_json::json!({"task_id": task, "status": "RUNNING", "progress_message": format!("Step {number}")});
        sent.lock().expect("one thread").push(Instant::now());
        let asking = site::ask(client.patch(&url).json(&body));
        answers.push(tokio::task::spawn_local(asking));
    }
    for answer in answers {
        answer.await.expect("each report is taken");
    }
}
