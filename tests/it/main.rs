//! The one test binary: a file per story.
mod emulator;
