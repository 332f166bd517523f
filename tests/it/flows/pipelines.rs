//! Documents against the definitions of the pipelines that their steps run.

use std::collections::{BTreeMap, BTreeSet};

use openhexa_bridge::domain::flow::document::{
    Definition, Definitions, StepVersion, check_pipelines, wanted, warn_of_own_schedules,
};
use openhexa_bridge::domain::parameters::{Kind, Parameter};
use serde_json::{Map, Value, json};

use super::{french, parsed, shown, steps};

fn parameter(code: &str, kind: &str) -> Parameter {
    Parameter {
        code: code.to_owned(),
        name: String::new(),
        kind: Kind::parse(kind),
        required: false,
        multiple: false,
        default: None,
        choices: None,
        choices_from_file: None,
        help: None,
        widget: None,
        connection: None,
        directory: None,
        disables: Vec::new(),
        disable_when: true,
    }
}

fn required(code: &str, kind: &str) -> Parameter {
    Parameter {
        required: true,
        ..parameter(code, kind)
    }
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

fn version(parameters: Vec<Parameter>) -> StepVersion {
    StepVersion {
        parameters,
        ..StepVersion::default()
    }
}

fn definitions(version: StepVersion) -> Definitions {
    let found = [
        (
            ("load".to_owned(), None),
            Definition::Version(version.clone()),
        ),
        (("load".to_owned(), Some(2)), Definition::Version(version)),
        (("load".to_owned(), Some(9)), Definition::NoSuchVersion),
        (("empty".to_owned(), None), Definition::NoVersion),
        (("broken".to_owned(), None), Definition::Unreadable),
        (("notes".to_owned(), None), Definition::Notebook),
        (("notes".to_owned(), Some(1)), Definition::Notebook),
    ];
    let codes = ["load", "empty", "broken", "notes"].map(str::to_owned);
    Definitions {
        codes: BTreeSet::from(codes),
        found: BTreeMap::from(found),
        own_schedules: BTreeMap::from([("notes".to_owned(), "0 2 * * *".to_owned())]),
    }
}

fn check(text: &str, version: StepVersion) -> Vec<(String, String)> {
    let faults = check_pipelines(&parsed(text).flow, &definitions(version));
    let in_french = faults.iter().map(|fault| french(&fault.message()));
    shown(&faults)
        .into_iter()
        .zip(in_french.collect::<Vec<_>>())
        .collect()
}

/// Exactly one fault, with its position in front in English.
fn refused(text: &str, version: StepVersion, in_english: &str, in_french: &str) {
    assert_eq!(
        check(text, version),
        [(in_english.to_owned(), in_french.to_owned())]
    );
}

/// One step with these parameters, which start at column 35.
fn load(parameters: &str) -> String {
    steps(&format!(
        "- {{id: s, pipeline: load, parameters: {{{parameters}}}}}"
    ))
}

#[test]
fn a_document_names_the_pipelines_that_are_looked_up() {
    let text = steps(
        "- {id: a, pipeline: load}\n- {id: b, pipeline: load, version: 2}\n- {id: c, pipeline: load}",
    );
    let expected = BTreeSet::from([("load".to_owned(), None), ("load".to_owned(), Some(2))]);
    assert_eq!(wanted(&parsed(&text).flow), expected);
    assert_eq!(check(&text, version(Vec::new())), []);
}

#[test]
fn an_unknown_pipeline_is_refused() {
    refused(
        &steps("- {id: a, pipeline: laod}"),
        version(Vec::new()),
        "line 3, column 21: There is no pipeline `laod` in this workspace; did you mean `load`?",
        "Le pipeline `laod` n’existe pas dans cet espace de travail ; vouliez-vous dire `load` ?",
    );
    refused(
        &steps("- {id: a, pipeline: something}"),
        version(Vec::new()),
        "line 3, column 21: There is no pipeline `something` in this workspace",
        "Le pipeline `something` n’existe pas dans cet espace de travail",
    );
}

#[test]
fn an_unknown_version_is_refused() {
    refused(
        &steps("- {id: a, pipeline: load, version: 9}"),
        version(Vec::new()),
        "line 3, column 36: The pipeline `load` has no version 9",
        "Le pipeline `load` n’a pas de version 9",
    );
    refused(
        &steps("- {id: a, pipeline: empty}"),
        version(Vec::new()),
        "line 3, column 21: The pipeline `empty` has no version: its code was never uploaded",
        "Le pipeline `empty` n’a pas de version : son code n’a jamais été publié",
    );
    refused(
        &steps("- {id: a, pipeline: broken}"),
        version(Vec::new()),
        "line 3, column 21: OpenHEXA cannot read the definition of `broken`: ask the pipeline's author to upload a new version",
        "OpenHEXA ne peut pas lire la définition de `broken` : demandez à l’auteur du pipeline de publier une nouvelle version",
    );
}

#[test]
fn a_notebook_has_no_parameters_and_no_versions() {
    let found = check(
        &steps("- {id: a, pipeline: notes, version: 1, parameters: {x: 1}}"),
        version(Vec::new()),
    );
    assert_eq!(
        found,
        [
            (
                "line 3, column 37: A notebook has no versions".to_owned(),
                "Un notebook n’a pas de versions".to_owned()
            ),
            (
                "line 3, column 53: `x` cannot be set: a notebook has no parameters".to_owned(),
                "`x` ne peut pas être défini : un notebook n’a aucun paramètre".to_owned()
            ),
        ]
    );
    assert_eq!(
        check(&steps("- {id: a, pipeline: notes}"), version(Vec::new())),
        []
    );
}

#[test]
fn an_unknown_parameter_is_refused() {
    refused(
        &load("tabel: x"),
        version(vec![parameter("table", "str")]),
        "line 3, column 40: `tabel` is not a parameter of `load`; did you mean `table`?",
        "`tabel` n’est pas un paramètre de `load` ; vouliez-vous dire `table` ?",
    );
    refused(
        &load("other: x"),
        version(vec![parameter("table", "str")]),
        "line 3, column 40: `other` is not a parameter of `load`",
        "`other` n’est pas un paramètre de `load`",
    );
}

#[test]
fn a_literal_that_does_not_fit_is_refused_as_at_a_launch() {
    let limit = || version(vec![parameter("limit", "int")]);
    let (english, french) = (
        "line 3, column 47: limit must be a whole number",
        "« limit » doit être un nombre entier",
    );
    for written in ["'5'", "5.5", "true", "[5]", "007"] {
        refused(
            &load(&format!("limit: {written}")),
            limit(),
            english,
            french,
        );
    }
    assert_eq!(check(&load("limit: 99999999999999999999"), limit()), []);
    let choice = Parameter {
        choices: Some(vec![json!("a"), json!("b")]),
        ..parameter("table", "str")
    };
    refused(
        &load("table: c"),
        version(vec![choice]),
        "line 3, column 47: table must be one of: a, b",
        "« table » doit être l’une des valeurs suivantes : a, b",
    );
}

#[test]
fn types_that_do_not_fit_are_refused() {
    let inputs = "inputs: {rows: {type: str}, n: {type: int}, list: {type: list}}";
    let text = |parameters: &str| format!("{}{inputs}\n", load(parameters));
    let parameters = || {
        version(vec![
            parameter("limit", "int"),
            parameter("ratio", "float"),
            parameter("source", "dataset"),
            Parameter {
                multiple: true,
                ..parameter("many", "str")
            },
        ])
    };
    refused(
        &text("limit: {from: inputs.rows}"),
        parameters(),
        "line 3, column 47: `inputs.rows` is of type str, but `limit` needs int",
        "`inputs.rows` est de type str ; `limit` attend int",
    );
    refused(
        &text("source: {from: inputs.n}"),
        parameters(),
        "line 3, column 48: `inputs.n` is of type int, but `source` needs dataset",
        "`inputs.n` est de type int ; `source` attend dataset",
    );
    refused(
        &text("many: {from: inputs.rows}"),
        parameters(),
        "line 3, column 46: `inputs.rows` is of type str, but `many` needs list",
        "`inputs.rows` est de type str ; `many` attend list",
    );
    for fitting in [
        "ratio: {from: inputs.n}",
        "source: {from: inputs.rows}",
        "many: {from: inputs.list}",
        "limit: {from: run.scheduled_for, format: '%Y', type: int}",
    ] {
        assert_eq!(check(&text(fitting), parameters()), [], "{fitting}");
    }
}

#[test]
fn the_declared_type_of_a_result_is_checked() {
    let text = |kind: &str| {
        steps(&format!(
            "- {{id: a, pipeline: load}}\n- {{id: s, pipeline: load, parameters: {{limit: {{from: steps.a.result.rows{kind}}}}}}}"
        ))
    };
    let limit = || version(vec![parameter("limit", "int")]);
    refused(
        &text(", type: str"),
        limit(),
        "line 4, column 47: `steps.a.result.rows` is of type str, but `limit` needs int",
        "`steps.a.result.rows` est de type str ; `limit` attend int",
    );
    assert_eq!(check(&text(", type: int"), limit()), []);
    assert_eq!(check(&text(""), limit()), []);
}

#[test]
fn a_required_value_that_nothing_sets_is_refused() {
    let step = load("");
    refused(
        &step,
        version(vec![required("table", "str")]),
        "line 3, column 8: table is required",
        "« table » est obligatoire",
    );
    let with_default = Parameter {
        default: Some(json!("a")),
        ..required("table", "str")
    };
    let saved = StepVersion {
        saved: object(json!({"table": "a"})),
        ..version(vec![required("table", "str")])
    };
    let account = StepVersion {
        defaults: object(json!({"table": "a"})),
        ..version(vec![required("table", "str")])
    };
    for fine in [version(vec![with_default]), saved, account] {
        assert_eq!(check(&step, fine), []);
    }
    assert_eq!(
        check(&load("table: x"), version(vec![required("table", "str")])),
        []
    );
}

#[test]
fn a_required_value_that_a_schedule_does_not_know_is_refused() {
    let text = |reference: &str, start: &str| {
        format!(
            "{}inputs: {{country: {{type: str, required: false}}}}\ntimezone: UTC\n{start}\n",
            load(&format!("it: {{from: {reference}}}"))
        )
    };
    let night = "schedules: [{id: night, cron: '@daily'}]";
    let drop = "triggers: [{id: drop, file: a.csv}]";
    let after = "triggers: [{id: after, flow: other}]";
    let it = || version(vec![required("it", "str")]);
    for (reference, start, id) in [
        ("inputs.country", night, "night"),
        ("inputs.country", drop, "drop"),
        ("run.interval.start", drop, "drop"),
        ("run.interval.end", after, "after"),
    ] {
        refused(
            &text(reference, start),
            it(),
            &format!(
                "line 3, column 44: When `{id}` starts a run, `it` of `s` has no value, but the pipeline requires it"
            ),
            &format!(
                "Quand `{id}` lance une exécution, `it` de `s` n’a pas de valeur, alors que le pipeline l’exige"
            ),
        );
        assert_eq!(
            check(
                &text(reference, start),
                version(vec![parameter("it", "str")])
            ),
            []
        );
    }
    for (reference, start) in [
        ("run.interval.start", night),
        ("run.scheduled_for", after),
        ("run.file", drop),
        ("inputs.country", ""),
    ] {
        assert_eq!(
            check(&text(reference, start), it()),
            [],
            "{reference} {start}"
        );
    }
    let both = format!("{drop}\n{night}");
    refused(
        &text("run.file", &both),
        it(),
        "line 3, column 44: When `night` starts a run, `it` of `s` has no value, but the pipeline requires it",
        "Quand `night` lance une exécution, `it` de `s` n’a pas de valeur, alors que le pipeline l’exige",
    );
}

#[test]
fn a_secret_parameter_is_refused_in_any_form() {
    let secrets = || {
        version(vec![
            parameter("credentials", "secret"),
            parameter("api_token", "str"),
        ])
    };
    for (written, code) in [
        ("credentials: abc", "credentials"),
        ("api_token: abc", "api_token"),
        ("api_token: {from: inputs.x}", "api_token"),
        ("api_token: {from: run.scheduled_for}", "api_token"),
    ] {
        let text = format!("{}inputs: {{x: {{type: str}}}}\n", load(written));
        refused(
            &text,
            secrets(),
            &format!(
                "line 3, column 40: `{code}` is a secret and cannot be in a flow. Set it in the account's default parameters"
            ),
            &format!(
                "`{code}` est un secret et ne peut pas figurer dans un flux. Définissez-le dans les paramètres par défaut du compte"
            ),
        );
    }
}

#[test]
fn a_value_that_the_bridge_sets_is_refused() {
    refused(
        &load("task_id: 5"),
        version(vec![parameter("task_id", "int")]),
        "line 3, column 40: The bridge sets `task_id` itself",
        "La passerelle définit `task_id` elle-même",
    );
}

#[test]
fn a_parameter_that_another_one_disables_needs_no_value() {
    let skip = Parameter {
        disables: vec!["table".to_owned()],
        ..parameter("skip", "bool")
    };
    let parameters = || version(vec![skip.clone(), required("table", "str")]);
    assert_eq!(check(&load("skip: true"), parameters()), []);
    assert_eq!(check(&load("skip: false"), parameters()).len(), 1);
    let open = format!(
        "{}inputs: {{skip: {{type: bool}}}}\n",
        load("skip: {from: inputs.skip}")
    );
    assert_eq!(check(&open, parameters()), []);
}

#[test]
fn a_time_limit_above_that_of_the_pipeline_is_refused() {
    let text = steps("- {id: a, pipeline: load, time_limit: 5h}");
    refused(
        &text,
        version(Vec::new()),
        "line 3, column 39: The pipeline itself is stopped after 4h: a step can only have a shorter limit",
        "Le pipeline lui-même est arrêté après 4h : une étape ne peut avoir qu’une limite plus courte",
    );
    let long = StepVersion {
        timeout_seconds: Some(6 * 3600),
        ..version(Vec::new())
    };
    assert_eq!(check(&text, long), []);
}

#[test]
fn a_type_of_a_later_openhexa_is_not_checked() {
    let text = format!(
        "{}inputs: {{n: {{type: int}}}}\n",
        load("shape: {from: inputs.n}, other: x")
    );
    assert_eq!(
        check(
            &text,
            version(vec![
                parameter("shape", "geometry"),
                parameter("other", "geometry")
            ])
        ),
        []
    );
}

#[test]
fn a_pipeline_that_openhexa_also_runs_on_a_schedule_gives_a_warning() {
    let known = definitions(StepVersion::default());
    let warned = |document: &str| {
        let warnings = warn_of_own_schedules(&parsed(document).flow, &known);
        let in_french = warnings.first().map(|one| french(&one.message()));
        (shown(&warnings), in_french)
    };
    let steps = "id: nightly\nsteps: [{id: load, pipeline: load}, {id: notes, pipeline: notes}]\n";
    assert_eq!(warned(steps), (vec![], None), "only a user starts it");
    let scheduled = format!("{steps}schedules: [{{id: two, cron: '0 3 * * *', timezone: UTC}}]\n");
    let sentence = "line 2, column 59: OpenHEXA itself also runs `notes` on a schedule (0 2 * * *, UTC), so it would run twice. \
         Remove the schedule in OpenHEXA or here";
    let in_french = "OpenHEXA exécute aussi `notes` de lui-même (0 2 * * *, UTC) : il s’exécuterait deux fois. Supprimez la \
         planification dans OpenHEXA ou ici";
    assert_eq!(
        warned(&scheduled),
        (vec![sentence.to_owned()], Some(in_french.to_owned()))
    );
}
