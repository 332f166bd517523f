//! Follows a backfill until its end. The bridge can be restarted meanwhile; the backfill is not affected.

use std::time::Duration;

use serde_json::Value;

use super::client::Api;
use super::failure::{Failure, FailureKind};
use super::progress::Progress;
use crate::app::StartError;

const POLLED_EVERY: Duration = Duration::from_secs(1);
/// How often in a row a request for the progress may fail: at least ten minutes.
const MOST_FAILURES: u32 = 300;

pub struct Following<'a> {
    api: &'a Api,
    id: i64,
    /// The options of the command that say which bridge.
    options: &'a str,
    progress: Progress,
    failures: u32,
    /// Whether the backfill exists. Until then, the address can be wrong.
    pub is_known: bool,
}

impl<'a> Following<'a> {
    pub fn of(api: &'a Api, id: i64, options: &'a str) -> Self {
        Self {
            api,
            id,
            options,
            progress: Progress::new(),
            failures: 0,
            is_known: false,
        }
    }

    /// An error if a run failed. Ctrl-C leaves the backfill running.
    pub async fn follow(
        &mut self,
        stop: &mut (impl Future<Output = ()> + Unpin),
    ) -> Result<(), StartError> {
        loop {
            tokio::select! {
                polled = self.poll() => {
                    if let Some(ended) = polled? {
                        self.progress.end();
                        return result(&ended);
                    }
                }
                () = &mut *stop => {
                    self.progress.note(&self.next_commands());
                    return Ok(());
                }
            }
        }
    }

    /// The backfill, once it has ended. Otherwise waits until the next poll.
    async fn poll(&mut self) -> Result<Option<Value>, StartError> {
        let wait = match self.api.get(&format!("backfills/{}/", self.id)).await {
            Ok(found) => {
                (self.failures, self.is_known) = (0, true);
                self.progress.show(&found);
                if !found["ended_at"].is_null() {
                    return Ok(Some(found));
                }
                POLLED_EVERY
            }
            Err(failure) => self.after(failure)?,
        };
        tokio::time::sleep(wait).await;
        Ok(None)
    }

    /// How long to wait after a failure.
    fn after(&mut self, failure: Failure) -> Result<Duration, StartError> {
        self.failures += 1;
        let may_be_wrong = match failure.kind {
            FailureKind::Final | FailureKind::NotConnected | FailureKind::NoResponse => true,
            FailureKind::RateLimit(_) | FailureKind::Unavailable(_) => false,
        };
        let is_over = self.failures > MOST_FAILURES || (may_be_wrong && !self.is_known);
        match failure.wait().filter(|_| !is_over) {
            Some(wait) => {
                if self.failures == 1 {
                    let why = failure.why;
                    self.progress.note(&format!("{why}. Trying again …"));
                }
                Ok(wait)
            }
            None if self.is_known => {
                self.progress.end();
                let why = format!("{}\n{}", failure.why, self.next_commands());
                Err(StartError::Other(why))
            }
            None => Err(failure.into()),
        }
    }

    /// What to do after the command has ended.
    pub fn next_commands(&self) -> String {
        let (id, options) = (self.id, self.options);
        let address = self.api.address(&format!("backfills/{id}/cancel/"));
        let key = if self.api.has_key() {
            " -H \"Authorization: Bearer $OPENHEXA_BRIDGE_KEY\""
        } else {
            ""
        };
        format!(
            "The backfill continues. To follow it: openhexa-bridge backfill --follow {id}{options}\n\
             To cancel it: curl -X POST{key} {address}"
        )
    }
}

fn result(backfill: &Value) -> Result<(), StartError> {
    let failed = backfill["error"].as_u64().unwrap_or_default();
    if backfill["status"] == "CANCELLED" {
        return Err(StartError::Other("the backfill was cancelled".to_owned()));
    }
    match failed {
        0 => Ok(()),
        1 => Err(StartError::Other(
            "1 run failed or was cancelled".to_owned(),
        )),
        many => Err(StartError::Other(format!(
            "{many} runs failed or were cancelled"
        ))),
    }
}
