//! Documents that are too large, too deep, or that try to become large.

use std::fmt::Write as _;
use std::time::Instant;

use openhexa_bridge::domain::flow::document::parse;
use proptest::prelude::*;
use proptest::sample::Index;

use super::{faults, parsed, refused, shown, steps, with};

#[test]
fn a_document_that_is_too_long_is_refused() {
    let text = with(&"#".repeat(256 * 1024));
    refused(
        &text,
        (1, 1),
        "The document is longer than 256 KiB",
        "Le document dépasse 256 Kio",
    );
}

#[test]
fn deep_nesting_is_refused_without_a_stack_overflow() {
    for (open, close) in [("[", "]"), ("{a: ", "}")] {
        for depth in [40, 200, 20_000] {
            let text = format!("id: {}{}", open.repeat(depth), close.repeat(depth));
            let found = faults(&text);
            assert_eq!(found.len(), 1);
            assert!(
                shown(&found)[0].contains("nested more than 32 levels"),
                "{:?}",
                shown(&found)
            );
        }
    }
    let text = format!("- {}", "- ".repeat(50_000));
    assert!(shown(&faults(&text))[0].contains("nested more than 32 levels"));
}

#[test]
fn a_document_with_too_many_values_is_refused() {
    let text = format!("id: [{}]", "1,".repeat(30_000));
    assert!(shown(&faults(&text))[0].contains("more than 20000 values"));
}

#[test]
fn a_bomb_of_aliases_does_not_grow() {
    let mut text = String::from("a: &a [x, x, x, x, x, x, x, x, x]\n");
    for at in b'b'..=b'z' {
        let (own, before) = (char::from(at), char::from(at - 1));
        writeln!(
            text,
            "{own}: &{own} [{}]",
            vec![format!("*{before}"); 9].join(", ")
        )
        .unwrap();
    }
    let found = faults(&text);
    assert!(found.len() <= 200);
    assert!(
        shown(&found).iter().any(|fault| fault.contains("anchors")),
        "{:?}",
        shown(&found)
    );
}

#[test]
fn at_most_two_hundred_faults_are_reported() {
    let text = with(&(0..5000).fold(String::new(), |text, at| text + &format!("wrong{at}: 1\n")));
    assert_eq!(faults(&text).len(), 200);
}

#[test]
fn a_hundred_steps_are_enough() {
    let lines = |count: usize| {
        (0..count).fold(String::new(), |text, at| {
            text + &format!("- {{id: s{at}, pipeline: p}}\n")
        })
    };
    assert_eq!(parsed(&steps(&lines(100))).flow.steps.len(), 100);
    refused(
        &steps(&lines(101)),
        (3, 3),
        "`steps` can have at most 100 entries",
        "`steps` peut avoir 100 éléments au plus",
    );
}

#[test]
fn a_hundred_steps_that_all_wait_for_each_other_are_checked_quickly() {
    let line = |at: usize| {
        let after: Vec<String> = (0..at).map(|before| format!("s{before}")).collect();
        format!(
            "- {{id: s{at}, pipeline: p, after: [{}]}}\n",
            after.join(", ")
        )
    };
    let text = steps(&(0..100).map(line).collect::<String>());
    assert_eq!(parsed(&text).graph.layers().len(), 100);
}

#[test]
fn text_of_the_document_is_short_and_visible_in_messages() {
    let text = with(&format!("\"{}\\u202e\\n{}\": 1", "a", "b".repeat(500)));
    let message = &shown(&faults(&text))[0];
    assert!(
        message.chars().count() < 150 && message.contains("a··bbb") && message.contains('…'),
        "{message}"
    );
}

#[test]
fn each_invalid_text_gives_a_list_of_faults() {
    for text in [
        "",
        "   ",
        "\n",
        "---",
        "--- \n---\n",
        "...",
        "null",
        "5",
        "text",
        "[]",
        "{}",
        "\u{0}",
        "\t",
        "a: b: c",
        "{",
        "}",
        "[[",
        "'",
        "\"",
        "!!python/object:os.system {}",
        "%YAML 9.9\n---\n{}",
        "%TAG ! x\n",
        "? [a]\n: b",
        "? {a: b}\n: c",
        "&a",
        "*a",
        "&a *a",
        "key",
        "- - -",
        "|",
        ">",
        "id: |\n\tx",
        "\u{feff}",
        "a: !<tag:x> b",
        "\u{2028}",
        "id: \"\\ud800\"",
        "@x",
        "`x",
        "a: %x",
        "{a: b",
        "[a, b",
        "id: 'x",
        "a:\n b\n  c: d",
    ] {
        let found = faults(text);
        assert!(!found.is_empty(), "{text:?}");
        for fault in &found {
            assert!(
                fault.place.line >= 1 && fault.place.column >= 1,
                "{text:?} {fault:?}"
            );
        }
    }
}

