//! The dice of jitter.

use std::time::Duration;

/// A number in [0, `limit`); 0 when the system has no dice.
pub(crate) fn below(limit: u64) -> u64 {
    let dice = getrandom::u64().unwrap_or(0);
    u64::try_from((u128::from(dice) * u128::from(limit)) >> 64).unwrap_or(0)
}

/// A time in [0, `limit`).
pub(crate) fn part_of(limit: Duration) -> Duration {
    Duration::from_nanos(below(u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dice_stay_below_their_limit() {
        assert!((0..1000).all(|_| below(7) < 7));
        assert_eq!(below(0), 0);
        assert!(part_of(Duration::from_secs(1)) < Duration::from_secs(1));
    }
}
