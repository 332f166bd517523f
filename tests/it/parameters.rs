//! The judgement of a launch's values, against what OpenHEXA's API and SDK really do with them.
//!
//! `parameter_vectors.json` was run through the SDK's own validation and the API's type check;
//! `parameter_random.json` adds the exact wrong fields and the exact config to send. An empty secret is not sent, whatever
//! the SDK would make of it: what the version saved is used.

use std::collections::BTreeMap;

use openhexa_bridge::domain::parameters::Parameter;
use openhexa_bridge::domain::sentence::{FieldErrors, Sentence};
use openhexa_bridge::domain::validation::{
    self, Checked, Definition, Given, Injection, check, check_without_version,
};
use serde_json::{Map, Value, json};

use crate::support::definitions::parameters;

mod always;
mod fixed;

/// A launch as a story tells it: everything as JSON, everything optional.
#[derive(Clone, Debug, Default)]
struct Launch {
    parameters: Vec<Parameter>,
    saved: Map<String, Value>,
    defaults: Map<String, Value>,
    user: Map<String, Value>,
    resolved: BTreeMap<String, Vec<String>>,
    from_iaso: bool,
}

impl Launch {
    fn of(definition: &Value) -> Self {
        Self {
            parameters: parameters(definition),
            ..Self::default()
        }
    }

    fn saved(mut self, values: &Value) -> Self {
        self.saved = map(values);
        self
    }

    fn defaults(mut self, values: &Value) -> Self {
        self.defaults = map(values);
        self
    }

    fn user(mut self, values: &Value) -> Self {
        self.user = map(values);
        self
    }

    fn resolved(mut self, code: &str, choices: &[&str]) -> Self {
        let choices = choices.iter().map(ToString::to_string).collect();
        self.resolved.insert(code.to_owned(), choices);
        self
    }

    fn check(&self) -> Result<Checked, FieldErrors> {
        let definition = Definition {
            parameters: &self.parameters,
            saved: &self.saved,
            resolved: &self.resolved,
        };
        let injected = injection();
        check(&definition, &self.given(&injected))
    }

    fn given<'a>(&'a self, injected: &'a Injection) -> Given<'a> {
        Given {
            defaults: &self.defaults,
            user: &self.user,
            injected,
            from_iaso: self.from_iaso,
        }
    }

    #[track_caller]
    fn sends(&self, expected: &Value) {
        match self.check() {
            Ok(checked) => assert_eq!(Value::Object(checked.config), *expected, "{self:?}"),
            Err(errors) => panic!("refused: {errors:?} for {self:?}"),
        }
    }

    /// The sentence keys per field.
    #[track_caller]
    fn refused(&self, expected: &Value) {
        let errors = self.check().expect_err("accepted");
        assert_eq!(keys(&errors), *expected, "{self:?}");
    }
}

fn injection() -> Injection {
    Injection {
        task_id: 123,
        pipeline_id: "0195-pipeline".to_owned(),
        connection_host: "https://bridge.test".to_owned(),
        connection_token: "callback-token".into(),
    }
}

fn map(values: &Value) -> Map<String, Value> {
    values.as_object().cloned().expect("an object")
}

fn keys(errors: &FieldErrors) -> Value {
    let of = |sentences: &Vec<Sentence>| sentences.iter().map(|sentence| sentence.key).collect();
    let fields = errors.0.iter();
    fields
        .map(|(field, sentences)| (field.clone(), of(sentences)))
        .collect::<Map<String, Value>>()
        .into()
}

fn one(kind: &str, extra: &Value) -> Value {
    let mut parameter = json!({"code": "xx", "name": "Country", "type": kind});
    let members = parameter.as_object_mut().expect("an object");
    members.extend(map(extra));
    json!([parameter])
}

mod recorded {
    use super::*;

    #[test]
    fn the_verdict_on_each_vector_is_openhexas_own() {
        let file: Value = serde_json::from_str(include_str!("../data/parameter_vectors.json"))
            .expect("the vectors are JSON");
        let cases = file["cases"].as_array().expect("a list of cases");
        assert_eq!(cases.len(), 90);
        for case in cases {
            let verdict = Launch::of(&case["parameters"])
                .saved(&case["version_config"])
                .user(&case["config"])
                .check();
            let expected = case["bridge_ok"]
                .as_bool()
                .or(case["end_to_end_ok"].as_bool());
            assert_eq!(
                Some(verdict.is_ok()),
                expected,
                "{}: {verdict:?}",
                case["name"]
            );
        }
    }

    #[test]
    fn each_random_case_has_exactly_its_wrong_fields_and_its_config() {
        let cases: Vec<Value> = serde_json::from_str(include_str!("../data/parameter_random.json"))
            .expect("the cases are JSON");
        assert_eq!(cases.len(), 400);
        for (number, case) in cases.iter().enumerate() {
            let launch = Launch::of(&case["parameters"])
                .saved(&case["version_config"])
                .user(&case["config"]);
            let (wrong, send) = match launch.check() {
                Ok(checked) => (Vec::new(), Value::Object(checked.config)),
                Err(errors) => (errors.0.into_keys().collect(), Value::Null),
            };
            assert_eq!(json!(wrong), case["errors"], "case {number}: {case}");
            assert_eq!(send, case["send"], "case {number}: {case}");
        }
    }
}

