//! Text on a screen: how wide it is, where it may be cut, what of it may be shown.

use jiff::SignedDuration;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Columns that `text` takes.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// `text` in at most `columns` columns, cut between graphemes and ended with `…` if something is missing.
pub(super) fn fit(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let Some(room) = columns.checked_sub(1) else { return String::new() };
    let mut kept = String::new();
    let mut used = 0;
    for grapheme in text.graphemes(true) {
        used += width(grapheme);
        if used > room {
            break;
        }
        kept.push_str(grapheme);
    }
    kept.push('…');
    kept
}

/// `text` on one line: runs of white space become one space, control characters go.
pub(crate) fn one_line(text: &str) -> String {
    let visible: String = text
        .chars()
        .map(|char| if char.is_whitespace() { ' ' } else { char })
        .filter(|char| !char.is_control())
        .collect();
    visible.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Tabs become spaces, so that a log line's width can be known.
pub(super) fn expand_tabs(text: &str) -> String {
    if !text.contains('\t') {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut column = 0;
    for grapheme in text.graphemes(true) {
        if grapheme == "\t" {
            let stop = 8 - column % 8;
            out.extend(std::iter::repeat_n(' ', stop));
            column += stop;
        } else {
            out.push_str(grapheme);
            column += width(grapheme);
        }
    }
    out
}

/// A duration as people read it: `0.4s`, `12.3s`, `1m 05s`, `1h 02m`.
pub(crate) fn duration(span: SignedDuration) -> String {
    let millis = span.as_millis().max(0);
    let seconds = millis / 1000;
    match seconds {
        0..60 => format!("{}.{}s", seconds, millis % 1000 / 100),
        60..3600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h {:02}m", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn cuts_between_graphemes() {
        for (text, columns, expected) in [
            ("short", 10, "short"),
            ("exactly", 7, "exactly"),
            ("too long", 5, "too …"),
            ("日本語", 5, "日本…"),
            ("日本語", 4, "日…"),
            ("👩‍👩‍👧 family", 3, "👩‍👩‍👧…"),
            ("e\u{301}e\u{301}e\u{301}", 2, "e\u{301}…"),
            ("x", 0, ""),
        ] {
            assert_eq!(fit(text, columns), expected, "{text:?} in {columns}");
        }
    }

    #[test]
    fn one_line_has_no_control_characters() {
        for (text, expected) in
            [("a\n  b\tc", "a b c"), ("\u{1b}[31mred\u{7}", "[31mred"), ("  ", ""), ("a\u{85}b", "a b")]
        {
            assert_eq!(one_line(text), expected, "{text:?}");
        }
    }

    #[test]
    fn durations() {
        for (millis, expected) in [
            (0, "0.0s"),
            (-5, "0.0s"),
            (449, "0.4s"),
            (59_999, "59.9s"),
            (60_000, "1m 00s"),
            (3_599_999, "59m 59s"),
            (3_720_000, "1h 02m"),
        ] {
            assert_eq!(duration(SignedDuration::from_millis(millis)), expected);
        }
    }

    #[test]
    fn tabs_go_to_the_next_stop() {
        assert_eq!(expand_tabs("a\tb\t\tc"), "a       b               c");
        assert_eq!(expand_tabs("日\tb"), "日      b");
    }

    proptest! {
        #[test]
        fn fits_whatever_it_is(text in "\\PC*", columns in 0_usize..40) {
            prop_assert!(width(&fit(&text, columns)) <= columns);
        }
    }
}
