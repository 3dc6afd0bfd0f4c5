//! Where in a text an occurrence of any needle could begin: a vectorised search for their first bytes.

use aho_corasick::{AhoCorasick, MatchKind, packed};
use memchr::memmem;

/// How many first bytes of a needle are searched for. More makes false alarms rarer, but a text's last
/// bytes, where the rest is cut off, are looked at one by one.
const PREFIX_LEN: usize = 8;

/// A search for the earliest of some prefixes.
#[derive(Debug)]
pub(crate) enum Finder {
    /// There are no prefixes.
    Nothing,
    /// One prefix.
    One(memmem::Finder<'static>),
    /// A few prefixes, compared many bytes at a time.
    Packed(packed::Searcher),
    /// Many prefixes, or a processor without the instructions.
    Automaton(AhoCorasick),
}

impl Finder {
    /// Finds the earliest start of any of `needles`' prefixes; the second value is the longest prefix.
    pub(crate) fn new<'a>(needles: impl Iterator<Item = &'a crate::needle::Needle>) -> (Self, usize) {
        let mut prefixes: Vec<&[u8]> = needles.map(|needle| needle.literal_prefix(PREFIX_LEN)).collect();
        prefixes.sort_unstable();
        prefixes.dedup();
        let longest = prefixes.iter().map(|prefix| prefix.len()).max().unwrap_or(0);
        let finder = match prefixes.as_slice() {
            [] => Self::Nothing,
            [one] => Self::One(memmem::Finder::new(one).into_owned()),
            many => Self::of_many(many),
        };
        (finder, longest)
    }

    fn of_many(prefixes: &[&[u8]]) -> Self {
        if let Some(searcher) = packed::Searcher::new(prefixes) {
            return Self::Packed(searcher);
        }
        let automaton = AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(prefixes);
        Self::Automaton(automaton.expect("prefixes of eight bytes stay far below the automaton's limits"))
    }

    /// The first position at or after `from` where a whole prefix stands.
    pub(crate) fn next(&self, text: &[u8], from: usize) -> Option<usize> {
        match self {
            Self::Nothing => None,
            Self::One(finder) => finder.find(&text[from..]).map(|at| from + at),
            Self::Packed(searcher) => {
                searcher.find_in(text, (from..text.len()).into()).map(|found| found.start())
            }
            Self::Automaton(automaton) => {
                automaton.find(aho_corasick::Input::new(text).range(from..)).map(|found| found.start())
            }
        }
    }
}
