//! Whatever the secrets and the cuts, a stream is redacted as the whole text would be.

use proptest::prelude::*;
use redkite_redact::Redactor;

/// The rule of spec/redaction-and-logs.md §3 written down naively: all occurrences, merged where they share
/// a byte.
fn redacted_naively(text: &[u8], secrets: &[Vec<u8>]) -> Vec<u8> {
    let needles: Vec<Vec<u8>> = secrets.iter().map(|secret| normalised(secret)).collect();
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    for start in 0..text.len() {
        for needle in needles.iter().filter(|needle| !needle.is_empty()) {
            if let Some(end) = end_of_match(text, start, needle) {
                match ranges.last_mut() {
                    Some(last) if start < last.1 => last.1 = last.1.max(end),
                    _ => ranges.push((start, end)),
                }
            }
        }
    }
    let (mut out, mut at) = (Vec::new(), 0);
    for (start, end) in ranges {
        out.extend_from_slice(&text[at..start]);
        out.extend_from_slice(b"[REDACTED]");
        at = end;
    }
    out.extend_from_slice(&text[at..]);
    out
}

fn normalised(secret: &[u8]) -> Vec<u8> {
    let lines = secret.split(|&byte| byte == b'\n').map(|line| line.trim_ascii());
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join(&b'\n')
}

fn end_of_match(text: &[u8], start: usize, needle: &[u8]) -> Option<usize> {
    let mut at = start;
    for &wanted in needle {
        if wanted == b'\n' {
            let run = text[at..].iter().take_while(|byte| b"\t\n\x0b\x0c\r ".contains(byte)).count();
            at += if run == 0 { return None } else { run };
        } else if text.get(at) == Some(&wanted) {
            at += 1;
        } else {
            return None;
        }
    }
    Some(at)
}

/// Few letters make occurrences, overlaps and false beginnings likely.
fn text(length: std::ops::Range<usize>) -> impl Strategy<Value = Vec<u8>> {
    let byte =
        prop_oneof![4 => Just(b'a'), 3 => Just(b'b'), 1 => Just(b'c'), 1 => Just(b' '), 1 => Just(b'\n')];
    prop::collection::vec(byte, length)
}

fn streamed(text: &[u8], secrets: &[Vec<u8>], cuts: &[usize]) -> Vec<u8> {
    let mut redactor = Redactor::with_secrets(secrets);
    let mut out = Vec::new();
    let (mut rest, mut cuts) = (text, cuts.iter().cycle());
    while !rest.is_empty() {
        let size = cuts.next().map_or(1, |&cut| cut.min(rest.len()));
        let (piece, after) = rest.split_at(size);
        redactor.write(piece, |part| out.extend_from_slice(part));
        rest = after;
    }
    redactor.flush(|part| out.extend_from_slice(part));
    out
}

/// Secrets made of each other: parts, ends and joins of one text over few letters, with line breaks, some empty.
fn related() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let spots = prop::collection::vec((any::<prop::sample::Index>(), 0usize..12, any::<bool>()), 1..12);
    (text(1..30), spots).prop_map(|(base, spots)| {
        let part = |(at, length, broken): (prop::sample::Index, usize, bool)| {
            let at = at.index(base.len());
            let mut secret = base[at..base.len().min(at + length)].to_vec();
            if broken {
                secret.insert(secret.len() / 2, b'\n');
            }
            secret
        };
        spots.into_iter().map(part).collect()
    })
}

/// A text in which secrets stand, whole or cut short, side by side and over each other.
fn strewn(secrets: &[Vec<u8>], spots: &[(prop::sample::Index, usize, usize)]) -> Vec<u8> {
    let mut text = Vec::new();
    for (which, overlap, length) in spots {
        let secret = &secrets[which.index(secrets.len())];
        text.truncate(text.len().saturating_sub(overlap % 4));
        text.extend_from_slice(&secret[..secret.len().min(*length)]);
    }
    text
}

