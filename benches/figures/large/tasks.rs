//! Pages of a list of a million tasks: after cursors near the start and throughout the list, with and without filters,
//! and by page number for comparison.

use serde_json::Value;

use super::{Place, fill};
use crate::load::Target;
use crate::process::Cpu;
use crate::site::{self, KEY};
use crate::{Line, Scenario, measured as measure};

const PATH: &str = "/api/openhexa/tasks/";
/// Rows per page: while the whole list is read for cursors, and (`LIMIT`) on the pages that are measured.
const LARGEST: u64 = 200;
const LIMIT: u64 = 20;
/// Number of cursors that are used.
const DEPTHS: u64 = 100;

pub const HEAD: &str = "| page of the list | database | clients | pages/s | p50 ms | p99 ms | bridge CPU ms | database CPU ms | |\n\
     |---|---|---|---|---|---|---|---|---|\n";

pub async fn measured(line: &Line, base: &'static str) -> Vec<String> {
    let place = Place::set(line, base, fill::PIPELINES, |settings| settings).await;
    fill::fill(&place, line.rows).await;
    eprintln!("{} tasks, {base}", line.rows);
    let cursors = walked(&place, line.rows).await;
    let mut rows = Vec::new();
    for (name, paths) in pages(line.rows, &cursors) {
        for clients in [1, 16] {
            let target = Target::each(&place.bridge.url, paths.clone(), Some(KEY));
            let scenario = Scenario {
                name: format!("{name} | {base}"),
                target,
                clients,
                server: Some(Cpu::of(place.bridge.pid())),
                database: place.postgres.as_ref().map(crate::postgres::Postgres::cpu),
            };
            rows.push(measure(line, &scenario).await.to_string());
        }
    }
    rows
}

/// Reads the whole list, and returns cursors at regular distances.
async fn walked(place: &Place, rows: u64) -> Vec<String> {
    let client = site::client();
    let (mut cursor, mut kept) = (String::new(), Vec::new());
    let step = (rows / LARGEST / DEPTHS).max(1);
    for page in 1.. {
        let url = format!("{}{PATH}?limit={LARGEST}&cursor={cursor}", place.bridge.url);
        let answer: Value = site::ask(client.get(url)).await;
        let Some(next) = answer["next"].as_str() else {
            assert!(page * LARGEST >= rows, "the list ended after {page} pages");
            return kept;
        };
        next.clone_into(&mut cursor);
        if page % step == 0 {
            kept.push(cursor.clone());
        }
    }
    kept
}

fn pages(rows: u64, cursors: &[String]) -> Vec<(&'static str, Vec<String>)> {
    let page = |query: String| format!("{PATH}?limit={LIMIT}{query}");
    let first = |filter: &str| vec![page(format!("{filter}&cursor="))];
    let deep = |filter: &str| -> Vec<String> {
        let behind = cursors.iter();
        behind
            .map(|cursor| page(format!("{filter}&cursor={cursor}")))
            .collect()
    };
    let pipeline = format!("&pipeline={}", site::pipeline(7));
    let both = format!("&status=ERROR{pipeline}");
    let numbered = |number: u64| vec![page(format!("&page={number}"))];
    vec![
        ("first, cursor", first("")),
        ("deep, cursor", deep("")),
        ("first, cursor, a status", first("&status=ERROR")),
        ("deep, cursor, a status", deep("&status=ERROR")),
        ("deep, cursor, two statuses", deep("&status=ERROR,RUNNING")),
        ("first, cursor, a pipeline", first(&pipeline)),
        ("deep, cursor, a pipeline", deep(&pipeline)),
        ("deep, cursor, a status and a pipeline", deep(&both)),
        ("`page=1`", numbered(1)),
        ("`page=` in the middle", numbered(rows / LIMIT / 2)),
        ("`page=`, the last", numbered(rows / LIMIT)),
    ]
}
