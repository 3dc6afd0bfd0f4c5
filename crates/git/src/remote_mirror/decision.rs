//! Whether, and where, an attempt may use the job's remote mirror (spec/checkout.md §11.1): rules without effects.
use crate::flags;
use crate::paths::sanitised;
use crate::settings::{PullRequestRef, Settings};
use crate::url::Url;
use std::ffi::OsString;

/// Where the remote mirror is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Site {
    /// For the mirror on this host.
    OnHostMirror,
    /// For a checkout that exists.
    ExistingCheckout,
    /// For the first clone.
    FreshClone,
}

impl Site {
    /// As in the log.
    #[must_use]
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::OnHostMirror => "on-host-mirror",
            Self::ExistingCheckout => "existing-checkout",
            Self::FreshClone => "fresh-clone",
        }
    }
}

/// Why the remote mirror isn't used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Skip {
    /// There is none.
    NoUrl,
    /// Not a whole `https` URL.
    NotHttps,
    /// A hook changed the repository.
    CanonicalChanged,
    /// The commit is not 40 lower-case hexadecimal digits.
    NotFullObjectId,
    /// No branch.
    EmptyBranch,
    /// The branch makes too long a ref.
    BranchTooLong,
    /// The user fetches something else.
    CustomRefspec,
    /// A tag build.
    TagBuild,
    /// A pull request's merge ref.
    PullRequestMergeRef,
    /// A pull request, with a ref map of the user's.
    PullRequestRefmap,
    /// An earlier attempt failed.
    NotFirstAttempt,
    /// The repository's files lie elsewhere.
    SeparateGitDir,
    /// A clone that takes its submodules along.
    RecursiveSubmodules,
    /// The user's own configuration mentions the URL.
    UrlConfigConflict,
}

impl Skip {
    /// As in the log.
    #[must_use]
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::NoUrl => "no-url",
            Self::NotHttps => "not-https",
            Self::CanonicalChanged => "canonical-changed",
            Self::NotFullObjectId => "not-full-object-id",
            Self::EmptyBranch => "empty-branch",
            Self::BranchTooLong => "branch-too-long",
            Self::CustomRefspec => "custom-refspec",
            Self::TagBuild => "tag-build",
            Self::PullRequestMergeRef => "pull-request-merge-ref",
            Self::PullRequestRefmap => "pull-request-refmap",
            Self::NotFirstAttempt => "not-first-attempt",
            Self::SeparateGitDir => "separate-git-dir",
            Self::RecursiveSubmodules => "recursive-submodules",
            Self::UrlConfigConflict => "url-config-conflict",
        }
    }
}

/// What there is at `<checkout>/.git`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GitDirectory {
    /// Nothing.
    Missing,
    /// A directory.
    Directory,
    /// A file that names it.
    Elsewhere,
}

/// What the decision depends on, beside the settings.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Situation<'a> {
    /// From 1.
    pub attempt: u32,
    /// What there is already.
    pub git: GitDirectory,
    /// The clone flags, split; none if they can't be.
    pub clone_flags: &'a [OsString],
    /// The fetch flags, split; none if they can't be.
    pub fetch_flags: &'a [OsString],
}

const LONGEST_BRANCH: usize = 240;

/// Decides for one attempt.
///
/// # Errors
/// The first reason not to use the remote mirror.
pub(crate) fn decide(settings: &Settings, situation: Situation<'_>) -> Result<Site, Skip> {
    refuse_source(settings)?;
    let pull_request = settings.source.pull_request != "false";
    if pull_request && flags::any_starts_with(situation.fetch_flags, &["--ref"]) {
        return Err(Skip::PullRequestRefmap);
    }
    if situation.attempt > 1 {
        return Err(Skip::NotFirstAttempt);
    }
    site(settings, situation)
}

fn refuse_source(settings: &Settings) -> Result<(), Skip> {
    let (source, remote) = (&settings.source, &settings.remote_mirror);
    let refuse = |is: bool, skip: Skip| if is { Err(skip) } else { Ok(()) };
    refuse(remote.url.is_empty(), Skip::NoUrl)?;
    refuse(!is_https(&remote.url), Skip::NotHttps)?;
    refuse(settings.repository != remote.repository_at_start, Skip::CanonicalChanged)?;
    refuse(!is_full_object_id(&source.commit), Skip::NotFullObjectId)?;
    refuse(source.branch.is_empty(), Skip::EmptyBranch)?;
    refuse(sanitised(&source.branch).len() > LONGEST_BRANCH, Skip::BranchTooLong)?;
    refuse(!source.refspec.is_empty(), Skip::CustomRefspec)?;
    refuse(!source.tag.is_empty(), Skip::TagBuild)?;
    refuse(source.pull_request_ref == PullRequestRef::Merge, Skip::PullRequestMergeRef)
}

