//! Telling the server that the worker lives (spec/agent.md §9.2).

use crate::session::Session;
use redkite_api::calls;
use redkite_api::wire::Heartbeat;
use std::time::{Duration, Instant};
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
    interval: Duration,
    ended: &CancellationToken,
) -> Result<(), HeartbeatLost> {
    let mut ticks = tokio::time::interval_at(tokio::time::Instant::now() + interval, interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut last_success = None;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = ended.cancelled() => return Ok(()),
        }
        tokio::select! {
            result = once(session, interval, &mut last_success) => result?,
            () = ended.cancelled() => return Ok(()),
        }
    }
}

async fn once(
    session: &Session,
    interval: Duration,
    last_success: &mut Option<Instant>,
) -> Result<(), HeartbeatLost> {
    let sent_at = jiff::Zoned::now().strftime("%Y-%m-%dT%H:%M:%S%.f%:z").to_string();
    match session.client().call(&calls::agent::heartbeat(&Heartbeat { sent_at })).await {
        Ok(answer) => {
            tracing::debug!("Heartbeat sent at {} and received at {}", answer.sent_at, answer.received_at);
            *last_success = Some(Instant::now());
            Ok(())
        }
        Err(error) if error.status().is_some() && !error.is_retryable() => {
            let status = error.status().map(|status| status.to_string()).unwrap_or_default();
            let lost = HeartbeatLost { status, message: error.to_string() };
            tracing::error!("{lost}");
            Err(lost)
        }
        Err(error) => {
            let last = match last_success {
                Some(at) => format!("Last successful was {:?} ago", at.elapsed()),
                None => "No heartbeat yet".to_owned(),
            };
            tracing::error!("Failed to heartbeat {error}. Will try again in {interval:?}. ({last})");
            Ok(())
        }
    }
}
