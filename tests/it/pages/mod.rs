//! The bridge's pages, as a browser without JavaScript uses them: each page is parsed, and forms are sent
//! unchanged.

mod alerts;
mod attached;
mod errors;
mod failed;
mod flow_backfills;
mod flow_calendar;
mod flow_editor;
mod flow_graph;
mod flow_runs;
mod flow_versions;
mod flows;
mod launch;
mod list;
mod messages;
mod monitoring;
mod pipeline;
mod reasons;
mod schedule;
mod settings;
mod settings_defaults;
mod settings_duplicates;
mod settings_history;
mod settings_key_expiry;
mod settings_keys;
mod settings_slow;
mod settings_token;
pub mod sign_in;
mod signed_out;
mod suggestions;
mod task;
mod task_filters;
mod task_search;
mod task_values;
mod tasks;
mod texts;
mod values;
mod waiting;
mod warnings;

use reqwest::Method;
use roxmltree::{Document, Node, ParsingOptions};

use crate::support::story::{Answer, As, Story};

/// A page of a response.
pub struct Page {
    pub answer: Answer,
}

/// A form of a page, to be changed and sent.
#[derive(Clone, Debug)]
pub struct Form {
    pub action: String,
    pub pairs: Vec<(String, String)>,
}

impl Page {
    #[track_caller]
    pub fn of(answer: Answer, status: u16) -> Self {
        assert_eq!(answer.status, status, "{}", answer.text);
        assert!(answer.header("content-type").starts_with("text/html"));
        let page = Self { answer };
        let document = page.parse();
        let text = page.text();
        assert!(
            !text.contains("localization") && !text.contains("Unknown"),
            "a text is missing: {text}"
        );
        for node in document.descendants() {
            let inline = node
                .attributes()
                .any(|own| own.name() == "style" || own.name().starts_with("on"));
            assert!(!inline, "inline: {node:?}");
            let outside = ["src", "href", "action"]
                .iter()
                .filter_map(|name| node.attribute(*name));
            let is_link = node.has_tag_name("a");
            for address in outside.filter(|_| !is_link) {
                assert!(
                    address.starts_with(&page.base()),
                    "from another server: {address}"
                );
            }
        }
        ids_are_unique_and_have_targets(&document);
        fields_are_labelled(&document);
        page
    }

    pub fn parse(&self) -> Document<'_> {
        let options = ParsingOptions {
            allow_dtd: true,
            ..ParsingOptions::default()
        };
        Document::parse_with_options(&self.answer.text, options)
            .unwrap_or_else(|wrong| panic!("not well-formed: {wrong}\n{}", self.answer.text))
    }

    /// The path below which all links are.
    fn base(&self) -> String {
        let document = self.parse();
        let mut all = document.descendants();
        let base = all.find_map(|node| node.attribute("data-base"));
        format!("{}/", base.expect("every page has its base path"))
    }

    /// The visible text.
    pub fn text(&self) -> String {
        let document = self.parse();
        let body = document
            .descendants()
            .find(|node| node.has_tag_name("body"))
            .unwrap();
        words(body)
    }

    pub fn has(&self, text: &str) -> bool {
        self.text().contains(text)
    }

    /// The text of the element with this id.
    #[track_caller]
    pub fn at(&self, id: &str) -> String {
        let document = self.parse();
        let node = by_id(&document, id).unwrap_or_else(|| panic!("no {id}: {}", self.answer.text));
        words(node)
    }

    pub fn attribute(&self, id: &str, name: &str) -> Option<String> {
        let document = self.parse();
        by_id(&document, id)?.attribute(name).map(str::to_owned)
    }

    /// The text of the chosen option of a select.
    #[track_caller]
    pub fn chosen(&self, id: &str) -> String {
        let document = self.parse();
        let select = by_id(&document, id).unwrap_or_else(|| panic!("no {id}"));
        let options = || {
            select
                .descendants()
                .filter(|node| node.has_tag_name("option"))
        };
        let chosen = options().find(|node| node.attribute("selected").is_some());
        words(chosen.or_else(|| options().next()).unwrap())
    }

    pub fn buttons(&self) -> Vec<String> {
        let document = self.parse();
        let main = by_id(&document, "main").unwrap();
        let found = main
            .descendants()
            .filter(|node| node.has_tag_name("button"));
        found.map(words).collect()
    }

    pub fn links(&self) -> Vec<String> {
        let document = self.parse();
        let found = document
            .descendants()
            .filter_map(|node| node.attribute("href"));
        found.map(str::to_owned).collect()
    }

    /// The form whose address ends like this, with the values that a browser would send.
    #[track_caller]
    pub fn form(&self, end: &str) -> Form {
        let document = self.parse();
        let posts = |node: &Node<'_, '_>| {
            node.has_tag_name("form") && node.attribute("method") == Some("post")
        };
        let own = |node: &Node<'_, '_>| {
            node.attribute("action")
                .is_some_and(|action| action.ends_with(end))
        };
        let form = document.descendants().find(|node| posts(node) && own(node));
        let form = form.unwrap_or_else(|| panic!("no form to …{end}: {}", self.answer.text));
        Form {
            action: form.attribute("action").unwrap().to_owned(),
            pairs: form.descendants().flat_map(sent).collect(),
        }
    }
}

impl Form {
    #[track_caller]
    pub fn fill(mut self, name: &str, values: &[&str]) -> Self {
        assert!(
            self.pairs.iter().any(|(own, _)| own == name) || values.is_empty(),
            "no field {name}: {:?}",
            self.pairs
        );
        self.pairs.retain(|(own, _)| own != name);
        self.pairs.extend(
            values
                .iter()
                .map(|value| (name.to_owned(), (*value).to_owned())),
        );
        self
    }

