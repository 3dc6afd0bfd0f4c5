//! Addresses that carry their own permission: signed, and valid for a while only.

use std::time::Duration;

use redkite_scheduler::Time;

use crate::engine::{Refusal, Wrong};
use crate::secret::SigningKey;

/// How long an agent has for a batch of uploads.
pub(super) const UPLOAD_FOR: Duration = Duration::from_secs(6 * 3600);
/// How long a found artifact can be downloaded.
pub(super) const DOWNLOAD_FOR: Duration = Duration::from_secs(3600);

/// What an address permits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Permission {
    /// To upload the artifacts of a batch.
    Upload,
    /// To download an artifact.
    Download,
}

impl Permission {
    fn word(self) -> &'static str {
        match self {
            Self::Upload => "upload",
            Self::Download => "download",
        }
    }

    /// The path that permits this for `id` until `expires`.
    pub(super) fn path(self, id: &str, expires: Time, key: &SigningKey) -> String {
        let until = expires.as_millis();
        let signature = key.sign(&self.text(id, until));
        format!("/artifacts/{}/{id}/{until}/{signature}", self.word())
    }

    /// Refuses a path that nobody signed, or whose time is over.
    pub(super) fn check(
        self,
        (id, until, signature): (&str, i64, &str),
        now: Time,
        key: &SigningKey,
    ) -> Result<(), Refusal> {
        if !key.verify(&self.text(id, until), signature) {
            return Err(Wrong::Forbidden.because("This address is not valid"));
        }
        if now.as_millis() > until {
            return Err(Wrong::Forbidden.because("This address has expired"));
        }
        Ok(())
    }

    fn text(self, id: &str, until: i64) -> String {
        format!("artifacts {} {id} {until}", self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_permits_one_thing_for_a_while() {
        let key = SigningKey::new("key");
        let until = Time::from_millis(1_000);
        let path = Permission::Upload.path("a", until, &key);
        let signature = path.rsplit('/').next().expect("a signature").to_owned();
        let check = |permission: Permission, id: &str, until: i64, now: i64| {
            permission.check((id, until, &signature), Time::from_millis(now), &key).is_ok()
        };
        assert!(check(Permission::Upload, "a", 1_000, 1_000));
        assert!(!check(Permission::Upload, "a", 1_000, 1_001));
        assert!(!check(Permission::Upload, "a", 2_000, 1_001));
        assert!(!check(Permission::Upload, "b", 1_000, 1_000));
        assert!(!check(Permission::Download, "a", 1_000, 1_000));
    }
}
