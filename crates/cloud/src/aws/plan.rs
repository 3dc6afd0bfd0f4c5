//! What the profile in use says about credentials: where they begin, and which roles are assumed from there. Reading
//! the profiles is apart from asking anybody.

use super::Config;
use super::files::Profile;
use crate::CloudError;

/// Where credentials come from.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) start: Start,
    /// The profile of the start.
    pub(super) profile: String,
    /// The roles, the one that counts in the end first.
    pub(super) roles: Vec<Role>,
}

/// The first credentials of a chain.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Start {
    Keys,
    /// `credential_source`
    Environment,
    Container,
    Instance,
    WebIdentity {
        file: String,
        role: Role,
    },
    Sso(Sso),
    /// `login_session`
    Login(String),
    /// `credential_process`
    Process(String),
    /// Whatever this machine has.
    Machine,
}

/// A role to assume.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Role {
    pub(super) arn: String,
    pub(super) session: Option<String>,
    pub(super) external_id: Option<String>,
    pub(super) seconds: Option<u32>,
}

/// A permission set of IAM Identity Center.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sso {
    /// `sso_session`; the older form has none.
    pub(super) session: Option<String>,
    pub(super) start_url: String,
    pub(super) region: String,
    pub(super) account: String,
    pub(super) role: String,
}

/// What is wrong with a profile.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ProfileError {
    #[error("there is no AWS profile {name:?}, which profile {by:?} names as its source_profile")]
    Missing { name: String, by: String },
    #[error("AWS profile {name:?} has nothing to assume the role of profile {by:?} with{}", chain(.seen))]
    Empty { name: String, by: String, seen: Vec<String> },
    #[error("AWS profile {name:?} in {file} {what}")]
    Wrong { name: String, file: String, what: String },
}

impl From<ProfileError> for CloudError {
    fn from(error: ProfileError) -> Self {
        Self::Credentials(error.to_string())
    }
}

/// The profiles on the way to one that is among them.
fn chain(seen: &[String]) -> String {
    match seen {
        [] => String::new(),
        names => format!(": the profiles {} name each other as source_profile", names.join(" → ")),
    }
}

/// A profile as it is looked at.
struct Seen<'a> {
    name: &'a str,
    profile: &'a Profile,
}

impl Plan {
    /// The plan of the profile in use; `None` when there is no such profile.
    pub(super) fn of(config: &Config<'_>) -> Result<Option<Self>, ProfileError> {
        let name = config.profile_name();
        let Some(profile) = config.profile(name) else { return Ok(None) };
        let (mut here, mut path, mut roles) = (Seen { name, profile }, Vec::new(), Vec::new());
        loop {
            here.check()?;
            let Some(source) = here.source(!path.is_empty()) else { break };
            roles.extend(here.role()?);
            path.push(here.name);
            let profile = config
                .profile(source)
                .ok_or_else(|| ProfileError::Missing { name: source.to_owned(), by: here.name.to_owned() })?;
            let by = here.name;
            let is_known = path.contains(&source);
            here = Seen { name: source, profile };
            // A profile that comes again, often its own source, counts for its credentials only.
            if is_known {
                return here.again(config, by, &path, roles);
            }
        }
        let start = here.start(config)?;
        if let (Start::Machine, Some(by)) = (&start, path.last()) {
            return Err(here.empty(by, Vec::new()));
        }
        if !matches!(start, Start::WebIdentity { .. }) {
            roles.extend(here.role()?);
        }
        Ok(Some(Self { start, profile: here.name.to_owned(), roles }))
    }
}

