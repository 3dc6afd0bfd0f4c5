//! Finds every occurrence of many needles in a text that arrives in pieces (spec/redaction-and-logs.md §3, §5).
//!
//! The first bytes of all needles are searched for at once, with vector instructions; an occurrence that has
//! begun is followed on its own. A needle added later begins occurrences only in later pieces.

use std::collections::HashSet;
use std::ops::Range;

use crate::finder::Finder;
use crate::needle::{Advance, Needle};

/// The index of a needle in the order of addition.
pub(crate) type NeedleId = usize;

/// An occurrence that has begun.
#[derive(Debug)]
struct Begun {
    needle: NeedleId,
    /// Absolute position of its first byte.
    start: u64,
    /// How much of the needle has matched.
    matched: usize,
}

/// The search's whole state between two pieces of text.
#[derive(Debug)]
pub(crate) struct Scanner {
    needles: Vec<Needle>,
    known: HashSet<Needle>,
    by_first_byte: Vec<Vec<NeedleId>>,
    /// Rebuilt at the next piece when it is `None`.
    finder: Option<(Finder, usize)>,
    begun: Vec<Begun>,
    position: u64,
}

impl Scanner {
    pub(crate) fn new() -> Self {
        Self {
            needles: Vec::new(),
            known: HashSet::new(),
            by_first_byte: vec![Vec::new(); 256],
            finder: None,
            begun: Vec::new(),
            position: 0,
        }
    }

    /// Adds a needle unless it is known; `None` then.
    pub(crate) fn add(&mut self, needle: Needle) -> Option<NeedleId> {
        if !self.known.insert(needle.clone()) {
            return None;
        }
        let id = self.needles.len();
        self.by_first_byte[usize::from(needle.first_byte())].push(id);
        self.needles.push(needle);
        self.finder = None;
        Some(id)
    }

    /// How much text has been scanned.
    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// Where the earliest occurrence that is still possible begins.
    pub(crate) fn earliest_begun(&self) -> Option<u64> {
        self.begun.first().map(|begun| begun.start)
    }

    /// Gives up all occurrences that have begun.
    pub(crate) fn forget_begun(&mut self) {
        self.begun.clear();
    }

    /// Scans the next piece; calls `found` with each occurrence that becomes complete, in any order.
    pub(crate) fn scan(&mut self, text: &[u8], found: &mut dyn FnMut(NeedleId, Range<u64>)) {
        self.follow_begun(text, found);
        self.begin_new(text, found);
        self.position += text.len() as u64;
    }

    fn follow_begun(&mut self, text: &[u8], found: &mut dyn FnMut(NeedleId, Range<u64>)) {
        let (needles, position) = (&self.needles, self.position);
        self.begun.retain_mut(|begun| match needles[begun.needle].advance(begun.matched, text) {
            Advance::Complete(used) => {
                found(begun.needle, begun.start..position + used as u64);
                false
            }
            Advance::Alive(matched) => {
                begun.matched = matched;
                true
            }
            Advance::Dead => false,
        });
    }

    fn begin_new(&mut self, text: &[u8], found: &mut dyn FnMut(NeedleId, Range<u64>)) {
        let (finder, longest) = self.finder.take().unwrap_or_else(|| Finder::new(self.needles.iter()));
        // From here on a prefix may be cut off by the end of the text, where the finder does not see it.
        let tail = text.len().saturating_sub(longest.saturating_sub(1));
        let mut from = 0;
        while let Some(at) = finder.next(text, from).filter(|&at| at < tail) {
            self.begin_at(text, at, found);
            from = at + 1;
        }
        if longest > 0 {
            (tail..text.len()).for_each(|at| self.begin_at(text, at, found));
        }
        self.finder = Some((finder, longest));
    }

    fn begin_at(&mut self, text: &[u8], at: usize, found: &mut dyn FnMut(NeedleId, Range<u64>)) {
        let start = self.position + at as u64;
        for &needle in &self.by_first_byte[usize::from(text[at])] {
            match self.needles[needle].advance(0, &text[at..]) {
                Advance::Complete(used) => found(needle, start..start + used as u64),
                Advance::Alive(matched) => self.begun.push(Begun { needle, start, matched }),
                Advance::Dead => {}
            }
        }
    }
}
