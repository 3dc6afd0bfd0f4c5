//! The environment of a job, as the server sends it to the agent (spec/control-plane.md §6).

#[cfg(test)]
mod tests;

use indexmap::IndexMap;
use serde_json::Value;

use crate::build::{Build, Job, Step};
use crate::definition::{CheckoutSettings, Command, Kind, expand, expand_value};
use crate::dispatch::Tags;
use crate::facts::{Checkout, DiffBase, Facts, MergeQueue, PullRequest, TriggeredFrom};

/// The agent a job goes to, as far as its environment tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentInfo {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its tags, the queue's among them.
    pub tags: Tags,
}

/// The variables of `job`. Later sources win: documents' top levels, the build, the step, its checkout
/// block, then the variables of the table (§6.1). None when the job is not a command job of the build.
pub fn of(build: &Build, job: &Job, agent: &AgentInfo) -> Option<IndexMap<String, String>> {
    let step = build.step(job.step)?;
    let Kind::Command(command) = &step.definition.kind else { return None };
    let group = step.group.and_then(|group| build.step(group));
    let context = Context { build, facts: &build.head().facts, job, step, command, group, agent };
    let mut env = build.head().env.clone();
    env.extend(context.facts.env.clone());
    let own = command.env.iter().map(|(name, value)| (name.clone(), context.expand(value)));
    apply_checkout(&mut env, &command.checkout, own.collect());
    for variable in VARIABLES {
        variable.apply(&mut env, &context);
    }
    for (tag, value) in agent.tags.iter() {
        env.entry(format!("BUILDKITE_AGENT_META_DATA_{}", variable_name(tag)))
            .or_insert_with(|| value.to_owned());
    }
    env.shift_remove("BUILDKITE_AGENT_TOKEN");
    Some(env)
}

/// The step of a job as agents get and verify it: as uploaded, with the document's secrets where the step
/// has none of its own (§3.18).
pub fn step_source(command: &Command, source: &Value) -> Value {
    let mut source = source.clone();
    if let Value::Object(map) = &mut source {
        map.retain(|key, value| key != "secrets" || !value.is_null());
        if let Some(secrets) = command.secrets.as_ref().filter(|_| !map.contains_key("secrets")) {
            map.insert("secrets".to_owned(), secrets.clone());
        }
        if let Some(secret) = command.checkout.secret() {
            match map.entry("secrets").or_insert_with(|| Value::Array(Vec::new())) {
                Value::Array(secrets) => secrets.push(secret),
                Value::Object(secrets) => {
                    let entry = |key: &str| secret.get(key).cloned().unwrap_or_default();
                    let name = entry("environment_variable").as_str().unwrap_or_default().to_owned();
                    secrets.insert(name, entry("key"));
                }
                _ => {}
            }
        }
        if let Some(cache) = command.cache.as_ref().filter(|_| !map.contains_key("cache")) {
            map.insert("cache".to_owned(), cache.clone());
        }
    }
    source
}

/// Everything a variable can be made from.
struct Context<'a> {
    build: &'a Build,
    facts: &'a Facts,
    job: &'a Job,
    step: &'a Step,
    command: &'a Command,
    group: Option<&'a Step>,
    agent: &'a AgentInfo,
}

impl Context<'_> {
    /// Text with the job's matrix values in it.
    fn expand(&self, text: &str) -> String {
        self.job.matrix.as_ref().map_or_else(|| text.to_owned(), |values| expand(text, values))
    }

    fn pull_request(&self) -> Option<&PullRequest> {
        self.facts.pull_request.as_ref()
    }

    fn merge_queue(&self) -> Option<&MergeQueue> {
        self.facts.merge_queue.as_ref()
    }

    fn triggered_from(&self) -> Option<&TriggeredFrom> {
        self.facts.triggered_from.as_ref()
    }

    fn command(&self) -> String {
        self.expand(&self.command.command)
    }

    fn plugins(&self) -> Option<String> {
        let plugins = self
            .command
            .plugins
            .as_ref()
            .filter(|list| list.as_array().is_some_and(|list| !list.is_empty()))?;
        let expanded = self.job.matrix.as_ref().map(|values| expand_value(plugins, values));
        Some(expanded.as_ref().unwrap_or(plugins).to_string())
    }
}

