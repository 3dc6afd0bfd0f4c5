//! Where the items of a list come from (docs/spec/cli.md §3).

use std::ffi::{OsStr, OsString};

/// A list that a variable holds: pieces between commas, trimmed. An empty variable has one empty item.
pub(crate) fn of_variable(text: &OsStr) -> Vec<OsString> {
    redkite_text::split(text, b',').map(|item| redkite_text::trimmed(&item)).collect()
}

/// A list in the configuration file: pieces between commas, untrimmed.
pub(crate) fn of_file(text: &OsStr) -> Vec<OsString> {
    redkite_text::split(text, b',').collect()
}

/// What was typed replaces the base; an item of the base that was typed again stays once.
pub(crate) fn typed_over(base: &[OsString], typed: &[OsString]) -> Vec<OsString> {
    let mut items: Vec<_> = base.iter().chain(typed).cloned().collect();
    for item in base {
        if let Some(position) = items.iter().position(|candidate| candidate == item) {
            items.remove(position);
        }
    }
    items
}

/// Splits every item on commas, drops empty pieces and trims the others, of which a blank one becomes empty.
pub(crate) fn split_items(items: &[OsString]) -> Vec<OsString> {
    let pieces = items.iter().flat_map(|item| redkite_text::split(item, b','));
    pieces.filter(|piece| !piece.is_empty()).map(|piece| redkite_text::trimmed(&piece)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(items: &[&str]) -> Vec<OsString> {
        items.iter().map(OsString::from).collect()
    }

    #[test]
    fn what_was_typed_replaces_the_base() {
        let base = strings(&["a", "b"]);
        assert_eq!(typed_over(&base, &strings(&["c"])), strings(&["c"]));
        assert_eq!(typed_over(&base, &strings(&["b", "c"])), strings(&["b", "c"]));
        assert_eq!(typed_over(&[], &strings(&[""])), strings(&[""]));
    }

    #[test]
    fn items_are_split_and_trimmed() {
        assert_eq!(split_items(&strings(&["a, b", "", "c,,  "])), strings(&["a", "b", "c", ""]));
        assert_eq!(of_variable("".as_ref()), strings(&[""]));
        assert_eq!(of_variable("a , b".as_ref()), strings(&["a", "b"]));
        assert_eq!(of_file("a , b".as_ref()), strings(&["a ", " b"]));
    }
}
