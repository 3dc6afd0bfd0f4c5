//! The roles that a container or an instance has.

use std::net::{IpAddr, ToSocketAddrs as _};

use aws_credential_types::Credentials;
use serde::Deserialize;
use url::{Host, Url};

use super::Imds;
use super::config::Config;
use super::sts::read_token;
use crate::http::{Ask, Service, Way};
use crate::{CloudError, filled};

/// What both services answer.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Role {
    access_key_id: String,
    secret_access_key: String,
    token: Option<String>,
}

/// What the instance's service says when its role has no keys.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Without {
    code: String,
    message: String,
}

impl From<Role> for Credentials {
    fn from(role: Role) -> Self {
        Self::from_keys(role.access_key_id, role.secret_access_key, role.token)
    }
}

/// The container's role; `None` when the variables name no service for it.
pub(super) fn container(config: &Config<'_>) -> Result<Option<Credentials>, CloudError> {
    let variables = config.variables;
    let relative = filled(variables, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    let url = match relative.map(|path| format!("http://169.254.170.2{path}")) {
        Some(url) => url,
        None => match filled(variables, "AWS_CONTAINER_CREDENTIALS_FULL_URI") {
            Some(url) => trusted(url)?,
            None => return Ok(None),
        },
    };
    let token = match filled(variables, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
        Some(path) => Some(read_token(&path)?),
        None => filled(variables, "AWS_CONTAINER_AUTHORIZATION_TOKEN"),
    };
    let service = Service::new("the container's credentials service", Way::Link);
    let answer = service.ask(|| {
        let ask = Ask::get(&url);
        Ok(match &token {
            Some(token) => ask.header("authorization", token),
            None => ask,
        })
    })?;
    answer.json::<Role>().map(|role| Some(role.into()))
}

/// Without encryption only this machine, and the addresses that ECS and EKS have for it, are asked.
fn trusted(url: String) -> Result<String, CloudError> {
    let refused = |what: &str| {
        CloudError::Setting(format!(
            "AWS_CONTAINER_CREDENTIALS_FULL_URI {what}: use https, or an address of this host"
        ))
    };
    let parsed = Url::parse(&url).map_err(|_| refused("is no address"))?;
    let is_trusted = parsed.scheme() == "https" || parsed.host().is_some_and(|host| is_here(&host));
    if is_trusted { Ok(url) } else { Err(refused("leads to another host without encryption")) }
}

fn is_here(host: &Host<&str>) -> bool {
    const SERVICES: [&str; 3] = ["169.254.170.2", "169.254.170.23", "fd00:ec2::23"];
    let is_ours =
        |address: IpAddr| address.is_loopback() || SERVICES.iter().any(|known| known.parse() == Ok(address));
    match host {
        Host::Ipv4(address) => is_ours((*address).into()),
        Host::Ipv6(address) => is_ours((*address).into()),
        Host::Domain(name) => (*name, 0).to_socket_addrs().is_ok_and(|found| {
            let mut found = found.map(|address| address.ip()).peekable();
            found.peek().is_some() && found.all(|address| address.is_loopback())
        }),
    }
}

/// The instance's role.
pub(super) fn instance(config: &Config<'_>) -> Result<Credentials, CloudError> {
    const ROLES: &str = "meta-data/iam/security-credentials/";
    let imds = Imds::new(config)?;
    let name = imds.get(ROLES)?;
    let name = name.lines().next().unwrap_or_default();
    let text = imds.get(&format!("{ROLES}{name}"))?;
    let role: Result<Role, _> = serde_json::from_str(&text);
    role.map(Into::into).map_err(|_| {
        let Without { code, message } = serde_json::from_str(&text).unwrap_or_default();
        let why = [code, message].into_iter().filter(|part| !part.is_empty()).map(|part| format!(": {part}"));
        let why: String = why.collect();
        CloudError::Credentials(format!("the EC2 meta-data service has no keys for its role {name:?}{why}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hosts_of_this_machine_are_asked_without_encryption() {
        for (url, expected) in [
            ("http://127.0.0.1:1/a", true),
            ("http://[::1]:1/a", true),
            ("http://localhost/a", true),
            ("http://169.254.170.2/a", true),
            ("http://169.254.170.23/a", true),
            ("http://[fd00:ec2::23]/a", true),
            ("https://192.0.2.1/a", true),
            ("http://192.0.2.1/a", false),
            ("http://169.254.169.254/a", false),
            ("nothing", false),
        ] {
            assert_eq!(trusted(url.to_owned()).is_ok(), expected, "{url}");
        }
    }
}
