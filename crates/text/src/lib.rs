//! The system's text (variables, arguments, paths), which need not be UTF-8, at the borders to bytes and to text;
//! and how durations are written.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};

mod block;
mod spoken;

#[cfg(unix)]
#[path = "unix.rs"]
mod os;
#[cfg(windows)]
#[path = "windows.rs"]
mod os;

pub use block::{packed, unpacked};
pub use os::from_bytes;
pub use spoken::Spoken;

/// As JSON and people get it: each byte that is no part of UTF-8 becomes a U+FFFD of its own, as in the reference.
pub fn shown(text: &OsStr) -> Cow<'_, str> {
    shown_bytes(text.as_encoded_bytes())
}

/// The same for bytes.
pub fn shown_bytes(bytes: &[u8]) -> Cow<'_, str> {
    // One look at text that is all UTF-8, which it nearly always is.
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        shown.push_str(chunk.valid());
        shown.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    Cow::Owned(shown)
}

/// As [`shown`], of a text that isn't needed otherwise.
pub fn into_shown(text: OsString) -> String {
    text.into_string().unwrap_or_else(|text| shown(&text).into_owned())
}

/// The pieces between separators; `separator` is ASCII.
pub fn split(text: &OsStr, separator: u8) -> impl Iterator<Item = OsString> {
    text.as_encoded_bytes().split(move |byte| *byte == separator).map(from_bytes)
}

/// The text before and after the first separator; `separator` is ASCII.
pub fn split_once(text: &OsStr, separator: u8) -> Option<(OsString, OsString)> {
    let bytes = text.as_encoded_bytes();
    let at = bytes.iter().position(|byte| *byte == separator)?;
    Some((from_bytes(&bytes[..at]), from_bytes(&bytes[at + 1..])))
}

/// Without the white space at both ends; bytes that are no UTF-8 are none.
pub fn trimmed(text: &OsStr) -> OsString {
    let bytes = text.as_encoded_bytes();
    let leading = bytes.utf8_chunks().next().map_or(0, |chunk| {
        let valid = chunk.valid();
        valid.len() - valid.trim_start().len()
    });
    let bytes = &bytes[leading..];
    let trailing = match bytes.utf8_chunks().last() {
        Some(chunk) if chunk.invalid().is_empty() => chunk.valid().len() - chunk.valid().trim_end().len(),
        _ => 0,
    };
    from_bytes(&bytes[..bytes.len() - trailing])
}

/// Texts joined by `separator`.
pub fn join<T: AsRef<OsStr>>(texts: impl IntoIterator<Item = T>, separator: &str) -> OsString {
    let mut joined = OsString::new();
    for (index, text) in texts.into_iter().enumerate() {
        if index > 0 {
            joined.push(separator);
        }
        joined.push(text);
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stray_byte_is_shown_by_itself() {
        let check = |bytes: &[u8], expected: &str| assert_eq!(shown_bytes(bytes), expected);
        check("é".as_bytes(), "é");
        check(b"a\xff\xfez", "a\u{fffd}\u{fffd}z");
        check(b"\xe2\x82z\xe2\x82\xac", "\u{fffd}\u{fffd}z€");
        check(b"\xed\xa0\x80", "\u{fffd}\u{fffd}\u{fffd}");
        check(b"", "");
    }

    #[test]
    fn pieces() {
        let text = |bytes: &[u8]| from_bytes(bytes);
        assert_eq!(split(OsStr::new("a,,b"), b',').collect::<Vec<_>>(), ["a", "", "b"]);
        assert_eq!(split_once(OsStr::new("a=b=c"), b'='), Some(("a".into(), "b=c".into())));
        assert_eq!(split_once(OsStr::new("a"), b'='), None);
        assert_eq!(trimmed(&text("\u{a0} x y\n".as_bytes())), "x y");
        assert_eq!(trimmed(OsStr::new(" \n")), "");
        assert_eq!(join(["a", "b"], ", "), "a, b");
    }

    #[cfg(unix)]
    proptest::proptest! {
        #[test]
        fn no_byte_is_lost(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..40)) {
            let text = from_bytes(&bytes[..]);
            proptest::prop_assert_eq!(text.as_encoded_bytes(), &bytes[..]);
            proptest::prop_assert_eq!(join(split(&text, b','), ","), text.clone());
            let inner = trimmed(&text);
            let at = bytes.windows(inner.len().max(1)).any(|window| window == inner.as_encoded_bytes());
            proptest::prop_assert!(inner.is_empty() || at);
            proptest::prop_assert_eq!(trimmed(&inner), inner);
        }
    }
}
