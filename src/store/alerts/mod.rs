//! The tables of alerts: alerts, and the checks that are due at a time.

mod alert_rows;
mod checks;
mod history;
mod list;
mod open;

pub use checks::{AlertCheck, CheckKind, add_check, due_checks, postpone_check, take_check};
pub use history::{flow_durations, newest_task_results, task_durations};
pub use list::{AlertPosition, AlertQuery, alert_of_account, alerts_of_account};
pub use open::{
    add_alert, alert_subject, alerts_to_notify, lock_alert, lock_newest_alert, open_alerts_of_flow,
    save_alert,
};
