//! What is fetched for a job (spec/checkout.md §8.2): the table, without running anything.
use crate::settings::{PullRequestRef, Source};

/// The fetch that a job's source asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    /// The user's own refspecs.
    Custom(String),
    /// A GitHub pull request's ref, and the commit if it is known.
    PullRequest {
        /// `refs/pull/N/head` or `/merge`.
        reference: String,
        /// Which of the two.
        which: PullRequestRef,
        /// `None` for `HEAD`.
        commit: Option<String>,
    },
    /// The tip of the branch.
    Branch(String),
    /// One commit.
    Commit(String),
}

impl Plan {
    /// The plan for `source`; the first kind that fits.
    #[must_use]
    pub(crate) fn of(source: &Source) -> Self {
        if !source.refspec.is_empty() {
            return Self::Custom(source.refspec.clone());
        }
        let commit = (!source.is_head()).then(|| source.commit.clone());
        if is_github_pull_request(source) {
            return Self::PullRequest {
                reference: pull_request_ref(source),
                which: source.pull_request_ref,
                commit,
            };
        }
        match commit {
            None => Self::Branch(source.branch.clone()),
            Some(commit) => Self::Commit(commit),
        }
    }

    /// The kind, as a trace names it (spec/checkout.md §21).
    #[must_use]
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Custom(_) => "custom",
            Self::PullRequest { which: PullRequestRef::Head, .. } => "github-pr-head",
            Self::PullRequest { which: PullRequestRef::Merge, .. } => "github-pr-merge",
            Self::Branch(_) => "branch",
            Self::Commit(_) => "commit",
        }
    }

    /// Whether what is fetched is one known commit, which another repository may have, too (spec/checkout.md §11.5).
    #[must_use]
    pub(crate) const fn may_use_remote_mirror(&self) -> bool {
        matches!(self, Self::Commit(_) | Self::PullRequest { commit: Some(_), .. })
    }

    /// What the job log says about it.
    #[must_use]
    pub(crate) const fn comment(&self) -> &'static str {
        match self {
            Self::Custom(_) => "Fetch and checkout custom refspec",
            Self::PullRequest { which: PullRequestRef::Head, .. } => {
                "Fetch and checkout pull request head from GitHub"
            }
            Self::PullRequest { which: PullRequestRef::Merge, .. } => {
                "Fetch and checkout pull request merge commit from GitHub"
            }
            Self::Branch(_) => "Fetch and checkout remote branch HEAD commit",
            Self::Commit(_) => "Fetch and checkout commit",
        }
    }

    /// The refspecs, each of them still to be split into words.
    #[must_use]
    pub(crate) fn refspecs(&self) -> Vec<String> {
        match self {
            Self::Custom(text) | Self::Branch(text) | Self::Commit(text) => vec![text.clone()],
            Self::PullRequest { reference, commit, .. } => {
                std::iter::once(reference).chain(commit.as_ref()).cloned().collect()
            }
        }
    }

    /// Put before the error of a failed fetch.
    #[must_use]
    pub(crate) fn failure(&self) -> String {
        match self {
            Self::Custom(refspec) => format!("fetching refspec {refspec:?}"),
            Self::PullRequest { .. } => {
                let quoted: Vec<_> = self.refspecs().iter().map(|r| format!("{r:?}")).collect();
                format!("fetching PR refspec [{}]", quoted.join(" "))
            }
            Self::Branch(branch) => format!("fetching branch {branch:?}"),
            Self::Commit(commit) => format!("fetching commit {commit:?}"),
        }
    }
}

/// What a mirror on this host fetches when it lacks the commit (spec/checkout.md §10.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MirrorPlan {
    /// The user's own refspecs.
    Custom(String),
    /// A GitHub pull request's ref.
    PullRequest(String),
    /// The branch, whatever the commit.
    Branch(String),
}

impl MirrorPlan {
    /// The plan for `source`.
    #[must_use]
    pub(crate) fn of(source: &Source) -> Self {
        if !source.refspec.is_empty() {
            Self::Custom(source.refspec.clone())
        } else if is_github_pull_request(source) {
            Self::PullRequest(pull_request_ref(source))
        } else {
            Self::Branch(source.branch.clone())
        }
    }

    /// The refspec, still to be split into words.
    #[must_use]
    pub(crate) fn refspec(&self) -> &str {
        match self {
            Self::Custom(text) | Self::PullRequest(text) | Self::Branch(text) => text,
        }
    }
}

/// Only `false` says that there is no pull request; the provider is compared with its case.
fn is_github_pull_request(source: &Source) -> bool {
    source.pull_request != "false" && source.provider.contains("github")
}

fn pull_request_ref(source: &Source) -> String {
    let kind = match source.pull_request_ref {
        PullRequestRef::Head => "head",
        PullRequestRef::Merge => "merge",
    };
    format!("refs/pull/{}/{kind}", source.pull_request)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(commit: &str, refspec: &str, pull_request: &str, provider: &str) -> Source {
        Source {
            commit: commit.into(),
            branch: "main".into(),
            refspec: refspec.into(),
            pull_request: pull_request.into(),
            provider: provider.into(),
            ..Source::default()
        }
    }

    #[test]
    fn the_first_kind_that_fits_is_fetched() {
        let check = |source: &Source, refspecs: &[&str], failure: &str| {
            let plan = Plan::of(source);
            assert_eq!(plan.refspecs(), refspecs);
            assert_eq!(plan.failure(), failure);
        };
        check(&source("HEAD", "", "false", "github"), &["main"], "fetching branch \"main\"");
        check(&source("abc", "", "false", "github"), &["abc"], "fetching commit \"abc\"");
        check(&source("abc", "a b", "7", "github"), &["a b"], "fetching refspec \"a b\"");
        check(
            &source("abc", "", "7", "github_enterprise"),
            &["refs/pull/7/head", "abc"],
            "fetching PR refspec [\"refs/pull/7/head\" \"abc\"]",
        );
        check(
            &source("HEAD", "", "7", "github"),
            &["refs/pull/7/head"],
            "fetching PR refspec [\"refs/pull/7/head\"]",
        );
        check(&source("abc", "", "7", "GitHub"), &["abc"], "fetching commit \"abc\"");
        check(&source("HEAD", "", "7", "gitlab"), &["main"], "fetching branch \"main\"");
        let unset = Plan::of(&source("HEAD", "", "", "github")).refspecs();
        assert_eq!(unset, ["refs/pull//head"]);
    }

    #[test]
    fn merge_refs_are_fetched_when_wanted() {
        let merge = Source { pull_request_ref: PullRequestRef::Merge, ..source("abc", "", "7", "github") };
        assert_eq!(Plan::of(&merge).refspecs(), ["refs/pull/7/merge", "abc"]);
        assert!(Plan::of(&merge).comment().contains("merge commit"));
        assert_eq!(MirrorPlan::of(&merge).refspec(), "refs/pull/7/merge");
    }

    #[test]
    fn a_mirror_fetches_the_branch_for_a_commit() {
        let check = |source: &Source, refspec: &str| assert_eq!(MirrorPlan::of(source).refspec(), refspec);
        check(&source("abc", "", "false", "github"), "main");
        check(&source("HEAD", "", "false", "github"), "main");
        check(&source("abc", "a b", "7", "github"), "a b");
        check(&source("abc", "", "7", "github"), "refs/pull/7/head");
    }
}
