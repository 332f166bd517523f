//! Diesel's definition of the tables, the same for both databases. A test compares it with the migrations.
#![allow(
    clippy::wildcard_imports,
    reason = "diesel's macro imports the column types this way"
)]

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    connection (id) {
        id -> BigInt,
        account_id -> BigInt,
        instance -> Text,
        url -> Text,
        workspace -> Text,
        token -> Text,
        user_id -> Nullable<SqlUuid>,
        created_at -> SqlTimestamp,
        updated_at -> SqlTimestamp,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    config (account_id) {
        account_id -> BigInt,
        connection_id -> BigInt,
        content -> Text,
        version -> BigInt,
        updated_at -> SqlTimestamp,
        updated_by -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    task (id) {
        id -> BigInt,
        account_id -> BigInt,
        connection_id -> BigInt,
        name -> Text,
        pipeline_id -> SqlUuid,
        pipeline_code -> Text,
        pipeline_name -> Text,
        version -> Nullable<Text>,
        launcher_id -> Nullable<BigInt>,
        launcher_username -> Nullable<Text>,
        launcher_name -> Nullable<Text>,
        search -> Text,
        state -> Text,
        status -> Text,
        reported -> Nullable<Text>,
        run_end -> Nullable<Text>,
        message -> Nullable<Text>,
        progress_value -> Integer,
        end_value -> Integer,
        data -> Nullable<Text>,
        data_late -> Bool,
        note -> Nullable<Text>,
        note_code -> Nullable<Text>,
        called_back -> Bool,
        created_at -> SqlTimestamp,
        started_at -> Nullable<SqlTimestamp>,
        ended_at -> Nullable<SqlTimestamp>,
        updated_at -> SqlTimestamp,
        cancel_asked_at -> Nullable<SqlTimestamp>,
        relaunch_of -> Nullable<BigInt>,
        revision -> BigInt,
        flow_step -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    run (task_id) {
        task_id -> BigInt,
        account_id -> BigInt,
        connection_id -> BigInt,
        instance -> Text,
        run_id -> Nullable<SqlUuid>,
        launch_id -> Nullable<SqlUuid>,
        status -> Nullable<Text>,
        progress -> Integer,
        config -> Text,
        secrets -> Nullable<Text>,
        names_task -> Bool,
        drops_config -> Bool,
        send_notifications -> Bool,
        debug -> Bool,
        timeout_seconds -> Nullable<BigInt>,
        attempted_at -> Nullable<SqlTimestamp>,
        attempts -> Integer,
        launched_as -> Nullable<SqlUuid>,
        outcome_unknown -> Bool,
        absent_polls -> Integer,
        unseen_since -> Nullable<SqlTimestamp>,
        hidden_since -> Nullable<SqlTimestamp>,
        hidden_at -> Nullable<SqlTimestamp>,
        stop_asked_at -> Nullable<SqlTimestamp>,
        stops -> Integer,
        next_poll_at -> Nullable<SqlTimestamp>,
        lease_until -> Nullable<SqlTimestamp>,
        lease_owner -> Nullable<Text>,
        fingerprint -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    event (id) {
        id -> BigInt,
        task_id -> BigInt,
        account_id -> BigInt,
        at -> SqlTimestamp,
        source -> Text,
        code -> Text,
        data -> Nullable<Text>,
        message -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    config_change (id) {
        id -> BigInt,
        account_id -> BigInt,
        version -> BigInt,
        at -> SqlTimestamp,
        changed_by -> Nullable<Text>,
        content -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    api_key (id) {
        id -> BigInt,
        account_id -> BigInt,
        name -> Text,
        role -> Text,
        hash -> Text,
        created_at -> SqlTimestamp,
        expires_at -> Nullable<SqlTimestamp>,
        last_used_at -> Nullable<SqlTimestamp>,
        revoked_at -> Nullable<SqlTimestamp>,
        created_by -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    idempotency (id) {
        id -> BigInt,
        account_id -> BigInt,
        key -> Text,
        request -> Text,
        task_id -> BigInt,
        created_at -> SqlTimestamp,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    session (id) {
        id -> SqlUuid,
        key_hash -> Text,
        ends_at -> SqlTimestamp,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    parameter_declaration (connection_id, pipeline_id) {
        connection_id -> BigInt,
        pipeline_id -> SqlUuid,
        account_id -> BigInt,
        parameters -> Text,
    }
}

diesel::joinable!(run -> task (task_id));
diesel::joinable!(config -> connection (connection_id));
diesel::allow_tables_to_appear_in_same_query!(connection, config, config_change, task, run, event);
