//! Watches output for marker strings without changing it (spec/redaction-and-logs.md §10).

use crate::needle::Needle;
use crate::scanner::Scanner;

/// Tells which of some strings have passed, wherever the writes were cut.
#[derive(Debug)]
pub struct Detector {
    scanner: Scanner,
    seen: Vec<bool>,
}

impl Detector {
    /// Watches for `markers`.
    pub fn new(markers: &[&str]) -> Self {
        let mut scanner = Scanner::new();
        for marker in markers {
            let needle = Needle::normalised(marker.as_bytes());
            scanner.add(needle).expect("markers are distinct and not blank");
        }
        Self { scanner, seen: vec![false; markers.len()] }
    }

    /// Looks at the next output.
    pub fn write(&mut self, output: &[u8]) {
        let seen = &mut self.seen;
        self.scanner.scan(output, &mut |needle, _| seen[needle] = true);
    }

    /// Whether the marker at this index of the list has passed.
    pub fn has_seen(&self, marker: usize) -> bool {
        self.seen[marker]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_are_seen_across_writes() {
        let mut detector = Detector::new(&["not our ref", "fatal: bad object"]);
        detector.write(b"error: not o");
        assert!(!detector.has_seen(0));
        detector.write(b"ur ref abc\n");
        assert!(detector.has_seen(0));
        assert!(!detector.has_seen(1));
    }
}
