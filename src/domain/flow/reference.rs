//! References: values of parameters that are known only when a step starts, such as `{from: steps.extract.result.rows}`.
//!
//! A reference is a whole value; there are no templates. What a run does not have (an input without a value, the interval of a
//! manual run) is null, and the parameter is left out. A result that is missing or has another type is an error of the step.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value};

use super::schedule::{Interval, Zone};
use super::value_kind::ValueKind;
use crate::domain::message::{Message, say};
use crate::domain::words::words;

/// The maximum number of characters of a reference, and of a format.
const LONGEST: usize = 300;
/// The maximum number of bytes that a format may produce.
const LONGEST_WRITTEN: usize = 300;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    pub source: Source,
    /// For times: how they are written, as `strftime` does.
    pub format: Option<String>,
    pub declared: Option<ValueKind>,
}

/// Where the value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Input(String),
    /// A part of the result of a step; the whole result if the path is empty.
    Result {
        step: String,
        path: Vec<String>,
    },
    Run(RunField),
}

words! {
    /// What is known of the run itself.
    pub enum RunField {
        IntervalStart = "run.interval.start";
        IntervalEnd = "run.interval.end";
        ScheduledFor = "run.scheduled_for";
        /// The path of the file that started the run.
        File = "run.file";
        FileSize = "run.file.size";
        FileModified = "run.file.modified";
    }
}

/// What is wrong with a reference itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReferenceFault {
    Unknown {
        from: String,
    },
    /// `format` for something that is not a time.
    NotATime {
        from: String,
    },
    BadFormat {
        format: String,
    },
    /// `type` does not fit the source.
    TypeMismatch {
        from: String,
        is: &'static str,
        declared: &'static str,
    },
    /// `type: int` with a format that writes more than digits.
    NotOnlyDigits {
        format: String,
    },
}

impl ReferenceFault {
    pub fn message(&self) -> Message {
        match self {
            Self::Unknown { from } => say("flow-reference-unknown").with("from", from),
            Self::NotATime { from } => say("flow-reference-not-a-time").with("from", from),
            Self::BadFormat { format } => say("flow-reference-format").with("format", format),
            Self::TypeMismatch { from, is, declared } => say("flow-declared-type-mismatch")
                .with("source", from)
                .with("is", is)
                .with("declared", declared),
            Self::NotOnlyDigits { format } => say("flow-reference-digits").with("format", format),
        }
    }
}

impl RunField {
    pub fn is_time(self) -> bool {
        match self {
            Self::IntervalStart | Self::IntervalEnd | Self::ScheduledFor | Self::FileModified => {
                true
            }
            Self::File | Self::FileSize => false,
        }
    }

    pub fn is_of_file(self) -> bool {
        match self {
            Self::File | Self::FileSize | Self::FileModified => true,
            Self::IntervalStart | Self::IntervalEnd | Self::ScheduledFor => false,
        }
    }

    fn kind(self) -> ValueKind {
        match self {
            Self::FileSize => ValueKind::Int,
            Self::IntervalStart
            | Self::IntervalEnd
            | Self::ScheduledFor
            | Self::File
            | Self::FileModified => ValueKind::Text,
        }
    }
}

impl Source {
    pub fn parse(from: &str) -> Option<Self> {
        if from.chars().count() > LONGEST {
            return None;
        }
        if let Some(field) = RunField::parse(from) {
            return Some(Self::Run(field));
        }
        let parts: Vec<&str> = from.split('.').collect();
        match parts.as_slice() {
            ["inputs", name] if !name.is_empty() => Some(Self::Input((*name).to_owned())),
            ["steps", step, "result", path @ ..]
                if !step.is_empty() && !path.iter().any(|part| part.is_empty()) =>
            {
                Some(Self::Result {
                    step: (*step).to_owned(),
                    path: path.iter().map(|part| (*part).to_owned()).collect(),
                })
            }
            _ => None,
        }
    }

