//! Application default credentials: a file that a variable names, gcloud's own file, the instance's service account.

use std::path::{Path, PathBuf};

use super::file::{File, Kind};
use super::{Metadata, external_account, grant, impersonation, service_account};
use crate::http::Ask;
use crate::{CloudError, Variables, filled};

/// All of the cloud platform.
pub(super) const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
/// Google's own universe.
pub(super) const UNIVERSE: &str = "googleapis.com";

/// What a request needs to be let in.
pub(crate) struct Access {
    /// Lasts an hour, which no upload does.
    token: String,
    /// Who pays, where that isn't the project of the resource.
    quota_project: Option<String>,
}

impl Access {
    /// The request with it.
    pub(crate) fn on(&self, ask: Ask) -> Ask {
        let ask = ask.header("authorization", format!("Bearer {}", self.token));
        match &self.quota_project {
            Some(project) => ask.header("x-goog-user-project", project),
            None => ask,
        }
    }
}

/// Access to all of the cloud platform.
pub(crate) fn access(variables: Variables<'_>) -> Result<Access, CloudError> {
    let quota_project = filled(variables, "GOOGLE_CLOUD_QUOTA_PROJECT");
    let Some(path) = path(variables) else {
        let path = format!("instance/service-accounts/default/token?scopes={SCOPE}");
        let text = Metadata::new(variables).get(&path)?;
        return Ok(Access { token: grant::read(&text, "the GCP meta-data service")?, quota_project });
    };
    let in_file = |error: CloudError| error.during(format!("Google credentials in {}", path.display()));
    let file = read(&path).map_err(in_file)?;
    check_universe(variables, file.universe()).map_err(in_file)?;
    let token = token(variables, &file).map_err(in_file)?;
    Ok(Access { token, quota_project: quota_project.or(file.quota_project_id) })
}

/// The file that `GOOGLE_APPLICATION_CREDENTIALS` names, or gcloud's if it is there.
fn path(variables: Variables<'_>) -> Option<PathBuf> {
    let named = filled(variables, "GOOGLE_APPLICATION_CREDENTIALS").map(PathBuf::from);
    let under = |variable: &str, folder: &str| Some(PathBuf::from(filled(variables, variable)?).join(folder));
    named.or_else(|| {
        let folders = match under("CLOUDSDK_CONFIG", "") {
            Some(folder) => vec![folder],
            None => {
                [under("HOME", ".config/gcloud"), under("APPDATA", "gcloud")].into_iter().flatten().collect()
            }
        };
        let mut files = folders.into_iter().map(|folder| folder.join("application_default_credentials.json"));
        files.find(|path| path.is_file())
    })
}

fn read(path: &Path) -> Result<File, CloudError> {
    let text = std::fs::read(path).map_err(|error| CloudError::Credentials(error.to_string()))?;
    let value = serde_json::from_slice(&text).map_err(|_| CloudError::Credentials("not JSON".to_owned()))?;
    File::read(&value)
}

/// A token counts in its own universe only.
fn check_universe(variables: Variables<'_>, of_file: &str) -> Result<(), CloudError> {
    let asked = filled(variables, "GOOGLE_CLOUD_UNIVERSE_DOMAIN");
    let asked = asked.as_deref().unwrap_or(UNIVERSE);
    match asked == of_file {
        true => Ok(()),
        false => Err(CloudError::Credentials(format!(
            "they are for the universe {of_file:?}, but {asked:?} is asked: set GOOGLE_CLOUD_UNIVERSE_DOMAIN"
        ))),
    }
}

/// The token that a file's credentials are traded for.
pub(super) fn token(variables: Variables<'_>, file: &File) -> Result<String, CloudError> {
    match &file.kind {
        Kind::ServiceAccount(account) if file.universe() == UNIVERSE => service_account::token(account),
        // Other universes have no service that trades statements for tokens: the statement is the token.
        Kind::ServiceAccount(account) => service_account::statement(account, None),
        Kind::AuthorizedUser(user) => grant::refresh(user),
        Kind::ExternalAccountAuthorizedUser(user) => grant::refresh_as_client(user, file.universe()),
        Kind::ExternalAccount(account) => external_account::token(variables, account, file.universe()),
        Kind::ImpersonatedServiceAccount(account) => {
            let source = File::read(&account.source_credentials)
                .and_then(|source| token(variables, &source))
                .map_err(|error| error.during("its source_credentials"))?;
            let url = &account.service_account_impersonation_url;
            impersonation::token(url, &source, &account.delegates, None)
        }
    }
}
