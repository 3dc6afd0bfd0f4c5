//! Retry policies as values: how often, and how long to wait in between (spec/checkout.md §1.4).

use redkite_text::Spoken;
use std::time::Duration;

/// How often something is tried and how long the pauses are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// All tries together, the first one included.
    pub attempts: u32,
    /// The pause after each failed try.
    pub wait: Wait,
    /// What is added to each pause.
    pub jitter: Jitter,
}

/// How the pauses grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Always the same.
    Constant(Duration),
    /// `base^k` seconds after `k + 1` tries.
    Exponential {
        /// In seconds.
        base: u32,
    },
    /// `d^(k/16 + 1)`, `d` in milliseconds, after `k + 1` tries.
    Gentle(Duration),
}

/// What is added to a pause so that many agents don't come back at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jitter {
    /// Nothing.
    None,
    /// Up to one second.
    UpToOneSecond,
}

impl Policy {
    /// One try, no pause.
    pub const ONCE: Self = Self { attempts: 1, wait: Wait::Constant(Duration::ZERO), jitter: Jitter::None };

    /// A fetch of a pull request's ref, which the provider may still be making.
    pub(crate) const FETCH: Self =
        Self { attempts: 10, wait: Wait::Gentle(Duration::from_secs(1)), jitter: Jitter::UpToOneSecond };

    /// The fetch of a branch's tip for commit verification.
    pub(crate) const VERIFICATION: Self = Self { attempts: 3, ..Self::FETCH };

    /// Git LFS's fetch and checkout.
    pub(crate) const LFS: Self = Self { attempts: 5, ..Self::FETCH };

    /// `ssh-keyscan`.
    pub(crate) const KEYSCAN: Self =
        Self { attempts: 3, wait: Wait::Constant(Duration::from_secs(2)), jitter: Jitter::None };

    /// The clone of a plugin.
    pub const PLUGIN_CLONE: Self = Self::KEYSCAN;

    /// Whole checkout attempts.
    pub(crate) const fn checkout(attempts: u32) -> Self {
        Self { attempts, wait: Wait::Exponential { base: 2 }, jitter: Jitter::UpToOneSecond }
    }

    /// The tries of this policy, with `jitter` giving numbers in `0..1`.
    pub fn tries<J: FnMut() -> f64>(self, jitter: J) -> Tries<J> {
        Tries { policy: self, made: 0, jitter }
    }

    fn pause(self, finished: u32, jitter: f64) -> Duration {
        let base = match self.wait {
            Wait::Constant(pause) => pause,
            Wait::Exponential { base } => Duration::from_secs(u64::from(base).saturating_pow(finished)),
            Wait::Gentle(unit) => gentle(unit, finished),
        };
        match self.jitter {
            Jitter::None => base,
            Jitter::UpToOneSecond => base + Duration::from_secs_f64(jitter.clamp(0.0, 1.0)),
        }
    }
}

fn gentle(unit: Duration, finished: u32) -> Duration {
    let millis = unit.as_secs_f64() * 1000.0;
    let grown = millis.powf(f64::from(finished) / 16.0 + 1.0);
    Duration::try_from_secs_f64(grown.trunc() / 1000.0).unwrap_or(Duration::MAX)
}

/// A number in `0..1` from the system's random source; 0 when there is none.
#[must_use]
pub fn random() -> f64 {
    let bits = getrandom::u32().unwrap_or_default();
    f64::from(bits) / (f64::from(u32::MAX) + 1.0)
}

/// Counts tries; yields one [`Try`] each.
#[derive(Debug)]
pub struct Tries<J> {
    policy: Policy,
    made: u32,
    jitter: J,
}

/// One try: which, of how many, and the pause before the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Try {
    /// From 1.
    pub number: u32,
    /// All there are.
    pub of: u32,
    /// The pause when this one fails; it is fixed before the try so that what is said is what is slept.
    pub pause: Duration,
}

impl<J: FnMut() -> f64> Iterator for Tries<J> {
    type Item = Try;

    fn next(&mut self) -> Option<Try> {
        if self.made >= self.policy.attempts {
            return None;
        }
        let pause = self.policy.pause(self.made, (self.jitter)());
        self.made += 1;
        Some(Try { number: self.made, of: self.policy.attempts, pause })
    }
}

impl Try {
    /// No other follows.
    #[must_use]
    pub const fn is_last(self) -> bool {
        self.number >= self.of
    }
}

impl std::fmt::Display for Try {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Attempt {}/{}", self.number, self.of)?;
        if self.is_last() {
            return Ok(());
        }
        if self.pause.is_zero() {
            return f.write_str(" Retrying immediately");
        }
        write!(f, " Retrying in {}", Spoken(self.pause))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pauses(policy: Policy, jitter: f64) -> Vec<u128> {
        policy.tries(move || jitter).map(|t| t.pause.as_millis()).collect()
    }

    #[test]
    fn pauses_follow_the_policy() {
        assert_eq!(pauses(Policy::checkout(6), 0.0), [1000, 2000, 4000, 8000, 16000, 32000]);
        assert_eq!(pauses(Policy::checkout(2), 0.5), [1500, 2500]);
        assert_eq!(pauses(Policy::KEYSCAN, 0.9), [2000, 2000, 2000]);
        let gentle = pauses(Policy::FETCH, 0.0);
        assert_eq!(&gentle[..5], [1000, 1539, 2371, 3651, 5623]);
        assert_eq!(gentle.len(), 10);
    }

    #[test]
    fn a_status_says_the_pause_unless_it_is_the_last() {
        let texts: Vec<_> = Policy::KEYSCAN.tries(|| 0.0).map(|t| t.to_string()).collect();
        assert_eq!(texts, ["Attempt 1/3 Retrying in 2s", "Attempt 2/3 Retrying in 2s", "Attempt 3/3"]);
        let once: Vec<_> = Policy::ONCE.tries(|| 0.0).map(|t| t.to_string()).collect();
        assert_eq!(once, ["Attempt 1/1"]);
        let immediate = Policy { attempts: 2, ..Policy::ONCE }.tries(|| 0.0).next().map(|t| t.to_string());
        assert_eq!(immediate.as_deref(), Some("Attempt 1/2 Retrying immediately"));
    }
}
