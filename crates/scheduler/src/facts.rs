//! What is known about a build besides its steps: the input of conditions and of the job environment.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::state::Source;
use crate::time::Minutes;

/// Everything a build knows from its creation on. Fields that do not apply stay at their default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// Whose build it is.
    pub organization: Organization,
    /// Where its jobs run, if the installation has clusters.
    pub cluster: Option<Cluster>,
    /// Of which pipeline.
    pub pipeline: PipelineFacts,
    /// Its number in the pipeline.
    pub number: u64,
    /// Its page.
    pub url: String,
    /// What made it.
    pub source: Source,
    /// Kind of the webhook event, for builds from one.
    pub source_event: Option<String>,
    /// Action of the webhook event.
    pub source_action: Option<String>,
    /// The branch; for a pushed tag, its name.
    pub branch: String,
    /// A SHA, or a ref such as `HEAD`.
    pub commit: String,
    /// Whether `commit` is a full SHA whose details are known.
    pub commit_resolved: bool,
    /// The tag.
    pub tag: Option<String>,
    /// The message.
    pub message: Option<String>,
    /// Who wrote the commit, as the commit says.
    pub author: Option<Person>,
    /// Who made the build.
    pub creator: Option<Person>,
    /// The pull request it is for.
    pub pull_request: Option<PullRequest>,
    /// The merge queue entry it is for.
    pub merge_queue: Option<MergeQueue>,
    /// The build it repeats.
    pub rebuilt_from: Option<BuildReference>,
    /// The build whose trigger step made it.
    pub triggered_from: Option<TriggeredFrom>,
    /// Variables given when it was made.
    pub env: IndexMap<String, String>,
    /// Whether jobs start from a fresh checkout.
    pub checkout: Checkout,
    /// How the last finished build of the branch before this one ended, if there is one.
    pub previous: Option<Previous>,
    /// What the installation allows.
    pub limits: Limits,
}

impl Default for Facts {
    fn default() -> Self {
        Self {
            organization: Organization::default(),
            cluster: None,
            pipeline: PipelineFacts::default(),
            number: 1,
            url: String::new(),
            source: Source::Ui,
            source_event: None,
            source_action: None,
            branch: String::new(),
            commit: "HEAD".to_owned(),
            commit_resolved: false,
            tag: None,
            message: None,
            author: None,
            creator: None,
            pull_request: None,
            merge_queue: None,
            rebuilt_from: None,
            triggered_from: None,
            env: IndexMap::new(),
            checkout: Checkout::Reuses,
            previous: None,
            limits: Limits::default(),
        }
    }
}

/// An organisation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Organization {
    /// Its id.
    pub id: String,
    /// Its slug.
    pub slug: String,
}

/// A cluster of queues.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cluster {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// What a build knows of its pipeline.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PipelineFacts {
    /// Its id.
    pub id: String,
    /// Its slug.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// The repository's URL.
    pub repository: String,
    /// The branch that counts as main.
    pub default_branch: Option<String>,
    /// Who hosts the repository: `github`, `git`, …
    pub provider: String,
    /// Slugs of its teams that are not secret.
    pub teams: Vec<String>,
}

/// A person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Person {
    /// User id, if it is a user.
    pub id: Option<String>,
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
    /// Slugs of their teams that are not secret.
    pub teams: Vec<String>,
}

/// The pull request of a build.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PullRequest {
    /// Its number, as text.
    pub id: String,
    /// The branch it goes into.
    pub base_branch: Option<String>,
    /// The repository it comes from.
    pub repository: Option<String>,
    /// Whether that is a fork.
    pub fork: Option<bool>,
    /// Whether it is a draft.
    pub draft: Option<bool>,
    /// Its labels.
    pub labels: Vec<String>,
    /// The label whose change made the build.
    pub label: Option<String>,
    /// Whether the merged state is built.
    pub merge_refspec: bool,
}

/// The merge queue entry of a build.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MergeQueue {
    /// The branch it goes into.
    pub base_branch: String,
    /// The commit it goes onto.
    pub base_commit: String,
    /// What changes are compared with.
    pub diff_base: DiffBase,
}

/// What `BUILDKITE_GIT_DIFF_BASE` is in a merge queue (§6.2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiffBase {
    /// The base branch.
    #[default]
    Branch,
    /// The base commit.
    Commit,
}

/// Another build.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BuildReference {
    /// Its id.
    pub id: String,
    /// Its number.
    pub number: u64,
}

/// The build whose trigger step made this one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TriggeredFrom {
    /// That build.
    pub build: BuildReference,
    /// Its pipeline's slug.
    pub pipeline_slug: String,
    /// The trigger job.
    pub job_id: String,
}

/// Whether jobs start from a fresh checkout.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Checkout {
    /// An existing one is updated.
    #[default]
    Reuses,
    /// It is removed first.
    Clean,
}

/// How the last finished build of the branch ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Previous {
    /// It passed.
    Passed,
    /// It failed.
    Failed,
}

/// What pipeline and organisation settings allow (§3.14, §3.15, §4.4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Timeout of steps that name none.
    pub default_timeout: Option<Minutes>,
    /// No timeout is longer.
    pub max_timeout: Option<Minutes>,
    /// How long a job may wait for an agent.
    pub scheduled_expiry: Minutes,
    /// The most jobs a build may have, retries included.
    pub jobs_per_build: usize,
    /// The most uploads into a build.
    pub uploads_per_build: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            default_timeout: None,
            max_timeout: None,
            scheduled_expiry: Minutes(30 * 24 * 60),
            jobs_per_build: 4_000,
            uploads_per_build: 500,
        }
    }
}
