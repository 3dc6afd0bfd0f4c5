//! Replaces secrets in a stream of bytes (spec/redaction-and-logs.md §3.3, §5).

use std::ops::Range;

use crate::needle::Needle;
use crate::scanner::Scanner;

/// What stands in the place of a secret.
pub const MARKER: &[u8] = b"[REDACTED]";

/// Redacts a stream: the result does not depend on how the text is cut into writes.
///
/// What can't belong to a secret any more is handed to the sink at once, uncopied when nothing was pending.
#[derive(Debug)]
pub struct Redactor {
    scanner: Scanner,
    /// Text from the earliest still-possible occurrence on.
    held: Vec<u8>,
    /// Absolute position of `held`'s first byte: what lies before has been handed on.
    handed_on: u64,
    /// Complete occurrences that were not handed on, merged, in order.
    covered: Vec<Range<u64>>,
    /// Up to here text is represented by a marker that was handed on.
    marked_until: u64,
}

impl Default for Redactor {
    fn default() -> Self {
        Self::new()
    }
}

impl Redactor {
    /// A redactor that knows no secrets.
    pub fn new() -> Self {
        Self { scanner: Scanner::new(), held: Vec::new(), handed_on: 0, covered: Vec::new(), marked_until: 0 }
    }

    /// A redactor that knows `values`.
    pub fn with_secrets<V: AsRef<[u8]>>(values: impl IntoIterator<Item = V>) -> Self {
        let mut redactor = Self::new();
        values.into_iter().for_each(|value| redactor.add(value.as_ref()));
        redactor
    }

    /// Makes `value` (and its quoted form) a secret in text that is written from now on.
    ///
    /// Values that are empty or only white space are ignored.
    pub fn add(&mut self, value: &[u8]) {
        for needle in Needle::of_value(value) {
            self.scanner.add(needle);
        }
    }

    /// Takes the next text and hands on everything that is certain.
    pub fn write(&mut self, text: &[u8], mut sink: impl FnMut(&[u8])) {
        let before = self.covered.len();
        let covered = &mut self.covered;
        self.scanner.scan(text, &mut |_, range| covered.push(range));
        if self.covered.len() > before {
            self.merge_covered();
        }
        let certain = self.scanner.earliest_begun().unwrap_or(self.scanner.position());
        self.hand_on(text, certain, &mut sink);
    }

    /// Hands on everything: what was written before belongs to no secret that is written later.
    pub fn flush(&mut self, mut sink: impl FnMut(&[u8])) {
        self.scanner.forget_begun();
        self.hand_on(&[], self.scanner.position(), &mut sink);
    }

    /// Whether text is being held back.
    pub fn is_pending(&self) -> bool {
        !self.held.is_empty()
    }

    /// Joins occurrences that share a byte with each other or with what is marked already.
    fn merge_covered(&mut self) {
        self.covered.sort_unstable_by_key(|range| range.start);
        let mut merged: Vec<Range<u64>> = Vec::with_capacity(self.covered.len());
        for range in self.covered.drain(..) {
            match merged.last_mut() {
                Some(last) if range.start < last.end => last.end = last.end.max(range.end),
                None if range.start < self.marked_until => {
                    self.marked_until = self.marked_until.max(range.end);
                }
                _ => merged.push(range),
            }
        }
        self.covered = merged;
    }

    /// Hands on `held` and `text`, which follows it, up to the absolute position `until`; holds the rest.
    fn hand_on(&mut self, text: &[u8], until: u64, sink: &mut dyn FnMut(&[u8])) {
        let mut stretch = Stretch { held: &self.held, text, start: self.handed_on };
        let ready = self.covered.partition_point(|range| range.start < until);
        for range in self.covered.drain(..ready) {
            stretch.plain(self.marked_until, range.start, sink);
            sink(MARKER);
            self.marked_until = range.end;
        }
        stretch.plain(self.marked_until, until, sink);
        self.handed_on = until;
        self.hold_from(text, stretch.offset(until));
    }

    /// Keeps what follows `offset` in `held` and `text`.
    fn hold_from(&mut self, text: &[u8], offset: usize) {
        let in_held = offset.min(self.held.len());
        let in_text = offset - in_held;
        self.held.drain(..in_held);
        self.held.extend_from_slice(&text[in_text..]);
    }
}

/// The text at hand: what was held and what came, one after the other.
struct Stretch<'a> {
    held: &'a [u8],
    text: &'a [u8],
    start: u64,
}

impl Stretch<'_> {
    fn offset(&self, position: u64) -> usize {
        usize::try_from(position - self.start).expect("positions at hand lie within the text in memory")
    }

    /// Hands on the text between two absolute positions, as far as it is at hand.
    fn plain(&mut self, from: u64, to: u64, sink: &mut dyn FnMut(&[u8])) {
        let (from, to) = (from.max(self.start), to);
        if from >= to {
            return;
        }
        let (from, to) = (self.offset(from), self.offset(to));
        let cut = self.held.len();
        for part in
            [&self.held[from.min(cut)..to.min(cut)], &self.text[from.max(cut) - cut..to.max(cut) - cut]]
        {
            if !part.is_empty() {
                sink(part);
            }
        }
    }
}
