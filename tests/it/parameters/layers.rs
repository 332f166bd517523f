//! Which value is sent: the caller's, the account's, or the one stored with the version.

use super::*;

#[test]
fn the_callers_value_covers_the_accounts_which_covers_the_saved_one() {
    let launch = Launch::of(&one("str", &json!({})))
        .saved(&json!({"xx": "saved"}))
        .defaults(&json!({"xx": "account"}));
    launch.sends(&json!({"xx": "account"}));
    launch
        .user(&json!({"xx": "user"}))
        .sends(&json!({"xx": "user"}));
}

#[test]
fn an_untouched_box_falls_back_to_the_account() {
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
fn a_text_emptied_by_the_caller_hides_the_account_and_covers_what_is_saved() {
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
fn what_the_container_would_look_up_cannot_be_emptied_over_a_saved_value() {
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
fn an_empty_list_covers_the_layers_under_it() {
    Launch::of(&one("int", &json!({"multiple": true})))
        .saved(&json!({"xx": [1]}))
        .defaults(&json!({"xx": [2]}))
        .user(&json!({"xx": [null, ""]}))
        .sends(&json!({"xx": []}));
}

#[test]
fn a_wrong_value_says_whose_it_is() {
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
fn a_key_that_is_not_declared_is_for_user_whoever_brought_it() {
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
fn a_secret_that_comes_back_as_it_was_shown_was_not_touched() {
    let launch =
        Launch::of(&one("secret", &json!({"required": true}))).user(&json!({"xx": "••••"}));
    launch.refused(&json!({"xx": ["param-required"]}));
    launch.clone().saved(&json!({"xx": "s"})).sends(&json!({}));
    launch
        .defaults(&json!({"xx": "d"}))
        .sends(&json!({"xx": "d"}));
}