    /// As the document writes it.
    pub fn text(&self) -> String {
        match self {
            Self::Input(name) => format!("inputs.{name}"),
            Self::Result { step, path } => {
                let path = path.iter().map(|part| format!(".{part}"));
                format!("steps.{step}.result{}", path.collect::<String>())
            }
            Self::Run(field) => field.as_str().to_owned(),
        }
    }
}

impl Reference {
    pub fn parse(
        from: &str,
        format: Option<&str>,
        declared: Option<ValueKind>,
    ) -> Result<Self, ReferenceFault> {
        let source =
            Source::parse(from).ok_or_else(|| ReferenceFault::Unknown { from: cut(from) })?;
        let reference = Self {
            source,
            format: format.map(str::to_owned),
            declared,
        };
        reference.check()?;
        Ok(reference)
    }

    fn check(&self) -> Result<(), ReferenceFault> {
        let field = match &self.source {
            Source::Run(field) => Some(*field),
            Source::Input(_) | Source::Result { .. } => None,
        };
        match (&self.format, field) {
            (Some(format), Some(field)) if field.is_time() => self.check_format(format),
            (Some(_), _) => Err(ReferenceFault::NotATime {
                from: self.source.text(),
            }),
            (None, Some(field)) => self.check_declared(field.kind()),
            (None, None) => Ok(()),
        }
    }

    fn check_format(&self, format: &str) -> Result<(), ReferenceFault> {
        let bad = || ReferenceFault::BadFormat {
            format: cut(format),
        };
        let written = written(DateTime::UNIX_EPOCH, format, &Zone::utc()).ok_or_else(bad)?;
        if self.declared != Some(ValueKind::Int) && self.declared != Some(ValueKind::Float) {
            return self.check_declared(ValueKind::Text);
        }
        match digits(&written) {
            Some(_) => Ok(()),
            None => Err(ReferenceFault::NotOnlyDigits {
                format: cut(format),
            }),
        }
    }

    fn check_declared(&self, is: ValueKind) -> Result<(), ReferenceFault> {
        match self.declared {
            Some(declared) if !is.is_a(declared) => Err(ReferenceFault::TypeMismatch {
                from: self.source.text(),
                is: is.as_str(),
                declared: declared.as_str(),
            }),
            Some(_) | None => Ok(()),
        }
    }

    /// The type of the value as far as the document tells. None: only the run will know.
    pub fn kind(&self, input: impl FnOnce(&str) -> Option<ValueKind>) -> Option<ValueKind> {
        self.declared.or_else(|| match &self.source {
            Source::Input(name) => input(name),
            Source::Result { .. } => None,
            Source::Run(field) => Some(field.kind()),
        })
    }

    pub fn step(&self) -> Option<&str> {
        match &self.source {
            Source::Result { step, .. } => Some(step),
            Source::Input(_) | Source::Run(_) => None,
        }
    }
}

/// What the references of one run are evaluated with.
#[derive(Clone, Debug)]
pub struct RunData<'a> {
    pub inputs: &'a Map<String, Value>,
    /// By step, the results of the steps that ended.
    pub results: &'a Map<String, Value>,
    pub interval: Option<Interval>,
    pub scheduled_for: Option<DateTime<Utc>>,
    pub file: Option<&'a FileFound>,
    /// The zone in which times are written: that of the schedule that started the run, else the document's.
    pub zone: &'a Zone,
}

/// A version of a file of the workspace, such as the one that started a run.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileFound {
    /// Within the workspace, without a slash at its start.
    pub path: String,
    pub size: u64,
    /// In whole milliseconds. 1970 if OpenHEXA does not know it.
    pub modified: DateTime<Utc>,
}

/// Why a step cannot start: its reference has no usable value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WrongReference {
    /// The result has no such part.
    Missing { from: String },
    WrongType {
        from: String,
        is: &'static str,
        declared: &'static str,
    },
    /// The year of the time is outside of what can be written.
    Unwritable { from: String },
}

