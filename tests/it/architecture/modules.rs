//! The modules of `src/service` use only modules below them, and no struct there has more than 25 methods.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use super::{Source, bare, closing, sources};

/// A module and the modules that it may use.
const MODULES: [(&str, &[&str]); 13] = [
    ("alerts", &["notifications"]),
    ("identity", &[]),
    ("configuration", &[]),
    ("catalog", &["configuration"]),
    ("defaults", &["catalog", "configuration"]),
    ("notifications", &["catalog", "configuration"]),
    ("tasks", &["catalog", "configuration"]),
    (
        "runs",
        &["alerts", "tasks", "catalog", "configuration", "identity"],
    ),
    ("launching", &["runs", "tasks", "catalog", "configuration"]),
    (
        "flows",
        &[
            "launching",
            "runs",
            "alerts",
            "notifications",
            "catalog",
            "configuration",
            "identity",
        ],
    ),
    (
        "hooks",
        &["flows", "launching", "catalog", "configuration", "identity"],
    ),
    ("live", &["tasks"]),
    ("monitoring", &["configuration"]),
];
const MAX_METHODS: usize = 25;

/// `service/runs/reports/queue.rs` → `runs`. Files next to the modules are shared by all.
fn module_of(source: &Source) -> Option<&str> {
    let inside = source.path.strip_prefix("service/")?;
    inside.split_once('/').map(|(module, _)| module)
}

/// The modules that a file uses, by `crate::service::…` or by enough `super::`.
fn used(source: &Source) -> BTreeSet<String> {
    let mut names = source.names_below(r"crate\s*::\s*service", 1);
    names.retain(|name| MODULES.iter().any(|(module, _)| module == name));
    names
}

fn wrong_uses(all: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for source in all {
        let Some(own) = module_of(source) else {
            continue;
        };
        let Some((_, may)) = MODULES.iter().find(|(module, _)| *module == own) else {
            wrong.push(format!("{own} is not in the list of modules"));
            continue;
        };
        let used = used(source).into_iter();
        let used = used.filter(|name| name != own && !may.contains(&name.as_str()));
        wrong.extend(used.map(|name| format!("{} uses {name}", source.path)));
    }
    wrong
}

/// The number of methods of each struct, all `impl` blocks of a module together.
fn methods(all: &[Source]) -> BTreeMap<String, usize> {
    let block = Regex::new(r"(?m)^impl(?:<[^>]*>)?\s+(\w+)[^{]*\{").expect("a pattern");
    let method = Regex::new(r"\bfn\s+\w+\s*[<(]").expect("a pattern");
    let mut counts = BTreeMap::new();
    for source in all.iter().filter(|one| one.path.starts_with("service/")) {
        let module = module_of(source).unwrap_or("service");
        for found in block.captures_iter(&source.code) {
            if found[0].contains(" for ") {
                continue;
            }
            let start = found.get_match().end();
            let body = &source.code[start..closing(&source.code, start)];
            // The nested functions of a method are not methods.
            let own = body.lines().filter(|line| {
                line.starts_with("    ") && !line.starts_with("     ") && method.is_match(line)
            });
            *counts
                .entry(format!("{module}::{}", &found[1]))
                .or_default() += own.count();
        }
    }
    counts
}

#[test]
fn the_modules_of_the_service_use_only_modules_below_them() {
    let wrong = wrong_uses(&sources("src"));
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_struct_of_the_service_has_too_many_methods() {
    let mut counts = methods(&sources("src"));
    assert!(counts.len() > 40, "{counts:?}");
    assert!(counts["catalog::Catalog"] > 10, "{counts:?}");
    counts.retain(|_, count| *count > MAX_METHODS);
    assert!(counts.is_empty(), "{counts:?}");
}

#[test]
fn planted_violations_are_found() {
    let source = |path: &str, text: &str| Source {
        folder: "src",
        path: path.to_owned(),
        text: text.to_owned(),
        code: bare(text),
    };
    let planted = [
        source(
            "service/catalog/mod.rs",
            "use super::{tasks::Tasks, Error};",
        ),
        source(
            "service/runs/reports/queue.rs",
            "use super::super::live::Live;",
        ),
        source(
            "service/runs/reports/mod.rs",
            "use super::super::live::Live;",
        ),
        source("service/live/mod.rs", "use crate::service::{Error, runs};"),
        source(
            "service/tasks/lists.rs",
            "use crate::service::catalog::Catalog;",
        ),
        source("service/error.rs", "use super::runs::Runs;"),
        source("service/orders/mod.rs", ""),
    ];
    assert_eq!(
        wrong_uses(&planted),
        [
            "service/catalog/mod.rs uses tasks",
            "service/runs/reports/mod.rs uses live",
            "service/live/mod.rs uses runs",
            "orders is not in the list of modules",
        ]
    );
    let methods_of = |count: usize| "    pub async fn one(&self) {}\n".repeat(count);
    let planted = [
        source(
            "service/runs/a.rs",
            &format!("impl Runs {{\n{}}}\n", methods_of(20)),
        ),
        source(
            "service/runs/b.rs",
            &format!("impl Runs {{\n{}}}\n", methods_of(6)),
        ),
        source(
            "service/live/a.rs",
            "impl Drop for Live {\n    fn drop(&mut self) {}\n}\n",
        ),
    ];
    assert_eq!(
        methods(&planted),
        BTreeMap::from([("runs::Runs".to_owned(), 26)])
    );
}
