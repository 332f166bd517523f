//! The tables of flows: documents with their versions, schedules and ticks, runs with their steps and attempts, backfills and
//! triggers.

mod attempts;
mod backfills;
mod due_runs;
mod flow;
mod idempotency;
mod run_list;
mod run_rows;
mod runs;
mod schedules;
mod seen_files;
mod step_rows;
mod steps;
mod ticks;
mod triggers;
mod versions;

pub use attempts::{
    AttemptStart, NewAttempt, StartedAttempt, attempts_of, revisions_of_tasks, start_attempt,
};
pub use backfills::{
    Backfill, BackfillCounts, NewBackfill, TickOfBackfill, backfill, backfill_counts,
    backfills_of_flow, cancel_backfills_of_flow, claim_backfill_tick, end_backfill,
    flows_with_backfills, insert_backfill, lock_backfill, next_backfill_tick,
    open_backfills_of_flow, set_backfill_cancelled, ticks_of_backfill, waiting_backfill_ticks,
};
pub use due_runs::{
    has_due_flow_run, lease_due_flow_runs, postpone_flow_run, release_flow_run, wake_flow_run,
};
pub use flow::{
    Flow, FlowListQuery, NewFlow, count_flows, delete_flow, flow_by_id, flow_by_slug,
    flow_or_deleted_by_slug, flows, flows_started_by, insert_flow, lock_flow, lock_saves_of_flows,
    set_flow_paused, set_flow_version,
};
pub use idempotency::{IdempotentFlowRun, add_idempotent_flow_run, find_idempotent_flow_run};
pub use run_list::{
    FlowRunFilter, FlowRunPosition, LastRun, RunOfTick, flow_runs, last_runs_of_flow,
    newest_run_of_tick, runs_of_ticks,
};
pub(super) use run_rows::{problems_of, problems_text};
pub use runs::{
    ActiveRun, active_runs, add_revision, count_active_runs, flow_run, flow_run_of_account,
    insert_flow_run, live_runs_since_backfill, lock_flow_run, save_flow_run, save_flow_run_state,
};
pub use schedules::{
    PlannedRun, ScheduleRow, due_schedules, flow_of_schedule, insert_schedule, lock_due_schedule,
    planned_runs, save_schedule, schedules_of_flow,
};
pub use seen_files::{save_seen_files, seen_files};
pub use steps::{insert_steps, save_step, steps_of_run};
pub use ticks::{
    NewTick, ScheduleTick, TickPosition, TickQuery, TickRow, TickSource, add_tick, has_event,
    newest_outcome, newest_tick, refuse_tick_of_run, ticks_of_flow, ticks_of_schedule,
};
pub use triggers::{
    TriggerRow, active_flow_triggers, end_trigger_lease, has_due_trigger, insert_trigger,
    lease_due_triggers, leased_trigger, release_trigger, save_trigger, triggers_of_flow,
};
pub use versions::{
    FlowVersion, FlowVersionRow, NewVersion, flow_version, flow_versions, insert_version,
};
