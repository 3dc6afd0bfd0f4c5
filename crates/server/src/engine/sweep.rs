//! What happens because time passes: due builds, lost agents (control-plane.md §1.2 I4, §2.7).

use std::time::Duration;

use redkite_scheduler::Time;
use redkite_scheduler::build::Event as BuildEvent;

use super::agent::Connection;
use super::{Change, Context, Failure};

/// How often the plane looks at the clock.
pub(crate) const SWEEP_EVERY: Duration = Duration::from_millis(500);

/// Does whatever is due now.
pub(crate) struct Sweep;

impl Change for Sweep {
    type Reply = ();

    async fn apply(&self, cx: &mut Context<'_>) -> Result<(), Failure> {
        for build in cx.world.due(cx.now) {
            cx.apply_if_it_fits(build, BuildEvent::Tick).await?;
        }
        for agent in cx.world.silent_since(before(cx.now, cx.settings.patience.lost)) {
            tracing::warn!(%agent, "an agent's heartbeats have ended");
            cx.agent_gone(agent, Connection::Lost).await?;
        }
        Ok(())
    }
}

fn before(now: Time, span: Duration) -> Time {
    let millis = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
    Time::from_millis(now.as_millis().saturating_sub(millis))
}
