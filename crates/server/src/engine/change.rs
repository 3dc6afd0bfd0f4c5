//! A change: one request that is decided on the state of the plane and committed with others.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use thiserror::Error;
use tokio::sync::oneshot;

use super::Context;
use crate::store::StoreError;

/// One request to the engine. `apply` decides first and writes after. A refusal that wrote all the same is told
/// only when what it wrote is committed.
pub(crate) trait Change: Send + Sync + 'static {
    /// The answer, sent after the commit.
    type Reply: Send + 'static;

    /// Decides and writes. It may run twice: a batch that could not be committed is rolled back and its
    /// changes are tried one by one.
    fn apply(&self, cx: &mut Context<'_>) -> impl Future<Output = Result<Self::Reply, Failure>> + Send;
}

/// Why a change did not happen.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    /// The caller's fault.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The store's.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The transaction it was part of.
    #[error("committing to the database: {0}")]
    Commit(String),
    /// The plane is shutting down.
    #[error("the control plane has stopped")]
    Stopped,
}

/// What the caller did wrong, in words for a person.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub(crate) struct Refusal {
    /// Which kind of wrong.
    pub kind: Wrong,
    /// The words.
    pub message: String,
}

/// Kinds of refusals: each is one HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// The request makes no sense.
    Malformed,
    /// The token is unknown.
    Unauthorized,
    /// The token may not do this.
    Forbidden,
    /// There is no such thing.
    NotFound,
    /// Something else was said before.
    Conflict,
    /// Possible, but not now and not in this state.
    Unprocessable,
    /// Possible later: ask again.
    Locked,
}

impl Wrong {
    /// A refusal of this kind.
    pub(crate) fn because(self, message: impl fmt::Display) -> Refusal {
        Refusal { kind: self, message: message.to_string() }
    }
}

type Applied<'a> = Pin<Box<dyn Future<Output = Result<(), Failed>> + Send + 'a>>;

/// Marks that a change failed in the store, so that the batch must be rolled back.
pub(super) struct Failed;

/// A change whose answer type is forgotten, so that different ones wait in one queue.
pub(super) trait AnyChange: Send {
    /// Applies the change and keeps its answer.
    fn apply<'a>(&'a mut self, cx: &'a mut Context<'_>) -> Applied<'a>;
    /// Sends the kept answer; or why it is void.
    fn answer(self: Box<Self>, committed: Result<(), String>);
}

/// What a change had to do with the transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hold {
    /// Nothing: its answer is true whatever becomes of the others.
    Free,
    /// It used it, and may have written: without the commit its answer is void.
    Bound,
}

/// A change in the queue.
pub(super) struct Queued<C: Change> {
    change: C,
    outcome: Option<Result<C::Reply, Failure>>,
    hold: Hold,
    reply: oneshot::Sender<Result<C::Reply, Failure>>,
}

impl<C: Change> Queued<C> {
    /// Queues a change; its answer comes through the receiver.
    pub(super) fn new(change: C) -> (Self, oneshot::Receiver<Result<C::Reply, Failure>>) {
        let (reply, answer) = oneshot::channel();
        (Self { change, outcome: None, hold: Hold::Free, reply }, answer)
    }
}

impl<C: Change> AnyChange for Queued<C> {
    fn apply<'a>(&'a mut self, cx: &'a mut Context<'_>) -> Applied<'a> {
        Box::pin(async move {
            let before = cx.writer.uses();
            let outcome = self.change.apply(cx).await;
            self.hold = if cx.writer.uses() == before { Hold::Free } else { Hold::Bound };
            let failed = matches!(outcome, Err(Failure::Store(_)));
            self.outcome = Some(outcome);
            if failed { Err(Failed) } else { Ok(()) }
        })
    }

    fn answer(self: Box<Self>, committed: Result<(), String>) {
        let answer = match (self.outcome, committed) {
            // What failed by itself, or was refused without a look at the database, stays so.
            (Some(Err(failure @ Failure::Store(_))), _) => Err(failure),
            (Some(Err(failure)), _) if self.hold == Hold::Free => Err(failure),
            (_, Err(reason)) => Err(Failure::Commit(reason)),
            (Some(reply), Ok(())) => reply,
            (None, Ok(())) => Err(Failure::Stopped),
        };
        // The caller may have hung up; what was committed stays.
        let _ = self.reply.send(answer);
    }
}
