//! Options with a new name, and options without a future (docs/spec/cli.md §7).

use super::resolve::Resolved;

/// What became of an option.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Deprecation {
    /// Its value goes to `new`.
    Renamed { old: &'static str, new: &'static str },
    /// It names `new` in its warning and does nothing.
    Dead { old: &'static str, new: &'static str },
    /// It works; the hint says what to use.
    Old { old: &'static str, hint: &'static str },
}

/// Both the old and the new name of an option were given.
#[derive(Debug, thiserror::Error)]
#[error("couldn't set config option `{old}={old_value}`, `{new}={new_value}` has already been set")]
pub(crate) struct GivenTwice {
    old: &'static str,
    old_value: String,
    new: &'static str,
    new_value: String,
}

/// Moves the values of renamed options, and says what to warn of.
pub(crate) fn apply(table: &[Deprecation], resolved: &mut Resolved) -> Result<Vec<String>, GivenTwice> {
    let mut warnings = Vec::new();
    for &deprecation in table {
        match deprecation {
            Deprecation::Renamed { old, .. }
            | Deprecation::Dead { old, .. }
            | Deprecation::Old { old, .. }
                if !resolved.is_set(old) => {}
            Deprecation::Renamed { old, new } => {
                warnings.push(renamed(old, new));
                rename(old, new, resolved)?;
            }
            Deprecation::Dead { old, new } => warnings.push(renamed(old, new)),
            Deprecation::Old { old, hint } => {
                warnings.push(format!("The config option `{old}` has been deprecated: {hint}"));
            }
        }
    }
    Ok(warnings)
}

fn renamed(old: &str, new: &str) -> String {
    format!("The config option `{old}` has been renamed to `{new}`. Please update your configuration.")
}

fn rename(old: &'static str, new: &'static str, resolved: &mut Resolved) -> Result<(), GivenTwice> {
    if resolved.is_set(new) {
        let (old_value, new_value) = (resolved.display(old), resolved.display(new));
        return Err(GivenTwice { old, old_value, new, new_value });
    }
    resolved.copy(old, new);
    Ok(())
}
