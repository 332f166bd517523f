//! 200 runs of a flow with 20 steps at once: how long they take, and what a step costs.
//!
//! A step is a launch, two reports of its pipeline, polls until its end is confirmed, and the start of its successors. Each
//! pipeline takes a second. The flow has four rows of five steps.

use std::time::Instant;

use super::flows::{self, PIPELINES, Shape};
use super::{Place, core};
use crate::Line;
use crate::process::memory;
use crate::site::Pipelines;

const SHAPE: Shape = Shape {
    rows: 4,
    steps_per_row: 5,
};
const SLUG: &str = "rows";

pub const HEAD: &str = "| flow runs | database | steps | total time | bridge CPU per step | database CPU per step | \
     bridge CPU | OpenHEXA CPU | database CPU | bridge memory |\n|---|---|---|---|---|---|---|---|---|---|\n";

pub async fn measured(line: &Line, base: &'static str) -> String {
    let pipelines = Pipelines::of_flows(PIPELINES);
    let place = Place::set(line, base, pipelines, |settings| settings).await;
    flows::save(&place, &SHAPE.document(SLUG, "Rows")).await;
    let many = line.flow_runs;
    let work = async {
        let began = Instant::now();
        flows::start(&place, SLUG, many).await;
        flows::all_succeeded(&place, many).await;
        began.elapsed().as_secs_f64()
    };
    let (shares, took) = place.meters().over(work).await;
    let steps = many as u64 * SHAPE.steps();
    let each = |share: f64| format!("{:.2} ms", share * took * 1000.0 / steps as f64);
    format!(
        "| {many} | {base} | {steps} | {took:.0} s | {} | {} | {} | {} | {} | {} MiB |",
        each(shares.bridge),
        shares.database.map_or_else(|| "–".to_owned(), each),
        core(Some(shares.bridge)),
        core(Some(shares.openhexa)),
        core(shares.database),
        memory(place.bridge.pid()).now,
    )
}
