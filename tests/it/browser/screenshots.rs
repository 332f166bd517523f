//! Screenshots of the pages for the documentation, in both languages and two widths.
//!
//! `make screenshots` writes them to `docs/images/`, other runs to `target/browser/`. `PICTURES` lists them.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::png::smaller;
use super::sample_data::Ministry;
use super::tab::{BrowserOptions, ENGLISH, FRENCH, Tab, folder};

struct Picture {
    name: &'static str,
    by: Reader,
    path: &'static str,
    /// The script that runs first, and the condition to wait for.
    first: Option<(&'static str, &'static str)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Reader {
    /// Not signed in.
    Stranger,
    Operator,
    Administrator,
}

const fn of(name: &'static str, by: Reader, path: &'static str) -> Picture {
    Picture {
        name,
        by,
        path,
        first: None,
    }
}

impl Picture {
    const fn after(self, does: &'static str, shows: &'static str) -> Self {
        let first = Some((does, shows));
        Self { first, ..self }
    }
}

const PICTURES: &[Picture] = &[
    of("sign-in", Reader::Stranger, "/dashboard/sign-in/"),
    of("pipelines", Reader::Operator, "/dashboard/pipelines/"),
    of("form", Reader::Operator, "/dashboard/pipelines/{lqas}/").after(
        "document.querySelector('button[name=load]').click()",
        "document.querySelector('[name=loaded]')",
    ),
    of("running", Reader::Operator, "/dashboard/tasks/{running}/"),
    of("ended", Reader::Operator, "/dashboard/tasks/{ended}/"),
    of("failed", Reader::Operator, "/dashboard/tasks/{failed}/"),
    of("tasks", Reader::Operator, "/dashboard/tasks/"),
    of("monitoring", Reader::Operator, "/dashboard/monitoring/"),
    of("settings", Reader::Administrator, "/dashboard/settings/").after(
        "document.querySelector('button[formaction]').click()",
        "document.getElementById('checks')",
    ),
    of(
        "defaults",
        Reader::Administrator,
        "/dashboard/settings/pipelines/{lqas}/",
    ),
];
/// The port and the token of the test's OpenHEXA are different each time.
const SAME: &str = "const url = document.getElementById('openhexa_url');
    if (url) url.value = 'https://openhexa.minsante.cm/graphql/';
    const kept = document.getElementById('openhexa_token-hint');
    if (kept) kept.textContent = kept.textContent.replace(/••••\\w+/, '••••4f2a');";
const WIDTHS: [u32; 2] = [1280, 360];
/// The maximum height of a picture in pixels.
const MAX_HEIGHT: u64 = 1600;
/// The maximum size of a picture in bytes, so that the documents load quickly.
const MAX_BYTES: usize = 150_000;

fn pictures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/images")
}

fn target() -> PathBuf {
    match std::env::var_os("OPENHEXA_BRIDGE_SCREENSHOTS") {
        Some(_) => pictures(),
        None => folder(),
    }
}

fn file(name: &str, language: &str, width: u32) -> String {
    format!("{name}-{language}-{width}.png")
}

/// Stops the clock of the page at the time of the test, and waits until nothing is loading.
async fn freeze_clock(ministry: &Ministry, tab: &Tab) {
    let now = ministry.story.now().timestamp_millis();
    let source = format!(
        "const Real = Date; Date = class extends Real {{
            constructor(...given) {{ super(...(given.length ? given : [{now}])); }}
            static now() {{ return {now}; }}
        }};"
    );
    tab.cdp(
        "Page.addScriptToEvaluateOnNewDocument",
        json!({"source": source}),
    )
    .await;
    tab.prefers("reduced-motion", "reduce").await;
}

async fn take(ministry: &Ministry, tab: &Tab, picture: &Picture, width: u32) -> Vec<u8> {
    tab.size(width, 800).await;
    tab.open(&ministry.address(picture.path)).await;
    if let Some((does, shows)) = picture.first {
        tab.run(does).await;
        tab.until(shows).await;
        tab.run("document.activeElement.blur()").await;
    }
    tab.run(SAME).await;
    tab.until("document.fonts.status === 'loaded'").await;
    let height = tab.js("document.scrollingElement.scrollHeight").await;
    let height = height.as_u64().unwrap().clamp(500, MAX_HEIGHT);
    tab.size(width, height.try_into().unwrap()).await;
    tab.run("scrollTo(0, 0)").await;
    tab.picture().await
}

async fn take_all(ministry: &Ministry, language: &str, options: BrowserOptions) {
    for reader in [Reader::Operator, Reader::Administrator, Reader::Stranger] {
        let tab = match reader {
            Reader::Stranger => Tab::new(options).await,
            Reader::Operator => ministry.tab(options).await,
            Reader::Administrator => ministry.administrators_tab(options).await,
        };
        freeze_clock(ministry, &tab).await;
        let own = PICTURES.iter().filter(|picture| picture.by == reader);
        for (picture, width) in own.flat_map(|own| WIDTHS.map(|width| (own, width))) {
            let taken = take(ministry, &tab, picture, width).await;
            keep(&file(picture.name, language, width), &taken);
        }
        let lang = tab.js("document.documentElement.lang").await;
        assert_eq!(lang, language);
        tab.end(&ministry.story.base_url()).await;
    }
}

fn keep(name: &str, picture: &[u8]) {
    // Optimising takes a while, and only the pictures of the documents need it.
    let is_shown = target() == pictures() || name.starts_with("sign-in");
    let (picture, most) = if is_shown {
        (smaller(picture), MAX_BYTES)
    } else {
        (picture.to_vec(), 3 * MAX_BYTES)
    };
    let bytes = picture.len();
    assert!((3_000..most).contains(&bytes), "{name} has {bytes} bytes");
    let place = target();
    std::fs::create_dir_all(&place).unwrap();
    std::fs::write(place.join(name), picture).unwrap();
}

#[test]
fn each_picture_exists_and_is_used() {
    let paper = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/pages.md");
    let paper = std::fs::read_to_string(paper).unwrap();
    for (name, language, width) in all() {
        let file = file(name, language, width);
        let is_there = pictures().join(&file).is_file();
        assert!(is_there, "docs/images/{file} is missing: make screenshots");
        assert!(
            paper.contains(&format!("](images/{file})")),
            "docs/pages.md does not show {file}"
        );
    }
    let kept = std::fs::read_dir(pictures()).unwrap().count();
    assert_eq!(
        kept,
        all().count(),
        "docs/images has files that no entry of PICTURES creates"
    );
}

/// Every picture: its name, language and width.
fn all() -> impl Iterator<Item = (&'static str, &'static str, u32)> {
    let named = PICTURES.iter().map(|picture| picture.name);
    named.flat_map(|name| {
        let sizes = move |language| WIDTHS.map(|width| (name, language, width));
        ["en", "fr"].into_iter().flat_map(sizes)
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pages_are_taken_in_both_languages() {
    for (ministry, language, options) in [
        (Ministry::english().await, "en", ENGLISH),
        (Ministry::french().await, "fr", FRENCH),
    ] {
        take_all(&ministry, language, options).await;
        ministry.end().await;
    }
}
