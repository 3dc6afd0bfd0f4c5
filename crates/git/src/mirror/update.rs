//! A mirror is made, or brought up to date (spec/checkout.md §10.3).
use super::{lock, snapshot};
use crate::classify::Operation;
use crate::command::{Args, Git, split_flags};
use crate::directory;
use crate::error::{CheckoutError, During};
use crate::fetch::Fetch;
use crate::fetch_plan::MirrorPlan;
use crate::origin::{Origin, reconcile};
use crate::paths::MirrorPaths;
use crate::remote_mirror::{self, MirrorSite, RemoteMirror};
use crate::retry::Policy;
use crate::settings::{Mirrors, Settings};
use crate::url::without_password;
use redkite_process::Ending;
use redkite_shell::{Lock, RunError, Shell, quoted};
use redkite_telemetry::SpanStart;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The attempt from which on a broken mirror is removed.
const PATIENCE: u32 = 3;

/// Which repository of the job a mirror is of.
#[derive(Debug)]
pub(crate) enum Part<'a> {
    /// The job's own, whose commit is known.
    Repository {
        /// It may help.
        remote: &'a mut RemoteMirror,
        /// Of the checkout, from 1.
        attempt: u32,
    },
    /// A submodule's.
    Submodule,
}

/// One mirror on this host.
#[derive(Debug)]
pub(crate) struct Mirror<'a> {
    shell: &'a Shell,
    settings: &'a Settings,
    mirrors: &'a Mirrors,
    repository: &'a OsStr,
    paths: MirrorPaths,
    part: Part<'a>,
}

impl<'a> Mirror<'a> {
    /// The mirror of `repository`.
    pub(crate) fn new(
        shell: &'a Shell,
        settings: &'a Settings,
        mirrors: &'a Mirrors,
        repository: &'a OsStr,
        part: Part<'a>,
    ) -> Self {
        let paths = MirrorPaths::of(&mirrors.path, repository);
        Self { shell, settings, mirrors, repository, paths, part }
    }

    /// Gets it ready; answers what a clone may refer to, nothing if there is to be no mirror. The shell is left in
    /// the mirrors' directory.
    pub(crate) fn prepare(mut self, leftovers: &mut Vec<PathBuf>) -> Result<Option<PathBuf>, CheckoutError> {
        if self.mirrors.skip_update {
            return Ok(self.as_it_is());
        }
        let repository = redkite_text::shown(self.repository);
        let start = SpanStart::step("git.mirror.update").with("git.repo", without_password(&repository));
        self.shell.trace().within(start, |_| self.prepare_traced(leftovers))
    }

    fn prepare_traced(&mut self, leftovers: &mut Vec<PathBuf>) -> Result<Option<PathBuf>, CheckoutError> {
        directory::create(self.shell, &self.mirrors.path)?;
        let path = &self.mirrors.path;
        self.shell.cd(path).during(format!("failed to change directory to {path:?}"))?;
        let shell = self.shell;
        match (self.bring_up_to_date(), self.remote()) {
            // Held until the snapshot is taken: nobody may repack what is being copied.
            (Ok(_lock), _) => self.reference(leftovers).map(Some),
            (Err(CheckoutError::LockTimeout { .. }), Some(remote)) => {
                remote.give_up_waiting(shell);
                Ok(None)
            }
            (Err(error), _) => Err(error),
        }
    }

    fn as_it_is(&self) -> Option<PathBuf> {
        let (repository, directory) = (self.repository.display(), &self.paths.repository);
        let (log, shown) = (self.shell.log(), directory.display());
        log.comment(format_args!(
            "Skipping update and using existing mirror for repository {repository} at {shown}."
        ));
        if directory.exists() {
            return Some(directory.clone());
        }
        log.comment(format_args!("No existing mirror found for repository {repository} at {shown}."));
        None
    }

    /// The remote mirror, as long as it may be used here.
    fn remote(&mut self) -> Option<&mut RemoteMirror> {
        match &mut self.part {
            Part::Repository { remote, .. } if remote.is_due_at(MirrorSite::OnHostMirror) => Some(remote),
            _ => None,
        }
    }

    fn bring_up_to_date(&mut self) -> Result<Lock, CheckoutError> {
        let timeout = self.mirrors.lock_timeout;
        let clone_lock = lock::acquire(self.shell, "clone", &self.paths.clone_lock, timeout)?;
        let staging = self.clear_staging();
        self.remove_broken();
        if !self.paths.repository.exists() {
            let start = SpanStart::step("git.mirror.clone");
            self.shell.trace().within(start, |_| self.create(staging))?;
            return Ok(clone_lock);
        }
        drop(clone_lock);
        let update_lock = lock::acquire(self.shell, "update", &self.paths.update_lock, timeout)?;
        self.update()?;
        Ok(update_lock)
    }

    /// A broken mirror fails every attempt. The reference agent leaves it at that; this one makes it anew when the
    /// attempts before have failed.
    fn remove_broken(&self) {
        let directory = &self.paths.repository;
        let Part::Repository { attempt: PATIENCE.., .. } = self.part else { return };
        if !directory.exists() || self.is_sound() {
            return;
        }
        let (log, shown) = (self.shell.log(), quoted(directory));
        log.comment(format_args!("Removing mirror dir {shown}: it is not a sound git repository"));
        if let Err(error) = directory::remove_all(directory) {
            log.warning(format_args!("Failed to remove {shown}: {error}"));
        }
    }

