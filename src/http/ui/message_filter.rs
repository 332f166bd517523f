//! The filter of the messages and the log on a task's page: the lowest level to show, and a text to search for. Both are
//! in the address of the page, so they also work without the script, and the live updates keep them.

use super::layout::Layout;
use crate::domain::message::say;
use crate::http::api::query::Query;
use crate::http::error::{HttpResult, Problem};

/// How important a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Debug,
    Info,
    Warning,
    Error,
    Critical,
}

impl Level {
    const ALL: [Self; 5] = [
        Self::Debug,
        Self::Info,
        Self::Warning,
        Self::Error,
        Self::Critical,
    ];
    /// The choices of the filter. Nothing is below DEBUG, and CRITICAL is an error.
    const CHOICES: [(Self, &'static str); 3] = [
        (Self::Info, "filter-info"),
        (Self::Warning, "filter-warning"),
        (Self::Error, "filter-error"),
    ];

    /// As OpenHEXA writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warning => "WARNING",
            Self::Error => "ERROR",
            Self::Critical => "CRITICAL",
        }
    }

    /// The key of its word.
    pub fn key(self) -> &'static str {
        match self {
            Self::Debug => "level-debug",
            Self::Info => "level-info",
            Self::Warning => "level-warning",
            Self::Error => "level-error",
            Self::Critical => "level-critical",
        }
    }

    /// The CSS class of a message.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Error | Self::Critical => "bad",
            Self::Warning => "warn",
            Self::Debug => "quiet",
            Self::Info => "info",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == text)
    }

    /// The level that a line of a log names, as Python's `logging` does. The start of a traceback is an error.
    fn of_line(line: &str) -> Option<Self> {
        /// Words of a line in which a level is searched for: the time and the name of the logger come before it.
        const WORDS: usize = 6;
        if line.starts_with("Traceback ") {
            return Some(Self::Error);
        }
        let words = line.split(|letter: char| !letter.is_ascii_alphabetic());
        let mut words = words.filter(|word| !word.is_empty()).take(WORDS);
        words.find_map(Self::parse)
    }
}

#[derive(Clone, Debug, Default)]
pub struct MessageFilter {
    level: Option<Level>,
    /// As it was typed.
    pub text: String,
}

/// An option of the field for the level.
pub struct LevelChoice {
    pub value: &'static str,
    pub word: String,
    pub is_chosen: bool,
}

impl MessageFilter {
    /// From the query parameters `level` and `find`.
    pub fn of(query: &Query) -> HttpResult<Self> {
        let parse = |text: &str| {
            let level = Level::parse(&text.to_ascii_uppercase());
            level.ok_or_else(|| Problem::field("level", say("query-level")))
        };
        Ok(Self {
            level: query.get("level").map(parse).transpose()?,
            text: query.text("find")?.unwrap_or_default(),
        })
    }

    /// The text to search for.
    pub fn find(&self) -> Option<String> {
        Some(self.text.clone()).filter(|text| !text.is_empty())
    }

    pub fn is_set(&self) -> bool {
        self.level.is_some() || !self.text.is_empty()
    }

    pub fn choices(&self, layout: &Layout) -> Vec<LevelChoice> {
        let choice = |(level, key): (Level, &'static str)| LevelChoice {
            value: level.as_str(),
            word: layout.say(key),
            is_chosen: self.level == Some(level),
        };
        Level::CHOICES.map(choice).into()
    }

    pub fn shows(&self, level: Level, text: &str) -> bool {
        self.level.is_none_or(|lowest| level >= lowest) && self.finds(text)
    }

    fn finds(&self, text: &str) -> bool {
        self.text.is_empty() || text.to_lowercase().contains(&self.text.to_lowercase())
    }

    /// The lines of a log that are shown. A line without a level has that of the line before it.
    pub fn log(&self, log: &str) -> String {
        if !self.is_set() {
            return log.to_owned();
        }
        let (wanted, mut level) = (self.text.to_lowercase(), Level::Info);
        let is_shown = |line: &&str| {
            level = Level::of_line(line).unwrap_or(level);
            let is_level = self.level.is_none_or(|lowest| level >= lowest);
            is_level && (wanted.is_empty() || line.to_lowercase().contains(&wanted))
        };
        let lines: Vec<&str> = log.lines().filter(is_shown).collect();
        lines.join("\n")
    }

    /// The address of a page with this filter.
    pub fn address(&self, page: &str) -> String {
        if !self.is_set() {
            return page.to_owned();
        }
        let mut query = form_urlencoded::Serializer::new(String::new());
        if let Some(level) = self.level {
            query.append_pair("level", level.as_str());
        }
        if !self.text.is_empty() {
            query.append_pair("find", &self.text);
        }
        format!("{page}?{}", query.finish())
    }
}
