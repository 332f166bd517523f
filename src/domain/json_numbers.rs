//! Numbers in JSON: integers of any size keep all digits, as in Python.
//!
//! A number is stored as the text that was read. So that equal numbers have equal texts, all input goes through [`normalize`]
//! first: `1.50` becomes `1.5`, and `-0` becomes `0`.

use serde_json::{Number, Value};

/// The most digits of an integer that Python, in which OpenHEXA is written, reads.
pub const MOST_DIGITS: usize = 4300;

/// Writes every number in the value in its normal form. False if it contains a number that Python cannot read: an integer
/// with more than [`MOST_DIGITS`] digits, or a fraction beyond the range of a double.
#[must_use]
pub fn normalize(value: &mut Value) -> bool {
    match value {
        Value::Number(number) => match normalized(number) {
            Some(normalized) => {
                *number = normalized;
                true
            }
            None => false,
        },
        Value::Array(items) => items.iter_mut().all(normalize),
        Value::Object(members) => members.values_mut().all(normalize),
        Value::Null | Value::Bool(_) | Value::String(_) => true,
    }
}

fn normalized(number: &Number) -> Option<Number> {
    if !is_whole(number) {
        return number.as_f64().and_then(Number::from_f64);
    }
    match number.as_str() {
        "-0" => Some(0.into()),
        text => (text.trim_start_matches('-').len() <= MOST_DIGITS).then(|| number.clone()),
    }
}

/// Whether it is written without a point or an exponent: an `int` in Python.
pub fn is_whole(number: &Number) -> bool {
    !number.as_str().contains(['.', 'e', 'E'])
}

/// Python's `==` of two numbers, which is exact: `2 == 2.0`, and 2⁵³ + 1 is not 2⁵³ as a double.
pub fn equal(left: &Number, right: &Number) -> bool {
    match (digits(left), digits(right)) {
        (Some(left), Some(right)) => left == right,
        (None, None) => left.as_f64() == right.as_f64(),
        (Some(_), None) | (None, Some(_)) => false,
    }
}

/// All digits of a whole number, however it is written.
fn digits(number: &Number) -> Option<String> {
    if is_whole(number) {
        return Some(number.to_string());
    }
    let value = number.as_f64().filter(|value| value.fract() == 0.0)?;
    // A double that is whole is written exactly; adding 0.0 removes the sign of zero.
    Some(format!("{:.0}", value + 0.0))
}

/// `==` of two JSON values, also if their numbers are written differently.
pub fn equal_values(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => equal(left, right),
        (Value::Array(left), Value::Array(right)) => {
            let pairs = left.iter().zip(right);
            left.len() == right.len()
                && pairs
                    .into_iter()
                    .all(|(one, other)| equal_values(one, other))
        }
        (Value::Object(left), Value::Object(right)) => {
            let in_right = |(key, value): (&String, &Value)| {
                right
                    .get(key)
                    .is_some_and(|other| equal_values(value, other))
            };
            left.len() == right.len() && left.iter().all(in_right)
        }
        (left, right) => left == right,
    }
}
