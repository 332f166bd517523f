//! Iaso's form sends 0 for an empty number.

use super::*;

fn launch(parameter: &Value, value: &Value) -> Launch {
    Launch {
        from_iaso: true,
        ..Launch::of(&json!([parameter])).user(&json!({"xx": value}))
    }
}

fn number() -> Value {
    json!({"code": "xx", "type": "int", "required": false, "choices": [1, 2]})
}

#[test]
fn it_is_left_out_with_a_warning_if_it_is_not_a_choice() {
    for (kind, zero) in [
        ("int", json!(0)),
        ("float", json!(0)),
        ("float", json!(0.0)),
        ("float", json!(-0.0)),
    ] {
        let mut parameter = number();
        parameter["type"] = json!(kind);
        let launch = launch(&parameter, &zero);
        launch.sends(&json!({}));
        let checked = launch.check().unwrap();
        assert_eq!(
            keys(&checked.warnings),
            json!({"xx": ["param-zero-left-out"]})
        );
        assert_eq!(checked.left_out, ["xx"]);
    }
}

#[test]
fn the_accounts_or_the_versions_value_is_used_instead() {
    let launch = launch(&number(), &json!(0));
    launch
        .clone()
        .defaults(&json!({"xx": 2}))
        .sends(&json!({"xx": 2}));
    launch.saved(&json!({"xx": 1})).sends(&json!({}));
}

#[test]
fn all_other_values_are_validated_as_sent() {
    let with = |key: &str, value: Value| {
        let mut parameter = number();
        parameter[key] = value;
        parameter
    };
    launch(&with("choices", json!([0, 1])), &json!(0)).sends(&json!({"xx": 0}));
    launch(&with("choices", json!([])), &json!(0)).sends(&json!({"xx": 0}));
    launch(&with("choices", json!(null)), &json!(0)).sends(&json!({"xx": 0}));
    for (parameter, value) in [
        (with("required", json!(true)), json!(0)),
        (with("default", json!(1)), json!(0)),
        (number(), json!(3)),
        (number(), json!("0")),
        (number(), json!(false)),
    ] {
        let launch = launch(&parameter, &value);
        assert!(launch.check().is_err(), "{launch:?}");
    }
    let of_a_program = Launch {
        from_iaso: false,
        ..launch(&number(), &json!(0))
    };
    of_a_program.refused(&json!({"xx": ["param-choice"]}));
}
