//! Agents that exist only as calls.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use redkite_api::calls::{agent as calls, job};
use redkite_api::client::{Client, Transport};
use redkite_api::wire::{Finish, Job, Pause, RegisterRequest, Start};
use redkite_api::{ApiError, Endpoint, Http2, JobId, Settings, Token};
use tokio::task::JoinSet;

use super::running::Server;
use crate::error::BenchError;

/// Registrations that are under way at once.
const AT_ONCE: usize = 16;

/// A simulated agent that is registered and connected.
#[derive(Clone)]
pub(super) struct SimulatedAgent {
    client: Client,
    interval: Duration,
}

/// A job it has accepted, with the client that speaks for it.
pub(super) struct Held {
    pub(super) client: Client,
    pub(super) job: Job,
}

/// Registers and connects `count` agents.
pub(super) fn connect(server: &Server, count: u32) -> Result<Vec<SimulatedAgent>, BenchError> {
    let transport = Transport::new(Http2::Disabled);
    server.runtime.block_on(async {
        let mut agents = Vec::new();
        let mut open = JoinSet::new();
        for number in 0..count {
            if open.len() >= AT_ONCE {
                agents.push(joined(open.join_next().await)?);
            }
            let settings =
                Settings::new(Endpoint::from(server.endpoint.as_str()), Token::from(server.token.as_str()));
            open.spawn(SimulatedAgent::register(Client::new(Arc::clone(&transport), settings), number));
        }
        while !open.is_empty() {
            agents.push(joined(open.join_next().await)?);
        }
        Ok(agents)
    })
}

/// What a task of the measurement gave.
pub(super) fn joined<T>(
    task: Option<Result<Result<T, BenchError>, tokio::task::JoinError>>,
) -> Result<T, BenchError> {
    task.ok_or(BenchError::Task)?.map_err(|_| BenchError::Task)?
}

fn failed(what: &'static str) -> impl FnOnce(ApiError) -> BenchError {
    move |error| BenchError::Agent(what, Box::new(error))
}

impl SimulatedAgent {
    async fn register(client: Client, number: u32) -> Result<Self, BenchError> {
        let request = RegisterRequest {
            name: format!("bench-{number}"),
            hostname: "bench".to_owned(),
            os: "linux".to_owned(),
            arch: "amd64".to_owned(),
            version: "3.137.0".to_owned(),
            ..RegisterRequest::default()
        };
        let answer = client.call(&calls::register(&request)).await.map_err(failed("register"))?;
        let settings = Settings { token: answer.access_token, ..client.settings().clone() };
        let client = client.with(settings);
        client.call(&calls::connect()).await.map_err(failed("connect"))?;
        Ok(Self { client, interval: Duration::from_secs(answer.ping_interval.unsigned_abs().max(1)) })
    }

    /// From now on it gets no work, and its pings are answered at once.
    pub(super) async fn pause(&self) -> Result<(), BenchError> {
        let pause = Pause { note: "bench".to_owned(), timeout_in_minutes: 60 };
        self.client.call(&calls::pause(&pause)).await.map_err(failed("pause"))
    }

    /// Asks for work once.
    pub(super) async fn ping(&self) -> Result<Option<JobId>, BenchError> {
        let answer = self.client.call(&calls::ping()).await.map_err(failed("ping"))?;
        Ok(answer.job.map(|job| job.id))
    }

    /// Asks for work as often as it was told, until there is some, and starts it.
    pub(super) async fn next_job(&self) -> Result<Held, BenchError> {
        loop {
            let asked = Instant::now();
            match self.ping().await? {
                Some(id) => return self.take(&id).await,
                None => tokio::time::sleep(self.interval.saturating_sub(asked.elapsed())).await,
            }
        }
    }

    /// Accepts and starts a job.
    pub(super) async fn take(&self, id: &JobId) -> Result<Held, BenchError> {
        let accepted = self.client.call(&job::accept(id)).await.map_err(failed("accept"))?;
        let settings = Settings { token: accepted.token.clone(), ..self.client.settings().clone() };
        let client = self.client.with(settings);
        let start = Start { started_at: Timestamp::now() };
        client.call(&job::start(id, &start)).await.map_err(failed("start"))?;
        Ok(Held { client, job: accepted })
    }
}

impl Held {
    /// The job has passed.
    pub(super) async fn finish(&self) -> Result<(), BenchError> {
        let finish = Finish {
            exit_status: "0".to_owned(),
            signal: None,
            signal_reason: None,
            finished_at: Some(Timestamp::now()),
            chunks_failed_count: 0,
            ignore_agent_in_dispatches: false,
        };
        self.client.call(&job::finish(&self.job.id, &finish)).await.map_err(failed("finish"))
    }
}
