//! The documentation agrees with the program: generated pages are current, and code in a page is code that the tests run.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use openhexa_bridge::settings;
use regex::Regex;

use crate::message_catalogues::files;
use crate::support::process::Line;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn document(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn the_page_of_settings_is_up_to_date() {
    assert!(
        document("docs/settings.md") == settings::page(),
        "docs/settings.md is not what `openhexa-bridge settings` prints: run `make settings` and commit the page"
    );
}

#[tokio::test]
async fn the_page_of_settings_is_printed_with_any_settings() {
    let ended = Line::of(&["settings"])
        .setting("SERVER__PORT", "none")
        .run()
        .await;
    assert_eq!(ended.status.code(), Some(0), "{:#?}", ended.err);
    assert_eq!(ended.err, [""; 0]);
    let page: Vec<String> = settings::page().lines().map(str::to_owned).collect();
    assert_eq!(ended.out, page);
}

#[test]
fn every_setting_has_a_line_with_its_description() {
    let row = Regex::new(r"(?m)^\| `(\w+)\.(\w+)` \| (\S.*) \| `(\w+)` \| (\S.*) \|$").unwrap();
    let page = settings::page();
    let mut told = BTreeSet::new();
    for found in row.captures_iter(&page) {
        let name = format!("OPENHEXA_BRIDGE__{}__{}", &found[1], &found[2]).to_uppercase();
        assert_eq!(&found[4], name);
        assert!(found[5].ends_with('.'), "{}", &found[5]);
        told.insert(format!("{}.{}", &found[1], &found[2]));
    }
    assert_eq!(told, crate::settings::keys_in(crate::settings::DEFAULTS));
    assert!(page.contains("| `server.port` | `8080` | `OPENHEXA_BRIDGE__SERVER__PORT` | The port to listen on; 0 picks a free one. |"));
    assert!(page.contains("| `reconcile.early_for` | `2m` | `OPENHEXA_BRIDGE__RECONCILE__EARLY_FOR` | Poll interval of a new run, and how long a run counts as new. The first poll after a reported final status comes after half this interval. |"));
}

/// The code blocks of a page in this language.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let block = Regex::new(&format!(r"(?ms)^```{language}\n(.*?)^```$")).unwrap();
    block
        .captures_iter(page)
        .map(|found| found[1].to_owned())
        .collect()
}

/// `sdk_pipelines.rs` runs the examples.
#[test]
fn python_in_a_page_is_part_of_a_tested_example() {
    let examples: Vec<String> = files(&root().join("examples/pipelines"), "py")
        .into_iter()
        .map(|file| std::fs::read_to_string(file).unwrap())
        .collect();
    let mut seen = 0;
    for name in ["README.md", "docs/pipelines.md"] {
        for block in blocks(&document(name), "python") {
            seen += 1;
            let stands = examples.iter().any(|example| example.contains(&block));
            assert!(
                stands,
                "{name} shows Python that is in no file of examples/pipelines: copy it from there word for word\n{block}"
            );
        }
    }
    assert!(seen >= 4, "only {seen} blocks of Python were found");
}

#[test]
fn links_of_a_page_exist() {
    let link = Regex::new(r"\]\(([^)#:]+)(?:#[^)]*)?\)").unwrap();
    let mut papers = files(&root().join("docs"), "md");
    let top = [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
    ];
    papers.extend(top.map(|name| root().join(name)));
    for file in papers {
        let text = std::fs::read_to_string(&file).unwrap();
        for found in link.captures_iter(&text) {
            let target = file.parent().unwrap().join(&found[1]);
            assert!(target.exists(), "{} links to {}", file.display(), &found[1]);
        }
    }
}

#[test]
fn quotes_in_a_page_are_messages_of_the_program() {
    let mut said: String = files(&root().join("src"), "rs")
        .into_iter()
        .chain(files(&root().join("src/language/en"), "ftl"))
        .map(|file| std::fs::read_to_string(file).unwrap())
        .collect();
    // Messages can contain other messages.
    let message = Regex::new(r"(?m)^([\w-]+) = (.+)$").unwrap();
    let messages: Vec<(String, String)> = message
        .captures_iter(&said)
        .map(|found| (format!("{{ {} }}", &found[1]), found[2].to_owned()))
        .collect();
    for (reference, text) in &messages {
        said = said.replace(reference, text);
    }
    // A message of OpenHEXA's SDK.
    said.push_str("The provided config contains invalid key(s)");
    let quoted = Regex::new(r#"(?m)^### "([^"…]+)"#).unwrap();
    let page = document("docs/troubleshooting.md");
    let quotes: Vec<String> = quoted
        .captures_iter(&page)
        .map(|found| found[1].trim_end().to_owned())
        .collect();
    assert!(quotes.len() >= 8, "{quotes:?}");
    for quote in quotes {
        assert!(said.contains(&quote), "the program has no message {quote}");
    }
}

/// The tests of a folder, as `file::name`.
fn test_names(folder: &str) -> BTreeSet<String> {
    let story = Regex::new(r"(?m)^#\[rstest\]\n(?:#\[.+\]\n)*async fn (\w+)\(").unwrap();
    let mut found = BTreeSet::new();
    for file in files(&root().join(folder), "rs") {
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&file).unwrap();
        found.extend(
            story
                .captures_iter(&text)
                .map(|story| format!("{name}::{}", &story[1])),
        );
    }
    found
}

