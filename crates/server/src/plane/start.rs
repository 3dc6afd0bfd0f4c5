//! A plane starts and ends.

use std::net::SocketAddr;
use std::time::Duration;

use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;
use tokio::sync::broadcast;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{Config, Handle, StartError};
use crate::admin::{self, AdminFile};
use crate::agent_api::{self, Api};
use crate::auth::Principals;
use crate::blobs::{ArtifactFiles, LogFiles};
use crate::data_folder::{DataFolder, DataPaths};
use crate::engine::{Engine, EngineTask, Outside, Reach, SWEEP_EVERY, Settings, Sweep};
use crate::secret::{Secret, SigningKey};
use crate::store::{Database, SettingsTable, StoreError};

/// Events kept for a watcher that is behind; one that falls back further is told so and reads anew.
const EVENTS: usize = 16_384;
/// How long requests that are under way may take when the plane ends.
const FAREWELL: Duration = Duration::from_secs(5);

/// A control plane that is not running yet.
#[derive(Debug)]
pub struct ControlPlane;

/// A running control plane. Dropped without `shutdown`, it ends as if it was killed: nothing is lost.
#[derive(Debug)]
pub struct Running {
    /// The address agents connect to.
    pub addr: SocketAddr,
    /// The way to it.
    pub handle: Handle,
    database: Database,
    tasks: JoinSet<Ended>,
    serving: CancellationToken,
    working: CancellationToken,
    admin: AdminFile,
    folder: DataFolder,
}

/// Which part of a plane has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    Engine,
    Other,
}

impl ControlPlane {
    /// Opens the data folder and serves. When it returns, agents can connect; whatever was going on when
    /// the plane ended goes on.
    pub async fn start(config: Config) -> Result<Running, StartError> {
        // The port first: when it is taken, no folder is made for nothing.
        let listener = listen(config.listen).await?;
        let folder = DataFolder::open(&config.data)?;
        let addr =
            listener.local_addr().map_err(|source| StartError::Listen { address: config.listen, source })?;
        let database = Database::open(&folder.paths().database()).await?;
        let settings = settings(&config, addr, &database).await?;
        let (events, _) = broadcast::channel(EVENTS);
        let principals = Principals::new(database.clone());
        let outside = Outside { events: events.clone(), principals: principals.clone() };
        let (engine, task) = EngineTask::open(&database, settings.clone(), outside).await?;
        let serving = CancellationToken::new();
        let api = api(folder.paths(), (engine, principals), &database, settings, serving.clone())?;
        let handle = Handle::new(api.clone(), events);
        let working = CancellationToken::new();
        let mut tasks = JoinSet::new();
        let stop = working.clone();
        tasks.spawn(async move {
            task.run(stop).await;
            Ended::Engine
        });
        tasks.spawn(sweep(api.engine.clone(), serving.clone()));
        tasks.spawn(serve(listener, agent_api::router(api), serving.clone()));
        let admin_listener = listen(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        let admin = AdminFile::write(&folder.paths().admin(), &admin_listener)?;
        tasks.spawn(serve(admin_listener, admin::router(handle.clone(), admin.secret()), serving.clone()));
        Ok(Running { addr, handle, database, tasks, serving, working, admin, folder })
    }
}

impl Running {
    /// Returns when the plane has ended by itself, which is a defect of the plane.
    pub async fn ended(&mut self) {
        while let Some(task) = self.tasks.join_next().await {
            if !matches!(task, Ok(Ended::Other)) {
                return;
            }
        }
    }

    /// Takes no more requests, commits what is under way, and gives the data folder back.
    pub async fn shutdown(mut self) {
        self.serving.cancel();
        let served = async { while self.tasks.len() > 1 && self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(FAREWELL, served).await.is_err() {
            tracing::warn!("some requests did not end in time");
        }
        self.working.cancel();
        // What is left is the engine, which ends when it has worked its queue off, and connections that
        // would not close.
        while let Some(task) = self.tasks.join_next().await {
            if matches!(task, Ok(Ended::Engine)) {
                break;
            }
        }
        self.tasks.shutdown().await;
        self.database.close().await;
        drop((self.admin, self.folder));
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|source| StartError::Listen { address, source })
}

async fn settings(config: &Config, addr: SocketAddr, database: &Database) -> Result<Settings, StoreError> {
    let fresh = Secret::random("");
    let mut writer = database.writer().await?;
    let key = SettingsTable::get_or_insert(&mut writer, "signing_key", fresh.expose()).await?;
    let everywhere = config.public_url.is_none() && addr.ip().is_unspecified();
    Ok(Settings {
        origin: config
            .public_url
            .as_deref()
            .map_or_else(|| origin(addr), |url| url.trim_end_matches('/').to_owned()),
        reach: if everywhere { Reach::Everywhere } else { Reach::Origin },
        rhythm: config.rhythm,
        patience: config.patience,
        placement: config.placement,
        key: SigningKey::new(&key),
    })
}

/// The address that is told when none is configured; loopback for one that listens everywhere.
fn origin(addr: SocketAddr) -> String {
    match addr {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => format!("http://127.0.0.1:{}", addr.port()),
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => format!("http://[::1]:{}", addr.port()),
        _ => format!("http://{addr}"),
    }
}

fn api(
    paths: &DataPaths,
    (engine, principals): (Engine, Principals),
    database: &Database,
    settings: Settings,
    stopping: CancellationToken,
) -> Result<Api, StartError> {
    let artifacts = ArtifactFiles::new(paths.artifacts(), paths.incoming());
    artifacts.sweep()?;
    let logs = LogFiles::new(paths.logs());
    Ok(Api { engine, principals, database: database.clone(), logs, artifacts, settings, stopping })
}

async fn serve(listener: TcpListener, router: axum::Router, stop: CancellationToken) -> Ended {
    // Answers are small: waiting for more to send would only delay them.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    let served = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await;
    if let Err(error) = served {
        tracing::error!(%error, "serving has ended");
    }
    Ended::Other
}

async fn sweep(engine: Engine, stop: CancellationToken) -> Ended {
    while stop.run_until_cancelled(tokio::time::sleep(SWEEP_EVERY)).await.is_some() {
        if let Err(error) = engine.perform(Sweep).await {
            tracing::error!(error = crate::failure_text::describe(&error), "looking at what is due");
        }
    }
    Ended::Other
}
