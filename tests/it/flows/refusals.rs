//! Documents that are refused because of their text, their keys or their values, with the position and the sentence.

use super::{refused, steps, with};

#[test]
fn an_unknown_key_is_refused_with_the_nearest_known_one() {
    refused(
        &steps("- id: load\n  pipline: extract\n  pipeline: extract"),
        (4, 3),
        "There is no `pipline`; did you mean `pipeline`?",
        "`pipline` n’existe pas ; vouliez-vous dire `pipeline` ?",
    );
}

#[test]
fn an_unknown_key_that_is_like_no_known_one_is_refused() {
    refused(
        &with("description: x"),
        (3, 1),
        "There is no key `description` here",
        "La clé `description` n’existe pas ici",
    );
    refused(
        &with("<<: {}"),
        (3, 1),
        "There is no key `<<` here",
        "La clé `<<` n’existe pas ici",
    );
}

#[test]
fn a_missing_key_is_refused() {
    refused(
        "steps: [{id: a, pipeline: p}]",
        (1, 1),
        "`id` is missing",
        "`id` manque",
    );
    refused("id: f", (1, 1), "`steps` is missing", "`steps` manque");
    refused(
        "id: f\nsteps: [{id: a}]",
        (2, 9),
        "`pipeline` is missing",
        "`pipeline` manque",
    );
    refused(
        "id: f\nsteps:",
        (1, 1),
        "`steps` is missing",
        "`steps` manque",
    );
}

#[test]
fn a_key_that_is_there_twice_is_refused() {
    refused(
        &with("name: a\nname: b"),
        (4, 1),
        "The key `name` appears twice",
        "La clé `name` est présente deux fois",
    );
    refused(
        &steps("- {id: a, pipeline: p, parameters: {x: {k: 1, k: 2}}}"),
        (3, 47),
        "The key `k` appears twice",
        "La clé `k` est présente deux fois",
    );
}

#[test]
fn a_value_of_another_type_is_refused() {
    for (line, column, english, french) in [
        (
            "name: 5",
            7,
            "`name` must be text, or an object with `en` and `fr`",
            "`name` doit être un texte, ou un objet avec `en` et `fr`",
        ),
        (
            "inputs: []",
            9,
            "`inputs` must be an object with keys",
            "`inputs` doit être un objet avec des clés",
        ),
        (
            "schedules: {}",
            12,
            "`schedules` must be a list",
            "`schedules` doit être une liste",
        ),
        (
            "schedules: [x]",
            13,
            "`schedules` must be an object with keys",
            "`schedules` doit être un objet avec des clés",
        ),
        (
            "timezone: [UTC]",
            11,
            "`timezone` must be text",
            "`timezone` doit être un texte",
        ),
        (
            "alerts: {duration: fast}",
            20,
            "`duration` must be a number",
            "`duration` doit être un nombre",
        ),
        (
            "notify: [{channel: 5}]",
            20,
            "`channel` must be text",
            "`channel` doit être un texte",
        ),
        (
            "inputs: {a: {type: str, required: maybe}}",
            35,
            "`required` must be `true` or `false`",
            "`required` doit valoir `true` ou `false`",
        ),
        (
            "inputs: {a: {type: str, required: yes}}",
            35,
            "`required` must be `true` or `false`",
            "`required` doit valoir `true` ou `false`",
        ),
    ] {
        refused(&with(line), (3, column), english, french);
    }
    refused(
        "[]",
        (1, 1),
        "`document` must be an object with keys",
        "`document` doit être un objet avec des clés",
    );
}

#[test]
fn an_id_with_other_characters_is_refused() {
    let sentences = |id: &str| {
        (
            format!(
                "`{id}` is not valid as `id`: use 1 to 64 of the characters a–z, 0–9, `-` and `_`"
            ),
            format!(
                "`{id}` n’est pas valide pour `id` : utilisez de 1 à 64 des caractères a–z, 0–9, `-` et `_`"
            ),
        )
    };
    for id in ["Load", "lo ad", "a.b", "é", "a/b"] {
        let (english, french) = sentences(id);
        refused(
            &steps(&format!("- {{id: {id}, pipeline: p}}")),
            (3, 8),
            &english,
            &french,
        );
    }
    let long = "a".repeat(65);
    let shown = format!("{}…", "a".repeat(60));
    let (english, french) = sentences(&shown);
    refused(
        &format!("id: {long}\nsteps: [{{id: a, pipeline: p}}]"),
        (1, 5),
        &english,
        &french,
    );
}

