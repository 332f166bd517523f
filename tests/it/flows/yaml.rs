//! What YAML makes of text: nothing is changed silently.

use openhexa_bridge::domain::flow::document::ArgumentValue;
use openhexa_bridge::domain::json_numbers::normalize;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{faults, parsed, refused, shown, steps};

/// The value that a parameter has when it is written like this.
fn value(written: &str) -> Value {
    let text = steps(&format!(
        "- id: load\n  pipeline: extract\n  parameters:\n    it: {written}"
    ));
    let flow = parsed(&text).flow;
    match flow.steps[0].parameters[0].value.value.clone() {
        ArgumentValue::Literal(value) => value,
        ArgumentValue::Reference(reference) => panic!("{reference:?}"),
    }
}

#[test]
fn only_what_json_knows_has_a_type() {
    for (written, json) in [
        ("5", "5"),
        ("-5", "-5"),
        ("0", "0"),
        ("-0", "0"),
        ("1.50", "1.5"),
        ("1.0", "1.0"),
        ("1e3", "1000.0"),
        ("true", "true"),
        ("False", "false"),
        ("null", "null"),
        ("~", "null"),
        ("", "null"),
        ("no", "\"no\""),
        ("yes", "\"yes\""),
        ("on", "\"on\""),
        ("NO", "\"NO\""),
        ("007", "\"007\""),
        ("0123", "\"0123\""),
        ("+5", "\"+5\""),
        ("1_000", "\"1_000\""),
        ("0x1F", "\"0x1F\""),
        ("0o17", "\"0o17\""),
        (".5", "\".5\""),
        ("5.", "\"5.\""),
        (".inf", "\".inf\""),
        (".nan", "\".nan\""),
        ("12:30", "\"12:30\""),
        ("1:30:00", "\"1:30:00\""),
        ("2024-01-01", "\"2024-01-01\""),
        ("\"5\"", "\"5\""),
        ("'true'", "\"true\""),
        ("<<", "\"<<\""),
        ("a # comment", "\"a\""),
        ("'a # b'", "\"a # b\""),
    ] {
        assert_eq!(value(written).to_string(), json, "{written}");
    }
}

#[test]
fn large_integers_keep_all_their_digits() {
    for digits in [
        "9007199254740993",
        "18446744073709551616",
        "-170141183460469231731687303715884105729",
        &"7".repeat(400),
    ] {
        assert_eq!(value(digits).to_string(), digits);
    }
}

#[test]
fn numbers_that_python_cannot_read_are_refused() {
    for number in ["1e999", &"9".repeat(4301)] {
        let text = steps(&format!(
            "- {{id: a, pipeline: p, parameters: {{n: {number}}}}}"
        ));
        refused(
            &text,
            (3, 40),
            "This number is too large",
            "Ce nombre est trop grand",
        );
    }
}

#[test]
fn text_over_several_lines_is_kept() {
    assert_eq!(
        value("|\n      SELECT 1\n      FROM a\n"),
        "SELECT 1\nFROM a\n"
    );
    assert_eq!(value(">-\n      one\n      two"), "one two");
}

#[test]
fn a_key_is_text_whatever_it_looks_like() {
    assert_eq!(
        value("{1: a, true: b, null: c, 2024-01-01: d}").to_string(),
        r#"{"1":"a","true":"b","null":"c","2024-01-01":"d"}"#
    );
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_do_not_move_positions() {
    let text = "\u{feff}id: f\r\nsteps:\r\n  - id: a\r\n    pipline: p\r\n    pipeline: p\r\n";
    refused(
        text,
        (4, 5),
        "There is no `pipline`; did you mean `pipeline`?",
        "`pipline` n’existe pas ; vouliez-vous dire `pipeline` ?",
    );
}

#[test]
fn columns_count_characters_and_not_bytes() {
    let text = "id: f\nsteps: [{id: a, pipeline: é😀, wron: 1}]\n";
    let found = faults(text);
    assert_eq!(
        (found[0].place.line, found[0].place.column),
        (2, 31),
        "{:?}",
        shown(&found)
    );
}

#[test]
fn all_faults_are_reported_at_once_in_the_order_of_their_lines() {
    let text = "id: Nightly\nsteps:\n- {id: a, pipeline: p, after: [b]}\n- {id: a, pipeline: p, retry: {times: 11}}\nschedules:\n- {id: n, cron: '61 * * * *', timezone: GMT+1}\nnotfy: []\n";
    assert_eq!(
        shown(&faults(text)),
        [
            "line 1, column 5: `Nightly` is not valid as `id`: use 1 to 64 of the characters a–z, 0–9, `-` and `_`",
            "line 3, column 32: There is no step `b`",
            "line 4, column 8: The id `a` is used twice",
            "line 4, column 39: `times` must be between 1 and 10",
            "line 6, column 17: `61` is not valid as a minute (0–59)",
            "line 6, column 41: `GMT+1` does not follow clock changes. Use the name of a time zone, such as `Africa/Kinshasa` or `Europe/Brussels`, or `UTC`",
            "line 7, column 1: There is no `notfy`; did you mean `notify`?",
        ]
    );
}

#[test]
fn the_rest_of_a_document_with_an_alias_is_checked_too() {
    let text = "id: f\nname: *x\nsteps: [{id: a, pipline: p, pipeline: *y}]\nnotfy: []\n";
    let alias = |text: &str| {
        format!(
            "`{text}` is not in quotes, and YAML reads text that starts with `*` or `&` as a reference. Write it in quotes: \"{text}\""
        )
    };
    assert_eq!(
        shown(&faults(text)),
        [
            format!("line 2, column 7: {}", alias("*x")),
            "line 3, column 17: There is no `pipline`; did you mean `pipeline`?".to_owned(),
            format!("line 3, column 39: {}", alias("*y")),
            "line 4, column 1: There is no `notfy`; did you mean `notify`?".to_owned(),
        ]
    );
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        "-?[1-9][0-9]{0,40}(\\.[0-9]{1,20})?".prop_map(|text| serde_json::from_str(&text).unwrap()),
        any::<String>().prop_map(Value::from),
        "[ -~]{0,12}".prop_map(Value::from),
        "[\\PC\\n\\t]{0,12}".prop_map(Value::from),
    ];
    // No words, because some of them are names of secrets, and `from` makes a reference.
    let key = prop_oneof!["[b-d]{1,5}", "[^a-zA-Z\\p{C}]{0,8}"];
    leaf.prop_recursive(3, 20, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(key.clone(), inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn json_is_read_as_json(value in any_json(), pretty in any::<bool>()) {
        let document = json!({"id": "f", "steps": [{"id": "a", "pipeline": "p", "parameters": {"it": [value]}}]});
        let text = if pretty { serde_json::to_string_pretty(&document) } else { serde_json::to_string(&document) };
        let parsed = openhexa_bridge::domain::flow::document::parse(&text.unwrap());
        let flow = parsed.map_err(|found| TestCaseError::fail(format!("{:?}", shown(&found))))?.flow;
        let mut expected = json!([value]);
        prop_assert!(normalize(&mut expected));
        prop_assert_eq!(&flow.steps[0].parameters[0].value.value, &ArgumentValue::Literal(expected));
    }
}
