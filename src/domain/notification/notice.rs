//! What subscribers are notified of.

use serde_json::{Map, Value};

use super::Level;
use crate::domain::flow::words::words;
use crate::domain::ids::{AccountId, FlowId, PipelineId};

words! {
    pub enum NoticeKind {
        AlertOpened = "alert.opened";
        AlertResolved = "alert.resolved";
        FlowRunEnded = "flow_run.ended";
        TaskEnded = "task.ended";
        BackfillEnded = "backfill.ended";
        Test = "test";
    }
}

/// A sentence in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Both {
    pub en: String,
    pub fr: String,
}

/// What the notice is about.
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
}

#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    pub account: AccountId,
    pub kind: NoticeKind,
    pub subject: Subject,
    /// ERROR: for all subscribers; ALL: only for those of all notices.
    pub level: Level,
    pub title: Both,
    pub details: Vec<Both>,
    /// Data for programs.
    pub data: Map<String, Value>,
    /// The page that shows more, below the public URL.
    pub path: String,
}