mod layers {
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
        let launch = launch.defaults(&json!({"xx": "six"}));
        launch.refused(&json!({"xx": ["param-int", "param-from-account"]}));
        let launch = launch.user(&json!({"xx": "seven"}));
        launch.refused(&json!({"xx": ["param-int"]}));
        launch.user(&json!({"xx": 7})).sends(&json!({"xx": 7}));
    }

    #[test]
    fn a_key_that_is_not_declared_is_told_to_whoever_brought_it() {
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
}

mod injected {
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
    fn the_four_come_in_the_declared_type() {
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
    fn a_value_of_anyone_else_for_them_is_dropped_without_a_word() {
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
    fn a_saved_value_for_an_undeclared_one_still_breaks_every_run() {
        Launch::of(&json!([]))
            .saved(&json!({"task_id": 1}))
            .refused(&json!({"task_id": ["param-stale"]}));
    }

    #[test]
    fn a_type_that_cannot_hold_the_value_is_an_error_on_that_key() {
        Launch::of(&json!([
            {"code": "pipeline_id", "type": "int"},
            {"code": "task_id", "type": "bool"},
        ]))
        .user(&json!({"pipeline_id": 4}))
        .refused(&json!({"pipeline_id": ["param-injected"], "task_id": ["param-injected"]}));
    }

    #[test]
    fn they_are_sent_even_where_a_controller_switches_them_off() {
        Launch::of(&json!([
            {"code": "quiet", "type": "bool", "disables": ["task_id"]},
            {"code": "task_id", "type": "int"},
        ]))
        .user(&json!({"quiet": true}))
        .sends(&json!({"quiet": true, "task_id": 123}));
    }

    #[test]
    fn what_is_shown_has_no_secret_and_nothing_filled_in() {
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
    fn a_printed_launch_holds_no_secret() {
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
}

mod kinds {
    use super::*;

    #[test]
    fn lists_and_objects_are_taken_as_such_only() {
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
    fn a_type_of_a_later_openhexa_passes() {
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
    fn what_is_looked_up_is_text() {
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
    fn whole_numbers_beyond_64_bits_with_a_sign_are_still_whole() {
        let value = json!(u64::MAX);
        Launch::of(&one("int", &json!({})))
            .user(&json!({"xx": value}))
            .sends(&json!({"xx": value}));
    }

    #[test]
    fn choices_compare_as_python_does() {
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
            .refused(&json!({"xx": ["param-choice"]}));
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
    fn all_wrong_fields_come_in_one_answer_by_their_names() {
        let errors = Launch::of(&json!([
            {"code": "country", "name": "Country", "type": "str", "required": true},
            {"code": "year", "name": " ", "type": "int"},
        ]))
        .user(&json!({"year": "x", "foo": 1}))
        .check()
        .expect_err("three wrong fields");
        let name = |field: &str| errors.0[field][0].args[0].clone();
        assert_eq!(name("country"), ("name", "Country".to_owned()));
        assert_eq!(name("year"), ("name", "year".to_owned()));
        assert_eq!(name("foo"), ("key", "foo".to_owned()));
    }

    #[test]
    fn many_choices_are_not_all_told() {
        let many: Vec<String> = (1..=12).map(|number| format!("c{number}")).collect();
        let errors = Launch::of(&one("str", &json!({"choices": many})))
            .user(&json!({"xx": "z"}))
            .check()
            .expect_err("not a choice");
        let told = &errors.0["xx"][0].args[1].1;
        assert_eq!(told, "c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, …");
    }
}

mod zero_of_iasos_form {
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
    fn it_is_left_out_with_a_warning_where_it_is_no_choice() {
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
    fn what_stands_in_for_it_is_the_accounts_or_the_versions_value() {
        let launch = launch(&number(), &json!(0));
        launch
            .clone()
            .defaults(&json!({"xx": 2}))
            .sends(&json!({"xx": 2}));
        launch.saved(&json!({"xx": 1})).sends(&json!({}));
    }

    #[test]
    fn everything_else_is_judged_as_it_was_sent() {
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
}

mod without_version {
    use super::*;

    fn verdict(defaults: &Value, user: &Value) -> Result<Checked, FieldErrors> {
        let launch = Launch::default().defaults(defaults).user(user);
        check_without_version(&launch.given(&injection()))
    }

    #[test]
    fn only_an_empty_config_is_taken() {
        let nothing = json!({"unset": null, "pipeline_id": "x", "task_id": 1});
        let checked = verdict(&json!({}), &nothing).expect("nothing was given");
        assert!(checked.config.is_empty());
        let errors = verdict(&json!({"a": 1}), &json!({"a": 1, "b": ""})).expect_err("keys");
        assert_eq!(
            keys(&errors),
            json!({"a": ["param-notebook"], "b": ["param-notebook"]})
        );
    }

    #[test]
    fn a_config_is_an_object() {
        for wrong in [None, Some(json!(null)), Some(json!([])), Some(json!("{}"))] {
            assert!(validation::object(wrong.as_ref()).is_err(), "{wrong:?}");
        }
        assert!(validation::object(Some(&json!({}))).is_ok());
    }
}
