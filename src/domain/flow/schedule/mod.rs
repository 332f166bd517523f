//! When a flow starts: cron expressions, time zones, and what happens to ticks that are late or overlap. No clock: the time is an
//! argument.

mod backfill;
mod calendar;
mod cron;
mod due;
mod field;
mod firing;
mod in_words;
mod slots;
mod time;
mod time_of_day;
mod zone;

pub use backfill::{
    BackfillFault, BackfillMode, BackfillRange, BackfillTick, LastRun, MOST_PARALLEL, MOST_RUNS,
    preview,
};
pub use calendar::{Month, day, local_time};
pub use cron::{Cron, CronFault};
pub use due::{CatchUp, Due, MOST_CAUGHT_UP, MOST_RECORDED, ON_TIME, due, first_after};
pub use field::Field;
pub use firing::{ClockChange, Firing, Firings, Interval};
pub use in_words::CronMeaning;
pub use slots::{MOST_QUEUED, Overlap, OverlapChoice, Slot, next_slot, overlap};
pub use time_of_day::TimeOfDay;
pub use zone::{Zone, ZoneFault};
