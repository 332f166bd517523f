//! Saves new versions of a flow with 100 steps, in an account with 1,000 other flows.
//!
//! Each request changes the name, so each one checks the document and saves a version. A step has a parameter with a value, one with
//! a reference, and ten steps that it waits for.

use serde_json::json;

use super::Place;
use super::flows::{self, MODEL, PIPELINES, Shape};
use crate::load::Target;
use crate::process::Cpu;
use crate::site::{KEY, Pipelines};
use crate::{Line, Scenario, measured as measure};

const SHAPE: Shape = Shape {
    rows: 10,
    steps_per_row: 10,
};
const SLUG: &str = "large";

pub const HEAD: &str = "| other flows, database | clients | saved/s | p50 ms | p99 ms | bridge CPU ms | database CPU ms | |\n\
     |---|---|---|---|---|---|---|---|\n";

pub async fn measured(line: &Line, base: &'static str) -> String {
    let pipelines = Pipelines::of_flows(PIPELINES);
    let place = Place::set(line, base, pipelines, |settings| settings).await;
    flows::save(&place, &SHAPE.document(MODEL, "Other")).await;
    flows::copy(&place, line.flows).await;
    flows::save(&place, &SHAPE.document(SLUG, "Large")).await;
    let body = |number: usize| {
        let document = SHAPE.document(SLUG, &format!("Version {number}"));
        json!({"document": document}).to_string()
    };
    let path = format!("/api/openhexa/flows/{SLUG}/");
    let scenario = Scenario {
        name: format!("{}, {base}", line.flows),
        target: Target::put(&place.bridge.url, &path, Some(KEY), body),
        clients: 1,
        server: Some(Cpu::of(place.bridge.pid())),
        database: place.postgres.as_ref().map(crate::postgres::Postgres::cpu),
    };
    measure(line, &scenario).await.to_string()
}
