//! The limits of a flow document.

pub const LONGEST_KIB: usize = 256;
pub const DEEPEST: usize = 32;
/// The longest values of all inputs of a run together, as JSON. They are in every list of runs.
pub const LONGEST_INPUTS_KIB: usize = 16;
pub const MOST_NODES: usize = 20_000;
pub const MOST_STEPS: usize = 100;
pub const MOST_SCHEDULES: usize = 20;
pub const MOST_TRIGGERS: usize = 20;
pub const MOST_INPUTS: usize = 50;
pub const MOST_PARAMETERS: usize = 200;
pub const MOST_CHANNELS: usize = 20;
pub const LONGEST_ID: usize = 64;
pub const LONGEST_NAME: usize = 200;
