//! Settings that follow their variables (spec/job.md §5.4), as a table.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

use redkite_shell::{Env, OverrideMode, Protection};

use crate::settings::Live;

/// One setting: its variable, and where it lies.
struct Row {
    variable: &'static str,
    field: Field,
}

/// A setting's place, by its type. `Bytes` is what goes to other programs or names files.
enum Field {
    Text(fn(&mut Live) -> &mut String),
    Bytes(fn(&mut Live) -> &mut OsString),
    Flag(fn(&mut Live) -> &mut bool),
    Number(fn(&mut Live) -> &mut i64),
    List(fn(&mut Live) -> &mut Vec<OsString>),
}

const fn text(variable: &'static str, field: fn(&mut Live) -> &mut String) -> Row {
    Row { variable, field: Field::Text(field) }
}

const fn bytes(variable: &'static str, field: fn(&mut Live) -> &mut OsString) -> Row {
    Row { variable, field: Field::Bytes(field) }
}

const fn flag(variable: &'static str, field: fn(&mut Live) -> &mut bool) -> Row {
    Row { variable, field: Field::Flag(field) }
}

const fn number(variable: &'static str, field: fn(&mut Live) -> &mut i64) -> Row {
    Row { variable, field: Field::Number(field) }
}

const fn list(variable: &'static str, field: fn(&mut Live) -> &mut Vec<OsString>) -> Row {
    Row { variable, field: Field::List(field) }
}

const TABLE: &[Row] = &[
    bytes("BUILDKITE_REPO", |live| &mut live.repository),
    text("BUILDKITE_REFSPEC", |live| &mut live.refspec),
    flag("BUILDKITE_GIT_SUBMODULES", |live| &mut live.submodules),
    flag("BUILDKITE_GIT_LFS_ENABLED", |live| &mut live.lfs),
    flag("BUILDKITE_CLEAN_CHECKOUT", |live| &mut live.clean_checkout),
    flag("BUILDKITE_SKIP_CHECKOUT", |live| &mut live.skip_checkout),
    list("BUILDKITE_GIT_SPARSE_CHECKOUT_PATHS", |live| &mut live.sparse_paths),
    text("BUILDKITE_GIT_SPARSE_CHECKOUT_MODE", |live| &mut live.sparse_mode),
    flag("BUILDKITE_GIT_SKIP_FETCH_EXISTING_COMMITS", |live| &mut live.skip_fetch),
    number("BUILDKITE_GIT_CHECKOUT_TIMEOUT", |live| &mut live.checkout_timeout),
    bytes("BUILDKITE_GIT_CHECKOUT_FLAGS", |live| &mut live.checkout_flags),
    bytes("BUILDKITE_GIT_CLONE_FLAGS", |live| &mut live.clone_flags),
    bytes("BUILDKITE_GIT_FETCH_FLAGS", |live| &mut live.fetch_flags),
    bytes("BUILDKITE_GIT_CLONE_MIRROR_FLAGS", |live| &mut live.clone_mirror_flags),
    text("BUILDKITE_GIT_MIRROR_CHECKOUT_MODE", |live| &mut live.mirror_mode),
    bytes("BUILDKITE_GIT_CLEAN_FLAGS", |live| &mut live.clean_flags),
    text("BUILDKITE_GIT_SSH_KEY", |live| &mut live.ssh_key),
    text("BUILDKITE_GIT_COMMIT_VERIFICATION", |live| &mut live.verification),
    list("BUILDKITE_GIT_SUBMODULE_CLONE_CONFIG", |live| &mut live.submodule_configuration),
    flag("BUILDKITE_PLUGINS_ALWAYS_CLONE_FRESH", |live| &mut live.plugins_always_fresh),
    flag("BUILDKITE_GIT_MIRRORS_SKIP_UPDATE", |live| &mut live.mirrors_skip_update),
    bytes("BUILDKITE_ARTIFACT_PATHS", |live| &mut live.artifact_paths),
    bytes("BUILDKITE_ARTIFACT_UPLOAD_DESTINATION", |live| &mut live.artifact_destination),
];

/// What a refresh has found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Refreshed {
    /// New values of the settings that really changed, by variable.
    pub(crate) changed: BTreeMap<&'static str, OsString>,
    /// Variables that can't be read as what they are, with the name of that type.
    pub(crate) unparsable: Vec<(&'static str, &'static str)>,
}

