//! The progress of a backfill: a bar that is drawn again in a terminal, otherwise a line for each change.

use std::io::{IsTerminal as _, Write as _};

use serde_json::Value;

/// The width of the bar in characters.
const WIDTH: u64 = 30;

pub struct Progress {
    in_terminal: bool,
    last: String,
}

impl Progress {
    pub fn new() -> Self {
        Self {
            in_terminal: std::io::stderr().is_terminal(),
            last: String::new(),
        }
    }

    /// It is no error if standard error is closed.
    pub fn show(&mut self, backfill: &Value) {
        let line = line(backfill);
        if line == self.last {
            return;
        }
        let mut out = std::io::stderr().lock();
        let _ = if self.in_terminal {
            write!(out, "\r\x1b[K{line}").and_then(|()| out.flush())
        } else {
            writeln!(out, "{line}")
        };
        self.last = line;
    }

    /// Writes a line. The bar is drawn again below it.
    pub fn note(&mut self, text: &str) {
        let clear = if self.in_terminal { "\r\x1b[K" } else { "" };
        let _ = writeln!(std::io::stderr().lock(), "{clear}{text}");
        self.last.clear();
    }

    /// Ends the line of the bar.
    pub fn end(&self) {
        if self.in_terminal && !self.last.is_empty() {
            let _ = writeln!(std::io::stderr().lock());
        }
    }
}

fn line(backfill: &Value) -> String {
    let number = |key: &str| backfill[key].as_u64().unwrap_or_default();
    let (total, success, error) = (number("total"), number("success"), number("error"));
    let done = success + error;
    let filled = (done * WIDTH)
        .checked_div(total)
        .unwrap_or(WIDTH)
        .min(WIDTH);
    let repeat = |text: &str, count: u64| text.repeat(usize::try_from(count).unwrap_or_default());
    format!(
        "[{}{}] {done} of {total} ended: {success} succeeded, {error} failed or cancelled; {} running",
        repeat("=", filled),
        repeat(" ", WIDTH - filled),
        number("running"),
    )
}
