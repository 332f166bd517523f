//! The layers of the architecture: which may use which, and the maximum size of files and functions.

mod import_cycles;
mod modules;

use std::collections::BTreeSet;
use std::path::Path;

use regex::Regex;

use crate::message_catalogues::files;

/// A module, the modules that it may use besides itself, and words that it must not contain.
#[rustfmt::skip]
const DEPENDENCIES: [(&str, &[&str], &[&str]); 16] = [
    ("domain", &[], &["async", "tokio", "std::fs", "std::net", "std::env", "SystemTime", "Instant", "Utc::now", "Serialize", "Deserialize", "actix_web", "diesel", "reqwest", "graphql_client"]),
    ("language", &["domain"], &["actix_web", "diesel", "reqwest", "graphql_client"]),
    ("store", &["domain", "language"], &["actix_web", "reqwest", "graphql_client"]),
    ("openhexa", &["domain", "language", "clock", "allowed_addresses"], &["actix_web", "diesel"]),
    ("iaso", &["domain"], &["actix_web", "diesel", "graphql_client"]),
    ("outgoing", &["domain", "allowed_addresses"], &["actix_web", "diesel", "graphql_client"]),
    ("service", &["domain", "language", "store", "openhexa", "iaso", "outgoing", "clock"], &["actix_web", "StatusCode", "diesel", "graphql_client"]),
    ("background", &["domain", "service", "clock"], &["actix_web", "diesel", "reqwest", "graphql_client"]),
    ("http", &["domain", "language", "service", "clock"], &["diesel", "reqwest", "graphql_client"]),
    ("settings", &["domain"], &[]),
    ("telemetry", &["domain"], &[]),
    ("clock", &[], &[]),
    ("allowed_addresses", &["domain"], &["actix_web", "diesel", "graphql_client"]),
    ("app", &MODULES, &[]),
    ("main", &MODULES, &[]),
    ("lib", &MODULES, &[]),
];
#[rustfmt::skip]
const MODULES: [&str; 14] = [
    "domain", "language", "store", "openhexa", "iaso", "outgoing", "service", "background", "http", "settings", "telemetry",
    "clock", "allowed_addresses", "app",
];
const LONGEST_FILE: usize = 400;
const LONGEST_FUNCTION: usize = 65;

#[derive(Clone)]
struct Source {
    /// `src` or `emulator/src`
    folder: &'static str,
    /// `service/launch.rs`
    path: String,
    text: String,
    /// The text without comments and literals, line by line.
    code: String,
}

fn sources(folder: &'static str) -> Vec<Source> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let read = |file: std::path::PathBuf| {
        let text = std::fs::read_to_string(&file).expect("a readable source");
        let path = file
            .strip_prefix(&src)
            .expect("below src")
            .to_string_lossy()
            .into_owned();
        Source {
            folder,
            path,
            code: bare(&text),
            text,
        }
    };
    files(&src, "rs").into_iter().map(read).collect()
}

fn bare(text: &str) -> String {
    let noise = concat!(
        r###"//[^\n]*|(?s:/\*.*?\*/)|(?s:\br##".*?"##)|(?s:\br#".*?"#)|\br"[^"]*""###,
        r#"|"(?:\\(?s:.)|[^"\\])*"|b?'(?:\\[^\n]{1,10}?|[^'\\\n])'"#
    );
    let noise = Regex::new(noise).expect("a pattern");
    let newlines = |found: &regex::Captures<'_>| "\n".repeat(found[0].matches('\n').count());
    noise.replace_all(text, newlines).into_owned()
}

impl Source {
    /// The path of the file's module: `["service", "launch"]`.
    fn module(&self) -> Vec<&str> {
        let path = self.path.trim_end_matches(".rs").trim_end_matches("/mod");
        path.split('/').collect()
    }

    /// The modules that the code uses, by `crate::…`, by enough `super::`, or from the binary.
    fn used_modules(&self) -> BTreeSet<String> {
        let mut modules = self.names_below("(?:crate|openhexa_bridge)", 0);
        modules.retain(|name| MODULES.contains(&name.as_str()));
        modules
    }

