//! Properties of every launch.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use proptest::prelude::*;

use super::*;

const CODES: [&str; 6] = ["aa", "bb", "cc", "task_id", "connection_token", "foo"];

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Value::from),
        prop_oneof![-3i64..4, any::<i64>()].prop_map(Value::from),
        prop_oneof![Just(1.0), Just(1.5), any::<f64>()].prop_map(Value::from),
        prop_oneof!["", " ", "a", " a ", "1", "••••", ".*"].prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[ab]", inner, 0..2)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn values() -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::btree_map(prop::sample::select(&CODES[..]), value(), 0..4)
        .prop_map(|values| values.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())
}

/// Half of the values are valid, so that many launches are accepted.
fn parameter(code: &'static str) -> impl Strategy<Value = Parameter> {
    let kinds = [
        "str", "int", "float", "bool", "secret", "iaso", "file", "list", "dict", "hologram",
    ];
    (
        prop::sample::select(kinds.to_vec()),
        any::<[bool; 3]>(),
        prop_oneof![3 => Just(json!(null)), 1 => value()],
        prop_oneof![3 => Just(json!(null)), 1 => Just(json!(["a", 1, 1.5]))],
        prop::collection::vec(prop::sample::select(&CODES[..]), 0..2),
    )
        .prop_map(move |(kind, flags, default, choices, disables)| {
            crate::support::definitions::parameter(&json!({
                "code": code, "type": kind, "required": flags[0], "multiple": flags[1],
                "disableWhen": flags[2], "default": default, "choices": choices,
                "disables": disables,
            }))
        })
}

fn launch() -> impl Strategy<Value = Launch> {
    let parameters = prop::sample::subsequence(CODES[..5].to_vec(), 0..=5)
        .prop_flat_map(|codes| codes.into_iter().map(parameter).collect::<Vec<_>>());
    (parameters, values(), values(), values()).prop_map(|(parameters, saved, defaults, user)| {
        let mut launch = Launch {
            from_iaso: false,
            parameters,
            saved,
            defaults,
            user,
            resolved: BTreeMap::new(),
        };
        launch.remove_unknown_keys();
        launch
    })
}

impl Launch {
    /// Removes most unknown keys, because otherwise almost no launch would be accepted.
    fn remove_unknown_keys(&mut self) {
        let declared: BTreeSet<&str> = self
            .parameters
            .iter()
            .map(|one| one.code.as_str())
            .collect();
        let known = |key: &String| declared.contains(key.as_str());
        self.saved.retain(|key, _| known(key));
        self.defaults.retain(|key, _| known(key));
        self.user
            .retain(|key, value| known(key) || *value == json!(1));
    }

    fn declares(&self, code: &str) -> bool {
        self.parameters.iter().any(|one| one.code == code)
    }
}

fn without_nulls(values: &Map<String, Value>) -> Map<String, Value> {
    let mut values = values.clone();
    values.retain(|_, value| !value.is_null());
    values
}

fn reversed(values: &Map<String, Value>) -> Map<String, Value> {
    values.clone().into_iter().rev().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_result_is_always_the_same(launch in launch()) {
        prop_assert_eq!(launch.check(), launch.check());
    }

    #[test]
    fn the_order_of_keys_and_parameters_does_not_matter(launch in launch()) {
        let mut other = launch.clone();
        other.parameters.reverse();
        other.user = reversed(&launch.user);
        other.saved = reversed(&launch.saved);
        prop_assert_eq!(launch.check(), other.check());
    }

    #[test]
    fn a_null_is_a_missing_key(launch in launch()) {
        let mut other = launch.clone();
        other.user = without_nulls(&launch.user);
        other.defaults = without_nulls(&launch.defaults);
        prop_assert_eq!(launch.check(), other.check());
    }

    #[test]
    fn an_accepted_config_is_accepted_again_as_it_was_sent(launch in launch()) {
        if let Ok(mut first) = launch.check() {
            let mut again = launch.clone();
            again.defaults = Map::new();
            again.user = first.config.clone();
            // The second time, all of them are the user's.
            first.from_account.clear();
            prop_assert_eq!(Ok(first), again.check());
        }
    }

    #[test]
    fn each_message_has_its_arguments(mut launch in launch()) {
        static CATALOGUE: OnceLock<BTreeMap<String, BTreeSet<String>>> = OnceLock::new();
        launch.user.insert("foo".to_owned(), json!("x"));
        let catalogue = CATALOGUE.get_or_init(|| crate::message_catalogues::catalogue("en"));
        let errors = launch.check().expect_err("foo is never declared");
        for sentence in errors.0.values().flatten() {
            let filled = sentence.args.iter().map(|(gap, _)| (*gap).to_owned()).collect();
            prop_assert_eq!(Some(&filled), catalogue.get(sentence.key), "{}", sentence.key);
        }
    }

    #[test]
    fn only_declared_keys_are_sent_and_no_nulls(launch in launch()) {
        if let Ok(checked) = launch.check() {
            for (key, value) in &checked.config {
                prop_assert!(launch.declares(key) && !value.is_null(), "{key}");
            }
            for code in ["task_id", "connection_token"] {
                prop_assert_eq!(launch.declares(code), checked.config.contains_key(code));
            }
        }
    }

    #[test]
    fn disabled_parameters_are_neither_sent_nor_validated(mut launch in launch(), junk in value()) {
        let switch = json!([{"code": "off", "type": "bool", "disables": ["aa"]}]);
        launch.parameters.iter_mut().for_each(|one| one.disables.clear());
        launch.parameters.extend(parameters(&switch));
        launch.user.insert("off".to_owned(), json!(true));
        let mut other = launch.clone();
        if launch.declares("aa") {
            launch.user.insert("aa".to_owned(), junk);
            other.user.remove("aa");
        }
        let verdict = launch.check();
        prop_assert_eq!(&verdict, &other.check());
        prop_assert!(!verdict.is_ok_and(|checked| checked.config.contains_key("aa")));
    }
}
