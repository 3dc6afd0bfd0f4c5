//! The default chain of credentials: variables, web identity, the profile and its roles, the container's role, the
//! instance's role.

use aws_credential_types::Credentials;

use super::config::Config;
use super::files::Profile;
use super::plan::{Plan, Role, Start};
use super::{login, machine, process, sso, sts};
use crate::{CloudError, filled};

/// The first credentials of the chain.
pub(crate) fn find(config: &Config<'_>) -> Result<Credentials, CloudError> {
    if let Some(found) = environment(config) {
        return Ok(found);
    }
    if let Some(found) = web_identity(config)? {
        return Ok(found);
    }
    match Plan::of(config)? {
        Some(plan) => follow(config, &plan),
        None => match ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"]
            .into_iter()
            .find(|name| filled(config.variables, name).is_some())
        {
            Some(variable) => Err(CloudError::Credentials(format!(
                "there is no AWS profile {:?} ({variable})",
                config.profile_name()
            ))),
            None => of_machine(config),
        },
    }
}

fn environment(config: &Config<'_>) -> Option<Credentials> {
    let first = |names: [&str; 2]| names.into_iter().find_map(|name| filled(config.variables, name));
    let id = first(["AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY"])?;
    let secret = first(["AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY"])?;
    Some(Credentials::from_keys(id, secret, filled(config.variables, "AWS_SESSION_TOKEN")))
}

fn web_identity(config: &Config<'_>) -> Result<Option<Credentials>, CloudError> {
    let variables = config.variables;
    let Some(file) = filled(variables, "AWS_WEB_IDENTITY_TOKEN_FILE") else { return Ok(None) };
    let arn = filled(variables, "AWS_ROLE_ARN").ok_or_else(|| {
        CloudError::Credentials("AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is not".to_owned())
    })?;
    let session = filled(variables, "AWS_ROLE_SESSION_NAME");
    let role = Role { arn, session, external_id: None, seconds: None };
    sts::assume_with_token(config, &file, &role).map(Some)
}

/// The start's credentials, and then those of one role after the other.
fn follow(config: &Config<'_>, plan: &Plan) -> Result<Credentials, CloudError> {
    let in_profile = |error: CloudError| error.during(format!("AWS profile {:?}", plan.profile));
    let mut credentials = start(config, plan).map_err(in_profile)?;
    for role in plan.roles.iter().rev() {
        credentials = sts::assume(config, &credentials, role)
            .map_err(|error| error.during(format!("AWS profile {:?}", config.profile_name())))?;
    }
    Ok(credentials)
}

fn start(config: &Config<'_>, plan: &Plan) -> Result<Credentials, CloudError> {
    match &plan.start {
        Start::Keys => config
            .profile(&plan.profile)
            .and_then(keys)
            .ok_or_else(|| CloudError::Credentials("its keys are gone".to_owned())),
        Start::Environment => environment(config).ok_or_else(|| {
            CloudError::Credentials(
                "credential_source is Environment, but AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set"
                    .to_owned(),
            )
        }),
        Start::Container => machine::container(config)?.ok_or_else(|| {
            CloudError::Credentials(
                "credential_source is EcsContainer, but neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor \
                 AWS_CONTAINER_CREDENTIALS_FULL_URI is set"
                    .to_owned(),
            )
        }),
        Start::Instance => machine::instance(config),
        Start::WebIdentity { file, role } => sts::assume_with_token(config, file, role),
        Start::Sso(permission) => sso::credentials(config, permission),
        Start::Login(session) => login::credentials(config, session),
        Start::Process(line) => process::credentials(config, line),
        Start::Machine => of_machine(config),
    }
}

fn keys(profile: &Profile) -> Option<Credentials> {
    let (id, secret) = (profile.get("aws_access_key_id")?, profile.get("aws_secret_access_key")?);
    Some(Credentials::from_keys(id, secret, profile.get("aws_session_token").map(str::to_owned)))
}

fn of_machine(config: &Config<'_>) -> Result<Credentials, CloudError> {
    if let Some(found) = machine::container(config)? {
        return Ok(found);
    }
    machine::instance(config).map_err(|error| {
        CloudError::Credentials(format!(
            "no AWS credentials: none in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, profile {:?} or a container's \
             role, and {error}",
            config.profile_name()
        ))
    })
}