/// Who decides when a user has set the variable too.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Users {
    /// The table does.
    Lose,
    /// The build's own variables do (§6.2, "settable").
    Win,
}

/// One standard variable. A value of none means that the variable is absent.
struct Variable {
    name: &'static str,
    value: fn(&Context<'_>) -> Option<String>,
    users: Users,
}

impl Variable {
    fn apply(&self, env: &mut IndexMap<String, String>, context: &Context<'_>) {
        if self.users == Users::Win && env.contains_key(self.name) {
            return;
        }
        match (self.value)(context) {
            Some(value) => {
                env.insert(self.name.to_owned(), value);
            }
            None => {
                env.shift_remove(self.name);
            }
        }
    }
}

const fn var(name: &'static str, value: fn(&Context<'_>) -> Option<String>) -> Variable {
    Variable { name, value, users: Users::Lose }
}

const fn settable(name: &'static str, value: fn(&Context<'_>) -> Option<String>) -> Variable {
    Variable { name, value, users: Users::Win }
}

/// The standard variables in the order of §6.2.
const VARIABLES: &[Variable] = &[
    var("CI", |_| yes()),
    var("BUILDKITE", |_| yes()),
    var("BUILDKITE_ORGANIZATION_ID", |c| some(&c.facts.organization.id)),
    var("BUILDKITE_ORGANIZATION_SLUG", |c| some(&c.facts.organization.slug)),
    var("BUILDKITE_PIPELINE_ID", |c| some(&c.facts.pipeline.id)),
    var("BUILDKITE_PIPELINE_SLUG", |c| some(&c.facts.pipeline.slug)),
    var("BUILDKITE_PIPELINE_NAME", |c| some(&c.facts.pipeline.name)),
    var("BUILDKITE_PIPELINE_DEFAULT_BRANCH", |c| or_empty(c.facts.pipeline.default_branch.as_deref())),
    var("BUILDKITE_PIPELINE_PROVIDER", |c| some(&c.facts.pipeline.provider)),
    var("BUILDKITE_PIPELINE_TEAMS", |c| Some(c.facts.pipeline.teams.join(":"))),
    var("BUILDKITE_REPO", |c| some(&c.facts.pipeline.repository)),
    var("BUILDKITE_REPO_SSH_HOST", |c| {
        Some(ssh_host(&c.facts.pipeline.repository).unwrap_or_default().to_owned())
    }),
    var("BUILDKITE_BUILD_ID", |c| Some(c.build.id().to_string())),
    var("BUILDKITE_BUILD_NUMBER", |c| Some(c.facts.number.to_string())),
    var("BUILDKITE_BUILD_URL", |c| some(&c.facts.url)),
    var("BUILDKITE_BUILD_AUTHOR", |c| or_empty(c.facts.author.as_ref().map(|person| person.name.as_str()))),
    var("BUILDKITE_BUILD_AUTHOR_EMAIL", |c| {
        or_empty(c.facts.author.as_ref().map(|person| person.email.as_str()))
    }),
    var("BUILDKITE_BUILD_CREATOR", |c| or_empty(c.facts.creator.as_ref().map(|person| person.name.as_str()))),
    var("BUILDKITE_BUILD_CREATOR_EMAIL", |c| {
        or_empty(c.facts.creator.as_ref().map(|person| person.email.as_str()))
    }),
    var("BUILDKITE_BUILD_CREATOR_TEAMS", |c| {
        Some(c.facts.creator.as_ref().map(|person| person.teams.join(":")).unwrap_or_default())
    }),
    var("BUILDKITE_UNBLOCKER", |c| Some(c.build.head().unblocker.as_ref()?.name.clone())),
    var("BUILDKITE_UNBLOCKER_EMAIL", |c| Some(c.build.head().unblocker.as_ref()?.email.clone())),
    var("BUILDKITE_UNBLOCKER_ID", |c| c.build.head().unblocker.as_ref()?.id.clone()),
    var("BUILDKITE_UNBLOCKER_TEAMS", |c| Some(c.build.head().unblocker.as_ref()?.teams.join(":"))),
    var("BUILDKITE_SOURCE", |c| some(c.facts.source.as_str())),
    var("BUILDKITE_BRANCH", |c| some(&c.facts.branch)),
    var("BUILDKITE_TAG", |c| or_empty(c.facts.tag.as_deref())),
    var("BUILDKITE_COMMIT", |c| some(&c.facts.commit)),
    var("BUILDKITE_COMMIT_RESOLVED", |c| Some(c.facts.commit_resolved.to_string())),
    var("BUILDKITE_MESSAGE", |c| or_empty(c.facts.message.as_deref())),
    settable("BUILDKITE_PULL_REQUEST", |c| {
        Some(c.pull_request().map_or_else(|| "false".to_owned(), |request| request.id.clone()))
    }),
    settable("BUILDKITE_PULL_REQUEST_BASE_BRANCH", |c| {
        or_empty(c.pull_request().and_then(|request| request.base_branch.as_deref()))
    }),
    settable("BUILDKITE_PULL_REQUEST_REPO", |c| {
        or_empty(c.pull_request().and_then(|request| request.repository.as_deref()))
    }),
    var("BUILDKITE_PULL_REQUEST_LABELS", |c| {
        Some(c.pull_request().map(|request| request.labels.join(",")).unwrap_or_default())
    }),
    var("BUILDKITE_PULL_REQUEST_DRAFT", |c| {
        yes().filter(|_| c.pull_request().and_then(|request| request.draft) == Some(true))
    }),
    var("BUILDKITE_PULL_REQUEST_USING_MERGE_REFSPEC", |c| {
        yes().filter(|_| c.pull_request().is_some_and(|request| request.merge_refspec))
    }),
    var("BUILDKITE_MERGE_QUEUE_BASE_BRANCH", |c| Some(c.merge_queue()?.base_branch.clone())),
    var("BUILDKITE_MERGE_QUEUE_BASE_COMMIT", |c| Some(c.merge_queue()?.base_commit.clone())),
    var("BUILDKITE_GIT_DIFF_BASE", |c| {
        let queue = c.merge_queue()?;
        Some(match queue.diff_base {
            DiffBase::Branch => queue.base_branch.clone(),
            DiffBase::Commit => queue.base_commit.clone(),
        })
    }),
    var("BUILDKITE_REBUILT_FROM_BUILD_ID", |c| {
        or_empty(c.facts.rebuilt_from.as_ref().map(|build| build.id.as_str()))
    }),
    var("BUILDKITE_REBUILT_FROM_BUILD_NUMBER", |c| {
        Some(c.facts.rebuilt_from.as_ref().map(|build| build.number.to_string()).unwrap_or_default())
    }),
    var("BUILDKITE_TRIGGERED_FROM_BUILD_ID", |c| {
        or_empty(c.triggered_from().map(|parent| parent.build.id.as_str()))
    }),
    var("BUILDKITE_TRIGGERED_FROM_BUILD_NUMBER", |c| {
        Some(c.triggered_from().map(|parent| parent.build.number.to_string()).unwrap_or_default())
    }),
    var("BUILDKITE_TRIGGERED_FROM_BUILD_PIPELINE_SLUG", |c| {
        or_empty(c.triggered_from().map(|parent| parent.pipeline_slug.as_str()))
    }),
    var("BUILDKITE_TRIGGERED_FROM_BUILD_JOB_ID", |c| {
        or_empty(c.triggered_from().map(|parent| parent.job_id.as_str()))
    }),
    var("BUILDKITE_GITHUB_EVENT", |c| c.facts.source_event.clone()),
    var("BUILDKITE_GITHUB_ACTION", |c| c.facts.source_action.clone()),
    var("BUILDKITE_CLUSTER_ID", |c| Some(c.facts.cluster.as_ref()?.id.clone())),
    var("BUILDKITE_CLUSTER_NAME", |c| Some(c.facts.cluster.as_ref()?.name.clone())),
    var("BUILDKITE_COMPUTE_TYPE", |_| some("self-hosted")),
    var("BUILDKITE_JOB_ID", |c| Some(c.job.id.to_string())),
    var("BUILDKITE_LABEL", |c| or_empty(c.step.label.as_deref().or(c.job.label.as_deref()))),
    var("BUILDKITE_STEP_ID", |c| Some(c.step.id.to_string())),
    var("BUILDKITE_STEP_KEY", |c| or_empty(c.step.key())),
    var("BUILDKITE_GROUP_ID", |c| Some(c.group?.id.to_string())),
    var("BUILDKITE_GROUP_KEY", |c| or_empty(c.group?.key())),
    var("BUILDKITE_GROUP_LABEL", |c| or_empty(c.group?.label())),
    var("BUILDKITE_COMMAND", |c| Some(c.command())),
    var("BUILDKITE_PLUGINS", |c| c.plugins()),
    var("BUILDKITE_ARTIFACT_PATHS", |c| or_empty(c.command.artifact_paths.as_deref())),
    var("BUILDKITE_PARALLEL_JOB", |c| Some(c.job.parallel?.index.to_string())),
    var("BUILDKITE_PARALLEL_JOB_COUNT", |c| Some(c.job.parallel?.total.to_string())),
    var("BUILDKITE_RETRY_COUNT", |c| Some(c.job.attempt.count.to_string())),
    var("BUILDKITE_TIMEOUT", |c| {
        Some(c.job.timeout.map_or_else(|| "false".to_owned(), |timeout| timeout.current.0.to_string()))
    }),
    var("BUILDKITE_IMAGE", |c| c.command.image.clone()),
    settable("BUILDKITE_CLEAN_CHECKOUT", |c| yes().filter(|_| c.facts.checkout == Checkout::Clean)),
    var("BUILDKITE_AGENT_ID", |c| some(&c.agent.id)),
    var("BUILDKITE_AGENT_NAME", |c| some(&c.agent.name)),
    // Old names.
    var("BUILDKITE_PROJECT_SLUG", |c| {
        Some(format!("{}/{}", c.facts.organization.slug, c.facts.pipeline.slug))
    }),
    var("BUILDKITE_PROJECT_PROVIDER", |c| some(&c.facts.pipeline.provider)),
    var("BUILDKITE_SCRIPT_PATH", |c| Some(c.command())),
    var("BUILDKITE_STEP_IDENTIFIER", |c| or_empty(c.step.key())),
];

