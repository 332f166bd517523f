//! Documents that are refused because of the order of their steps, or of a reference.

use super::{parsed, refused, steps, with};

#[test]
fn a_flow_without_steps_is_refused() {
    refused(
        "id: f\nsteps: []",
        (2, 8),
        "A flow needs at least one step",
        "Un flux doit avoir au moins une étape",
    );
}

#[test]
fn a_cycle_is_named() {
    refused(
        &steps("- {id: a, pipeline: p, after: [b]}\n- {id: b, pipeline: p, after: [a]}"),
        (4, 32),
        "These steps wait for each other: a → b → a",
        "Ces étapes s’attendent les unes les autres : a → b → a",
    );
    refused(
        &steps(
            "- {id: x, pipeline: p}\n- {id: a, pipeline: p, after: [x, c]}\n- {id: b, pipeline: p, after: [a]}\n- {id: c, pipeline: p, after: [b]}\n- {id: y, pipeline: p, after: [c]}",
        ),
        (5, 32),
        "These steps wait for each other: a → b → c → a",
        "Ces étapes s’attendent les unes les autres : a → b → c → a",
    );
}

#[test]
fn a_step_after_itself_is_refused() {
    refused(
        &steps("- {id: a, pipeline: p, after: [a]}"),
        (3, 32),
        "`a` cannot come after itself",
        "`a` ne peut pas venir après elle-même",
    );
}

#[test]
fn after_that_names_no_step_is_refused() {
    refused(
        &steps("- {id: extract, pipeline: p}\n- {id: load, pipeline: p, after: extrct}"),
        (4, 34),
        "There is no step `extrct`; did you mean `extract`?",
        "L’étape `extrct` n’existe pas ; vouliez-vous dire `extract` ?",
    );
    refused(
        &steps("- {id: load, pipeline: p, after: [other]}"),
        (3, 35),
        "There is no step `other`",
        "L’étape `other` n’existe pas",
    );
}

#[test]
fn from_that_names_no_step_is_refused() {
    refused(
        &steps(
            "- {id: extract, pipeline: p}\n- {id: load, pipeline: p, parameters: {rows: {from: steps.extrac.result.rows}}}",
        ),
        (4, 46),
        "There is no step `extrac`; did you mean `extract`?",
        "L’étape `extrac` n’existe pas ; vouliez-vous dire `extract` ?",
    );
    refused(
        &with("alerts: {records: {from: steps.none.result.rows}}"),
        (3, 26),
        "There is no step `none`",
        "L’étape `none` n’existe pas",
    );
}

#[test]
fn from_a_step_that_is_not_before_is_refused() {
    for (own, source) in [("a", "a"), ("a", "b")] {
        refused(
            &steps(&format!(
                "- {{id: a, pipeline: p, parameters: {{rows: {{from: steps.{source}.result.rows}}}}}}\n- {{id: b, pipeline: p, after: [a]}}"
            )),
            (3, 43),
            &format!("`{own}` cannot use a result of `{source}`, which does not come before it"),
            &format!(
                "`{own}` ne peut pas utiliser un résultat de `{source}`, qui ne vient pas avant elle"
            ),
        );
    }
}

#[test]
fn two_steps_that_use_each_others_results_are_refused() {
    refused(
        &steps(
            "- {id: a, pipeline: p, parameters: {x: {from: steps.b.result.x}}}\n- {id: b, pipeline: p, parameters: {x: {from: steps.a.result.x}}}",
        ),
        (4, 40),
        "`b` cannot use a result of `a`, which does not come before it",
        "`b` ne peut pas utiliser un résultat de `a`, qui ne vient pas avant elle",
    );
}

/// A reference at line 3, column 44; its key `from` has its value at column 51.
fn from(reference: &str) -> String {
    steps(&format!(
        "- {{id: load, pipeline: p, parameters: {{it: {reference}}}}}"
    ))
}

#[test]
fn an_unknown_input_is_refused() {
    refused(
        &format!(
            "{}inputs: {{country: {{type: str}}}}",
            from("{from: inputs.contry}")
        ),
        (3, 44),
        "There is no input `contry`; did you mean `country`?",
        "L’entrée `contry` n’existe pas ; vouliez-vous dire `country` ?",
    );
    refused(
        &from("{from: inputs.x}"),
        (3, 44),
        "There is no input `x`",
        "L’entrée `x` n’existe pas",
    );
}

