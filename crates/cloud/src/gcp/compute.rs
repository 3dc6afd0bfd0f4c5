//! The labels of an instance: `instances.get` of Compute Engine.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::metadata::last;
use super::{Metadata, credentials, endpoint};
use crate::http::{Ask, Service, Way};
use crate::{CloudError, Variables};

#[derive(Deserialize)]
struct Instance {
    #[serde(default)]
    labels: BTreeMap<String, String>,
}

/// Every label of the instance that this machine is, as `name=value`.
pub(crate) fn instance_labels(variables: Variables<'_>) -> Result<Vec<String>, CloudError> {
    let metadata = Metadata::new(variables);
    let project = metadata.get("project/project-id")?;
    let zone = last(&metadata.get("instance/zone")?);
    let name = metadata.get("instance/name")?;
    let access = credentials::access(variables)?;
    let base = endpoint(variables, "compute");
    // gcloud's own variable ends in the path of the API's version, the usual address does not.
    let base = base.strip_suffix("/compute/v1").unwrap_or(&base);
    let url = format!("{base}/compute/v1/projects/{project}/zones/{zone}/instances/{name}");
    let service = Service::new("Google Compute Engine", Way::Open);
    let answer = service.ask(|| Ok(access.on(Ask::get(&url))))?;
    let labels = answer.json::<Instance>()?.labels;
    if labels.is_empty() {
        return Err(CloudError::Nothing("Google Compute Engine, asked for the labels of this instance,"));
    }
    Ok(labels.into_iter().map(|(name, value)| format!("{name}={value}")).collect())
}
