//! Lengths of time in logs and messages, as Go writes them (docs/spec/agent.md §8.3).

use std::fmt;
use std::time::Duration;

/// A duration as logs have it: `1.325743529s`, `2s`, `1m30s`, `250ms`.
#[derive(Clone, Copy, Debug)]
pub struct Spoken(pub Duration);

impl fmt::Display for Spoken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.as_nanos();
        match nanos {
            0 => f.write_str("0s"),
            1..1_000 => write!(f, "{nanos}ns"),
            1_000..1_000_000 => write!(f, "{}µs", decimal(nanos, 1_000)),
            1_000_000..1_000_000_000 => write!(f, "{}ms", decimal(nanos, 1_000_000)),
            _ => {
                let (minutes, rest) = (nanos / 60_000_000_000, nanos % 60_000_000_000);
                let (hours, minutes) = (minutes / 60, minutes % 60);
                if hours > 0 {
                    write!(f, "{hours}h")?;
                }
                if hours > 0 || minutes > 0 {
                    write!(f, "{minutes}m")?;
                }
                write!(f, "{}s", decimal(rest, 1_000_000_000))
            }
        }
    }
}

fn decimal(value: u128, unit: u128) -> String {
    let digits = unit.ilog10() as usize;
    let fraction = format!("{:0digits$}", value % unit);
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() { (value / unit).to_string() } else { format!("{}.{fraction}", value / unit) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_briefly() {
        for (nanos, text) in [
            (0, "0s"),
            (12, "12ns"),
            (1_500, "1.5µs"),
            (250_000_000, "250ms"),
            (1_325_743_529, "1.325743529s"),
            (2_000_000_000, "2s"),
            (90_000_000_000, "1m30s"),
            (3_600_000_000_000, "1h0m0s"),
        ] {
            assert_eq!(Spoken(Duration::from_nanos(nanos)).to_string(), text);
        }
    }
}
