//! The Security Token Service: roles are assumed with other credentials, or with a token of somebody who is trusted.

use std::time::SystemTime;

use aws_credential_types::Credentials;

use super::config::Config;
use super::endpoint::Api;
use super::plan::Role;
use super::sign::{Scope, signed};
use crate::CloudError;
use crate::http::{Answer, Ask, Service, Way, element};

/// What sessions are called when nobody has said.
const SESSION: &str = "buildkite-agent";
/// How long they last then.
const SECONDS: u32 = 900;
const FORM: &str = "application/x-www-form-urlencoded";

/// The credentials of a role, which `credentials` may assume.
pub(super) fn assume(
    config: &Config<'_>,
    credentials: &Credentials,
    role: &Role,
) -> Result<Credentials, CloudError> {
    let seconds = role.seconds.unwrap_or(SECONDS).to_string();
    let mut form = vec![("Action", "AssumeRole"), ("DurationSeconds", &seconds)];
    form.extend(role.external_id.as_deref().map(|id| ("ExternalId", id)));
    ask(config, role, form, Some(credentials))
}

/// The credentials of a role, for the token in `file`.
pub(super) fn assume_with_token(
    config: &Config<'_>,
    file: &str,
    role: &Role,
) -> Result<Credentials, CloudError> {
    let token = read_token(file)?;
    ask(config, role, vec![("Action", "AssumeRoleWithWebIdentity"), ("WebIdentityToken", &token)], None)
}

fn ask<'a>(
    config: &Config<'_>,
    role: &'a Role,
    mut form: Vec<(&'a str, &'a str)>,
    by: Option<&Credentials>,
) -> Result<Credentials, CloudError> {
    form.push(("Version", "2011-06-15"));
    form.push(("RoleArn", &role.arn));
    form.push(("RoleSessionName", role.session.as_deref().unwrap_or(SESSION)));
    let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let region = config.region()?;
    let endpoint = format!("{}/", config.endpoint(Api::Sts, &region)?);
    let answer = Service::new("AWS STS", Way::Open).ask(|| {
        let ask = Ask::post(&endpoint, FORM, form.clone());
        let scope = Scope { service: "sts", region: &region };
        match by {
            Some(credentials) => signed(ask, credentials, &scope, SystemTime::now()),
            None => Ok(ask),
        }
    });
    answer
        .and_then(|answer| read(&answer))
        .map_err(|error| error.during(format!("assuming role {:?}", role.arn)))
}

fn read(answer: &Answer) -> Result<Credentials, CloudError> {
    let part = |name: &str| element(&answer.body, name).ok_or_else(|| answer.lacks(name));
    Ok(Credentials::from_keys(part("AccessKeyId")?, part("SecretAccessKey")?, Some(part("SessionToken")?)))
}

/// The token in a file.
pub(super) fn read_token(path: &str) -> Result<String, CloudError> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| CloudError::Credentials(format!("reading the token in {path}: {error}")))?;
    Ok(text.trim().to_owned())
}
