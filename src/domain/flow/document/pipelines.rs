//! Checks a document against the definitions of the pipelines that its steps run.
//!
//! Literal values are checked by the validation of launches, so that what is saved here can also be launched. A reference is
//! checked by its type; its value is validated when the step starts.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::super::place::Place;
use super::super::reference::Reference;
use super::super::value_kind::ValueKind;
use super::fault::{Fault, Faults, PipelineFault};
use super::model::{Argument, ArgumentValue, FlowDocument, Step};
use super::suggest::nearest;
use crate::domain::message::{FieldErrors, Message};
use crate::domain::parameters::Parameter;
use crate::domain::validation::{
    Injected, Injection, LaunchValues, ParameterDefinitions, validate,
};

mod known;

/// A pipeline's time limit if its version has none.
const DEFAULT_TIMEOUT_SECONDS: i64 = 4 * 60 * 60;
/// The error of a launch without a required value.
const REQUIRED: &str = "param-required";

/// What is known of the pipelines that a document names.
#[derive(Clone, Debug, Default)]
pub struct Definitions {
    /// The codes of all pipelines of the workspace, for suggestions.
    pub codes: BTreeSet<String>,
    /// By code and version; without a version, the current one. A pipeline that is missing does not exist.
    pub found: BTreeMap<(String, Option<i64>), Definition>,
    /// By code, the cron of pipelines that OpenHEXA itself runs on a schedule.
    pub own_schedules: BTreeMap<String, String>,
}

#[derive(Clone, Debug)]
pub enum Definition {
    /// The pipeline exists, but not with this version.
    NoSuchVersion,
    /// Its code was never uploaded.
    NoVersion,
    /// OpenHEXA cannot read it.
    Unreadable,
    Notebook,
    Version(StepVersion),
}

/// The version that a step runs.
#[derive(Clone, Debug, Default)]
pub struct StepVersion {
    pub parameters: Vec<Parameter>,
    /// The values saved with the version.
    pub saved: Map<String, Value>,
    /// The account's default parameters for the pipeline.
    pub defaults: Map<String, Value>,
    pub timeout_seconds: Option<i64>,
}

/// The pipelines and versions that a document names.
pub fn wanted(flow: &FlowDocument) -> BTreeSet<(String, Option<i64>)> {
    flow.steps.iter().map(wanted_by).collect()
}

pub fn wanted_by(step: &Step) -> (String, Option<i64>) {
    let version = step.version.as_ref().map(|version| version.value);
    (step.pipeline.value.clone(), version)
}

/// The faults of a document that `parse` accepted, in the order of their positions.
pub fn check_pipelines(flow: &FlowDocument, definitions: &Definitions) -> Vec<Fault> {
    let mut faults = Faults::default();
    for step in &flow.steps {
        check_step(flow, step, definitions, &mut faults);
    }
    faults.sorted()
}

/// Warnings of double runs: a flow starts by itself, and OpenHEXA also runs a pipeline of it on a schedule.
pub fn warn_of_own_schedules(flow: &FlowDocument, definitions: &Definitions) -> Vec<Fault> {
    let mut warnings = Faults::default();
    if flow.schedules.is_empty() && flow.triggers.is_empty() {
        return Vec::new();
    }
    for step in &flow.steps {
        if let Some(cron) = definitions.own_schedules.get(&step.pipeline.value) {
            let (pipeline, cron) = (step.pipeline.value.clone(), cron.clone());
            warnings.add(
                step.pipeline.place,
                PipelineFault::OwnSchedule { pipeline, cron },
            );
        }
    }
    warnings.sorted()
}

fn check_step(flow: &FlowDocument, step: &Step, definitions: &Definitions, faults: &mut Faults) {
    let pipeline = step.pipeline.value.clone();
    let (place, fault) = match definitions.found.get(&wanted_by(step)) {
        Some(Definition::Version(version)) => return check_version(flow, step, version, faults),
        Some(Definition::Notebook) => return check_notebook(step, faults),
        Some(Definition::NoVersion) => (step.pipeline.place, PipelineFault::NoVersion { pipeline }),
        Some(Definition::Unreadable) => {
            (step.pipeline.place, PipelineFault::Unreadable { pipeline })
        }
        Some(Definition::NoSuchVersion) => {
            let place = step
                .version
                .as_ref()
                .map_or(step.pipeline.place, |version| version.place);
            let version = step.version.as_ref().map_or(0, |version| version.value);
            (place, PipelineFault::UnknownVersion { pipeline, version })
        }
        None => {
            let nearest = nearest(&pipeline, definitions.codes.iter().map(String::as_str));
            (
                step.pipeline.place,
                PipelineFault::UnknownPipeline { pipeline, nearest },
            )
        }
    };
    faults.add(place, fault);
}

fn check_notebook(step: &Step, faults: &mut Faults) {
    if let Some(version) = &step.version {
        faults.add(version.place, PipelineFault::NotebookVersion);
    }
    for argument in &step.parameters {
        let parameter = argument.code.value.clone();
        faults.add(
            argument.code.place,
            PipelineFault::NotebookParameter { parameter },
        );
    }
}