    /// The names that follow the path of a module, or as many `super` as lead to it. `depth` is the number of
    /// modules around it.
    fn names_below(&self, module: &str, depth: usize) -> BTreeSet<String> {
        let path = format!(r"\b(?:{module}|((?:super\s*::\s*)*super))\s*::\s*(\w+|\{{)");
        let path = Regex::new(&path).expect("a pattern");
        let mut names = BTreeSet::new();
        for found in path.captures_iter(&self.code) {
            let ups = found
                .get(1)
                .map(|ups| ups.as_str().matches("super").count());
            if ups.is_some_and(|ups| ups + depth != self.module().len()) {
                continue;
            }
            let first = found.get(2).expect("always there");
            match first.as_str() {
                "{" => names.extend(group(&self.code[first.end()..])),
                name => drop(names.insert(name.to_owned())),
            }
        }
        names
    }

    /// Each function's name and length in lines.
    fn functions(&self) -> Vec<(String, usize)> {
        let start = Regex::new(r"\bfn\s+(\w+)[^{;]*(?:\[[^\]]*\][^{;]*)*\{").expect("a pattern");
        let found = start.captures_iter(&self.code);
        found
            .map(|one| {
                let open = one.get_match();
                let end = closing(&self.code, open.end());
                let lines = self.code[open.start()..end].matches('\n').count() + 1;
                (one[1].to_owned(), lines)
            })
            .collect()
    }
}

/// The first names of a `use crate::{…}`, up to its closing brace.
fn group(text: &str) -> Vec<String> {
    let inside = &text[..closing(text, 0)];
    let mut depth = 0;
    let outer: String = inside
        .chars()
        .filter(|letter| {
            depth += i32::from(*letter == '{') - i32::from(*letter == '}');
            depth == 0
        })
        .collect();
    outer
        .split(',')
        .map(|one| one.split("::").next().unwrap_or_default().trim().to_owned())
        .collect()
}

/// The position of the brace that closes the one before `from`.
fn closing(text: &str, from: usize) -> usize {
    let mut depth = 1;
    for (at, letter) in text[from..].char_indices() {
        depth += i32::from(letter == '{') - i32::from(letter == '}');
        if depth == 0 {
            return from + at;
        }
    }
    text.len()
}

#[test]
fn each_module_uses_only_those_below() {
    let mut wrong = Vec::new();
    for source in sources("src") {
        let module = source.module()[0];
        let Some((_, may, never)) = DEPENDENCIES.iter().find(|(name, ..)| *name == module) else {
            wrong.push(format!(
                "src/{} belongs to no module of DEPENDENCIES",
                source.path
            ));
            continue;
        };
        let names = source.used_modules();
        let others = names
            .iter()
            .filter(|name| *name != module && !may.contains(&name.as_str()));
        wrong.extend(others.map(|name| format!("src/{} → {name}", source.path)));
        let said = |word: &&&str| {
            Regex::new(&format!(r"\b{word}\b"))
                .expect("a pattern")
                .is_match(&source.code)
        };
        wrong.extend(
            never
                .iter()
                .filter(said)
                .map(|word| format!("src/{} contains {word}", source.path)),
        );
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn each_file_has_a_comment_and_is_short() {
    let mut wrong = Vec::new();
    for source in [sources("src"), sources("emulator/src")].concat() {
        let file = format!("{}/{}", source.folder, source.path);
        if !source.text.starts_with("//! ") {
            wrong.push(format!("{file} does not start with a //! comment"));
        }
        let lines = source.text.lines().count();
        if lines > LONGEST_FILE {
            wrong.push(format!("{file} has {lines} lines"));
        }
        let long = source
            .functions()
            .into_iter()
            .filter(|(_, lines)| *lines > LONGEST_FUNCTION);
        wrong.extend(long.map(|(name, lines)| format!("{file}: {name} has {lines} lines")));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn imports_and_functions_are_found() {
    let source = |path: &str, text: &str| Source {
        folder: "src",
        path: path.to_owned(),
        text: text.to_owned(),
        code: bare(text),
    };
    let text = r##"
        // crate::http
        use crate::{domain::{ids, task}, store};
        use super::{settings::Settings};
        use super::super::background;
        fn one<'a>() -> &'a str { let _ = ('{', "crate::http", r#"crate::"emulator"#); crate::clock::now() }
    "##;
    let names = |path: &str| {
        source(path, text)
            .used_modules()
            .into_iter()
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(names("service/mod.rs"), "clock domain settings store");
    assert_eq!(names("service/launch.rs"), "background clock domain store");
    let functions = source("app.rs", "fn a(b: [u8; 2]) {\n{\n}\n}\nfn c();\n").functions();
    assert_eq!(functions, [("a".to_owned(), 4)]);
}
