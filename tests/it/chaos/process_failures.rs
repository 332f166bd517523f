//! The failures of processes: kill -9, SIGTERM, restarts and absence of PostgreSQL.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::choices::Dice;
use super::processes::Processes;
use crate::support::catalogue::id;
use crate::support::story::PATIENCE;

#[derive(Clone, Copy, Debug)]
enum Blow {
    Kill,
    KillBoth,
    Terminate,
    /// `pg_ctl stop -m fast`, and start.
    Fast,
    /// `pg_ctl stop -m immediate`, and start.
    Immediate,
    /// A bridge dies while PostgreSQL does.
    KillAndImmediate,
}

/// Each of them, and the commonest more often.
const DECK: [Blow; 9] = [
    Blow::Kill,
    Blow::Kill,
    Blow::Kill,
    Blow::Kill,
    Blow::KillBoth,
    Blow::Terminate,
    Blow::Fast,
    Blow::Immediate,
    Blow::KillAndImmediate,
];

/// What was done.
#[derive(Clone, Copy, Debug, Default)]
pub struct Done {
    pub kills: u32,
    pub terminations: u32,
    pub fast: u32,
    pub immediate: u32,
}

/// Blow after blow until it is over, but each at least once; in between PostgreSQL is away once, for so long.
pub async fn fall(
    site: Arc<Processes>,
    seed: u64,
    away: Duration,
    over: CancellationToken,
) -> Done {
    let mut dice = Dice::new(seed, "blows");
    let mut done = Done::default();
    let mut decks = 0;
    while decks == 0 || !over.is_cancelled() {
        let mut deck = DECK;
        dice.shuffle(&mut deck);
        for (place, blow) in deck.into_iter().enumerate() {
            if decks > 0 && over.is_cancelled() {
                break;
            }
            tokio::time::sleep(dice.millis(200, 1500)).await;
            if decks == 0 && place == deck.len() / 2 {
                database_away(&site, away).await;
                done.fast += 1;
            }
            strike(&site, blow, &mut dice, &mut done).await;
        }
        decks += 1;
    }
    done
}

async fn strike(site: &Arc<Processes>, blow: Blow, dice: &mut Dice, done: &mut Done) {
    let bridge = usize::from(dice.chance(50));
    let down = dice.millis(0, 2000);
    match blow {
        Blow::Kill => {
            site.end(bridge, Signal::KILL).await;
            tokio::time::sleep(down).await;
            site.start(bridge).await;
        }
        Blow::KillBoth => {
            tokio::join!(site.end(0, Signal::KILL), site.end(1, Signal::KILL));
            tokio::time::sleep(down).await;
            tokio::join!(site.start(0), site.start(1));
        }
        Blow::Terminate => {
            let ended = site.end(bridge, Signal::TERM).await;
            assert_eq!(ended.status.code(), Some(0), "{:#?}", ended.err);
            site.start(bridge).await;
        }
        Blow::Fast => {
            site.stop_postgres("fast").await;
            site.start_postgres().await;
        }
        Blow::Immediate => {
            site.stop_postgres("immediate").await;
            site.start_postgres().await;
        }
        Blow::KillAndImmediate => {
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
    match blow {
        Blow::Kill => done.kills += 1,
        Blow::KillBoth => done.kills += 2,
        Blow::Terminate => done.terminations += 1,
        Blow::Fast => done.fast += 1,
        Blow::Immediate => done.immediate += 1,
        Blow::KillAndImmediate => {
            done.kills += 1;
            done.immediate += 1;
        }
    }
}

/// Meanwhile both bridges say 503 and when to come again; afterwards they are the same processes, and ready.
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
    let deadline = Instant::now() + PATIENCE;
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

/// [`Processes`] itself sees to it that each 503 of the API says when to come again.
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
    let statuses = [health, ready, tasks, launch].map(|answer| answer.expect("an answer").0);
    assert_eq!(statuses, [200, 503, 503, 503], "bridge {bridge}");
}
