//! No files of `src` or `emulator/src` import each other in a cycle, so each can be read with only the files it imports.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use super::{Source, bare, sources};

/// A file → the files that it imports. A folder's own `mod.rs` and the files in it do not count.
type Imports = BTreeMap<String, BTreeSet<String>>;

/// The paths of a `use` tree: `a::{b, c::d}` → `a::b`, `a::c::d`.
fn paths(tree: &str) -> Vec<String> {
    let Some((head, rest)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or_default();
        return vec![path.split_whitespace().collect()];
    };
    let inside = rest.rsplit_once('}').map_or(rest, |(inside, _)| inside);
    let (mut parts, mut depth) = (vec![String::new()], 0);
    for letter in inside.chars() {
        depth += i32::from(letter == '{') - i32::from(letter == '}');
        if letter == ',' && depth == 0 {
            parts.push(String::new());
        } else if let Some(last) = parts.last_mut() {
            last.push(letter);
        }
    }
    let parts = parts.iter().filter(|part| !part.trim().is_empty());
    parts
        .flat_map(|part| paths(&format!("{head}{part}")))
        .collect()
}

/// The file that a path from this module leads to.
fn file_of(module: &[&str], path: &str, files: &BTreeSet<String>) -> Option<String> {
    let mut names: Vec<&str> = path.split("::").map(str::trim).collect();
    let mut place: Vec<&str> = match names.first() {
        Some(&"crate") => Vec::new(),
        _ => module.to_vec(),
    };
    while let Some(&("crate" | "super")) = names.first() {
        if names.remove(0) == "super" {
            place.pop();
        }
    }
    place.extend(names);
    while !place.is_empty() && !files.contains(&place.join("/")) {
        place.pop();
    }
    (!place.is_empty()).then(|| place.join("/"))
}

fn imports(all: &[Source]) -> Imports {
    let statement = Regex::new(r"\buse\s+((?:super|crate)\b[^;]*);").expect("a pattern");
    let files: BTreeSet<String> = all.iter().map(|source| source.module().join("/")).collect();
    let of = |source: &Source| {
        let module = source.module();
        let own = module.join("/");
        let found = statement.captures_iter(&source.code);
        let found = found.flat_map(|one| paths(&one[1]));
        let found = found.filter_map(|path| file_of(&module, &path, &files));
        let is_apart = |other: &String| {
            *other != own
                && !own.starts_with(&format!("{other}/"))
                && !other.starts_with(&format!("{own}/"))
        };
        (own.clone(), found.filter(is_apart).collect())
    };
    all.iter().map(of).collect()
}

/// The files that are part of a cycle. Files that no file imports, or that import none, are removed until nothing changes.
fn in_cycles(mut imports: Imports) -> BTreeSet<String> {
    loop {
        let left: BTreeSet<String> = imports.keys().cloned().collect();
        let used: BTreeSet<String> = imports.values().flatten().cloned().collect();
        imports.retain(|file, own| used.contains(file) && own.iter().any(|one| left.contains(one)));
        for own in imports.values_mut() {
            own.retain(|one| left.contains(one));
        }
        if imports.len() == left.len() {
            return left;
        }
    }
}

#[test]
fn no_files_import_each_other_in_a_cycle() {
    let all = imports(&sources("src"));
    let count: usize = all.values().map(BTreeSet::len).sum();
    assert!(
        all.len() > 200 && count > 500,
        "{} files, {count}",
        all.len()
    );
    let cycles = in_cycles(all);
    assert!(cycles.is_empty(), "{cycles:#?}");
}

#[test]
fn no_files_of_the_emulator_import_each_other_in_a_cycle() {
    let all = imports(&sources("emulator/src"));
    let count: usize = all.values().map(BTreeSet::len).sum();
    assert!(all.len() > 30 && count > 80, "{} files, {count}", all.len());
    let cycles = in_cycles(all);
    assert!(cycles.is_empty(), "{cycles:#?}");
}

#[test]
fn a_planted_cycle_is_found() {
    let source = |path: &str, text: &str| Source {
        folder: "src",
        path: path.to_owned(),
        text: text.to_owned(),
        code: bare(text),
    };
    let planted = [
        source("service/mod.rs", "mod launch; mod runs; mod tasks;"),
        source(
            "service/launch.rs",
            "use super::{Bridge, runs::{Run, Poll}};",
        ),
        source(
            "service/runs.rs",
            "use crate::domain::task::Task;\nuse super::tasks as own;",
        ),
        source("service/tasks.rs", "use crate::service::launch::Launch;"),
        source("domain/task.rs", "use super::ids::TaskId;"),
        source("domain/ids.rs", "// use super::task::Task;"),
    ];
    let found = in_cycles(imports(&planted));
    let found: Vec<&str> = found.iter().map(String::as_str).collect();
    assert_eq!(found, ["service/launch", "service/runs", "service/tasks"]);
}
