//! Chance with a seed, and what it does to requests.

use std::time::Duration;

/// A generator of numbers (splitmix64): the same for the same seed.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

/// What goes wrong with one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// The plane refuses to look at it.
    Refused(u16),
    /// The plane did it and says that it could not.
    Denied(u16),
    /// The answer takes its time.
    Slow(Duration),
    /// The plane did it and closes the connection without an answer.
    Silent,
    /// The plane did it and closes the connection in the middle of the answer.
    Half,
    /// The connection is reset; the plane has not looked at the request.
    Reset,
    /// The plane did it, but the connection is reset.
    ResetAfter,
}

/// Whether a call may be answered with 429: a chunk of log is given up then (spec/agent.md §13).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TooMany {
    Allowed,
    Never,
}

impl Fault {
    /// One request in four meets one.
    pub(crate) fn roll(dice: &mut Dice, too_many: TooMany) -> Self {
        match dice.below(100) {
            0..4 => Self::Refused([500, 502, 503, 504][dice.below(4) as usize]),
            4..7 if too_many == TooMany::Allowed => Self::Refused(429),
            4..9 => Self::Denied(500),
            9..14 => Self::Slow(Duration::from_millis(100 + dice.below(2900))),
            14..17 => Self::Silent,
            17..20 => Self::Half,
            20..22 => Self::Reset,
            22..25 => Self::ResetAfter,
            _ => Self::None,
        }
    }
}
