//! The four values that the bridge adds, and how a launch is shown.

use super::*;

fn four(task_id: &str, token: &str) -> Value {
    json!([
        {"code": "task_id", "type": task_id, "required": true},
        {"code": "pipeline_id", "type": "str", "required": true},
        {"code": "connection_host", "type": "str"},
        {"code": "connection_token", "type": token, "required": true},
    ])
}

#[test]
fn the_four_values_have_the_declared_type() {
    for (task_id, expected) in [("int", json!(123)), ("str", json!("123"))] {
        for token in ["secret", "str"] {
            Launch::of(&four(task_id, token)).sends(&json!({
                "task_id": expected,
                "pipeline_id": "0195-pipeline",
                "connection_host": "https://bridge.test",
                "connection_token": "callback-token",
            }));
        }
    }
}

#[test]
fn other_values_for_them_are_dropped_without_a_message() {
    let theirs = json!({"task_id": {"x": 1}, "pipeline_id": 7, "connection_host": "", "connection_token": []});
    Launch::of(&json!([]))
        .defaults(&theirs)
        .user(&theirs)
        .sends(&json!({}));
    Launch::of(&json!([{"code": "task_id", "type": "int"}]))
        .saved(&json!({"task_id": 1}))
        .defaults(&theirs)
        .user(&theirs)
        .sends(&json!({"task_id": 123}));
}

#[test]
fn a_saved_value_for_an_undeclared_one_is_an_error() {
    Launch::of(&json!([]))
        .saved(&json!({"task_id": 1}))
        .refused(&json!({"task_id": ["param-stale"]}));
}

#[test]
fn a_type_that_does_not_fit_the_value_is_an_error_at_that_key() {
    Launch::of(&json!([
        {"code": "pipeline_id", "type": "int"},
        {"code": "task_id", "type": "bool"},
    ]))
    .user(&json!({"pipeline_id": 4}))
    .refused(&json!({"pipeline_id": ["param-injected"], "task_id": ["param-injected"]}));
}

#[test]
fn they_are_sent_even_if_another_parameter_disables_them() {
    Launch::of(&json!([
        {"code": "quiet", "type": "bool", "disables": ["task_id"]},
        {"code": "task_id", "type": "int"},
    ]))
    .user(&json!({"quiet": true}))
    .sends(&json!({"quiet": true, "task_id": 123}));
}

#[test]
fn a_shown_config_has_no_secrets_and_none_of_the_four_values() {
    let definition = parameters(&json!([
        {"code": "password", "type": "secret"},
        {"code": "unset", "type": "secret"},
        {"code": "blank", "type": "secret"},
        {"code": "connection_token", "type": "str"},
        {"code": "country", "type": "str"},
    ]));
    let config = map(&json!({
        "password": "p", "unset": null, "blank": "",
        "connection_token": "t", "country": "BFA",
    }));
    let shown = validation::masked(&definition, &validation::without_injected(&config));
    assert_eq!(
        Value::Object(shown),
        json!({"password": "••••", "unset": null, "blank": "", "country": "BFA"})
    );
    let kept = validation::secrets(&definition, &config);
    assert_eq!(kept.len(), 4);
    let masked = validation::masked(&definition, &config);
    assert_eq!(masked["connection_token"], "••••");
}

#[test]
fn a_printed_launch_contains_no_secret() {
    let definition = json!([
        {"code": "connection_token", "type": "str"},
        {"code": "password", "type": "secret", "choices": ["one", "two"]},
    ]);
    let launch = Launch::of(&definition);
    let checked = launch.clone().user(&json!({"password": "one"})).check();
    let refused = launch.user(&json!({"password": "hunter2"})).check();
    let printed = format!("{checked:?} {refused:?} {:?}", injection());
    for secret in ["callback-token", "hunter2", "\"one\"", "two"] {
        assert!(!printed.contains(secret), "{secret} in {printed}");
    }
}