/// Takes over what the job's environment says. A variable that is missing changes nothing.
pub(crate) fn refresh(live: &mut Live, env: &Env, mode: OverrideMode) -> Refreshed {
    let mut refreshed = Refreshed::default();
    for Row { variable, field } in TABLE {
        let Some(value) = env.get(variable) else { continue };
        if mode == OverrideMode::Strict && Protection::of(variable) == Protection::Checkout {
            continue;
        }
        match field.set(live, value) {
            Set::Changed => drop(refreshed.changed.insert(variable, value.to_owned())),
            Set::Same => {}
            Set::NotA(kind) => refreshed.unparsable.push((variable, kind)),
        }
    }
    refreshed
}

/// What came of setting a field.
enum Set {
    Changed,
    Same,
    NotA(&'static str),
}

impl Field {
    fn set(&self, live: &mut Live, value: &OsStr) -> Set {
        let text = redkite_text::shown(value);
        match self {
            Self::Text(field) => replace(field(live), text.into_owned()),
            Self::Bytes(field) => replace(field(live), value.to_owned()),
            Self::Flag(field) => parse_bool(&text).map_or(Set::NotA("bool"), |new| replace(field(live), new)),
            Self::Number(field) => text.parse().map_or(Set::NotA("int"), |new| replace(field(live), new)),
            Self::List(field) => {
                let items = redkite_text::split(value, b',');
                replace(field(live), if value.is_empty() { Vec::new() } else { items.collect() })
            }
        }
    }
}

fn replace<T: PartialEq>(field: &mut T, new: T) -> Set {
    if *field == new {
        return Set::Same;
    }
    *field = new;
    Set::Changed
}

/// The words for yes and no that the reference knows (spec/job.md §1.1).
pub(crate) fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(mode: OverrideMode, entries: &[(&str, &str)], changed: &[&str], unparsable: &[&str]) -> Live {
        let mut live = Live { submodules: true, clone_flags: "-v".into(), ..Live::default() };
        let env: Env = entries.iter().copied().collect();
        let refreshed = refresh(&mut live, &env, mode);
        assert_eq!(refreshed.changed.keys().copied().collect::<Vec<_>>(), changed);
        assert_eq!(refreshed.unparsable.iter().map(|(name, _)| *name).collect::<Vec<_>>(), unparsable);
        live
    }

    #[test]
    fn settings_follow_their_variables() {
        let live = check(
            OverrideMode::FromJob,
            &[
                ("BUILDKITE_GIT_SUBMODULES", "F"),
                ("BUILDKITE_GIT_CLONE_FLAGS", "-v"),
                ("BUILDKITE_GIT_CHECKOUT_TIMEOUT", "12"),
                ("BUILDKITE_GIT_SPARSE_CHECKOUT_PATHS", "a, b"),
                ("BUILDKITE_ARTIFACT_PATHS", ""),
                ("BUILDKITE_COMMAND", "x"),
            ],
            &[
                "BUILDKITE_GIT_CHECKOUT_TIMEOUT",
                "BUILDKITE_GIT_SPARSE_CHECKOUT_PATHS",
                "BUILDKITE_GIT_SUBMODULES",
            ],
            &[],
        );
        assert_eq!((live.submodules, live.checkout_timeout), (false, 12));
        assert_eq!(live.sparse_paths, ["a", " b"]);
    }

    #[test]
    fn nonsense_changes_nothing() {
        let entries = [("BUILDKITE_GIT_SUBMODULES", "no"), ("BUILDKITE_GIT_CHECKOUT_TIMEOUT", "")];
        let names = ["BUILDKITE_GIT_SUBMODULES", "BUILDKITE_GIT_CHECKOUT_TIMEOUT"];
        let live = check(OverrideMode::FromJob, &entries, &[], &names);
        assert!(live.submodules);
    }

    #[test]
    fn strict_mode_locks_the_checkout() {
        let entries = [("BUILDKITE_GIT_CLONE_FLAGS", "-q"), ("BUILDKITE_REPO", "r")];
        let live = check(OverrideMode::Strict, &entries, &["BUILDKITE_REPO"], &[]);
        assert_eq!(live.clone_flags, "-v");
    }
}
