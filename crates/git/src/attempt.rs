//! One attempt at the default checkout, step by step (spec/checkout.md §6).
use crate::classify::Operation;
use crate::command::{Args, Git, split_flags};
use crate::error::{CheckoutError, During};
use crate::mirror::{Mirror, Part};
use crate::prepare::Preparation;
use crate::remote_mirror::RemoteMirror;
use crate::settings::{Keyscan, Settings};
use crate::sparse::{self, Sparse};
use crate::url::without_password;
use crate::{directory, keyscan, lfs, metadata, ref_name, source, ssh_key, submodules, verify};
use redkite_shell::{Shell, WarningId};
use redkite_telemetry::SpanStart;
use std::path::{Path, PathBuf};

const REPO_MIRROR: &str = "BUILDKITE_REPO_MIRROR";

/// One attempt.
#[derive(Debug)]
pub(crate) struct Attempt<'a> {
    /// With the attempt's time limit.
    pub(crate) shell: &'a Shell,
    pub(crate) settings: &'a Settings,
    /// What has to be removed at the end of the job.
    pub(crate) leftovers: &'a mut Vec<PathBuf>,
    /// From 1.
    pub(crate) number: u32,
}

/// Whether the submodules were checked out, and so have to be cleaned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SubmodulesAre {
    Initialised,
    Untouched,
}

