//! When the headings of a log appeared, sent apart where the log has no time stamps (spec/agent.md §17.2).

use redkite_api::JobId;
use redkite_api::calls;
use redkite_api::client::Client;
use redkite_api::wire::HeaderTimes;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long times are collected before they are sent.
const COLLECT: Duration = Duration::from_secs(1);

/// Times that have not been sent.
#[derive(Debug, Default)]
pub(crate) struct Pending(Mutex<HeaderTimes>);

impl Pending {
    pub(crate) fn add(&self, number: u64, time: jiff::Timestamp) {
        let mut pending = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pending.header_times.insert(number, time);
    }

    fn take(&self) -> Option<HeaderTimes> {
        let mut pending = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let times = std::mem::take(&mut *pending);
        (!times.header_times.is_empty()).then_some(times)
    }
}

/// Sends times every second until the log is `closed`, then those that are left.
pub(crate) async fn send(client: &Client, job: &JobId, pending: &Pending, closed: &CancellationToken) {
    loop {
        let is_last = tokio::select! {
            () = tokio::time::sleep(COLLECT) => false,
            () = closed.cancelled() => true,
        };
        if let Some(times) = pending.take()
            && let Err(error) = client.call(&calls::job::header_times(job, &times)).await
        {
            tracing::error!("Ultimately unable to upload header times: {error}");
        }
        if is_last {
            return;
        }
    }
}
