//! A build as its watchers see it.

use std::collections::HashMap;

use redkite_scheduler::build::{Exit, Head, Job, Step};
use redkite_scheduler::definition::{AgentRules, Barrier, DependsOn, Kind};
use redkite_scheduler::{AgentId, Build, BuildId, JobState};

use super::agent::{Agent, DEFAULT_QUEUE};
use super::world::World;
use super::{Change, Context, Failure};
use crate::plane::{BuildSummary, BuildView, JobView, Question, StepKind, StepView};
use crate::store::AgentsTable;

/// Reads a build.
pub(crate) struct ReadBuild(pub BuildId);

impl Change for ReadBuild {
    type Reply = BuildView;

    async fn apply(&self, cx: &mut Context<'_>) -> Result<BuildView, Failure> {
        cx.require_build(self.0).await?;
        let names = cx.agent_names(self.0).await?;
        let build = cx.world.build(self.0).expect("the build was looked up");
        let mut view = view(build, &names);
        explain_waiting(&mut view, build, cx.world);
        Ok(view)
    }
}

impl Context<'_> {
    /// Names of the agents of a build's jobs, gone ones too.
    async fn agent_names(&mut self, build: BuildId) -> Result<HashMap<AgentId, String>, Failure> {
        let build = self.world.build(build).expect("the build was looked up");
        let mut names: HashMap<AgentId, String> =
            build.jobs().filter_map(|job| job.agent).map(|agent| (agent, String::new())).collect();
        for (id, name) in &mut names {
            *name = match self.world.agent(*id) {
                Some(agent) => agent.name.clone(),
                None => match AgentsTable::find(self.db().await?, &id.to_string()).await? {
                    Some(body) => Agent::from_json(&body)?.name,
                    None => id.to_string(),
                },
            };
        }
        Ok(names)
    }
}

/// A build in a list, from its own row alone.
pub(crate) fn summary(head: &Head) -> BuildSummary {
    BuildSummary {
        id: head.id,
        number: head.facts.number,
        pipeline: head.facts.pipeline.slug.clone(),
        state: head.state,
        branch: head.facts.branch.clone(),
        commit: head.facts.commit.clone(),
        message: head.facts.message.clone().unwrap_or_default(),
        source: head.facts.source,
        created_at: head.created_at,
        started_at: head.started_at,
        finished_at: head.finished_at,
    }
}

fn view(build: &Build, names: &HashMap<AgentId, String>) -> BuildView {
    let steps = build.steps().iter().filter(|step| !step.removed);
    BuildView {
        summary: summary(build.head()),
        steps: steps.map(|step| step_view(build, step, names)).collect(),
    }
}

fn step_view(build: &Build, step: &Step, names: &HashMap<AgentId, String>) -> StepView {
    StepView {
        id: step.id,
        key: step.key().map(str::to_owned),
        label: label(step),
        kind: kind(&step.definition.kind),
        group: step.group,
        state: step.state,
        outcome: step.outcome,
        depends_on: match &step.definition.depends_on {
            DependsOn::Steps(steps) => steps.iter().map(|dependency| dependency.step.clone()).collect(),
            DependsOn::Place | DependsOn::Nothing => Vec::new(),
        },
        question: question(&step.definition.kind),
        jobs: build.jobs_of(step.id).map(|job| job_view(job, &label(step), names)).collect(),
    }
}

/// What people call a step: its label, or else the first line of its command, or what it is.
fn label(step: &Step) -> String {
    let given = step.label().filter(|label| !label.is_empty()).map(str::to_owned);
    given.unwrap_or_else(|| match &step.definition.kind {
        Kind::Command(command) => {
            let line = command.command.lines().find(|line| !line.trim().is_empty());
            line.map(str::to_owned)
                .or_else(|| step.key().map(str::to_owned))
                .unwrap_or_else(|| "command".into())
        }
        other => kind_name(other).into(),
    })
}