impl Attempt<'_> {
    /// Makes the attempt.
    pub(crate) fn run(mut self) -> Result<(), CheckoutError> {
        let trace = self.shell.trace();
        trace.within(self.span(), |span| {
            let checkout = directory::checkout_path(self.shell)?;
            let mut remote = RemoteMirror::decide(self.settings, self.number, &checkout);
            let result = self.with_ssh_key(&mut remote);
            remote.report(self.shell, span);
            result
        })
    }

    /// How a trace shows it (spec/checkout.md §21).
    fn span(&self) -> SpanStart {
        let source = &self.settings.source;
        let start = SpanStart::step("repo-checkout")
            .with("checkout.repo_name", without_password(&redkite_text::shown(&self.settings.repository)))
            .with("checkout.refspec", source.refspec.clone())
            .with("checkout.commit", source.commit.clone())
            .with("checkout.attempt", self.number.to_string());
        match &self.settings.mirrors {
            Some(_) => start.with("checkout.is_using_git_mirrors", "true"),
            None => start,
        }
    }

    /// A step of the attempt, as a span.
    fn step(
        &self,
        name: &'static str,
        work: impl FnOnce() -> Result<(), CheckoutError>,
    ) -> Result<(), CheckoutError> {
        self.shell.trace().within(SpanStart::step(name), |_| work())
    }

    fn with_ssh_key(&mut self, remote: &mut RemoteMirror) -> Result<(), CheckoutError> {
        let (shell, settings) = (self.shell, self.settings);
        if settings.keyscan == Keyscan::On {
            keyscan::add_host(shell, &redkite_text::shown(&settings.repository), settings.home.as_deref());
        }
        let key =
            ssh_key::install(shell, &settings.ssh_key, &settings.pipeline).during("preparing git ssh key")?;
        let result = self.steps(remote);
        let removed = key.map_or(Ok(()), |key| key.remove(shell));
        match (result, removed) {
            (Err(first), Err(second)) => {
                Err(CheckoutError::Both { first: first.into(), second: second.into() })
            }
            (result, removed) => result.and(removed),
        }
    }

    fn steps(&mut self, remote: &mut RemoteMirror) -> Result<(), CheckoutError> {
        let (shell, settings) = (self.shell, self.settings);
        let mirror = self.mirror(remote)?;
        let checkout = directory::ensure(shell).during("creating checkout dir")?;
        let sparse = sparse::resolve(shell, &settings.sparse)?;
        let preparation = Preparation { shell, settings, mirror: mirror.as_deref(), sparse: sparse.as_ref() };
        preparation.run(&checkout, remote)?;
        self.step("git.clean.pre", || self.clean_before(&checkout))?;
        if settings.lfs {
            self.step("git.lfs.install", || lfs::install(shell))?;
        }
        source::fetch(shell, settings, &checkout, sparse.as_ref(), remote)?;
        self.step("git.verify_commit", || verify::verify(shell, settings))?;
        sparse::adjust(shell, sparse.as_ref(), &checkout)?;
        self.step("git.checkout", || self.check_out())?;
        let submodules = self.submodules(&checkout, sparse.as_ref())?;
        if settings.lfs {
            self.step("git.lfs.fetch", || lfs::fetch(shell, sparse.as_ref()))?;
        }
        self.step("git.clean.post", || self.clean_after(submodules))?;
        self.resolve_commit();
        Ok(())
    }

    fn mirror(&mut self, remote: &mut RemoteMirror) -> Result<Option<PathBuf>, CheckoutError> {
        let Some(mirrors) = &self.settings.mirrors else { return Ok(None) };
        if self.settings.repository.is_empty() {
            return Ok(None);
        }
        let part = Part::Repository { remote, attempt: self.number };
        let mirror = Mirror::new(self.shell, self.settings, mirrors, &self.settings.repository, part);
        let directory = mirror.prepare(self.leftovers).during("getting/updating git mirror")?;
        self.shell.set(REPO_MIRROR, directory.clone().unwrap_or_default());
        Ok(directory)
    }

    fn clean_before(&self, checkout: &Path) -> Result<(), CheckoutError> {
        if checkout.join(".gitmodules").exists() {
            self.clean_submodules().during("cleaning git submodules")?;
        }
        self.clean().during("cleaning git repository")
    }

    fn clean_after(&self, submodules: SubmodulesAre) -> Result<(), CheckoutError> {
        self.shell.log().comment("Cleaning again to catch any post-checkout changes");
        self.clean().during("cleaning repository post-checkout")?;
        if submodules == SubmodulesAre::Initialised {
            self.clean_submodules().during("cleaning submodules post-checkout")?;
        }
        Ok(())
    }

    fn clean(&self) -> Result<(), CheckoutError> {
        let flags = split_flags("git-clean-flags", &self.settings.flags.clean)?;
        Git::new(self.shell).run_as(Operation::Clean, Args::new(["clean"]).and(flags))
    }

    /// The flags lose their quotes on the way through the submodules' shell.
    fn clean_submodules(&self) -> Result<(), CheckoutError> {
        let flags = split_flags("git-clean-flags", &self.settings.flags.clean)?;
        let command = redkite_text::join(std::iter::once("git clean".into()).chain(flags), " ");
        let args = Args::new(["submodule", "foreach", "--recursive"]).and([command]);
        Git::new(self.shell).run_as(Operation::CleanSubmodules, args)
    }

    fn check_out(&self) -> Result<(), CheckoutError> {
        let commit = self.settings.source.commit.as_str();
        let (reference, doing) = if self.settings.source.is_head() {
            ("FETCH_HEAD", "checking out FETCH_HEAD".to_owned())
        } else {
            (commit, format!("checking out commit {commit:?}"))
        };
        let flags = split_flags("git-checkout-flags", &self.settings.flags.checkout).during(&doing)?;
        if !ref_name::is_acceptable(reference) {
            let error = CheckoutError::Invalid(format!("{reference:?} is not a valid git ref format"));
            return Err(error).during(doing);
        }
        let args = Args::new(["-c", "advice.detachedHead=false", "checkout"]).and(flags).and([reference]);
        Git::new(self.shell).run_as(Operation::Checkout, args).during(doing)
    }

    fn submodules(
        &mut self,
        checkout: &Path,
        sparse: Option<&Sparse>,
    ) -> Result<SubmodulesAre, CheckoutError> {
        let log = self.shell.log();
        if !checkout.join(".gitmodules").exists() {
            return Ok(SubmodulesAre::Untouched);
        }
        if sparse.is_some() {
            let text = "Submodule initialization skipped during sparse checkout";
            log.optional_warning(WarningId::SubmodulesInitSkipped, text);
            return Ok(SubmodulesAre::Untouched);
        }
        if !self.settings.submodules.enabled {
            let text = "This repository has submodules, but submodules are disabled";
            log.optional_warning(WarningId::SubmodulesDisabled, text);
            return Ok(SubmodulesAre::Untouched);
        }
        log.comment("Git submodules detected");
        submodules::update(self.shell, self.settings, self.leftovers)?;
        Ok(SubmodulesAre::Initialised)
    }

    fn resolve_commit(&self) {
        if self.shell.get("BUILDKITE_AGENT_ACCESS_TOKEN").is_none() {
            self.shell.log().warning(
                "Skipping sending Git information to Buildkite as $BUILDKITE_AGENT_ACCESS_TOKEN is missing",
            );
        } else if self.settings.resolve_commit {
            metadata::resolve(self.shell);
        }
    }
}
