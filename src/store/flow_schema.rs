//! Diesel's definition of the tables of flows and notifications, the same for both databases.
#![allow(
    clippy::wildcard_imports,
    reason = "diesel's macro imports the column types this way"
)]

use super::schema::task;

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    flow (id) {
        id -> BigInt,
        account_id -> BigInt,
        slug -> Text,
        version -> BigInt,
        search -> Text,
        paused -> Bool,
        created_at -> SqlTimestamp,
        updated_at -> SqlTimestamp,
        updated_by -> Text,
        deleted_at -> Nullable<SqlTimestamp>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    flow_version (flow_id, number) {
        flow_id -> BigInt,
        number -> BigInt,
        document -> Text,
        pipelines -> Text,
        saved_at -> SqlTimestamp,
        saved_by -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    schedule (id) {
        id -> BigInt,
        account_id -> BigInt,
        flow_id -> BigInt,
        code -> Text,
        paused -> Bool,
        active -> Bool,
        next_at -> Nullable<SqlTimestamp>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    flow_trigger (id) {
        id -> BigInt,
        account_id -> BigInt,
        flow_id -> BigInt,
        code -> Text,
        active -> Bool,
        source -> Nullable<Text>,
        pattern -> Nullable<Text>,
        listed_at -> Nullable<SqlTimestamp>,
        next_at -> Nullable<SqlTimestamp>,
        lease_until -> Nullable<SqlTimestamp>,
        lease_owner -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    seen_file (trigger_id, path, size, modified) {
        trigger_id -> BigInt,
        path -> Text,
        size -> BigInt,
        modified -> SqlTimestamp,
        state -> Text,
        listed_at -> SqlTimestamp,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    backfill (id) {
        id -> BigInt,
        account_id -> BigInt,
        flow_id -> BigInt,
        schedule_id -> BigInt,
        version -> BigInt,
        range_from -> SqlTimestamp,
        range_to -> SqlTimestamp,
        mode -> Text,
        parallel -> Integer,
        created_at -> SqlTimestamp,
        created_by -> Text,
        cancel_asked_at -> Nullable<SqlTimestamp>,
        ended_at -> Nullable<SqlTimestamp>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    flow_run (id) {
        id -> BigInt,
        account_id -> BigInt,
        flow_id -> BigInt,
        version -> BigInt,
        cause -> Text,
        launcher -> Text,
        schedule_id -> Nullable<BigInt>,
        scheduled_for -> Nullable<SqlTimestamp>,
        interval_start -> Nullable<SqlTimestamp>,
        interval_end -> Nullable<SqlTimestamp>,
        inputs -> Text,
        file -> Nullable<Text>,
        ignored -> Nullable<Text>,
        replay_of -> Nullable<BigInt>,
        backfill_id -> Nullable<BigInt>,
        waiting -> Bool,
        prepared -> Bool,
        trouble -> Nullable<Text>,
        failing_since -> Nullable<SqlTimestamp>,
        status -> Text,
        warnings -> Bool,
        created_at -> SqlTimestamp,
        started_at -> Nullable<SqlTimestamp>,
        ended_at -> Nullable<SqlTimestamp>,
        cancel_asked_at -> Nullable<SqlTimestamp>,
        cancelled_by -> Nullable<Text>,
        revision -> BigInt,
        next_at -> Nullable<SqlTimestamp>,
        lease_until -> Nullable<SqlTimestamp>,
        lease_owner -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    backfill_tick (backfill_id, scheduled_for) {
        backfill_id -> BigInt,
        scheduled_for -> SqlTimestamp,
        flow_run_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    tick (id) {
        id -> BigInt,
        account_id -> BigInt,
        flow_id -> BigInt,
        schedule_id -> Nullable<BigInt>,
        trigger_id -> Nullable<BigInt>,
        scheduled_for -> SqlTimestamp,
        event -> Nullable<Text>,
        outcome -> Text,
        why -> Nullable<Text>,
        flow_run_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    step_run (flow_run_id, step) {
        flow_run_id -> BigInt,
        step -> Integer,
        code -> Text,
        state -> Text,
        detail -> Nullable<Text>,
        problem -> Nullable<Text>,
        failing_since -> Nullable<SqlTimestamp>,
        not_before -> Nullable<SqlTimestamp>,
        pipeline_id -> Nullable<SqlUuid>,
        pipeline_name -> Nullable<Text>,
        version -> Nullable<Text>,
        task_id -> Nullable<BigInt>,
        reused_from -> Nullable<BigInt>,
        started_at -> Nullable<SqlTimestamp>,
        ended_at -> Nullable<SqlTimestamp>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    attempt (flow_run_id, step, n) {
        flow_run_id -> BigInt,
        step -> Integer,
        n -> Integer,
        task_id -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    flow_idempotency (account_id, key) {
        account_id -> BigInt,
        key -> Text,
        request -> Text,
        flow_run_id -> BigInt,
        created_at -> SqlTimestamp,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    hook (id) {
        id -> SqlUuid,
        account_id -> BigInt,
        name -> Text,
        flow -> Nullable<Text>,
        pipeline_id -> Nullable<SqlUuid>,
        method -> Text,
        username -> Nullable<Text>,
        secret -> Text,
        old_secret -> Nullable<Text>,
        old_secret_until -> Nullable<SqlTimestamp>,
        mapping -> Text,
        created_by -> Text,
        created_at -> SqlTimestamp,
        updated_at -> SqlTimestamp,
        last_used_at -> Nullable<SqlTimestamp>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    hook_message (hook_id, message_id) {
        hook_id -> SqlUuid,
        message_id -> Text,
        task_id -> Nullable<BigInt>,
        flow_run_id -> Nullable<BigInt>,
        received_at -> SqlTimestamp,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    channel (id) {
        id -> BigInt,
        account_id -> BigInt,
        name -> Text,
        kind -> Text,
        target -> Text,
        secret -> Nullable<Text>,
        old_secret -> Nullable<Text>,
        old_secret_until -> Nullable<SqlTimestamp>,
        language -> Text,
        disabled_at -> Nullable<SqlTimestamp>,
        disabled_why -> Nullable<Text>,
        created_by -> Text,
        created_at -> SqlTimestamp,
        updated_at -> SqlTimestamp,
        lease_until -> Nullable<SqlTimestamp>,
        lease_owner -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    subscription (id) {
        id -> BigInt,
        account_id -> BigInt,
        channel_id -> BigInt,
        scope -> Text,
        flow_id -> Nullable<BigInt>,
        pipeline_id -> Nullable<SqlUuid>,
        level -> Text,
        created_at -> SqlTimestamp,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    delivery (id) {
        id -> BigInt,
        account_id -> BigInt,
        channel_id -> BigInt,
        message_id -> SqlUuid,
        kind -> Text,
        notice -> Text,
        state -> Text,
        tries -> Integer,
        recipients -> Text,
        last_answer -> Nullable<Text>,
        created_at -> SqlTimestamp,
        next_at -> Nullable<SqlTimestamp>,
        ended_at -> Nullable<SqlTimestamp>,
    }
}

diesel::joinable!(subscription -> channel (channel_id));
diesel::joinable!(subscription -> flow (flow_id));
diesel::joinable!(delivery -> channel (channel_id));
diesel::joinable!(attempt -> task (task_id));
diesel::joinable!(schedule -> flow (flow_id));
diesel::joinable!(flow_trigger -> flow (flow_id));
diesel::joinable!(flow_run -> flow (flow_id));
diesel::joinable!(step_run -> flow_run (flow_run_id));
diesel::allow_tables_to_appear_in_same_query!(
    flow,
    flow_version,
    schedule,
    flow_trigger,
    flow_run,
    step_run,
    attempt,
    tick,
    backfill,
    backfill_tick
);
diesel::allow_tables_to_appear_in_same_query!(attempt, task);
diesel::allow_tables_to_appear_in_same_query!(flow_run, task);
diesel::allow_tables_to_appear_in_same_query!(step_run, task);
diesel::allow_tables_to_appear_in_same_query!(channel, subscription, delivery, flow);