#[test]
fn each_defect_is_listed_in_the_page_and_has_a_test() {
    let page = document("docs/reliability.md");
    let row = Regex::new(r"(?m)^\| \S.* \| `(\w+::\w+)` \|$").unwrap();
    let listed: Vec<String> = row
        .captures_iter(&page)
        .map(|row| row[1].to_owned())
        .collect();
    let all: BTreeSet<String> = listed.iter().cloned().collect();
    assert_eq!(listed.len(), all.len(), "a test is listed twice");
    assert_eq!(all, test_names("tests/it/defects"));
    assert!(all.len() >= 30, "only {} tests were found", all.len());
}

/// Files and folders of tests that a page names in backticks.
#[test]
fn test_files_named_in_a_page_exist() {
    let named = Regex::new(r"`((?:tests|benches)/[\w/.]+)`").unwrap();
    let page = document("docs/reliability.md");
    let names: BTreeSet<_> = named
        .captures_iter(&page)
        .map(|name| name[1].to_owned())
        .collect();
    assert!(names.len() >= 5, "{names:?}");
    for name in names {
        assert!(root().join(&name).exists(), "{name} does not exist");
    }
}

/// `src/language/{en,fr}/api.ftl` → one path per language.
fn alternatives(path: &str) -> Vec<String> {
    let Some((before, (inside, after))) = path
        .split_once('{')
        .and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
    else {
        return vec![path.to_owned()];
    };
    let parts = inside.split(',');
    parts
        .flat_map(|part| alternatives(&format!("{before}{part}{after}")))
        .collect()
}

/// The paths and file names in backticks, outside of code blocks. A route starts with a slash and is not a path.
fn named_paths(page: &str) -> BTreeSet<String> {
    let block = Regex::new(r"(?ms)^```.*?^```$").unwrap();
    let path = Regex::new(
        r"`([\w.][\w.,{}-]*/[\w.,{}/-]*|[\w.{},-]+\.(?:rs|md|toml|ftl|html|sql|yml|py|json))`",
    );
    let page = block.replace_all(page, "");
    let found: Vec<String> = path
        .unwrap()
        .captures_iter(&page)
        .map(|found| found[1].to_owned())
        .collect();
    found.iter().flat_map(|path| alternatives(path)).collect()
}

/// A file name without a folder is the name of any file of the repository.
fn is_file_of_the_repository(path: &str) -> bool {
    if path.contains('/') {
        // `ARCHITECTURE.md` and the glossary leave out `src/`, and the table of the service's modules `src/service/`.
        let bases = ["", "src", "src/service"];
        return bases
            .iter()
            .any(|base| root().join(base).join(path).exists());
    }
    let ending = path.rsplit_once('.').expect("a file name").1;
    let folders = [
        "src",
        "emulator",
        "tests",
        "migrations",
        "config",
        "deploy",
        "docs",
    ];
    root().join(path).exists()
        || folders.iter().any(|folder| {
            let files = files(&root().join(folder), ending);
            files.iter().any(|file| file.ends_with(path))
        })
}

#[test]
fn files_named_for_developers_exist() {
    for (name, least) in [("CONTRIBUTING.md", 80), ("ARCHITECTURE.md", 80)] {
        let named = named_paths(&document(name));
        assert!(named.len() >= least, "{name}: {named:?}");
        let missing: Vec<_> = named
            .iter()
            .filter(|path| !is_file_of_the_repository(path))
            .collect();
        assert!(
            missing.is_empty(),
            "{name} names files that do not exist: {missing:?}"
        );
    }
}

#[test]
fn a_file_that_does_not_exist_is_found() {
    let page = "`src/{main,gone}.rs`, `gone.rs` and `layout.rs`, not `/tasks/`, `server.port` or `make test`\n```\n`no/file`\n```\n";
    let named = named_paths(page);
    let missing: Vec<_> = named
        .iter()
        .filter(|path| !is_file_of_the_repository(path))
        .collect();
    assert_eq!(missing, ["gone.rs", "src/gone.rs"]);
    assert_eq!(named.len(), 4);
}

