//! The environment that conditions can read, and which names they may ask for (spec/control-plane.md §7.6).

use std::collections::HashMap;

use indexmap::IndexMap;

use super::error::{Error, evaluation, validation};
use crate::facts::{DiffBase, Facts};

const PREFIX: &str = "BUILDKITE_";

/// `BUILDKITE_…` names that conditions may ask for.
const ALLOWED: &[&str] = &[
    "BRANCH",
    "TAG",
    "MESSAGE",
    "COMMIT",
    "PIPELINE_SLUG",
    "PIPELINE_NAME",
    "PIPELINE_ID",
    "ORGANIZATION_SLUG",
    "TRIGGERED_FROM_BUILD_ID",
    "TRIGGERED_FROM_BUILD_NUMBER",
    "TRIGGERED_FROM_BUILD_PIPELINE_SLUG",
    "TRIGGERED_FROM_BUILD_JOB_ID",
    "REBUILT_FROM_BUILD_ID",
    "REBUILT_FROM_BUILD_NUMBER",
    "REPO",
    "PULL_REQUEST",
    "PULL_REQUEST_BASE_BRANCH",
    "PULL_REQUEST_REPO",
    "PULL_REQUEST_USING_MERGE_REFSPEC",
    "MERGE_QUEUE_BASE_BRANCH",
    "MERGE_QUEUE_BASE_COMMIT",
    "GIT_DIFF_BASE",
    "GITHUB_ACTION",
    "GITHUB_COMMENT_ID",
    "GITHUB_DEPLOYMENT_ID",
    "GITHUB_DEPLOYMENT_TASK",
    "GITHUB_DEPLOYMENT_ENVIRONMENT",
    "GITHUB_DEPLOYMENT_PAYLOAD",
    "GITHUB_EVENT",
    "GITHUB_REVIEW_ID",
    "GITHUB_CHECK_RUN_CONCLUSION",
    "GITHUB_CHECK_RUN_NAME",
    "GITHUB_DEPLOYMENT_STATUS_ENVIRONMENT",
    "GITHUB_DEPLOYMENT_STATUS_STATE",
    "GITHUB_RELEASE_DRAFT",
    "GITHUB_RELEASE_PRERELEASE",
    "GITHUB_RELEASE_TAG",
    "GITHUB_REVIEW_STATE",
];

/// Allowed only where the name is known no earlier than at evaluation.
const LABELS: &str = "BUILDKITE_PULL_REQUEST_LABELS";

/// Names shorter than this have an easier threshold.
const SHORT_NAME: usize = 3;
const SIMILAR: f64 = 0.834;
const SIMILAR_SHORT: f64 = 0.77;

fn is_allowed(name: &str) -> bool {
    name.strip_prefix(PREFIX).is_none_or(|rest| ALLOWED.contains(&rest))
}

/// Checks a name that stands in the condition itself.
pub(super) fn check_literal(name: &str) -> Result<(), Error> {
    if let Some(meant) = name.strip_prefix('$') {
        return validation(format!("Argument to `env` should not include `$` - did you mean {meant}?"));
    }
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return validation("Argument to `env` should be an environment variable name");
    }
    match (is_allowed(name), closest(name)) {
        (true, _) => Ok(()),
        (false, Some(meant)) => {
            validation(format!("\"{name}\" is not a valid environment variable - did you mean \"{meant}\"?"))
        }
        (false, None) => validation(format!("Interpolation of \"{name}\" is not supported")),
    }
}

/// Checks a name that was computed.
pub(super) fn check_dynamic(name: &str) -> Result<(), Error> {
    if name.is_empty() {
        return evaluation("Argument to `env` is empty");
    }
    if is_allowed(name) || name == LABELS {
        return Ok(());
    }
    evaluation(format!("Interpolation of \"{name}\" is not supported"))
}

