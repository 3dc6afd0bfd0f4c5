//! How far a stop has gone: asked for by signals, seen by workers and their jobs.

use tokio::sync::watch;

/// How urgently an end is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Urgency {
    /// Not at all.
    #[default]
    None,
    /// Finish the job, take no other.
    Graceful,
    /// Cancel the job, too.
    Forced,
}

/// Asks for the end. It can only become more urgent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stopper(watch::Sender<Urgency>);

impl Stopper {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Asks for the end.
    pub(crate) fn ask(&self, urgency: Urgency) {
        self.0.send_if_modified(|current| {
            let more = urgency > *current;
            *current = urgency.max(*current);
            more
        });
    }

    /// Sees what is asked for.
    pub(crate) fn listener(&self) -> StopListener {
        StopListener(self.0.subscribe())
    }
}

/// Waits for what was asked for.
#[derive(Clone, Debug)]
pub(crate) struct StopListener(watch::Receiver<Urgency>);

impl StopListener {
    /// Comes when any end is asked for; again and again from then on.
    pub(crate) async fn graceful(&mut self) {
        self.beyond(Urgency::None).await;
    }

    /// Comes when a forced end is asked for.
    pub(crate) async fn forced(&mut self) {
        self.beyond(Urgency::Graceful).await;
    }

    /// Comes when something more urgent is asked for than `known`, and says how urgent.
    pub(crate) async fn beyond(&mut self, known: Urgency) -> Urgency {
        let seen = self.0.wait_for(|current| *current > known).await.map(|current| *current);
        match seen {
            Ok(urgency) => urgency,
            // Nobody is left who could ask.
            Err(_) => std::future::pending().await,
        }
    }

    /// Whether a forced end was asked for.
    pub(crate) fn is_forced(&self) -> bool {
        *self.0.borrow() >= Urgency::Forced
    }
}
