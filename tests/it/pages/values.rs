//! What is typed into a form, and what is meant by it.

use openhexa_bridge::domain::parameters::Parameter;
use openhexa_bridge::domain::sentence::Sentence;
use openhexa_bridge::http::Language::{self, English, French};
use openhexa_bridge::http::ui::digits::{counts, written};
use openhexa_bridge::http::ui::values::{boxes, read as read_in};
use serde_json::{Number, Value, json};

fn read(
    parameter: &Parameter,
    typed: &[&str],
    shown: Option<&Value>,
) -> Result<Option<Value>, Sentence> {
    read_in(English, parameter, typed, shown)
}

fn parameter(kind: &str, multiple: bool) -> Parameter {
    let choices: Option<Value> = None;
    crate::support::definitions::parameter(&json!({
        "code": "aa", "name": "Years", "type": kind, "required": false, "multiple": multiple, "disableWhen": true,
        "default": null, "choices": choices, "disables": [],
    }))
}

/// What is meant by this text, where nothing stood in the box.
fn typed(kind: &str, text: &str) -> Value {
    typed_in(English, kind, text).unwrap()
}

fn typed_in(language: Language, kind: &str, text: &str) -> Result<Value, Sentence> {
    let value = read_in(language, &parameter(kind, false), &[text], None);
    value.map(|value| value.unwrap_or(Value::Null))
}

#[test]
fn a_number_is_read_as_people_write_it() {
    for (text, number) in [
        ("0", 0),
        (" 12 ", 12),
        ("-3", -3),
        ("10 000", 10_000),
        ("10\u{202f}000", 10_000),
        ("+7", 7),
        ("−5", -5),
        ("1\u{a0}234\u{2009}567", 1_234_567),
        ("12,371", 12_371),
    ] {
        assert_eq!(typed("int", text), json!(number), "{text:?}");
    }
    for (text, number) in [
        ("2.5", json!(2.5)),
        ("2,5", json!(2.5)),
        ("0,125", json!(0.125)),
        ("3", json!(3)),
        ("1e3", json!(1000.0)),
        ("1 234,5", json!(1234.5)),
        ("−2.5", json!(-2.5)),
        ("12,371.5", json!(12_371.5)),
        ("1,234,567", json!(1_234_567.0)),
        ("1234,567", json!(1234.567)),
    ] {
        assert_eq!(typed("float", text), number, "{text:?}");
    }
}

#[test]
fn what_is_no_number_stays_what_was_typed() {
    for text in ["many", "1.0", "1,5", "0x1", "１", "--1", "1,23,456", ","] {
        assert_eq!(typed("int", text), json!(text), "{text:?}");
    }
    for text in ["NaN", "inf", "1,2,3", "1e999", "-", "1.234,5"] {
        assert_eq!(typed("float", text), json!(text), "{text:?}");
    }
}

#[test]
fn what_was_not_touched_is_not_sent() {
    for (kind, value) in [
        ("int", json!(5)),
        ("float", json!(0.95)),
        ("str", json!("a")),
        ("bool", json!(true)),
        ("dict", json!({"a": [1, 2]})),
        ("list", json!([1, "b"])),
    ] {
        let parameter = parameter(kind, false);
        let shown = boxes(&parameter, Some(&value));
        let typed: Vec<&str> = shown.iter().map(String::as_str).collect();
        assert_eq!(read(&parameter, &typed, Some(&value)), Ok(None), "{kind}");
        assert_eq!(
            read(&parameter, &[], Some(&value)),
            Ok(None),
            "{kind} without a box"
        );
    }
    let many = parameter("int", true);
    assert_eq!(read(&many, &["1\r\n2\r\n"], Some(&json!([1, 2]))), Ok(None));
}

#[test]
fn nought_no_and_nothing_can_be_meant() {
    assert_eq!(
        read(&parameter("int", false), &["0"], Some(&json!(5))),
        Ok(Some(json!(0)))
    );
    assert_eq!(
        read(&parameter("bool", false), &["false"], Some(&json!(true))),
        Ok(Some(json!(false)))
    );
    assert_eq!(
        read(&parameter("bool", false), &["false", "true"], None),
        Ok(Some(json!(true)))
    );
    assert_eq!(
        read(&parameter("str", false), &["  "], Some(&json!("a"))),
        Ok(Some(json!("")))
    );
    assert_eq!(
        read(&parameter("str", true), &[""], Some(&json!(["a"]))),
        Ok(Some(json!([])))
    );
}

#[test]
fn several_values_are_lines_or_ticks() {
    let many = parameter("int", true);
    assert_eq!(
        read(&many, &["1\n\n 2 \nx"], None),
        Ok(Some(json!([1, 2, "x"])))
    );
    assert_eq!(read(&many, &["", "3", "4"], None), Ok(Some(json!([3, 4]))));
}

