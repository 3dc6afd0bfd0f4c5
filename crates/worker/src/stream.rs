//! Keeping the ping stream open (spec/agent-api.md §10.4).

use crate::dispatch::{Action, Event, Verb};
use crate::random;
use crate::session::Session;
use crate::settings::PingMode;
use crate::status::WorkerStatus;
use redkite_api::stream::{PingStream, StreamEnd, StreamMessage};
use std::time::Duration;
use tokio::sync::mpsc::Sender;
use tokio::time::Instant;

/// Messages that may wait for dispatch; when they are that many the stream is not read on.
pub(crate) const WAITING_MESSAGES: usize = 16;

/// How long the next attempt may be in coming: longer with each that brought nothing.
#[derive(Debug, Default)]
struct Attempts {
    since_message: u32,
    /// Whether any attempt ever brought a message.
    heard: bool,
    /// Whether it was said that there is no stream for now.
    told: bool,
}

impl Attempts {
    /// The window of the next attempt.
    fn window(&mut self) -> Duration {
        const LONGEST: u32 = 6;
        let window = Duration::from_secs(1 << self.since_message.min(LONGEST));
        self.since_message += 1;
        window
    }

    /// A message came.
    fn heard(&mut self) {
        *self = Self { since_message: 0, heard: true, told: false };
    }

    /// Whether an end means that polling must take over: also when there was silence until time was up, and never
    /// anything else, as behind a proxy that holds answers back.
    fn is_broken_by(&self, end: &StreamEnd) -> bool {
        !end.is_ordinary() || (end.is_timeout() && !self.heard)
    }
}

/// Opens the stream again and again, and hands on what it brings, until there is none to be had: then it says why.
/// Without anybody who listens it says nothing.
pub(crate) async fn keep_open(
    session: &Session,
    status: &WorkerStatus,
    mode: PingMode,
    events: &Sender<Event>,
) -> Option<StreamEnd> {
    let mut attempts = Attempts::default();
    loop {
        let (begin, window) = (Instant::now(), attempts.window());
        tokio::time::sleep(random::part_of(window)).await;
        let end = read(session, &mut attempts, events).await;
        if end.is_final() {
            say_final(mode, &end);
            return Some(end);
        }
        if attempts.is_broken_by(&end) {
            say_broken(&mut attempts, mode, &end);
            status.stream_broke(&end.to_string());
            if events.send(Event::StreamBroke).await.is_err() {
                return None;
            }
        } else {
            tracing::debug!("{end}");
        }
        tokio::time::sleep_until(begin + window).await;
    }
}

async fn read(session: &Session, attempts: &mut Attempts, events: &Sender<Event>) -> StreamEnd {
    let mut stream = match PingStream::open(&session.client(), &session.id).await {
        Ok(stream) => stream,
        Err(end) => return end,
    };
    loop {
        let action = match stream.next().await {
            Ok(message) => action_of(message),
            Err(end) => return end,
        };
        attempts.heard();
        // Without a receiver the worker is gone, and this with it.
        let _ = events.send(Event::Streamed(action)).await;
    }
}

fn action_of(message: StreamMessage) -> Action {
    let plain = |verb| Action { verb, job: None };
    match message {
        StreamMessage::Resume => plain(Verb::CarryOn),
        StreamMessage::Pause(reason) => {
            if !reason.is_empty() {
                tracing::info!("Pause reason: {reason}");
            }
            plain(Verb::Pause)
        }
        StreamMessage::Disconnect(reason) => {
            tracing::info!("Disconnect reason: {reason}");
            plain(Verb::Disconnect)
        }
        StreamMessage::JobAssigned(job) => Action { verb: Verb::CarryOn, job: Some(job) },
    }
}

/// Says so once until the stream is back.
fn say_broken(attempts: &mut Attempts, mode: PingMode, end: &StreamEnd) {
    let meanwhile = if mode == PingMode::StreamOnly { "trying again" } else { "pinging until it is back" };
    match std::mem::replace(&mut attempts.told, true) {
        false => tracing::warn!("The ping stream is not there, {meanwhile} ({end})"),
        true => tracing::debug!("{end}"),
    }
}

fn say_final(mode: PingMode, end: &StreamEnd) {
    match mode {
        PingMode::StreamOnly => {
            tracing::error!("Streaming ping mode failed due to an unrecoverable error: {end}");
        }
        PingMode::Auto | PingMode::PollOnly => tracing::info!(
            "Streaming ping mode is unavailable, permanently falling back to polling-based ping mode (the \
             underlying error was: {end})"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_grow_to_about_a_minute_and_start_anew() {
        let mut attempts = Attempts::default();
        let windows: Vec<_> = (0..8).map(|_| attempts.window().as_secs()).collect();
        assert_eq!(windows, [1, 2, 4, 8, 16, 32, 64, 64]);
        attempts.heard();
        assert_eq!(attempts.window().as_secs(), 1);
    }
}
