//! `redkite server`: a control plane for agents on other machines.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tracing::level_filters::LevelFilter;

use super::{Failure, output};
use crate::open_files;
use crate::plane::{Config, ControlPlane, Rhythm, Running};

/// Serve agents on other machines.
///
/// Ends on SIGINT and SIGTERM. Builds that are under way go on when it is started again on the same data
/// folder, however it ended. Exit status: 0 it was told to end, 2 it could not start.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The address agents connect to; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8420")]
    listen: SocketAddr,
    /// The folder for database, logs and artifacts; one server a folder
    #[arg(long, value_name = "FOLDER")]
    data: PathBuf,
    /// The address under which agents reach this server, if it is not one it listens on, e.g. that of a proxy
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Seconds without a heartbeat after which an agent is lost and its job has failed
    #[arg(long, value_name = "SECONDS", default_value_t = 180, value_parser = clap::value_parser!(u64).range(1..))]
    lost_after: u64,
    /// Seconds between an agent's pings
    #[arg(long, value_name = "SECONDS", default_value_t = Rhythm::default().ping, value_parser = clap::value_parser!(u32).range(1..))]
    ping_interval: u32,
    /// Seconds between an agent's heartbeats
    #[arg(long, value_name = "SECONDS", default_value_t = Rhythm::default().heartbeat, value_parser = clap::value_parser!(u32).range(1..))]
    heartbeat_interval: u32,
    /// Seconds between an agent's looks at the state of its job, which is how it hears of a cancel
    #[arg(long, value_name = "SECONDS", default_value_t = Rhythm::default().job_status, value_parser = clap::value_parser!(u32).range(1..))]
    job_status_interval: u32,
    /// How much is logged to standard error: off, error, warn, info, debug, trace
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    log_level: LevelFilter,
}

pub(super) fn run(args: Args) -> Result<(), Failure> {
    tracing_subscriber::fmt().with_writer(io::stderr).with_max_level(args.log_level).init();
    // It starts no programs to which the limit would matter.
    let _ = open_files::raise();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::Runtime)?;
    runtime.block_on(serve(args.into()))
}

impl From<Args> for Config {
    fn from(args: Args) -> Self {
        let mut config = Self::new(args.listen, args.data);
        config.public_url = args.public_url;
        config.rhythm = Rhythm {
            ping: args.ping_interval,
            job_status: args.job_status_interval,
            heartbeat: args.heartbeat_interval,
        };
        config.patience.lost = Duration::from_secs(args.lost_after);
        config
    }
}

async fn serve(config: Config) -> Result<(), Failure> {
    let mut terminate = signal(SignalKind::terminate()).map_err(Failure::Runtime)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Failure::Runtime)?;
    let mut running = ControlPlane::start(config).await?;
    announce(&running)?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        () = running.ended() => return Err(Failure::Stopped),
    }
    tracing::info!("shutting down");
    running.shutdown().await;
    Ok(())
}

/// The first line of the output names the endpoint, also for programs that start a server on port 0.
fn announce(running: &Running) -> Result<(), Failure> {
    output::line(format_args!("Agents connect to {}", running.handle.endpoint()))
}
