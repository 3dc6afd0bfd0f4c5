//! Tags that clouds tell, in the order in which they are registered (spec/agent.md §5, sources 4 to 10).

use std::time::Duration;

use crate::aws::{self, Config, Imds};
use crate::gcp::{self, Metadata};
use crate::http::pause;
use crate::{CloudError, Variables};

/// How often a source is asked that is asked again.
const ATTEMPTS: u32 = 5;

/// A source of tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// `tags-from-ec2-meta-data`
    Ec2MetaData,
    /// `tags-from-ec2-meta-data-paths`
    Ec2Paths,
    /// `tags-from-ec2-tags`
    Ec2Tags,
    /// `tags-from-ecs-meta-data`
    EcsMetaData,
    /// `tags-from-gcp-meta-data`
    GcpMetaData,
    /// `tags-from-gcp-meta-data-paths`
    GcpPaths,
    /// `tags-from-gcp-labels`
    GcpLabels,
}

/// Pairs `tag=path`, as they were given.
pub type PathPairs = Vec<String>;

/// Which sources are wanted.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Those without paths; their order doesn't count.
    pub sources: Vec<Source>,
    /// Paths of EC2 meta-data.
    pub ec2_paths: PathPairs,
    /// Paths of GCP meta-data.
    pub gcp_paths: PathPairs,
}

/// The `wait-for-…-timeout` options.
#[derive(Clone, Copy, Debug)]
pub struct Waits {
    /// For `tags-from-ec2-meta-data`.
    pub ec2_meta_data: Duration,
    /// For `tags-from-ec2-tags`.
    pub ec2_tags: Duration,
    /// For `tags-from-ecs-meta-data`.
    pub ecs_meta_data: Duration,
    /// For `tags-from-gcp-labels`.
    pub gcp_labels: Duration,
}

/// A source that gave nothing.
#[derive(Debug, thiserror::Error)]
#[error("failed to fetch {}", .from.name())]
pub struct Failure {
    /// Which.
    pub from: Source,
    /// Why.
    pub source: CloudError,
}

impl Source {
    const ORDER: [Self; 7] = [
        Self::Ec2MetaData,
        Self::Ec2Paths,
        Self::Ec2Tags,
        Self::EcsMetaData,
        Self::GcpMetaData,
        Self::GcpPaths,
        Self::GcpLabels,
    ];

    /// What messages call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ec2MetaData => "EC2 meta-data",
            Self::Ec2Paths => "EC2 meta-data from paths",
            Self::Ec2Tags => "EC2 tags",
            Self::EcsMetaData => "ECS meta-data",
            Self::GcpMetaData => "GCP meta-data",
            Self::GcpPaths => "GCP meta-data from paths",
            Self::GcpLabels => "GCP instance labels",
        }
    }

    /// The wait between two attempts, without jitter; `None` for sources that are asked once.
    fn wait(self, waits: &Waits) -> Option<Duration> {
        match self {
            Self::Ec2MetaData => Some(waits.ec2_meta_data / ATTEMPTS),
            Self::Ec2Tags => Some(waits.ec2_tags / ATTEMPTS),
            Self::EcsMetaData => Some(waits.ecs_meta_data / ATTEMPTS),
            Self::GcpMetaData => Some(Duration::from_secs(1)),
            Self::GcpLabels => Some(waits.gcp_labels / ATTEMPTS),
            Self::Ec2Paths | Self::GcpPaths => None,
        }
    }
}

impl Wanted {
    fn has(&self, source: Source) -> bool {
        match source {
            Source::Ec2Paths => !self.ec2_paths.is_empty(),
            Source::GcpPaths => !self.gcp_paths.is_empty(),
            other => self.sources.contains(&other),
        }
    }

