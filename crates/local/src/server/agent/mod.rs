//! The locks that jobs of one machine share: every agent serves them, one of them leads (docs/spec/local-apis.md §5).

mod leadership;
mod locks;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::ServeError;
use super::listening::Listening;
use crate::described;
use leadership::Leadership;
use locks::LockRoutes;

/// How long requests may go on after the agent.
const LAST_REQUESTS: Duration = Duration::from_secs(1);

/// An agent's socket, and its standing among the agents. Stopped when it is dropped.
#[derive(Debug)]
pub struct AgentServer {
    // Resigns first: nobody is led to a socket that is gone.
    leadership: Option<Leadership>,
    listening: Option<Listening>,
}

impl AgentServer {
    /// Serves locks at `<sockets-path>/agent-<pid>`, and leads if nobody else does.
    ///
    /// # Errors
    /// If the machine has no such sockets, the path is too long, or the directory can't be written.
    pub fn start(sockets_path: &Path) -> Result<Self, ServeError> {
        if cfg!(windows) {
            return Err(ServeError::Unavailable);
        }
        let socket = sockets_path.join(format!("agent-{}", std::process::id()));
        // A process of this number may have been killed.
        std::fs::remove_file(&socket).ok();
        let listening = Listening::start(socket.clone(), Arc::new(LockRoutes::default()));
        let listening = listening.map_err(|error| ServeError::Socket(described(&error)))?;
        let leadership = Leadership::start(sockets_path.join("agent-leader"), socket);
        Ok(Self { leadership: Some(leadership), listening: Some(listening) })
    }
}

impl Drop for AgentServer {
    fn drop(&mut self) {
        drop(self.leadership.take());
        if let Some(listening) = self.listening.take() {
            listening.stop(LAST_REQUESTS);
        }
    }
}
