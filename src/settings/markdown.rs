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
enum DefaultsLine<'a> {
    Section(&'a str),
    Description(&'a str),
    Setting(&'a str, &'a str),
    Other,
}

/// The page, with one table per section.
pub fn page() -> String {
    let mut page = OPENING.to_owned();
    let (mut section, mut description, mut open) = ("", String::new(), false);
    for line in DEFAULTS.lines().map(read) {
        match line {
            DefaultsLine::Section(name) => {
                section = name;
                page.push_str(&heading(name));
            }
            DefaultsLine::Description(text) if open => {
                description.push(' ');
                description.push_str(text);
            }
            DefaultsLine::Description(text) => text.clone_into(&mut description),
            // Consecutive settings share the comment above them.
            DefaultsLine::Setting(key, default) => {
                page.push_str(&row(section, key, default, &description));
            }
            DefaultsLine::Other => {}
        }
        open = matches!(line, DefaultsLine::Description(_));
    }
    page
}

fn read(line: &str) -> DefaultsLine<'_> {
    let named = line
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    match (named, line.strip_prefix("# "), line.split_once(" = ")) {
        (Some(name), ..) => DefaultsLine::Section(name),
        (None, Some(text), _) => DefaultsLine::Description(text),
        (None, None, Some((key, default))) => DefaultsLine::Setting(key, default.trim_matches('"')),
        (None, None, None) => DefaultsLine::Other,
    }
}

fn heading(section: &str) -> String {
    format!(
        "\n## {section}\n\n| setting | default | environment variable | meaning |\n|---|---|---|---|\n"
    )
}

fn row(section: &str, key: &str, default: &str, description: &str) -> String {
    let default = match default {
        "" => "empty".to_owned(),
        value => format!("`{value}`"),
    };
    let name = format!("{PREFIX}{section}__{key}").to_uppercase();
    let description = description.replace('|', "\\|");
    format!("| `{section}.{key}` | {default} | `{name}` | {description} |\n")
}
