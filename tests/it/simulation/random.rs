//! All random decisions: a pure function of the seed, of what is decided, for which object and for which time.
//!
//! With one shared sequence of random numbers each decision would depend on all earlier ones, and so on the order in which
//! two databases work. Here a decision about a run does not depend on others.

use std::collections::HashMap;

pub struct Random {
    seed: u64,
    nth: HashMap<(&'static str, u64), u64>,
}

impl Random {
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            nth: HashMap::new(),
        }
    }

    pub fn roll(&mut self, what: &'static str, whom: u64) -> u64 {
        let nth = self.nth.entry((what, whom)).or_default();
        *nth += 1;
        let word = what.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        [word, whom, *nth]
            .into_iter()
            .fold(mixed(self.seed), |hash, part| mixed(hash ^ mixed(part)))
    }

    pub fn below(&mut self, what: &'static str, whom: u64, limit: u64) -> u64 {
        self.roll(what, whom) % limit.max(1)
    }

    /// A duration in milliseconds; short ones are more frequent than long ones.
    pub fn span(&mut self, what: &'static str, whom: u64, longest: i64) -> i64 {
        let longest = longest.max(1).cast_unsigned();
        let scale = 1 + self.below(what, whom, longest);
        self.below(what, whom, scale).cast_signed()
    }

    /// True with this probability per thousand.
    pub fn chance(&mut self, what: &'static str, whom: u64, per_mille: u64) -> bool {
        self.below(what, whom, 1000) < per_mille
    }

    pub fn pick<T: Copy>(&mut self, what: &'static str, whom: u64, from: &[T]) -> T {
        let at = self.below(what, whom, from.len() as u64);
        from[usize::try_from(at).unwrap()]
    }
}

/// The last step of splitmix64.
pub fn mixed(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}
