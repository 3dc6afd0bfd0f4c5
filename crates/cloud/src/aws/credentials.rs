//! The default chain of credentials: variables, web identity, the profile, the container's role, the instance's role.

use aws_credential_types::Credentials;
use http::Method;
use serde::Deserialize;

use super::config::{Config, Profile};
use super::imds::Imds;
use crate::http::{Answer, Ask, Service, Way, element};
use crate::{CloudError, filled};

/// The first credentials of the chain.
pub(crate) fn find(config: &Config<'_>) -> Result<Credentials, CloudError> {
    for source in [environment, web_identity, profile, container] {
        if let Some(found) = source(config)? {
            return Ok(found);
        }
    }
    instance(config).map_err(|error| {
        CloudError::Credentials(format!(
            "no AWS credentials: none in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, profile {:?} or a container's \
             role, and {error}",
            config.profile_name()
        ))
    })
}

type Found = Result<Option<Credentials>, CloudError>;

fn environment(config: &Config<'_>) -> Found {
    let keys =
        filled(config.variables, "AWS_ACCESS_KEY_ID").zip(filled(config.variables, "AWS_SECRET_ACCESS_KEY"));
    let token = filled(config.variables, "AWS_SESSION_TOKEN");
    Ok(keys.map(|(id, secret)| Credentials::from_keys(id, secret, token)))
}

fn web_identity(config: &Config<'_>) -> Found {
    let variables = config.variables;
    let Some((file, role)) =
        filled(variables, "AWS_WEB_IDENTITY_TOKEN_FILE").zip(filled(variables, "AWS_ROLE_ARN"))
    else {
        return Ok(None);
    };
    let session = filled(variables, "AWS_ROLE_SESSION_NAME").unwrap_or_else(|| "buildkite-agent".to_owned());
    assume_with_token(config, &file, &role, &session).map(Some)
}

fn profile(config: &Config<'_>) -> Found {
    let Some(profile) = config.profile(config.profile_name()) else {
        return match filled(config.variables, "AWS_PROFILE") {
            Some(name) => {
                Err(CloudError::Credentials(format!("there is no AWS profile {name:?} (AWS_PROFILE)")))
            }
            None => Ok(None),
        };
    };
    let setting = |name: &str| profile.get(name).filter(|value| !value.is_empty());
    if let Some((file, role)) = setting("web_identity_token_file").zip(setting("role_arn")) {
        let session = setting("role_session_name").map_or("buildkite-agent", String::as_str);
        return assume_with_token(config, file, role, session).map(Some);
    }
    let other = ["role_arn", "credential_process", "sso_session", "sso_start_url"];
    match (keys(profile), other.into_iter().find(|name| setting(name).is_some())) {
        (Some(keys), _) => Ok(Some(keys)),
        (None, Some(kind)) => Err(CloudError::Credentials(format!(
            "profile {:?} has {kind}, which this agent can't use: give it keys, a web identity or a role of the \
             instance or container",
            config.profile_name()
        ))),
        (None, None) => Ok(None),
    }
}

fn keys(profile: &Profile) -> Option<Credentials> {
    let (id, secret) = (profile.get("aws_access_key_id")?, profile.get("aws_secret_access_key")?);
    Some(Credentials::from_keys(id, secret, profile.get("aws_session_token").cloned()))
}

/// What the services of containers and instances answer.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Role {
    access_key_id: String,
    secret_access_key: String,
    token: Option<String>,
}

impl From<Role> for Credentials {
    fn from(role: Role) -> Self {
        Self::from_keys(role.access_key_id, role.secret_access_key, role.token)
    }
}

fn container(config: &Config<'_>) -> Found {
    let variables = config.variables;
    let relative = filled(variables, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    let url = relative.map(|path| format!("http://169.254.170.2{path}"));
    let Some(url) = url.or_else(|| filled(variables, "AWS_CONTAINER_CREDENTIALS_FULL_URI")) else {
        return Ok(None);
    };
    let token = match filled(variables, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
        Some(path) => Some(read(&path)?),
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

fn instance(config: &Config<'_>) -> Result<Credentials, CloudError> {
    const ROLES: &str = "meta-data/iam/security-credentials/";
    let imds = Imds::new(config.variables)?;
    let role = imds.get(ROLES)?;
    let text = imds.get(&format!("{ROLES}{}", role.lines().next().unwrap_or_default()))?;
    let role: Role = serde_json::from_str(&text).map_err(|_| {
        CloudError::Credentials("the EC2 meta-data service has no keys for its role".to_owned())
    })?;
    Ok(role.into())
}

fn assume_with_token(
    config: &Config<'_>,
    file: &str,
    role: &str,
    session: &str,
) -> Result<Credentials, CloudError> {
    let token = read(file)?;
    let endpoint = config.endpoint("sts", &config.region()?);
    let form = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("Action", "AssumeRoleWithWebIdentity"),
            ("Version", "2011-06-15"),
            ("RoleArn", role),
            ("RoleSessionName", session),
            ("WebIdentityToken", &token),
        ])
        .finish();
    let service = Service::new("AWS STS", Way::Open);
    let answer = service.ask(|| {
        let ask = Ask::post(format!("{endpoint}/"), "application/x-www-form-urlencoded", form.clone());
        Ok(Ask { method: Method::POST, ..ask })
    })?;
    let part = |name: &str| part(&answer, name);
    Ok(Credentials::from_keys(part("AccessKeyId")?, part("SecretAccessKey")?, Some(part("SessionToken")?)))
}

fn part(answer: &Answer, name: &str) -> Result<String, CloudError> {
    element(&answer.body, name).ok_or_else(|| answer.lacks(name))
}

fn read(path: &str) -> Result<String, CloudError> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| CloudError::Credentials(format!("reading the token in {path}: {error}")))?;
    Ok(text.trim().to_owned())
}
