//! The values of a task's run by the names of its parameters, each with its origin: what was entered, the account's
//! defaults, values saved with the version, and the parameters' own defaults. Secrets are masked.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::form_fields::{form_parameters, inherited_value};
use super::layout::Layout;
use super::result_cell::{Cell, cell};
use crate::domain::ids::TaskId;
use crate::domain::message::{Message, say};
use crate::domain::parameters::{MASK, Parameter, masked};
use crate::domain::principal::Principal;
use crate::domain::task::Task;
use crate::domain::validation::{
    ParameterDefinitions, disabled_by, is_hidden, masked_by_name, without_injected,
};
use crate::http::error::Problem;
use crate::service::catalog::Form;
use crate::service::{Bridge, Error, PAGE_WAIT, UpstreamError};

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    Entered,
    /// The same as in this task, which was launched again.
    Relaunched(TaskId),
    Account,
    /// Saved with the version.
    Version,
    /// The default of the parameter.
    Parameter,
    /// Left empty, although the version has a saved value.
    Cleared,
    /// There is no value.
    Unset,
    /// Another parameter disables this one.
    Disabled,
}

impl Origin {
    fn message(self) -> Message {
        match self {
            Self::Entered => say("origin-entered"),
            Self::Relaunched(task) => say("origin-relaunched").with("number", task.0),
            Self::Account => say("origin-account"),
            Self::Version => say("origin-version"),
            Self::Parameter => say("origin-parameter"),
            Self::Cleared => say("origin-cleared"),
            Self::Unset => say("origin-unset"),
            Self::Disabled => say("origin-disabled"),
        }
    }
}

/// One value that the run has seen, or a parameter without a value.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskValue {
    pub code: String,
    pub title: String,
    pub value: Option<Value>,
    pub origin: Origin,
}

/// The values of a task, in the order of the parameters.
#[derive(Clone, Debug, Default)]
pub struct TaskValues {
    pub all: Vec<TaskValue>,
    /// Why names and defaults are missing: then these are only the values that were sent.
    pub missing: Option<Message>,
}

/// A value as it is shown.
pub struct ValueRow {
    pub title: String,
    /// The code, if the title is another text.
    pub code: Option<String>,
    /// None: there is no value.
    pub cell: Option<Cell>,
    pub origin: String,
}

/// A value without its name.
pub struct ShownValue {
    /// None: there is no value.
    pub cell: Option<Cell>,
    pub origin: String,
}

/// `account_defaults` are the codes that had the account's default at the launch.
pub async fn task_values(
    bridge: &Bridge,
    who: &Principal,
    task: &Task,
    account_defaults: &[String],
) -> TaskValues {
    let sent = Sent::new(task, account_defaults);
    let version = task.pipeline.version.as_ref().map(|version| version.id);
    let asking = bridge.catalog.form(who.account, task.pipeline.id, version);
    let found = match tokio::time::timeout(PAGE_WAIT, asking).await {
        Ok(found) => found,
        Err(_) => Err(Error::Upstream(UpstreamError::TimedOut)),
    };
    match found {
        Ok(form) => TaskValues {
            all: values(&form, &sent),
            missing: None,
        },
        Err(error) => TaskValues {
            all: sent.undeclared(&[]),
            missing: Some(Problem::from(error).sentence().clone()),
        },
    }
}

/// What was sent for a task.
struct Sent<'a> {
    /// Masked.
    config: Map<String, Value>,
    relaunch_of: Option<TaskId>,
    account_defaults: &'a [String],
}

impl<'a> Sent<'a> {
    fn new(task: &Task, account_defaults: &'a [String]) -> Self {
        Self {
            config: masked_by_name(&without_injected(&task.run.config)),
            relaunch_of: task.relaunch_of,
            account_defaults,
        }
    }

    fn origin(&self, code: &str) -> Origin {
        match self.relaunch_of {
            Some(task) => Origin::Relaunched(task),
            None if self.account_defaults.iter().any(|own| own == code) => Origin::Account,
            None => Origin::Entered,
        }
    }

