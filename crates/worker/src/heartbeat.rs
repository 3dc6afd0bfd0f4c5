//! Telling the server that the worker lives (spec/agent.md §9.2).

use crate::session::Session;
use crate::status::WorkerStatus;
use redkite_api::calls;
use redkite_api::wire::Heartbeat;
use redkite_text::Spoken;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// The server doesn't know the worker any more: it can't go on.
#[derive(Debug, thiserror::Error)]
#[error("Heartbeat failed with unrecoverable status: {status}, mesage: \"{message}\"")]
pub(crate) struct HeartbeatLost {
    status: String,
    message: String,
}

/// Beats until `ended`, or until the server refuses.
pub(crate) async fn beat(
    session: &Session,
    status: &WorkerStatus,
    ended: &CancellationToken,
) -> Result<(), HeartbeatLost> {
    let interval = session.heartbeat_interval;
    let mut ticks = tokio::time::interval_at(tokio::time::Instant::now() + interval, interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = ended.cancelled() => return Ok(()),
        }
        tokio::select! {
            result = once(session, status) => result?,
            () = ended.cancelled() => return Ok(()),
        }
    }
}

async fn once(session: &Session, status: &WorkerStatus) -> Result<(), HeartbeatLost> {
    let sent_at = jiff::Zoned::now().strftime("%Y-%m-%dT%H:%M:%S%.f%:z").to_string();
    match session.client().call(&calls::agent::heartbeat(&Heartbeat { sent_at })).await {
        Ok(answer) => {
            tracing::debug!("Heartbeat sent at {} and received at {}", answer.sent_at, answer.received_at);
            status.heartbeat();
            Ok(())
        }
        Err(error) if error.status().is_some() && !error.is_retryable() => {
            let answered = error.status().map(|status| status.to_string()).unwrap_or_default();
            status.heartbeat_failed(error.to_string());
            let lost = HeartbeatLost { status: answered, message: error.to_string() };
            tracing::error!("{lost}");
            Err(lost)
        }
        Err(error) => {
            status.heartbeat_failed(error.to_string());
            let last = match status.state().last_heartbeat {
                Some(at) => format!("Last successful was {} ago", Spoken(at.elapsed())),
                None => "No heartbeat yet".to_owned(),
            };
            tracing::error!(
                "Failed to heartbeat {error}. Will try again in {}. ({last})",
                Spoken(session.heartbeat_interval)
            );
            Ok(())
        }
    }
}
