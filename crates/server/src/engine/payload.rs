//! What an agent gets to know of its job (agent-api.md §12).

use redkite_api::Token;
use redkite_api::wire::Job as Payload;
use redkite_scheduler::build::Job;
use redkite_scheduler::definition::Kind;
use redkite_scheduler::{Build, JobId, environment};

use super::agent::Agent;
use crate::secret::Secret;

/// The largest chunk of a log; without one agents give up (§11.3).
const CHUNK_BYTES: u64 = 100 << 10;
/// Seconds between chunks.
const CHUNK_SECONDS: i64 = 1;
/// From this size on a log is cut.
pub(crate) const LOG_BYTES: u64 = 1 << 30;

/// The answer to accept and acquire. The job exists and is a command: nothing else is offered.
pub(super) fn payload(build: &Build, job: JobId, agent: &Agent, token: &Secret) -> Payload {
    let job = build.job(job).expect("the job was looked up");
    let env = environment::of(build, job, &agent.info()).unwrap_or_default();
    Payload {
        id: job.id.to_string().into(),
        state: job.state.as_str().to_owned(),
        env: env.into_iter().collect(),
        step: step(build, job),
        matrix_permutation: job.matrix.clone().unwrap_or_default().into_iter().collect(),
        chunks_max_size_bytes: CHUNK_BYTES,
        chunks_interval_seconds: CHUNK_SECONDS,
        log_max_size_bytes: LOG_BYTES,
        token: Token::from(token.expose()),
        runnable_at: job.times.runnable_at.map(|at| at.to_string()).unwrap_or_default(),
        priority: job.priority,
        ..Payload::default()
    }
}

fn step(build: &Build, job: &Job) -> Option<serde_json::Value> {
    let definition = &build.step(job.step)?.definition;
    match &definition.kind {
        Kind::Command(command) => Some(environment::step_source(command, &definition.source)),
        _ => None,
    }
}
