//! A small OpenHEXA for `dev` and for tests (under construction).
