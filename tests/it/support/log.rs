//! The log of all tests, to search for secrets.

use std::io::{self, Write};
use std::sync::{Mutex, Once};

use openhexa_bridge::telemetry;

static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Keep;

impl Write for Keep {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Logs everything at level debug, of every library.
pub fn capture() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| telemetry::install(telemetry::Format::Json, "debug", || Keep));
}

/// All of it.
pub fn text() -> String {
    since(0)
}

/// The current length, for [`since`].
pub fn position() -> usize {
    LOG.lock().unwrap().len()
}

/// What was logged after this position. Near the end of the tests, a search of the whole log takes seconds.
pub fn since(position: usize) -> String {
    String::from_utf8_lossy(&LOG.lock().unwrap()[position..]).into_owned()
}
