//! Messages for the user at the terminal, such as a `pipeline.py` that cannot be read.
//!
//! The command that starts the emulator prints the addresses first. Until then the messages are kept.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// The maximum number of messages that are kept; the oldest ones are dropped.
const MOST: usize = 200;

#[derive(Default)]
pub struct Notices(Mutex<State>);

#[derive(Default)]
struct State {
    is_printed: bool,
    kept: VecDeque<String>,
}

impl Notices {
    /// Prints a message, or keeps it if nothing may be printed yet.
    pub fn add(&self, line: String) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.is_printed {
            eprintln!("{line}");
            return;
        }
        if state.kept.len() == MOST {
            state.kept.pop_front();
        }
        state.kept.push_back(line);
    }

    /// Prints the kept messages, and from now on every message at once.
    pub fn print(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.is_printed = true;
        for line in state.kept.drain(..) {
            eprintln!("{line}");
        }
    }

    /// The messages that are not printed yet.
    pub fn kept(&self) -> Vec<String> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.kept.iter().cloned().collect()
    }
}
