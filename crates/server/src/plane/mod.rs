//! A control plane: its settings, its start and end, and the way to it from inside the process.

mod config;
mod error;
mod event;
mod handle;
mod log;
mod new_build;
mod start;
mod view;

pub use config::{Config, Patience, Placement, Rhythm};
pub use error::{PlaneError, StartError};
pub use event::Event;
pub use handle::{Handle, IssuedToken};
pub use log::LogPart;
pub use new_build::{Interpolation, NewBuild, References};
pub use start::{ControlPlane, Running};
pub use view::{
    AnnotationView, ArtifactView, BuildSummary, BuildView, JobView, Question, StepKind, StepView,
};
