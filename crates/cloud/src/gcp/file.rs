//! Files of Google's credentials: one object, whose `type` says what else is in it.

use serde_json::Value;

use super::credentials::UNIVERSE;
use super::external_account::ExternalAccount;
use super::members::{Members, missing};
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
pub(super) struct ServiceAccount {
    pub(super) client_email: String,
    pub(super) private_key: String,
    pub(super) private_key_id: String,
    pub(super) token_uri: Option<String>,
}

/// What `gcloud auth application-default login` leaves.
pub(super) struct AuthorizedUser {
    pub(super) client_id: String,
    pub(super) client_secret: String,
    pub(super) refresh_token: String,
    pub(super) token_uri: Option<String>,
}

/// The same after a sign-on with somebody else's identity.
pub(super) struct ExternalAccountAuthorizedUser {
    pub(super) client_id: String,
    pub(super) client_secret: String,
    pub(super) refresh_token: String,
    pub(super) token_url: Option<String>,
}

/// Other credentials that may speak for a service account.
pub(super) struct ImpersonatedServiceAccount {
    pub(super) service_account_impersonation_url: String,
    pub(super) source_credentials: Value,
    pub(super) delegates: Vec<String>,
}

impl File {
    /// Reads the object.
    pub(super) fn read(value: &Value) -> Result<Self, CloudError> {
        let members = Members::of(value)?;
        let kind = match members.need("type")?.as_str() {
            "service_account" => Kind::ServiceAccount(ServiceAccount::read(members)?),
            "authorized_user" => Kind::AuthorizedUser(AuthorizedUser::read(members)?),
            "external_account" => Kind::ExternalAccount(Box::new(ExternalAccount::read(members)?)),
            "external_account_authorized_user" => {
                Kind::ExternalAccountAuthorizedUser(ExternalAccountAuthorizedUser::read(members)?)
            }
            "impersonated_service_account" => {
                Kind::ImpersonatedServiceAccount(ImpersonatedServiceAccount::read(members)?)
            }
            other => {
                return Err(CloudError::Credentials(format!(
                    "type {other:?} can't be used: there are service_account, authorized_user, external_account, \
                     external_account_authorized_user and impersonated_service_account"
                )));
            }
        };
        let quota_project_id = members.text("quota_project_id")?;
        Ok(Self { kind, quota_project_id, universe_domain: members.text("universe_domain")? })
    }

    /// Where its tokens count.
    pub(super) fn universe(&self) -> &str {
        self.universe_domain.as_deref().filter(|domain| !domain.is_empty()).unwrap_or(UNIVERSE)
    }
}

impl ServiceAccount {
    fn read(members: Members<'_>) -> Result<Self, CloudError> {
        Ok(Self {
            client_email: members.need("client_email")?,
            private_key: members.need("private_key")?,
            private_key_id: members.text("private_key_id")?.unwrap_or_default(),
            token_uri: members.text("token_uri")?,
        })
    }
}

impl AuthorizedUser {
    fn read(members: Members<'_>) -> Result<Self, CloudError> {
        Ok(Self {
            client_id: members.need("client_id")?,
            client_secret: members.need("client_secret")?,
            refresh_token: members.need("refresh_token")?,
            token_uri: members.text("token_uri")?,
        })
    }
}

impl ExternalAccountAuthorizedUser {
    fn read(members: Members<'_>) -> Result<Self, CloudError> {
        Ok(Self {
            client_id: members.need("client_id")?,
            client_secret: members.need("client_secret")?,
            refresh_token: members.need("refresh_token")?,
            token_url: members.text("token_url")?,
        })
    }
}

impl ImpersonatedServiceAccount {
    fn read(members: Members<'_>) -> Result<Self, CloudError> {
        const SOURCE: &str = "source_credentials";
        Ok(Self {
            service_account_impersonation_url: members.need("service_account_impersonation_url")?,
            source_credentials: members.value(SOURCE).cloned().ok_or_else(|| missing(SOURCE))?,
            delegates: members.texts("delegates")?,
        })
    }
}
