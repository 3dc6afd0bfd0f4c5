//! Registering all workers of a process (spec/agent.md §6).

use crate::machine::Machine;
use crate::register;
use crate::session::Session;
use crate::settings::{Priority, Settings};
use redkite_api::client::{Client, Transport};
use redkite_api::wire::{RegisterAnswer, RegisterRequest};
use redkite_api::{ApiError, calls};
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Registers all workers at once; the order of the sessions is theirs.
pub(crate) async fn register_all(
    settings: &Settings,
    transport: Arc<Transport>,
) -> Result<Vec<(Session, RegisterAnswer)>, ApiError> {
    let machine = Machine::ask();
    let client = registration_client(settings, transport);
    let spawn = settings.identity.spawn.get();
    let at_once = std::thread::available_parallelism().map_or(1, usize::from);
    let turns = Arc::new(Semaphore::new(at_once));
    let mut tasks = JoinSet::new();
    for number in 1..=spawn {
        match spawn {
            1 => tracing::info!("Registering agent with Buildkite..."),
            _ => tracing::info!("Registering agent {number} of {spawn} with Buildkite..."),
        }
        if !matches!(settings.identity.priority, Priority::Fixed(_)) {
            let priority = register::priority(&settings.identity.priority, number);
            tracing::info!("Assigning priority {priority} for agent {number}");
        }
        let request = register::request(settings, &machine, number);
        tasks.spawn(register_one(client.clone(), request, turns.clone(), number));
    }
    let mut answers = Vec::new();
    while let Some(done) = tasks.join_next().await {
        let (number, answer) = done.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))?;
        answers.push((number, answer));
    }
    answers.sort_by_key(|(number, _)| *number);
    let session = |(_, answer)| (Session::new(&client, &answer), answer);
    Ok(answers.into_iter().map(session).collect())
}

async fn register_one(
    client: Client,
    request: RegisterRequest,
    turns: Arc<Semaphore>,
    number: u32,
) -> Result<(u32, RegisterAnswer), ApiError> {
    // The semaphore is never closed.
    let _turn = turns.acquire().await;
    let answer = client.call(&calls::agent::register(&request)).await?;
    let tags = answer.meta_data.join(", ");
    tracing::info!("Successfully registered agent \"{}\" with tags [{tags}]", answer.name);
    tracing::debug!("Ping interval: {}s", answer.ping_interval);
    tracing::debug!("Job status interval: {}s", answer.job_status_interval);
    tracing::debug!("Heartbeat interval: {}s", answer.heartbeat_interval);
    tracing::debug!("Endpoint: {}", redkite_api::shown_url(&answer.endpoint));
    Ok((number, answer))
}

fn registration_client(settings: &Settings, transport: Arc<Transport>) -> Client {
    let api = &settings.api;
    let client = redkite_api::Settings {
        headers: api.headers.clone(),
        http2: api.http2,
        log: api.log,
        ..redkite_api::Settings::new(api.endpoint.clone(), api.token.clone())
    };
    Client::new(transport, client)
}
