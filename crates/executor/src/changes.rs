//! A hook's changes: which are not allowed, and how the others are told (spec/job.md §8.7).

use std::collections::BTreeMap;
use std::ffi::OsString;

use redkite_shell::{EnvDiff, OverrideMode, Protection, quoted};

/// Drops the changes of variables that a job may not change; answers their names.
pub(crate) fn drop_protected(diff: &mut EnvDiff, mode: OverrideMode) -> Vec<String> {
    let is_blocked = |name: &&str| !Protection::of(name).is_mutable_in_job(mode);
    let blocked: Vec<String> = diff.names().filter(is_blocked).map(str::to_owned).collect();
    for name in &blocked {
        diff.forget(name);
    }
    blocked
}

/// One line per change. The values of settings that changed are told, no other ones.
pub(crate) fn lines(diff: &EnvDiff, settings: &BTreeMap<&'static str, OsString>) -> Vec<String> {
    let now = |name: &str, value: &OsString| format!("{name} is now {}", quoted(value));
    let mut lines = Vec::new();
    for name in diff.added.keys() {
        let setting = settings.get(name.as_str());
        lines.push(setting.map_or_else(|| format!("{name} added"), |value| now(name, value)));
    }
    for (name, change) in &diff.changed {
        let old = quoted(&change.old);
        let told = |value: &OsString| format!("{name} was {old} and is now {}", quoted(value));
        lines.push(settings.get(name.as_str()).map_or_else(|| format!("{name} changed"), told));
    }
    lines.extend(diff.removed.iter().map(|name| format!("{name} removed")));
    let other = settings.iter().filter(|(name, _)| !diff.names().any(|changed| changed == **name));
    lines.extend(other.map(|(name, value)| now(name, value)));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use redkite_shell::Env;

    fn diff(before: &[(&str, &str)], after: &[(&str, &str)]) -> EnvDiff {
        let env = |entries: &[(&str, &str)]| -> Env { entries.iter().copied().collect() };
        env(before).diff(&env(after))
    }

    #[test]
    fn values_are_told_of_settings_only() {
        let diff = diff(
            &[("GONE", "1"), ("OTHER", "1"), ("BUILDKITE_REFSPEC", "a")],
            &[("NEW", "1"), ("OTHER", "2"), ("BUILDKITE_REFSPEC", "b"), ("BUILDKITE_REPO", "x\ny")],
        );
        let settings = [
            ("BUILDKITE_REPO", "x\ny".into()),
            ("BUILDKITE_REFSPEC", "b".into()),
            ("BUILDKITE_ARTIFACT_PATHS", "z".into()),
        ];
        assert_eq!(
            lines(&diff, &settings.into_iter().collect()),
            [
                r#"BUILDKITE_REPO is now "x\ny""#,
                "NEW added",
                r#"BUILDKITE_REFSPEC was "a" and is now "b""#,
                "OTHER changed",
                "GONE removed",
                r#"BUILDKITE_ARTIFACT_PATHS is now "z""#,
            ]
        );
    }

    #[test]
    fn protected_variables_are_dropped() {
        let before = [("BUILDKITE_SHELL", "a"), ("BUILDKITE_BIN_PATH", "a")];
        let after = [("BUILDKITE_SHELL", "b"), ("BUILDKITE_SKIP_CHECKOUT", "true"), ("BUILDKITE_REPO", "r")];
        let check = |mode, blocked: &[&str], left: &[&str]| {
            let mut diff = diff(&before, &after);
            assert_eq!(drop_protected(&mut diff, mode), blocked);
            assert_eq!(diff.names().collect::<Vec<_>>(), left);
        };
        let always = ["BUILDKITE_SHELL", "BUILDKITE_BIN_PATH"];
        check(OverrideMode::FromJob, &always, &["BUILDKITE_REPO", "BUILDKITE_SKIP_CHECKOUT"]);
        let strict = ["BUILDKITE_SKIP_CHECKOUT", "BUILDKITE_SHELL", "BUILDKITE_BIN_PATH"];
        check(OverrideMode::Strict, &strict, &["BUILDKITE_REPO"]);
    }
}
