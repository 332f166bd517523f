//! The part of a task's page that comes from OpenHEXA: messages, outputs and the log of the run.

use super::layout::Layout;
use super::message_filter::MessageFilter;
use super::task_events::{LogLine, lines};
use super::task_message::ErrorText;
use super::truncate::truncate;
use crate::domain::event::Event;
use crate::domain::task::Task;
use crate::service::tasks::{RunDetails, RunOutput};
use crate::service::{Bridge, Error, PAGE_WAIT, UpstreamError};

/// Maximum number of events and messages, newest kept.
pub const MAX_LINES: usize = 200;
/// Maximum number of characters of a container's log, newest kept.
const MAX_LOG_CHARACTERS: usize = 40_000;

pub struct Output {
    pub kind: String,
    pub name: String,
    pub link: Option<String>,
    pub place: Option<String>,
}

pub struct RunPart {
    pub lines: Vec<LogLine>,
    pub outputs: Vec<Output>,
    pub logs: Option<String>,
    pub logs_cut: bool,
    /// Whether the run has a log of which the filter shows nothing.
    pub logs_hidden: bool,
    /// Why it is missing.
    pub unavailable: Option<String>,
}

/// What is loaded for it.
pub struct LoadedRun {
    pub details: Option<RunDetails>,
    pub unavailable: Option<String>,
}

/// If OpenHEXA does not return it in time, the page is shown without it.
pub async fn load(bridge: &Bridge, layout: &Layout, task: &Task) -> Result<LoadedRun, Error> {
    let response = bridge.tasks.run_details(task.id);
    let found = match tokio::time::timeout(PAGE_WAIT, response).await {
        Ok(found) => found,
        Err(_) => Err(Error::Upstream(UpstreamError::TimedOut)),
    };
    let (details, unavailable) = match found {
        Ok(details) => (details, None),
        Err(Error::Upstream(why)) => (None, Some(layout.word(&why.message()))),
        Err(error) => return Err(error),
    };
    Ok(LoadedRun {
        details,
        unavailable,
    })
}

impl RunPart {
    pub fn new(
        layout: &Layout,
        events: Vec<&Event>,
        loaded: LoadedRun,
        filter: &MessageFilter,
        failure: Option<&ErrorText>,
    ) -> Self {
        let (messages, outputs, logs) = loaded.details.map_or_else(Default::default, |found| {
            (found.messages, found.outputs, found.logs)
        });
        let logs = logs.filter(|text| !text.trim().is_empty());
        let shown = logs.as_ref().map(|text| newest_log(&filter.log(text)));
        let (shown, logs_cut) = shown.unwrap_or((None, false));
        let outputs = outputs.into_iter();
        Self {
            lines: newest(lines(
                layout,
                events.into_iter(),
                &messages,
                filter,
                failure,
            )),
            outputs: outputs.filter_map(|one| output(layout, one)).collect(),
            logs_hidden: logs.is_some() && shown.is_none(),
            logs: shown,
            logs_cut,
            unavailable: loaded.unavailable,
        }
    }
}

/// The newest of a list in order.
fn newest<T>(mut all: Vec<T>) -> Vec<T> {
    let skip = all.len().saturating_sub(MAX_LINES);
    all.drain(..skip);
    all
}

/// The end of a log, none if it is blank, and whether its start was cut off.
fn newest_log(text: &str) -> (Option<String>, bool) {
    let (text, is_cut) = end_of(text, MAX_LOG_CHARACTERS);
    (Some(text).filter(|text| !text.trim().is_empty()), is_cut)
}

fn end_of(text: &str, most: usize) -> (String, bool) {
    let skip = text.chars().count().saturating_sub(most);
    (text.chars().skip(skip).collect(), skip > 0)
}

fn output(layout: &Layout, output: RunOutput) -> Option<Output> {
    let (kind, name, place) = match output {
        RunOutput::File { name, path, .. } => (layout.say("output-file"), name, Some(path)),
        RunOutput::Table { name } => (layout.say("output-table"), name, None),
        RunOutput::Link { name, kind, uri } => {
            (kind, name.unwrap_or_else(|| uri.clone()), Some(uri))
        }
        RunOutput::Unknown => return None,
    };
    let is_web = |place: &&String| place.starts_with("https://") || place.starts_with("http://");
    Some(Output {
        link: place.as_ref().filter(is_web).cloned(),
        name: truncate(&name, 200).0,
        kind,
        place,
    })
}
