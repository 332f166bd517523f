//! The message at the terminal when a run of a real pipeline fails: the error, and the address of the run's page.

use super::catalogue::Pipeline;
use super::run::Run;
use super::run_page::secrets;
use super::state::State;

/// The maximum number of characters of an error.
const LETTERS: usize = 300;

pub fn notice(state: &State, pipeline: &Pipeline, run: &Run, logs: &str) -> String {
    let catalogue = state.catalogue.current();
    let version = run.version.and_then(|id| catalogue.version(id));
    let secrets = secrets(state, version.map(|(_, version)| version), run);
    let error = secrets.mask(error_line(logs).unwrap_or("it wrote no error"));
    let is_shown = |letter: &char| !letter.is_control();
    let error: String = error.chars().filter(is_shown).take(LETTERS).collect();
    let (code, workspace) = (&pipeline.code, catalogue.slug_of(pipeline));
    let address = format!(
        "{}/workspaces/{workspace}/pipelines/{code}/runs/{}/",
        state.base(),
        run.id
    );
    format!("Run of {code} failed: {error} ({address})")
}

/// The line of the exception: the first one after the frames of the last traceback. Otherwise the last line.
fn error_line(logs: &str) -> Option<&str> {
    let lines: Vec<&str> = logs
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let header = |line: &&str| {
        line.trim_start()
            .starts_with("Traceback (most recent call last)")
    };
    let traceback = lines.iter().rposition(header);
    let after = traceback.map_or(&[][..], |at| &lines[at + 1..]);
    let exception = after.iter().find(|line| !line.starts_with([' ', '\t']));
    exception.or(lines.last()).map(|line| line.trim())
}
