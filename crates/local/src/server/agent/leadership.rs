//! Which of the agents on a machine keeps the locks: the one that the link points to (docs/spec/local-apis.md §5.2).

use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::client::{ClientError, ping};
use crate::{described, socket};

/// The leader is looked after this often, and must answer within this time.
const INTERVAL: Duration = Duration::from_millis(100);

/// An agent's watch over who leads. Dropping it ends the watch, and the leadership if it is the agent's own.
#[derive(Debug)]
pub(super) struct Leadership {
    watch: Option<(JoinHandle<()>, SyncSender<()>)>,
    place: Place,
}

/// The link to the leader's socket, and this agent's own socket.
#[derive(Debug, Clone)]
struct Place {
    link: PathBuf,
    own: PathBuf,
}

/// Why somebody who should lead doesn't.
#[derive(Debug, thiserror::Error)]
enum NotLed {
    #[error("the leader's link {path} can't be read")]
    Link { path: String, source: io::Error },
    #[error(transparent)]
    Ping(#[from] ClientError),
}

impl Leadership {
    /// Leads if nobody does, and watches from now on.
    pub(super) fn start(link: PathBuf, own: PathBuf) -> Self {
        let place = Place { link, own };
        if place.take().is_ok() {
            tracing::info!("Agent API: This agent became leader");
        }
        let (stop, stopped) = sync_channel(1);
        let watched = place.clone();
        let thread = std::thread::spawn(move || watch(&watched, &stopped));
        Self { watch: Some((thread, stop)), place }
    }
}

impl Drop for Leadership {
    fn drop(&mut self) {
        if let Some((thread, stop)) = self.watch.take() {
            drop(stop);
            thread.join().ok();
        }
        if self.place.leader().is_ok_and(|leader| leader == self.place.own) {
            std::fs::remove_file(&self.place.link).ok();
        }
    }
}

fn watch(place: &Place, stopped: &Receiver<()>) {
    while stopped.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
        if let Err(error) = place.check() {
            tracing::warn!("Agent API: Leader ping failed, staging coup: {}", described(&error));
            tracing::warn!("Agent API: Leader state (locks) has been lost!");
            place.clear();
            if let Err(error) = place.take() {
                tracing::warn!("Agent API: Failed to become leader: {error}");
            }
        }
    }
}

impl Place {
    /// Points the link to this agent, if there is no link.
    fn take(&self) -> io::Result<()> {
        socket::link(&self.own, &self.link)
    }

    /// Takes away whatever is where the link should be.
    fn clear(&self) {
        if std::fs::remove_file(&self.link).is_err() {
            std::fs::remove_dir(&self.link).ok();
        }
    }

    fn leader(&self) -> Result<PathBuf, NotLed> {
        let path = || self.link.display().to_string();
        std::fs::read_link(&self.link).map_err(|source| NotLed::Link { path: path(), source })
    }

    /// Whether this agent leads, or another that answers.
    fn check(&self) -> Result<(), NotLed> {
        let leader = self.leader()?;
        if leader != self.own {
            ping(Path::new(&leader), INTERVAL)?;
        }
        Ok(())
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::AgentServer;

    fn until(what: &str, mut fact: impl FnMut() -> bool) {
        let deadline = Instant::now() + Duration::from_secs(10);
        while !fact() {
            assert!(Instant::now() < deadline, "in vain waited for: {what}");
            std::thread::yield_now();
        }
    }

    fn leads(folder: &Path) -> bool {
        crate::Locks::of_leader(folder).is_ok_and(|locks| locks.get("k").is_ok())
    }

    #[test]
    fn an_agent_leads_takes_over_from_the_dead_and_resigns() {
        let folder = tempfile::tempdir().expect("a folder");
        let link = folder.path().join("agent-leader");
        socket::link(Path::new("/nowhere/agent-1"), &link).expect("a link");
        let server = AgentServer::start(folder.path()).expect("a server");
        until("the coup", || leads(folder.path()));
        let locks = crate::Locks::of_leader(folder.path()).expect("a leader");
        assert!(locks.compare_and_swap("k", "", "v").expect("an answer").swapped);
        assert_eq!(locks.get("k").expect("an answer"), "v");
        drop(server);
        assert!(link.symlink_metadata().is_err(), "the link goes with the leader");
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
    }

    #[test]
    fn what_is_no_link_to_a_leader_is_replaced_by_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let link = folder.path().join("agent-leader");
        let _server = AgentServer::start(folder.path()).expect("a server");
        let clear = || std::fs::remove_file(&link).expect("it is a link");
        clear();
        until("the link's return", || leads(folder.path()));
        clear();
        std::fs::write(&link, "no link").expect("written");
        until("the link in the place of a file", || leads(folder.path()));
        clear();
        std::fs::create_dir(&link).expect("made");
        until("the link in the place of a folder", || leads(folder.path()));
    }
}