impl WrongReference {
    pub fn message(&self) -> Message {
        match self {
            Self::Missing { from } => say("flow-run-missing").with("from", cut(from)),
            Self::WrongType { from, is, declared } => say("flow-run-wrong-type")
                .with("from", cut(from))
                .with("is", is)
                .with("declared", declared),
            Self::Unwritable { from } => say("flow-run-unwritable").with("from", cut(from)),
        }
    }
}

/// The value of a reference; null if the run has none.
pub fn evaluate(reference: &Reference, run: &RunData<'_>) -> Result<Value, WrongReference> {
    let value = match &reference.source {
        Source::Input(name) => run.inputs.get(name).cloned().unwrap_or_default(),
        Source::Result { step, path } => run
            .results
            .get(step)
            .and_then(|result| part(result, path))
            .cloned()
            .ok_or_else(|| WrongReference::Missing {
                from: reference.source.text(),
            })?,
        Source::Run(field) => run_value(reference, *field, run)?,
    };
    check_type(reference, value)
}

fn check_type(reference: &Reference, value: Value) -> Result<Value, WrongReference> {
    let (Some(declared), Some(is)) = (reference.declared, ValueKind::of(&value)) else {
        return Ok(value);
    };
    if declared.holds(&value) {
        return Ok(value);
    }
    Err(WrongReference::WrongType {
        from: reference.source.text(),
        is: is.as_str(),
        declared: declared.as_str(),
    })
}

/// A part of a result: members by name, elements of lists by position from 0.
fn part<'a>(result: &'a Value, path: &[String]) -> Option<&'a Value> {
    path.iter().try_fold(result, |value, name| match value {
        Value::Object(members) => members.get(name),
        Value::Array(items) => items.get(name.parse::<usize>().ok()?),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    })
}

fn run_value(
    reference: &Reference,
    field: RunField,
    run: &RunData<'_>,
) -> Result<Value, WrongReference> {
    let time = match field {
        RunField::File => {
            return Ok(run
                .file
                .map(|file| file.path.as_str().into())
                .unwrap_or_default());
        }
        RunField::FileSize => return Ok(run.file.map(|file| file.size.into()).unwrap_or_default()),
        RunField::FileModified => run.file.map(|file| file.modified),
        RunField::IntervalStart => run.interval.map(|interval| interval.start),
        RunField::IntervalEnd => run.interval.map(|interval| interval.end),
        RunField::ScheduledFor => run.scheduled_for,
    };
    let Some(time) = time else {
        return Ok(Value::Null);
    };
    let unwritable = || WrongReference::Unwritable {
        from: reference.source.text(),
    };
    time_value(reference, time, run.zone).ok_or_else(unwritable)
}

fn time_value(reference: &Reference, time: DateTime<Utc>, zone: &Zone) -> Option<Value> {
    let Some(format) = &reference.format else {
        return Some(time.to_rfc3339_opts(SecondsFormat::Millis, true).into());
    };
    let written = written(time, format, zone)?;
    match reference.declared {
        Some(ValueKind::Int | ValueKind::Float) => digits(&written).map(Value::from),
        Some(ValueKind::Text | ValueKind::Bool | ValueKind::List | ValueKind::Dict) | None => {
            Some(written.into())
        }
    }
}

fn written(time: DateTime<Utc>, format: &str, zone: &Zone) -> Option<String> {
    if format.is_empty() || format.chars().count() > LONGEST {
        return None;
    }
    let text = jiff::fmt::strtime::format(format, &zone.local(time)).ok()?;
    (text.len() <= LONGEST_WRITTEN).then_some(text)
}

/// The number that a format wrote: `05` is 5.
fn digits(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

fn cut(text: &str) -> String {
    text.chars().take(60).collect()
}