#[test]
fn each_audited_action_is_in_the_page() {
    let audited = Regex::new(r#"\baudited\(\s*"([^"]+)""#).unwrap();
    let mut actions = BTreeSet::new();
    for file in files(&root().join("src/http"), "rs") {
        let text = std::fs::read_to_string(&file).unwrap();
        actions.extend(audited.captures_iter(&text).map(|one| one[1].to_owned()));
    }
    assert!(actions.len() >= 9, "{actions:?}");
    let page = document("docs/operations.md");
    let row = page.lines().find(|line| line.starts_with("| `action` |"));
    let row = row.expect("the row with the actions");
    for action in actions {
        assert!(
            row.contains(&format!("`{action}`")),
            "add the action `{action}` to the table of the audit log in docs/operations.md"
        );
    }
}

/// A row of the table of metrics: its name, its type and its labels.
fn documented_metrics() -> Vec<(String, String, BTreeSet<String>)> {
    let row = Regex::new(r"(?m)^\| `(openhexa_bridge_\w+)` \| (\w+) \| \w+ \|([^|]*)\|").unwrap();
    let name = Regex::new(r"`(\w+)`").unwrap();
    let page = document("docs/metrics.md");
    let labels = |text: &str| {
        name.captures_iter(text)
            .map(|one| one[1].to_owned())
            .collect()
    };
    let rows = row.captures_iter(&page);
    rows.map(|one| (one[1].to_owned(), one[2].to_owned(), labels(&one[3])))
        .collect()
}

#[test]
fn each_metric_of_the_code_is_in_the_page_with_its_labels() {
    let counted = Regex::new(
        r#"(?s)metrics::(counter|gauge|histogram)!\(\s*"(\w+)"((?:,\s*"\w+" => [\w.()]+)*)"#,
    )
    .unwrap();
    let label = Regex::new(r#""(\w+)" =>"#).unwrap();
    let mut found = BTreeSet::new();
    for file in files(&root().join("src"), "rs") {
        let text = std::fs::read_to_string(&file).unwrap();
        for one in counted.captures_iter(&text) {
            let labels: Vec<String> = label
                .captures_iter(&one[3])
                .map(|one| one[1].to_owned())
                .collect();
            let labels: BTreeSet<String> = labels.into_iter().collect();
            found.insert((one[2].to_owned(), one[1].to_owned(), labels));
        }
    }
    assert!(found.len() >= 11, "{found:#?}");
    assert_eq!(
        documented_metrics().into_iter().collect::<BTreeSet<_>>(),
        found
    );
}

#[test]
fn each_outcome_of_a_request_to_openhexa_is_in_the_page() {
    let source = document("src/openhexa/error.rs");
    let kind =
        Regex::new(r#"(?m)^            Self::\w+(?:\(_\)| \{ \.\. \})? => "([a-z-]+)","#).unwrap();
    let kinds: BTreeSet<String> = kind
        .captures_iter(&source)
        .map(|one| one[1].to_owned())
        .collect();
    assert!(kinds.len() >= 15, "{kinds:?}");
    let page = document("docs/metrics.md");
    // OpenHEXA answered, and only the content cannot be used.
    let answered = ["too-large", "too-many", "bad-definition", "bad-choices"];
    for kind in kinds
        .iter()
        .filter(|kind| !answered.contains(&kind.as_str()))
    {
        assert!(page.contains(&format!("`{kind}`")), "{kind}");
    }
}

#[test]
fn alerts_name_metrics_with_labels_that_they_have_and_the_page_lists_them() {
    let rules = document("deploy/prometheus-rules.yml");
    let page = document("docs/metrics.md");
    let used = Regex::new(r"(openhexa_bridge_\w+)(?:\{([^}]*)\})?").unwrap();
    let label = Regex::new(r#"(\w+)(?:=~|!=|!~|=)""#).unwrap();
    let documented = documented_metrics();
    let mut count = 0;
    for one in used.captures_iter(&rules) {
        let (_, kind, labels) = documented
            .iter()
            .find(|(name, ..)| *name == one[1])
            .unwrap_or_else(|| panic!("no metric {}", &one[1]));
        assert_ne!(kind, "histogram", "{}", &one[1]);
        let selected = one.get(2).map(|text| text.as_str()).unwrap_or_default();
        for selected in label.captures_iter(selected) {
            assert!(
                labels.contains(&selected[1]),
                "{} has no label {}",
                &one[1],
                &selected[1]
            );
        }
        count += 1;
    }
    assert!(count >= 5, "only {count}");
    // Of a sum, both sides need a value, and a metric has none before its first event.
    assert!(!rules.contains("+ sum"), "use `or` between selectors");
    let alert = Regex::new(r"(?m)^      - alert: (\w+)$").unwrap();
    let alerts: Vec<String> = alert
        .captures_iter(&rules)
        .map(|one| one[1].to_owned())
        .collect();
    let row = Regex::new(r"(?m)^\| `(OpenHexaBridge\w+)` \|").unwrap();
    let listed: Vec<String> = row
        .captures_iter(&page)
        .map(|one| one[1].to_owned())
        .collect();
    assert_eq!((alerts.len(), &alerts), (5, &listed));
    for outcome in ["token-refused", "answered"] {
        assert!(
            rules.contains(&format!("\"{outcome}\"")) && page.contains(&format!("`{outcome}`"))
        );
    }
}
