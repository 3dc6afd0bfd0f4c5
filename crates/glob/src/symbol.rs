//! What patterns and paths consist of.

/// A character, or a byte that is no part of one: names of files need not be text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Symbol {
    /// A character.
    Char(char),
    /// A byte that is no part of UTF-8.
    Stray(u8),
}

impl Symbol {
    /// The symbols of a text.
    pub fn of(text: &[u8]) -> impl Iterator<Item = Self> {
        text.utf8_chunks().flat_map(|chunk| {
            let strays = chunk.invalid().iter().map(|byte| Self::Stray(*byte));
            chunk.valid().chars().map(Self::Char).chain(strays)
        })
    }

    /// Writes it at the end of a text.
    pub fn push_to(self, text: &mut Vec<u8>) {
        match self {
            Self::Char(c) => text.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            Self::Stray(byte) => text.push(byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn a_text_is_its_symbols(text in proptest::collection::vec(proptest::num::u8::ANY, 0..20)) {
            let mut back = Vec::new();
            Symbol::of(&text).for_each(|symbol| symbol.push_to(&mut back));
            proptest::prop_assert_eq!(back, text);
        }
    }
}
