//! Which value is sent: the user's, the account's, or the one stored with the version.

use super::*;

#[test]
fn the_users_value_overrides_the_accounts_which_overrides_the_saved_one() {
    let launch = Launch::of(&one("str", &json!({})))
        .saved(&json!({"xx": "saved"}))
        .defaults(&json!({"xx": "account"}));
    launch.sends(&json!({"xx": "account"}));
    launch
        .user(&json!({"xx": "user"}))
        .sends(&json!({"xx": "user"}));
}

#[test]
fn an_unchanged_field_uses_the_accounts_value() {
    for kind in ["int", "float", "bool", "list", "dict", "hologram"] {
        let account = match kind {
            "bool" => json!(true),
            "list" => json!([1]),
            "dict" => json!({"a": 1}),
            _ => json!(5),
        };
        for untouched in [json!(null), json!(""), json!(" \u{1c}\u{a0}")] {
            Launch::of(&one(kind, &json!({})))
                .defaults(&json!({"xx": account}))
                .user(&json!({"xx": untouched}))
                .sends(&json!({"xx": account}));
        }
    }
}

#[test]
fn an_emptied_text_overrides_the_accounts_and_the_saved_value() {
    let launch = Launch::of(&one("str", &json!({})))
        .defaults(&json!({"xx": "account"}))
        .user(&json!({"xx": "  "}));
    launch.sends(&json!({}));
    launch
        .saved(&json!({"xx": "saved"}))
        .sends(&json!({"xx": ""}));
}

#[test]
fn an_emptied_text_that_is_required_is_missing() {
    Launch::of(&one("str", &json!({"required": true})))
        .defaults(&json!({"xx": "account"}))
        .user(&json!({"xx": ""}))
        .refused(&json!({"xx": ["param-required"]}));
}

#[test]
fn a_resource_with_a_saved_value_cannot_be_emptied() {
    let launch = Launch::of(&one("iaso", &json!({}))).user(&json!({"xx": ""}));
    launch.sends(&json!({}));
    launch
        .saved(&json!({"xx": "iaso-main"}))
        .refused(&json!({"xx": ["param-keep"]}));
    // An upload saves the defaults with the version.
    Launch::of(&one("iaso", &json!({"default": "iaso-main"})))
        .saved(&json!({"xx": "iaso-main"}))
        .user(&json!({"xx": ""}))
        .refused(&json!({"xx": ["param-keep-default"]}));
}

#[test]
fn an_empty_list_overrides_the_accounts_and_the_saved_value() {
    Launch::of(&one("int", &json!({"multiple": true})))
        .saved(&json!({"xx": [1]}))
        .defaults(&json!({"xx": [2]}))
        .user(&json!({"xx": [null, ""]}))
        .sends(&json!({"xx": []}));
}

#[test]
fn an_error_names_the_source_of_the_value() {
    let launch = Launch::of(&one("int", &json!({}))).saved(&json!({"xx": "five"}));
    launch.refused(&json!({"xx": ["param-int", "param-from-version"]}));
    Launch::of(&one("int", &json!({"default": "five"})))
        .saved(&json!({"xx": "five"}))
        .refused(&json!({"xx": ["param-int", "param-from-default"]}));
    let launch = launch.defaults(&json!({"xx": "six"}));
    launch.refused(&json!({"xx": ["param-int", "param-from-account"]}));
    let launch = launch.user(&json!({"xx": "seven"}));
    launch.refused(&json!({"xx": ["param-int"]}));
    launch.user(&json!({"xx": 7})).sends(&json!({"xx": 7}));
}

#[test]
fn a_key_that_is_not_declared_is_refused_from_any_source() {
    Launch::of(&json!([]))
        .saved(&json!({"stale": null, "both": 1}))
        .defaults(&json!({"account": 1, "unset": null}))
        .user(&json!({"user": 1, "both": 1, "unset": null}))
        .refused(&json!({
            "account": ["param-unknown-default"],
            "both": ["param-unknown", "param-stale"],
            "stale": ["param-stale"],
            "user": ["param-unknown"],
        }));
}

#[test]
fn a_masked_secret_that_is_sent_back_counts_as_unchanged() {
    let launch =
        Launch::of(&one("secret", &json!({"required": true}))).user(&json!({"xx": "••••"}));
    launch.refused(&json!({"xx": ["param-required"]}));
    launch.clone().saved(&json!({"xx": "s"})).sends(&json!({}));
    launch
        .defaults(&json!({"xx": "d"}))
        .sends(&json!({"xx": "d"}));
}
