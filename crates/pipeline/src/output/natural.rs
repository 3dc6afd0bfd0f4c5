//! The order of keys in YAML (spec/pipeline.md §12.2, "natural order"): numbers inside names count as numbers.

use std::cmp::Ordering;

/// Compares two keys.
pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let Some(at) = a.iter().zip(&b).position(|(a, b)| a != b) else { return a.len().cmp(&b.len()) };
    let after_digit = at > 0 && is_digit(a[at - 1]);
    match (a[at].is_alphabetic(), b[at].is_alphabetic()) {
        (true, true) => a[at].cmp(&b[at]),
        (true, false) if after_digit => Ordering::Less,
        (true, false) => Ordering::Greater,
        (false, true) if after_digit => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) => numbers(&a, &b, at),
    }
}

/// Neither differing character is a letter: the runs of digits that start there decide.
fn numbers(a: &[char], b: &[char], at: usize) -> Ordering {
    let (run_a, run_b) = (digits(&a[at..]), digits(&b[at..]));
    // A zero that differs belongs to a number that began before it, unless only zeros did.
    let equal_digits = a[..at].iter().rev().take_while(|digit| is_digit(**digit));
    let prefix = if (a[at] == '0' || b[at] == '0') && equal_digits.into_iter().any(|digit| *digit != '0') {
        &['1'][..]
    } else {
        &[]
    };
    let value = |run: &[char]| {
        let digits = prefix.iter().chain(run).skip_while(|digit| **digit == '0');
        digits.copied().collect::<Vec<_>>()
    };
    let (value_a, value_b) = (value(run_a), value(run_b));
    (value_a.len().cmp(&value_b.len()))
        .then_with(|| value_a.cmp(&value_b))
        .then_with(|| run_a.len().cmp(&run_b.len()))
        .then_with(|| a[at].cmp(&b[at]))
}

fn digits(text: &[char]) -> &[char] {
    let len = text.iter().take_while(|character| is_digit(**character)).count();
    &text[..len]
}

fn is_digit(character: char) -> bool {
    character.is_ascii_digit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_count() {
        let expected =
            ["_x", "9", "10", "X9", "x", "x-1", "x.y", "x_1", "x1", "x1a", "x01", "x9", "x10", "xA", "xa"];
        let mut keys = expected;
        keys.reverse();
        keys.sort_by(|a, b| compare(a, b));
        assert_eq!(keys, expected);
    }
}
