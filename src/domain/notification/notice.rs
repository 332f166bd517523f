//! Something that subscribers are notified of.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use crate::domain::ids::{AccountId, FlowId, PipelineId};
use crate::domain::words::words;

/// In characters. Longer texts are cut.
const LONGEST_TITLE: usize = 200;
const LONGEST_DETAIL: usize = 2_000;
const MOST_DETAILS: usize = 50;
/// In bytes of JSON. Larger data is left out.
const LARGEST_DATA: usize = 32 * 1024;

words! {
    /// What happened.
    pub enum NoticeKind {
        AlertOpened = "alert.opened";
        AlertResolved = "alert.resolved";
        FlowRunEnded = "flow_run.ended";
        TaskEnded = "task.ended";
        BackfillEnded = "backfill.ended";
        /// An administrator tests a channel.
        Test = "test";
    }
}

words! {
    /// Which notices a subscriber gets, as in OpenHEXA. Of a notice: which subscribers get it.
    pub enum Level {
        /// A subscriber gets everything; a notice is only for subscribers of everything.
        All = "ALL";
        /// A subscriber gets failures and alerts; a notice is for all subscribers.
        Error = "ERROR";
    }
}

impl Level {
    /// Whether a subscriber of this level gets a notice of the other one.
    pub fn includes(self, notice: Self) -> bool {
        match self {
            Self::All => true,
            Self::Error => notice == Self::Error,
        }
    }
}

/// A text in both languages, so that it stays readable when the message catalogues change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Both {
    pub en: String,
    pub fr: String,
}

impl Both {
    pub fn json(&self) -> Value {
        json!({"en": self.en, "fr": self.fr})
    }

    pub fn of(value: &Value) -> Option<Self> {
        Some(Self {
            en: value["en"].as_str()?.to_owned(),
            fr: value["fr"].as_str()?.to_owned(),
        })
    }

    fn map(&self, change: impl Fn(&str) -> String) -> Self {
        Self {
            en: change(&self.en),
            fr: change(&self.fr),
        }
    }
}

/// What a notice is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    Flow {
        id: FlowId,
        slug: String,
        name_en: String,
        name_fr: String,
    },
    Pipeline {
        id: PipelineId,
        name: String,
    },
    /// Neither a flow nor a pipeline, such as the test of a channel.
    Account,
}

/// Something that subscribers are notified of.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    pub account: AccountId,
    pub kind: NoticeKind,
    pub subject: Subject,
    /// Whether only subscribers of all notices get it, such as a success.
    pub level: Level,
    /// One sentence.
    pub title: Both,
    /// Further sentences.
    pub details: Vec<Both>,
    /// Data for programs, in the body of a webhook.
    pub data: Map<String, Value>,
    /// The page that shows more, below the public URL: `/dashboard/flow-runs/12/`.
    pub path: String,
}

impl Notice {
    /// The stored form, without the account and the kind. Texts and data are bounded, and the title is one line.
    pub fn stored(&self) -> String {
        let details = self.details.iter().take(MOST_DETAILS);
        let details = details.map(|detail| detail.map(|text| cut(text, LONGEST_DETAIL)).json());
        json!({
            "subject": self.subject.stored(),
            "level": self.level.as_str(),
            "title": self.title.map(one_line).json(),
            "details": details.collect::<Vec<_>>(),
            "data": bounded(&self.data),
            "path": self.path,
        })
        .to_string()
    }

    pub fn read(account: AccountId, kind: NoticeKind, stored: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(stored).ok()?;
        let details = value["details"].as_array()?.iter();
        Some(Self {
            account,
            kind,
            subject: Subject::read(&value["subject"])?,
            level: Level::parse(value["level"].as_str()?)?,
            title: Both::of(&value["title"])?,
            details: details.map(Both::of).collect::<Option<_>>()?,
            data: value["data"].as_object()?.clone(),
            path: value["path"].as_str()?.to_owned(),
        })
    }

    /// The body of a webhook. It is the same for all tries.
    pub fn body(&self, public_url: &str, created_at: DateTime<Utc>) -> Value {
        let mut data = self.data.clone();
        let details = self.details.iter().map(Both::json);
        data.insert("title".to_owned(), self.title.json());
        data.insert("details".to_owned(), details.collect());
        data.insert("url".to_owned(), self.url(public_url).into());
        data.insert("subject".to_owned(), self.subject.json());
        json!({
            "type": self.kind.as_str(),
            "timestamp": created_at.to_rfc3339_opts(SecondsFormat::Millis, true),
            "data": data,
        })
    }

    /// The address of the page that shows more.
    pub fn url(&self, public_url: &str) -> String {
        format!("{public_url}{}", self.path)
    }
}

impl Subject {
    fn json(&self) -> Value {
        match self {
            Self::Flow {
                slug,
                name_en,
                name_fr,
                ..
            } => {
                json!({"kind": "flow", "slug": slug, "name": {"en": name_en, "fr": name_fr}})
            }
            Self::Pipeline { id, name } => {
                json!({"kind": "pipeline", "id": id.to_string(), "name": name})
            }
            Self::Account => json!({"kind": "account"}),
        }
    }

    fn stored(&self) -> Value {
        let mut value = self.json();
        if let Self::Flow { id, .. } = self {
            value["id"] = id.0.into();
        }
        value
    }

    fn read(value: &Value) -> Option<Self> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Some(match value["kind"].as_str()? {
            "flow" => Self::Flow {
                id: FlowId(value["id"].as_i64()?),
                slug: text(&value["slug"])?,
                name_en: text(&value["name"]["en"])?,
                name_fr: text(&value["name"]["fr"])?,
            },
            "pipeline" => Self::Pipeline {
                id: value["id"].as_str()?.parse().ok()?,
                name: text(&value["name"])?,
            },
            "account" => Self::Account,
            _ => return None,
        })
    }
}

/// A title becomes the subject of an e-mail, which a line break would end.
fn one_line(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect();
    cut(text.trim(), LONGEST_TITLE)
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn bounded(data: &Map<String, Value>) -> Value {
    let value = Value::Object(data.clone());
    if value.to_string().len() > LARGEST_DATA {
        return json!({"too_large": true});
    }
    value
}
