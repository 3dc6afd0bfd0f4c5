//! The meta-data service of Compute Engine.

use crate::http::{Ask, Service, Way};
use crate::{CloudError, Variables, filled};

/// The meta-data service.
pub(crate) struct Metadata {
    service: Service,
    base: String,
}

impl Metadata {
    pub(crate) fn new(variables: Variables<'_>) -> Self {
        let host = filled(variables, "GCE_METADATA_HOST").unwrap_or_else(|| "169.254.169.254".to_owned());
        let service = Service::new("the GCP meta-data service", Way::Link);
        Self { service, base: format!("http://{host}/computeMetadata/v1") }
    }

    /// What is at `path`.
    pub(crate) fn get(&self, path: &str) -> Result<String, CloudError> {
        let url = format!("{}/{path}", self.base);
        let answer = self.service.ask(|| Ok(Ask::get(&url).header("metadata-flavor", "Google")))?;
        Ok(answer.body)
    }

    /// The tags of `tags-from-gcp-meta-data`.
    pub(crate) fn tags(&self) -> Result<Vec<String>, CloudError> {
        let zone = last(&self.get("instance/zone")?);
        let region = zone.rsplit_once('-').map_or(zone.clone(), |(region, _)| region.to_owned());
        Ok([
            ("instance-id", self.get("instance/id")?),
            ("instance-name", self.get("instance/name")?),
            ("machine-type", last(&self.get("instance/machine-type")?)),
            ("preemptible", self.get("instance/scheduling/preemptible")?.to_lowercase()),
            ("project-id", self.get("project/project-id")?),
            ("region", region),
            ("zone", zone),
        ]
        .map(|(name, value)| format!("gcp:{name}={value}"))
        .into())
    }
}

/// The last segment of a path.
pub(super) fn last(path: &str) -> String {
    path.rsplit('/').next().unwrap_or_default().to_owned()
}