fn check_version(flow: &FlowDocument, step: &Step, version: &StepVersion, faults: &mut Faults) {
    if let Some(limit) = &step.time_limit {
        let seconds = version.timeout_seconds.unwrap_or(DEFAULT_TIMEOUT_SECONDS);
        if limit.value.num_seconds() > seconds {
            faults.add(limit.place, PipelineFault::LongerThanPipeline { seconds });
        }
    }
    let mut usable = Vec::new();
    for argument in &step.parameters {
        match usable_parameter(step, version, argument) {
            Ok(parameter) => usable.push((argument, parameter)),
            Err(fault) => faults.add(argument.code.place, fault),
        }
    }
    for (argument, parameter) in &usable {
        if let ArgumentValue::Reference(reference) = &argument.value.value {
            check_type(flow, argument.value.place, reference, parameter, faults);
        }
    }
    let errors = launch_errors(step, version, &usable);
    add_errors(step, version, &errors, faults);
    known::check(flow, step, &|code| needs_value(&errors, code), faults);
}

/// The parameter of an argument, or why the document may not set it.
fn usable_parameter<'a>(
    step: &Step,
    version: &'a StepVersion,
    argument: &Argument,
) -> Result<&'a Parameter, PipelineFault> {
    let code = argument.code.value.clone();
    if Injected::parse(&code).is_some() {
        return Err(PipelineFault::Injected { parameter: code });
    }
    let mut parameters = version.parameters.iter();
    match parameters.find(|parameter| parameter.code == code) {
        None => {
            let codes = version
                .parameters
                .iter()
                .map(|parameter| parameter.code.as_str());
            Err(PipelineFault::UnknownParameter {
                pipeline: step.pipeline.value.clone(),
                nearest: nearest(&code, codes),
                parameter: code,
            })
        }
        Some(parameter) if parameter.is_secret() => Err(PipelineFault::Secret { parameter: code }),
        Some(parameter) => Ok(parameter),
    }
}

fn check_type(
    flow: &FlowDocument,
    place: Place,
    reference: &Reference,
    parameter: &Parameter,
    faults: &mut Faults,
) {
    let input = |name: &str| {
        let mut inputs = flow.inputs.iter();
        inputs
            .find(|input| input.name.value == name)
            .map(|input| input.kind)
    };
    let (Some(is), Some(takes)) = (reference.kind(input), ValueKind::taken_by(parameter)) else {
        return;
    };
    if is.is_a(takes) {
        return;
    }
    let takes = if parameter.multiple {
        takes.as_str()
    } else {
        parameter.kind.as_str()
    };
    let fault = PipelineFault::TypeMismatch {
        source: reference.source.text(),
        is: is.as_str(),
        parameter: parameter.code.clone(),
        takes: takes.to_owned(),
    };
    faults.add(place, fault);
}

/// What the validation of a launch says about the literal values alone.
fn launch_errors(
    step: &Step,
    version: &StepVersion,
    usable: &[(&Argument, &Parameter)],
) -> FieldErrors {
    let literal = |(argument, _): &(&Argument, &Parameter)| match &argument.value.value {
        ArgumentValue::Literal(value) => Some((argument.code.value.clone(), value.clone())),
        ArgumentValue::Reference(_) => None,
    };
    let user: Map<String, Value> = usable.iter().filter_map(literal).collect();
    errors_of_values(step, version, &user)
}

/// What the validation of a launch says about these values of a step.
pub(super) fn errors_of_values(
    step: &Step,
    version: &StepVersion,
    user: &Map<String, Value>,
) -> FieldErrors {
    let definition = ParameterDefinitions {
        parameters: &version.parameters,
        saved: &version.saved,
        resolved: &BTreeMap::new(),
    };
    let given = LaunchValues {
        defaults: &version.defaults,
        user,
        injected: &Injection::placeholder(step.pipeline.value.as_str()),
        from_iaso: false,
    };
    validate(&definition, &given).err().unwrap_or_default()
}

fn needs_value(errors: &FieldErrors, code: &str) -> bool {
    let messages = errors.0.get(code).into_iter().flatten();
    messages.into_iter().any(|message| message.key == REQUIRED)
}

/// Adds the errors of the launch's validation. What a reference will give, or may disable, is not known yet.
fn add_errors(step: &Step, version: &StepVersion, errors: &FieldErrors, faults: &mut Faults) {
    let open = open_parameters(step, version);
    for (code, messages) in &errors.0 {
        let argument = step
            .parameters
            .iter()
            .find(|argument| argument.code.value == *code);
        let is_faulty =
            argument.is_some_and(|argument| usable_parameter(step, version, argument).is_err());
        if is_faulty || open.contains(code.as_str()) {
            continue;
        }
        let place = argument.map_or(step.id.place, |argument| argument.value.place);
        let messages = messages.iter().map(Message::clone);
        messages.for_each(|message| faults.add(place, PipelineFault::Invalid(message)));
    }
}

/// Parameters that a reference sets, and those that such a parameter may disable.
fn open_parameters<'a>(step: &'a Step, version: &'a StepVersion) -> BTreeSet<&'a str> {
    let by_reference = step
        .parameters
        .iter()
        .filter(|argument| match argument.value.value {
            ArgumentValue::Reference(_) => true,
            ArgumentValue::Literal(_) => false,
        });
    let set: BTreeSet<&str> = by_reference
        .map(|argument| argument.code.value.as_str())
        .collect();
    let controllers = version.parameters.iter();
    let controllers = controllers.filter(|parameter| set.contains(parameter.code.as_str()));
    let disabled = controllers.flat_map(|parameter| &parameter.disables);
    let disabled: Vec<&str> = disabled.map(String::as_str).collect();
    set.into_iter().chain(disabled).collect()
}