fn yes() -> Option<String> {
    some("true")
}

#[expect(clippy::unnecessary_wraps, reason = "the type of the table's functions")]
fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[expect(clippy::unnecessary_wraps, reason = "the type of the table's functions")]
fn or_empty(text: Option<&str>) -> Option<String> {
    Some(text.unwrap_or_default().to_owned())
}

/// The step's own variables and those of its checkout block, each over or under the other (§3.3.1).
fn apply_checkout(
    env: &mut IndexMap<String, String>,
    checkout: &CheckoutSettings,
    own: IndexMap<String, String>,
) {
    env.extend(checkout.under_env.clone());
    env.extend(own);
    env.extend(checkout.over_env.clone());
    if let Some(depth) = checkout.depth {
        for (name, usual) in
            [("BUILDKITE_GIT_CLONE_FLAGS", "-v"), ("BUILDKITE_GIT_FETCH_FLAGS", "-v --prune")]
        {
            let flags = env.entry(name.to_owned()).or_insert_with(|| usual.to_owned());
            flags.push_str(&format!(" --depth={depth}"));
        }
    }
}

/// The host of `user@host:path` and `ssh://user@host:port/path`.
fn ssh_host(repository: &str) -> Option<&str> {
    let rest = match repository.strip_prefix("ssh://") {
        Some(rest) => rest.split('/').next()?,
        None if repository.contains("://") => return None,
        None => repository.split_once(':').filter(|(host, _)| host.contains('@') && !host.contains('/'))?.0,
    };
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    Some(host.split(':').next().unwrap_or(host)).filter(|host| !host.is_empty())
}

/// A tag as part of a variable's name.
fn variable_name(tag: &str) -> String {
    tag.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
}