#[test]
fn what_is_no_reference_is_refused() {
    for text in [
        "run.day",
        "inputs",
        "inputs.a.b",
        "steps.a",
        "steps.a.rows",
        "steps.a.result.",
        "now()",
        "inputs.",
        "RUN.FILE",
    ] {
        refused(
            &from(&format!("{{from: {text}}}")),
            (3, 51),
            &format!(
                "`{text}` is not a valid reference. Allowed: `inputs.name`, `steps.id.result.name`, `run.interval.start`, `run.interval.end`, `run.scheduled_for`, `run.file`"
            ),
            &format!(
                "`{text}` n’est pas une référence. Valeurs possibles : `inputs.nom`, `steps.id.result.nom`, `run.interval.start`, `run.interval.end`, `run.scheduled_for`, `run.file`"
            ),
        );
    }
}

#[test]
fn a_format_of_something_else_than_a_time_is_refused() {
    refused(
        &format!(
            "{}inputs: {{day: {{type: str}}}}",
            from("{from: inputs.day, format: '%Y'}")
        ),
        (3, 51),
        "`inputs.day` is not a time, so it cannot have a `format`",
        "`inputs.day` n’est pas une date, et ne peut donc pas avoir de `format`",
    );
}

#[test]
fn a_wrong_format_is_refused() {
    for format in ["%", "%Y%", "%y%J", "%ÿ"] {
        refused(
            &from(&format!("{{from: run.scheduled_for, format: '{format}'}}")),
            (3, 51),
            &format!("`{format}` is not a valid format for times. Example: `%Y%m`"),
            &format!("`{format}` n’est pas un format de date valide. Exemple : `%Y%m`"),
        );
    }
    refused(
        &from("{from: run.scheduled_for, format: '%Y-%m', type: int}"),
        (3, 51),
        "The format `%Y-%m` does not produce a whole number",
        "Le format `%Y-%m` ne produit pas un nombre entier",
    );
    parsed(&from("{from: run.scheduled_for, format: '%Y', type: int}"));
}

#[test]
fn a_type_that_the_source_does_not_have_is_refused() {
    refused(
        &format!(
            "{}inputs: {{day: {{type: str}}}}",
            from("{from: inputs.day, type: int}")
        ),
        (3, 44),
        "`inputs.day` is of type str, not int",
        "`inputs.day` est de type str, et non int",
    );
    refused(
        &from("{from: run.scheduled_for, type: bool}"),
        (3, 51),
        "`run.scheduled_for` is of type str, not bool",
        "`run.scheduled_for` est de type str, et non bool",
    );
    parsed(&format!(
        "{}inputs: {{n: {{type: int}}}}",
        from("{from: inputs.n, type: float}")
    ));
}

#[test]
fn a_reference_inside_a_list_is_refused() {
    let (english, french) = (
        "A reference must be the whole value of `it`. Inside a list or an object it is not replaced by its value",
        "Une référence doit être toute la valeur de `it`. Dans une liste ou un objet, elle n’est pas remplacée par sa valeur",
    );
    refused(
        &from("[{from: run.scheduled_for}]"),
        (3, 45),
        english,
        french,
    );
    refused(
        &from("{a: {b: [1, {from: steps.x.result}]}}"),
        (3, 56),
        english,
        french,
    );
    parsed(&from("[{from: Brussels, to: Paris}]"));
}

#[test]
fn a_file_without_a_trigger_by_file_is_refused() {
    refused(
        &from("{from: run.file}"),
        (3, 44),
        "No trigger of this flow starts it with a file",
        "Aucun déclencheur de ce flux ne le lance avec un fichier",
    );
    parsed(&format!(
        "{}triggers: [{{id: t, file: a.csv}}]",
        from("{from: run.file}")
    ));
}

#[test]
fn an_alert_about_something_else_than_a_result_is_refused() {
    refused(
        &with("alerts: {errors: {from: steps.load.result.bad, of: run.scheduled_for}}"),
        (3, 52),
        "`of` must be a part of the result of a step, such as `steps.load.result.rows`",
        "`of` doit être une partie du résultat d’une étape, par exemple `steps.load.result.rows`",
    );
}
