//! The newest backfills of a flow as rows of a list.

use chrono::{DateTime, Utc};

use super::backfill_path;
use crate::http::ui::badge::Badge;
use crate::http::ui::layout::Layout;
use crate::service::flows::BackfillView;

/// How many are shown.
const ROWS: usize = 10;

/// A backfill that was started before.
pub struct EarlierBackfill {
    pub id: i64,
    pub address: String,
    pub badge: Badge,
    pub at: DateTime<Utc>,
    pub done: usize,
    pub total: usize,
}

/// The newest backfills.
pub fn rows(layout: &Layout, all: &[BackfillView]) -> Vec<EarlierBackfill> {
    let one = |view: &BackfillView| EarlierBackfill {
        id: view.backfill.id.0,
        address: layout.path_to(&backfill_path(view.backfill.id)),
        badge: badge(layout, view),
        at: view.backfill.new.created_at,
        done: view.counts.success + view.counts.error,
        total: view.counts.total,
    };
    all.iter().take(ROWS).map(one).collect()
}

pub fn badge(layout: &Layout, view: &BackfillView) -> Badge {
    let own = &view.backfill;
    let (kind, key) = match (own.cancel_asked_at, own.ended_at) {
        (Some(_), None) => ("live", "status-terminating"),
        (Some(_), Some(_)) => ("stopped", "status-cancelled"),
        (None, Some(_)) if view.counts.error > 0 => ("bad", "flow-backfill-done-errors"),
        (None, Some(_)) => ("good", "flow-backfill-done"),
        (None, None) => ("live", "status-running"),
    };
    Badge::new(kind, layout.say(key))
}
