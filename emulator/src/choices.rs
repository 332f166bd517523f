//! The files of the workspace: returns their sizes, and reads choices from them.

use std::path::Path;

use serde_json::Value;
use uuid::Uuid;

use super::catalogue::ChoicesFromFile;
use super::file_list::inside;
use super::state::State;

/// The choices of a parameter that are read from a file, or OpenHEXA's error message.
pub fn read(state: &State, version: Uuid, code: &str) -> Result<Vec<String>, String> {
    let catalogue = state.catalogue.current();
    let (_, found) = catalogue
        .version(version)
        .ok_or_else(|| format!("Pipeline version '{version}' not found."))?;
    let parameter = found
        .parameter(code)
        .ok_or_else(|| format!("Parameter '{code}' not found in pipeline version."))?;
    let source = parameter
        .choices_from_file
        .as_ref()
        .ok_or_else(|| format!("Parameter '{code}' does not have dynamic choices from file."))?;
    let text = text_of(&state.files, &source.path).ok_or_else(|| {
        format!(
            "Choices file '{}' not found in workspace storage.",
            source.path
        )
    })?;
    parse(source, &text)
}

/// The size of a file of the workspace; none if there is no such file.
pub fn size_of(files: &Path, key: &str) -> Option<u64> {
    let found = files.join(inside(key)?).metadata().ok()?;
    found.is_file().then_some(found.len())
}

fn text_of(files: &Path, key: &str) -> Option<String> {
    std::fs::read_to_string(files.join(inside(key)?)).ok()
}

fn parse(source: &ChoicesFromFile, text: &str) -> Result<Vec<String>, String> {
    let path = &source.path;
    let unreadable = || format!("Choices file '{path}' could not be read.");
    let named = source.format.as_deref();
    let format = named.or_else(|| source.path.rsplit('.').next());
    let column = source.column.as_deref();
    match format {
        Some("json") => from_json(text, column).ok_or_else(unreadable),
        Some("yaml" | "yml") => Ok(from_yaml(text)),
        _ => from_csv(path, text, column),
    }
}

fn from_csv(path: &str, text: &str, column: Option<&str>) -> Result<Vec<String>, String> {
    let mut lines = text.lines().map(cells);
    let head = lines.next().unwrap_or_default();
    let place = match column {
        Some(column) => head
            .iter()
            .position(|name| name == column)
            .ok_or_else(|| format!("Column '{column}' not found in choices file '{path}'."))?,
        None if head.len() > 1 => {
            return Err(format!(
                "Choices file '{path}' has several columns; name one of them."
            ));
        }
        None => 0,
    };
    let values = lines.filter_map(|line| line.into_iter().nth(place));
    Ok(values.filter(|value| !value.is_empty()).collect())
}

/// The cells of one line. A quoted cell may contain commas.
fn cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    for sign in line.chars() {
        match sign {
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            sign => {
                if let Some(cell) = cells.last_mut() {
                    cell.push(sign);
                }
            }
        }
    }
    cells.iter().map(|cell| cell.trim().to_owned()).collect()
}

fn from_json(text: &str, column: Option<&str>) -> Option<Vec<String>> {
    let Value::Array(items) = serde_json::from_str(text).ok()? else {
        return None;
    };
    let pick = |item: &Value| match (item, column) {
        (Value::String(text), _) => Some(text.clone()),
        (Value::Object(row), Some(column)) => row.get(column).map(plain),
        (Value::Object(_) | Value::Null | Value::Array(_), _) => None,
        (Value::Bool(_) | Value::Number(_), _) => Some(item.to_string()),
    };
    Some(items.iter().filter_map(pick).collect())
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// Reads only a plain list with one item per line.
fn from_yaml(text: &str) -> Vec<String> {
    let items = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- "));
    items
        .map(|item| item.trim().trim_matches(['"', '\'']).to_owned())
        .collect()
}
