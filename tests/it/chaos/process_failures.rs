//! The failures of processes: kill -9, SIGTERM, restarts and outages of PostgreSQL.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::processes::Processes;
use super::random::Random;
use crate::support::catalogue::id;
use crate::support::story::MAX_WAIT;

#[derive(Clone, Copy, Debug)]
enum Failure {
    Kill,
    KillBoth,
    Terminate,
    /// `pg_ctl stop -m fast`, and start.
    Fast,
    /// `pg_ctl stop -m immediate`, and start.
    Immediate,
    /// A bridge and PostgreSQL crash at the same time.
    KillAndImmediate,
}

/// Each of them, the most common ones several times.
const FAILURES: [Failure; 9] = [
    Failure::Kill,
    Failure::Kill,
    Failure::Kill,
    Failure::Kill,
    Failure::KillBoth,
    Failure::Terminate,
    Failure::Fast,
    Failure::Immediate,
    Failure::KillAndImmediate,
];

/// The number of failures of each kind.
#[derive(Clone, Copy, Debug, Default)]
pub struct Done {
    pub kills: u32,
    pub terminations: u32,
    pub fast: u32,
    pub immediate: u32,
}

/// Injects failures until the end of the test, each kind at least once, and one outage of PostgreSQL of this
/// length.
pub async fn inject_all(
    site: Arc<Processes>,
    seed: u64,
    away: Duration,
    over: CancellationToken,
) -> Done {
    let mut random = Random::new(seed, "failures");
    let mut done = Done::default();
    let mut rounds = 0;
    while rounds == 0 || !over.is_cancelled() {
        let mut order = FAILURES;
        random.shuffle(&mut order);
        for (place, failure) in order.into_iter().enumerate() {
            if rounds > 0 && over.is_cancelled() {
                break;
            }
            tokio::time::sleep(random.millis(200, 1500)).await;
            if rounds == 0 && place == order.len() / 2 {
                database_away(&site, away).await;
                done.fast += 1;
            }
            inject(&site, failure, &mut random, &mut done).await;
        }
        rounds += 1;
    }
    done
}

async fn inject(site: &Arc<Processes>, failure: Failure, random: &mut Random, done: &mut Done) {
    let bridge = usize::from(random.chance(50));
    let down = random.millis(0, 2000);
    match failure {
        Failure::Kill => {
            site.end(bridge, Signal::KILL).await;
            tokio::time::sleep(down).await;
            site.start(bridge).await;
        }
        Failure::KillBoth => {
            tokio::join!(site.end(0, Signal::KILL), site.end(1, Signal::KILL));
            tokio::time::sleep(down).await;
            tokio::join!(site.start(0), site.start(1));
        }
        Failure::Terminate => {
            let ended = site.end(bridge, Signal::TERM).await;
            assert_eq!(ended.status.code(), Some(0), "{:#?}", ended.err);
            site.start(bridge).await;
        }
        Failure::Fast => {
            site.stop_postgres("fast").await;
            site.start_postgres().await;
        }
        Failure::Immediate => {
            site.stop_postgres("immediate").await;
            site.start_postgres().await;
        }
        Failure::KillAndImmediate => {
            tokio::join!(
                site.end(bridge, Signal::KILL),
                site.stop_postgres("immediate")
            );
            tokio::join!(site.start(bridge), async {
                tokio::time::sleep(down).await;
                site.start_postgres().await;
            });
        }
    }
    match failure {
        Failure::Kill => done.kills += 1,
        Failure::KillBoth => done.kills += 2,
        Failure::Terminate => done.terminations += 1,
        Failure::Fast => done.fast += 1,
        Failure::Immediate => done.immediate += 1,
        Failure::KillAndImmediate => {
            done.kills += 1;
            done.immediate += 1;
        }
    }
}

/// Meanwhile both bridges return 503 with `Retry-After`; afterwards the same processes are ready.
pub async fn database_away(site: &Arc<Processes>, away: Duration) {
    let before = [site.number(0).await, site.number(1).await];
    assert!(before.iter().all(Option::is_some), "{before:?}");
    site.stop_postgres("fast").await;
    let until = Instant::now() + away;
    while Instant::now() < until {
        for bridge in 0..2 {
            says_503(site, bridge).await;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    site.start_postgres().await;
    let deadline = Instant::now() + MAX_WAIT;
    for bridge in 0..2 {
        while site.ask(bridge, "/readyz").await.map(|(status, _)| status) != Some(200) {
            assert!(
                Instant::now() < deadline,
                "bridge {bridge} is not ready again"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    assert_eq!(
        [site.number(0).await, site.number(1).await],
        before,
        "a restart was needed"
    );
}

/// [`Processes`] checks that each 503 of the API has `Retry-After`.
async fn says_503(site: &Processes, bridge: usize) {
    let (health, ready, tasks, launch) = tokio::join!(
        site.ask(bridge, "/healthz"),
        site.ask(bridge, "/readyz"),
        site.ask(bridge, "/api/openhexa/tasks/"),
        async {
            let path = format!("/api/openhexa/pipelines/{}/launch/", id(1));
            site.post(bridge, &path, "while-it-is-away", &json!({"config": {}}))
                .await
        },
    );
    let statuses = [health, ready, tasks, launch].map(|answer| answer.expect("a response").0);
    assert_eq!(statuses, [200, 503, 503, 503], "bridge {bridge}");
}