#[test]
fn json_is_read_or_its_place_is_told() {
    let dict = parameter("dict", false);
    assert_eq!(
        read(&dict, &["{\"a\": 0}"], None),
        Ok(Some(json!({"a": 0})))
    );
    assert_eq!(
        read(&dict, &["[1]"], None),
        Ok(Some(json!([1]))),
        "whether it will do is not judged here"
    );
    let wrong = read(&dict, &["{\n  \"a\": }"], None).unwrap_err();
    assert_eq!(wrong.key, "form-json");
    let told: Vec<_> = wrong
        .args
        .iter()
        .map(|(gap, value)| (*gap, value.as_str()))
        .collect();
    assert_eq!(told, [("name", "Years"), ("line", "2"), ("column", "8")]);
}

#[test]
fn a_secret_never_stands_in_its_box() {
    let secret = parameter("secret", false);
    assert_eq!(boxes(&secret, Some(&json!("hunter2"))), [""]);
    assert_eq!(
        read(&secret, &[""], Some(&json!("hunter2"))),
        Ok(None),
        "the stored one stays"
    );
    assert_eq!(
        read(&secret, &["new"], Some(&json!("hunter2"))),
        Ok(Some(json!("new")))
    );
}

#[test]
fn a_comma_is_read_as_readers_of_the_language_write_it() {
    for (text, number) in [
        ("12,371", 12.371),
        ("1,500", 1.5),
        ("0,125", 0.125),
        ("12\u{202f}371,5", 12_371.5),
        ("1.500", 1.5),
    ] {
        assert_eq!(typed_in(French, "float", text), Ok(json!(number)), "{text}");
    }
    assert_eq!(typed_in(French, "int", "12,371"), Ok(json!("12,371")));
    let wrong = typed_in(English, "float", "-1,250").unwrap_err();
    assert_eq!(wrong.key, "form-either");
    assert_eq!(told(&wrong), ["Years", "-1,250", "-1250", "-1.250"]);
}

#[test]
fn a_number_that_is_too_large_is_a_number_all_the_same() {
    let wrong = typed_in(English, "int", "99999999999999999999999").unwrap_err();
    assert_eq!(wrong.key, "form-int-large");
    assert_eq!(told(&wrong), ["Years", "9,223,372,036,854,775,807"]);
    let wrong = typed_in(French, "int", "−99999999999999999999999").unwrap_err();
    assert_eq!(wrong.key, "form-int-small");
    assert!(told(&wrong)[1].starts_with("−9\u{202f}223\u{202f}372"));
}

#[test]
fn the_place_of_a_mistake_counts_letters() {
    let dict = parameter("dict", false);
    for text in ["{\"é\": 1,, }", "{\"😀\": 1,, }", "{\"e\": 1,, }"] {
        let wrong = read(&dict, &[text], None).unwrap_err();
        assert_eq!(told(&wrong), ["Years", "1", "9"], "{text}");
    }
    let deep = format!("{}{}", "[".repeat(128), "]".repeat(128));
    let wrong = read(&dict, &[&deep], None).unwrap_err();
    assert_eq!(wrong.key, "form-json-deep");
    assert!(read(&dict, &[&deep[1..255]], None).is_ok(), "127 are taken");
}

fn told(sentence: &Sentence) -> Vec<&str> {
    let gaps = sentence.args.iter();
    gaps.map(|(_, value)| value.as_str()).collect()
}

#[test]
fn numbers_are_written_in_the_manner_of_the_reader() {
    let number = |value: Value| -> Number { value.as_number().unwrap().clone() };
    for (value, english, french) in [
        (json!(2026), "2026", "2026"),
        (json!(12_371), "12,371", "12\u{202f}371"),
        (
            json!(-1_234_567.25),
            "−1,234,567.25",
            "−1\u{202f}234\u{202f}567,25",
        ),
        (json!(0.95), "0.95", "0,95"),
        (json!(1e300), "1e+300", "1e+300"),
    ] {
        assert_eq!(written(English, &number(value.clone())), english);
        assert_eq!(written(French, &number(value)), french);
    }
}

#[test]
fn names_made_of_digits_are_no_numbers() {
    for name in [
        "id",
        "orgUnitId",
        "org_unit_id",
        "Code",
        "zone code",
        "Year",
        "année",
        "period",
    ] {
        assert!(!counts(name), "{name}");
    }
    for name in ["", "Target", "Idle", "decoded", "Vaccinated (all)"] {
        assert!(counts(name), "{name}");
    }
}
