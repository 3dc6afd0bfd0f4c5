//! Credentials of the server for git, where the job asks for them (spec/checkout.md §18).

use redkite_git::CheckoutError;
use redkite_git::credentials::{Managed, Reach};
use redkite_git::settings::Keyscan;

use crate::job::Job;

impl Job<'_> {
    /// Before anything of the job runs.
    pub(crate) fn enable_credentials(&mut self) -> Result<(), CheckoutError> {
        self.managed = Managed::of(&self.shell);
        if let Some(managed) = self.managed {
            managed.begin(&self.shell, &self.settings.paths.agent)?;
        }
        Ok(())
    }

    /// Whenever the repository may have become another one.
    pub(crate) fn refresh_credentials(&mut self) -> Result<(), CheckoutError> {
        if let Some(managed) = self.managed {
            self.reach = managed.refresh(&self.shell, &redkite_text::shown(&self.live.repository))?;
        }
        Ok(())
    }

    /// Whether hosts other than the repository's are scanned.
    pub(crate) fn scans_hosts(&self) -> bool {
        self.settings.checkout.keyscan && self.managed != Some(Managed::Legacy)
    }

    /// Which hosts the checkout scans.
    pub(crate) fn keyscan(&self) -> Keyscan {
        match self.reach {
            _ if !self.scans_hosts() => Keyscan::Off,
            Reach::Rewritten => Keyscan::NotForRepository,
            Reach::AsWritten => Keyscan::On,
        }
    }
}
