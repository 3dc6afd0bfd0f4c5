//! The statement that AWS can make: a signed question who the caller is, which Google's service asks in our place.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use url::{Host, Position, Url};

use super::external_account::{ExternalAccount, Source};
use crate::aws::{Role, Scope, signed};
use crate::http::{Ask, Service, Way};
use crate::{CloudError, Variables, filled};

const SESSION_SECONDS: &str = "300";

/// The meta-data service that a file names, and its session.
struct Instance<'a> {
    service: Service,
    source: &'a Source,
    session: Option<String>,
}

/// The statement.
pub(super) fn token(variables: Variables<'_>, account: &ExternalAccount) -> Result<String, CloudError> {
    let source = &account.credential_source;
    let mut instance =
        Instance { service: Service::new("the EC2 meta-data service", Way::Link), source, session: None };
    let region =
        match ["AWS_REGION", "AWS_DEFAULT_REGION"].into_iter().find_map(|name| filled(variables, name)) {
            Some(region) => region,
            None => instance.region()?,
        };
    let credentials = match environment(variables) {
        Some(found) => found,
        None => instance.credentials()?,
    };
    let url =
        source.regional_cred_verification_url.as_deref().unwrap_or_default().replace("{region}", &region);
    if url.is_empty() {
        return Err(lacks("regional_cred_verification_url"));
    }
    question(&url, &region, &credentials, &account.audience)
}

fn lacks(member: &str) -> CloudError {
    CloudError::Credentials(format!("its credential_source has no {member}"))
}

fn environment(variables: Variables<'_>) -> Option<Credentials> {
    let (id, secret) =
        filled(variables, "AWS_ACCESS_KEY_ID").zip(filled(variables, "AWS_SECRET_ACCESS_KEY"))?;
    Some(Credentials::from_keys(id, secret, filled(variables, "AWS_SESSION_TOKEN")))
}

/// The signed question as an object in the form of an address.
fn question(
    url: &str,
    region: &str,
    credentials: &Credentials,
    audience: &str,
) -> Result<String, CloudError> {
    let host = Url::parse(url).ok().filter(Url::has_host);
    let host = host.map(|url| url[Position::BeforeHost..Position::AfterPort].to_owned());
    let host = host.ok_or_else(|| {
        CloudError::Credentials("its regional_cred_verification_url is no address".to_owned())
    })?;
    let ask = Ask { method: Method::POST, ..Ask::get(url) }.header("x-goog-cloud-target-resource", audience);
    let ask = signed(ask, credentials, &Scope { service: "sts", region }, SystemTime::now())?;
    let header = |(name, value): &(String, String)| json!({ "key": name, "value": value });
    let mut headers: Vec<Value> = ask.headers.iter().map(header).collect();
    headers.push(json!({ "key": "host", "value": host }));
    let question = json!({ "url": url, "method": "POST", "headers": headers, "body": "" }).to_string();
    Ok(utf8_percent_encode(&question, NON_ALPHANUMERIC).to_string())
}

impl Instance<'_> {
    /// The name of a zone without its last letter.
    fn region(&mut self) -> Result<String, CloudError> {
        let url = self.source.region_url.as_deref().ok_or_else(|| lacks("region_url"))?;
        let zone = self.get("region_url", url)?;
        let mut region = zone.trim().chars();
        region.next_back();
        Ok(region.as_str().to_owned())
    }

    fn credentials(&mut self) -> Result<Credentials, CloudError> {
        let url = self.source.url.as_deref().ok_or_else(|| lacks("url"))?.trim_end_matches('/');
        let name = self.get("url", url)?;
        let text = self.get("url", &format!("{url}/{}", name.trim()))?;
        let role: Role = serde_json::from_str(&text).map_err(|_| {
            CloudError::Credentials("the EC2 meta-data service has no keys for its role".to_owned())
        })?;
        Ok(role.into())
    }

    fn get(&mut self, member: &str, url: &str) -> Result<String, CloudError> {
        check_host(member, url)?;
        let session = self.session()?;
        let answer = self.service.ask(|| {
            let ask = Ask::get(url);
            Ok(match &session {
                Some(session) => ask.header("x-aws-ec2-metadata-token", session),
                None => ask,
            })
        })?;
        Ok(answer.body)
    }

    /// The session, if the file says where there are any.
    fn session(&mut self) -> Result<Option<String>, CloudError> {
        let Some(url) = &self.source.imdsv2_session_token_url else { return Ok(None) };
        if self.session.is_none() {
            check_host("imdsv2_session_token_url", url)?;
            let answer = self.service.ask(|| {
                let ask = Ask { method: Method::PUT, ..Ask::get(url) };
                Ok(ask.header("x-aws-ec2-metadata-token-ttl-seconds", SESSION_SECONDS))
            })?;
            self.session = Some(answer.body);
        }
        Ok(self.session.clone())
    }
}

/// A file may lead to the meta-data service and to this machine only.
fn check_host(member: &str, url: &str) -> Result<(), CloudError> {
    let parsed = Url::parse(url).ok();
    let is_trusted = match parsed.as_ref().and_then(Url::host) {
        Some(Host::Ipv4(address)) => address.is_loopback() || address.octets() == [169, 254, 169, 254],
        Some(Host::Ipv6(address)) => {
            address.is_loopback() || address.segments() == [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254]
        }
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    match is_trusted {
        true => Ok(()),
        false => Err(CloudError::Credentials(format!(
            "its {member} leads to another host than 169.254.169.254 or fd00:ec2::254"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_meta_data_service_is_asked() {
        for (url, expected) in [
            ("http://169.254.169.254/latest", true),
            ("http://[fd00:ec2::254]/latest", true),
            ("http://127.0.0.1:1/", true),
            ("http://169.254.169.254.example.com/", false),
            ("http://192.0.2.1/", false),
            ("/latest", false),
        ] {
            assert_eq!(check_host("url", url).is_ok(), expected, "{url}");
        }
    }
}
