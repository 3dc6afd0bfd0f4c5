//! What the agent reads out of, and leaves out of, the user's git flags.

use std::ffi::OsString;

/// Whether the user asks for a partial clone (spec/checkout.md §7.2).
#[must_use]
pub(crate) fn has_filter(flags: &[OsString]) -> bool {
    flags.iter().enumerate().any(|(at, flag)| {
        let flag = flag.as_encoded_bytes();
        flag.starts_with(b"--fi") && (flag.contains(&b'=') || at + 1 < flags.len())
    })
}

/// Whether any flag starts with one of `prefixes`; git accepts abbreviated options.
#[must_use]
pub(crate) fn any_starts_with(flags: &[OsString], prefixes: &[&str]) -> bool {
    let starts = |flag: &OsString, prefix: &str| flag.as_encoded_bytes().starts_with(prefix.as_bytes());
    flags.iter().any(|flag| prefixes.iter().any(|prefix| starts(flag, prefix)))
}

const WITHOUT_VALUE: [&str; 4] = ["dry-run", "prefetch", "negotiate-only", "unshallow"];
const WITH_VALUE: [&str; 4] = ["depth", "deepen", "shallow-since", "shallow-exclude"];

/// The fetch flags for the tip of a branch in commit verification (spec/checkout.md §15): without those that
/// fetch nothing or limit history. `--no-…` and short options stay.
#[must_use]
pub(crate) fn for_verification(flags: &[OsString]) -> Vec<OsString> {
    let mut kept = Vec::new();
    let mut flags = flags.iter();
    while let Some(flag) = flags.next() {
        let text = redkite_text::shown(flag);
        let option = text.strip_prefix("--").unwrap_or_default();
        let (name, value) =
            option.split_once('=').map_or((option, None), |(name, value)| (name, Some(value)));
        let abbreviates =
            |names: &[&str]| !name.is_empty() && names.iter().any(|long| long.starts_with(name));
        if abbreviates(&WITH_VALUE) {
            if value.is_none() {
                flags.next();
            }
        } else if !abbreviates(&WITHOUT_VALUE) {
            kept.push(flag.clone());
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<OsString> {
        text.split_whitespace().map(Into::into).collect()
    }

    #[test]
    fn filters_are_seen_however_they_are_written() {
        for (flags, filtered) in [
            ("-v", false),
            ("--filter=blob:none", true),
            ("--fil=tree:0 -v", true),
            ("--filter blob:none", true),
            ("-v --filter", false),
            ("--no-filter", false),
        ] {
            assert_eq!(has_filter(&words(flags)), filtered, "{flags}");
        }
    }

    #[test]
    fn verification_fetches_all_of_a_branch() {
        let check =
            |flags: &str, kept: &str| assert_eq!(for_verification(&words(flags)), words(kept), "{flags}");
        check("-v --depth 1 --upload-pack=X --dry-run", "-v --upload-pack=X");
        check("-v --prune", "-v --prune");
        check("--dep=1 --dee 2 -v", "-v");
        check("--shallow-since=x --shallow-exclude y --unsh --pref", "");
        check("--no-tags --no-depth -n --", "--no-tags --no-depth -n --");
        check("--p --prune", "--prune");
    }
}