impl<'a> Seen<'a> {
    fn get(&self, setting: &str) -> Option<&'a str> {
        self.profile.get(setting)
    }

    fn owned(&self, setting: &str) -> Option<String> {
        self.get(setting).map(str::to_owned)
    }

    fn wrong(&self, what: impl Into<String>) -> ProfileError {
        let file = self.profile.file.display().to_string();
        ProfileError::Wrong { name: self.name.to_owned(), file, what: what.into() }
    }

    fn empty(&self, by: &str, seen: Vec<String>) -> ProfileError {
        ProfileError::Empty { name: self.name.to_owned(), by: by.to_owned(), seen }
    }

    fn has_keys(&self) -> bool {
        self.get("aws_access_key_id").and(self.get("aws_secret_access_key")).is_some()
    }

    /// Settings that exclude or need each other.
    fn check(&self) -> Result<(), ProfileError> {
        let kinds = ["source_profile", "credential_source", "web_identity_token_file", "credential_process"];
        let mut found = kinds.into_iter().filter(|setting| self.get(setting).is_some());
        if let (Some(one), Some(other)) = (found.next(), found.next()) {
            return Err(self.wrong(format!("has both {one} and {other}: one must go")));
        }
        let (id, secret) = ("aws_access_key_id", "aws_secret_access_key");
        for (has, lacks) in [(id, secret), (secret, id)] {
            if self.get(has).is_some() && self.get(lacks).is_none() {
                return Err(self.wrong(format!("has {has}, but no {lacks}")));
            }
        }
        let needs_role = kinds[..3].iter().find(|setting| self.get(setting).is_some());
        match needs_role.filter(|_| self.get("role_arn").is_none()) {
            Some(setting) => Err(self.wrong(format!("has {setting}, but no role_arn"))),
            None => Ok(()),
        }
    }

    /// The profile that gives the credentials; keys of a profile that is a source itself come first.
    fn source(&self, is_source: bool) -> Option<&'a str> {
        self.get("source_profile").filter(|_| !(is_source && self.has_keys()))
    }

    fn role(&self) -> Result<Option<Role>, ProfileError> {
        let Some(arn) = self.owned("role_arn") else { return Ok(None) };
        if let Some(serial) = self.get("mfa_serial") {
            return Err(self.wrong(format!(
                "wants a code of the MFA device {serial:?} (mfa_serial), which nobody is here to type: use a role \
                 that needs none"
            )));
        }
        let seconds = self.get("duration_seconds").and_then(|text| {
            let seconds = text.parse().ok();
            if seconds.is_none() {
                tracing::warn!(
                    "AWS profile {:?} has duration_seconds {text:?}, which is no number",
                    self.name
                );
            }
            seconds
        });
        Ok(Some(Role {
            arn,
            session: self.owned("role_session_name"),
            external_id: self.owned("external_id"),
            seconds,
        }))
    }

    fn start(&self, config: &Config<'_>) -> Result<Start, ProfileError> {
        if self.has_keys() {
            return Ok(Start::Keys);
        }
        if let Some(source) = self.get("credential_source") {
            return match source {
                "Environment" => Ok(Start::Environment),
                "EcsContainer" => Ok(Start::Container),
                "Ec2InstanceMetadata" => Ok(Start::Instance),
                other => Err(self.wrong(format!(
                    "has credential_source {other:?}: there are Environment, EcsContainer and Ec2InstanceMetadata"
                ))),
            };
        }
        if let Some((file, arn)) = self.owned("web_identity_token_file").zip(self.owned("role_arn")) {
            let session = self.owned("role_session_name");
            return Ok(Start::WebIdentity {
                file,
                role: Role { arn, session, external_id: None, seconds: None },
            });
        }
        if let Some(sso) = self.sso(config)? {
            return Ok(Start::Sso(sso));
        }
        if let Some(session) = self.owned("login_session") {
            return Ok(Start::Login(session));
        }
        Ok(self.owned("credential_process").map_or(Start::Machine, Start::Process))
    }

    /// The end of a chain that has come to a profile for the second time.
    fn again(
        &self,
        config: &Config<'_>,
        by: &str,
        path: &[&str],
        roles: Vec<Role>,
    ) -> Result<Option<Plan>, ProfileError> {
        let start = match self.has_keys() {
            true => Start::Keys,
            false => match self.sso(config)? {
                Some(sso) => Start::Sso(sso),
                None => self.owned("login_session").map_or(Start::Machine, Start::Login),
            },
        };
        if start == Start::Machine {
            let seen = path.iter().copied().chain([self.name]).map(str::to_owned).collect();
            return Err(self.empty(by, seen));
        }
        Ok(Some(Plan { start, profile: self.name.to_owned(), roles }))
    }

    fn sso(&self, config: &Config<'_>) -> Result<Option<Sso>, ProfileError> {
        let of_profile = ["sso_start_url", "sso_region", "sso_account_id", "sso_role_name"];
        let session = self.owned("sso_session");
        if session.is_none() && of_profile.iter().all(|setting| self.get(setting).is_none()) {
            return Ok(None);
        }
        let settings = session.as_deref().map(|name| {
            let missing = || self.wrong(format!("names the sso-session {name:?}, which there is not"));
            config.sso_session(name).ok_or_else(missing)
        });
        let settings = settings.transpose()?;
        let shared = |setting: &str| match settings {
            None => self.owned(setting),
            Some(settings) => settings.get(setting).filter(|value| !value.is_empty()).cloned(),
        };
        for setting in &of_profile[..2] {
            let (mine, shared) = (self.owned(setting), shared(setting));
            if mine.is_some() && mine != shared {
                return Err(self.wrong(format!("has another {setting} than its sso-session")));
            }
        }
        let lacks = |setting: &str, place: &str| {
            self.wrong(format!("signs on with IAM Identity Center, but has no {setting}{place}"))
        };
        let place = if session.is_some() { " in its sso-session" } else { "" };
        let shared = |setting: &str| shared(setting).ok_or_else(|| lacks(setting, place));
        let own = |setting: &str| self.owned(setting).ok_or_else(|| lacks(setting, ""));
        Ok(Some(Sso {
            start_url: shared("sso_start_url")?,
            region: shared("sso_region")?,
            account: own("sso_account_id")?,
            role: own("sso_role_name")?,
            session,
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    /// Start, profile of the start, roles from the one that counts, or what is wrong.
    fn check(config: &str, expected: &str) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config");
        std::fs::write(&file, config).unwrap();
        let variables = HashMap::from([
            ("AWS_CONFIG_FILE".to_owned(), file.to_str().unwrap().to_owned()),
            ("AWS_SHARED_CREDENTIALS_FILE".to_owned(), "/nonexistent".to_owned()),
            ("AWS_PROFILE".to_owned(), "p".to_owned()),
        ]);
        let found = match Plan::of(&Config::load(&variables)) {
            Ok(None) => "none".to_owned(),
            Ok(Some(plan)) => {
                let roles: String = plan.roles.iter().map(|role| format!(" < {}", role.arn)).collect();
                format!("{:?} of {}{roles}", plan.start, plan.profile)
            }
            Err(error) => error.to_string().replace(&file.display().to_string(), "FILE"),
        };
        assert_eq!(found, expected, "{config}");
    }

    const KEYS: &str = "aws_access_key_id=a\naws_secret_access_key=b\n";

    #[test]
    fn kinds_of_one_profile_have_an_order() {
        check("[default]\nregion=r\n", "none");
        check("[profile p]\nregion=r\n", "Machine of p");
        let sso = "sso_start_url=u\nsso_region=r\nsso_account_id=1\nsso_role_name=n\n";
        let sso_plan =
            "Sso(Sso { session: None, start_url: \"u\", region: \"r\", account: \"1\", role: \"n\" }) of p";
        let process = "credential_process = /bin/x \"a b\"\n";
        check(&format!("[profile p]\n{process}"), "Process(\"/bin/x \\\"a b\\\"\") of p");
        let login = "login_session = user\n";
        check(&format!("[profile p]\n{process}{login}"), "Login(\"user\") of p");
        check(&format!("[profile p]\n{process}{login}{sso}"), sso_plan);
        check(&format!("[profile p]\n{process}{sso}{KEYS}"), "Keys of p");
        check(
            &format!("[profile p]\nrole_arn=A\nweb_identity_token_file=f\nrole_session_name=s\n{sso}"),
            "WebIdentity { file: \"f\", role: Role { arn: \"A\", session: Some(\"s\"), external_id: None, seconds: None } } \
             of p",
        );
        for (source, start) in [
            ("Environment", "Environment"),
            ("EcsContainer", "Container"),
            ("Ec2InstanceMetadata", "Instance"),
        ] {
            let config = format!("[profile p]\nrole_arn=A\ncredential_source={source}\n{sso}");
            check(&config, &format!("{start} of p < A"));
        }
        check("[profile p]\nrole_arn=A\n", "Machine of p < A");
        check(&format!("[profile p]\nrole_arn=A\n{sso}"), &format!("{sso_plan} < A"));
        check("[profile p]\nrole_arn=A\nduration_seconds=1h\n", "Machine of p < A");
    }

    #[test]
    fn profiles_make_chains() {
        check(
            &format!(
                "[profile p]\nrole_arn=A\nsource_profile=q\n[profile q]\nrole_arn=B\nsource_profile=r\n[profile r]\n{KEYS}"
            ),
            "Keys of r < A < B",
        );
        // Keys beside a source are overlooked in the profile in use, and come first in a source.
        check(
            &format!(
                "[profile p]\nrole_arn=A\nsource_profile=q\n{KEYS}[profile q]\nsource_profile=p\nrole_arn=B\n{KEYS}"
            ),
            "Keys of q < A < B",
        );
        check(&format!("[profile p]\nrole_arn=A\nsource_profile=p\n{KEYS}"), "Keys of p < A");
        check(
            &format!(
                "[profile p]\nrole_arn=A\nsource_profile=q\n{KEYS}[profile q]\nrole_arn=B\nsource_profile=p\n"
            ),
            "Keys of p < A < B",
        );
        check(
            "[profile p]\nrole_arn=A\nsource_profile=q\n[profile q]\nrole_arn=B\ncredential_source=Environment\n",
            "Environment of q < A < B",
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (config, expected) in [
            (
                "[profile p]\nrole_arn=A\nsource_profile=q\n",
                "there is no AWS profile \"q\", which profile \"p\" names as its source_profile",
            ),
            (
                "[profile p]\nrole_arn=A\nsource_profile=q\n[profile q]\nregion=r\n",
                "AWS profile \"q\" has nothing to assume the role of profile \"p\" with",
            ),
            (
                "[profile p]\nrole_arn=A\nsource_profile=q\n[profile q]\nrole_arn=B\nsource_profile=p\n",
                "AWS profile \"p\" has nothing to assume the role of profile \"q\" with: the profiles p → q → p name each \
                 other as source_profile",
            ),
            (
                "[profile p]\nrole_arn=A\nsource_profile=q\ncredential_source=Environment\n",
                "AWS profile \"p\" in FILE has both source_profile and credential_source: one must go",
            ),
            (
                "[profile p]\nsource_profile=q\n",
                "AWS profile \"p\" in FILE has source_profile, but no role_arn",
            ),
            (
                "[profile p]\nweb_identity_token_file=f\n",
                "AWS profile \"p\" in FILE has web_identity_token_file, but no role_arn",
            ),
            (
                "[profile p]\nrole_arn=A\ncredential_source=Moon\n",
                "AWS profile \"p\" in FILE has credential_source \"Moon\": there are Environment, EcsContainer and \
                 Ec2InstanceMetadata",
            ),
            (
                "[profile p]\nrole_arn=A\nmfa_serial=arn:m\ncredential_source=Environment\n",
                "AWS profile \"p\" in FILE wants a code of the MFA device \"arn:m\" (mfa_serial), which nobody is here \
                 to type: use a role that needs none",
            ),
            (
                "[profile p]\nrole_arn=A\nweb_identity_token_file=f\ncredential_process=x\n",
                "AWS profile \"p\" in FILE has both web_identity_token_file and credential_process: one must go",
            ),
            (
                "[profile p]\naws_access_key_id=a\n",
                "AWS profile \"p\" in FILE has aws_access_key_id, but no aws_secret_access_key",
            ),
            (
                "[profile p]\nsso_start_url=u\nsso_region=r\nsso_account_id=1\n",
                "AWS profile \"p\" in FILE signs on with IAM Identity Center, but has no sso_role_name",
            ),
            (
                "[profile p]\nsso_session=s\n",
                "AWS profile \"p\" in FILE names the sso-session \"s\", which there is not",
            ),
            (
                "[profile p]\nsso_session=s\nsso_account_id=1\nsso_role_name=n\n[sso-session s]\nsso_region=r\n",
                "AWS profile \"p\" in FILE signs on with IAM Identity Center, but has no sso_start_url in its sso-session",
            ),
            (
                "[profile p]\nsso_session=s\nsso_region=x\n[sso-session s]\nsso_region=r\n",
                "AWS profile \"p\" in FILE has another sso_region than its sso-session",
            ),
        ] {
            check(config, expected);
        }
    }
}
