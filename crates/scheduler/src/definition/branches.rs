//! Branch patterns (spec/control-plane.md §5.3): words with `*`, negated by `!`.

use serde::{Deserialize, Serialize};

/// A list of branch patterns, as in a step's `branches` or a pipeline's filter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BranchPatterns(Vec<String>);

impl BranchPatterns {
    /// Patterns separated by white space.
    pub fn parse(text: &str) -> Self {
        Self(text.split_whitespace().map(str::to_owned).collect())
    }

    /// Whether a build of `branch` is meant: no negative pattern matches, and a positive one does if
    /// there are any.
    pub fn matches(&self, branch: &str) -> bool {
        let (negative, positive): (Vec<&str>, Vec<&str>) =
            self.0.iter().map(String::as_str).partition(|pattern| pattern.starts_with('!'));
        !negative.iter().any(|pattern| matches_pattern(&pattern[1..], branch))
            && (positive.is_empty() || positive.iter().any(|pattern| matches_pattern(pattern, branch)))
    }
}

/// `*` stands for any run of characters, the empty one too; everything else for itself.
fn matches_pattern(pattern: &str, branch: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = branch.strip_prefix(first) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        let Some(found) = rest.find(part) else { return false };
        rest = &rest[found + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(patterns: &str, yes: &[&str], no: &[&str]) {
        let parsed = BranchPatterns::parse(patterns);
        for branch in yes {
            assert!(parsed.matches(branch), "{patterns} should match {branch}");
        }
        for branch in no {
            assert!(!parsed.matches(branch), "{patterns} should not match {branch}");
        }
    }

    #[test]
    fn the_table_of_the_specification() {
        check("main", &["main"], &["main2", "amain"]);
        check("!production", &["x"], &["production"]);
        check("main features/*", &["features/a/b", "main"], &["feature"]);
        check("*-test", &["rails-update-test", "-test"], &["test"]);
        check("stages/* !stages/production", &["stages/demo"], &["stages/production", "main"]);
        check("v*.0", &["v1.0", "v.0"], &["v1.1"]);
        check("v* !v1.*", &["v2.3"], &["v1.1"]);
        check("", &["anything"], &[]);
        check("*", &["anything", ""], &[]);
        check("a*b*c", &["abc", "a-b-b-c"], &["acb", "ab"]);
        check("ab*ba", &["abba"], &["aba"]);
    }
}
