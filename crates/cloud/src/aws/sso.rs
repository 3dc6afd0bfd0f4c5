//! IAM Identity Center: the token of a sign-on is traded at the portal for credentials of a permission set.

use aws_credential_types::Credentials;
use serde::Deserialize;

use super::config::Config;
use super::endpoint::Api;
use super::plan::Sso;
use super::sso_token;
use crate::CloudError;
use crate::http::{Ask, Service, Way};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Granted {
    role_credentials: RoleCredentials,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RoleCredentials {
    access_key_id: String,
    secret_access_key: String,
    session_token: String,
}

/// The credentials of a permission set.
pub(super) fn credentials(config: &Config<'_>, sso: &Sso) -> Result<Credentials, CloudError> {
    let token = sso_token::find(config, sso)?;
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("account_id", &sso.account), ("role_name", &sso.role)])
        .finish();
    let url = format!("{}/federation/credentials?{query}", config.endpoint(Api::Sso, &sso.region)?);
    let service = Service::new("the portal of IAM Identity Center", Way::Open);
    let answer = service.ask(|| Ok(Ask::get(&url).header("x-amz-sso_bearer_token", &token)));
    let answer = answer.map_err(|error| match error.status() {
        Some(401) => error.during(sso_token::sign_on_again(config, "the sign-on counts no longer")),
        _ => error.during(format!("role {:?} of account {:?}", sso.role, sso.account)),
    })?;
    let Granted { role_credentials: role } = answer.json()?;
    Ok(Credentials::from_keys(role.access_key_id, role.secret_access_key, Some(role.session_token)))
}
