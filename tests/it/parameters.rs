//! The validation of a launch's values, compared with OpenHEXA's API and SDK.
//!
//! `parameter_vectors.json` was produced with the SDK's validation and the API's type check. `parameter_random.json` also
//! contains the invalid fields and the config to send. An empty secret is not sent, although the SDK would accept it: the
//! value stored with the version is used.

use std::collections::BTreeMap;

use openhexa_bridge::domain::message::{FieldErrors, Message};
use openhexa_bridge::domain::parameters::Parameter;
use openhexa_bridge::domain::validation::{
    self, Injection, LaunchValues, ParameterDefinitions, ValidConfig, validate,
    validate_without_version,
};
use serde_json::{Map, Value, json};

use crate::support::definitions::parameters;

mod injected;
mod precedence;
mod properties;
mod regressions;
mod types;
mod zero_of_iasos_form;

/// A launch with all values as JSON, all optional.
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

    fn check(&self) -> Result<ValidConfig, FieldErrors> {
        let definition = ParameterDefinitions {
            parameters: &self.parameters,
            saved: &self.saved,
            resolved: &self.resolved,
        };
        let injected = injection();
        validate(&definition, &self.given(&injected))
    }

    fn given<'a>(&'a self, injected: &'a Injection) -> LaunchValues<'a> {
        LaunchValues {
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

    /// The message keys per field.
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
    let of = |sentences: &Vec<Message>| sentences.iter().map(|sentence| sentence.key).collect();
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
    fn the_result_for_each_vector_is_the_same_as_openhexas() {
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
    fn each_random_case_has_exactly_its_invalid_fields_and_its_config() {
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

mod without_version {
    use super::*;

    fn verdict(defaults: &Value, user: &Value) -> Result<ValidConfig, FieldErrors> {
        let launch = Launch::default().defaults(defaults).user(user);
        validate_without_version(&launch.given(&injection()))
    }

    #[test]
    fn only_an_empty_config_is_accepted() {
        let nothing = json!({"unset": null, "pipeline_id": "x", "task_id": 1});
        let checked = verdict(&json!({}), &nothing).expect("no values were given");
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
