//! Clients that launch and cancel. Without a response they repeat the request, at either bridge, with the same key.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::choices::Dice;
use super::pipelines::{self, Kind};
use super::processes::Processes;
use crate::support::catalogue::id;

/// No launch takes longer, whatever happens meanwhile; the longest absence of the database is a part of it.
const LONGEST: Duration = Duration::from_mins(5);
/// How often of a hundred a launch is cancelled.
const CANCELLED: u64 = 15;
/// How often of a hundred a client asks once more although it was answered.
const DOUBTING: u64 = 10;

/// What the clients know.
#[derive(Default)]
pub struct Book {
    /// By the launch's mark: its kind, and the task that it was told.
    pub launches: Mutex<BTreeMap<u64, (Kind, i64)>>,
    /// Tasks whose cancel was accepted.
    pub cancelled: Mutex<Vec<i64>>,
    /// Requests that were made again because they were not answered, or with 5xx.
    pub again: AtomicUsize,
    next: AtomicUsize,
}

/// One client of several, until all launches are made.
pub async fn launch_some(
    site: Arc<Processes>,
    book: Arc<Book>,
    all: usize,
    seed: u64,
    client: usize,
) {
    let mut dice = Dice::new(seed, &format!("client {client}"));
    let mut cancels = Vec::new();
    loop {
        let mark = book.next.fetch_add(1, Ordering::SeqCst);
        if mark >= all {
            break;
        }
        let mut own = Dice::new(seed, &format!("launch {mark}"));
        let kind = pipelines::pick(&mut own);
        let task = launch(&site, &book, mark as u64, kind, &mut dice).await;
        book.launches
            .lock()
            .unwrap()
            .insert(mark as u64, (kind, task));
        if kind.may_be_cancelled() && own.chance(CANCELLED) {
            let wait = own.millis(0, 2500);
            cancels.push(tokio::spawn(cancel(site.clone(), book.clone(), task, wait)));
        }
        tokio::time::sleep(dice.millis(50, 650)).await;
    }
    for cancel in cancels {
        cancel.await.unwrap();
    }
}

/// The task of a launch, asked for until it is told; sometimes once more.
async fn launch(site: &Processes, book: &Book, mark: u64, kind: Kind, dice: &mut Dice) -> i64 {
    let path = format!("/api/openhexa/pipelines/{}/launch/", id(kind.number()));
    let (key, body) = (
        format!("launch-{mark}"),
        json!({"config": kind.config(mark)}),
    );
    let task = told(site, book, &path, &key, &body).await;
    if dice.chance(DOUBTING) {
        let again = told(site, book, &path, &key, &body).await;
        assert_eq!(again, task, "another task under the key {key}");
    }
    task
}

async fn told(site: &Processes, book: &Book, path: &str, key: &str, body: &Value) -> i64 {
    let deadline = Instant::now() + LONGEST;
    for turn in key.len().. {
        assert!(Instant::now() < deadline, "{key} was never answered");
        let answer = site.post(turn, path, key, body).await;
        if let Some(task) = answer
            .as_ref()
            .and_then(|(_, answer)| answer["task"]["id"].as_i64())
        {
            return task;
        }
        match answer {
            // Down, cut off, or it could not say: nobody knows what became of it.
            None | Some((502..=504, _)) => {}
            Some(strange) => panic!("{key} was answered with {strange:?}"),
        }
        book.again.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    unreachable!("turns have no end")
}

async fn cancel(site: Arc<Processes>, book: Arc<Book>, task: i64, wait: Duration) {
    tokio::time::sleep(wait).await;
    let deadline = Instant::now() + LONGEST;
    let path = format!("/api/openhexa/tasks/{task}/cancel/");
    for bridge in (0..2).cycle() {
        assert!(
            Instant::now() < deadline,
            "the cancel of {task} was never answered"
        );
        match site.post(bridge, &path, "", &json!({})).await {
            Some((202, _)) => return book.cancelled.lock().unwrap().push(task),
            Some((409, _)) => return,
            None | Some((503, _)) => tokio::time::sleep(Duration::from_millis(100)).await,
            Some(strange) => panic!("the cancel of {task} was answered with {strange:?}"),
        }
    }
}
