//! Files of Google's credentials: one object, whose `type` says what else is in it.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::credentials::UNIVERSE;
use super::external_account::ExternalAccount;
use crate::CloudError;

/// A file of credentials.
pub(super) struct File {
    pub(super) kind: Kind,
    pub(super) quota_project_id: Option<String>,
    universe_domain: Option<String>,
}

/// What there is in it.
pub(super) enum Kind {
    ServiceAccount(ServiceAccount),
    AuthorizedUser(AuthorizedUser),
    ExternalAccount(Box<ExternalAccount>),
    ExternalAccountAuthorizedUser(ExternalAccountAuthorizedUser),
    ImpersonatedServiceAccount(ImpersonatedServiceAccount),
}

/// A key of a service account.
#[derive(Deserialize)]
pub(super) struct ServiceAccount {
    pub(super) client_email: String,
    pub(super) private_key: String,
    #[serde(default)]
    pub(super) private_key_id: String,
    pub(super) token_uri: Option<String>,
}

/// What `gcloud auth application-default login` leaves.
#[derive(Deserialize)]
pub(super) struct AuthorizedUser {
    pub(super) client_id: String,
    pub(super) client_secret: String,
    pub(super) refresh_token: String,
    pub(super) token_uri: Option<String>,
}

/// The same after a sign-on with somebody else's identity.
#[derive(Deserialize)]
pub(super) struct ExternalAccountAuthorizedUser {
    pub(super) client_id: String,
    pub(super) client_secret: String,
    pub(super) refresh_token: String,
    pub(super) token_url: Option<String>,
}

/// Other credentials that may speak for a service account.
#[derive(Deserialize)]
pub(super) struct ImpersonatedServiceAccount {
    pub(super) service_account_impersonation_url: String,
    pub(super) source_credentials: Value,
    #[serde(default)]
    pub(super) delegates: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Shared {
    #[serde(rename = "type")]
    kind: String,
    quota_project_id: Option<String>,
    universe_domain: Option<String>,
}

impl File {
    /// Reads the object.
    pub(super) fn read(value: &Value) -> Result<Self, CloudError> {
        let Shared { kind, quota_project_id, universe_domain } = member(value)?;
        let kind = match kind.as_str() {
            "service_account" => Kind::ServiceAccount(member(value)?),
            "authorized_user" => Kind::AuthorizedUser(member(value)?),
            "external_account" => Kind::ExternalAccount(member(value)?),
            "external_account_authorized_user" => Kind::ExternalAccountAuthorizedUser(member(value)?),
            "impersonated_service_account" => Kind::ImpersonatedServiceAccount(member(value)?),
            "" => return Err(CloudError::Credentials("there is no \"type\" in it".to_owned())),
            other => {
                return Err(CloudError::Credentials(format!(
                    "type {other:?} can't be used: there are service_account, authorized_user, external_account, \
                     external_account_authorized_user and impersonated_service_account"
                )));
            }
        };
        Ok(Self { kind, quota_project_id, universe_domain })
    }

    /// Where its tokens count.
    pub(super) fn universe(&self) -> &str {
        self.universe_domain.as_deref().filter(|domain| !domain.is_empty()).unwrap_or(UNIVERSE)
    }
}

/// The parser's own message could repeat a secret; which member is missing it may say.
fn member<T: DeserializeOwned>(value: &Value) -> Result<T, CloudError> {
    T::deserialize(value).map_err(|error| {
        let text = error.to_string();
        let is_harmless = text.starts_with("missing field");
        CloudError::Credentials(if is_harmless {
            text
        } else {
            "a member of it has the wrong type".to_owned()
        })
    })
}