/// Texts that could take long: each is near the limit of 256 KiB.
#[test]
fn no_text_takes_long_to_read() {
    let fill = |part: &str| part.repeat(250 * 1024 / part.len());
    let long_names = (0..60).fold(String::new(), |text, at| {
        let name = format!("{at}{}", "x".repeat(2000));
        text + &format!("- {{id: {name}, pipeline: p, after: [y{name}]}}\n")
    });
    let references = (0..50).fold(String::new(), |text, at| {
        let one = |key: usize| format!("p{key}: {{from: steps.s{}.result}}", (at + key) % 50);
        let all: Vec<String> = (0..60).map(one).collect();
        text + &format!(
            "- {{id: s{at}, pipeline: p, parameters: {{{}}}}}\n",
            all.join(", ")
        )
    });
    for text in [
        fill("a: "),
        fill("- "),
        fill("? "),
        fill("["),
        fill("{"),
        fill("{a: "),
        fill("'"),
        fill("\""),
        fill("a:\n "),
        fill("*a "),
        fill("&a "),
        fill("!a "),
        fill("# x\n"),
        fill("\n"),
        fill("\t"),
        fill("a,"),
        fill("[a, "),
        fill("- - a\n"),
        fill("a: b\n"),
        fill("\\\""),
        fill("|\n"),
        fill("%a\n"),
        fill("---\n"),
        format!("id: \"{}\"", fill("\\n")),
        format!("\"{}\": 1", fill("k")),
        format!("id: {}", fill("9")),
        steps(&long_names),
        steps(&references),
        with(&format!("timezone: {}", fill("x"))),
        with(&format!(
            "timezone: UTC\nschedules: [{}]",
            "{id: n, cron: '0 0 31 2 *'},".repeat(20)
        )),
    ] {
        let start = Instant::now();
        let _ = parse(&text);
        let took = start.elapsed();
        assert!(
            took.as_secs() < 30,
            "{took:?} for {:?}",
            text.chars().take(60).collect::<String>()
        );
    }
}

const SAMPLE: &str = r#"id: daily
name: {en: Daily load, fr: "Chargement"}
inputs: {country: {type: str, default: NE}, n: {type: int, required: false}}
timezone: Africa/Kinshasa
schedules:
  - id: night
    cron: "0 2 * * MON#2,FRIL"
    finish_by: '06:00'
triggers: [{id: t, file: in/*.csv, every: 5m}]
steps:
  - {id: a, pipeline: extract, parameters: {x: [1, 2.5, {y: null}], f: {from: run.file}}, retry: {times: 3, wait: 5m}}
  - id: b
    pipeline: join
    after: [a]
    parameters:
      rows: {from: steps.a.result.rows, type: int}
      month: {from: run.interval.start, format: "%Y%m"}
alerts: {duration: 2, records: {from: steps.a.result.rows, expected: 7}}
notify: [{channel: team, level: ALL}]
"#;

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any text gets a result, and each fault has a position in the text.
    #[test]
    fn a_document_with_typing_errors_is_read_or_refused(
        edits in prop::collection::vec((any::<Index>(), 0..3_usize, "[-a-z0-9*&!|>'\"%@`#,:?\\[\\]{}. \n\t~/]{0,3}"), 1..4),
    ) {
        let mut letters: Vec<char> = SAMPLE.chars().collect();
        for (index, removed, typed) in edits {
            let start = index.index(letters.len());
            let end = (start + removed).min(letters.len());
            letters.splice(start..end, typed.chars());
        }
        let text: String = letters.into_iter().collect();
        if let Err(found) = parse(&text) {
            prop_assert!(!found.is_empty());
            let lines = text.lines().count();
            for fault in &found {
                prop_assert!((1..=lines + 1).contains(&fault.place.line), "{:?}", shown(&found));
                prop_assert!(fault.place.column >= 1);
            }
            prop_assert!(found.windows(2).all(|pair| pair[0].place <= pair[1].place));
        }
    }
}
