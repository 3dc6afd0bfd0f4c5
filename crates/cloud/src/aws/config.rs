//! What variables and the shared files say: the profile's settings and the region.

use std::path::PathBuf;

use super::Imds;
use super::files::{Files, Profile, Settings};
use crate::{CloudError, Variables, filled};

/// The configuration of this process.
pub(crate) struct Config<'a> {
    pub(crate) variables: Variables<'a>,
    profile: String,
    files: Files,
}

impl<'a> Config<'a> {
    /// Reads the shared files, if there are any.
    pub(crate) fn load(variables: Variables<'a>) -> Self {
        let named = filled(variables, "AWS_PROFILE").or_else(|| filled(variables, "AWS_DEFAULT_PROFILE"));
        let path = |variable: &str, file: &str| {
            let usual = || home(variables).map(|home| home.join(".aws").join(file));
            filled(variables, variable).map(PathBuf::from).or_else(usual)
        };
        let config = path("AWS_CONFIG_FILE", "config");
        let credentials = path("AWS_SHARED_CREDENTIALS_FILE", "credentials");
        Self {
            variables,
            profile: named.unwrap_or_else(|| "default".to_owned()),
            files: Files::read(config.as_deref(), credentials.as_deref()),
        }
    }

    /// The name of the profile in use.
    pub(crate) fn profile_name(&self) -> &str {
        &self.profile
    }

    /// A profile.
    pub(crate) fn profile(&self, name: &str) -> Option<&Profile> {
        self.files.profile(name)
    }

    /// A session of single sign-on that profiles share.
    pub(crate) fn sso_session(&self, name: &str) -> Option<&Settings> {
        self.files.sso_session(name)
    }

    /// A setting of the profile in use.
    pub(crate) fn setting(&self, name: &str) -> Option<String> {
        self.profile(&self.profile)?.get(name).map(str::to_owned)
    }

    /// A setting of one service, in the section of services that the profile names.
    pub(crate) fn setting_of_service(&self, service: &str, name: &str) -> Option<String> {
        let settings = self.files.service(&self.setting("services")?, service)?;
        settings.get(name).filter(|value| !value.is_empty()).cloned()
    }

    /// What a variable says, or else the profile.
    pub(crate) fn told(&self, variable: &str, setting: &str) -> Option<String> {
        filled(self.variables, variable).or_else(|| self.setting(setting))
    }

    /// The same as a switch.
    pub(crate) fn is_on(&self, variable: &str, setting: &str) -> bool {
        self.told(variable, setting).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// The region: variables, the profile, the instance's own.
    pub(crate) fn region(&self) -> Result<String, CloudError> {
        let told = filled(self.variables, "AWS_REGION").or_else(|| self.told("AWS_DEFAULT_REGION", "region"));
        if let Some(region) = told {
            return Ok(region);
        }
        let asked = Imds::new(self).and_then(|imds| imds.identity());
        asked.map(|identity| identity.region).map_err(|error| {
            CloudError::Setting(format!("no AWS region is configured (set AWS_REGION), and {error}"))
        })
    }
}

/// The user's own directory.
pub(super) fn home(variables: Variables<'_>) -> Option<PathBuf> {
    filled(variables, "HOME").or_else(|| filled(variables, "USERPROFILE")).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn the_region_comes_from_variables_before_the_profile() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config");
        std::fs::write(&file, "[profile p]\nregion = profile\n").unwrap();
        let file = ("AWS_CONFIG_FILE", file.to_str().unwrap());
        let (named, older) = (("AWS_PROFILE", "p"), ("AWS_DEFAULT_PROFILE", "p"));
        for (given, expected) in [
            (&[file, named, ("AWS_REGION", "a"), ("AWS_DEFAULT_REGION", "b")][..], "a"),
            (&[file, named, ("AWS_DEFAULT_REGION", "b")], "b"),
            (&[file, named], "profile"),
            (&[file, older], "profile"),
        ] {
            let given: HashMap<_, _> =
                given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            assert_eq!(Config::load(&given).region().unwrap(), expected);
        }
    }
}
