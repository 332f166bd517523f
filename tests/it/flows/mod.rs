//! The rules of flows: documents, references, the order of steps, schedules and clock changes. No database, no clock.

mod advance;
mod advance_orders;
mod backfills;
mod bounds;
mod cron_meanings;
mod crons;
mod crons_brute_force;
mod documents;
mod due;
mod files;
mod files_over_time;
mod graph;
mod other_flows;
mod pipelines;
mod references;
mod refusals;
mod refusals_of_starts;
mod refusals_of_steps;
mod replay;
mod times;
mod yaml;

use chrono::{DateTime, Utc};
use openhexa_bridge::domain::flow::document::{Fault, Parsed, parse};
use openhexa_bridge::domain::message::Message;
use openhexa_bridge::http::Language;

fn at(time: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(time).expect(time).to_utc()
}

fn english(message: &Message) -> String {
    Language::English.translate(message)
}

/// In French, with ordinary spaces.
fn french(message: &Message) -> String {
    Language::French.translate(message).replace('\u{a0}', " ")
}

fn parsed(text: &str) -> Parsed {
    parse(text).unwrap_or_else(|faults| panic!("{:#?}\n{text}", shown(&faults)))
}

/// Each fault as a reader sees it.
fn shown(faults: &[Fault]) -> Vec<String> {
    let line = |fault: &Fault| english(&fault.place.before(&english(&fault.message())));
    faults.iter().map(line).collect()
}

fn faults(text: &str) -> Vec<Fault> {
    match parse(text) {
        Ok(_) => panic!("accepted:\n{text}"),
        Err(faults) => faults,
    }
}

/// A document with one step, and more lines from line 3 on.
fn with(lines: &str) -> String {
    format!("id: nightly\nsteps: [{{id: load, pipeline: extract}}]\n{lines}\n")
}

/// A document whose steps start at line 3.
fn steps(lines: &str) -> String {
    format!("id: nightly\nsteps:\n{lines}\n")
}

/// Exactly one fault, at this position, with these texts.
fn refused(text: &str, (line, column): (usize, usize), in_english: &str, in_french: &str) {
    let found = faults(text);
    assert_eq!(found.len(), 1, "{:#?}\n{text}", shown(&found));
    let fault = &found[0];
    assert_eq!(english(&fault.message()), in_english);
    assert_eq!(french(&fault.message()), in_french);
    assert_eq!(
        (fault.place.line, fault.place.column),
        (line, column),
        "{in_english}"
    );
}