fn site(settings: &Settings, situation: Situation<'_>) -> Result<Site, Skip> {
    let on_host = settings.mirrors.as_ref().is_some_and(|mirrors| !mirrors.skip_update);
    if on_host && !settings.repository.is_empty() {
        return Ok(Site::OnHostMirror);
    }
    match situation.git {
        GitDirectory::Directory => Ok(Site::ExistingCheckout),
        GitDirectory::Elsewhere => Err(Skip::SeparateGitDir),
        GitDirectory::Missing if flags::any_starts_with(situation.clone_flags, &["--rec", "--rem"]) => {
            Err(Skip::RecursiveSubmodules)
        }
        GitDirectory::Missing if flags::any_starts_with(situation.clone_flags, &["--sep"]) => {
            Err(Skip::SeparateGitDir)
        }
        GitDirectory::Missing => Ok(Site::FreshClone),
    }
}

fn is_https(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| url.scheme == "https" && !url.host_name().is_empty())
}

fn is_full_object_id(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Mirrors, RemoteMirrorSource};
    use crate::test_settings::settings;
    use std::time::Duration;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    fn eligible() -> Settings {
        let mut settings = settings("/repo", COMMIT);
        settings.remote_mirror = RemoteMirrorSource {
            url: "https://m.example/x".into(),
            repository_at_start: "/repo".into(),
            ..Default::default()
        };
        settings
    }

    fn fresh<'a>() -> Situation<'a> {
        Situation { attempt: 1, git: GitDirectory::Missing, clone_flags: &[], fetch_flags: &[] }
    }

    #[test]
    fn the_first_reason_counts() {
        let check = |change: fn(&mut Settings), skip: Skip| {
            let mut settings = eligible();
            change(&mut settings);
            assert_eq!(decide(&settings, fresh()), Err(skip));
        };
        check(|s| s.remote_mirror.url.clear(), Skip::NoUrl);
        check(|s| s.remote_mirror.url = "http://m.example/x".into(), Skip::NotHttps);
        check(|s| s.remote_mirror.url = "https:///x".into(), Skip::NotHttps);
        check(|s| s.remote_mirror.repository_at_start = "/other".into(), Skip::CanonicalChanged);
        check(|s| s.source.commit = "HEAD".into(), Skip::NotFullObjectId);
        check(|s| s.source.commit = COMMIT.to_uppercase(), Skip::NotFullObjectId);
        check(|s| s.source.branch.clear(), Skip::EmptyBranch);
        check(|s| s.source.branch = "x".repeat(241), Skip::BranchTooLong);
        check(|s| s.source.refspec = "x".into(), Skip::CustomRefspec);
        check(|s| s.source.tag = "v1".into(), Skip::TagBuild);
        check(|s| s.source.pull_request_ref = PullRequestRef::Merge, Skip::PullRequestMergeRef);
    }

    #[test]
    fn flags_and_attempts_count_too() {
        let refmap = ["--refmap=x".into()];
        let mut settings = eligible();
        let situation = Situation { fetch_flags: &refmap, ..fresh() };
        assert_eq!(decide(&settings, situation), Ok(Site::FreshClone));
        settings.source.pull_request = "7".into();
        assert_eq!(decide(&settings, situation), Err(Skip::PullRequestRefmap));
        assert_eq!(decide(&settings, Situation { attempt: 2, ..fresh() }), Err(Skip::NotFirstAttempt));
    }

    #[test]
    fn the_site_follows_from_what_there_is() {
        let mut settings = eligible();
        let with = |git| Situation { git, ..fresh() };
        assert_eq!(decide(&settings, fresh()), Ok(Site::FreshClone));
        assert_eq!(decide(&settings, with(GitDirectory::Directory)), Ok(Site::ExistingCheckout));
        assert_eq!(decide(&settings, with(GitDirectory::Elsewhere)), Err(Skip::SeparateGitDir));
        for (flag, skip) in [
            ("--recurse-submodules", Skip::RecursiveSubmodules),
            ("--remote-submodules", Skip::RecursiveSubmodules),
            ("--separate-git-dir=x", Skip::SeparateGitDir),
        ] {
            let flags = [flag.into()];
            assert_eq!(decide(&settings, Situation { clone_flags: &flags, ..fresh() }), Err(skip));
        }
        settings.mirrors = Some(Mirrors {
            path: "/m".into(),
            mode: crate::settings::MirrorMode::Reference,
            lock_timeout: Duration::from_secs(1),
            skip_update: false,
        });
        assert_eq!(decide(&settings, with(GitDirectory::Elsewhere)), Ok(Site::OnHostMirror));
    }
}
