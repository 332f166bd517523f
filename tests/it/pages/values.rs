//! How form inputs are converted to values.

use openhexa_bridge::domain::message::Message;
use openhexa_bridge::domain::parameters::Parameter;
use openhexa_bridge::http::Language::{self, English, French};
use openhexa_bridge::http::ui::form_values::{boxes, read as read_in};
use openhexa_bridge::http::ui::number_format::{is_quantity, written};
use serde_json::{Number, Value, json};

fn read(
    parameter: &Parameter,
    typed: &[&str],
    shown: Option<&Value>,
) -> Result<Option<Value>, Message> {
    read_in(English, parameter, typed, shown)
}

fn parameter(kind: &str, multiple: bool) -> Parameter {
    let choices: Option<Value> = None;
    crate::support::definitions::parameter(&json!({
        "code": "aa", "name": "Years", "type": kind, "required": false, "multiple": multiple, "disableWhen": true,
        "default": null, "choices": choices, "disables": [],
    }))
}

/// The value of this text in a field that was empty.
fn typed(kind: &str, text: &str) -> Value {
    typed_in(English, kind, text).unwrap()
}

fn typed_in(language: Language, kind: &str, text: &str) -> Result<Value, Message> {
    let value = read_in(language, &parameter(kind, false), &[text], None);
    value.map(|value| value.unwrap_or(Value::Null))
}

#[test]
fn a_number_is_read_in_common_formats() {
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
fn text_that_is_not_a_number_is_kept_as_typed() {
    for text in ["many", "1.0", "0x1", "１", "--1", ",", "1 000.5"] {
        assert_eq!(typed("int", text), json!(text), "{text:?}");
    }
    for text in ["NaN", "inf", "1e999", "-", "1.234,5"] {
        assert_eq!(typed("float", text), json!(text), "{text:?}");
    }
}

#[test]
fn unchanged_fields_are_not_sent() {
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
            "{kind} without a field"
        );
    }
    let many = parameter("int", true);
    assert_eq!(read(&many, &["1\r\n2\r\n"], Some(&json!([1, 2]))), Ok(None));
}

