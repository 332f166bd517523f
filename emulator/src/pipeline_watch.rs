//! Reads changed `pipeline.py` files again while the emulator runs, so that an author sees a change without a restart.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::catalogue::Catalogue;
use super::pipeline_files::PipelineFiles;
use super::state::State;

/// The time between two checks.
const PERIOD: Duration = Duration::from_millis(500);
/// A check that takes long, on a slow file system, is followed by a pause of this many times its duration.
const PAUSE_FACTOR: u32 = 20;

/// Checks the files until the emulator stops. `base` has the pipelines that are not files.
pub async fn watch(state: Arc<State>, base: Catalogue, mut files: PipelineFiles) {
    loop {
        tokio::select! {
            () = state.ending.cancelled() => return,
            () = check(&state, &base, &mut files) => {}
        }
        let pause = PERIOD.max(files.check_duration * PAUSE_FACTOR);
        tokio::select! {
            () = state.ending.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

async fn check(state: &State, base: &Catalogue, files: &mut PipelineFiles) {
    let lines = files.check(|folder| is_in_use(state, folder)).await;
    if lines.is_empty() {
        return;
    }
    match base.clone().with(files.pipelines()) {
        Ok(catalogue) => {
            state.catalogue.replace(catalogue);
            for line in lines {
                state.notices.add(line);
            }
        }
        Err(error) => {
            let line = format!("The changed pipelines are not used: {error}.");
            state.notices.add(line);
        }
    }
}

/// As in OpenHEXA, a pipeline is not deleted before its runs have ended.
fn is_in_use(state: &State, folder: &Path) -> bool {
    let catalogue = state.catalogue.current();
    let mut pipelines = catalogue.pipelines.iter();
    let found = pipelines.find(|one| one.folder.as_deref() == Some(folder));
    found.is_some_and(|found| state.run_store().has_active_run(found.id))
}
