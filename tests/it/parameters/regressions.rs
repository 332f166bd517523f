//! Cases that were validated wrongly before, or that no other test covers.

use openhexa_bridge::domain::json_numbers;

use super::*;

/// A JSON value as it is parsed from a request.
fn read(text: &str) -> Value {
    let mut value: Value = serde_json::from_str(text).unwrap();
    assert!(json_numbers::normalize(&mut value), "{text}");
    value
}

#[test]
fn a_whole_number_beyond_64_bits_is_sent_unchanged() {
    for text in [
        "18446744073709551616",
        "-9223372036854775809",
        &"9".repeat(4300),
    ] {
        let config = read(&format!(r#"{{"xx": {text}}}"#));
        let launch = Launch::of(&one("int", &json!({}))).user(&config);
        launch.sends(&config);
        assert_eq!(launch.check().unwrap().config["xx"].to_string(), text);
    }
    let several = read(r#"{"xx": [1, 18446744073709551616]}"#);
    Launch::of(&one("int", &json!({"multiple": true})))
        .user(&several)
        .sends(&several);
    let saved = read(r#"{"xx": 18446744073709551616}"#);
    Launch::of(&one("int", &json!({})))
        .saved(&saved)
        .sends(&json!({}));
}

#[test]
fn minus_zero_is_a_whole_number() {
    Launch::of(&one("int", &json!({})))
        .user(&read(r#"{"xx": -0}"#))
        .sends(&json!({"xx": 0}));
    for text in ["1.0", "1e3", "-0.0", "1E2"] {
        let config = read(&format!(r#"{{"xx": {text}}}"#));
        Launch::of(&one("int", &json!({})))
            .user(&config)
            .refused(&json!({"xx": ["param-int"]}));
    }
}

#[test]
fn a_float_accepts_a_long_whole_number_that_fits_a_double() {
    let long = read(r#"{"xx": 18446744073709551616}"#);
    Launch::of(&one("float", &json!({})))
        .user(&long)
        .sends(&long);
    let longer = read(&format!(r#"{{"xx": {}}}"#, "9".repeat(400)));
    Launch::of(&one("float", &json!({})))
        .user(&longer)
        .refused(&json!({"xx": ["param-float"]}));
}

#[test]
fn a_long_choice_is_compared_with_every_digit() {
    let choices = read(r#"{"choices": [18446744073709551616, 3]}"#);
    let launch =
        |text: &str| Launch::of(&one("int", &choices)).user(&read(&format!(r#"{{"xx": {text}}}"#)));
    assert!(launch("18446744073709551616").check().is_ok());
    launch("18446744073709551617").refused(&json!({"xx": ["param-choice"]}));
    let floats = json!({"choices": [2.0, 9_007_199_254_740_992.0]});
    let launch = |text: &str| {
        Launch::of(&one("float", &floats)).user(&read(&format!(r#"{{"xx": {text}}}"#)))
    };
    assert!(launch("2").check().is_ok(), "2 == 2.0");
    assert!(launch("9007199254740992").check().is_ok());
    launch("9007199254740993").refused(&json!({"xx": ["param-number-choice"]}));
}

#[test]
fn numbers_in_different_notations_are_equal() {
    for (left, right, same) in [
        (
            "[1e16, {\"a\": 2}]",
            "[10000000000000000, {\"a\": 2.0}]",
            true,
        ),
        ("18446744073709551616", "18446744073709551616.0", true),
        ("18446744073709551617", "18446744073709551616.0", false),
        ("-0.0", "0", true),
        ("0.1", "0.1", true),
        ("{\"a\": 1}", "{\"a\": 1, \"b\": 1}", false),
        ("[1]", "[1, 2]", false),
        ("\"1\"", "1", false),
    ] {
        let found = json_numbers::equal_values(&read(left), &read(right));
        assert_eq!(found, same, "{left} and {right}");
    }
}

#[test]
fn a_number_that_python_cannot_read_is_an_error() {
    for text in ["1e400", "-1e400", &"9".repeat(4301), "[{\"a\": [1e309]}]"] {
        let mut value: Value = serde_json::from_str(text).unwrap();
        assert!(!json_numbers::normalize(&mut value), "{text}");
    }
    assert_eq!(
        read("[1.50, 1E2, 1e-400, 0.1]").to_string(),
        "[1.5,100.0,0.0,0.1]"
    );
}

#[test]
fn a_required_list_whose_default_is_empty_is_missing() {
    for kind in ["int", "str", "float"] {
        let required = json!({"multiple": true, "required": true, "default": []});
        let launch = Launch::of(&one(kind, &required));
        launch.refused(&json!({"xx": ["param-required"]}));
        launch
            .clone()
            .user(&json!({"xx": []}))
            .refused(&json!({"xx": ["param-required"]}));
        launch
            .saved(&json!({"xx": []}))
            .refused(&json!({"xx": ["param-required", ]}));
    }
    let optional = json!({"multiple": true, "required": false, "default": []});
    Launch::of(&one("int", &optional)).sends(&json!({}));
    let filled = json!({"multiple": true, "required": true, "default": [1]});
    Launch::of(&one("int", &filled)).sends(&json!({}));
}

/// `outer` disables `inner`, which disables `target`.
fn chain() -> Launch {
    Launch::of(&json!([
        {"code": "outer", "type": "bool", "disables": ["inner"]},
        {"code": "inner", "type": "bool", "disables": ["target"]},
        {"code": "target", "type": "int", "required": true},
    ]))
}

#[test]
fn a_disabled_parameter_still_disables_others() {
    chain()
        .user(&json!({"outer": true, "inner": true, "target": "junk"}))
        .sends(&json!({"outer": true, "inner": true}));
    chain()
        .user(&json!({"outer": true, "inner": false}))
        .refused(&json!({"target": ["param-required"]}));
    chain()
        .user(&json!({"outer": true, "inner": false, "target": 5}))
        .sends(&json!({"outer": true, "inner": false, "target": 5}));
    chain()
        .user(&json!({"outer": true, "inner": "yes", "target": 5}))
        .refused(&json!({"inner": ["param-bool"]}));
}

#[test]
fn only_a_bool_with_targets_disables_others() {
    let launch = Launch::of(&json!([
        {"code": "number", "type": "int", "disables": ["target"]},
        {"code": "plain", "type": "bool", "disableWhen": false},
        {"code": "target", "type": "int", "required": true},
    ]));
    launch
        .user(&json!({"number": 1, "plain": false}))
        .refused(&json!({"target": ["param-required"]}));
}

#[test]
fn a_path_of_5000_characters_is_refused() {
    for kind in ["file", "dataset", "iaso", "custom"] {
        let launch = |text: String| Launch::of(&one(kind, &json!({}))).user(&json!({"xx": text}));
        launch("a/".repeat(2500)).refused(&json!({"xx": ["param-long"]}));
        launch("é".repeat(513)).refused(&json!({"xx": ["param-long"]}));
        launch("é".repeat(512)).sends(&json!({"xx": "é".repeat(512)}));
    }
    let text = json!({"xx": "a".repeat(5000)});
    Launch::of(&one("str", &json!({}))).user(&text).sends(&text);
}
