//! Creates a Markdown page of all settings from the comments in `config/default.toml`. `openhexa-bridge settings` prints
//! it, and `docs/settings.md` is a copy, so each setting is described in one place only, next to its default.

use super::{DEFAULTS, PREFIX};

const OPENING: &str = "# Settings\n\n\
    For operators: every setting of the bridge. A file given with `--config` overrides the defaults, and environment \
    variables override both. Durations are a number with a unit: `500ms`, `10s`, `15m`, `4h`, `2days`. \
    `openhexa-bridge check-config` checks your settings.\n\n\
    `openhexa-bridge settings` prints this page from [config/default.toml](../config/default.toml); `make settings` \
    updates it.\n";

/// A line of `config/default.toml`.
enum Line<'a> {
    Section(&'a str),
    Sentence(&'a str),
    Setting(&'a str, &'a str),
    Other,
}

/// The page, with one table per section.
pub fn page() -> String {
    let mut page = OPENING.to_owned();
    let (mut section, mut sentence, mut open) = ("", String::new(), false);
    for line in DEFAULTS.lines().map(read) {
        match line {
            Line::Section(name) => {
                section = name;
                page.push_str(&heading(name));
            }
            Line::Sentence(words) if open => {
                sentence.push(' ');
                sentence.push_str(words);
            }
            Line::Sentence(words) => words.clone_into(&mut sentence),
            // Consecutive settings share the comment above them.
            Line::Setting(key, default) => page.push_str(&row(section, key, default, &sentence)),
            Line::Other => {}
        }
        open = matches!(line, Line::Sentence(_));
    }
    page
}

fn read(line: &str) -> Line<'_> {
    let named = line
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    match (named, line.strip_prefix("# "), line.split_once(" = ")) {
        (Some(name), ..) => Line::Section(name),
        (None, Some(words), _) => Line::Sentence(words),
        (None, None, Some((key, default))) => Line::Setting(key, default.trim_matches('"')),
        (None, None, None) => Line::Other,
    }
}

fn heading(section: &str) -> String {
    format!(
        "\n## {section}\n\n| setting | default | environment variable | meaning |\n|---|---|---|---|\n"
    )
}

fn row(section: &str, key: &str, default: &str, sentence: &str) -> String {
    let default = match default {
        "" => "empty".to_owned(),
        value => format!("`{value}`"),
    };
    let name = format!("{PREFIX}{section}__{key}").to_uppercase();
    let sentence = sentence.replace('|', "\\|");
    format!("| `{section}.{key}` | {default} | `{name}` | {sentence} |\n")
}
