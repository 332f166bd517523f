//! Numbers in JSON: integers of any size are kept digit for digit, as Python keeps them.
//!
//! A number that is read holds its text. So that equal numbers have equal texts, everything from outside passes
//! [`settle`] first: `1.50` becomes `1.5`, and `-0` becomes `0`.

use serde_json::{Number, Value};

/// Of an integer. Python, which OpenHEXA is written in, reads no longer ones.
pub const MOST_DIGITS: usize = 4300;

/// Writes every number in it in the one spelling. False: it holds a number that Python cannot read, an integer of more
/// than [`MOST_DIGITS`] digits or a fraction beyond the range of a double.
#[must_use]
pub fn settle(value: &mut Value) -> bool {
    match value {
        Value::Number(number) => match settled(number) {
            Some(settled) => {
                *number = settled;
                true
            }
            None => false,
        },
        Value::Array(items) => items.iter_mut().all(settle),
        Value::Object(members) => members.values_mut().all(settle),
        Value::Null | Value::Bool(_) | Value::String(_) => true,
    }
}

fn settled(number: &Number) -> Option<Number> {
    if !is_whole(number) {
        return number.as_f64().and_then(Number::from_f64);
    }
    match number.as_str() {
        "-0" => Some(0.into()),
        text => (text.trim_start_matches('-').len() <= MOST_DIGITS).then(|| number.clone()),
    }
}

/// Written without a point or an exponent: an `int` in Python.
pub fn is_whole(number: &Number) -> bool {
    !number.as_str().contains(['.', 'e', 'E'])
}

/// Python's `==` of two numbers, which is exact: `2 == 2.0`, and 2⁵³ + 1 is not 2⁵³ as a double.
pub fn same(left: &Number, right: &Number) -> bool {
    match (digits(left), digits(right)) {
        (Some(left), Some(right)) => left == right,
        (None, None) => left.as_f64() == right.as_f64(),
        (Some(_), None) | (None, Some(_)) => false,
    }
}

/// All digits of a whole value, however it is written.
fn digits(number: &Number) -> Option<String> {
    if is_whole(number) {
        return Some(number.to_string());
    }
    let value = number.as_f64().filter(|value| value.fract() == 0.0)?;
    // A double that is whole is written out exactly; nought has no sign.
    Some(format!("{:.0}", value + 0.0))
}

/// `==` of two JSON values whose numbers may be written differently.
pub fn same_values(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => same(left, right),
        (Value::Array(left), Value::Array(right)) => {
            let pairs = left.iter().zip(right);
            left.len() == right.len()
                && pairs
                    .into_iter()
                    .all(|(one, other)| same_values(one, other))
        }
        (Value::Object(left), Value::Object(right)) => {
            let in_right = |(key, value): (&String, &Value)| {
                right
                    .get(key)
                    .is_some_and(|other| same_values(value, other))
            };
            left.len() == right.len() && left.iter().all(in_right)
        }
        (left, right) => left == right,
    }
}
