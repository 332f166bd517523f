//! The editor as a page: the text with line numbers, and what its check found, by line.

use std::collections::BTreeSet;

use askama::Template;
use chrono::{DateTime, Utc};

use super::diff_view::DiffView;
use super::flow_parts::{self, NextItem};
use super::{edit_path, flow_path};
use crate::domain::flow::document::Fault;
use crate::domain::flow::schedule::Firing;
use crate::http::event_text::actor;
use crate::http::ui::assets;
use crate::http::ui::layout::Layout;
use crate::http::ui::truncate::truncate;
use crate::service::flows::FlowView;

/// The maximum number of lines that have a number, and the lines that are added at the end of a text.
const MOST_NUMBERS: usize = 5_000;
const MORE_LINES: usize = 8;
/// Characters of a line that is repeated with its fault.
const LETTERS: usize = 120;

/// A text in the editor.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    pub text: String,
    /// The flow that is edited. None: a new one.
    pub slug: Option<String>,
    /// The version that the text was made from.
    pub version: Option<i64>,
}

impl Draft {
    pub fn path(&self) -> String {
        match &self.slug {
            Some(slug) => edit_path(slug),
            None => "/flows/new/".to_owned(),
        }
    }
}

/// What was found out about a text.
pub enum Finding {
    Nothing,
    Good {
        warnings: Vec<Fault>,
        next: Vec<(String, Firing)>,
    },
    Faults(Vec<Fault>),
    /// Why it was not saved or checked.
    Refused(Vec<String>),
    /// There is a newer version.
    Conflict(Box<FlowView>),
}

#[derive(Template)]
#[template(path = "flow_editor.html")]
pub struct EditorPage {
    page: Layout,
    script: &'static str,
    /// Where the form is sent to.
    address: String,
    /// The address of the flow, and its id.
    flow: Option<(String, String)>,
    text: String,
    version: Option<i64>,
    numbers: Vec<LineNumber>,
    faults: Vec<FaultItem>,
    warnings: Vec<FaultItem>,
    messages: Vec<String>,
    is_good: bool,
    next: Vec<NextItem>,
    conflict: Option<NewerVersion>,
    /// From the newer version to the text.
    diff: Option<DiffView>,
}

/// The number of a line.
struct LineNumber {
    number: usize,
    is_wrong: bool,
}

/// A fault or a warning with its line.
struct FaultItem {
    line: usize,
    /// Whether the line has a number that a link can lead to.
    is_linked: bool,
    text: String,
    /// The line itself.
    excerpt: String,
}

/// The version that another user saved meanwhile.
struct NewerVersion {
    number: i64,
    by: String,
    at: DateTime<Utc>,
}

impl EditorPage {
    pub fn new(layout: Layout, address: String, draft: Draft, finding: Finding) -> Self {
        let slug = draft.slug.as_deref();
        let flow = slug.map(|slug| (layout.path_to(&flow_path(slug)), slug.to_owned()));
        let mut page = Self {
            script: assets::editor(),
            address,
            flow,
            version: draft.version,
            numbers: Vec::new(),
            faults: Vec::new(),
            warnings: Vec::new(),
            messages: Vec::new(),
            is_good: false,
            next: Vec::new(),
            conflict: None,
            diff: None,
            text: draft.text,
            page: layout,
        };
        page.add(finding);
        page.numbers = page.line_numbers();
        page
    }

    fn add(&mut self, finding: Finding) {
        match finding {
            Finding::Nothing => {}
            Finding::Good { warnings, next } => {
                self.is_good = true;
                self.warnings = self.items(&warnings);
                self.next = flow_parts::next(&next);
            }
            Finding::Faults(faults) => self.faults = self.items(&faults),
            Finding::Refused(messages) => self.messages = messages,
            Finding::Conflict(saved) => {
                let version = &saved.loaded.version;
                let diff = DiffView::new(&self.page, &version.document, &self.text);
                self.diff = Some(diff);
                self.conflict = Some(NewerVersion {
                    number: version.number,
                    by: actor(self.page.language, &version.saved_by.actor),
                    at: version.saved_at,
                });
            }
        }
    }

    fn items(&self, faults: &[Fault]) -> Vec<FaultItem> {
        let lines: Vec<&str> = self.text.lines().collect();
        let numbered = 1..=self.rows();
        let one = |fault: &Fault| {
            let message = self.page.word(&fault.message());
            let line = fault.place.line;
            let own = line.checked_sub(1).and_then(|at| lines.get(at));
            FaultItem {
                line,
                is_linked: numbered.contains(&line),
                text: self.page.word(&fault.place.before(&message)),
                excerpt: own.map(|own| truncate(own, LETTERS).0).unwrap_or_default(),
            }
        };
        faults.iter().map(one).collect()
    }

    /// The height of the text field in lines.
    fn rows(&self) -> usize {
        (self.text.lines().count() + MORE_LINES).min(MOST_NUMBERS)
    }

    fn line_numbers(&self) -> Vec<LineNumber> {
        let items = self.faults.iter().chain(&self.warnings);
        let wrong: BTreeSet<usize> = items.map(|item| item.line).collect();
        let one = |number| LineNumber {
            number,
            is_wrong: wrong.contains(&number),
        };
        (1..=self.rows()).map(one).collect()
    }
}
