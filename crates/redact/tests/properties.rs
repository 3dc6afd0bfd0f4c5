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
}