/// The allowed name that somebody who wrote `name` probably meant.
fn closest(name: &str) -> Option<String> {
    let threshold = if name.len() <= SHORT_NAME { SIMILAR_SHORT } else { SIMILAR };
    ALLOWED
        .iter()
        .map(|rest| format!("{PREFIX}{rest}"))
        .filter(|known| strsim::levenshtein(name, known) <= name.len().div_ceil(4))
        .map(|known| (strsim::jaro_winkler(name, &known), known))
        .filter(|(likeness, _)| *likeness >= threshold)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known)
}

/// Pipeline, then build, then built-in values; of the first two only names that may be asked for.
pub(super) fn merged(facts: &Facts, pipeline: &IndexMap<String, String>) -> HashMap<String, String> {
    let given = pipeline.iter().chain(&facts.env).filter(|(name, _)| is_allowed(name));
    let mut env: HashMap<String, String> = given.map(|(name, value)| (name.clone(), value.clone())).collect();
    env.extend(built_in(facts));
    env
}

fn built_in(facts: &Facts) -> impl Iterator<Item = (String, String)> {
    let request = facts.pull_request.as_ref();
    let queue = facts.merge_queue.as_ref();
    let parent = facts.triggered_from.as_ref();
    let rebuilt = facts.rebuilt_from.as_ref();
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    let diff_base = queue.map(|queue| match queue.diff_base {
        DiffBase::Branch => queue.base_branch.as_str(),
        DiffBase::Commit => queue.base_commit.as_str(),
    });
    let merges = request.is_some_and(|request| request.merge_refspec);
    [
        ("BRANCH", facts.branch.clone()),
        ("COMMIT", facts.commit.clone()),
        ("REPO", facts.pipeline.repository.clone()),
        ("PIPELINE_SLUG", facts.pipeline.slug.clone()),
        ("PIPELINE_NAME", facts.pipeline.name.clone()),
        ("PIPELINE_ID", facts.pipeline.id.clone()),
        ("ORGANIZATION_SLUG", facts.organization.slug.clone()),
        ("TAG", text(facts.tag.as_deref())),
        ("MESSAGE", text(facts.message.as_deref())),
        ("PULL_REQUEST", request.map_or_else(|| "false".to_owned(), |request| request.id.clone())),
        ("PULL_REQUEST_BASE_BRANCH", text(request.and_then(|request| request.base_branch.as_deref()))),
        ("PULL_REQUEST_REPO", text(request.and_then(|request| request.repository.as_deref()))),
        ("PULL_REQUEST_LABELS", request.map(|request| request.labels.join(",")).unwrap_or_default()),
        ("PULL_REQUEST_USING_MERGE_REFSPEC", text(merges.then_some("true"))),
        ("MERGE_QUEUE_BASE_BRANCH", text(queue.map(|queue| queue.base_branch.as_str()))),
        ("MERGE_QUEUE_BASE_COMMIT", text(queue.map(|queue| queue.base_commit.as_str()))),
        ("GIT_DIFF_BASE", text(diff_base)),
        ("TRIGGERED_FROM_BUILD_ID", text(parent.map(|parent| parent.build.id.as_str()))),
        (
            "TRIGGERED_FROM_BUILD_NUMBER",
            parent.map(|parent| parent.build.number.to_string()).unwrap_or_default(),
        ),
        ("TRIGGERED_FROM_BUILD_PIPELINE_SLUG", text(parent.map(|parent| parent.pipeline_slug.as_str()))),
        ("TRIGGERED_FROM_BUILD_JOB_ID", text(parent.map(|parent| parent.job_id.as_str()))),
        ("REBUILT_FROM_BUILD_ID", text(rebuilt.map(|build| build.id.as_str()))),
        ("REBUILT_FROM_BUILD_NUMBER", rebuilt.map(|build| build.number.to_string()).unwrap_or_default()),
    ]
    .into_iter()
    .map(|(name, value)| (format!("{PREFIX}{name}"), value))
}
