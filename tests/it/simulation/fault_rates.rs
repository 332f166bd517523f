//! The fault rates of a world: each is drawn once, so that some worlds have one kind of fault and some have all.

use super::random::Random;

/// Rates are per mille.
#[derive(Clone, Copy, Debug)]
pub struct FaultRates {
    /// A launch without a response: the run was created or not.
    pub unsure: u64,
    pub not_sent: u64,
    pub refused: u64,
    /// Any other request that fails.
    pub failed: u64,
    /// Responses that are delayed while other things happen.
    pub held: u64,
    pub crash_in_call: u64,
    pub crash_between_writes: u64,
    pub vanishing: u64,
    pub dropped: u64,
    pub doubled: u64,
    pub delayed: u64,
    pub stop_lost: u64,
    /// The difference between OpenHEXA's clock and the bridge's, in milliseconds.
    pub skew: i64,
}

impl FaultRates {
    pub fn draw(random: &mut Random) -> Self {
        let mut rate = |most: u64| {
            let share = random.pick("mood", most, &[0, 0, 10, 30, 100]);
            most * share / 100
        };
        Self {
            unsure: rate(600),
            not_sent: rate(300),
            refused: rate(100),
            failed: rate(301),
            held: rate(400),
            crash_in_call: rate(60),
            crash_between_writes: rate(150),
            vanishing: rate(80),
            dropped: rate(500),
            doubled: rate(302),
            delayed: rate(601),
            stop_lost: rate(303),
            skew: random.pick("skew", 0, &[0, 0, -55_000, -20_000, 30_000]),
        }
    }
}