    /// The values of codes that are not among these parameters.
    fn undeclared(&self, parameters: &[Parameter]) -> Vec<TaskValue> {
        let is_known = |code: &str| parameters.iter().any(|parameter| parameter.code == code);
        let rest = self.config.iter().filter(|(code, _)| !is_known(code));
        rest.map(|(code, value)| TaskValue {
            code: code.clone(),
            title: code.clone(),
            value: Some(value.clone()),
            origin: self.origin(code),
        })
        .collect()
    }
}

fn values(form: &Form, sent: &Sent<'_>) -> Vec<TaskValue> {
    let Some(version) = &form.version else {
        return sent.undeclared(&[]);
    };
    let definitions = ParameterDefinitions {
        parameters: &version.parameters,
        saved: &version.config,
        resolved: &BTreeMap::new(),
    };
    let disabled = disabled_by(&definitions, &sent.config);
    let declared = form_parameters(form).map(|parameter| {
        let (value, origin) = if disabled.contains(&parameter.code) {
            (None, Origin::Disabled)
        } else {
            value_of(form, parameter, sent)
        };
        TaskValue {
            code: parameter.code.clone(),
            title: parameter.title().to_owned(),
            value,
            origin,
        }
    });
    declared
        .chain(sent.undeclared(&version.parameters))
        .collect()
}

/// The value that was sent, else the one that OpenHEXA or the container used. An empty text hides the saved value.
fn value_of(form: &Form, parameter: &Parameter, sent: &Sent<'_>) -> (Option<Value>, Origin) {
    let own = sent.config.get(&parameter.code);
    let is_cleared = own.is_some_and(|value| *value == "");
    if let Some(value) = own.filter(|value| !value.is_null() && !is_cleared) {
        return (Some(value.clone()), sent.origin(&parameter.code));
    }
    let default = parameter.default.as_ref().filter(|value| !value.is_null());
    let inherited = if is_cleared {
        default.map(|value| (value, Origin::Parameter))
    } else {
        let found = inherited_value(form, parameter);
        found.map(|(value, whose)| {
            let is_saved = whose == "default-version";
            let origin = if is_saved {
                Origin::Version
            } else {
                Origin::Parameter
            };
            (value, origin)
        })
    };
    match inherited {
        Some((value, origin)) => (Some(shown(form, parameter, value)), origin),
        None if is_cleared => (None, Origin::Cleared),
        None => (None, Origin::Unset),
    }
}

/// Masked if it is a secret.
fn shown(form: &Form, parameter: &Parameter, value: &Value) -> Value {
    let version = form.version.as_ref();
    let all = version.map_or(&[][..], |version| &version.parameters);
    if is_hidden(all, &parameter.code, value) {
        masked(value)
    } else {
        value.clone()
    }
}

impl TaskValue {
    pub fn is_secret(&self) -> bool {
        self.value.as_ref().is_some_and(|value| *value == MASK)
    }

    /// Whether a value was sent that replaces the default.
    pub fn is_sent(&self) -> bool {
        let is_value = |value: &Value| !value.is_null() && *value != "";
        self.value.as_ref().is_some_and(is_value)
    }

    pub fn row(&self, layout: &Layout) -> ValueRow {
        let ShownValue { cell, origin } = self.shown(layout);
        ValueRow {
            title: self.title.clone(),
            code: self.other_code(),
            cell,
            origin,
        }
    }

    /// The code, if the title is another text.
    pub fn other_code(&self) -> Option<String> {
        Some(self.code.clone()).filter(|code| *code != self.title)
    }

    pub fn shown(&self, layout: &Layout) -> ShownValue {
        let in_words = |value: &Value| match value {
            Value::Bool(flag) => cell(&layout.yes_or_no(*flag).into()),
            Value::Null
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_)
            | Value::Object(_) => cell(value),
        };
        ShownValue {
            cell: self.value.as_ref().map(in_words),
            origin: layout.word(&self.origin.message()),
        }
    }
}