#[test]
fn zero_false_and_empty_are_values() {
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
fn several_values_are_lines_or_checkboxes() {
    let many = parameter("int", true);
    assert_eq!(
        read(&many, &["1\n\n 2 \nx"], None),
        Ok(Some(json!([1, 2, "x"])))
    );
    assert_eq!(read(&many, &["", "3", "4"], None), Ok(Some(json!([3, 4]))));
}

#[test]
fn json_is_parsed_or_the_position_of_its_error_is_shown() {
    let dict = parameter("dict", false);
    assert_eq!(
        read(&dict, &["{\"a\": 0}"], None),
        Ok(Some(json!({"a": 0})))
    );
    assert_eq!(
        read(&dict, &["[1]"], None),
        Ok(Some(json!([1]))),
        "the type is not validated here"
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
fn the_value_of_a_secret_is_never_in_its_field() {
    let secret = parameter("secret", false);
    assert_eq!(boxes(&secret, Some(&json!("hunter2"))), [""]);
    assert_eq!(
        read(&secret, &[""], Some(&json!("hunter2"))),
        Ok(None),
        "the stored value is kept"
    );
    assert_eq!(
        read(&secret, &["new"], Some(&json!("hunter2"))),
        Ok(Some(json!("new")))
    );
}

#[test]
fn a_comma_is_read_as_usual_in_the_language() {
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
fn a_whole_number_beyond_64_bits_keeps_every_digit() {
    for (language, text, digits) in [
        (
            English,
            "99999999999999999999999",
            "99999999999999999999999",
        ),
        (
            French,
            "−99999999999999999999999",
            "-99999999999999999999999",
        ),
        (
            English,
            "18,446,744,073,709,551,616",
            "18446744073709551616",
        ),
        (English, "0042", "42"),
        (English, "-0", "0"),
    ] {
        let read = typed_in(language, "int", text).unwrap();
        assert_eq!(read.to_string(), digits);
    }
    let wrong = typed_in(English, "int", &"9".repeat(4301)).unwrap_err();
    assert_eq!(wrong.key, "form-int-long");
    assert!(typed_in(English, "int", &"9".repeat(4300)).is_ok());
}

/// An input that is refused, with its error message.
#[track_caller]
fn refused(language: Language, kind: &str, multiple: bool, text: &str, key: &str) {
    let wrong = read_in(language, &parameter(kind, multiple), &[text], None).unwrap_err();
    assert_eq!((wrong.key, told(&wrong)[1]), (key, text), "{kind}");
}

#[test]
fn two_numbers_in_one_field_are_refused() {
    for text in [
        "10 5",
        "1 0000",
        "12 34 567",
        "1,5",
        "1,23,456",
        "10,50",
        "1 234,567",
        "0 123",
    ] {
        refused(English, "int", false, text, "form-apart-whole");
    }
    for text in ["10 5", "1 0000", "-1 2"] {
        refused(French, "int", false, text, "form-apart-whole");
    }
    for (language, text) in [
        (English, "1,2,3"),
        (English, "10 5"),
        (French, "10 5,5"),
        (French, "1,2,3"),
    ] {
        refused(language, "float", false, text, "form-apart");
    }
    assert_eq!(
        typed_in(French, "int", "1,5"),
        Ok(json!("1,5")),
        "the comma is the decimal separator"
    );
    let long = "1 ".repeat(100);
    let wrong = typed_in(English, "int", &long).unwrap_err();
    assert_eq!(told(&wrong)[1].chars().count(), 61);
}

#[test]
fn several_numbers_on_one_line_of_a_list_are_refused() {
    for language in [English, French] {
        for text in [
            "101 102",
            "100,200",
            "1 000",
            "1\u{202f}000",
            "1;2",
            "101, 102",
            "1,000,000",
        ] {
            refused(language, "int", true, text, "form-apart-line");
        }
        for text in ["1 2", "1.5 2.5", "1;2", "1,5,2"] {
            refused(language, "float", true, text, "form-apart-line");
        }
        let many = parameter("int", true);
        let read = read_in(language, &many, &["101\n102\n −3"], None);
        assert_eq!(read, Ok(Some(json!([101, 102, -3]))));
        let read = read_in(language, &parameter("str", true), &["a b\nc, d"], None);
        assert_eq!(
            read,
            Ok(Some(json!(["a b", "c, d"]))),
            "texts are not numbers"
        );
    }
    refused(English, "float", true, "1,5", "form-apart-line");
    let read = read_in(French, &parameter("float", true), &["1,5\n2.5"], None);
    assert_eq!(read, Ok(Some(json!([1.5, 2.5]))));
}

#[test]
fn json_with_an_unreadable_number_is_refused() {
    let dict = parameter("dict", false);
    for text in [
        "{\"a\": 1e999}".to_owned(),
        format!("[{}]", "9".repeat(4301)),
    ] {
        assert_eq!(
            read(&dict, &[&text], None).unwrap_err().key,
            "form-json-number"
        );
    }
    let kept = read(&dict, &["[18446744073709551616, 1.50, -0]"], None).unwrap();
    assert_eq!(kept.unwrap().to_string(), "[18446744073709551616,1.5,0]");
}

#[test]
fn the_position_of_an_error_is_in_characters() {
    let dict = parameter("dict", false);
    for text in ["{\"é\": 1,, }", "{\"😀\": 1,, }", "{\"e\": 1,, }"] {
        let wrong = read(&dict, &[text], None).unwrap_err();
        assert_eq!(told(&wrong), ["Years", "1", "9"], "{text}");
    }
    let deep = format!("{}{}", "[".repeat(128), "]".repeat(128));
    let wrong = read(&dict, &[&deep], None).unwrap_err();
    assert_eq!(wrong.key, "form-json-deep");
    assert!(
        read(&dict, &[&deep[1..255]], None).is_ok(),
        "127 levels are accepted"
    );
}

fn told(sentence: &Message) -> Vec<&str> {
    let gaps = sentence.args.iter();
    gaps.map(|(_, value)| value.as_str()).collect()
}

#[test]
fn numbers_are_formatted_for_the_language() {
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
fn names_of_digits_are_not_formatted_as_numbers() {
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
        assert!(!is_quantity(name), "{name}");
    }
    for name in ["", "Target", "Idle", "decoded", "Vaccinated (all)"] {
        assert!(is_quantity(name), "{name}");
    }
}
