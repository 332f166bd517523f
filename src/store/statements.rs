//! Passes the text of each SQL statement to a listener, in debug builds. Tests count the statements of a request with it.

use std::sync::{Arc, OnceLock};

use diesel::connection::{Connection, InstrumentationEvent};

use super::Store;

type Listener = Box<dyn Fn(&str) + Send + Sync>;

/// The listener of all connections of a store, if there is one.
#[derive(Clone, Default)]
pub struct Statements(Arc<OnceLock<Listener>>);

impl Store {
    /// Calls the listener with the text of each SQL statement from now on. The first listener stays. Debug builds only.
    pub fn on_statement(&self, listener: impl Fn(&str) + Send + Sync + 'static) {
        let _ = self.connector.statements.0.set(Box::new(listener));
    }
}

impl Statements {
    /// For a new connection. Release builds observe nothing, which saves a lock per statement. The values of a statement are
    /// not passed on, because they can be secret.
    pub(super) fn observe(&self, conn: &mut impl Connection) {
        if !cfg!(debug_assertions) {
            return;
        }
        let listener = self.0.clone();
        conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if let (Some(listener), InstrumentationEvent::StartQuery { query, .. }) =
                (listener.get(), event)
            {
                let text = query.to_string();
                listener(text.split(" -- binds").next().unwrap_or_default());
            }
        });
    }
}
