//! Asking for work (spec/agent-api.md §10.1–§10.3).

use crate::dispatch::Action;
use crate::session::Session;
use crate::status::{Link, Metrics, WorkerStatus};
use redkite_api::calls;
use redkite_api::wire::Ping;
use redkite_text::Spoken;
use std::time::Instant;

/// The server doesn't answer pings any more: there is no work to be had.
#[derive(Debug, thiserror::Error)]
#[error("Ping failed with unrecoverable status: {status}, mesage: \"{message}\"")]
pub(crate) struct PingLost {
    status: String,
    message: String,
}

/// Pings; a failure that will pass is an idle action.
pub(crate) async fn ping(
    session: &Session,
    metrics: &Metrics,
    status: &WorkerStatus,
) -> Result<Action, PingLost> {
    let started = Instant::now();
    metrics.pings_sent.add(1);
    let answer = session.client().call(&calls::agent::ping()).await;
    metrics.ping_duration.time(started.elapsed());
    if answer.is_err() {
        metrics.pings_errors.add(1);
    }
    match answer {
        Ok(ping) => {
            session.pinged();
            status.pinged();
            status.link(Link::Polling);
            Ok(follow(session, ping).await)
        }
        Err(error) if error.status().is_some() && !error.is_retryable() => {
            let status = error.status().map(|status| status.to_string()).unwrap_or_default();
            let lost = PingLost { status, message: error.to_string() };
            tracing::error!("{lost}");
            Err(lost)
        }
        Err(error) => {
            let last = match session.last_ping() {
                Some(at) => format!("last successful was {} ago", Spoken(at.elapsed())),
                None => "no successful ping yet".to_owned(),
            };
            tracing::warn!("failed to ping: {error} ({last})");
            status.link(Link::Unreachable);
            status.trouble(&format!("failed to ping: {error}"));
            Ok(Action::IDLE)
        }
    }
}

/// Takes over what a ping says besides its action; a new endpoint is tried before it is used.
async fn follow(session: &Session, mut ping: Ping) -> Action {
    session.update_headers(ping.request_headers.as_ref());
    if !ping.message.is_empty() {
        tracing::info!("{}", ping.message);
    }
    if let Some(client) = session.elsewhere(&ping.endpoint) {
        match client.call(&calls::agent::ping()).await {
            Ok(answer) => {
                session.switch(client);
                session.update_headers(answer.request_headers.as_ref());
                // What to do is said by the first answer, the job by the second.
                ping.job = answer.job;
            }
            Err(error) => tracing::warn!(
                "Failed to ping the new endpoint {} - ignoring switch for now ({error})",
                redkite_api::shown_url(&ping.endpoint)
            ),
        }
    }
    Action::from(ping)
}
