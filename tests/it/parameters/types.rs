//! Types, choices, and several errors in one response.

use super::*;

#[test]
fn lists_and_objects_must_be_json_lists_and_objects() {
    let list = Launch::of(&one("list", &json!({"required": true})));
    list.clone()
        .user(&json!({"xx": [1, "a", null]}))
        .sends(&json!({"xx": [1, "a", null]}));
    list.clone()
        .user(&json!({"xx": []}))
        .sends(&json!({"xx": []}));
    list.clone()
        .user(&json!({"xx": "[1]"}))
        .refused(&json!({"xx": ["param-list"]}));
    list.clone()
        .user(&json!({"xx": {}}))
        .refused(&json!({"xx": ["param-list"]}));
    list.refused(&json!({"xx": ["param-required"]}));
    let dict = Launch::of(&one("dict", &json!({})));
    dict.clone()
        .user(&json!({"xx": {"a": " b "}}))
        .sends(&json!({"xx": {"a": " b "}}));
    dict.user(&json!({"xx": "{}"}))
        .refused(&json!({"xx": ["param-dict"]}));
}

#[test]
fn a_type_of_a_later_openhexa_is_accepted() {
    let launch = Launch::of(&one(
        "hologram",
        &json!({"required": true, "choices": ["a"]}),
    ));
    for value in [
        json!(true),
        json!({"a": 1}),
        json!([1]),
        json!("b"),
        json!(1.5),
    ] {
        launch
            .clone()
            .user(&json!({"xx": value}))
            .sends(&json!({"xx": value}));
    }
    launch.refused(&json!({"xx": ["param-required"]}));
}

#[test]
fn values_that_are_looked_up_must_be_text() {
    for kind in [
        "dataset",
        "file",
        "dhis2",
        "postgresql",
        "iaso",
        "s3",
        "gcs",
        "custom",
    ] {
        let launch = Launch::of(&one(kind, &json!({})));
        launch
            .clone()
            .user(&json!({"xx": " a "}))
            .sends(&json!({"xx": "a"}));
        launch
            .user(&json!({"xx": 5}))
            .refused(&json!({"xx": ["param-text"]}));
    }
}

#[test]
fn whole_numbers_beyond_64_bits_may_have_a_sign() {
    let value = json!(u64::MAX);
    Launch::of(&one("int", &json!({})))
        .user(&json!({"xx": value}))
        .sends(&json!({"xx": value}));
}

#[test]
fn choices_are_compared_as_in_python() {
    let launch = Launch::of(&one("float", &json!({"choices": [1.0, 2]})));
    launch
        .clone()
        .user(&json!({"xx": 1}))
        .sends(&json!({"xx": 1}));
    launch
        .clone()
        .user(&json!({"xx": 2.0}))
        .sends(&json!({"xx": 2.0}));
    launch.clone().saved(&json!({"xx": true})).sends(&json!({}));
    launch
        .user(&json!({"xx": 3}))
        .refused(&json!({"xx": ["param-number-choice"]}));
}

#[test]
fn choices_of_a_file_only_warn() {
    let file = json!({"choicesFromFile": {"path": "a.csv", "format": "csv", "column": "c"}});
    let launch = Launch::of(&one("int", &file)).user(&json!({"xx": 3}));
    let warned = |launch: Launch| keys(&launch.check().expect("never an error").warnings);
    assert_eq!(warned(launch.clone()), json!({}));
    assert_eq!(
        warned(launch.clone().resolved("xx", &["1", " 3.0 "])),
        json!({})
    );
    assert_eq!(
        warned(launch.resolved("xx", &["1", "2", "three"])),
        json!({"xx": ["param-outside-file"]})
    );
}

#[test]
fn all_invalid_fields_are_in_one_response_with_their_names() {
    let errors = Launch::of(&json!([
        {"code": "country", "name": "Country", "type": "str", "required": true},
        {"code": "year", "name": " ", "type": "int"},
    ]))
    .user(&json!({"year": "x", "foo": 1}))
    .check()
    .expect_err("three invalid fields");
    let name = |field: &str| errors.0[field][0].args[0].clone();
    assert_eq!(name("country"), ("name", "Country".to_owned()));
    assert_eq!(name("year"), ("name", "year".to_owned()));
    assert_eq!(name("foo"), ("key", "foo".to_owned()));
}

#[test]
fn only_some_of_many_choices_are_listed() {
    let many: Vec<String> = (1..=12).map(|number| format!("c{number}")).collect();
    let errors = Launch::of(&one("str", &json!({"choices": many})))
        .user(&json!({"xx": "z"}))
        .check()
        .expect_err("not a choice");
    let told = &errors.0["xx"][0].args[1].1;
    assert_eq!(told, "c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, …");
}
