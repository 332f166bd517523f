//! Documents that are too large, too deep, or that try to become large.

use std::fmt::Write as _;

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
fn whatever_the_text_is_the_answer_is_a_list_of_faults() {
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
