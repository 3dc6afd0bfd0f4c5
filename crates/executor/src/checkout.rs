//! The checkout phase: what happens around the checkout itself (spec/job.md §10, spec/checkout.md §4, §5).

use std::io;
use std::path::{Path, PathBuf};

use redkite_git::directory::{self, CHECKOUT_PATH};
use redkite_git::{CheckoutError, metadata};
use redkite_hooks::HookName;
use redkite_shell::{CdError, quoted};

use crate::error::PhaseError;
use crate::hook_runner::Whose;
use crate::job::Job;
use crate::os;

/// Why there is no checkout to work in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CheckoutPhaseError {
    /// git, or the checkout's directory.
    #[error(transparent)]
    Git(#[from] CheckoutError),
    /// git's credentials, which depend on what the hooks before have changed.
    #[error("refreshing repository credentials before checkout: {0}")]
    Credentials(CheckoutError),
    /// The directory of a job without a repository.
    #[error("creating a directory for the job in {}: {source}", parent.display())]
    Temporary {
        /// Where it was to be.
        parent: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The checkout is gone.
    #[error("opening checkout path as root: {} is no directory", .0.display())]
    Gone(PathBuf),
    /// The directory that a hook has named is not there.
    #[error(transparent)]
    Moved(#[from] CdError),
}

impl Job<'_> {
    /// Gets the source, with the hooks around that.
    pub(crate) fn check_out(&mut self) -> Result<(), PhaseError> {
        self.run_hooks(HookName::PreCheckout)?;
        self.refresh_credentials().map_err(CheckoutPhaseError::Credentials)?;
        self.prepare_directory()?;
        if self.live.skip_checkout {
            self.shell.log().comment("Skipping checkout, BUILDKITE_SKIP_CHECKOUT is set");
        } else {
            self.get_source()?;
            metadata::report(&self.shell, self.surroundings, &self.settings.source.commit);
        }
        self.run_post_checkout_hooks()
    }

    /// Enters the checkout that another process, or an earlier job, has left, if there is one.
    pub(crate) fn enter_existing(&mut self) -> Result<(), PhaseError> {
        if let Some(path) = self.shell.get(CHECKOUT_PATH) {
            // Without it, the job stays where it is.
            let _ = self.shell.cd(Path::new(&path));
        }
        self.checkout_root = Some(self.shell.directory());
        Ok(())
    }

    fn prepare_directory(&mut self) -> Result<(), CheckoutPhaseError> {
        if self.live.clean_checkout {
            self.shell.log().header("Cleaning pipeline checkout");
            directory::remove(&self.shell)?;
        }
        self.shell.log().header("Preparing working directory");
        if self.live.repository.is_empty() {
            self.make_temporary_checkout()?;
        }
        self.checkout_root = Some(directory::ensure(&self.shell)?);
        Ok(())
    }

    /// A job without a repository works in a directory that goes with it.
    fn make_temporary_checkout(&mut self) -> Result<(), CheckoutPhaseError> {
        let prefix = format!("buildkite-job-{}", self.settings.identity.job);
        let parent = &self.settings.paths.temporary;
        let made = os::private_directory(&prefix, parent);
        let path =
            made.map_err(|source| CheckoutPhaseError::Temporary { parent: parent.clone(), source })?.keep();
        self.shell.set(CHECKOUT_PATH, &path);
        self.leftovers.push(path);
        Ok(())
    }

    /// Plugins' checkout hooks, else the agent's, else the default checkout.
    fn get_source(&mut self) -> Result<(), PhaseError> {
        let name = HookName::Checkout;
        if self.has_hook(Whose::Plugins, name) {
            self.run_single_plugin_hooks(name)?;
        } else if self.has_hook(Whose::Agent, name) {
            self.run_hooks_of(Whose::Agent, name)?;
        } else {
            let settings = self.git_settings();
            redkite_git::check_out(&self.shell, &settings, &mut self.leftovers)
                .map_err(CheckoutPhaseError::Git)?;
        }
        // A hook may have made it anew, or removed it.
        let root = directory::checkout_path(&self.shell).map_err(CheckoutPhaseError::Git)?;
        if !root.is_dir() {
            return Err(CheckoutPhaseError::Gone(root).into());
        }
        self.checkout_root = Some(root);
        Ok(())
    }

    /// The hooks after the checkout, which may move the job elsewhere.
    fn run_post_checkout_hooks(&mut self) -> Result<(), PhaseError> {
        let before = self.shell.get(CHECKOUT_PATH);
        if before.is_none() {
            self.shell.log().plain("The checkout's path before the post-checkout hooks is not known");
        }
        self.run_hooks(HookName::PostCheckout)?;
        let after = self.shell.get(CHECKOUT_PATH).unwrap_or_default();
        if before.is_some_and(|before| !before.is_empty() && before != after) {
            self.shell.log().header(format_args!(
                "A post-checkout hook has changed the working directory to {}",
                quoted(&after)
            ));
            self.shell.cd(Path::new(&after)).map_err(CheckoutPhaseError::Moved)?;
        }
        Ok(())
    }
}
