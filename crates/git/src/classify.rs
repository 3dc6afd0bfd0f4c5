//! What kind of failure a git command's end and output stand for (spec/checkout.md §5.2).

/// The kind of a git failure; it decides what is cleaned and whether another attempt follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// A clone, of any kind.
    Clone,
    /// A clone that git gave up for being too slow.
    CloneTimeout,
    /// `git clean`.
    Clean,
    /// `git clean` inside the submodules.
    CleanSubmodules,
    /// A checkout of something that isn't there: the directory is good.
    CheckoutNotATree,
    /// A checkout that git refused altogether.
    CheckoutRetryClean,
    /// A checkout that failed otherwise.
    Checkout,
    /// The remote has no such ref.
    FetchBadReference,
    /// The remote has or gives no such object.
    FetchRefNotOnRemote,
    /// The local repository lacks an object that it should have.
    FetchBadObject,
    /// A fetch that git refused altogether.
    FetchRetryClean,
    /// A fetch that failed otherwise.
    Fetch,
    /// `git repack`.
    Repack,
    /// Git LFS.
    Lfs,
}

impl Class {
    /// Whether the checkout directory is removed before the next attempt.
    #[must_use]
    pub const fn wipes(self) -> bool {
        match self {
            Self::Clone
            | Self::CloneTimeout
            | Self::Clean
            | Self::CleanSubmodules
            | Self::CheckoutRetryClean
            | Self::FetchRefNotOnRemote
            | Self::FetchBadObject
            | Self::FetchRetryClean => true,
            Self::CheckoutNotATree
            | Self::Checkout
            | Self::FetchBadReference
            | Self::Fetch
            | Self::Repack
            | Self::Lfs => false,
        }
    }

    /// Whether a fetch that failed so is not tried again in place.
    #[must_use]
    pub const fn ends_inner_retry(self) -> bool {
        matches!(self, Self::FetchRefNotOnRemote | Self::FetchBadObject | Self::FetchRetryClean)
    }
}

/// The git operations whose failures are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// `git clone`.
    Clone,
    /// `git clean`.
    Clean,
    /// `git submodule foreach … clean`.
    CleanSubmodules,
    /// `git checkout`.
    Checkout,
    /// `git fetch`.
    Fetch,
    /// `git repack`.
    Repack,
    /// `git lfs fetch` and `git lfs checkout`.
    Lfs,
}

const TOO_SLOW: &str = "Operation too slow";
const NOT_A_TREE: &str = "fatal: reference is not a tree";
const NO_REMOTE_REF: [&str; 2] = ["fatal: couldn't find remote ref", "fatal: Couldn't find remote ref"];
const NOT_ON_REMOTE: [&str; 2] = ["not our ref", "Server does not allow request for unadvertised object"];
const BAD_OBJECT: &str = "fatal: bad object";

impl Operation {
    /// The strings to look for in the operation's output.
    #[must_use]
    pub(crate) const fn needles(self) -> &'static [&'static str] {
        match self {
            Self::Clone => &[TOO_SLOW],
            Self::Checkout => &[NOT_A_TREE],
            Self::Fetch => {
                &[NO_REMOTE_REF[0], NO_REMOTE_REF[1], NOT_ON_REMOTE[0], NOT_ON_REMOTE[1], BAD_OBJECT]
            }
            Self::Clean | Self::CleanSubmodules | Self::Repack | Self::Lfs => &[],
        }
    }

    /// The class of a failure with exit status `status`, `seen` telling which needles occurred.
    pub(crate) fn classify(self, status: i32, seen: impl Fn(&str) -> bool) -> Class {
        let any = |needles: &[&str]| needles.iter().any(|needle| seen(needle));
        match self {
            Self::Clone if seen(TOO_SLOW) => Class::CloneTimeout,
            Self::Clone => Class::Clone,
            Self::Clean => Class::Clean,
            Self::CleanSubmodules => Class::CleanSubmodules,
            Self::Checkout if seen(NOT_A_TREE) => Class::CheckoutNotATree,
            Self::Checkout if status == 128 => Class::CheckoutRetryClean,
            Self::Checkout => Class::Checkout,
            Self::Fetch if any(&NO_REMOTE_REF) => Class::FetchBadReference,
            Self::Fetch if any(&NOT_ON_REMOTE) => Class::FetchRefNotOnRemote,
            Self::Fetch if seen(BAD_OBJECT) => Class::FetchBadObject,
            Self::Fetch if status == 128 => Class::FetchRetryClean,
            Self::Fetch => Class::Fetch,
            Self::Repack => Class::Repack,
            Self::Lfs => Class::Lfs,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(operation: Operation, status: i32, output: &str, class: Class) {
        assert_eq!(operation.classify(status, |needle| output.contains(needle)), class, "{output}");
    }

    #[test]
    fn output_and_status_decide() {
        use Operation as O;
        check(O::Clone, 128, "error: RPC failed; Operation too slow. Less than…", Class::CloneTimeout);
        check(O::Clone, 128, "fatal: repository not found", Class::Clone);
        check(O::Clean, 128, "", Class::Clean);
        check(O::CleanSubmodules, 1, "", Class::CleanSubmodules);
        check(O::Checkout, 128, "fatal: reference is not a tree: abc", Class::CheckoutNotATree);
        check(O::Checkout, 128, "fatal: Unable to create index.lock", Class::CheckoutRetryClean);
        check(O::Checkout, 1, "error: pathspec", Class::Checkout);
        check(O::Fetch, 128, "fatal: couldn't find remote ref x", Class::FetchBadReference);
        check(O::Fetch, 128, "fatal: Couldn't find remote ref x", Class::FetchBadReference);
        check(O::Fetch, 128, "fatal: remote error: upload-pack: not our ref 12", Class::FetchRefNotOnRemote);
        check(
            O::Fetch,
            1,
            "error: Server does not allow request for unadvertised object 12",
            Class::FetchRefNotOnRemote,
        );
        check(O::Fetch, 128, "fatal: bad object refs/heads/x", Class::FetchBadObject);
        check(O::Fetch, 128, "fatal: not a git repository", Class::FetchRetryClean);
        check(O::Fetch, 1, "could not lock", Class::Fetch);
        check(O::Repack, 1, "", Class::Repack);
        check(O::Lfs, 2, "", Class::Lfs);
    }

    #[test]
    fn the_first_row_that_matches_wins() {
        let both = "fatal: couldn't find remote ref x\nnot our ref\nfatal: bad object";
        check(Operation::Fetch, 128, both, Class::FetchBadReference);
        check(Operation::Fetch, 128, "not our ref\nfatal: bad object", Class::FetchRefNotOnRemote);
    }

    #[test]
    fn every_string_that_decides_is_looked_for() {
        for operation in [Operation::Clone, Operation::Checkout, Operation::Fetch] {
            let asked = std::cell::RefCell::new(Vec::new());
            operation.classify(7, |needle| {
                asked.borrow_mut().push(needle.to_owned());
                false
            });
            for needle in asked.into_inner() {
                assert!(operation.needles().contains(&needle.as_str()), "{needle}");
            }
        }
    }
}
