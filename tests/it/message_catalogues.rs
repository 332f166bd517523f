//! The message catalogues: complete in each language, without unused messages.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

/// Each message key with its arguments, from all files of a language.
pub fn catalogue(language: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut sentences = BTreeMap::new();
    for file in files(&root().join("src/language").join(language), "ftl") {
        let text = fs::read_to_string(&file).expect("a readable catalogue");
        for (key, gaps) in messages(&text) {
            let twice = sentences.insert(key.clone(), gaps).is_some();
            assert!(
                !twice,
                "{key} is defined twice, again in {}",
                file.display()
            );
        }
    }
    sentences
}

/// A message starts at the beginning of a line and continues over indented lines.
fn messages(text: &str) -> BTreeMap<String, BTreeSet<String>> {
    let start = Regex::new(r"(?m)^-?([a-zA-Z][\w-]*) *=").expect("a pattern");
    let gap = Regex::new(r"\$([a-zA-Z][\w-]*)").expect("a pattern");
    let gaps = |body: &str| {
        gap.captures_iter(body)
            .map(|found| found[1].to_owned())
            .collect()
    };
    let starts: Vec<_> = start.captures_iter(text).collect();
    let ends = starts.iter().skip(1).map(|next| next.get_match().start());
    starts
        .iter()
        .zip(ends.chain([text.len()]))
        .map(|(message, end)| {
            let body = without_comments(&text[message.get_match().end()..end]);
            (message[1].to_owned(), gaps(&body))
        })
        .collect()
}

fn without_comments(text: &str) -> String {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .collect::<Vec<_>>()
        .join("\n")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

pub fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a readable folder");
    let mut found = Vec::new();
    for path in entries.map(|entry| entry.expect("an entry").path()) {
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|own| own == ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// All text that may contain a message key: sources and page templates.
fn sources() -> String {
    let src = root().join("src");
    ["rs", "html"]
        .iter()
        .flat_map(|ending| files(&src, ending))
        .map(|file| fs::read_to_string(file).expect("a readable source"))
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn each_language_has_the_same_messages_with_the_same_arguments() {
    let (english, french) = (catalogue("en"), catalogue("fr"));
    assert!(!english.is_empty());
    for (key, gaps) in &english {
        assert_eq!(Some(gaps), french.get(key), "{key} in French");
    }
    for key in french.keys() {
        assert!(english.contains_key(key), "{key} is in French only");
    }
}

#[test]
fn french_punctuation_has_no_breaking_spaces_and_no_straight_apostrophes() {
    let breaks = Regex::new(r" [:;!?»%]|« |'").expect("a pattern");
    for file in files(&root().join("src/language/fr"), "ftl") {
        let text = fs::read_to_string(&file).expect("a readable catalogue");
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            assert!(!breaks.is_match(line), "{}: {line}", file.display());
        }
    }
}

#[test]
fn used_messages_are_in_the_catalogues() {
    let english = catalogue("en");
    let said = Regex::new(r#"\bsay\(\s*"([^"]+)""#).expect("a pattern");
    let sources = sources();
    let code = Regex::new(r"(?m)^\s*//.*$")
        .expect("a pattern")
        .replace_all(&sources, "");
    let missing: BTreeSet<_> = said
        .captures_iter(&code)
        .map(|found| found[1].to_owned())
        .filter(|key| !english.contains_key(key))
        .collect();
    assert!(missing.is_empty(), "no message for {missing:?}");
}

/// The keys that messages of a language contain as references: `{ cause-refused }`.
fn references(language: &str) -> BTreeSet<String> {
    let reference = Regex::new(r"\{ ([a-zA-Z][\w-]*) \}").expect("a pattern");
    let mut found = BTreeSet::new();
    for file in files(&root().join("src/language").join(language), "ftl") {
        let text = fs::read_to_string(&file).expect("a readable catalogue");
        let keys = reference.captures_iter(&text);
        found.extend(keys.map(|found| found[1].to_owned()));
    }
    found
}

#[test]
fn each_reference_exists_and_is_the_same_in_each_language() {
    let (english, known) = (references("en"), catalogue("en"));
    assert_eq!(english, references("fr"));
    let missing: Vec<_> = english
        .iter()
        .filter(|key| !known.contains_key(*key))
        .collect();
    assert!(missing.is_empty(), "no message for {missing:?}");
}

#[test]
fn messages_in_the_catalogues_are_used() {
    let (sources, references) = (sources(), references("en"));
    let said = |key: &String| references.contains(key) || sources.contains(&format!("\"{key}\""));
    let unused: Vec<_> = catalogue("en")
        .into_keys()
        .filter(|key| !said(key))
        .collect();
    assert!(unused.is_empty(), "unused messages: {unused:?}");
}
