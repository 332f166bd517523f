//! What is typed into a form, and what is meant by it.

use openhexa_bridge::domain::parameters::Parameter;
use openhexa_bridge::http::ui::values::{boxes, read};
use serde_json::{Value, json};

fn parameter(kind: &str, multiple: bool) -> Parameter {
    let choices: Option<Value> = None;
    crate::support::definitions::parameter(&json!({
        "code": "aa", "name": "Years", "type": kind, "required": false, "multiple": multiple, "disableWhen": true,
        "default": null, "choices": choices, "disables": [],
    }))
}

/// What is meant by this text, where nothing stood in the box.
fn typed(kind: &str, text: &str) -> Value {
    let value = read(&parameter(kind, false), &[text], None).unwrap();
    value.unwrap_or(Value::Null)
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
    ] {
        assert_eq!(typed("float", text), number, "{text:?}");
    }
}

#[test]
fn what_is_no_number_stays_what_was_typed() {
    for text in ["many", "1.0", "1,5", "99999999999999999999", "0x1", "１"] {
        assert_eq!(typed("int", text), json!(text), "{text:?}");
    }
    for text in ["NaN", "inf", "1,250", "1,2,3", "1e999", "-"] {
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