    /// Whether the mirror is a repository, has an origin (a clone that was killed early has none), and has what its
    /// refs name. All of its objects are not looked at: that takes as long as a clone.
    fn is_sound(&self) -> bool {
        const QUESTIONS: [&[&str]; 3] = [
            &["rev-parse", "--git-dir"],
            &["config", "--get-all", "remote.origin.url"],
            &["rev-list", "--all", "--objects", "--max-count=1", "--exclude-promisor-objects"],
        ];
        QUESTIONS.iter().all(|question| {
            let args = Args::at(&self.paths.repository).and(question.iter().copied());
            let answer = Git::new(self.shell).capture_quietly(args);
            !matches!(answer, Err(RunError::Failed(Ending::Exited(_))))
        })
    }

    /// Whether this is the mirror of the job's own repository: that may be a submodule of itself.
    fn is_of_the_job(&self) -> bool {
        self.repository == self.settings.repository
    }

    fn clear_staging(&self) -> Staging {
        let staging = &self.paths.staging;
        if !staging.exists() {
            return Staging::Clear;
        }
        let (log, shown) = (self.shell.log(), quoted(staging));
        log.comment(format_args!("Removing interrupted remote mirror staging dir {shown}"));
        match directory::remove_all(staging) {
            Ok(()) => Staging::Clear,
            Err(error) => {
                log.warning(format_args!("Failed to remove {shown}: {error}"));
                Staging::InTheWay
            }
        }
    }

    fn create(&mut self, staging: Staging) -> Result<(), CheckoutError> {
        let (shell, mirror) = (self.shell, self.paths.repository.clone());
        shell.log().comment(format_args!("Cloning a mirror of the repository to {}", quoted(&mirror)));
        let given = &self.settings.flags.clone_mirror;
        let flags = split_flags("git-clone-mirror-flags", given).inspect_err(|error| {
            shell.log().error(format_args!("Invalid --git-clone-mirror-flags {}: {error}", quoted(given)));
        })?;
        let (settings, paths) = (self.settings, self.paths.clone());
        if staging == Staging::Clear
            && let Some(remote) = self.remote()
            && remote_mirror::create(shell, settings, remote, &paths, &flags)?
        {
            return Ok(());
        }
        let args = Args::new(["clone", "--mirror"])
            .and(flags)
            .and(["--"])
            .and([self.repository, mirror.as_os_str()]);
        Git::new(shell)
            .run_as(Operation::Clone, args)
            .inspect_err(|_| directory::remove_partial(shell, &mirror))
    }

    fn update(&mut self) -> Result<(), CheckoutError> {
        let (shell, git) = (self.shell, Git::new(self.shell));
        let directory = self.paths.repository.clone();
        let commit = &self.settings.source.commit;
        let present = self.is_of_the_job() && git.has_commit(&directory, commit);
        if present {
            shell.log().comment(format_args!("Commit {commit:?} exists in mirror"));
        } else {
            shell.log().comment(format_args!("Updating existing repository mirror to find commit {commit}"));
        }
        let origin =
            reconcile(shell, Some(&self.paths.repository), self.repository).during("setting remote URL")?;
        if !present {
            shell.trace().within(SpanStart::step("git.mirror.fetch"), |_| {
                if self.is_of_the_job() {
                    self.fetch(&directory)
                } else {
                    git.run(Args::at(&directory).and(["fetch", "origin"]))
                }
            })?;
        }
        if origin == Origin::Changed {
            for check in ["fsck", "gc"] {
                if let Err(error) = git.run(Args::at(&directory).and([check])) {
                    shell.log().warning(format_args!("Couldn't run git {check}: {error}"));
                }
            }
        }
        Ok(())
    }

    fn fetch(&mut self, directory: &Path) -> Result<(), CheckoutError> {
        let (shell, settings, paths) = (self.shell, self.settings, self.paths.clone());
        if let Some(remote) = self.remote()
            && remote_mirror::update(shell, settings, remote, &paths)?
        {
            return Ok(());
        }
        let plan = MirrorPlan::of(&settings.source);
        let policy = match &plan {
            MirrorPlan::Custom(refspec) => {
                shell.log().comment(format_args!("Fetching and mirroring custom refspec {refspec}"));
                Policy::ONCE
            }
            MirrorPlan::PullRequest(_) => {
                shell.log().comment(
                    "Fetching and mirroring pull request head from GitHub. It may take a moment to appear",
                );
                Policy::FETCH
            }
            MirrorPlan::Branch(_) => Policy::ONCE,
        };
        let global = Args::at(directory).into_words();
        let refspecs = vec![plan.refspec().to_owned()];
        // Without the user's flags: those are about the checkout.
        let fetch = Fetch { global, policy, ..Fetch::origin("".as_ref(), refspecs) };
        fetch.run(shell, Git::new(shell))
    }

    /// The mirror itself, or a copy when that can be removed at the job's end.
    fn reference(&self, leftovers: &mut Vec<PathBuf>) -> Result<PathBuf, CheckoutError> {
        let directory = &self.paths.repository;
        if self.settings.clean && self.settings.command_follows {
            let (shell, mirrors) = (self.shell, &self.mirrors.path);
            return shell.trace().within(SpanStart::step("git.mirror.snapshot"), |_| {
                snapshot::take(shell, mirrors, directory, self.repository, leftovers)
            });
        }
        Ok(directory.clone())
    }
}

/// Whether a remote mirror's clone has a place to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Staging {
    Clear,
    InTheWay,
}
