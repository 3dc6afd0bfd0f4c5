//! Joins the many small parts that stamping makes of output.

/// From which size on parts are handed on.
const ENOUGH: usize = 64 * 1024;

/// A buffer that is used again and again.
#[derive(Debug, Default)]
pub(crate) struct Gather(Vec<u8>);

impl Gather {
    /// Adds a part; hands all of them to `sink` when they are enough.
    pub(crate) fn add(&mut self, part: &[u8], sink: &mut impl FnMut(&[u8])) {
        if self.0.is_empty() && part.len() >= ENOUGH {
            return sink(part);
        }
        self.0.extend_from_slice(part);
        if self.0.len() >= ENOUGH {
            self.hand_on(sink);
        }
    }

    /// Hands on what is there.
    pub(crate) fn hand_on(&mut self, sink: &mut impl FnMut(&[u8])) {
        if !self.0.is_empty() {
            sink(&self.0);
            self.0.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_lost_and_little_is_kept() {
        let (mut gather, mut out, mut calls) = (Gather::default(), Vec::new(), 0);
        let mut sink = |part: &[u8]| {
            out.extend_from_slice(part);
            calls += 1;
        };
        let large = vec![b'x'; ENOUGH];
        for part in [&b"a"[..], b"b", &large, &large, b"c"] {
            gather.add(part, &mut sink);
        }
        gather.hand_on(&mut sink);
        gather.hand_on(&mut sink);
        assert!(out == [b"ab", &large[..], &large, b"c"].concat());
        assert_eq!(calls, 3);
    }
}
