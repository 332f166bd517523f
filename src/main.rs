//! The command line (under construction).

fn main() {}
