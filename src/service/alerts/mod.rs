//! Alerts: raised and resolved in the transaction that stores their cause, and shown and muted by users.
//!
//! ```text
//! raising.rs   raises and resolves alerts, and notifies subscribers
//! tasks.rs     alerts of pipelines that were launched by themselves
//! texts.rs     alerts as sentences
//! reading.rs   lists, and mutes
//! ```

mod raising;
mod reading;
mod tasks;
mod texts;

pub use raising::{Alerted, notify_due, raise, resolve_if, resolve_silently};
pub use reading::AlertFilter;
pub use tasks::{TaskChange, check_task, seconds};
pub use texts::{alert_title, cause_path, error_of, why_of};

use super::Seal;
use crate::clock::Clock;
use crate::store::Store;

/// Which times the successful runs of the last days are compared over.
pub const COMPARED_OVER: chrono::TimeDelta = chrono::TimeDelta::days(30);

/// How much longer than usual a run may take, unless a flow says otherwise.
pub const USUAL_FACTOR: f64 = 2.0;

/// What users do with alerts.
pub struct Alerts {
    store: Store,
    clock: Clock,
    seal: Seal,
}

impl Alerts {
    pub fn new(store: &Store, clock: &Clock, seal: &Seal) -> Self {
        Self {
            store: store.clone(),
            clock: clock.clone(),
            seal: seal.clone(),
        }
    }
}