#[test]
fn the_same_id_twice_is_refused() {
    refused(
        &steps("- {id: load, pipeline: p}\n- {id: load, pipeline: q}"),
        (4, 8),
        "The id `load` is used twice",
        "L’identifiant `load` est utilisé deux fois",
    );
    refused(
        &with("timezone: UTC\nschedules: [{id: n, cron: '@daily'}, {id: n, cron: '@hourly'}]"),
        (4, 43),
        "The id `n` is used twice",
        "L’identifiant `n` est utilisé deux fois",
    );
    refused(
        &with("triggers: [{id: t, flow: a}, {id: t, flow: b}]"),
        (3, 35),
        "The id `t` is used twice",
        "L’identifiant `t` est utilisé deux fois",
    );
}

#[test]
fn empty_long_or_invisible_text_is_refused() {
    refused(
        &with("name: '  '"),
        (3, 7),
        "`name` is empty",
        "`name` est vide",
    );
    let long = format!("name: {}", "x".repeat(201));
    refused(
        &with(&long),
        (3, 7),
        "`name` is longer than 200 characters",
        "`name` dépasse 200 caractères",
    );
    refused(
        &with("name: \"a\\u202eb\""),
        (3, 7),
        "`name` contains invisible characters",
        "`name` contient des caractères invisibles",
    );
}

#[test]
fn a_word_that_is_not_allowed_is_refused() {
    refused(
        &steps("- {id: a, pipeline: p, run_if: sucess}"),
        (3, 32),
        "`run_if` cannot be `sucess`; did you mean `success`?",
        "`run_if` ne peut pas valoir `sucess` ; vouliez-vous dire `success` ?",
    );
    refused(
        &steps("- {id: a, pipeline: p, run_if: later}"),
        (3, 32),
        "`run_if` cannot be `later`. Allowed: success, no_failure, always",
        "`run_if` ne peut pas valoir `later`. Valeurs possibles : success, no_failure, always",
    );
    refused(
        &with("notify: [{channel: a, level: error}]"),
        (3, 30),
        "`level` cannot be `error`; did you mean `ERROR`?",
        "`level` ne peut pas valoir `error` ; vouliez-vous dire `ERROR` ?",
    );
}

#[test]
fn numbers_and_durations_outside_their_limits_are_refused() {
    for (line, column, key, least, most) in [
        ("retry: {times: 11}", 39, "times", "1", "10"),
        ("retry: {times: 0}", 39, "times", "1", "10"),
        (
            "retry: {times: 99999999999999999999}",
            39,
            "times",
            "1",
            "10",
        ),
        ("retry: {times: 1, wait: 25h}", 48, "wait", "0s", "24h"),
        (
            "retry: {times: 1, wait: 9000years}",
            48,
            "wait",
            "0s",
            "24h",
        ),
        ("time_limit: 13h", 36, "time_limit", "1s", "12h"),
        ("version: 0", 33, "version", "1", "1000000"),
    ] {
        refused(
            &steps(&format!("- {{id: a, pipeline: p, {line}}}")),
            (3, column),
            &format!("`{key}` must be between {least} and {most}"),
            &format!("`{key}` doit être compris entre {least} et {most}"),
        );
    }
    refused(
        &with("alerts: {duration: 1}"),
        (3, 20),
        "`duration` must be between 1.1 and 100",
        "`duration` doit être compris entre 1.1 et 100",
    );
    let errors =
        with("alerts: {errors: {from: steps.load.result.a, of: steps.load.result.b, most: 101%}}");
    refused(
        &errors,
        (3, 77),
        "`most` must be between 0% and 100%",
        "`most` doit être compris entre 0% et 100%",
    );
    refused(
        &steps("- {id: a, pipeline: p, retry: {times: 1.5}}"),
        (3, 39),
        "`times` must be a whole number",
        "`times` doit être un nombre entier",
    );
}

#[test]
fn a_duration_without_a_unit_is_refused() {
    for written in ["300", "fast", "5", "-5m", "[5m]"] {
        refused(
            &steps(&format!("- {{id: a, pipeline: p, time_limit: {written}}}")),
            (3, 36),
            "`time_limit` must be a duration with a unit, such as `30s`, `5m` or `1h 30m`",
            "`time_limit` doit être une durée avec une unité, par exemple `30s`, `5m` ou `1h 30m`",
        );
    }
}

#[test]
fn an_input_with_a_name_that_no_parameter_could_have_is_refused() {
    for name in ["1a", "a-b", "a.b", "é"] {
        refused(
            &with(&format!("inputs: {{{name}: {{type: str}}}}")),
            (3, 10),
            &format!(
                "`{name}` is not valid as the name of an input: use 1 to 64 letters a–z, digits and `_`, and do not start with a digit"
            ),
            &format!(
                "`{name}` n’est pas un nom d’entrée valide : utilisez de 1 à 64 lettres a–z, chiffres et `_`, sans chiffre au début"
            ),
        );
    }
}

