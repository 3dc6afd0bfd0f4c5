//! Google Cloud: meta-data of instances, application default credentials, signed digests.

mod compute;
mod credentials;
mod external_account;
mod file;
mod grant;
mod impersonation;
mod kms;
mod members;
mod metadata;
mod service_account;
mod subject;
mod subject_of_aws;
mod subject_of_program;

pub(crate) use compute::instance_labels;
pub(crate) use kms::GcpKms;
pub(crate) use metadata::Metadata;

use crate::{Variables, filled};

/// Where an API is: what gcloud's variable for it says, or the universe's own address.
fn endpoint(variables: Variables<'_>, api: &str) -> String {
    let variable = format!("CLOUDSDK_API_ENDPOINT_OVERRIDES_{}", api.to_uppercase());
    let usual = || {
        let universe = filled(variables, "GOOGLE_CLOUD_UNIVERSE_DOMAIN");
        format!("https://{api}.{}", universe.as_deref().unwrap_or(credentials::UNIVERSE))
    };
    filled(variables, &variable).unwrap_or_else(usual).trim_end_matches('/').to_owned()
}