    pub fn value(&self, name: &str) -> Vec<&str> {
        let own = self.pairs.iter().filter(|(own, _)| own == name);
        own.map(|(_, value)| value.as_str()).collect()
    }

    pub fn body(&self) -> String {
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(&self.pairs).finish()
    }
}

impl Story {
    pub async fn page(&self, who: As, path: &str) -> Page {
        self.page_with(who, path, 200).await
    }

    pub async fn page_with(&self, who: As, path: &str, status: u16) -> Page {
        Page::of(self.ask_at(who, Method::GET, path).send().await, status)
    }

    pub async fn french_page(&self, who: As, path: &str) -> Page {
        let ask = self
            .ask_at(who, Method::GET, path)
            .header("accept-language", "fr-CM,fr;q=0.9,en;q=0.5");
        let page = Page::of(ask.send().await, 200);
        assert!(page.answer.text.contains("<html lang=\"fr\">"));
        page
    }

    pub async fn send(&self, who: As, form: &Form) -> Answer {
        let ask = self
            .ask_at(who, Method::POST, &form.action)
            .header("sec-fetch-site", "same-origin");
        ask.body("application/x-www-form-urlencoded", form.body())
            .send()
            .await
    }

    /// Sends a form that redirects, and returns the address.
    pub async fn send_on(&self, who: As, form: &Form) -> String {
        let answer = self.send(who, form).await;
        assert_eq!(answer.status, 303, "{}", answer.text);
        answer.header("location").to_owned()
    }

    /// Sends a launch form with doubtful values, then again with the warnings that were shown.
    pub async fn launch_anyway(&self, who: As, form: &Form) -> String {
        let warned = self
            .refused(who.clone(), form, 422)
            .await
            .form(&form.action);
        let shown = warned.value("confirmed").into_iter();
        let mut form = form.clone();
        form.pairs
            .extend(shown.map(|hash| ("confirmed".to_owned(), hash.to_owned())));
        self.send_on(who, &form).await
    }

    pub async fn refused(&self, who: As, form: &Form, status: u16) -> Page {
        Page::of(self.send(who, form).await, status)
    }
}

pub fn words(node: Node<'_, '_>) -> String {
    let texts = node
        .descendants()
        .filter(|one| one.is_text() && !one.ancestors().any(|up| up.has_tag_name("noscript")));
    let all: String = texts
        .filter_map(|one| one.text())
        .collect::<Vec<_>>()
        .join(" ");
    all.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn by_id<'a, 'input>(document: &'a Document<'input>, id: &str) -> Option<Node<'a, 'input>> {
    document
        .descendants()
        .find(|node| node.attribute("id") == Some(id))
}

/// The fields that a browser sends for one element.
fn sent(node: Node<'_, '_>) -> Vec<(String, String)> {
    let off = node
        .ancestors()
        .any(|up| up.attribute("disabled").is_some());
    let Some(name) = node.attribute("name").filter(|_| !off) else {
        return Vec::new();
    };
    let value = |node: Node<'_, '_>| node.attribute("value").unwrap_or_default().to_owned();
    let values = match node.tag_name().name() {
        "input"
            if node.attribute("type") == Some("checkbox")
                && node.attribute("checked").is_none() =>
        {
            Vec::new()
        }
        "input" => vec![value(node)],
        "textarea" => {
            let text = node.text().unwrap_or_default();
            vec![text.strip_prefix('\n').unwrap_or(text).to_owned()]
        }
        "select" => {
            let options = || {
                node.descendants()
                    .filter(|node| node.has_tag_name("option"))
            };
            let chosen = options().find(|node| node.attribute("selected").is_some());
            chosen
                .or_else(|| options().next())
                .map(value)
                .into_iter()
                .collect()
        }
        _ => Vec::new(),
    };
    values
        .into_iter()
        .map(|value| (name.to_owned(), value))
        .collect()
}

#[track_caller]
fn ids_are_unique_and_have_targets(document: &Document<'_>) {
    let mut ids = std::collections::BTreeSet::new();
    for id in document
        .descendants()
        .filter_map(|node| node.attribute("id"))
    {
        assert!(ids.insert(id), "the id {id} is not unique");
    }
    for node in document.descendants() {
        for name in ["aria-describedby", "aria-labelledby", "for"] {
            for id in node.attribute(name).unwrap_or_default().split_whitespace() {
                assert!(ids.contains(id), "{name} has no target {id}");
            }
        }
        let anchor = node
            .attribute("href")
            .and_then(|href| href.strip_prefix('#'));
        assert!(
            anchor.is_none_or(|id| ids.contains(id)),
            "{anchor:?} has no target"
        );
    }
}

#[track_caller]
fn fields_are_labelled(document: &Document<'_>) {
    let labels: Vec<&str> = document
        .descendants()
        .filter_map(|node| node.attribute("for"))
        .collect();
    let typed = |node: &Node<'_, '_>| {
        ["input", "select", "textarea"].contains(&node.tag_name().name())
            && node.attribute("type") != Some("hidden")
    };
    for node in document.descendants().filter(typed) {
        let inside = node.ancestors().any(|up| up.has_tag_name("label"));
        let named = node.attribute("id").is_some_and(|id| labels.contains(&id));
        assert!(inside || named, "no label: {node:?}");
    }
}
