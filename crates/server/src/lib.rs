//! The control plane: the Agent API, the engine that runs builds, what it stores, and the commands of the
//! `redkite` binary. Which transition follows from which event is not here but in `redkite-scheduler`.

mod admin;
mod agent_api;
mod auth;
mod blobs;
mod commands;
mod data_folder;
mod engine;
mod failure_text;
mod open_files;
mod pair;
mod plane;
mod private_files;
mod run;
mod secret;
mod store;

pub use commands::main;
pub use data_folder::DataFolderError;
pub use failure_text::describe;
pub use plane::{
    AnnotationView, ArtifactView, BuildSummary, BuildView, Config, ControlPlane, Event, Handle,
    Interpolation, IssuedToken, JobView, LogPart, NewBuild, Patience, Placement, PlaneError, Question,
    References, Rhythm, Running, StartError, StepKind, StepView,
};
pub use secret::Secret;
pub use store::{AgentToken, StoreError};