/// One step of a stream's life.
#[derive(Clone, Debug)]
enum Step {
    Write(Vec<u8>),
    Add(Vec<u8>),
    Flush,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => text(0..12).prop_map(Step::Write),
        2 => text(0..7).prop_map(Step::Add),
        1 => Just(Step::Flush),
    ];
    prop::collection::vec(step, 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn cuts_do_not_matter(
        text in text(0..200),
        secrets in prop::collection::vec(text(1..14), 0..5),
        cuts in prop::collection::vec(1usize..20, 1..8),
    ) {
        // The quoted form of a line break can't occur: these texts hold no backslash.
        prop_assert_eq!(streamed(&text, &secrets, &cuts), redacted_naively(&text, &secrets));
    }

    #[test]
    fn many_secrets_in_any_bytes(
        text in prop::collection::vec(any::<u8>(), 0..300),
        spots in prop::collection::vec((any::<prop::sample::Index>(), 1usize..30), 0..200),
        cuts in prop::collection::vec(1usize..60, 1..8),
    ) {
        let secrets: Vec<Vec<u8>> = spots
            .iter()
            .filter(|_| !text.is_empty())
            .map(|(at, len)| { let at = at.index(text.len()); text[at..text.len().min(at + len)].to_vec() })
            .collect();
        let whole = streamed(&text, &secrets, &[text.len().max(1)]);
        prop_assert_eq!(streamed(&text, &secrets, &cuts), whole);
    }

    #[test]
    fn nothing_is_lost_when_secrets_arrive_late(
        pieces in prop::collection::vec((text(0..20), prop::option::of(text(1..8))), 0..10),
    ) {
        let mut redactor = Redactor::new();
        let (mut written, mut out) = (Vec::new(), Vec::new());
        for (piece, secret) in &pieces {
            redactor.write(piece, |part| out.extend_from_slice(part));
            written.extend_from_slice(piece);
            if let Some(secret) = secret {
                redactor.add(secret);
            }
        }
        redactor.flush(|part| out.extend_from_slice(part));
        let secrets: Vec<_> = pieces.iter().filter_map(|(_, secret)| secret.clone()).collect();
        if out.windows(10).all(|window| window != b"[REDACTED]") {
            prop_assert_eq!(&out, &written);
        } else {
            prop_assert!(!secrets.is_empty());
        }
    }

    #[test]
    fn secrets_that_are_parts_of_each_other(
        secrets in related(),
        spots in prop::collection::vec((any::<prop::sample::Index>(), 0usize..12, 1usize..16), 0..20),
        cuts in prop::collection::vec(1usize..20, 1..8),
    ) {
        let text = strewn(&secrets, &spots);
        prop_assert_eq!(streamed(&text, &secrets, &cuts), redacted_naively(&text, &secrets));
        prop_assert_eq!(streamed(&text, &secrets, &[1]), redacted_naively(&text, &secrets));
    }

    /// At every moment, what has come out is how the whole begins, so no part of a secret has; where nothing is held
    /// back, nothing is missing.
    #[test]
    fn what_has_come_out_was_right_and_early(
        secrets in related(),
        spots in prop::collection::vec((any::<prop::sample::Index>(), 0usize..12, 1usize..16), 0..12),
    ) {
        let text = strewn(&secrets, &spots);
        let mut redactor = Redactor::with_secrets(&secrets);
        let mut out = Vec::new();
        let whole = redacted_naively(&text, &secrets);
        for end in 1..=text.len() {
            redactor.write(&text[end - 1..end], |part| out.extend_from_slice(part));
            let so_far = redacted_naively(&text[..end], &secrets);
            prop_assert!(whole.starts_with(&out), "what came out does not belong there");
            prop_assert!(redactor.is_pending() || out == so_far, "something is missing");
        }
        redactor.flush(|part| out.extend_from_slice(part));
        prop_assert_eq!(out, redacted_naively(&text, &secrets));
    }

    /// Between flushes and additions, a stream is the texts between them: additions count for what follows, an
    /// occurrence that spans a flush is none.
    #[test]
    fn additions_and_flushes_divide_a_stream(steps in steps()) {
        let mut redactor = Redactor::new();
        let mut out = Vec::new();
        let (mut known, mut expected, mut since_flush) = (Vec::new(), Vec::new(), Vec::new());
        for step in &steps {
            match step {
                Step::Write(text) => {
                    redactor.write(text, |part| out.extend_from_slice(part));
                    since_flush.extend_from_slice(text);
                }
                // With a flush before it, an addition divides the text as well.
                Step::Add(_) | Step::Flush => {
                    redactor.flush(|part| out.extend_from_slice(part));
                    expected.extend(redacted_naively(&std::mem::take(&mut since_flush), &known));
                    prop_assert_eq!(&out, &expected);
                    prop_assert!(!redactor.is_pending());
                    if let Step::Add(secret) = step {
                        redactor.add(secret);
                        known.push(secret.clone());
                    }
                }
            }
        }
        redactor.flush(|part| out.extend_from_slice(part));
        expected.extend(redacted_naively(&since_flush, &known));
        prop_assert_eq!(out, expected);
    }

    /// A secret as long as a file, found at any place, its beginning alone handed on whole.
    #[test]
    fn huge_secrets(
        seed in any::<u64>(),
        lines in 1usize..400,
        before in text(0..50),
        cut in 1usize..9000,
        missing in 0usize..3,
    ) {
        let line = |at: usize| format!("{:016x}{:016x}", seed.wrapping_mul(at as u64 | 1), seed ^ at as u64);
        let secret = (0..lines).map(line).collect::<Vec<_>>().join("\n").into_bytes();
        let shown = &secret[..secret.len() - missing];
        let text = [before.as_slice(), b"!", shown, b"!"].concat();
        let secrets = [secret.clone()];
        let out = streamed(&text, &secrets, &[cut]);
        let expected = if missing == 0 { [before.as_slice(), b"![REDACTED]!"].concat() } else { text.clone() };
        prop_assert_eq!(out, expected);
    }
}