#[test]
fn a_default_of_another_type_is_refused() {
    for (kind, default) in [
        ("int", "x"),
        ("int", "1.5"),
        ("int", "'5'"),
        ("str", "5"),
        ("bool", "1"),
        ("list", "x"),
        ("dict", "[]"),
        ("float", "true"),
    ] {
        refused(
            &with(&format!(
                "inputs:\n  n:\n    type: {kind}\n    default: {default}"
            )),
            (6, 14),
            &format!("The default of `n` is not of type {kind}"),
            &format!("La valeur par défaut de `n` n’est pas du type {kind}"),
        );
    }
}

#[test]
fn secrets_are_refused() {
    let (english, french) = (
        "`api_token` is a secret and cannot be in a flow. Set it in the account's default parameters",
        "`api_token` est un secret et ne peut pas figurer dans un flux. Définissez-le dans les paramètres par défaut du compte",
    );
    refused(
        &with("inputs: {api_token: {type: str, default: abc}}"),
        (3, 42),
        english,
        french,
    );
    let settings = |text: &str| text.replace("api_token", "settings");
    refused(
        &steps("- {id: a, pipeline: p, parameters: {settings: {host: h, password: p}}}"),
        (3, 47),
        &settings(english),
        &settings(french),
    );
    refused(
        &with("inputs: {key: {type: secret}}"),
        (3, 22),
        "Inputs cannot be secrets, because their values are shown. Set the secret in the account's default parameters",
        "Une entrée ne peut pas être un secret, car sa valeur est affichée. Définissez le secret dans les paramètres par défaut du compte",
    );
}

#[test]
fn an_unquoted_cron_is_refused_with_the_way_to_write_it() {
    let french = |text: &str| {
        format!(
            "`{text}` n’est pas entre guillemets, et YAML lit un texte qui commence par `*` ou `&` comme une référence. Écrivez-le entre guillemets : \"{text}\""
        )
    };
    let english = |text: &str| {
        format!(
            "`{text}` is not in quotes, and YAML reads text that starts with `*` or `&` as a reference. Write it in quotes: \"{text}\""
        )
    };
    for text in ["*/15 * * * *", "* * * * *", "*/15"] {
        let (english, french) = (english(text), french(text));
        let block = with(&format!(
            "schedules:\n- id: n\n  cron: {text}\n  timezone: UTC"
        ));
        refused(&block, (5, 9), &english, &french);
        let flow = with(&format!(
            "schedules: [{{id: n, cron: {text}, timezone: UTC}}]"
        ));
        refused(&flow, (3, 27), &english, &french);
    }
}

#[test]
fn other_parts_of_yaml_are_refused() {
    refused(
        &with("name: &x Night"),
        (3, 10),
        "YAML anchors (`&name`) are not supported. Write the value where it is used, or put the text in quotes",
        "Les ancres YAML (`&nom`) ne sont pas acceptées. Écrivez la valeur là où elle sert, ou mettez le texte entre guillemets",
    );
    refused(
        &with("name: !!str Night"),
        (3, 13),
        "YAML tags (`!name`) are not supported. Put the text in quotes if it starts with `!`",
        "Les étiquettes YAML (`!nom`) ne sont pas acceptées. Mettez le texte entre guillemets s’il commence par `!`",
    );
    refused(
        &format!("{}---\nid: second\n", with("")),
        (4, 1),
        "There is a second document after `---`. Save each flow separately",
        "Un second document suit « --- ». Enregistrez chaque flux séparément",
    );
    refused(
        &with("? [a]\n: b"),
        (3, 3),
        "A key must be text",
        "Une clé doit être un texte",
    );
}

#[test]
fn text_that_is_no_yaml_is_refused() {
    refused("", (1, 1), "The document is empty", "Le document est vide");
    for (lines, at, english, french) in [
        (
            "name: \"open",
            (3, 7),
            "A text in quotes is not closed, or contains an invalid `\\` sequence",
            "Un texte entre guillemets n’est pas fermé, ou contient une séquence `\\` non valide",
        ),
        (
            "notify: [{channel: a}",
            (3, 9),
            "A bracket is not closed, or a comma is missing",
            "Un crochet ou une accolade n’est pas fermé, ou une virgule manque",
        ),
        (
            "inputs:\n\ta: {type: str}",
            (4, 2),
            "YAML does not allow tabs for indentation. Use spaces",
            "YAML n’accepte pas les tabulations pour l’indentation. Utilisez des espaces",
        ),
        (
            "inputs:\n    a: {type: str}\n  b: {type: str}",
            (5, 3),
            "The indentation is wrong, or a `:` after a key is missing",
            "L’indentation n’est pas correcte, ou un « : » manque après une clé",
        ),
        (
            "name: @x",
            (3, 7),
            "This is not valid YAML or JSON",
            "Ce texte n’est ni du YAML ni du JSON valide",
        ),
    ] {
        refused(&with(lines), at, english, french);
    }
}
