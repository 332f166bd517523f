//! Diesel's definition of the tables of alerts, the same for both databases.
#![allow(
    clippy::wildcard_imports,
    reason = "diesel's macro imports the column types this way"
)]

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    alert (id) {
        id -> BigInt,
        account_id -> BigInt,
        flow_id -> Nullable<BigInt>,
        pipeline_id -> Nullable<SqlUuid>,
        name -> Text,
        cause -> Text,
        part -> Text,
        opened_at -> SqlTimestamp,
        updated_at -> SqlTimestamp,
        resolved_at -> Nullable<SqlTimestamp>,
        notified -> Bool,
        notify_at -> Nullable<SqlTimestamp>,
        muted_until -> Nullable<SqlTimestamp>,
        muted_by -> Nullable<Text>,
        figure -> Nullable<BigInt>,
        limit_value -> Nullable<BigInt>,
        sample -> Nullable<Text>,
        flow_run_id -> Nullable<BigInt>,
        task_id -> Nullable<BigInt>,
        scheduled_for -> Nullable<SqlTimestamp>,
        occurrences -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    alert_check (id) {
        id -> BigInt,
        due_at -> SqlTimestamp,
        flow_run_id -> Nullable<BigInt>,
        task_id -> Nullable<BigInt>,
        schedule_id -> Nullable<BigInt>,
        scheduled_for -> Nullable<SqlTimestamp>,
    }
}
