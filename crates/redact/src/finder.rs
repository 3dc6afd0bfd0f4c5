//! Where in a text an occurrence of any needle could begin: a search for their first bytes, many at a time.

use aho_corasick::packed;
use memchr::memmem;

use crate::needle::Needle;

/// How many first bytes of a needle are searched for. More makes false alarms rarer, but a text's last
/// bytes, where the rest is cut off, are looked at one by one.
const PREFIX_LEN: usize = 8;

/// A search for positions where some prefix may stand; it misses none that stands whole.
#[derive(Debug)]
pub(crate) enum Finder {
    /// There are no prefixes.
    Nothing,
    /// One prefix.
    One(memmem::Finder<'static>),
    /// A few prefixes, compared with vector instructions.
    Packed(packed::Searcher),
    /// Many prefixes, or a processor without the instructions: only their first bytes are looked at.
    Beginnings(Box<Beginnings>),
}

impl Finder {
    /// Finds starts of any of `needles`; the second value is the longest prefix.
    pub(crate) fn new<'a>(needles: impl Iterator<Item = &'a Needle>) -> (Self, usize) {
        let mut prefixes: Vec<&[u8]> = needles.map(|needle| needle.literal_prefix(PREFIX_LEN)).collect();
        prefixes.sort_unstable();
        prefixes.dedup();
        let longest = prefixes.iter().map(|prefix| prefix.len()).max().unwrap_or(0);
        let finder = match prefixes.as_slice() {
            [] => Self::Nothing,
            [one] => Self::One(memmem::Finder::new(one).into_owned()),
            many => match packed::Searcher::new(many) {
                Some(searcher) => Self::Packed(searcher),
                None => Self::Beginnings(Box::new(Beginnings::new(many))),
            },
        };
        (finder, longest)
    }

    /// The first position at or after `from` where a prefix may stand.
    pub(crate) fn next(&self, text: &[u8], from: usize) -> Option<usize> {
        match self {
            Self::Nothing => None,
            Self::One(finder) => finder.find(&text[from..]).map(|at| from + at),
            Self::Packed(searcher) => {
                searcher.find_in(text, (from..text.len()).into()).map(|found| found.start())
            }
            Self::Beginnings(beginnings) => beginnings.next(text, from),
        }
    }
}

/// How many bytes of a prefix are looked at.
const BEGINNING_LEN: usize = 3;

/// The hashes of the first bytes of prefixes, as a set of bits that stays in the processor's nearest cache.
#[derive(Debug)]
pub(crate) struct Beginnings([u64; BITS / 64]);

const BITS: usize = 1 << 16;

/// How many positions are looked at together.
const BLOCK: usize = 16;

impl Beginnings {
    fn new(prefixes: &[&[u8]]) -> Self {
        let mut beginnings = Self([0; BITS / 64]);
        for prefix in prefixes {
            match **prefix {
                [a, b, c, ..] => beginnings.insert([a, b, c]),
                [a, b] => (0..=u8::MAX).for_each(|c| beginnings.insert([a, b, c])),
                // So short a prefix is nearly everywhere anyhow.
                [_] | [] => beginnings.0.fill(u64::MAX),
            }
        }
        beginnings
    }

    fn insert(&mut self, bytes: [u8; BEGINNING_LEN]) {
        let bit = Self::hash(bytes);
        self.0[bit / 64] |= 1 << (bit % 64);
    }

    fn contains(&self, bytes: [u8; BEGINNING_LEN]) -> bool {
        let bit = Self::hash(bytes);
        self.0[bit / 64] >> (bit % 64) & 1 == 1
    }

    /// The upper half of a product by the golden ratio.
    fn hash([a, b, c]: [u8; BEGINNING_LEN]) -> usize {
        usize::from((u32::from_le_bytes([a, b, c, 0]).wrapping_mul(0x9e37_79b1) >> 16) as u16)
    }

    fn next(&self, text: &[u8], from: usize) -> Option<usize> {
        // Several positions at a time without a branch; which of them it was is found out afterwards.
        let mut at = from;
        while let Some(block) = text.get(at..at + BLOCK + BEGINNING_LEN - 1) {
            let found = (0..BLOCK)
                .fold(false, |found, i| found | self.contains([block[i], block[i + 1], block[i + 2]]));
            if found {
                break;
            }
            at += BLOCK;
        }
        let rest = &text[at..];
        match rest.windows(BEGINNING_LEN).position(|bytes| self.contains([bytes[0], bytes[1], bytes[2]])) {
            Some(ahead) => Some(at + ahead),
            // Nobody knows what follows the last bytes.
            None => {
                Some(at.max((text.len() + 1).saturating_sub(BEGINNING_LEN))).filter(|at| *at < text.len())
            }
        }
    }
}