fn kind_name(kind: &Kind) -> &'static str {
    match kind {
        Kind::Command(_) => "command",
        Kind::Wait(_) => "wait",
        Kind::Manual(manual) if manual.barrier == Barrier::BesideOthers => "input",
        Kind::Manual(_) => "block",
        Kind::Trigger(_) => "trigger",
        Kind::Group(_) => "group",
    }
}

fn kind(kind: &Kind) -> StepKind {
    match kind {
        Kind::Command(_) => StepKind::Command,
        Kind::Wait(_) => StepKind::Wait,
        Kind::Manual(manual) if manual.barrier == Barrier::BesideOthers => StepKind::Input,
        Kind::Manual(_) => StepKind::Block,
        Kind::Trigger(_) => StepKind::Trigger,
        Kind::Group(_) => StepKind::Group,
    }
}

fn question(kind: &Kind) -> Option<Question> {
    let Kind::Manual(manual) = kind else { return None };
    Some(Question {
        prompt: manual.prompt.clone(),
        submit: manual.submit.clone(),
        blocked_state: manual.blocked_state,
        fields: manual.fields.clone(),
    })
}

fn job_view(job: &Job, step_label: &str, names: &HashMap<AgentId, String>) -> JobView {
    let exit = job.exit.as_ref();
    JobView {
        id: job.id,
        step: job.step,
        kind: job.kind,
        state: job.state,
        label: job.label.clone().filter(|label| !label.is_empty()).unwrap_or_else(|| step_label.to_owned()),
        soft_failed: job.soft_failed,
        passed: job.has_passed() || job.soft_failed,
        exit_status: job.effective_exit_status(),
        signal: exit.and_then(|exit| exit.signal.clone()),
        signal_reason: exit.and_then(|exit| exit.reason),
        agent: job.agent.and_then(|agent| names.get(&agent).cloned()),
        parallel: job.parallel.map(|parallel| (parallel.index, parallel.total)),
        retries: job.attempt.count,
        retried_in: job.attempt.retried_in.map(|(job, _)| job),
        created_at: job.times.created_at,
        runnable_at: job.times.runnable_at,
        started_at: job.times.started_at,
        finished_at: job.times.finished_at,
        reason: reason(job),
    }
}

/// Says of jobs that no agent here could run what they ask for.
fn explain_waiting(view: &mut BuildView, build: &Build, world: &World) {
    let jobs = view.steps.iter_mut().flat_map(|step| &mut step.jobs);
    for job in jobs.filter(|job| job.state == JobState::Scheduled) {
        let Some(rules) = build.job(job.id).map(|job| &job.agents) else { continue };
        if !world.has_agent_for(rules) {
            job.reason = Some(format!("no connected agent has the tags it asks for: {}", wanted(rules)));
        }
    }
}

fn wanted(rules: &AgentRules) -> String {
    let mut rules = rules.to_strings();
    if !rules.iter().any(|rule| rule.starts_with("queue=")) {
        rules.push(format!("queue={DEFAULT_QUEUE}"));
    }
    rules.join(", ")
}

/// Why a job did not run, in words.
fn reason(job: &Job) -> Option<String> {
    let text = match job.state {
        JobState::Broken => match job.broken_reason.as_deref() {
            Some("conditional_failed") => "its condition is false",
            Some("branch_mismatch") => "it is not for this branch",
            Some(other) => other,
            None => "it is skipped",
        },
        JobState::WaitingFailed | JobState::BlockedFailed | JobState::UnblockedFailed => {
            "something it depends on has failed"
        }
        JobState::Expired => "no agent took it in time",
        JobState::TimedOut => "it ran out of time",
        JobState::Skipped => "it was taken out of the build",
        JobState::Limited => "its concurrency group is full",
        JobState::Finished if job.exit == Some(Exit::lost()) => {
            "its agent was lost, or went away, before it ended"
        }
        _ => return None,
    };
    Some(text.to_owned())
}
