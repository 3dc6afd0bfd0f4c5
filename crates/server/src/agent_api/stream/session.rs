//! One stream: what was said last, and what is said next.

use std::convert::Infallible;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue};
use bytes::Bytes;
use hyper::body::Frame;
use redkite_scheduler::{AgentId, Time};
use tokio::sync::oneshot;

use super::message;
use crate::agent_api::Api;
use crate::engine::{Failure, Instruction, Standing, WatchAgent, Wrong};

/// How a stream ends (agent-api.md §10.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// The agent connects again and all is well.
    Quiet,
    /// The plane is away for a while.
    Unavailable,
    /// The agent's session is over.
    Unauthenticated,
}

impl Ending {
    fn status(self) -> &'static str {
        match self {
            Self::Quiet => "0",
            Self::Unavailable => "14",
            Self::Unauthenticated => "16",
        }
    }
}

/// One agent's open stream.
pub(super) struct Session {
    api: Api,
    agent: AgentId,
    said: Option<Instruction>,
    news: Option<(oneshot::Receiver<()>, Option<Time>)>,
    ended: bool,
}

/// A frame of the body.
type Item = Result<Frame<Bytes>, Infallible>;

impl Session {
    pub(super) fn new(api: Api, agent: AgentId) -> Self {
        Self { api, agent, said: None, news: None, ended: false }
    }

    /// The next message, the ending, or nothing behind that.
    pub(super) async fn next(mut self) -> Option<(Item, Self)> {
        if self.ended {
            return None;
        }
        let frame = match self.instruction().await {
            Ok(instruction) => {
                let frame = Frame::data(message::frame(&instruction));
                self.said = Some(instruction);
                frame
            }
            Err(ending) => {
                self.ended = true;
                Frame::trailers(trailers(ending))
            }
        };
        Some((Ok(frame), self))
    }

    /// Waits until there is something to say that was not said before.
    async fn instruction(&mut self) -> Result<Instruction, Ending> {
        loop {
            if let Some((news, until)) = self.news.take() {
                self.wait(news, until).await?;
            }
            let standing = self.api.engine.perform(WatchAgent(self.agent)).await;
            let Standing { instruction, until, news } = standing.map_err(|failure| ending(&failure))?;
            self.news = Some((news, until));
            if self.is_new(&instruction) {
                return Ok(instruction);
            }
        }
    }

    /// An agent with a job is told nothing about it, but that all is well when the stream is new.
    fn is_new(&self, instruction: &Instruction) -> bool {
        match &self.said {
            None => true,
            Some(said) => said != instruction && *instruction != Instruction::Busy,
        }
    }

    async fn wait(&self, news: oneshot::Receiver<()>, until: Option<Time>) -> Result<(), Ending> {
        // Agents hang up every minute: this is longer than any stream.
        const FOREVER: Duration = Duration::from_secs(3600);
        let patience = until.map_or(FOREVER, |until| until.since(jiff::Timestamp::now().into()));
        tokio::select! {
            // Another stream or ping waits for this agent's news now.
            news = news => news.map_err(|_| Ending::Quiet),
            () = tokio::time::sleep(patience) => Ok(()),
            () = self.api.stopping.cancelled() => Err(Ending::Unavailable),
        }
    }
}

fn ending(failure: &Failure) -> Ending {
    match failure {
        Failure::Refused(refusal) if refusal.kind == Wrong::Unauthorized => Ending::Unauthenticated,
        _ => Ending::Unavailable,
    }
}

fn trailers(ending: Ending) -> HeaderMap {
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static(ending.status()));
    trailers
}
