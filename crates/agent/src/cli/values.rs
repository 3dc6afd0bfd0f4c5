//! How the text of a flag is read: booleans, whole numbers and durations (docs/spec/cli.md §3).

use std::str::FromStr;
use std::time::Duration;

/// Why a text is not of its type; the words scripts may look for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Malformed {
    /// It has another form.
    #[error("parse error")]
    Syntax,
    /// It is a number, but none of 64 bits.
    #[error("value out of range")]
    Range,
}

/// A boolean as it may be written on the command line; an empty text is none.
pub(crate) fn boolean(text: &str) -> Result<bool, Malformed> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(false),
        _ => Err(Malformed::Syntax),
    }
}

/// A whole number whose prefix names its base.
pub(crate) fn integer(text: &str) -> Result<i64, Malformed> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (base, digits, prefixed) = based(digits);
    let digits = without_underscores(digits, prefixed).ok_or(Malformed::Syntax)?;
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(base)) {
        return Err(Malformed::Syntax);
    }
    let size = u64::from_str_radix(&digits, base).map_err(|_| Malformed::Range)?;
    let value = if negative { 0_i128 - i128::from(size) } else { i128::from(size) };
    i64::try_from(value).map_err(|_| Malformed::Range)
}

/// Base, digits, and whether a prefix was cut off.
fn based(digits: &str) -> (u32, &str, bool) {
    let bytes = digits.as_bytes();
    match (bytes.first(), bytes.get(1).map(u8::to_ascii_lowercase)) {
        (Some(b'0'), Some(b'x')) => (16, &digits[2..], true),
        (Some(b'0'), Some(b'o')) => (8, &digits[2..], true),
        (Some(b'0'), Some(b'b')) => (2, &digits[2..], true),
        (Some(b'0'), Some(_)) => (8, &digits[1..], true),
        _ => (10, digits, false),
    }
}

/// Underscores may stand between digits, and between a prefix and the first digit.
fn without_underscores(digits: &str, prefixed: bool) -> Option<String> {
    let misplaced = digits.contains("__") || digits.ends_with('_') || (digits.starts_with('_') && !prefixed);
    (!misplaced).then(|| digits.replace('_', ""))
}

/// A length of time as Go writes it: `1m30s`, `-1.5h`, `0`. It may be negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct GoDuration {
    nanoseconds: i64,
}

impl GoDuration {
    /// The time to wait; nothing when negative.
    pub(crate) fn as_std(self) -> Duration {
        Duration::from_nanos(u64::try_from(self.nanoseconds).unwrap_or(0))
    }

    /// Whether it was over before it began.
    pub(crate) fn is_negative(self) -> bool {
        self.nanoseconds < 0
    }
}

impl FromStr for GoDuration {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let (sign, mut rest) = match text.strip_prefix('-') {
            Some(rest) => (-1.0, rest),
            None => (1.0, text.strip_prefix('+').unwrap_or(text)),
        };
        if rest == "0" {
            return Ok(Self { nanoseconds: 0 });
        }
        if rest.is_empty() {
            return Err(Malformed::Syntax);
        }
        let mut total = 0.0;
        while !rest.is_empty() {
            let (amount, after) = leading(rest, |c| c.is_ascii_digit() || c == '.');
            let (unit, after) = leading(after, |c| !c.is_ascii_digit() && c != '.');
            total += amount.parse::<f64>().map_err(|_| Malformed::Syntax)? * nanoseconds(unit)?;
            rest = after;
        }
        whole(sign * total)
    }
}

/// Rounds to nanoseconds; more than 292 years is no duration.
fn whole(nanoseconds: f64) -> Result<GoDuration, Malformed> {
    const LIMIT: f64 = 9.2e18;
    if nanoseconds.abs() > LIMIT {
        return Err(Malformed::Syntax);
    }
    #[expect(clippy::cast_possible_truncation, reason = "the limit above is within an i64")]
    let nanoseconds = nanoseconds.round() as i64;
    Ok(GoDuration { nanoseconds })
}

fn leading(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !belongs(c)).unwrap_or(text.len()))
}

fn nanoseconds(unit: &str) -> Result<f64, Malformed> {
    Ok(match unit {
        "ns" => 1.0,
        "us" | "µs" | "μs" => 1e3,
        "ms" => 1e6,
        "s" => 1e9,
        "m" => 60e9,
        "h" => 3600e9,
        _ => return Err(Malformed::Syntax),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_in_every_base() {
        let cases = [
            ("16", Ok(16)),
            ("0x10", Ok(16)),
            ("010", Ok(8)),
            ("0o17", Ok(15)),
            ("1_000", Ok(1000)),
            ("0x_ff", Ok(255)),
            ("-0b11", Ok(-3)),
            ("+7", Ok(7)),
            ("0", Ok(0)),
            ("-9223372036854775808", Ok(i64::MIN)),
            ("9223372036854775808", Err(Malformed::Range)),
            ("99999999999999999999", Err(Malformed::Range)),
            ("1.5", Err(Malformed::Syntax)),
            ("", Err(Malformed::Syntax)),
            ("-", Err(Malformed::Syntax)),
            ("_1", Err(Malformed::Syntax)),
            ("1__0", Err(Malformed::Syntax)),
            ("09", Err(Malformed::Syntax)),
        ];
        for (text, expected) in cases {
            assert_eq!(integer(text), expected, "{text}");
        }
    }

    #[test]
    fn durations_as_go_writes_them() {
        let cases = [
            ("0", Some(0)),
            ("1m30s", Some(90_000_000_000)),
            ("1.5s", Some(1_500_000_000)),
            ("-5s", Some(-5_000_000_000)),
            ("+2us", Some(2_000)),
            ("1µs", Some(1_000)),
            ("1h2m3.004s", Some(3_723_004_000_000)),
            ("5", None),
            ("", None),
            ("s", None),
            ("1d", None),
            ("1.2.3s", None),
        ];
        for (text, expected) in cases {
            assert_eq!(text.parse().ok(), expected.map(|nanoseconds| GoDuration { nanoseconds }), "{text}");
        }
    }

    #[test]
    fn booleans_are_spelled_in_twelve_ways() {
        assert_eq!(boolean("T"), Ok(true));
        assert_eq!(boolean("False"), Ok(false));
        for text in ["yes", "on", "tRUE", ""] {
            assert_eq!(boolean(text), Err(Malformed::Syntax), "{text}");
        }
    }
}