    /// What each wanted source gives, in order.
    pub fn fetch<'a>(
        &'a self,
        waits: &'a Waits,
        variables: Variables<'a>,
    ) -> impl Iterator<Item = Result<Vec<String>, Failure>> + 'a {
        Source::ORDER.into_iter().filter(|source| self.has(*source)).map(move |from| {
            let ask = || self.ask(from, variables);
            patiently(from, from.wait(waits), ask).map_err(|source| Failure { from, source })
        })
    }

    fn ask(&self, source: Source, variables: Variables<'_>) -> Result<Vec<String>, CloudError> {
        match source {
            Source::Ec2MetaData => ec2_meta_data(variables),
            Source::Ec2Paths => {
                let imds = Imds::new(&Config::load(variables))?;
                by_paths(&self.ec2_paths, |path| imds.get(&format!("meta-data/{path}")))
            }
            Source::Ec2Tags => aws::instance_tags(variables),
            Source::EcsMetaData => aws::ecs_tags(variables),
            Source::GcpMetaData => Metadata::new(variables).tags(),
            Source::GcpPaths => {
                let metadata = Metadata::new(variables);
                by_paths(&self.gcp_paths, |path| metadata.get(path))
            }
            Source::GcpLabels => gcp::instance_labels(variables),
        }
    }
}

fn ec2_meta_data(variables: Variables<'_>) -> Result<Vec<String>, CloudError> {
    let imds = Imds::new(&Config::load(variables))?;
    let mut tags = imds.identity()?.tags();
    // Not every instance has one.
    tags.extend(
        imds.get("meta-data/instance-life-cycle").ok().map(|kind| format!("aws:instance-life-cycle={kind}")),
    );
    Ok(tags)
}

/// Asks again, as the source's rule says; each failure is told.
fn patiently<T>(
    source: Source,
    wait: Option<Duration>,
    ask: impl Fn() -> Result<T, CloudError>,
) -> Result<T, CloudError> {
    let Some(wait) = wait else { return ask() };
    let mut attempt = 1;
    loop {
        let error = match ask() {
            Ok(found) => return Ok(found),
            Err(error) => error,
        };
        tracing::warn!("Fetching {}: {error} (attempt {attempt} of {ATTEMPTS})", source.name());
        if attempt == ATTEMPTS {
            return Err(error);
        }
        attempt += 1;
        pause(wait + jitter());
    }
}

/// Up to a second, so that a fleet doesn't ask at once.
fn jitter() -> Duration {
    let mut byte = [0; 2];
    // Without random numbers there is none.
    getrandom::fill(&mut byte).ok();
    Duration::from_millis(u64::from(u16::from_le_bytes(byte)) % 1000)
}

fn by_paths(
    pairs: &[String],
    get: impl Fn(&str) -> Result<String, CloudError>,
) -> Result<Vec<String>, CloudError> {
    parsed(pairs).iter().map(|(tag, path)| Ok(format!("{tag}={}", get(path)?))).collect()
}

/// The pairs before the first that is none.
fn parsed(pairs: &[String]) -> Vec<(String, String)> {
    let mut good = Vec::new();
    for text in pairs {
        match pair(text) {
            Some(pair) => good.push(pair),
            None => {
                tracing::error!(
                    "Error parsing meta-data tag and path pairs: {text:?} cannot be parsed, format should be \
                     `tag=metadata/path`"
                );
                break;
            }
        }
    }
    good
}

fn pair(text: &str) -> Option<(String, String)> {
    let (tag, path) = text.split_once('=').filter(|(tag, path)| !tag.is_empty() && !path.is_empty())?;
    let path = match url::Url::parse(path) {
        Ok(url) => url.path().to_owned(),
        Err(_) => path.split(['?', '#']).next().unwrap_or_default().to_owned(),
    };
    Some((tag.trim().to_lowercase(), path.trim_start_matches('/').to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_stop_at_the_first_bad_one() {
        let given = ["A = mac", "b=/x/y?z", "c=http://h/p", "=bad", "d=e"].map(str::to_owned);
        let expected = [("a", " mac"), ("b", "x/y"), ("c", "p")];
        assert_eq!(parsed(&given), expected.map(|(tag, path)| (tag.to_owned(), path.to_owned())));
    }
}
