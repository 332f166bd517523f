//! The tables as diesel sees them; the same on both databases.
#![allow(
    clippy::wildcard_imports,
    reason = "how diesel's macro brings the column types in"
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
        user_id -> Nullable<Guid>,
        created_at -> Stamp,
        updated_at -> Stamp,
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
        updated_at -> Stamp,
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
        pipeline_id -> Guid,
        pipeline_code -> Text,
        pipeline_name -> Text,
        version -> Nullable<Text>,
        launcher_id -> Nullable<BigInt>,
        launcher_username -> Nullable<Text>,
        launcher_name -> Nullable<Text>,
        search -> Text,
        state -> Text,
        status -> Text,
        said -> Nullable<Text>,
        run_end -> Nullable<Text>,
        message -> Nullable<Text>,
        progress_value -> Integer,
        end_value -> Integer,
        data -> Nullable<Text>,
        data_late -> Bool,
        note -> Nullable<Text>,
        note_code -> Nullable<Text>,
        called_back -> Bool,
        created_at -> Stamp,
        started_at -> Nullable<Stamp>,
        ended_at -> Nullable<Stamp>,
        updated_at -> Stamp,
        cancel_asked_at -> Nullable<Stamp>,
        relaunch_of -> Nullable<BigInt>,
        revision -> BigInt,
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
        run_id -> Nullable<Guid>,
        launch_id -> Nullable<Guid>,
        status -> Nullable<Text>,
        progress -> Integer,
        config -> Text,
        secrets -> Nullable<Text>,
        names_task -> Bool,
        drops_config -> Bool,
        send_notifications -> Bool,
        debug -> Bool,
        timeout_seconds -> Nullable<BigInt>,
        attempted_at -> Nullable<Stamp>,
        attempts -> Integer,
        launched_as -> Nullable<Guid>,
        unsure -> Bool,
        absent_polls -> Integer,
        unseen_since -> Nullable<Stamp>,
        hidden_since -> Nullable<Stamp>,
        hidden_at -> Nullable<Stamp>,
        stop_asked_at -> Nullable<Stamp>,
        stops -> Integer,
        next_poll_at -> Nullable<Stamp>,
        lease_until -> Nullable<Stamp>,
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
        at -> Stamp,
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
        at -> Stamp,
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
        created_at -> Stamp,
        expires_at -> Nullable<Stamp>,
        last_used_at -> Nullable<Stamp>,
        revoked_at -> Nullable<Stamp>,
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
        created_at -> Stamp,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    session (id) {
        id -> Guid,
        key_hash -> Text,
        ends_at -> Stamp,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    declared (connection_id, pipeline_id) {
        connection_id -> BigInt,
        pipeline_id -> Guid,
        account_id -> BigInt,
        parameters -> Text,
    }
}

diesel::joinable!(run -> task (task_id));
diesel::joinable!(config -> connection (connection_id));
diesel::allow_tables_to_appear_in_same_query!(connection, config, config_change, task, run, event);
