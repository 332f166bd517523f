//! Creates a backfill, once. If the response is lost, the backfill is searched for; the request is not repeated.

use std::pin::pin;
use std::time::Duration;

use serde_json::Value;

use super::client::Api;
use super::failure::Failure;
use crate::app::StartError;
use crate::app::signals::stop_signal;

/// A request without a response can still be in progress, so the list is read for some time.
const SEARCHED_EVERY: Duration = Duration::from_secs(1);
const LISTS: u32 = 5;
/// How many lists may fail.
const MOST_FAILURES: u32 = 60;

/// A backfill to create.
#[derive(Clone, Copy)]
pub struct Creation<'a> {
    pub api: &'a Api,
    pub flow: &'a str,
    pub body: &'a Value,
}

/// A backfill that exists.
pub struct Created {
    pub id: i64,
    /// The user has pressed Ctrl-C.
    pub interrupted: bool,
}

/// Ctrl-C waits for the response, so that the user learns the number of the backfill. Pressed again, it does not.
pub async fn created(
    creation: Creation<'_>,
    stop: &mut (impl Future<Output = ()> + Unpin),
    note: &dyn Fn(&str),
) -> Result<Created, StartError> {
    let mut creating = pin!(creation.create());
    tokio::select! {
        biased;
        id = &mut creating => {
            return Ok(Created { id: id?, interrupted: false });
        }
        () = stop => {}
    }
    note(
        "The backfill is being created: waiting for the response. Ctrl-C again ends the command at once.",
    );
    let again = pin!(stop_signal()?);
    tokio::select! {
        biased;
        id = &mut creating => Ok(Created { id: id?, interrupted: true }),
        () = again => Err(creation.unknown("interrupted")),
    }
}

impl Creation<'_> {
    fn list(self) -> String {
        format!("flows/{}/backfills/", self.flow)
    }

    async fn create(self) -> Result<i64, StartError> {
        let before = newest(&self.api.get(&self.list()).await?);
        match self.api.post(&self.list(), self.body).await {
            Ok(created) => created["backfill"]["id"]
                .as_i64()
                .ok_or_else(|| StartError::Other("the response has no backfill".to_owned())),
            Err(failure) if failure.may_have_been_processed() => self.search(before, failure).await,
            Err(failure) => Err(failure.into()),
        }
    }

    async fn search(self, before: i64, failure: Failure) -> Result<i64, StartError> {
        let (mut lists, mut failures) = (0, 0);
        while lists < LISTS && failures < MOST_FAILURES {
            match self.api.get(&self.list()).await {
                Ok(list) => {
                    if let Some(id) = self.own(&list, before) {
                        return Ok(id);
                    }
                    lists += 1;
                }
                Err(_) => failures += 1,
            }
            tokio::time::sleep(SEARCHED_EVERY).await;
        }
        if lists < LISTS {
            return Err(self.unknown(&failure.why));
        }
        let why = failure.why;
        let why = format!("{why}. No backfill was created: run the command again");
        Err(StartError::Other(why))
    }

    fn unknown(self, why: &str) -> StartError {
        let address = self.api.address(&self.list());
        StartError::Other(format!(
            "{why}. It is not known whether the backfill was created: see {address}"
        ))
    }

    /// The oldest backfill that is newer than those before the request, and has its values.
    fn own(self, list: &Value, before: i64) -> Option<i64> {
        let mine = |one: &&Value| {
            let wanted = self.body.as_object().into_iter().flatten();
            let mut wanted = wanted.map(|(key, value)| one[key] == *value);
            wanted.all(|fits| fits)
        };
        let ids = rows(list).filter(mine).filter_map(|one| one["id"].as_i64());
        ids.filter(|id| *id > before).min()
    }
}

fn rows(list: &Value) -> impl Iterator<Item = &Value> {
    list["results"].as_array().into_iter().flatten()
}

fn newest(list: &Value) -> i64 {
    let ids = rows(list).filter_map(|one| one["id"].as_i64());
    ids.max().unwrap_or_default()
}
