//! What variables and the shared files say: the profile's settings, the region, where a service is.

use std::collections::HashMap;
use std::path::PathBuf;

use super::Imds;
use crate::{CloudError, Variables, filled};

/// Settings of one profile.
pub(crate) type Profile = HashMap<String, String>;

/// The configuration of this process.
pub(crate) struct Config<'a> {
    pub(crate) variables: Variables<'a>,
    profile: String,
    profiles: HashMap<String, Profile>,
}

impl<'a> Config<'a> {
    /// Reads the shared files, if there are any.
    pub(crate) fn load(variables: Variables<'a>) -> Self {
        let profile = filled(variables, "AWS_PROFILE").unwrap_or_else(|| "default".to_owned());
        let mut profiles = HashMap::new();
        for (variable, file) in
            [("AWS_CONFIG_FILE", "config"), ("AWS_SHARED_CREDENTIALS_FILE", "credentials")]
        {
            let home = || filled(variables, "HOME").or_else(|| filled(variables, "USERPROFILE"));
            let usual = || home().map(|home| PathBuf::from(home).join(".aws").join(file));
            let path = filled(variables, variable).map(PathBuf::from).or_else(usual);
            if let Some(text) = path.and_then(|path| std::fs::read_to_string(path).ok()) {
                parse(&text, &mut profiles);
            }
        }
        Self { variables, profile, profiles }
    }

    /// The name of the profile in use.
    pub(crate) fn profile_name(&self) -> &str {
        &self.profile
    }

    /// The settings of a profile.
    pub(crate) fn profile(&self, name: &str) -> Option<&Profile> {
        self.profiles.get(name)
    }

    fn setting(&self, name: &str) -> Option<String> {
        self.profile(&self.profile)?.get(name).filter(|value| !value.is_empty()).cloned()
    }

    /// The region: variables, the profile, the instance's own.
    pub(crate) fn region(&self) -> Result<String, CloudError> {
        let told = filled(self.variables, "AWS_REGION")
            .or_else(|| filled(self.variables, "AWS_DEFAULT_REGION"))
            .or_else(|| self.setting("region"));
        if let Some(region) = told {
            return Ok(region);
        }
        let asked = Imds::new(self.variables).and_then(|imds| imds.identity());
        let region = asked.map(|identity| identity.region).map_err(|error| {
            CloudError::Setting(format!("no AWS region is configured (set AWS_REGION), and {error}"))
        })?;
        Ok(region)
    }

    /// Where a service of a region is; `name` as it stands in addresses.
    pub(crate) fn endpoint(&self, name: &str, region: &str) -> String {
        let variable = format!("AWS_ENDPOINT_URL_{}", name.to_uppercase());
        let ignored = filled(self.variables, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")
            .is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let told = || {
            filled(self.variables, &variable)
                .or_else(|| filled(self.variables, "AWS_ENDPOINT_URL"))
                .or_else(|| self.setting("endpoint_url"))
        };
        match (!ignored).then(told).flatten() {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => {
                let suffix = if region.starts_with("cn-") { ".cn" } else { "" };
                format!("https://{name}.{region}.amazonaws.com{suffix}")
            }
        }
    }
}

/// Adds the profiles of a file: `[profile NAME]` in one, `[NAME]` in the other. Indented lines belong to a setting
/// that has parts of its own.
fn parse(text: &str, profiles: &mut HashMap<String, Profile>) {
    let mut current: Option<String> = None;
    for line in text.lines().filter(|line| !line.starts_with([' ', '\t', '#', ';'])) {
        if let Some(section) = line.strip_prefix('[') {
            let section = section.split(']').next().unwrap_or_default().trim();
            let name = section.strip_prefix("profile ").unwrap_or(section).trim();
            current = Some(name.to_owned());
        } else if let (Some(name), Some((key, value))) = (&current, line.split_once('=')) {
            let settings = profiles.entry(name.clone()).or_default();
            settings.insert(key.trim().to_lowercase(), value.trim().to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_files_make_one_profile() {
        let mut profiles = HashMap::new();
        parse("[default]\nregion = a\n[profile two]\nregion=b\ns3 =\n  x = y\n# no\n", &mut profiles);
        parse("[two]\nAWS_Access_Key_Id = k\n", &mut profiles);
        assert_eq!(profiles["default"]["region"], "a");
        assert_eq!(profiles["two"]["region"], "b");
        assert_eq!(profiles["two"]["aws_access_key_id"], "k");
        assert!(!profiles["two"].contains_key("x"));
    }

    #[test]
    fn endpoints_come_from_variables_or_the_region() {
        let variables = |name: &str| match name {
            "AWS_ENDPOINT_URL_KMS" => Some("http://localhost:1/".to_owned()),
            "AWS_REGION" => Some("cn-north-1".to_owned()),
            _ => None,
        };
        let config = Config::load(&variables);
        assert_eq!(config.region().unwrap(), "cn-north-1");
        assert_eq!(config.endpoint("kms", "x"), "http://localhost:1");
        assert_eq!(config.endpoint("ec2", "cn-north-1"), "https://ec2.cn-north-1.amazonaws.com.cn");
    }
}
