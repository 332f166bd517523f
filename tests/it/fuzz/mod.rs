//! Whatever somebody sends: an answer that the document of the API knows, never ours to be ashamed of, and nobody let in
//! who should not be.

mod document;
mod launches;
mod tokens;
