//! How a control plane is set up.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Settings of a control plane. `Config::new` has the defaults.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where agents connect; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The folder of database, logs and artifacts.
    pub data: PathBuf,
    /// The address agents and jobs are told, e.g. `https://ci.example.com`; by default the one listened on.
    pub public_url: Option<String>,
    /// What agents are told about their rhythm.
    pub rhythm: Rhythm,
    /// After which silence the plane acts.
    pub patience: Patience,
    /// Whether jobs choose their agents.
    pub placement: Placement,
}

/// Whether the `agents` rules of steps count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Placement {
    /// A job goes to agents of its queue and tags only (control-plane.md §8.2).
    #[default]
    ByRules,
    /// Every agent may run every job: there are no others.
    Anywhere,
}

impl Config {
    /// The defaults.
    #[must_use]
    pub fn new(listen: SocketAddr, data: PathBuf) -> Self {
        Self {
            listen,
            data,
            public_url: None,
            rhythm: Rhythm::default(),
            patience: Patience::default(),
            placement: Placement::default(),
        }
    }
}

/// What agents are told when they register (control-plane.md §8.1): whole seconds, at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rhythm {
    /// Seconds between pings.
    pub ping: u32,
    /// Seconds between looks at a running job's state.
    pub job_status: u32,
    /// Seconds between heartbeats.
    pub heartbeat: u32,
}

impl Default for Rhythm {
    fn default() -> Self {
        Self { ping: 2, job_status: 5, heartbeat: 60 }
    }
}

/// After which silence an agent counts as lost (control-plane.md §8.7). What offers and started jobs are
/// given is fixed by the scheduler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Without a heartbeat for so long an agent is lost.
    pub lost: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { lost: Duration::from_secs(180) }
    }
}
