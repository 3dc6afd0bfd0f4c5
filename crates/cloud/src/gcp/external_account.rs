//! Workload and workforce identity: what another identity provider says of us is traded for a token (RFC 8693).

use serde_json::json;

use super::credentials::SCOPE;
use super::grant::Client;
use super::members::{Members, missing};
use super::{grant, impersonation, subject, subject_of_aws, subject_of_program};
use crate::{CloudError, Variables};

/// An `external_account`.
pub(super) struct ExternalAccount {
    pub(super) audience: String,
    pub(super) subject_token_type: String,
    pub(super) service_account_impersonation_url: Option<String>,
    /// How long the service account's token lasts.
    seconds: Option<u64>,
    token_url: Option<String>,
    client_id: Option<String>,
    client_secret: String,
    workforce_pool_user_project: Option<String>,
    pub(super) credential_source: Source,
}

/// Where the other provider's statement is.
pub(super) struct Source {
    pub(super) file: Option<String>,
    pub(super) url: Option<String>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) format: Format,
    pub(super) executable: Option<Executable>,
    pub(super) environment_id: Option<String>,
    pub(super) region_url: Option<String>,
    pub(super) regional_cred_verification_url: Option<String>,
    pub(super) imdsv2_session_token_url: Option<String>,
    /// Whether it is a client certificate.
    certificate: Option<()>,
}

/// How a file or an answer holds it: as text, or as a member of an object.
pub(super) struct Format {
    pub(super) kind: String,
    pub(super) subject_token_field_name: String,
}

/// A program that prints it.
pub(super) struct Executable {
    pub(super) command: String,
    pub(super) timeout_millis: Option<u64>,
    pub(super) output_file: Option<String>,
}

impl ExternalAccount {
    pub(super) fn read(members: Members<'_>) -> Result<Self, CloudError> {
        const SOURCE: &str = "credential_source";
        let impersonation = members.object("service_account_impersonation")?;
        let seconds = impersonation.map(|of_it| of_it.number("token_lifetime_seconds")).transpose()?;
        let source = members.object(SOURCE)?.ok_or_else(|| missing(SOURCE))?;
        Ok(Self {
            audience: members.need("audience")?,
            subject_token_type: members.need("subject_token_type")?,
            service_account_impersonation_url: members.text("service_account_impersonation_url")?,
            seconds: seconds.flatten(),
            token_url: members.text("token_url")?,
            client_id: members.text("client_id")?,
            client_secret: members.text("client_secret")?.unwrap_or_default(),
            workforce_pool_user_project: members.text("workforce_pool_user_project")?,
            credential_source: Source::read(source)?,
        })
    }
}

impl Source {
    fn read(members: Members<'_>) -> Result<Self, CloudError> {
        let format = members.object("format")?;
        let of_format = |name: &str| -> Result<String, CloudError> {
            let text = format.map(|format| format.text(name)).transpose()?;
            Ok(text.flatten().unwrap_or_default())
        };
        Ok(Self {
            file: members.text("file")?,
            url: members.text("url")?,
            headers: members.texts_by_name("headers")?,
            format: Format {
                kind: of_format("type")?,
                subject_token_field_name: of_format("subject_token_field_name")?,
            },
            executable: members.object("executable")?.map(Executable::read).transpose()?,
            environment_id: members.text("environment_id")?,
            region_url: members.text("region_url")?,
            regional_cred_verification_url: members.text("regional_cred_verification_url")?,
            imdsv2_session_token_url: members.text("imdsv2_session_token_url")?,
            certificate: members.value("certificate").map(drop),
        })
    }
}

impl Executable {
    fn read(members: Members<'_>) -> Result<Self, CloudError> {
        Ok(Self {
            command: members.need("command")?,
            timeout_millis: members.number("timeout_millis")?,
            output_file: members.text("output_file")?,
        })
    }
}

/// Google's token for it, or that of the service account that it may speak for.
pub(super) fn token(
    variables: Variables<'_>,
    account: &ExternalAccount,
    universe: &str,
) -> Result<String, CloudError> {
    if account.workforce_pool_user_project.is_some() && !account.audience.contains("/workforcePools/") {
        return Err(CloudError::Credentials(
            "its workforce_pool_user_project is for the audience of a workforce pool, which it hasn't"
                .to_owned(),
        ));
    }
    let subject = subject(variables, account)?;
    let token = exchange(account, &subject, universe)?;
    match &account.service_account_impersonation_url {
        Some(url) => impersonation::token(url, &token, &[], account.seconds),
        None => Ok(token),
    }
}

/// The statement, from the first kind of source that is there.
fn subject(variables: Variables<'_>, account: &ExternalAccount) -> Result<String, CloudError> {
    let source = &account.credential_source;
    let refused = |what: String| Err(CloudError::Credentials(what));
    match source {
        Source { environment_id: Some(id), .. } if id == "aws1" => subject_of_aws::token(variables, account),
        Source { environment_id: Some(id), .. } => {
            refused(format!("its environment_id is {id:?}, but only aws1 is known"))
        }
        Source { file: Some(path), .. } => subject::of_file(path, &source.format),
        Source { url: Some(url), .. } => subject::of_url(url, source),
        Source { executable: Some(executable), .. } => {
            subject_of_program::token(variables, account, executable)
        }
        Source { certificate: Some(_), .. } => {
            refused("its credential_source is a client certificate, which this agent can't show".to_owned())
        }
        _ => refused("its credential_source has no file, url, executable or environment_id".to_owned()),
    }
}

fn exchange(account: &ExternalAccount, subject: &str, universe: &str) -> Result<String, CloudError> {
    let usual = || format!("https://sts.{universe}/v1/token");
    let url = account.token_url.clone().unwrap_or_else(usual);
    let client = account.client_id.as_deref().map(|id| Client { id, secret: &account.client_secret });
    // A client of one's own says whose project it is.
    let project = account.workforce_pool_user_project.as_ref().filter(|_| client.is_none());
    let options = project.map(|project| json!({ "userProject": project }).to_string());
    let mut form = vec![
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("requested_token_type", "urn:ietf:params:oauth:token-type:access_token"),
        ("audience", &account.audience),
        ("scope", SCOPE),
        ("subject_token", subject),
        ("subject_token_type", &account.subject_token_type),
    ];
    form.extend(options.as_deref().map(|options| ("options", options)));
    grant::ask(&url, &form, client.as_ref()).map_err(|error| error.during("trading the subject token"))
}
