//! The variables of conditions, as a table (spec/control-plane.md §7.5).

use super::scope::Scope;
use super::value::{Enumeration, Type, Value};
use crate::facts::{Person, Previous, PullRequest};
use crate::state::{BuildState, Source};

/// One variable.
pub(super) struct Variable {
    name: &'static str,
    pub(super) kind: Type,
    pub(super) value: fn(&Scope<'_>) -> Value,
}

/// The variable called `name`.
pub(super) fn find(name: &str) -> Option<&'static Variable> {
    VARIABLES.iter().find(|variable| variable.name == name)
}

/// Variables that only notifications of steps have.
pub(super) const OF_STEPS: &[&str] =
    &["step.id", "step.key", "step.label", "step.type", "step.state", "step.outcome"];

const BUILD_STATE: Enumeration = Enumeration {
    name: "build.state",
    noun: "build state",
    words: &[
        "creating",
        "started",
        "running",
        "scheduled",
        "blocked",
        "passed",
        "failing",
        "failed",
        "canceling",
        "canceled",
        "skipped",
        "not_run",
    ],
};
const BLOCKED_STATE: Enumeration = Enumeration {
    name: "build.blocked_state",
    noun: "build blocked state",
    words: &["failed", "passed", "running"],
};
const SOURCE: Enumeration = Enumeration {
    name: "build.source",
    noun: "build source",
    words: &["api", "ui", "webhook", "trigger_job", "schedule", "pipeline_trigger"],
};

const fn var(name: &'static str, kind: Type, value: fn(&Scope<'_>) -> Value) -> Variable {
    Variable { name, kind, value }
}

use Type::{Array, Boolean, Enumeration as Enum, Number, Text};

const VARIABLES: &[Variable] = &[
    var("build.id", Text, |s| Value::Text(s.id.to_string())),
    var("build.number", Number, |s| i64::try_from(s.facts.number).map_or(Value::Null, Value::Number)),
    var("build.state", Enum(&BUILD_STATE), |s| Value::Text(s.state.as_str().to_owned())),
    var("build.fixed", Boolean, |s| Value::boolean(turned(s, Previous::Failed, BuildState::Passed))),
    var("build.blocked_state", Enum(&BLOCKED_STATE), |_| Value::Null),
    var("build.source", Enum(&SOURCE), |s| Value::Text(s.facts.source.as_str().to_owned())),
    var("build.source_event", Text, |s| {
        of_webhook(s, s.facts.source_event.as_deref(), "BUILDKITE_GITHUB_EVENT")
    }),
    var("build.source_action", Text, |s| {
        of_webhook(s, s.facts.source_action.as_deref(), "BUILDKITE_GITHUB_ACTION")
    }),
    var("build.branch", Text, |s| Value::Text(s.facts.branch.clone())),
    var("build.commit", Text, |s| Value::Text(s.facts.commit.clone())),
    var("build.tag", Text, |s| Value::presence(s.facts.tag.as_deref())),
    var("build.message", Text, |s| Value::presence(s.facts.message.as_deref())),
    var("build.creator.id", Text, |s| Value::text(creator(s).and_then(|person| person.id.clone()))),
    var("build.creator.name", Text, |s| Value::text(creator(s).map(|person| person.name.clone()))),
    var("build.creator.email", Text, |s| Value::text(creator(s).map(|person| person.email.clone()))),
    var("build.creator.teams", Array, |s| teams(creator(s))),
    var("build.creator.verified", Boolean, |s| Value::boolean(creator(s).map(|_| true))),
    var("build.author.id", Text, |s| Value::text(author(s).and_then(|person| person.id.clone()))),
    var("build.author.name", Text, |s| Value::presence(author(s).map(|person| person.name.as_str()))),
    var("build.author.email", Text, |s| Value::presence(author(s).map(|person| person.email.as_str()))),
    var("build.author.teams", Array, |s| teams(author(s))),
    var("build.scm.author.name", Text, |s| Value::presence(author(s).map(|person| person.name.as_str()))),
    var("build.scm.author.email", Text, |s| Value::presence(author(s).map(|person| person.email.as_str()))),
    var("build.scm.committer.name", Text, |_| Value::Null),
    var("build.scm.committer.email", Text, |_| Value::Null),
    var("build.pull_request.id", Text, |s| Value::text(request(s).map(|request| request.id.clone()))),
    var("build.pull_request.base_branch", Text, |s| {
        Value::text(request(s).and_then(|of| of.base_branch.clone()))
    }),
    var("build.pull_request.draft", Boolean, |s| Value::boolean(request(s).and_then(|of| of.draft))),
    var("build.pull_request.label", Text, |s| Value::text(request(s).and_then(|of| of.label.clone()))),
    var("build.pull_request.labels", Array, |s| request(s).map_or(Value::Null, |of| Value::list(&of.labels))),
    var("build.pull_request.repository", Text, |s| {
        Value::text(request(s).and_then(|of| of.repository.clone()))
    }),
    var("build.pull_request.repository.fork", Boolean, |s| Value::boolean(request(s).and_then(|of| of.fork))),
    var("build.merge_queue.base_branch", Text, |s| {
        Value::text(s.facts.merge_queue.as_ref().map(|queue| queue.base_branch.clone()))
    }),
    var("build.merge_queue.base_commit", Text, |s| {
        Value::text(s.facts.merge_queue.as_ref().map(|queue| queue.base_commit.clone()))
    }),
    var("pipeline.id", Text, |s| Value::Text(s.facts.pipeline.id.clone())),
    var("pipeline.slug", Text, |s| Value::Text(s.facts.pipeline.slug.clone())),
    var("pipeline.default_branch", Text, |s| Value::presence(s.facts.pipeline.default_branch.as_deref())),
    var("pipeline.repository", Text, |s| Value::presence(Some(&s.facts.pipeline.repository))),
    var("pipeline.started_passing", Boolean, |s| {
        Value::boolean(turned(s, Previous::Failed, BuildState::Passed))
    }),
    var("pipeline.started_failing", Boolean, |s| {
        Value::boolean(turned(s, Previous::Passed, BuildState::Failed))
    }),
    var("pipeline.next_finished_build_exists", Boolean, |_| Value::Null),
    var("organization.id", Text, |s| Value::Text(s.facts.organization.id.clone())),
    var("organization.slug", Text, |s| Value::Text(s.facts.organization.slug.clone())),
];

/// Whether this build ended otherwise than the one before; unknown while either has not ended.
fn turned(scope: &Scope<'_>, from: Previous, to: BuildState) -> Option<bool> {
    let previous = scope.facts.previous?;
    matches!(scope.state, BuildState::Passed | BuildState::Failed)
        .then_some(previous == from && scope.state == to)
}

fn of_webhook(scope: &Scope<'_>, own: Option<&str>, variable: &str) -> Value {
    if scope.facts.source != Source::Webhook {
        return Value::Null;
    }
    Value::text(own.or_else(|| scope.facts.env.get(variable).map(String::as_str)))
}

fn creator<'a>(scope: &Scope<'a>) -> Option<&'a Person> {
    scope.facts.creator.as_ref()
}

fn author<'a>(scope: &Scope<'a>) -> Option<&'a Person> {
    scope.facts.author.as_ref()
}

fn request<'a>(scope: &Scope<'a>) -> Option<&'a PullRequest> {
    scope.facts.pull_request.as_ref()
}

fn teams(person: Option<&Person>) -> Value {
    person.map_or(Value::Null, |person| Value::list(&person.teams))
}
