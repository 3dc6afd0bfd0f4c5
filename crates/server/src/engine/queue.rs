//! The queue of changes and the task that works it off in batches.

use std::ops::ControlFlow;
use std::time::Duration;

use redkite_scheduler::Time;
use tokio::sync::{broadcast, mpsc};
use tokio_util::sync::CancellationToken;

use super::change::{AnyChange, Queued};
use super::context::{Aftermath, Settings};
use super::dispatch;
use super::world::World;
use super::writer::Writer;
use super::{Change, Context, Failure};
use crate::auth::Principals;
use crate::plane::Event;
use crate::store::{Database, StoreError};

/// Changes that wait for the engine; when full, callers wait for a place.
const WAITING: usize = 4096;
/// Changes that share one commit, at most.
const BATCH: usize = 512;
/// How long the engine waits before it tries a broken database again.
const DATABASE_RETRY: Duration = Duration::from_millis(500);

/// The way to the engine: cheap to clone.
#[derive(Clone)]
pub(crate) struct Engine {
    queue: mpsc::Sender<Box<dyn AnyChange>>,
}

impl Engine {
    /// Has a change applied; returns when it is committed, or refused.
    pub(crate) async fn perform<C: Change>(&self, change: C) -> Result<C::Reply, Failure> {
        let (queued, answer) = Queued::new(change);
        self.queue.send(Box::new(queued)).await.map_err(|_| Failure::Stopped)?;
        answer.await.map_err(|_| Failure::Stopped)?
    }
}

/// The engine itself.
pub(crate) struct EngineTask {
    queue: mpsc::Receiver<Box<dyn AnyChange>>,
    writer: Writer,
    world: World,
    settings: Settings,
    outside: Outside,
}

/// Who hears of what was committed.
pub(crate) struct Outside {
    /// Those who watch.
    pub events: broadcast::Sender<Event>,
    /// Those who look up tokens.
    pub principals: Principals,
}

impl EngineTask {
    /// Reads the state from the database.
    pub(crate) async fn open(
        database: &Database,
        settings: Settings,
        outside: Outside,
    ) -> Result<(Engine, Self), StoreError> {
        let mut writer = Writer::connect(database).await?;
        let world = World::load(writer.transaction().await?, now()).await?;
        writer.roll_back().await?;
        let (sender, queue) = mpsc::channel(WAITING);
        Ok((Engine { queue: sender }, Self { queue, writer, world, settings, outside }))
    }

    /// Works the queue off. When it is told to stop it takes nothing new, and does what is there.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        let mut batch = Vec::with_capacity(BATCH);
        while stop.run_until_cancelled(self.queue.recv_many(&mut batch, BATCH)).await.is_some_and(|n| n > 0) {
            if self.work(&mut batch, &stop).await.is_break() {
                return;
            }
        }
        self.queue.close();
        while self.queue.recv_many(&mut batch, BATCH).await > 0 {
            if self.work(&mut batch, &stop).await.is_break() {
                return;
            }
        }
    }

    /// Breaks when the state can't be read any more: what waits then hears that the plane has stopped.
    async fn work(
        &mut self,
        batch: &mut Vec<Box<dyn AnyChange>>,
        stop: &CancellationToken,
    ) -> ControlFlow<()> {
        let Err(reason) = self.attempt(batch).await else {
            answer(batch, &Ok(()));
            return ControlFlow::Continue(());
        };
        tracing::warn!(
            reason,
            changes = batch.len(),
            "a transaction failed; its changes are tried one by one"
        );
        self.start_over(stop).await?;
        for change in batch.drain(..) {
            self.work_alone(change, stop).await?;
        }
        ControlFlow::Continue(())
    }

    async fn work_alone(&mut self, change: Box<dyn AnyChange>, stop: &CancellationToken) -> ControlFlow<()> {
        let mut single = vec![change];
        let outcome = self.attempt(&mut single).await;
        answer(&mut single, &outcome);
        let Err(reason) = outcome else { return ControlFlow::Continue(()) };
        tracing::error!(reason, "a change failed in the database");
        self.start_over(stop).await
    }

    /// Applies and commits a batch. Nothing of it is visible outside before it is durable.
    async fn attempt(&mut self, batch: &mut [Box<dyn AnyChange>]) -> Result<(), String> {
        let mut after = Aftermath::default();
        let mut cx = Context::new((&mut self.world, &mut self.writer), &mut after, &self.settings, now());
        for change in batch {
            change.apply(&mut cx).await.map_err(|_| "a statement failed".to_owned())?;
        }
        dispatch::offer_jobs(&mut cx).await.map_err(|error| describe(&error))?;
        self.writer.commit().await.map_err(|error| describe(&error))?;
        self.publish(after);
        Ok(())
    }

    fn publish(&mut self, after: Aftermath) {
        for hash in &after.forgotten {
            self.outside.principals.forget(hash);
        }
        self.world.wake(&after.awaited);
        for event in after.events {
            tell(&event);
            // Nobody watching is fine.
            let _ = self.outside.events.send(event);
        }
    }

    /// Forgets the transaction and what was thought of it. The database may be in trouble for a while
    /// (a full disk): until it can be read, callers wait. A plane that is told to stop meanwhile gives up.
    async fn start_over(&mut self, stop: &CancellationToken) -> ControlFlow<()> {
        while let Err(error) = self.reload().await {
            tracing::error!(error = describe(&error), "the database can't be read");
            if stop.run_until_cancelled(tokio::time::sleep(DATABASE_RETRY)).await.is_none() {
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    }

    async fn reload(&mut self) -> Result<(), StoreError> {
        self.writer.roll_back().await?;
        let fresh = World::load(self.writer.transaction().await?, now()).await?;
        self.writer.roll_back().await?;
        self.world.replace(fresh);
        Ok(())
    }
}

/// What an operator wants to see of everyday work; failures are logged where they happen.
fn tell(event: &Event) {
    match event {
        Event::Build { build, state } => tracing::info!(%build, %state, "build"),
        Event::Job { build, job, state, .. } => tracing::debug!(%build, %job, %state, "job"),
        Event::AgentConnected { name } => tracing::info!(name, "an agent connected"),
        Event::AgentGone { name, lost } => tracing::info!(name, lost, "an agent is gone"),
        _ => {}
    }
}

fn answer(batch: &mut Vec<Box<dyn AnyChange>>, committed: &Result<(), String>) {
    for change in batch.drain(..) {
        change.answer(committed.clone());
    }
}

fn now() -> Time {
    jiff::Timestamp::now().into()
}

fn describe(error: &dyn std::error::Error) -> String {
    crate::failure_text::describe(error)
}
